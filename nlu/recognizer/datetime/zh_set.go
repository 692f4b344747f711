package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
)

// zhSetActions make what recurs.
var zhSetActions = map[string]grammar.Action{
	"set":         func(c *grammar.Call) any { return Every(c.Args[0]) },
	"every":       func(c *grammar.Call) any { return Every(word(c, "u")) },
	"everyLength": func(c *grammar.Call) any { return zhEveryLength(c, 0) },
	"everyOther":  func(c *grammar.Call) any { return zhEveryLength(c, 1) },
	"everyWeekday": func(c *grammar.Call) any {
		return Every(TimexWeekday(c.Int("w", 1)))
	},
	"everyWeekdays":   zhEveryWeekdays,
	"workdays":        zhWorkdays,
	"everyMonthDay":   func(c *grammar.Call) any { return Every(TimexDate(0, 0, c.Int("dayn", 1))) },
	"everyNthWeekday": func(c *grammar.Call) any { return Every(OnNthWeekdayTimex(0, 0, c.Int("w", 1), c.Int("o", 1))) },
	"everyYearDay": func(c *grammar.Call) any {
		return Every(TimexDate(0, c.Int("m", 1), c.Int("d", 1)))
	},
	"everyYearMonth":   func(c *grammar.Call) any { return Every(TimexMonth(0, c.Int("m", 1))) },
	"everyYearHoliday": zhEveryYearHoliday,
	"everyPart":        func(c *grammar.Call) any { return Every("T" + word(c, "p")) },
	"everyPartOf":      func(c *grammar.Call) any { return zhOnEvery(c, "T"+word(c, "p")) },
	"everyTime":        zhEveryTime,
	"everyPartClock": func(c *grammar.Call) any {
		k, ok := c.Get("t").Value.(Clock)
		if !ok {
			return nil
		}
		k, _ = zhDayTime(word(c, "p"), k)
		return Every(k.Timex())
	},
}

// zhTimexOf is the timex of an expression that does not depend on the reference.
func zhTimexOf(e *Expr) string {
	if e == nil {
		return ""
	}
	m, _ := e.At(time.Unix(0, 0).UTC())
	return m.Timex
}

// zhEveryLength reads 每3天; 每隔一天 is every second day.
func zhEveryLength(c *grammar.Call, skipped float64) any {
	l, ok := zhLengthOf(c, "l")
	if !ok || l.high != nil {
		return nil
	}
	if len(l.low) == 1 && l.low[0].N == 1 && skipped > 0 {
		return Every(Length{{1 + skipped, l.low[0].Unit}}.Timex())
	}
	return Every(l.low.Timex())
}

// zhEveryWeekdays reads 每周一三五: a set for each day.
func zhEveryWeekdays(c *grammar.Call) any {
	var g Group
	for _, k := range c.Kids {
		if day, ok := k.Int(); ok && (k.Category == "weekday" || k.Category == "weekday.short") {
			g = append(g, Member{Start: k.Start, End: k.End, Expr: Every(TimexWeekday(day))})
		}
	}
	g[0].Start = c.Kids[0].Start
	return g
}

// zhWorkdays reads 每周一到周五.
func zhWorkdays(c *grammar.Call) any {
	a, b := c.Int("w", 1), c.Int("b", 1)
	switch {
	case a == 1 && b == 5:
		return Every("P1WD")
	case b <= a:
		return nil
	}
	return Every(TimexRangeDays(TimexWeekday(a), TimexWeekday(b), b-a))
}

func zhEveryYearHoliday(c *grammar.Call) any {
	if t := zhTimexOf(expr(c, "x")); strings.HasPrefix(t, "XXXX") {
		return Every(t)
	}
	return Every("P1Y")
}

func zhEveryTime(c *grammar.Call) any {
	return zhOnEvery(c, zhTimexOf(expr(c, "t")))
}

// zhOnEvery puts a time on the days of the set labelled s: "P1D" + "T08" is "T08".
func zhOnEvery(c *grammar.Call, clock string) any {
	s := c.Get("s")
	if clock == "" || clock == "T" {
		return nil
	}
	switch v := s.Value.(type) {
	case *Expr:
		return orNil(zhEveryAt(zhTimexOf(v), clock))
	case Group:
		g := make(Group, len(v))
		for i, m := range v {
			m.Expr = zhEveryAt(zhTimexOf(m.Expr), clock)
			if m.Expr == nil {
				return nil
			}
			g[i] = m
		}
		g[len(g)-1].End = c.Kids[len(c.Kids)-1].End
		return g
	}
	return nil
}

func zhEveryAt(day, clock string) *Expr {
	switch {
	case day == "P1D":
		return Every(clock)
	case strings.HasPrefix(day, "XXXX"):
		return Every(joinTimex(day, clock))
	case strings.HasPrefix(day, "P") && !strings.ContainsAny(day, "T"):
		return Every(clock + day) // T08P1W
	}
	return nil
}
