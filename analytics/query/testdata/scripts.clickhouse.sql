WITH t AS (
  SELECT t.ts, t.scripts, CASE WHEN t.ts < toDateTime64('2026-04-01 04:00:00.000000', 6, 'UTC')  AND t.channel IN ('web', 'a\\\'b') THEN 1 ELSE 0 END AS counts,
    lead(t.ts) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_ts,
    lead(CASE WHEN t.fallback THEN 1 ELSE 0 END + CASE WHEN t.handoff <> '' THEN 2 ELSE 0 END + CASE WHEN t.emotion = 'angry' THEN 4 ELSE 0 END) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next
  FROM turns t
  WHERE t.tenant = 'o\'hara' AND t.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND t.ts < toDateTime64('2026-04-02 03:04:05.000006', 6, 'UTC') AND t.dt >= toDate('2026-03-01') AND t.dt <= toDate('2026-04-02')
), u AS (
  SELECT t.scripts, CASE WHEN t.next_ts < t.ts + INTERVAL '30' MINUTE THEN t.next ELSE -1 END AS next
  FROM t
  WHERE t.counts = 1
), e AS (
  SELECT script, u.next
  FROM u ARRAY JOIN u.scripts AS script
), r AS (
  SELECT r.conversation, r.about, count(CASE WHEN r.thumb > 0 THEN 1 END) AS ups, count(*) AS thumbs
  FROM ratings r
  WHERE r.tenant = 'o\'hara' AND r.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND r.ts < toDateTime64('2026-04-02 03:04:05.000006', 6, 'UTC') AND r.dt >= toDate('2026-03-01') AND r.dt <= toDate('2026-04-02') AND r.thumb IS NOT NULL AND r.about <> ''
  GROUP BY r.conversation, r.about
), j AS (
  SELECT t.scripts, r.ups, r.thumbs
  FROM r JOIN turns t ON t.conversation = r.conversation AND t.id = r.about
  WHERE t.tenant = 'o\'hara' AND t.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND t.ts < toDateTime64('2026-04-01 04:00:00.000000', 6, 'UTC') AND t.dt >= toDate('2026-03-01') AND t.dt <= toDate('2026-04-01')  AND t.channel IN ('web', 'a\\\'b')
), g AS (
  SELECT e.script, e.next, count(*) AS uses, 0 AS ups, 0 AS thumbs FROM e GROUP BY e.script, e.next
  UNION ALL
  SELECT script, -1 AS next, 0 AS uses, j.ups, j.thumbs FROM j ARRAY JOIN j.scripts AS script
), k AS (
  SELECT splitByString('#', splitByString('@', g.script)[1])[1] AS script_key, splitByString('#', splitByString('@', g.script)[1])[2] AS variant, g.next, g.uses, g.ups, g.thumbs
  FROM g
)
SELECT k.script_key, k.variant, CAST(sum(k.uses) AS BIGINT) AS uses, CAST(sum(CASE WHEN k.next >= 0 THEN k.uses ELSE 0 END) AS BIGINT) AS answered,
  CAST(sum(CASE WHEN k.next IN (1, 3, 5, 7) THEN k.uses ELSE 0 END) AS BIGINT) AS lost, CAST(sum(CASE WHEN k.next IN (2, 3, 6, 7) THEN k.uses ELSE 0 END) AS BIGINT) AS handed,
  CAST(sum(CASE WHEN k.next >= 4 THEN k.uses ELSE 0 END) AS BIGINT) AS angry, CAST(sum(k.ups) AS BIGINT) AS ups, CAST(sum(k.thumbs) AS BIGINT) AS thumbs
FROM k
GROUP BY k.script_key, k.variant
ORDER BY uses DESC, k.script_key, k.variant
