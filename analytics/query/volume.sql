-- Messages of customers and sessions, by day. Messages count on the day they came, sessions on the day they began.
-- filters: channel lang tier intent
WITH m AS (
  SELECT @day(t.ts) AS day, count(*) AS turns, count(CASE WHEN t.fallback THEN 1 END) AS fallbacks, count(CASE WHEN t.handoff <> '' THEN 1 END) AS handoffs
  FROM turns t
  WHERE @range(t, ts) @filter(t)
  GROUP BY @day(t.ts)
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
