-- Messages that the robot sent by itself, by kind: whether they arrived, were read, were answered. All rates are of those sent in the period.
-- filters: channel
WITH f AS (
  SELECT o.conversation, o.follow_up, max(o.kind) AS kind, min(CASE WHEN o.status = 'sent' THEN o.ts END) AS sent_at,
    max(CASE WHEN o.status IN ('delivered', 'read') THEN 1 ELSE 0 END) AS delivered, max(CASE WHEN o.status = 'read' THEN 1 ELSE 0 END) AS was_read, max(CASE WHEN o.status = 'failed' THEN 1 ELSE 0 END) AS failed
  FROM outbound o
  WHERE @span(o, ts, :from, :through) @filter(o)
  GROUP BY o.conversation, o.follow_up
), a AS (
  SELECT f.conversation, f.follow_up, min(t.ts) AS answered_at
  FROM f JOIN turns t ON t.conversation = f.conversation AND t.ts > f.sent_at
  WHERE @span(t, ts, :from, :through)
  GROUP BY f.conversation, f.follow_up
)
SELECT f.kind, count(*) AS sent, CAST(sum(f.delivered) AS BIGINT) AS delivered, CAST(sum(f.was_read) AS BIGINT) AS was_read, CAST(sum(f.failed) AS BIGINT) AS failed,
  count(CASE WHEN f.sent_at + INTERVAL '24' HOUR <= :through THEN 1 END) AS seen,
  count(CASE WHEN f.sent_at + INTERVAL '24' HOUR <= :through AND a.answered_at < f.sent_at + INTERVAL '24' HOUR THEN 1 END) AS answered
FROM f LEFT JOIN a ON a.conversation = f.conversation AND a.follow_up = f.follow_up
WHERE f.sent_at < :to
GROUP BY f.kind
ORDER BY sent DESC, f.kind
