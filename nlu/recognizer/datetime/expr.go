package datetime

import (
	"time"

	"yingda/nlu/recognizer/value"
)

// Expr is a time expression as the words say it, before it is known what "now" is. Actions of the grammar build expressions from
// expressions and return them as *Expr; nothing is computed until [Expr.At]. Expressions are never changed once made: to vary one, copy it.
type Expr struct {
	Type value.DateTimeType
	// At gives the meaning at a reference time; false = the words denote nothing then.
	At func(ref time.Time) (Meaning, bool)

	// What the words state, so that ranges and alternatives can lend each other year, month, half of the day. Nil = not a plain date or clock.
	Date  *Date
	Clock *Clock
	// Length is that of a duration; nil for all else.
	Length Length

	unit Unit // in which a range that ends with it is counted; 0 = by Type and Date
}

// Meaning is what an expression denotes at a reference time.
type Meaning struct {
	Timex string
	// PastTimex is that of the past reading where it differs, as the length of "January 1 to April 5" does in leap years. Empty = Timex.
	PastTimex string
	// Past and Future are the last such time before the reference and the first at or after it; the same where the words leave no choice.
	// Both are zero if no calendar has such a day (February 30): then the expression has a timex and no more.
	Past, Future Span
	Mod          string  // before, after, since, until, approx, start, mid, end, less, more, ref_undef; combined with "-"
	AmPm         bool    // the clock may be twelve hours later as well: "at 8"
	Seconds      float64 // of a duration
	LowSeconds   float64 // of a duration within bounds (三五天) the shorter one, whose timex is PastTimex; 0 = it has no bounds
	// Source tells from what a range with a Mod was made: "datetimepoint" or "datetimerange"; empty otherwise.
	Source    string
	HasZone   bool
	UTCOffset int // minutes
}

// Span is an instant (Start alone) or a range with exclusive End. A zero time is open.
type Span struct{ Start, End time.Time }

// Group is the value of a phrase that holds several results, each with its place: "monday or tuesday at 8".
type Group []Member

// Member is an expression of a [Group].
type Member struct {
	Start, End int // bytes of the text
	Expr       *Expr
	// Alternative tells that the members are choices that share words with each other.
	Alternative bool
}

// fixed makes an expression that means the same in the past and in the future.
func fixed(t value.DateTimeType, at func(ref time.Time) (timex string, s Span)) *Expr {
	return &Expr{Type: t, At: func(ref time.Time) (Meaning, bool) {
		timex, s := at(ref)
		return Meaning{Timex: timex, Past: s, Future: s}, timex != ""
	}}
}

// Map makes an expression of another type whose meaning is computed from that of e. The stated parts are not handed on.
func (e *Expr) Map(t value.DateTimeType, f func(m Meaning, ref time.Time) (Meaning, bool)) *Expr {
	return &Expr{Type: t, At: func(ref time.Time) (Meaning, bool) {
		m, ok := e.At(ref)
		if !ok {
			return m, false
		}
		return f(m, ref)
	}}
}

// same tells whether past and future coincide.
func (m Meaning) same() bool { return m.Past == m.Future }

// null tells whether the calendar has no such time.
func (m Meaning) null() bool { return m.Past == Span{} && m.Future == Span{} }

// pastTimex is the timex of the past reading.
func (m Meaning) pastTimex() string {
	if m.PastTimex != "" {
		return m.PastTimex
	}
	return m.Timex
}

// EachSpan applies f to both spans.
func (m Meaning) EachSpan(f func(Span) Span) Meaning {
	m.Past, m.Future = f(m.Past), f(m.Future)
	return m
}
