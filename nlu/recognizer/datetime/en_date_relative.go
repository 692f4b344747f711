package datetime

import (
	"slices"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enRelativeActions are those of en_date.grammar that count from today or within a month.
var enRelativeActions = map[string]grammar.Action{
	"weekdaysFromNow": func(c *grammar.Call) any { return weekdaysFromNow(c.Int("n", 1)*argInt(c, 0), weekdayOf(c)) },
	"modifyFromNow":   modifyFromNow,
	"nthWeekday":      nthWeekday,
	"dayOfMonth":      func(c *grammar.Call) any { return orNil(dayOfMonth(c.Int("d", 0), c.Int("p", 0))) },
	"lastDayOf":       lastDayOf,
	"dayAfter":        dayAfter,
	"dayIn":           dayIn,
	"theDay":          theDay,
	"dayWord":         func(c *grammar.Call) any { return OnDayOffset(c.Int("day.word", 0)) },
	"fromNow":         func(c *grammar.Call) any { return fromNow(c, argInt(c, 0)) },
	"inLength":        func(c *grammar.Call) any { return fromNow(c, 1) },
	"shiftFrom":       shiftFrom,
	"shiftFromYear":   shiftFromYear,
	"weekdayThen":     weekdayThen,
	"shiftedMonth":    func(c *grammar.Call) any { return shiftOf(c) },
	"theMonth":        theMonth,
}

func weekdayOf(c *grammar.Call) int { return c.Int("weekday", 0) + c.Int("weekdays", 0) }

// weekdaysFromNow is the n-th such weekday after today, or before it if n is negative.
func weekdaysFromNow(n, weekday int) *Expr {
	near := onNearWeekday(n, weekday)
	weeks := n - 1
	if n < 0 {
		weeks = n + 1
	}
	return OnDayThat(func(ref time.Time) time.Time {
		m, _ := near.At(ref)
		return m.Future.Start.AddDate(0, 0, 7*weeks)
	})
}

// monthRef is a month under way: a stated one, or one so many months or years after the present one.
type monthRef struct {
	year, month int // 0 = open
	shift       int // months from now, if month is 0; years from now, if it is not
	shifted     bool
}

// plainMonths are references to months by name alone, made once because some names are frequent words.
var plainMonths = func() (ms [13]any) {
	for i := range ms {
		ms[i] = monthRef{month: i}
	}
	return ms
}()

func theMonth(c *grammar.Call) any {
	if len(c.Kids) == 1 {
		return plainMonths[c.Int("mon", 0)]
	}
	m := monthRef{month: c.Int("mon", 0), year: c.Int("year.tail", 0)}
	if c.Get("shift") != nil || c.Get("shift.near") != nil || m.month == 0 {
		m.shift, m.shifted = shiftOf(c), true
	}
	return m
}

// resolve gives year and month at a reference time; year 0 = open.
func (m monthRef) resolve(ref time.Time) (year, month int) {
	switch {
	case m.shifted && m.month > 0:
		return ref.Year() + m.shift, m.month
	case m.shifted:
		t := MonthStart(ref, m.shift)
		return t.Year(), int(t.Month())
	}
	return m.year, m.month
}

// nthWeekday is "the first monday of may"; without a month, of this month.
func nthWeekday(c *grammar.Call) any {
	n, weekday := c.Int("n", -1), weekdayOf(c)
	month, stated := monthRef{shifted: true}, false
	if k := c.Get("m"); k != nil {
		month, stated = k.Value.(monthRef)
	}
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		y, mon := month.resolve(ref)
		m, ok := OnNthWeekday(y, mon, weekday, n).At(ref)
		switch {
		case !stated:
			if !m.null() {
				m.Timex = TimexDay(m.Future.Start)
			}
			return m, ok
		case month.shifted:
			m.Timex = OnNthWeekdayTimex(0, mon, weekday, n)
		}
		return m, ok
	}}
}

// dayOfMonth is a day of the month so many months after this one. One that the month does not have has a timex and no more.
func dayOfMonth(d, shift int) *Expr {
	if d < 1 || d > 31 {
		return nil
	}
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		first := MonthStart(ref, shift)
		s := Span{Start: DateAt(ref, first.Year(), int(first.Month()), d)}
		return Meaning{Timex: TimexDate(first.Year(), int(first.Month()), d), Past: s, Future: s}, true
	}}
}

