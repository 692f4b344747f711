package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/value"
)

// AtTime puts a time of day on a date: date + time = datetime, date + timerange = datetimerange. Nil for other types.
func AtTime(date, clock *Expr) *Expr {
	if date == nil || clock == nil || date.Type != value.Date {
		return nil
	}
	t := value.DateAndTime
	switch clock.Type {
	case value.TimeRange:
		t = value.DateTimeRange
	case value.Time:
	default:
		return nil
	}
	e := &Expr{Type: t, Date: date.Date, Clock: clock.Clock}
	e.At = func(ref time.Time) (Meaning, bool) {
		d, ok := date.At(ref)
		if !ok {
			return d, false
		}
		return onDay(d, clock, t)
	}
	return e
}

// onDay computes the meaning of a clock on the days that d means.
func onDay(d Meaning, clock *Expr, t value.DateTimeType) (m Meaning, ok bool) {
	c, ok := clock.At(d.Future.Start)
	if !ok {
		return c, false
	}
	past, ok := clock.At(d.Past.Start)
	if !ok {
		return c, false
	}
	m = c
	m.Timex = joinTimex(d.Timex, c.Timex)
	if d.PastTimex != "" {
		m.PastTimex = joinTimex(d.PastTimex, c.Timex)
	}
	if t == value.DateTimeRange && c.Future.End.Day() != c.Future.Start.Day() && !c.Future.End.IsZero() && !c.Future.Start.IsZero() {
		m.Timex = overnight(m.Timex)
	}
	m.Past = past.Past
	if m.Mod == "" {
		m.Mod, m.Source = d.Mod, d.Source
	}
	if d.null() {
		m.Past, m.Future = Span{}, Span{}
	}
	return m, true
}

// joinTimex writes "2016-11-07" + "T08" = "2016-11-07T08", and into both ends of "(T08,T09,PT1H)". A day that is PRESENT_REF or a range
// keeps its own form.
func joinTimex(day, clock string) string {
	if inner, ok := strings.CutPrefix(clock, "("); ok {
		parts := strings.Split(inner, ",")
		if len(parts) == 3 {
			return "(" + day + parts[0] + "," + day + parts[1] + "," + parts[2]
		}
	}
	return day + clock
}

// Modify qualifies an expression. mod is one of
//
//	before, after   exclusive: ends at the begin of x, begins at the end of x (of a point: at x)
//	until, since    inclusive: ends at the end of x, begins at the begin of x
//	approx          about x; the span stays
//	less, more      of durations
//
// and makes a range of a point, except for approx. Mods that x has already are kept: "since-approx".
func Modify(x *Expr, mod string) *Expr {
	if x == nil {
		return nil
	}
	t, source := x.Type, "datetimepoint"
	switch x.Type {
	case value.Date:
		t = value.DateRange
	case value.Time:
		t = value.TimeRange
	case value.DateAndTime:
		t = value.DateTimeRange
	case value.DateRange, value.TimeRange, value.DateTimeRange:
		source = "datetimerange"
	}
	if mod == "approx" || mod == "less" || mod == "more" {
		t, source = x.Type, ""
	}
	e := x.Map(t, func(m Meaning, ref time.Time) (Meaning, bool) {
		how := mod
		if mod == "before" && m.Mod == "end" {
			how = "until" // before the end of may is not over on may 16
		}
		m = m.EachSpan(func(s Span) Span { return s.modify(how) })
		if m.Source = source; m.Mod != "" {
			mod := mod + "-" + m.Mod
			m.Mod = mod
		} else {
			m.Mod = mod
		}
		return m, true
	})
	e.Length = x.Length
	return e
}

func (s Span) modify(mod string) Span {
	point := s.End.IsZero()
	switch mod {
	case "before":
		return Span{End: s.Start}
	case "after":
		if point {
			return s
		}
		return Span{Start: s.End}
	case "until":
		if point {
			return Span{End: s.Start}
		}
		return Span{End: s.End}
	case "since":
		return Span{Start: s.Start}
	}
	return s
}

// Part is the begin, middle or end of a range of dates: mod is start, mid or end, and span cuts the range down.
func Part(x *Expr, mod string, span func(Span) Span) *Expr {
	return x.Map(x.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		m = m.EachSpan(span)
		m.Mod = mod
		return m, true
	})
}
