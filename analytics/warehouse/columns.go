package warehouse

import (
	"database/sql/driver"
	"math"
	"slices"
	"time"

	"yingda/analytics"
)

// column is how one column of a table is got from a row; just one of the functions is set, and its result says the type.
type column[T any] struct {
	text   func(*T) string
	texts  func(*T) []string  // nil = an empty list
	double func(*T) *float64  // NULL for nil and for what is not a number, see [double]
	long   func(*T) int64     // BIGINT
	whole  func(*T) int32     // INTEGER
	flag   func(*T) bool      // BOOLEAN
	time   func(*T) time.Time // TIMESTAMP
	day    func(*T) time.Time // DATE of it
}

// value is the column's value of one row, as the driver takes it.
func (c *column[T]) value(row *T) driver.Value {
	switch {
	case c.text != nil:
		return c.text(row)
	case c.texts != nil:
		return list(c.texts(row))
	case c.double != nil:
		return double(c.double(row))
	case c.long != nil:
		return c.long(row)
	case c.whole != nil:
		return c.whole(row)
	case c.flag != nil:
		return c.flag(row)
	case c.time != nil:
		return c.time(row)
	default:
		return day(c.day(row))
	}
}

// valuesOf makes the function that [appendTo] takes of columns.
func valuesOf[T any](columns []column[T]) func([]driver.Value, *T) []driver.Value {
	return func(row []driver.Value, of *T) []driver.Value {
		for i := range columns {
			row = append(row, columns[i].value(of))
		}
		return row
	}
}

// storable tells whether a number can be stored: one NaN would make every sum over it one.
func storable(v *float64) bool { return v != nil && !math.IsNaN(*v) && !math.IsInf(*v, 0) }

// The columns of the tables that most rows go to, in the order of schema.sql.
var (
	turnColumns = slices.Concat([]column[analytics.Turn]{
		{text: func(t *analytics.Turn) string { return t.Tenant }},
		{text: func(t *analytics.Turn) string { return t.Conversation }},
		{long: func(t *analytics.Turn) int64 { return t.Seq }},
		{text: func(t *analytics.Turn) string { return t.ID }},
		{time: func(t *analytics.Turn) time.Time { return t.Time }},
		{day: func(t *analytics.Turn) time.Time { return t.Time }},
		{text: func(t *analytics.Turn) string { return t.Customer }},
		{text: func(t *analytics.Turn) string { return t.Channel }},
	}, turnUnderstood, turnDone)

	turnUnderstood = []column[analytics.Turn]{
		{text: func(t *analytics.Turn) string { return t.Lang }},
		{text: func(t *analytics.Turn) string { return t.Tier }},
		{text: func(t *analytics.Turn) string { return t.Owner }},
		{text: func(t *analytics.Turn) string { return t.Text }},
		{text: func(t *analytics.Turn) string { return t.Intent }},
		{texts: func(t *analytics.Turn) []string { return t.Intents }},
		{texts: func(t *analytics.Turn) []string { return t.Recognised }},
		{text: func(t *analytics.Turn) string { return t.Top1 }},
		{double: func(t *analytics.Turn) *float64 { return t.P1 }},
		{text: func(t *analytics.Turn) string { return t.Top2 }},
		{double: func(t *analytics.Turn) *float64 { return t.P2 }},
		{double: func(t *analytics.Turn) *float64 { return t.OOS }},
		{text: func(t *analytics.Turn) string { return t.Emotion }},
		{double: func(t *analytics.Turn) *float64 { return t.Intensity }},
		{texts: func(t *analytics.Turn) []string { return t.Entities }},
		{texts: func(t *analytics.Turn) []string { return t.Attachments }},
	}

	turnDone = []column[analytics.Turn]{
		{text: func(t *analytics.Turn) string { return t.Action }},
		{text: func(t *analytics.Turn) string { return t.Reason }},
		{text: func(t *analytics.Turn) string { return t.Task }},
		{flag: func(t *analytics.Turn) bool { return t.Fallback }},
		{text: func(t *analytics.Turn) string { return t.Handoff }},
		{text: func(t *analytics.Turn) string { return t.Queue }},
		{texts: func(t *analytics.Turn) []string { return t.Scripts }},
		{texts: func(t *analytics.Turn) []string { return t.Calls }},
		{whole: func(t *analytics.Turn) int32 { return t.CallsFailed }},
		{text: func(t *analytics.Turn) string { return t.Bundle }},
		{double: func(t *analytics.Turn) *float64 { return t.Total }},
		{double: func(t *analytics.Turn) *float64 { return t.Parse }},
		{double: func(t *analytics.Turn) *float64 { return t.CallsTime }},
	}

	exposureColumns = []column[analytics.Exposure]{
		{text: func(e *analytics.Exposure) string { return e.Tenant }},
		{text: func(e *analytics.Exposure) string { return e.Conversation }},
		{long: func(e *analytics.Exposure) int64 { return e.Seq }},
		{time: func(e *analytics.Exposure) time.Time { return e.Time }},
		{day: func(e *analytics.Exposure) time.Time { return e.Time }},
		{text: func(e *analytics.Exposure) string { return e.Experiment }},
		{text: func(e *analytics.Exposure) string { return e.Variant }},
		{text: func(e *analytics.Exposure) string { return e.Customer }},
		{text: func(e *analytics.Exposure) string { return e.Bundle }},
	}

	dirtyColumns = []column[dirtyConversation]{
		{text: func(d *dirtyConversation) string { return d.tenant }},
		{text: func(d *dirtyConversation) string { return d.conversation }},
		{long: func(d *dirtyConversation) int64 { return d.seq }},
		{time: func(d *dirtyConversation) time.Time { return d.ts }},
	}
)
