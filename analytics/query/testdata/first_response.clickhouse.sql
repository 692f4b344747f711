WITH s AS (
  SELECT s.tenant, s.conversation, s.session, s.started, s.handed, s.handed_at,
    CASE WHEN s.agent_first >= s.handed_at THEN s.agent_first END AS answered_at
  FROM sessions s
  WHERE s.tenant = 'o\'hara' AND s.started >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND s.started < toDateTime64('2026-04-01 04:00:00.000000', 6, 'UTC') AND s.dt >= toDate('2026-03-01') AND s.dt <= toDate('2026-04-01') AND s.over  AND s.channel IN ('web', 'a\\\'b')
), r AS (
  SELECT s.conversation, s.session, CAST(CASE WHEN min(s.started) < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (min(s.started) - INTERVAL '18000' SECOND) ELSE (min(s.started) - INTERVAL '14400' SECOND) END AS DATE) AS day, argMin(t.ms_total, t.seq) / 1000 AS wait
  FROM s JOIN turns t ON t.tenant = s.tenant AND t.conversation = s.conversation AND t.ts = s.started
  WHERE t.tenant = 'o\'hara' AND t.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND t.ts < toDateTime64('2026-04-01 04:00:00.000000', 6, 'UTC') AND t.dt >= toDate('2026-03-01') AND t.dt <= toDate('2026-04-01') AND t.owner = 'robot' AND t.ms_total IS NOT NULL
  GROUP BY s.conversation, s.session
), x AS (
  SELECT 'robot' AS who, r.day, r.wait, r.wait AS open_wait FROM r
  UNION ALL
  SELECT 'person' AS who, CAST(CASE WHEN s.started < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.started - INTERVAL '18000' SECOND) ELSE (s.started - INTERVAL '14400' SECOND) END AS DATE) AS day, ((toUnixTimestamp64Micro(toDateTime64(s.answered_at, 6, 'UTC')) - toUnixTimestamp64Micro(toDateTime64(s.handed_at, 6, 'UTC'))) / 1e6) AS wait, (((((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.answered_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) - ((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.answered_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) % 604800000000)) / 604800000000 * 32400000000 + least(greatest(((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.answered_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.answered_at - INTERVAL '18000' SECOND) ELSE (s.answered_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) % 604800000000) - 32400000000, 0), 32400000000)) - (((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.handed_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) - ((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.handed_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) % 604800000000)) / 604800000000 * 32400000000 + least(greatest(((toUnixTimestamp64Micro(toDateTime64(CASE WHEN s.handed_at < toDateTime64('2026-03-08 07:00:00.000000', 6, 'UTC') THEN (s.handed_at - INTERVAL '18000' SECOND) ELSE (s.handed_at - INTERVAL '14400' SECOND) END, 6, 'UTC')) - 345600000000) % 604800000000) - 32400000000, 0), 32400000000))) / 1e6) AS open_wait
  FROM s
  WHERE s.handed AND s.handed_at IS NOT NULL
)
SELECT x.who, x.day, grouping(x.day) AS total, count(*) AS asked, count(x.wait) AS n,
  quantileExactInclusive(0.5)(x.wait) AS p50, quantileExactInclusive(0.9)(x.wait) AS p90, quantileExactInclusive(0.95)(x.wait) AS p95, quantileExactInclusive(0.99)(x.wait) AS p99,
  quantileExactInclusive(0.5)(x.open_wait) AS open_p50, quantileExactInclusive(0.9)(x.open_wait) AS open_p90, quantileExactInclusive(0.95)(x.open_wait) AS open_p95, quantileExactInclusive(0.99)(x.open_wait) AS open_p99
FROM x
GROUP BY GROUPING SETS ((x.who, x.day), (x.who))
ORDER BY total, x.day, x.who
