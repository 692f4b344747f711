-- Issues that one contact was enough for, by topic. An issue begins with a session whose customer had none on the same topic in the week before.
-- filters: channel lang tier intent
WITH c AS (
  SELECT s.tenant, s.dt, s.intent, s.channel, s.lang, s.tier, s.started, s.ended, s.over, s.handoff, s.resolved,
    lag(s.ended) OVER (PARTITION BY s.customer, s.intent ORDER BY s.started, s.conversation, s.session) AS before_at,
    lead(s.started) OVER (PARTITION BY s.customer, s.intent ORDER BY s.started, s.conversation, s.session) AS again_at
  FROM sessions s
  WHERE s.tenant = :tenant AND s.intent <> '' AND s.started >= :from - INTERVAL '240' HOUR AND s.started < :to + INTERVAL '240' HOUR
), i AS (
  SELECT c.intent, c.handoff NOT IN ('complexity', 'tier') AS level_one, c.ended + INTERVAL '72' HOUR <= :through AS seen_three, c.ended + INTERVAL '168' HOUR <= :through AS seen_week,
    (c.resolved IS NULL OR c.resolved) AND (c.again_at IS NULL OR c.again_at >= c.ended + INTERVAL '72' HOUR) AS once_three,
    (c.resolved IS NULL OR c.resolved) AND (c.again_at IS NULL OR c.again_at >= c.ended + INTERVAL '168' HOUR) AS once_week
  FROM c
  WHERE @range(c, started) AND c.over AND (c.before_at IS NULL OR c.before_at < c.started - INTERVAL '168' HOUR) @filter(c)
)
SELECT i.intent, count(*) AS issues,
  count(CASE WHEN i.seen_three THEN 1 END) AS seen_three, count(CASE WHEN i.seen_three AND i.once_three THEN 1 END) AS once_three,
  count(CASE WHEN i.seen_week THEN 1 END) AS seen_week, count(CASE WHEN i.seen_week AND i.once_week THEN 1 END) AS once_week,
  count(CASE WHEN i.seen_week AND i.level_one THEN 1 END) AS seen_net, count(CASE WHEN i.seen_week AND i.once_week AND i.level_one THEN 1 END) AS once_net
FROM i
GROUP BY i.intent
ORDER BY issues DESC, i.intent
