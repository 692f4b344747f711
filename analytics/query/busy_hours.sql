-- Messages and sessions by weekday and hour of the operator's zone. A session counts in the hour in which it began and in no other, so hours
-- add up to the whole.
-- filters: channel lang tier intent
WITH m AS (
  SELECT @weekday(t.ts) AS weekday, @hour(t.ts) AS hour_of_day, count(*) AS turns
  FROM turns t
  WHERE @range(t, ts) @filter(t)
  GROUP BY @weekday(t.ts), @hour(t.ts)
), s AS (
  SELECT @weekday(s.started) AS weekday, @hour(s.started) AS hour_of_day, count(*) AS sessions, count(CASE WHEN s.handed THEN 1 END) AS handed
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s)
  GROUP BY @weekday(s.started), @hour(s.started)
), d AS (
  SELECT m.weekday, m.hour_of_day FROM m UNION SELECT s.weekday, s.hour_of_day FROM s
)
SELECT d.weekday, d.hour_of_day, coalesce(m.turns, 0) AS turns, coalesce(s.sessions, 0) AS sessions, coalesce(s.handed, 0) AS handed
FROM d
LEFT JOIN m ON m.weekday = d.weekday AND m.hour_of_day = d.hour_of_day
LEFT JOIN s ON s.weekday = d.weekday AND s.hour_of_day = d.hour_of_day
ORDER BY d.weekday, d.hour_of_day
