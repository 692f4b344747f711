-- How the topics of sessions ended: each topic of each session counts once, by the robot's last message on it.
-- How a topic ended is a number, so that little is sorted: 1 success; failed by 2 itself, 3 a handover, 4 what came next; 5 switched; 0 dropped. The
-- number of its last message is found as the greatest seq * 8 + number.
-- filters: channel lang tier intent
WITH s AS (
  SELECT s.conversation, s.started, s.ended, row_number() OVER (ORDER BY s.started, s.conversation, s.session) AS n
  FROM sessions s
  WHERE @range(s, started) AND s.over @filter(s, channel, lang, tier)
), t AS (
  SELECT s.n, t.seq, t.intent,
    CASE WHEN t.handoff <> '' THEN 3 WHEN t.fallback OR t.calls_failed > 0 THEN 2 WHEN t.action IN ('answer', 'recommend') THEN 1 ELSE 0 END AS how,
    lead(CASE WHEN t.intent = '' AND (t.fallback OR t.handoff <> '') THEN 4 ELSE 5 END) OVER (PARTITION BY s.n ORDER BY t.seq) AS and_then
  FROM s
  JOIN turns t ON t.conversation = s.conversation AND t.ts >= s.started AND t.ts <= s.ended
  WHERE t.tenant = :tenant AND t.ts >= :from AND t.dt >= CAST(:from AS DATE) AND t.owner = 'robot'
), o AS (
  SELECT t.n, t.intent, count(*) AS turns, max(t.seq * 8 + CASE WHEN t.how > 0 THEN t.how ELSE coalesce(t.and_then, 0) END) % 8 AS how
  FROM t
  WHERE t.intent <> '' @filter(t, intent)
  GROUP BY t.n, t.intent
)
SELECT o.intent, count(*) AS topics,
  count(CASE WHEN o.how = 1 THEN 1 END) AS success, count(CASE WHEN o.how IN (2, 3, 4) THEN 1 END) AS failed,
  count(CASE WHEN o.how = 5 THEN 1 END) AS switched, count(CASE WHEN o.how = 0 THEN 1 END) AS dropped,
  count(CASE WHEN o.how = 3 THEN 1 END) AS handed, CAST(sum(o.turns) AS DOUBLE) AS turns_sum, CAST(sum(o.turns * o.turns) AS DOUBLE) AS turns_sum_of_squares
FROM o
GROUP BY o.intent
ORDER BY topics DESC, o.intent
