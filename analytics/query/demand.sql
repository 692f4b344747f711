-- What is asked for and not offered: words that were not understood, the known topics nearest to them, topics that only people serve, and topics
-- whose systems failed; beside the period of the same length before, and what it costs people in time.
-- filters: channel lang tier intent
WITH h AS (
  SELECT coalesce(avg(CASE WHEN s.agent_last > s.claimed_at THEN @seconds(s.claimed_at, s.agent_last) ELSE 0.0 END), 0.0) / 60 AS minutes
  FROM sessions s
  WHERE @range(s, started) AND s.over AND s.claimed_at IS NOT NULL @filter(s)
), t AS (
  SELECT lower(trim(t.text)) AS question, t.top1, t.intent, t.ts >= :from AS now, t.handoff, t.fallback, t.calls_failed, t.customer
  FROM turns t
  WHERE @span(t, ts, :before, :to) AND (t.fallback OR t.calls_failed > 0 OR t.handoff IN ('complexity', 'tier', 'failure')) @filter(t)
), x AS (
  SELECT 'words' AS kind, t.question AS topic, t.now, t.handoff, t.customer FROM t WHERE t.fallback AND t.question <> ''
  UNION ALL
  SELECT 'nearest' AS kind, t.top1 AS topic, t.now, t.handoff, t.customer FROM t WHERE t.fallback AND t.top1 <> ''
  UNION ALL
  SELECT 'people' AS kind, t.intent AS topic, t.now, t.handoff, t.customer FROM t WHERE t.handoff IN ('complexity', 'tier') AND t.intent <> ''
  UNION ALL
  SELECT 'systems' AS kind, t.intent AS topic, t.now, t.handoff, t.customer FROM t WHERE (t.calls_failed > 0 OR t.handoff = 'failure') AND t.intent <> ''
), g AS (
  SELECT x.kind, x.topic, count(CASE WHEN x.now THEN 1 END) AS turns, count(CASE WHEN NOT x.now THEN 1 END) AS before_turns,
    count(DISTINCT CASE WHEN x.now THEN x.customer END) AS customers, count(CASE WHEN x.now AND x.handoff <> '' THEN 1 END) AS handed
  FROM x
  GROUP BY x.kind, x.topic
), o AS (
  SELECT g.kind, g.topic, g.turns, g.before_turns, g.customers, g.handed, row_number() OVER (PARTITION BY g.kind ORDER BY g.turns DESC, g.topic) AS place
  FROM g
  WHERE g.turns > 0
)
SELECT o.kind, o.topic, o.turns, o.customers, o.before_turns, o.handed, o.handed * h.minutes AS minutes
FROM o CROSS JOIN h
WHERE o.place <= :limit
ORDER BY o.kind, o.place
