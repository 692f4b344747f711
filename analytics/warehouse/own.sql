-- What the warehouse keeps for itself, beside the tables of package schema.

-- One row: the version of the tables; the log that events come from; the sequence in it up to which all events are in; how many batches were taken in; the version of the
-- lake's manifest that was written last.
CREATE TABLE progress (version INTEGER NOT NULL, log VARCHAR NOT NULL, position BIGINT NOT NULL, batches BIGINT NOT NULL, lake BIGINT NOT NULL);

-- One row: the sequence in the log's stream of parses up to which all packs are in, and the id of that pack. A warehouse that is made again from the lake
-- begins at 0: the log has packs of some weeks, and what is in is left out.
CREATE TABLE parses_progress (position BIGINT NOT NULL, pack VARCHAR NOT NULL);

-- Conversations with facts that sessions do not know of yet, from which sequence and time on.
CREATE TABLE dirty_conversations (tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, ts TIMESTAMP NOT NULL);

-- When the sessions that began on a day (UTC) were computed last: who copies days elsewhere sees which have changed since. Any other time than the
-- one that was seen means that; a warehouse that is made again has others.
CREATE TABLE session_days (tenant VARCHAR NOT NULL, dt DATE NOT NULL, changed TIMESTAMP NOT NULL);

-- Hours with facts that the roll-ups do not know of yet.
CREATE TABLE dirty_hours (tenant VARCHAR NOT NULL, hour TIMESTAMP NOT NULL);

-- Hours of fact tables that the lake does not hold as they are. log_seq is the lowest sequence among those that came from the log; NULL = none.
-- NULL also where the sequences are not those of turns. batch and marked say which batch they came with, and when.
CREATE TABLE unsealed (
  fact VARCHAR NOT NULL, tenant VARCHAR NOT NULL, hour TIMESTAMP NOT NULL, log_seq BIGINT, batch BIGINT NOT NULL, marked TIMESTAMP NOT NULL
);

-- Where each session begins in the log, the earliest time of anything in it, and whether it was left in a queue or with an agent.
CREATE TABLE session_starts (tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, session INTEGER NOT NULL, seq BIGINT NOT NULL, ts TIMESTAMP NOT NULL, people BOOLEAN NOT NULL);

-- Events that were refused, and values that were cut.
CREATE TABLE notes (noted TIMESTAMP NOT NULL, tenant VARCHAR NOT NULL, conversation VARCHAR NOT NULL, seq BIGINT NOT NULL, note VARCHAR NOT NULL);
