package datetime

import (
	"cmp"
	"strings"
	"time"

	"yingda/nlu/recognizer/value"
)

// betweenDates is a range of days, or of months or years if both ends are such.
func betweenDates(from, to *Expr, whole bool) *Expr {
	from, to = shareDate(from, to)
	if from == nil || to == nil || backwards(from.Date, to.Date) {
		return nil
	}
	unit := rangeUnit(from, to)
	if whole {
		to = behind(to)
	}
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		a, ok := from.At(ref)
		b, ok2 := to.At(ref)
		if !ok || !ok2 || a.null() || b.null() {
			return Meaning{}, false
		}
		m := orderEnds(a, b)
		if m.Future.End.Before(m.Future.Start) || m.Past.End.Before(m.Past.Start) {
			return Meaning{Timex: "(" + a.Timex + "," + b.Timex + ")"}, true // said the wrong way round: no time at all
		}
		write := func(s Span, begin, end string) string {
			return TimexRange(endTimex(begin, from, s.Start, closed(b)), endTimex(end, to, s.End, closed(a)), unitLength(unit, s))
		}
		m.Timex = write(m.Future, a.Timex, b.Timex)
		m.setPastTimex(write(m.Past, a.pastTimex(), b.pastTimex()))
		return m, true
	}}
}

// backwards tells whether two dates that are stated with their years stand in the wrong order: "2018 to 1999" is no range.
func backwards(a, b *Date) bool {
	if a == nil || b == nil || a.Year <= 0 || b.Year <= 0 {
		return false
	}
	return cmp.Or(cmp.Compare(a.Year, b.Year), compareStated(a.Month, b.Month), compareStated(a.Day, b.Day)) > 0
}

// compareStated compares months or days that both are stated.
func compareStated(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return cmp.Compare(a, b)
}

// behind begins where e ends: on the next day if e is a day.
func behind(e *Expr) *Expr {
	next := *e
	next.At = func(ref time.Time) (Meaning, bool) {
		m, ok := e.At(ref)
		day := e.Type == value.Date
		m = m.EachSpan(func(s Span) Span {
			if day {
				return Span{Start: s.Start.AddDate(0, 0, 1)}
			}
			return Span{s.End, s.End}
		})
		if day && m.Future != (Span{}) {
			m.Timex = likeTimex(m.Timex, m.Future.Start)
		}
		return m, ok && !m.null()
	}
	return &next
}

// likeTimex writes a day with the same parts left open as in another timex.
func likeTimex(timex string, t time.Time) string {
	switch {
	case strings.HasPrefix(timex, "XXXX-XX-"):
		return TimexDate(0, 0, t.Day())
	case strings.HasPrefix(timex, "XXXX-WXX-"):
		return TimexWeekday(Weekday(t))
	case strings.HasPrefix(timex, "XXXX-"):
		return TimexDate(0, int(t.Month()), t.Day())
	}
	return TimexDay(t)
}

func (m *Meaning) setPastTimex(timex string) {
	if timex != m.Timex {
		m.PastTimex = timex
	}
}

// orderEnds makes the spans of a range from the meanings of its ends. Where an open year makes the end come before the begin, the begin is
// the one before (future) or the end the one after (past). Ends of open years belong to the same year or the next: "2/29-3/1" is in leap
// years alone.
func orderEnds(a, b Meaning) (m Meaning) {
	m.Future = Span{a.Future.Start, b.Future.Start}
	m.Past = Span{a.Past.Start, b.Past.Start}
	if m.Future.Start.After(m.Future.End) {
		m.Future.Start = a.Past.Start
	}
	if m.Past.Start.After(m.Past.End) {
		m.Past.End = b.Future.Start
	}
	if !a.same() && !b.same() {
		m = m.EachSpan(func(s Span) Span {
			if n := s.End.Year() - s.Start.Year(); n > 1 {
				s.End = s.End.AddDate(-n, 0, 0)
			}
			return s
		})
	}
	m.HasZone, m.UTCOffset = b.HasZone, b.UTCOffset
	return m
}

// closed tells whether the words leave nothing of it open.
func closed(m Meaning) bool { return !strings.Contains(m.Timex, "XX") }

// endTimex is how an end of a range is written: as stated if it is a day, the first day of a month or year otherwise, with the year if the
// other end has one.
func endTimex(timex string, e *Expr, t time.Time, otherClosed bool) string {
	switch {
	case timex == "PRESENT_REF":
		return TimexDay(t)
	case e.Type == value.Date && !strings.Contains(timex, "-#"):
		return timex
	case strings.HasPrefix(timex, "XXXX") && !otherClosed:
		return TimexDate(0, int(t.Month()), t.Day())
	}
	return TimexDay(t)
}

// rangeUnit is the unit in which a range between two dates, months or years is counted: the finer of both.
func rangeUnit(from, to *Expr) Unit {
	unit := func(e *Expr) Unit {
		switch {
		case e.unit != 0:
			return e.unit
		case e.Type != value.DateRange:
			return Day
		case e.Date != nil && e.Date.Day == 0 && e.Date.Month > 0:
			return Month
		case e.Date != nil && e.Date.Day == 0 && e.Date.Year > 0:
			return Year
		}
		return Day
	}
	a, b := unit(from), unit(to)
	switch {
	case a == Day || b == Day:
		return Day
	case a == Week && b == Week:
		return Week
	case a == Month || b == Month:
		return Month
	}
	return Year
}

func unitLength(u Unit, s Span) string {
	months := (s.End.Year()-s.Start.Year())*12 + int(s.End.Month()) - int(s.Start.Month())
	switch u {
	case Year:
		return Length{{float64(months / 12), Year}}.Timex()
	case Month:
		return Length{{float64(months), Month}}.Timex()
	case Week:
		return Length{{float64(days(s.Start, s.End) / 7), Week}}.Timex()
	}
	return Length{{float64(days(s.Start, s.End)), Day}}.Timex()
}

// shareDate lends the ends of a range the year and month that only the other states: "april 5 to 10", "5 to 10 april 2016".
func shareDate(from, to *Expr) (*Expr, *Expr) {
	if from.Date == nil || to.Date == nil || from.Date.Relative || to.Date.Relative {
		return from, to
	}
	a, b := *from.Date, *to.Date
	if a.Day > 0 && b.Day > 0 && (a.Month == 0) != (b.Month == 0) {
		a.Month, b.Month = max(a.Month, b.Month), max(a.Month, b.Month)
	}
	switch {
	case a.Month == 0 || b.Month == 0:
	case a.Year == 0 && b.Year > 0:
		if a.Year = b.Year; a.Month > b.Month {
			a.Year--
		}
	case b.Year == 0 && a.Year > 0:
		if b.Year = a.Year; a.Month > b.Month {
			b.Year++
		}
	}
	remake := func(e *Expr, d Date) *Expr {
		switch {
		case d == *e.Date:
			return e
		case d.Day > 0:
			return OnDate(d)
		}
		return InMonth(d.Year, d.Month)
	}
	return remake(from, a), remake(to, b)
}
