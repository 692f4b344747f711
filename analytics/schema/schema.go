// Package schema names the tables of the warehouse and the lake; schema.sql says what their columns mean.
package schema

import _ "embed"

// SQL creates all tables. Each statement ends with a semicolon at the end of a line.
//
//go:embed schema.sql
var SQL string

// Version changes whenever a table does: a warehouse of another version is built again from the lake and the log.
const Version = 1

// Facts are the tables that hold events, in the lake too. All have the columns tenant, conversation, seq, ts and dt; a fact is known by tenant,
// conversation and seq, and in exposures by experiment too.
var Facts = []string{"turns", "hands", "agent_messages", "outbound", "ratings", "exposures", "shadows"}

// Derived are the tables that are computed from Facts.
var Derived = []string{"sessions", "hourly", "hourly_latency", "daily_sessions"}
