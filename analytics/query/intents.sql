-- How the topics of sessions ended: each topic of each session counts once, by the robot's last message on it.
-- filters: channel lang tier intent
WITH s AS (
  SELECT s.conversation, s.started, s.ended, row_number() OVER (ORDER BY s.started, s.conversation, s.session) AS n
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s, channel, lang, tier)
), t AS (
  SELECT s.n, t.seq, t.intent, t.handoff,
    CASE WHEN t.handoff <> '' OR t.fallback OR t.calls_failed > 0 THEN 'failed' WHEN t.action IN ('answer', 'recommend') THEN 'success' ELSE '' END AS outcome,
    lead(CASE WHEN t.intent = '' AND (t.fallback OR t.handoff <> '') THEN 'failed' ELSE 'switched' END) OVER (PARTITION BY s.n ORDER BY t.seq) AS and_then
  FROM s
  JOIN turns t ON t.conversation = s.conversation AND t.ts >= s.started AND t.ts <= s.ended
  WHERE t.tenant = :tenant AND t.ts >= :from AND t.dt >= CAST(:from AS DATE) AND t.owner = 'robot'
), o AS (
  SELECT t.n, t.intent, count(*) AS turns, @last(CASE WHEN t.outcome <> '' THEN t.outcome ELSE coalesce(t.and_then, 'dropped') END, t.seq) AS outcome, @last(t.handoff, t.seq) AS handoff
  FROM t
  WHERE t.intent <> '' @filter(t, intent)
  GROUP BY t.n, t.intent
)
SELECT o.intent, count(*) AS topics,
  count(CASE WHEN o.outcome = 'success' THEN 1 END) AS success, count(CASE WHEN o.outcome = 'failed' THEN 1 END) AS failed,
  count(CASE WHEN o.outcome = 'switched' THEN 1 END) AS switched, count(CASE WHEN o.outcome = 'dropped' THEN 1 END) AS dropped,
  count(CASE WHEN o.handoff <> '' THEN 1 END) AS handed, CAST(sum(o.turns) AS DOUBLE) AS turns_sum, CAST(sum(o.turns * o.turns) AS DOUBLE) AS turns_sum_of_squares
FROM o
GROUP BY o.intent
ORDER BY topics DESC, o.intent
