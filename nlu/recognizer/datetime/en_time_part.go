package datetime

import (
	"slices"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// partOfDay is the value of the category part: a name of TIMEX, and start, mid or end if only a piece of it is meant.
type partOfDay struct{ name, mod string }

// partOf is the part of the day of the kid labelled p, or the rule's constant.
func partOf(c *grammar.Call) partOfDay {
	if n := c.Get("p"); n != nil {
		p, _ := n.Value.(partOfDay)
		return p
	}
	if len(c.Args) > 0 {
		return partOfDay{name: c.Args[0]}
	}
	return partOfDay{}
}

// partOfWords makes a part of its name n and the half of it m.
func partOfWords(c *grammar.Call) any { return partOfDay{word(c, "n"), word(c, "m")} }

// expr is the part as a range of times.
func (p partOfDay) expr() *Expr {
	e := InDayPart(p.name)
	if p.name == "TBH" {
		e = DayPart("TBH", Clock{Hour: 8}, Clock{Hour: 18})
	}
	if e == nil || p.mod == "" {
		return e
	}
	return Part(e, p.mod, halfSpan(p.mod))
}

// halfSpan cuts a span in the middle. A night that ends at 23:59:59 is as long as one that ends at midnight.
func halfSpan(mod string) func(Span) Span {
	return func(s Span) Span {
		middle := s.Start.Add(s.End.Sub(s.Start).Round(time.Minute) / 2)
		if mod == "start" {
			return Span{s.Start, middle}
		}
		return Span{middle, s.End}
	}
}

// clockSpan is the value of the category span: a range of clock times with both halves of the day settled as far as they can be.
type clockSpan struct {
	from, to Clock
	zone     zoneOffset
}

func (s clockSpan) expr() *Expr { return s.zone.on(BetweenClocks(s.from, s.to)) }

func spanOf(c *grammar.Call) (clockSpan, bool) {
	n := c.Get("x")
	if n == nil {
		return clockSpan{}, false
	}
	s, ok := n.Value.(clockSpan)
	return s, ok
}

// spanExpr is the range of clock times of a call as an expression.
func spanExpr(c *grammar.Call) *Expr {
	s, ok := spanOf(c)
	if !ok {
		return nil
	}
	return s.expr()
}

// spanTime is a range of clock times by itself. In the mode that wants times apart, only one that shares its half of the day is: 5 to 7 pm.
func spanTime(c *grammar.Call) any {
	if x := c.Get("x"); scopeOf(c).modes&Split != 0 {
		shared := slices.ContainsFunc(x.Kids, func(k *grammar.Node) bool { return k.Category == "end.open" })
		if !shared || strings.IndexByte(c.Surface(x), ':') >= 0 {
			return nil
		}
	}
	return orNil(spanExpr(c))
}

// partExpr is the part of the day p, qualified by the word labelled mod if there is one.
func partExpr(c *grammar.Call) *Expr {
	e := partOf(c).expr()
	if mod := word(c, "mod"); mod != "" {
		return Modify(e, mod)
	}
	return e
}

// makeSpan makes a range of the clocks labelled a and b.
func makeSpan(c *grammar.Call) any {
	a, ok := c.Get("a").Value.(clockTime)
	b, ok2 := c.Get("b").Value.(clockTime)
	if !ok || !ok2 {
		return nil
	}
	if four := "end.four"; c.Get("a").Category == four || c.Get("b").Category == four {
		if !leadingZero(c, "a") && !leadingZero(c, "b") {
			return nil
		}
	}
	s := settleSpan(a, b, scopeOf(c).modes&Calendar == 0)
	if !s.zone.known {
		s.zone = a.zone
	}
	return s
}

// leadingZero tells whether a time is written like 0730, which is no year.
func leadingZero(c *grammar.Call, name string) bool {
	s := c.Surface(c.Get(name))
	return len(s) == 4 && s[0] == '0'
}

// settleSpan chooses the halves of the day of two clocks. wrap allows a range of open clocks to begin in the evening as well: 11 to 4.
func settleSpan(from, to clockTime, wrap bool) clockSpan {
	a, b := from.Clock, to.Clock
	switch {
	case a.AmPm && !b.AmPm: // 5 to 6 pm, but 11 to 3 pm and 11 to 3 am
		if am, pm := a.Am(), a.Pm(); pm.Seconds() < b.Seconds() || am.Seconds() >= b.Seconds() {
			a = pm
		} else {
			a = am
		}
	case b.AmPm && !a.AmPm: // the next such time: 1 pm to 4, 11:01 pm to 11
		if am, pm := b.Am(), b.Pm(); until(a, am) < until(a, pm) {
			b = am
		} else {
			b = pm
		}
	case a.AmPm && b.AmPm:
		return settleOpen(a, b, to.zone, wrap)
	case to.twelve && b.Minute == 0 && a.Hour > 0 && a.Hour < 12:
		b.Hour = 12
	}
	return clockSpan{a, b, to.zone}
}

// settleOpen settles two open clocks: in the morning first, the end behind the begin.
func settleOpen(a, b Clock, zone zoneOffset, wrap bool) clockSpan {
	if a.Hour == 12 {
		a.Hour = 0
		if b.Hour == 12 {
			b.Hour = 0
		}
	}
	if b.Seconds() <= a.Seconds() {
		b.Hour += 12
		if same := (a.Precision == Minute) == (b.Precision == Minute); !same || !wrap && a.Precision != Minute {
			a.AmPm = false
		}
	}
	return clockSpan{a, b, zone}
}

// until is how long it takes from a to b, in seconds; a day if they are the same.
func until(a, b Clock) int { return (b.Seconds()-a.Seconds()+86399)%86400 + 1 }

// spanAtEnd is a range that ends with a number: only where a clause ends is that sure to be no count of things.
func spanAtEnd(c *grammar.Call) any {
	if !atEnd(c) {
		return nil
	}
	return makeSpan(c)
}

// spanInPart settles an open range by the part of the day p: "7 to 9 in the evening".
func spanInPart(c *grammar.Call) any {
	s, ok := spanOf(c)
	if !ok {
		return nil
	}
	return s.in(partOf(c).name)
}

func (s clockSpan) in(part string) clockSpan {
	a, b := clockTime{Clock: s.from}, clockTime{Clock: s.to}
	a.in(part)
	if part == "TNI" && b.Clock.Hour == 12 && b.AmPm && a.Clock.Hour >= 12 { // 7 to 12 at night
		b.Clock.Hour = 0
	}
	if b.Clock.Hour >= 12 && b.AmPm { // 11 to 4, begun in the evening
		b.AmPm = false
	} else if b.in(part); s.to.AmPm && part == "TMO" && b.Seconds() < a.Seconds() {
		b.Clock = b.Pm()
	}
	return clockSpan{a.Clock, b.Clock, s.zone}
}

// spanFor is a range by its begin and length: "from 9 for 2.5 hrs".
func spanFor(c *grammar.Call) any {
	a, ok := c.Get("a").Value.(clockTime)
	l := lengthOf(c, "l")
	if !ok || !l.HasClock() || l.Seconds() >= 86400 {
		return nil
	}
	s := (a.Clock.Seconds() + int(l.Seconds())) % 86400
	a.AmPm = false
	return clockSpan{a.Clock, Clock{Hour: s / 3600, Minute: s / 60 % 60, Second: s % 60, Precision: Second}, a.zone}
}

// dayPart is the value of the category day.part: a part of a certain day.
type dayPart struct {
	date *Expr
	part partOfDay
}

func dayPartOf(c *grammar.Call) (dayPart, bool) {
	if n := c.Get("d"); n != nil {
		d, ok := n.Value.(dayPart)
		return d, ok
	}
	return dayPart{}, false
}

func makeDayPart(date *Expr, p partOfDay) any {
	if date == nil || date.Type != value.Date || p.name == "" {
		return nil
	}
	return dayPart{date, p}
}

// partOfDate is a part of the day d.
func partOfDate(c *grammar.Call) any {
	p := partOf(c)
	if n := word(c, "n"); n != "" {
		p = partOfDay{n, word(c, "m")}
	}
	return makeDayPart(expr(c, "d"), p)
}

// halfOfDate is "tuesday pm".
func halfOfDate(c *grammar.Call) any {
	switch word(c, "half") {
	case "am":
		return makeDayPart(expr(c, "d"), partOfDay{name: "TMO"})
	case "pm":
		return makeDayPart(expr(c, "d"), partOfDay{name: "TAF"})
	}
	return nil
}

// nearPart is a part of today or of a neighbouring day, by the kid labelled near: "this morning", "last night", "tonight".
func nearPart(c *grammar.Call) any {
	p := partOf(c)
	if p.name == "" {
		p.name = word(c, "n")
	}
	if mod := word(c, "m"); mod != "" {
		p.mod = mod
	}
	return makeDayPart(OnDayOffset(c.Int("near", 0)), p)
}

// weekdayPart is "wednesday evening next week".
func weekdayPart(c *grammar.Call) any {
	return makeDayPart(OnWeekdayOf(c.Int("week", 0), c.Int("w", 1)), partOf(c))
}

// nthWeekdayPart is "first monday evening of next month".
func nthWeekdayPart(c *grammar.Call) any {
	return makeDayPart(nthWeekdayNear(c.Int("w", 1), c.Int("o", 1), c.Int("month", 0)), partOf(c))
}

// nthWeekdaySpan is "first monday 1pm to 3pm of next month".
func nthWeekdaySpan(c *grammar.Call) any {
	return orNil(AtTime(nthWeekdayNear(c.Int("w", 1), c.Int("o", 1), c.Int("month", 0)), spanExpr(c)))
}

// nthWeekdayNear is the n-th Monday … of the month so many months after this one.
func nthWeekdayNear(weekday, n, months int) *Expr {
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		m := MonthStart(ref, months)
		e := OnNthWeekday(m.Year(), int(m.Month()), weekday, n)
		meaning, ok := e.At(ref)
		meaning.Timex = "XXXX" + meaning.Timex[4:]
		return meaning, ok && !meaning.null()
	}}
}

