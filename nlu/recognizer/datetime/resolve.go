package datetime

import (
	"time"

	"yingda/nlu/recognizer/value"
)

// Resolve lists the readings of an expression at a reference time: the past one and the future one, or one if they are the same; then, if
// the half of the day is open, the same twelve hours later. False if it denotes nothing.
func (e *Expr) Resolve(ref time.Time) (value.DateTime, bool) {
	m, ok := e.At(ref)
	if !ok {
		return value.DateTime{}, false
	}
	v := value.DateTime{Type: e.Type}
	past, future := m.reading(m.pastTimex(), m.Past), m.reading(m.Timex, m.Future)
	if m.LowSeconds > 0 {
		past.Seconds = m.LowSeconds
	}
	if m.same() && m.LowSeconds == 0 {
		v.Readings = append(v.Readings, future)
	} else {
		v.Readings = append(v.Readings, past, future)
	}
	if m.AmPm {
		for _, r := range v.Readings {
			r.Timex, r.Start, r.End = toPm(r.Timex), later(r.Start), later(r.End)
			if (v.Type == value.DateTimeRange || v.Type == value.TimeRange) && !r.Start.IsZero() && !r.End.IsZero() && !r.End.After(r.Start) {
				r.Timex, r.End = overnight(r.Timex), r.End.AddDate(0, 0, 1)
			}
			v.Readings = append(v.Readings, r)
		}
	}
	v.Preferred = prefer(&v, m, ref)
	return v, true
}

func (m Meaning) reading(timex string, s Span) value.Reading {
	return value.Reading{Timex: timex, Mod: m.Mod, Start: s.Start, End: s.End, Seconds: m.Seconds, HasZone: m.HasZone, UTCOffset: m.UTCOffset}
}

// later moves the clock by twelve hours within the day: 12:00 becomes 0:00 as "twelve" may be midnight.
func later(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	y, mo, d := t.Date()
	return time.Date(y, mo, d, (t.Hour()+12)%24, t.Minute(), t.Second(), 0, t.Location())
}

// prefer chooses the reading that a customer most likely means; the rule stands in the package comment.
func prefer(v *value.DateTime, m Meaning, ref time.Time) int {
	n := len(v.Readings)
	if m.AmPm {
		n /= 2
	}
	chosen := n - 1 // the future
	if n == 2 && (m.pastIsToday(v.Type, ref) || m.pastIsLikelier(ref)) {
		chosen = 0
	}
	if m.AmPm && atNight(v.Readings[chosen]) {
		chosen += n
	}
	return chosen
}

// pastIsToday tells whether the reading that is called past is not over: "the 18th" is the past reading at noon on the 18th.
func (m Meaning) pastIsToday(t value.DateTimeType, ref time.Time) bool {
	if t == value.Date {
		return m.Past.Start.Equal(Midnight(ref))
	}
	return t == value.DateAndTime && m.Past.Start.After(ref)
}

// pastIsLikelier tells whether the past reading is meant rather than the future one: a weekday or a day of the month means the coming one, but
// of two years the nearer is meant. "May 3" said on May 10 is a week ago.
func (m Meaning) pastIsLikelier(ref time.Time) bool {
	past, future := ref.Sub(instant(m.Past)), instant(m.Future).Sub(ref)
	return future > 40*24*time.Hour && past < future
}

// sameYear keeps one reading: that of the reference's year, or the future one.
func (m Meaning) sameYear(ref time.Time) Meaning {
	if m.Future.Start.Year() != ref.Year() && m.Past.Start.Year() == ref.Year() && m.pastIsLikelier(ref) {
		m.Future, m.Timex = m.Past, m.pastTimex()
	}
	m.Past, m.PastTimex = m.Future, ""
	return m
}

func instant(s Span) time.Time {
	if s.Start.IsZero() {
		return s.End
	}
	return s.Start
}

// atNight tells whether the reading begins when most customers sleep.
func atNight(r value.Reading) bool {
	t := instant(Span{r.Start, r.End})
	return t.Hour() < 8
}
