-- The tables of the warehouse and of the lake. Fact tables hold one row an event (or a part of one) and are what the lake stores; sessions and
-- roll-ups are computed from them and can be computed again. Types are those that DuckDB, Spark, Trino and ClickHouse read the same way:
-- BOOLEAN, INTEGER, BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP (microseconds, UTC), lists of VARCHAR. Empty strings mean "none"; NULL means
-- "not known" and is used for numbers only. dt is the UTC date of ts.

-- One row a message of a customer.
CREATE TABLE turns (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL,      -- pseudonym
  channel VARCHAR NOT NULL, lang VARCHAR NOT NULL, tier VARCHAR NOT NULL,
  owner VARCHAR NOT NULL,         -- who spoke when it came: robot, queue, agent
  text VARCHAR NOT NULL,          -- redacted
  intent VARCHAR NOT NULL,        -- what the turn was taken to mean, context included: the first of intents
  intents VARCHAR[] NOT NULL,
  recognised VARCHAR[] NOT NULL,  -- intents of the model that passed its thresholds
  top1 VARCHAR NOT NULL, p1 DOUBLE, top2 VARCHAR NOT NULL, p2 DOUBLE, -- of the ranking, passed or not
  oos DOUBLE,                     -- out-of-scope score, 0–1
  emotion VARCHAR NOT NULL, intensity DOUBLE,
  entities VARCHAR[] NOT NULL,    -- types
  attachments VARCHAR[] NOT NULL, -- types
  action VARCHAR NOT NULL, reason VARCHAR NOT NULL, task VARCHAR NOT NULL,
  fallback BOOLEAN NOT NULL,      -- the robot had to say that it did not understand, or handed over because of that
  handoff VARCHAR NOT NULL,       -- why it was handed over in this turn
  queue VARCHAR NOT NULL,         -- to which queue
  scripts VARCHAR[] NOT NULL,     -- key#variant@version of each reply
  calls VARCHAR[] NOT NULL, calls_failed INTEGER NOT NULL,
  bundle VARCHAR NOT NULL,
  ms_total DOUBLE, ms_parse DOUBLE, ms_calls DOUBLE
);

-- One row a change of who speaks: queued, claimed, transferred, released, returned, closed.
CREATE TABLE hands (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL,
  kind VARCHAR NOT NULL, queue VARCHAR NOT NULL, agent VARCHAR NOT NULL, actor VARCHAR NOT NULL, why VARCHAR NOT NULL, urgent BOOLEAN NOT NULL
);

-- One row a message of an agent.
CREATE TABLE agent_messages (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL,
  agent VARCHAR NOT NULL, length INTEGER NOT NULL, suggested BOOLEAN NOT NULL
);

-- One row a message that the robot sent by itself, and one a receipt for it.
CREATE TABLE outbound (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL,
  follow_up VARCHAR NOT NULL, kind VARCHAR NOT NULL, script VARCHAR NOT NULL, status VARCHAR NOT NULL
);

-- One row a judgement of a customer.
CREATE TABLE ratings (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL,
  score INTEGER,                  -- 1–5; NULL = a thumb
  thumb INTEGER,                  -- +1, −1; NULL = stars
  about VARCHAR NOT NULL,         -- id of the turn a thumb is about
  resolved BOOLEAN,               -- "was your question answered?"; NULL = not said
  text VARCHAR NOT NULL           -- redacted
);

-- One row an answer of a customer to "how likely are you to recommend us?". It came with a rating of the same id, or alone.
CREATE TABLE surveys (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL,
  nps INTEGER NOT NULL            -- 0–10: promoters from 9 on, detractors up to 6
);

-- One row an experiment whose treatment could differ in a turn.
CREATE TABLE exposures (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  experiment VARCHAR NOT NULL, variant VARCHAR NOT NULL, unit VARCHAR NOT NULL, -- the customer's pseudonym
  bundle VARCHAR NOT NULL
);

-- One row a turn that a second bundle parsed too. p and shadow_p are what each gives the intent that it ranks first itself; same says that both
-- recognised the same intents, in any order.
CREATE TABLE shadows (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  bundle VARCHAR NOT NULL, shadow VARCHAR NOT NULL,
  intents VARCHAR[] NOT NULL, shadow_intents VARCHAR[] NOT NULL, p DOUBLE, shadow_p DOUBLE,
  emotion VARCHAR NOT NULL, shadow_emotion VARCHAR NOT NULL, same BOOLEAN NOT NULL
);

-- One row a text that a caller had analysed without a conversation, and that was kept: see --log-parses. conversation is the request: texts of
-- one request share it.
CREATE TABLE parses (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, id VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  customer VARCHAR NOT NULL,      -- pseudonym; empty = the caller named nobody
  channel VARCHAR NOT NULL,       -- the dialect of the request: parse, rasa, clu
  lang VARCHAR NOT NULL,
  text VARCHAR NOT NULL,          -- redacted
  understood BOOLEAN NOT NULL,    -- an intent passed its threshold
  intents VARCHAR[] NOT NULL,     -- that did
  top1 VARCHAR NOT NULL, p1 DOUBLE, top2 VARCHAR NOT NULL, p2 DOUBLE, -- of the ranking, passed or not
  oos DOUBLE,                     -- out-of-scope score, 0–1
  emotion VARCHAR NOT NULL, intensity DOUBLE,
  entities VARCHAR[] NOT NULL,    -- types
  bundle VARCHAR NOT NULL,
  ms_total DOUBLE,
  share DOUBLE                    -- of texts like it that were kept, 0–1
);

