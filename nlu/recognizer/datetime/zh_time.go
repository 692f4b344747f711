package datetime

import (
	"strings"
	"time"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhTimeActions make times of the day.
var zhTimeActions = map[string]grammar.Action{
	"clock":        func(c *grammar.Call) any { return zhReadClock(c) },
	"clockHour":    func(c *grammar.Call) any { return zhReadClock(c) },
	"clockBare":    zhClockBare,
	"clockHalf":    func(c *grammar.Call) any { return zhNewClock(c.Int("h", 0), 30, 0, Minute) },
	"clockMinute":  zhClockMinute,
	"clockQuarter": func(c *grammar.Call) any { return zhNewClock(c.Int("h", 0), 15*c.Int("q", 0), 0, Minute) },
	"clockBefore":  zhClockBefore,
	"meridiem":     zhMeridiem,
	"time":         func(c *grammar.Call) any { return zhTimeOf(c, false) },
	"timeLate":     func(c *grammar.Call) any { return zhTimeOf(c, true) },
	"timeOne":      zhTimeOne,
	"inZone":       zhInZone,
	"part":         func(c *grammar.Call) any { return orNil(zhDayPart(word(c, "p"))) },
	"betweenTimes": func(c *grammar.Call) any { return orNil(zhBetweenTimes(zhOfSameClock(c), expr(c, "b"))) },
	"betweenHours": zhBetweenHours,
	"betweenParts": zhBetweenParts,
	"pairHours":    zhPairHours,
}

// zhNewClock is a time as written; it may be twelve hours later if its hour is 1 to 12.
func zhNewClock(hour, minute, second int, p Unit) any {
	if hour > 24 || minute > 59 || second > 59 || hour == 24 && (minute > 0 || second > 0) {
		return nil
	}
	return Clock{Hour: hour % 24, Minute: minute, Second: second, Precision: p, AmPm: hour >= 1 && hour <= 12}
}

// zhReadClock reads hours, minutes and seconds labelled h, m and s.
func zhReadClock(c *grammar.Call) any {
	if s := zhSurface(c, "h"); len(s) > 3 && !isDigit(s[0]) && !strings.ContainsAny(s, "十廿") {
		return nil // 一一点
	}
	p := Hour
	switch {
	case c.Get("s") != nil:
		p = Second
	case c.Get("m") != nil:
		p = Minute
	}
	v := zhNewClock(c.Int("h", 0), c.Int("m", 0), c.Int("s", 0), p)
	if clock, ok := v.(Clock); ok && zhSurface(c, "h")[0] == '0' {
		clock.AmPm = false // 08:00 is written by those who would write 20:00
		return clock
	}
	return v
}

// zhClockBare reads 15时 and 八时; 一时 and 两时 are other words.
func zhClockBare(c *grammar.Call) any {
	if s := zhSurface(c, "h"); s == "一" || s == "两" || s == "零" {
		return nil
	}
	return zhReadClock(c)
}

// zhClockMinute reads 8点15 and 八点零五: minutes without 分 have two figures, or are 十 and more.
func zhClockMinute(c *grammar.Call) any {
	if s := zhSurface(c, "m"); len(s) < 2 || utf8.RuneCountInString(s) < 2 && c.Int("m", 0) < 10 {
		return nil
	}
	return zhReadClock(c)
}

// zhClockBefore reads 差五分八点.
func zhClockBefore(c *grammar.Call) any {
	m := c.Int("m", 15*c.Int("q", 0))
	h := c.Int("h", 0)
	if m < 1 || h < 1 {
		return nil
	}
	v, ok := zhNewClock(h-1, 60-m, 0, Minute).(Clock)
	if !ok {
		return nil
	}
	if v.AmPm = h <= 12; h == 1 {
		v.Hour = 12
	}
	return v
}

func zhMeridiem(c *grammar.Call) any {
	clock := Clock{Hour: c.Int("h", 0), Precision: Hour}
	if x := c.Get("x"); x != nil {
		clock, _ = x.Value.(Clock)
	}
	if word(c, "meridiem") == "pm" {
		return clock.Pm()
	}
	return clock.Am()
}

// zhDayTime settles the half of the day of a clock by the part of the day beside it. late tells that it is past midnight and belongs to the
// evening before: 晚上两点.
func zhDayTime(part string, k Clock) (clock Clock, late bool) {
	h := k.Hour
	k.AmPm = false
	switch part {
	case "DA":
		h %= 12
		if k.Hour > 12 {
			h = k.Hour
		}
	case "MI":
		if h < 5 {
			h += 12
		}
	case "AF":
		if h < 12 {
			h += 12
		}
	case "EV", "NI":
		switch {
		case h == 12:
			h, late = 0, true
		case h >= 5 && h < 12:
			h += 12
		case h < 5:
			late = true
		}
	}
	k.Hour = h
	return k, late
}

// zhTimeOf is a time of day, with a part of the day perhaps. 一点 by itself is "a little".
func zhTimeOf(c *grammar.Call, late bool) any {
	k, ok := c.Get("x").Value.(Clock)
	p := c.Get("p")
	switch {
	case !ok, p == nil && zhSurface(c, "x") == "一点":
		return nil
	case p == nil:
		return OnClock(k)
	}
	part, _ := p.Value.(string)
	k, isLate := zhDayTime(part, k)
	if late && !isLate {
		return nil
	}
	return OnClock(k)
}

// zhTimeOne is 一点 beside other words that speak of time.
func zhTimeOne(c *grammar.Call) any {
	k, ok := c.Get("x").Value.(Clock)
	if !ok || zhSurface(c, "x") != "一点" {
		return nil
	}
	return OnClock(k)
}

// zhInZone is a time in the zone labelled zone.
func zhInZone(c *grammar.Call) any {
	offset := c.Int("zone", 0)
	x := expr(c, "x")
	if x == nil {
		return nil
	}
	e := x.Map(x.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.HasZone, m.UTCOffset = true, offset
		return m, true
	})
	e.Clock = x.Clock
	return e
}