// dayPartRange is a part of a day as a range.
func dayPartRange(c *grammar.Call) any {
	d, ok := dayPartOf(c)
	if !ok {
		return nil
	}
	return orNil(AtTime(d.date, d.part.expr()))
}

// clockInDay is a time of day in the part d of a day: "tomorrow morning at 7".
func clockInDay(c *grammar.Call) any {
	d, ok := dayPartOf(c)
	t, ok2 := clockOf(c)
	if !ok || !ok2 {
		return nil
	}
	t.in(d.part.name)
	return orNil(AtTime(d.date, t.expr()))
}

// spanInDay is a range of times in the part d of a day.
func spanInDay(c *grammar.Call) any {
	d, ok := dayPartOf(c)
	s, ok2 := spanOf(c)
	if !ok || !ok2 {
		return nil
	}
	return orNil(AtTime(d.date, s.in(d.part.name).expr()))
}

// halfOfDay is the first or second half, or the middle, of a day: "early in the day wednesday", "mid today".
func halfOfDay(c *grammar.Call) any {
	d := expr(c, "d")
	if d == nil || d.Type != value.Date {
		return nil
	}
	mod := word(c, "m")
	hours := map[string][2]int{"start": {0, 12}, "mid": {10, 14}, "end": {12, 24}}[mod]
	return d.Map(value.DateTimeRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Past = m.Future // only the coming one makes sense of early and late
		m.Mod = mod
		return m.EachSpan(func(s Span) Span {
			return Span{Clock{Hour: hours[0]}.On(s.Start), Clock{Hour: hours[1]}.On(s.Start)}
		}), true
	})
}
