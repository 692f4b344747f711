-- Sessions and roll-ups, computed again for what was touched. $session_time, $people_time, $now and $conversations are put in by the program. A statement ends
-- with a semicolon at the end of a line.

-- From where on each touched conversation is computed again: the session that the first touched fact falls into. Session 0 is what comes before
-- the first message of a customer. The order within a conversation is the log's: clocks jump.
CREATE OR REPLACE TEMP TABLE scope AS
WITH d AS (
  SELECT tenant, conversation, min(seq) AS seq, min(ts) AS ts FROM dirty_conversations GROUP BY tenant, conversation
  ORDER BY min(ts), tenant, conversation LIMIT $conversations
), b AS (
  SELECT b.* FROM session_starts b JOIN d ON b.tenant = d.tenant AND b.conversation = d.conversation
), s AS (
  SELECT d.tenant, d.conversation, arg_max(b.session, b.seq) AS session, max(b.seq) AS seq
  FROM d JOIN b ON b.tenant = d.tenant AND b.conversation = d.conversation AND b.seq <= d.seq GROUP BY d.tenant, d.conversation
)
SELECT d.tenant, d.conversation, coalesce(s.session, 0) AS session, coalesce(s.seq, -1) AS seq, least(d.ts, min(b.ts)) AS ts
FROM d LEFT JOIN s ON s.tenant = d.tenant AND s.conversation = d.conversation
LEFT JOIN b ON b.tenant = d.tenant AND b.conversation = d.conversation AND b.seq >= coalesce(s.seq, -1)
GROUP BY d.tenant, d.conversation, d.ts, s.session, s.seq;

SET VARIABLE scope_from = (SELECT coalesce(min(ts), TIMESTAMP '9999-01-01') FROM scope);

-- What happened in them, in one shape. people: whether the conversation is in a queue or with an agent afterwards.
CREATE OR REPLACE TEMP TABLE happened AS
SELECT s.tenant, s.conversation, s.session AS base, f.* EXCLUDE (tenant, conversation)
FROM scope s JOIN (
  SELECT tenant, conversation, seq, ts, 'turn' AS kind, customer, channel, lang, tier, owner, intent, intents, emotion, fallback, handoff AS why, queue, '' AS agent,
    action, task, NULL::INTEGER AS score, NULL::INTEGER AS thumb, NULL::BOOLEAN AS resolved, '' AS variant, handoff <> '' OR owner <> 'robot' AS people
  FROM turns WHERE ts >= getvariable('scope_from')
  UNION ALL
  SELECT tenant, conversation, seq, ts, kind, '', '', '', '', '', '', [], '', false, why, queue, agent, '', '', NULL, NULL, NULL, '', kind NOT IN ('returned', 'closed')
  FROM hands WHERE ts >= getvariable('scope_from')
  UNION ALL
  SELECT tenant, conversation, seq, ts, 'agent', '', '', '', '', '', '', [], '', false, '', '', agent, '', '', NULL, NULL, NULL, '', NULL
  FROM agent_messages WHERE ts >= getvariable('scope_from')
  UNION ALL
  SELECT tenant, conversation, seq, ts, 'rating', '', '', '', '', '', '', [], '', false, '', '', '', '', '', score, thumb, resolved, '', NULL
  FROM ratings WHERE ts >= getvariable('scope_from')
  UNION ALL
  SELECT tenant, conversation, seq, ts, 'exposure', '', '', '', '', '', '', [], '', false, '', '', '', '', '', NULL, NULL, NULL, experiment || '=' || variant, NULL
  FROM exposures WHERE ts >= getvariable('scope_from')
) f ON f.tenant = s.tenant AND f.conversation = s.conversation AND f.seq >= s.seq AND f.ts >= s.ts;