// zhDayPart is a part of the day by its value in the lexicon.
func zhDayPart(name string) *Expr {
	if name == "DA" {
		return DayPart("TDA", Clock{}, Clock{Hour: 6})
	}
	return InDayPart("T" + name)
}

// zhOfSameClock is the begin of a range, labelled a. If its end (b) is written by the clock of 24 hours, so is it: 7:00-22:00.
func zhOfSameClock(c *grammar.Call) *Expr {
	a, b := expr(c, "a"), expr(c, "b")
	if a == nil || b == nil || a.Type != value.Time || a.Clock == nil || b.Clock == nil || !a.Clock.AmPm || b.Clock.Hour <= 12 ||
		!isDigit(zhSurface(c, "b")[0]) {
		return a
	}
	k := *a.Clock
	k.AmPm = false
	return OnClock(k)
}

// zhBetweenTimes is a range between times of the day, with days or without.
func zhBetweenTimes(from, to *Expr) *Expr {
	switch {
	case from == nil || to == nil:
		return nil
	case from.Type == value.Time && to.Type == value.Time:
		return zhBetweenClocks(from.Clock, to.Clock)
	case to.Type == value.Time:
		return betweenInstants(from, zhClockAfter(from, to))
	}
	return Between(from, to)
}

// zhBetweenClocks settles a half of the day that is open such that the range is the shortest.
func zhBetweenClocks(from, to *Clock) *Expr {
	if from == nil || to == nil {
		return nil
	}
	a, b := *from, *to
	switch {
	case a.AmPm && !b.AmPm:
		if a = a.Am(); a.Hour < 8 && zhGap(a.Pm(), b) < zhGap(a, b) { // 8点到晚上10点 is a day, 5点到晚上8点 an evening
			a = a.Pm()
		}
	case !a.AmPm && b.AmPm:
		if b = b.Am(); zhGap(a, b.Pm()) < zhGap(a, b) {
			b = b.Pm()
		}
	case a.AmPm && b.Seconds() <= a.Seconds() && a.Hour < 12: // 8点到5点
		a, b = a.Am(), b.Pm()
	}
	return BetweenClocks(a, b)
}

// zhGap is how long after a clock the other comes, in seconds.
func zhGap(a, b Clock) int {
	const day = 24 * 60 * 60
	return (b.Seconds()-a.Seconds()+day-1)%day + 1
}

// zhBetweenHours reads 早上五到六点: the hour labelled a takes what the clock labelled b has.
func zhBetweenHours(c *grammar.Call) any {
	b, ok := c.Get("b").Value.(Clock)
	a, ok2 := zhNewClock(c.Int("a", 0), 0, 0, Hour).(Clock)
	if !ok || !ok2 {
		return nil
	}
	if p := word(c, "p"); p != "" {
		a, _ = zhDayTime(p, a)
	}
	if q := word(c, "q"); q != "" {
		b, _ = zhDayTime(q, b)
	}
	return orNil(zhBetweenClocks(&a, &b))
}

// zhPairHours reads 三四点.
func zhPairHours(c *grammar.Call) any {
	n := c.Int("p", 0)
	a, _ := zhNewClock(n/10, 0, 0, Hour).(Clock)
	b, _ := zhNewClock(n%10, 0, 0, Hour).(Clock)
	if q := word(c, "q"); q != "" {
		a, _ = zhDayTime(q, a)
		b, _ = zhDayTime(q, b)
	}
	return orNil(zhBetweenClocks(&a, &b))
}

// zhBetweenParts reads 上午到下午.
func zhBetweenParts(c *grammar.Call) any {
	a, ok := dayParts["T"+word(c, "a")]
	b, ok2 := dayParts["T"+word(c, "b")]
	if !ok || !ok2 {
		return nil
	}
	return BetweenClocks(a[0], b[1])
}

// zhClockAfter puts a clock on the day of from: the first such time after it.
func zhClockAfter(from, clock *Expr) *Expr {
	return &Expr{Type: value.DateAndTime, At: func(ref time.Time) (Meaning, bool) {
		m, ok := from.At(ref)
		if !ok || clock.Clock == nil || m.null() {
			return m, false
		}
		k := *clock.Clock
		first := func(t time.Time) (time.Time, Clock) {
			for _, k := range []Clock{k.Am(), k.Pm()} {
				if u := k.On(t); u.After(t) && (clock.Clock.AmPm || k.Hour == clock.Clock.Hour) {
					return u, k
				}
			}
			if k.AmPm {
				k = k.Am()
			}
			return k.On(t).AddDate(0, 0, 1), k
		}
		if !k.AmPm {
			first = func(t time.Time) (time.Time, Clock) {
				if u := k.On(t); u.After(t) {
					return u, k
				}
				return k.On(t).AddDate(0, 0, 1), k
			}
		}
		future, c := first(m.Future.Start)
		past, _ := first(m.Past.Start)
		m = Meaning{Timex: TimexDay(future) + c.Timex(), Past: Span{Start: past}, Future: Span{Start: future}}
		m.setPastTimex(TimexDay(past) + c.Timex())
		return m, true
	}}
}