func lastDayOf(c *grammar.Call) any {
	month := monthRef{shifted: true, shift: c.Int("p", 0)}
	if k := c.Get("m"); k != nil {
		month = k.Value.(monthRef)
	}
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		y, mon := month.resolve(ref)
		var m Meaning
		last := func(year int) time.Time { return DateAt(ref, year, mon, 1).AddDate(0, 1, -1) }
		if y > 0 {
			m.Future.Start = last(y)
			m.Past = m.Future
			m.Timex = TimexDay(m.Future.Start)
			return m, true
		}
		m.Past, m.Future = aroundNow(Midnight(ref), func(n int) time.Time { return last(ref.Year() + n) })
		m.Timex, m.PastTimex = TimexDate(0, mon, m.Future.Start.Day()), TimexDate(0, mon, m.Past.Start.Day())
		return m, true
	}}
}

// dayAfter is a bare day of the month, "the 15th" or "15", if one of the rule's words stands before it and nothing behind it that it could
// count.
func dayAfter(c *grammar.Call) any {
	words := c.Args
	var next []string
	if i := slices.Index(words, "/"); i >= 0 {
		words, next = words[:i], words[i+1:]
	}
	if !slices.Contains(words, leftWord(c)) || figuresGoOn(c, ".:,/-") || figuresLead(c, ".:,/-") {
		return nil
	}
	if w := rightWord(c); w != "" && !slices.Contains(next, w) {
		return nil
	}
	return orNil(OnDate(Date{Day: c.Int("d", 0)}))
}

// dayIn is a bare day of the month in the rule's mode, unless it counts what follows: "the 21st floor".
func dayIn(c *grammar.Call) any {
	if scopeOf(c).modes&modeNames[c.Args[0]] == 0 || rightWord(c) != "" {
		return nil
	}
	return orNil(OnDate(Date{Day: c.Int("d", 0)}))
}

// theDay is today, unless one of the rule's words tells which day: "the day when it came". It means nothing in a calendar, where "partner of
// the day" is more frequent.
func theDay(c *grammar.Call) any {
	if scopeOf(c).modes&Calendar != 0 || slices.Contains(c.Args, rightWord(c)) {
		return nil
	}
	return OnDayOffset(0)
}

// fromNow leaves lengths with hours to the datetimes, and to the word before it a length that belongs to that: "the last 3 months".
func fromNow(c *grammar.Call, sign int) any {
	l := lengthOf(c, "l")
	if l.HasClock() || len(c.Args) > 1 && slices.Contains(c.Args[1:], leftWord(c)) {
		return nil
	}
	return orNil(FromNow(l, sign))
}

// modifyFromNow is "more than a week ago": before the day or moment that was a week ago.
func modifyFromNow(c *grammar.Call) any {
	return Modify(FromNow(lengthOf(c, "l"), argInt(c, 1)), c.Args[0])
}

func shiftFrom(c *grammar.Call) any {
	l, x := lengthOf(c, "l"), expr(c, "x")
	if l.HasClock() || x == nil {
		return nil
	}
	return Shift(x, l, argInt(c, 0))
}

func shiftFromYear(c *grammar.Call) any {
	l, y := lengthOf(c, "l"), InYear(c.Int("y", 0))
	if l.HasClock() || y == nil {
		return nil
	}
	return Shift(y, l, 1)
}

// weekdayThen is the weekday of the week that lies some weeks away, "monday two weeks from now", where weeks begin with Sunday; or, if the
// length is in other units, the first such weekday from that day on.
func weekdayThen(c *grammar.Call) any {
	x, weekday := expr(c, "x"), weekdayOf(c)
	inWeeks := false
	for _, k := range c.Get("x").Kids {
		if l, ok := k.Value.(Length); ok {
			inWeeks = len(l) == 1 && l[0].Unit == Week
		}
	}
	return OnDayThat(func(ref time.Time) time.Time {
		m, ok := x.At(ref)
		if !ok {
			return time.Time{}
		}
		t := m.Future.Start
		if inWeeks {
			return t.AddDate(0, 0, weekday%7-Weekday(t)%7)
		}
		return t.AddDate(0, 0, (weekday-Weekday(t)+7)%7)
	})
}