-- A message of a customer begins a session if it is the first, if the conversation was closed, or if nothing was said for long.
CREATE OR REPLACE TEMP TABLE placed AS
WITH before AS (
  SELECT *,
    max(CASE WHEN kind = 'turn' THEN seq END) OVER earlier AS last_turn,
    max(CASE WHEN kind = 'closed' THEN seq END) OVER earlier AS last_closed,
    last_value(CASE WHEN kind IN ('turn', 'agent') THEN ts END IGNORE NULLS) OVER earlier AS last_said
  FROM happened
  WINDOW earlier AS (PARTITION BY tenant, conversation ORDER BY seq RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), flagged AS (
  SELECT *, kind = 'turn' AND (last_turn IS NULL OR coalesce(last_closed > last_turn, false)
    OR ts - last_said > CASE WHEN owner = 'robot' THEN $session_time ELSE $people_time END) AS begins
  FROM before
)
SELECT *, greatest(base - 1, 0) + count(*) FILTER (begins) OVER (PARTITION BY tenant, conversation ORDER BY seq RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
FROM flagged;

-- Days of sessions, and customers, that change.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT o.tenant, o.conversation, o.session, o.customer, o.dt FROM sessions o JOIN scope s
  ON o.tenant = s.tenant AND o.conversation = s.conversation AND o.session >= s.session;

DELETE FROM sessions o USING scope s WHERE o.tenant = s.tenant AND o.conversation = s.conversation AND o.session >= s.session;

DELETE FROM session_starts o USING scope s WHERE o.tenant = s.tenant AND o.conversation = s.conversation AND o.session >= s.session;

INSERT INTO session_starts
SELECT tenant, conversation, session, min(seq), min(ts), coalesce(arg_max(people, seq) FILTER (people IS NOT NULL), false)
FROM placed GROUP BY tenant, conversation, session;

CREATE OR REPLACE TEMP TABLE intents_of AS
SELECT tenant, conversation, session, list(intent ORDER BY seq, place) AS intents FROM (
  SELECT tenant, conversation, session, intent, min(seq) AS seq, min(place) AS place FROM (
    SELECT tenant, conversation, session, seq, unnest(intents) AS intent, generate_subscripts(intents, 1) AS place FROM placed WHERE kind = 'turn')
  WHERE intent <> '' GROUP BY tenant, conversation, session, intent)
GROUP BY tenant, conversation, session;

INSERT INTO sessions BY NAME
SELECT p.tenant, p.conversation, p.session::INTEGER AS session,
  arg_min(customer, seq) FILTER (kind = 'turn') AS customer, arg_min(channel, seq) FILTER (kind = 'turn') AS channel,
  coalesce(arg_min(lang, seq) FILTER (lang <> ''), '') AS lang, coalesce(arg_max(tier, seq) FILTER (tier <> ''), '') AS tier,
  arg_min(ts, seq) FILTER (kind = 'turn') AS started, max(ts) FILTER (kind IN ('turn', 'agent')) AS ended,
  (arg_min(ts, seq) FILTER (kind = 'turn'))::DATE AS dt,
  bool_or(kind = 'closed') OR p.session < max(p.session) OVER (PARTITION BY p.tenant, p.conversation) OR
    max(ts) FILTER (kind IN ('turn', 'agent')) + CASE WHEN coalesce(arg_max(people, seq) FILTER (people IS NOT NULL), false) THEN $people_time ELSE $session_time END <= $now AS over,
  count(*) FILTER (kind = 'turn') AS turns, count(*) FILTER (fallback) AS fallbacks, count(*) FILTER (kind = 'agent') AS agent_messages,
  coalesce(arg_min(intent, seq) FILTER (intent <> '' AND NOT fallback), '') AS intent, coalesce(any_value(i.intents), []) AS intents,
  coalesce(arg_min(emotion, seq) FILTER (emotion <> ''), '') AS emotion_first, coalesce(arg_max(emotion, seq) FILTER (emotion <> ''), '') AS emotion_last,
  bool_or(emotion = 'angry') AS angry,
  bool_or(coalesce(people, kind = 'agent')) AS handed,
  coalesce(arg_min(why, seq) FILTER (why <> '' AND people), '') AS handoff,
  coalesce(arg_min(queue, seq) FILTER (queue <> ''), '') AS queue, coalesce(arg_max(queue, seq) FILTER (queue <> ''), '') AS last_queue,
  coalesce(arg_max(agent, seq) FILTER (agent <> '' AND kind = 'agent'), '') AS agent,
  arg_min(ts, seq) FILTER (people) AS handed_at, arg_min(ts, seq) FILTER (kind = 'claimed') AS claimed_at,
  arg_min(ts, seq) FILTER (kind = 'agent') AS agent_first, arg_max(ts, seq) FILTER (kind = 'agent') AS agent_last,
  coalesce(arg_max(action IN ('ask', 'confirm', 'clarify'), seq) FILTER (kind = 'turn' AND owner = 'robot'), false) AS asked_last,
  coalesce(arg_max(task, seq) FILTER (task <> ''), '') AS task,
  arg_max(score, seq) FILTER (score IS NOT NULL) AS score, arg_max(resolved, seq) FILTER (resolved IS NOT NULL) AS resolved,
  count(*) FILTER (thumb > 0) AS thumbs_up, count(*) FILTER (thumb < 0) AS thumbs_down,
  coalesce(list(DISTINCT variant ORDER BY variant) FILTER (variant <> ''), []) AS variants
FROM placed p LEFT JOIN intents_of i ON i.tenant = p.tenant AND i.conversation = p.conversation AND i.session = p.session
WHERE p.session > 0 GROUP BY p.tenant, p.conversation, p.session;

-- When the customer came again: touched customers in all their conversations.
CREATE OR REPLACE TEMP TABLE returned AS
WITH who AS (
  SELECT DISTINCT tenant, customer FROM (SELECT tenant, customer FROM gone UNION ALL SELECT tenant, customer FROM placed WHERE kind = 'turn') WHERE customer <> ''
)
SELECT * FROM (
  SELECT o.tenant, o.conversation, o.session, o.dt, o.back_at,
    lead(o.started) OVER (PARTITION BY o.tenant, o.customer ORDER BY o.started, o.conversation, o.session) AS back
  FROM sessions o JOIN who w ON w.tenant = o.tenant AND w.customer = o.customer)
WHERE back IS DISTINCT FROM back_at;

UPDATE sessions o SET back_at = r.back FROM returned r WHERE o.tenant = r.tenant AND o.conversation = r.conversation AND o.session = r.session;

-- Sessions that ended by silence meanwhile.
CREATE OR REPLACE TEMP TABLE silent AS
SELECT o.tenant, o.conversation, o.session, o.dt FROM sessions o JOIN session_starts b ON b.tenant = o.tenant AND b.conversation = o.conversation AND b.session = o.session
WHERE NOT o.over AND o.ended + CASE WHEN b.people THEN $people_time ELSE $session_time END <= $now;

UPDATE sessions o SET over = true FROM silent r WHERE o.tenant = r.tenant AND o.conversation = r.conversation AND o.session = r.session;

-- Roll-ups of sessions.
CREATE OR REPLACE TEMP TABLE days AS
SELECT tenant, dt FROM gone UNION SELECT tenant, dt FROM returned UNION SELECT tenant, dt FROM silent
UNION SELECT tenant, ts::DATE FROM placed WHERE begins;

-- Which days changed, for those who copy them. That a customer came back does not change a session itself.
CREATE OR REPLACE TEMP TABLE changed AS
SELECT tenant, dt FROM gone UNION SELECT tenant, dt FROM silent UNION SELECT tenant, ts::DATE FROM placed WHERE begins;

DELETE FROM session_days o USING changed d WHERE o.tenant = d.tenant AND o.dt = d.dt;

INSERT INTO session_days SELECT tenant, dt, $now FROM changed;

DELETE FROM daily_sessions o USING days d WHERE o.tenant = d.tenant AND o.dt = d.dt;

INSERT INTO daily_sessions BY NAME
SELECT s.tenant, s.dt, s.channel, s.lang, s.tier, s.intent,
  count(*) AS sessions, sum(s.turns) AS turns, count(*) FILTER (s.handed) AS handed, count(*) FILTER (NOT s.handed) AS contained,
  count(*) FILTER (NOT s.handed AND (s.back_at IS NULL OR s.back_at - s.ended >= INTERVAL 24 HOURS)) AS contained_24h,
  count(*) FILTER (NOT s.handed AND (s.back_at IS NULL OR s.back_at - s.ended >= INTERVAL 72 HOURS)) AS contained_72h,
  count(*) FILTER (NOT s.handed AND (s.back_at IS NULL OR s.back_at - s.ended >= INTERVAL 7 DAYS)) AS contained_7d,
  count(*) FILTER (NOT s.handed AND s.asked_last) AS abandoned,
  count(s.score) AS rated, count(*) FILTER (s.score >= 4) AS satisfied, coalesce(sum(s.score), 0) AS score_sum,
  count(*) FILTER (s.resolved) AS resolved_yes, count(*) FILTER (NOT s.resolved) AS resolved_no, count(*) FILTER (s.angry) AS angry
FROM sessions s JOIN days d ON d.tenant = s.tenant AND d.dt = s.dt WHERE s.over GROUP BY s.tenant, s.dt, s.channel, s.lang, s.tier, s.intent;

-- Roll-ups of turns.
CREATE OR REPLACE TEMP TABLE hours AS SELECT DISTINCT tenant, hour FROM dirty_hours;

SET VARIABLE hours_from = (SELECT coalesce(min(hour), TIMESTAMP '9999-01-01') FROM hours);

SET VARIABLE hours_to = (SELECT coalesce(max(hour), TIMESTAMP '9999-01-01') + INTERVAL 1 HOUR FROM hours);

DELETE FROM hourly o USING hours h WHERE o.tenant = h.tenant AND o.hour = h.hour;

DELETE FROM hourly_latency o USING hours h WHERE o.tenant = h.tenant AND o.hour = h.hour;

INSERT INTO hourly BY NAME
SELECT t.tenant, h.hour, h.hour::DATE AS dt, t.channel, t.lang, t.tier, t.intent, t.emotion, t.bundle,
  count(*) AS turns, count(*) FILTER (t.fallback) AS fallbacks, count(*) FILTER (t.handoff <> '') AS handoffs,
  sum(len(t.calls)) AS calls, sum(t.calls_failed) AS calls_failed,
  coalesce(sum(t.p1), 0) AS p1_sum, count(t.p1) AS p1_n, coalesce(sum(t.ms_total), 0) AS ms_sum, count(t.ms_total) AS ms_n
FROM turns t JOIN hours h ON h.tenant = t.tenant AND h.hour = date_trunc('hour', t.ts)
WHERE t.ts >= getvariable('hours_from') AND t.ts < getvariable('hours_to')
GROUP BY t.tenant, h.hour, t.channel, t.lang, t.tier, t.intent, t.emotion, t.bundle;

INSERT INTO hourly_latency BY NAME
SELECT t.tenant, h.hour, h.hour::DATE AS dt, t.channel, floor(10 * log2(greatest(t.ms_total, 0.001)))::INTEGER AS bucket, count(*) AS n
FROM turns t JOIN hours h ON h.tenant = t.tenant AND h.hour = date_trunc('hour', t.ts)
WHERE t.ts >= getvariable('hours_from') AND t.ts < getvariable('hours_to') AND t.ms_total IS NOT NULL
GROUP BY t.tenant, h.hour, t.channel, bucket;

DELETE FROM dirty_conversations d USING scope s WHERE d.tenant = s.tenant AND d.conversation = s.conversation;

DELETE FROM dirty_hours;
