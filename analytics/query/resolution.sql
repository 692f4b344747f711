-- What became of questions, by the day the session began: said by customers, and verified without asking.
-- filters: channel lang tier intent
WITH x AS (
  SELECT @day(s.started) AS day, s.handed, s.resolved, s.ended + INTERVAL '72' HOUR <= :through AS seen,
    s.intent <> '' AND s.fallbacks = 0 AND NOT s.asked_last AND s.thumbs_down = 0 AND coalesce(s.score, 5) >= 3
      AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL '72' HOUR) AS sound
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s)
)
SELECT x.day, count(*) AS sessions,
  count(CASE WHEN x.seen THEN 1 END) AS seen,
  count(CASE WHEN x.seen AND NOT x.handed AND (x.resolved OR x.resolved IS NULL AND x.sound) THEN 1 END) AS verified,
  count(CASE WHEN x.seen AND NOT x.handed AND x.resolved THEN 1 END) AS confirmed,
  count(x.resolved) AS said,
  count(CASE WHEN x.resolved THEN 1 END) AS said_yes,
  count(CASE WHEN NOT x.handed THEN x.resolved END) AS robot_said,
  count(CASE WHEN NOT x.handed AND x.resolved THEN 1 END) AS robot_yes,
  count(CASE WHEN x.handed THEN x.resolved END) AS people_said,
  count(CASE WHEN x.handed AND x.resolved THEN 1 END) AS people_yes
FROM x
GROUP BY x.day
ORDER BY x.day
