// Package schema names the tables of the warehouse and the lake; schema.sql says what their columns mean.
package schema

import (
	_ "embed"
	"slices"
)

// SQL creates all tables. Each statement ends with a semicolon at the end of a line.
//
//go:embed schema.sql
var SQL string

// Version changes whenever a table does: a warehouse of another version is built again from the lake and the log, unless tables were only added
// since.
const Version = 2

// Extends is the oldest version that Version only adds tables to: a warehouse of such a version gets them, and a lake of such a version is read.
const Extends = 1

// Reads tells whether tables of a version can be used as they are.
func Reads(version int) bool { return Extends <= version && version <= Version }

// Facts are the tables that hold events, in the lake too. All have the columns tenant, conversation, seq, ts and dt; a fact is known by tenant,
// conversation and seq, and in exposures by experiment too. Where there is no conversation that column holds what a row came with.
var Facts = []string{"turns", "hands", "agent_messages", "outbound", "ratings", "surveys", "exposures", "shadows", "parses", "parse_counts"}

// Packed are the tables of Facts whose rows come from the log's stream of parses, with sequences of their own; they say nothing of sessions and
// turns.
var Packed = []string{"parses", "parse_counts"}

// FromTurns are the other tables of Facts.
func FromTurns() []string {
	return slices.DeleteFunc(slices.Clone(Facts), func(table string) bool { return slices.Contains(Packed, table) })
}

// Derived are the tables that are computed from Facts.
var Derived = []string{"sessions", "hourly", "hourly_latency", "daily_sessions"}
