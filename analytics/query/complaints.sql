-- What customers are unhappy about, by the first topic of the session, beside the period of the same length before.
-- filters: channel lang tier intent
WITH x AS (
  SELECT CASE WHEN s.intent = '' THEN 'unrecognised' ELSE s.intent END AS topic, s.started >= :from AS now,
    s.angry OR coalesce(s.score, 5) <= 2 OR s.thumbs_down > 0 OR coalesce(NOT s.resolved, FALSE) OR s.intent LIKE 'complaint.%' AS bad,
    s.angry, coalesce(s.score, 5) <= 2 OR s.thumbs_down > 0 AS low, s.handed
  FROM sessions s
  WHERE @span(s, started, :before, :to) AND s.over @filter(s)
), n AS (
  SELECT count(CASE WHEN x.now AND x.bad THEN 1 END) AS all_bad FROM x
)
SELECT x.topic, count(CASE WHEN x.now AND x.bad THEN 1 END) AS bad, count(CASE WHEN x.now THEN 1 END) AS sessions, max(n.all_bad) AS all_bad,
  count(CASE WHEN NOT x.now AND x.bad THEN 1 END) AS before_bad, count(CASE WHEN NOT x.now THEN 1 END) AS before_sessions,
  count(CASE WHEN x.now AND x.bad AND x.angry THEN 1 END) AS angry, count(CASE WHEN x.now AND x.bad AND x.low THEN 1 END) AS low, count(CASE WHEN x.now AND x.bad AND x.handed THEN 1 END) AS handed
FROM x CROSS JOIN n
GROUP BY x.topic
HAVING count(CASE WHEN x.bad THEN 1 END) > 0
ORDER BY bad DESC, x.topic
LIMIT :limit
