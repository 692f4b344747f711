package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// now is the present, or the near future or past, by its name in TIMEX.
func now(c *grammar.Call) any {
	timex, _ := c.Kids[0].Value.(string)
	return fixed(value.DateAndTime, func(ref time.Time) (string, Span) { return timex, Span{Start: ref} })
}

// nowTime is the present as a time of day.
func nowTime(c *grammar.Call) any {
	e, _ := now(c).(*Expr)
	out := *e
	out.Type = value.Time
	return &out
}

// splitLength is a length of time before or after now as a result of its own.
func splitLength(c *grammar.Call) any {
	n, l := c.Get("l"), lengthOf(c, "l")
	if n == nil {
		if n = c.Get("u"); n == nil {
			return nil
		}
		name, _ := n.Value.(string)
		l = Length{{1, Unit(name[0])}}
	}
	mod := c.Args[0]
	e := For(l).Map(value.Duration, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Mod = mod
		return m, true
	})
	return Group{{Start: n.Start, End: n.End, Expr: e}}
}

// firstDay is the first day of next month or year.
func firstDay(c *grammar.Call) any {
	u := Unit(word(c, "u")[0])
	return OnDayThat(func(ref time.Time) time.Time {
		if u == Year {
			return YearStart(ref, ref.Year()+1)
		}
		return MonthStart(ref, 1)
	})
}

// clockLengthOf is the length labelled l if it has hours, minutes or seconds; days are a matter of dates.
func clockLengthOf(c *grammar.Call) (Length, bool) {
	if u := c.Get("u"); u != nil {
		n := c.Int("n", 1)
		if plural := strings.HasSuffix(c.Surface(u), "s"); plural != (n > 1) && c.Get("n") != nil {
			return nil, false // I counted 13 last minute
		}
		name, _ := u.Value.(string)
		return Length{{float64(n), Unit(name[0])}}, true
	}
	l := lengthOf(c, "l")
	if n := c.Int("days", 0); n > 0 {
		l = NewLength(append(Length{{float64(n), Day}}, l...)...)
	}
	return l, l.HasClock()
}

// direction is 1 for words of the future and -1 for those of the past.
func direction(c *grammar.Call) int {
	for _, name := range []string{"near.last", "back"} {
		if c.Get(name) != nil {
			return -1
		}
	}
	return 1
}

// clockFromNow is "in 5 minutes", "5 minutes ago"; the rule's constant qualifies it.
func clockFromNow(c *grammar.Call) any {
	l, ok := clockLengthOf(c)
	if !ok {
		return nil
	}
	e := FromNow(l, direction(c))
	if len(c.Args) == 0 {
		return e
	}
	mod := c.Args[0]
	return e.Map(e.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Mod = mod
		return m, true
	})
}

// apart is two results side by side that do not join.
func apart(c *grammar.Call) any {
	x, y := c.Get("x"), c.Get("y")
	return Group{{Start: x.Start, End: x.End, Expr: expr(c, "x")}, {Start: y.Start, End: y.End, Expr: expr(c, "y")}}
}

// clockStretch is "last 3 minutes", "within 5 hours".
func clockStretch(c *grammar.Call) any {
	l, ok := clockLengthOf(c)
	switch {
	case !ok:
		return nil
	case direction(c) < 0:
		if c.Kids[0].Category == "near.last" && preceded(c, c.Args) { // it will last two hours
			return nil
		}
		return InPast(l)
	}
	return InNext(l)
}

// betweenMoments is a range of which one end is a time of day alone. A begin is today, or before the end; an end is the next such time
// after the begin.
func betweenMoments(c *grammar.Call) any {
	from, to := expr(c, "from"), expr(c, "to")
	if from == nil || to == nil {
		return nil
	}
	return &Expr{Type: value.DateTimeRange, At: func(ref time.Time) (Meaning, bool) {
		a, b := from, to
		if a.Type == value.Time {
			end, ok := b.At(ref)
			if !ok {
				return end, false
			}
			a = clockBefore(*a.Clock, end.Future.Start)
		} else {
			begin, ok := a.At(ref)
			if !ok {
				return begin, false
			}
			b = clockBehind(*b.Clock, begin)
		}
		return betweenInstants(a, b).At(ref)
	}}
}

// clockBefore is such a time today, or the last one before t. An open half of the day is the first that is not over by then.
func clockBefore(c Clock, t time.Time) *Expr {
	return fixed(value.DateAndTime, func(ref time.Time) (string, Span) {
		c := c
		if c.AmPm {
			c = c.Am()
		}
		day := ref
		if !c.On(day).Before(t) {
			day = t.AddDate(0, 0, -1)
		}
		start := c.On(day)
		return TimexDay(start) + c.Timex(), Span{Start: start}
	})
}

// clockBehind is the next such time after what begin means.
func clockBehind(c Clock, begin Meaning) *Expr {
	return &Expr{Type: value.DateAndTime, At: func(time.Time) (Meaning, bool) {
		c, start := c, begin.Future.Start
		open := c.AmPm && begin.AmPm
		if c.AmPm && !open {
			if am := c.Am(); am.On(start).After(start) {
				c = am
			} else {
				c = c.Pm()
			}
		}
		next := func(s Span) Span {
			t := c.On(s.Start)
			if t.Before(s.Start) {
				t = t.AddDate(0, 0, 1)
			}
			return Span{Start: t}
		}
		m := Meaning{Past: next(begin.Past), Future: next(begin.Future), AmPm: open}
		date, _, _ := strings.Cut(begin.Timex, "T")
		if date == "PRESENT_REF" || !strings.Contains(date, "XX") || m.Future.Start.Day() != start.Day() {
			date = TimexDay(m.Future.Start)
		}
		m.Timex = date + c.Timex()
		return m, true
	}}
}
