-- Sessions that went to people, by the first reason.
-- filters: channel lang tier intent
WITH x AS (
  SELECT s.handed, CASE WHEN s.handoff = '' THEN 'other' ELSE s.handoff END AS reason, s.claimed_at, s.score
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s)
), n AS (
  SELECT count(*) AS sessions, count(CASE WHEN x.handed THEN 1 END) AS all_handed FROM x
)
SELECT x.reason, grouping(x.reason) AS total, count(*) AS handed, max(n.sessions) AS sessions, max(n.all_handed) AS all_handed,
  count(x.claimed_at) AS claimed, count(x.score) AS rated, count(CASE WHEN x.score >= 4 THEN 1 END) AS satisfied
FROM x CROSS JOIN n
WHERE x.handed
GROUP BY GROUPING SETS ((x.reason), ())
ORDER BY total, handed DESC, x.reason
