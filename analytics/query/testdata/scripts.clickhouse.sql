WITH t AS (
  SELECT t.tenant, t.dt, t.ts, t.conversation, t.id, t.scripts, t.channel, t.lang, t.tier, t.intent, t.bundle,
    lead(t.ts) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_ts,
    lead(t.fallback) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_fallback,
    lead(t.handoff) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_handoff,
    lead(t.emotion) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_emotion
  FROM turns t
  WHERE t.tenant = 'o\'hara' AND t.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND t.ts < toDateTime64('2026-04-02 03:04:05.000006', 6, 'UTC') AND t.dt >= toDate('2026-03-01') AND t.dt <= toDate('2026-04-02')
), u AS (
  SELECT t.conversation, t.id, t.scripts, CASE WHEN t.next_ts < t.ts + INTERVAL '30' MINUTE THEN 1 ELSE 0 END AS answered, t.next_fallback, t.next_handoff, t.next_emotion
  FROM t
  WHERE t.tenant = 'o\'hara' AND t.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND t.ts < toDateTime64('2026-04-01 04:00:00.000000', 6, 'UTC') AND t.dt >= toDate('2026-03-01') AND t.dt <= toDate('2026-04-01')  AND t.channel IN ('web', 'a\\\'b')
), r AS (
  SELECT r.conversation, r.about, count(CASE WHEN r.thumb > 0 THEN 1 END) AS ups, count(*) AS thumbs
  FROM ratings r
  WHERE r.tenant = 'o\'hara' AND r.ts >= toDateTime64('2026-03-01 05:00:00.000000', 6, 'UTC') AND r.ts < toDateTime64('2026-04-02 03:04:05.000006', 6, 'UTC') AND r.dt >= toDate('2026-03-01') AND r.dt <= toDate('2026-04-02') AND r.thumb IS NOT NULL AND r.about <> ''
  GROUP BY r.conversation, r.about
), e AS (
  SELECT script, u.conversation, u.id, u.answered, u.next_fallback, u.next_handoff, u.next_emotion
  FROM u ARRAY JOIN u.scripts AS script
), g AS (
  SELECT e.script, count(*) AS uses, CAST(sum(e.answered) AS BIGINT) AS answered,
    count(CASE WHEN e.answered = 1 AND e.next_fallback THEN 1 END) AS lost,
    count(CASE WHEN e.answered = 1 AND e.next_handoff <> '' THEN 1 END) AS handed,
    count(CASE WHEN e.answered = 1 AND e.next_emotion = 'angry' THEN 1 END) AS angry,
    CAST(coalesce(sum(r.ups), 0) AS BIGINT) AS ups, CAST(coalesce(sum(r.thumbs), 0) AS BIGINT) AS thumbs
  FROM e LEFT JOIN r ON r.conversation = e.conversation AND r.about = e.id
  GROUP BY e.script
), k AS (
  SELECT splitByString('#', splitByString('@', g.script)[1])[1] AS script_key, splitByString('#', splitByString('@', g.script)[1])[2] AS variant,
    g.uses, g.answered, g.lost, g.handed, g.angry, g.ups, g.thumbs
  FROM g
)
SELECT k.script_key, k.variant, CAST(sum(k.uses) AS BIGINT) AS uses, CAST(sum(k.answered) AS BIGINT) AS answered, CAST(sum(k.lost) AS BIGINT) AS lost,
  CAST(sum(k.handed) AS BIGINT) AS handed, CAST(sum(k.angry) AS BIGINT) AS angry, CAST(sum(k.ups) AS BIGINT) AS ups, CAST(sum(k.thumbs) AS BIGINT) AS thumbs
FROM k
GROUP BY k.script_key, k.variant
ORDER BY uses DESC, k.script_key, k.variant
