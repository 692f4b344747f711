WITH s AS (
  SELECT s.tenant, s.conversation, s.session, s.started, s.handed, s.handed_at,
    CASE WHEN s.agent_first >= s.handed_at THEN s.agent_first END AS answered_at
  FROM sessions s
  WHERE s.tenant = 'o''hara' AND s.started >= TIMESTAMP '2026-03-01 05:00:00.000000' AND s.started < TIMESTAMP '2026-04-01 04:00:00.000000' AND s.dt >= DATE '2026-03-01' AND s.dt <= DATE '2026-04-01' AND s.over  AND s.channel IN ('web', 'a\''b')
), r AS (
  SELECT s.conversation, s.session, CAST(CASE WHEN min(s.started) < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (min(s.started) - INTERVAL '18000' SECOND) ELSE (min(s.started) - INTERVAL '14400' SECOND) END AS DATE) AS day, arg_min(t.ms_total, t.seq) / 1000 AS wait
  FROM s JOIN turns t ON t.tenant = s.tenant AND t.conversation = s.conversation AND t.ts = s.started
  WHERE t.tenant = 'o''hara' AND t.ts >= TIMESTAMP '2026-03-01 05:00:00.000000' AND t.ts < TIMESTAMP '2026-04-01 04:00:00.000000' AND t.dt >= DATE '2026-03-01' AND t.dt <= DATE '2026-04-01' AND t.owner = 'robot' AND t.ms_total IS NOT NULL
  GROUP BY s.conversation, s.session
), x AS (
  SELECT 'robot' AS who, r.day, r.wait, r.wait AS open_wait FROM r
  UNION ALL
  SELECT 'person' AS who, CAST(CASE WHEN s.started < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.started - INTERVAL '18000' SECOND) ELSE (s.started - INTERVAL '14400' SECOND) END AS DATE) AS day, ((epoch_us(s.answered_at) - epoch_us(s.handed_at)) / 1e6) AS wait, (((((epoch_us(CASE WHEN s.answered_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END) - 345600000000) - ((epoch_us(CASE WHEN s.answered_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END) - 345600000000) % 604800000000)) / 604800000000 * 32400000000 + least(greatest(((epoch_us(CASE WHEN s.answered_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END) - 345600000000) % 604800000000) - 32400000000, 0), 32400000000)) - (((epoch_us(CASE WHEN s.handed_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END) - 345600000000) - ((epoch_us(CASE WHEN s.handed_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END) - 345600000000) % 604800000000)) / 604800000000 * 32400000000 + least(greatest(((epoch_us(CASE WHEN s.handed_at < TIMESTAMP '2026-03-08 07:00:00.000000' THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END) - 345600000000) % 604800000000) - 32400000000, 0), 32400000000))) / 1e6) AS open_wait
  FROM s
  WHERE s.handed AND s.handed_at IS NOT NULL
)
SELECT x.who, x.day, grouping(x.day) AS total, count(*) AS asked, count(x.wait) AS n,
  quantile_cont(x.wait, [0.5, 0.9, 0.95, 0.99])[1] AS p50, quantile_cont(x.wait, [0.5, 0.9, 0.95, 0.99])[2] AS p90, quantile_cont(x.wait, [0.5, 0.9, 0.95, 0.99])[3] AS p95, quantile_cont(x.wait, [0.5, 0.9, 0.95, 0.99])[4] AS p99,
  quantile_cont(x.open_wait, [0.5, 0.9, 0.95, 0.99])[1] AS open_p50, quantile_cont(x.open_wait, [0.5, 0.9, 0.95, 0.99])[2] AS open_p90, quantile_cont(x.open_wait, [0.5, 0.9, 0.95, 0.99])[3] AS open_p95, quantile_cont(x.open_wait, [0.5, 0.9, 0.95, 0.99])[4] AS open_p99
FROM x
GROUP BY GROUPING SETS ((x.who, x.day), (x.who))
ORDER BY total, x.day, x.who
