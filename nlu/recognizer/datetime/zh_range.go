package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhRangeActions make ranges of days.
var zhRangeActions = map[string]grammar.Action{
	"between":       func(c *grammar.Call) any { return orNil(zhBetween(expr(c, "a"), expr(c, "b"))) },
	"betweenYears":  zhBetweenYears,
	"betweenDays":   zhBetweenDaysOfMonth,
	"betweenMonths": zhBetweenMonths,
	"days":          func(c *grammar.Call) any { return zhDaysFrom(argInt(c, 0), argInt(c, 1)) }, // 明后天
	"pairMonths":    zhPairMonths,
	"pairDays":      zhPairDays,
	"inPast":        func(c *grammar.Call) any { return zhStretchOf(c, InPast) },
	"inNext":        func(c *grammar.Call) any { return zhStretchOf(c, InNext) },
	"within":        func(c *grammar.Call) any { return zhStretchOf(c, InTime) },
	"inPastMonths":  func(c *grammar.Call) any { return InPast(Length{{float64(c.Int("n", 0)), Month}}) },
}

// zhStretchOf is a length before, after or from now. Of a length within bounds the upper one counts.
func zhStretchOf(c *grammar.Call, f func(Length) *Expr) any {
	l, ok := zhLengthOf(c, "l")
	if !ok {
		return nil
	}
	return orNil(f(l.top()))
}

// zhDaysFrom is the range of days from one to before another.
func zhDaysFrom(from, to int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		today := Midnight(ref)
		s := Span{today.AddDate(0, 0, from), today.AddDate(0, 0, to)}
		return zhSpanTimex(s, false), s
	})
}

// zhBetween is [Between] with what Chinese specifications ask of ranges of days: an end whose year, month or week is open is the first one
// after a begin that is not; days that are none make a range that is not resolved.
func zhBetween(from, to *Expr) *Expr {
	if from == nil || to == nil {
		return nil
	}
	if hasClock(from) || hasClock(to) {
		return Between(from, to)
	}
	from, to = shareDate(from, to)
	if from == nil || to == nil {
		return nil
	}
	unit := rangeUnit(from, to)
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		a, b, ok := zhMeetingEnds(from, to, ref)
		if !ok {
			return Meaning{}, false
		}
		if a.null() || b.null() {
			return Meaning{Timex: TimexRange(a.Timex, b.Timex, "PXD")}, true
		}
		m := orderEnds(a, b)
		if m.Future.End.Before(m.Future.Start) {
			return m, false
		}
		write := func(s Span, begin, end string) string {
			return TimexRange(zhEndTimex(begin, from, s.Start), zhEndTimex(end, to, s.End), unitLength(unit, s))
		}
		begin, end := a.Timex, b.pastTimex()
		if m.Future.Start.Equal(a.Past.Start) {
			begin = a.pastTimex()
		}
		if m.Past.End.Equal(b.Future.Start) {
			end = b.Timex
		}
		m.Timex = write(m.Future, begin, b.Timex)
		m.setPastTimex(write(m.Past, a.pastTimex(), end))
		return m, true
	}}
}

// zhMeetingEnds are the meanings of the ends of a range such that they belong together.
func zhMeetingEnds(from, to *Expr, ref time.Time) (a, b Meaning, ok bool) {
	a, ok = from.At(ref)
	b, ok2 := to.At(ref)
	if !ok || !ok2 || a.null() || b.null() {
		return a, b, ok && ok2
	}
	switch {
	case a.same() && !b.same():
		if after, ok := to.At(a.Future.Start); ok {
			b.Future, b.Past = after.Future, after.Future
			b.PastTimex = ""
		}
	case zhIsLeapDay(from.Date) || zhIsLeapDay(to.Date):
		// Only some years have both days.
		if next, ok := to.At(a.Future.Start); ok {
			b.Future = next.Future
		}
		if next, ok := to.At(a.Past.Start); ok {
			b.Past = next.Future
		}
	}
	return a, b, true
}

func zhIsLeapDay(d *Date) bool { return d != nil && d.Year == 0 && d.Month == 2 && d.Day == 29 }

// zhEndTimex is how an end of a range is written: as stated if it is a day, else the first day of the period.
func zhEndTimex(timex string, e *Expr, t time.Time) string {
	switch {
	case e.Type == value.Date:
		return timex
	case strings.HasPrefix(timex, "XXXX"):
		return TimexDate(0, int(t.Month()), t.Day())
	}
	return TimexDay(t)
}

func zhBetweenYears(c *grammar.Call) any {
	b, ok := c.Get("b").Value.(zhYear)
	if !ok {
		return nil
	}
	return orNil(zhBetween(InYear(zhTwoFigures(c.Int("y", 0))), InYear(b.n)))
}

// zhBetweenDaysOfMonth reads 3到5号, with a month and year before it perhaps.
func zhBetweenDaysOfMonth(c *grammar.Call) any {
	from, to := c.Int("a", 0), c.Int("b", 0)
	z := zhCall{c}
	switch {
	case c.Get("n") != nil:
		return orNil(zhBetween(zhDayOfMonthFrom(c.Int("n", 0), from), zhDayOfMonthFrom(c.Int("n", 0), to)))
	case c.Get("m") == nil:
		return orNil(zhBetween(OnDate(Date{Day: from}), OnDate(Date{Day: to})))
	}
	a, _ := zhDayOfYear(z, c.Int("m", 0), from).(*Expr)
	b, _ := zhDayOfYear(z, c.Int("m", 0), to).(*Expr)
	return orNil(zhBetween(a, b))
}

// zhBetweenMonths reads 5到10月.
func zhBetweenMonths(c *grammar.Call) any {
	y, stated := zhCall{c}.year()
	from, to := c.Int("a", 0), c.Int("b", 0)
	if stated && y.rel {
		return InMonths(y.of, from, max(to-from, 1))
	}
	return orNil(zhBetween(InMonth(y.n, from), InMonth(y.n, to)))
}

// zhPairDays reads 七八号: both days.
func zhPairDays(c *grammar.Call) any {
	p := c.Int("p", 0)
	from, to := p/10, p%10+1
	if c.Get("n") != nil {
		n := c.Int("n", 0)
		return orNil(zhBetween(zhDayOfMonthFrom(n, from), zhDayOfMonthFrom(n, to)))
	}
	m := c.Int("m", 0)
	return orNil(zhBetween(OnDate(Date{Month: m, Day: from}), OnDate(Date{Month: m, Day: to})))
}

// zhPairMonths reads 五六月: both months.
func zhPairMonths(c *grammar.Call) any {
	p := c.Int("p", 0)
	if p%10 <= p/10 || p%10 > p/10+2 {
		return nil
	}
	return orNil(zhBetween(InMonth(0, p/10), InMonth(0, p%10+1)))
}
