-- The work of people, by agent: what they took, how long they had it, what they wrote and what customers thought.
-- filters: channel
WITH h AS (
  SELECT h.tenant, h.dt, h.ts, h.kind, h.agent, h.channel,
    lead(h.ts) OVER (PARTITION BY h.conversation ORDER BY h.seq) AS until, lead(h.kind) OVER (PARTITION BY h.conversation ORDER BY h.seq) AS next_kind
  FROM hands h
  WHERE @span(h, ts, :from, :through)
), c AS (
  SELECT h.agent, h.ts, h.until, h.next_kind, @seconds(h.ts, h.until) AS took
  FROM h
  WHERE @range(h, ts) AND h.kind = 'claimed' AND h.agent <> '' @filter(h, channel)
), steps AS (
  SELECT c.agent, c.ts AS at, 1 AS step FROM c
  UNION ALL
  SELECT c.agent, c.until AS at, -1 AS step FROM c WHERE c.until IS NOT NULL
), held AS (
  SELECT steps.agent, sum(steps.step) OVER (PARTITION BY steps.agent ORDER BY steps.at, steps.step ROWS UNBOUNDED PRECEDING) AS held FROM steps
), peak AS (
  SELECT held.agent, CAST(max(held.held) AS BIGINT) AS peak FROM held GROUP BY held.agent
), claims AS (
  SELECT c.agent, count(*) AS claims, count(c.took) AS ended, coalesce(sum(c.took), 0.0) AS took_sum, coalesce(sum(c.took * c.took), 0.0) AS took_sum_of_squares,
    count(CASE WHEN c.next_kind = 'transferred' THEN 1 END) AS passed_on, count(CASE WHEN c.next_kind = 'closed' THEN 1 END) AS closed
  FROM c GROUP BY c.agent
), said AS (
  SELECT m.agent, count(*) AS messages, count(CASE WHEN m.suggested THEN 1 END) AS suggested
  FROM agent_messages m
  WHERE @range(m, ts) @filter(m, channel)
  GROUP BY m.agent
), liked AS (
  SELECT s.agent, count(*) AS sessions, count(s.score) AS rated, count(CASE WHEN s.score >= 4 THEN 1 END) AS satisfied
  FROM sessions s
  WHERE @range(s, started) AND s.over AND s.agent <> '' @filter(s, channel)
  GROUP BY s.agent
), everyone AS (
  SELECT claims.agent FROM claims UNION SELECT said.agent FROM said UNION SELECT liked.agent FROM liked
)
SELECT e.agent, coalesce(claims.claims, 0) AS claims, coalesce(claims.ended, 0) AS ended, coalesce(claims.took_sum, 0.0) AS took_sum, coalesce(claims.took_sum_of_squares, 0.0) AS took_sum_of_squares,
  coalesce(peak.peak, 0) AS peak, coalesce(claims.passed_on, 0) AS passed_on, coalesce(claims.closed, 0) AS closed,
  coalesce(said.messages, 0) AS messages, coalesce(said.suggested, 0) AS suggested,
  coalesce(liked.sessions, 0) AS sessions, coalesce(liked.rated, 0) AS rated, coalesce(liked.satisfied, 0) AS satisfied
FROM everyone e
LEFT JOIN claims ON claims.agent = e.agent LEFT JOIN peak ON peak.agent = e.agent LEFT JOIN said ON said.agent = e.agent LEFT JOIN liked ON liked.agent = e.agent
ORDER BY claims DESC, e.agent
