-- volume from the roll-up by hour: the same numbers where the period and the zone keep to whole hours.
-- filters: channel lang tier intent
WITH m AS (
  SELECT @day(h.hour) AS day, CAST(sum(h.turns) AS BIGINT) AS turns, CAST(sum(h.fallbacks) AS BIGINT) AS fallbacks, CAST(sum(h.handoffs) AS BIGINT) AS handoffs
  FROM hourly h
  WHERE @range(h, hour) @filter(h)
  GROUP BY @day(h.hour)
), s AS (
  SELECT @day(s.started) AS day, count(*) AS sessions, count(CASE WHEN s.handed THEN 1 END) AS handed
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s)
  GROUP BY @day(s.started)
), d AS (
  SELECT m.day FROM m UNION SELECT s.day FROM s
)
SELECT d.day, coalesce(m.turns, 0) AS turns, coalesce(m.fallbacks, 0) AS fallbacks, coalesce(m.handoffs, 0) AS handoffs,
  coalesce(s.sessions, 0) AS sessions, coalesce(s.handed, 0) AS handed
FROM d LEFT JOIN m ON m.day = d.day LEFT JOIN s ON s.day = d.day
ORDER BY d.day
