-- The first answer: the robot's to a session's first message, a person's from the handover. By day and over all. Handovers without an answer
-- of a person are counted in asked, and in no quantile.
-- filters: channel lang tier intent
WITH s AS (
  SELECT s.tenant, s.conversation, s.session, s.started, s.handed, s.handed_at,
    CASE WHEN s.agent_first >= s.handed_at THEN s.agent_first END AS answered_at
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s)
), r AS (
  SELECT s.conversation, s.session, @day(min(s.started)) AS day, @first(t.ms_total, t.seq) / 1000 AS wait
  FROM s JOIN turns t ON t.tenant = s.tenant AND t.conversation = s.conversation AND t.ts = s.started
  WHERE @range(t, ts) AND t.owner = 'robot' AND t.ms_total IS NOT NULL
  GROUP BY s.conversation, s.session
), x AS (
  SELECT 'robot' AS who, r.day, r.wait, r.wait AS open_wait FROM r
  UNION ALL
  SELECT 'person' AS who, @day(s.started) AS day, @seconds(s.handed_at, s.answered_at) AS wait, @open(s.handed_at, s.answered_at) AS open_wait
  FROM s
  WHERE s.handed AND s.handed_at IS NOT NULL
)
SELECT x.who, x.day, grouping(x.day) AS total, count(*) AS asked, count(x.wait) AS n,
  @quantile(0.5, x.wait) AS p50, @quantile(0.9, x.wait) AS p90, @quantile(0.95, x.wait) AS p95, @quantile(0.99, x.wait) AS p99,
  @quantile(0.5, x.open_wait) AS open_p50, @quantile(0.9, x.open_wait) AS open_p90, @quantile(0.95, x.open_wait) AS open_p95, @quantile(0.99, x.open_wait) AS open_p99
FROM x
GROUP BY GROUPING SETS ((x.who, x.day), (x.who))
ORDER BY total, x.day, x.who