-- Texts that were analysed without a conversation, kept or not. What came in some seconds: rows add up. conversation is the message of the log that
-- they came in, ts when the first of them was asked.
CREATE TABLE parse_counts (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, ts TIMESTAMP NOT NULL, dt DATE NOT NULL,
  channel VARCHAR NOT NULL, lang VARCHAR NOT NULL, bundle VARCHAR NOT NULL,
  texts BIGINT NOT NULL,
  understood BIGINT NOT NULL,     -- an intent passed its threshold
  unsure BIGINT NOT NULL,         -- of those understood: improbably, or two intents were almost as probable
  kept BIGINT NOT NULL,           -- are rows of parses
  dropped BIGINT NOT NULL         -- should be rows of parses, and were lost before they were written
);

-- One row a session: a customer's messages in one conversation until it is closed or nothing was said for the session time (30 minutes unless set
-- otherwise). Computed from the fact tables; whatever a late event touches is computed again.
CREATE TABLE sessions (
  tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, session INTEGER NOT NULL, -- 1, 2 … within the conversation
  customer VARCHAR NOT NULL, channel VARCHAR NOT NULL, lang VARCHAR NOT NULL, tier VARCHAR NOT NULL,
  started TIMESTAMP NOT NULL, ended TIMESTAMP NOT NULL, dt DATE NOT NULL, -- dt of started
  over BOOLEAN NOT NULL,          -- closed or timed out; the others are left out of rates
  turns INTEGER NOT NULL, fallbacks INTEGER NOT NULL, agent_messages INTEGER NOT NULL,
  intent VARCHAR NOT NULL,        -- the first that was understood
  intents VARCHAR[] NOT NULL,     -- all, without repetition, in order
  emotion_first VARCHAR NOT NULL, emotion_last VARCHAR NOT NULL, angry BOOLEAN NOT NULL, -- in any turn
  handed BOOLEAN NOT NULL, handoff VARCHAR NOT NULL, queue VARCHAR NOT NULL, -- first reason, first queue
  last_queue VARCHAR NOT NULL, agent VARCHAR NOT NULL, -- who spoke last
  handed_at TIMESTAMP, claimed_at TIMESTAMP, agent_first TIMESTAMP, agent_last TIMESTAMP,
  asked_last BOOLEAN NOT NULL,    -- the robot's last turn was a question: ended so, it was abandoned
  task VARCHAR NOT NULL,          -- the last one worked on
  score INTEGER, resolved BOOLEAN, thumbs_up INTEGER NOT NULL, thumbs_down INTEGER NOT NULL,
  back_at TIMESTAMP,              -- when the same customer came again, in any conversation; NULL = has not
  variants VARCHAR[] NOT NULL     -- experiment=variant of its exposures
);

-- Turns by hour. Sums only, so that rows of any hours add up.
CREATE TABLE hourly (
  tenant VARCHAR NOT NULL, hour TIMESTAMP NOT NULL, dt DATE NOT NULL,
  channel VARCHAR NOT NULL, lang VARCHAR NOT NULL, tier VARCHAR NOT NULL, intent VARCHAR NOT NULL, emotion VARCHAR NOT NULL, bundle VARCHAR NOT NULL,
  turns BIGINT NOT NULL, fallbacks BIGINT NOT NULL, handoffs BIGINT NOT NULL, calls BIGINT NOT NULL, calls_failed BIGINT NOT NULL,
  p1_sum DOUBLE NOT NULL, p1_n BIGINT NOT NULL, ms_sum DOUBLE NOT NULL, ms_n BIGINT NOT NULL
);

-- Answer times by hour in buckets of a tenth of a power of two: bucket b holds 2^(b/10) <= ms < 2^((b+1)/10); quantiles are exact to 7.2 %.
CREATE TABLE hourly_latency (
  tenant VARCHAR NOT NULL, hour TIMESTAMP NOT NULL, dt DATE NOT NULL, channel VARCHAR NOT NULL, bucket INTEGER NOT NULL, n BIGINT NOT NULL
);

-- Sessions by day, of those that are over. Sums only.
CREATE TABLE daily_sessions (
  tenant VARCHAR NOT NULL, dt DATE NOT NULL, channel VARCHAR NOT NULL, lang VARCHAR NOT NULL, tier VARCHAR NOT NULL, intent VARCHAR NOT NULL,
  sessions BIGINT NOT NULL, turns BIGINT NOT NULL, handed BIGINT NOT NULL, contained BIGINT NOT NULL,
  contained_24h BIGINT NOT NULL, contained_72h BIGINT NOT NULL, contained_7d BIGINT NOT NULL, -- contained, and not back within
  abandoned BIGINT NOT NULL, rated BIGINT NOT NULL, satisfied BIGINT NOT NULL, score_sum BIGINT NOT NULL,
  resolved_yes BIGINT NOT NULL, resolved_no BIGINT NOT NULL, angry BIGINT NOT NULL
);
