package datetime

import (
	"slices"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enRangeActions are those of en_date_period.grammar that join two ends.
var enRangeActions = map[string]grammar.Action{
	"onWeekdayFree": func(c *grammar.Call) any { return OnWeekday(c.Int("weekday", 1)) },
	"onDom":         func(c *grammar.Call) any { return orNil(OnDate(Date{Day: c.Int("d", 0)})) },
	"statedInYear":  statedInYear,
	"endPart":       endPart,
	"betweenEnds":   betweenEnds,
	"betweenPlain":  betweenPlain,
	"nthRange":      nthRange,
	"domRange":      domRange,
	"domList":       domList,
	"domsOfMonth":   domsOfMonth,
	"dateList":      dateList,
	"datesGroup":    datesGroup,
	"weekdayRange":  weekdayRange,
}

func statedInYear(c *grammar.Call) any {
	d := dateOf(c, "stated")
	if d.Year != 0 {
		return nil
	}
	d.Year = c.Int("year", 0)
	return orNil(OnDate(d))
}

// endPart is the end or middle of a period as an end of a range: the day after its last one, the middle day.
func endPart(c *grammar.Call) any {
	x, mod := expr(c, "x"), word(c, "h")
	if x == nil {
		return nil
	}
	unit := rangeUnit(x, x)
	if unit == Year {
		unit = Month
	}
	e := x.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		if m.null() {
			return m, false
		}
		return m.EachSpan(func(s Span) Span {
			switch mod {
			case "end":
				return Span{s.End, s.End}
			case "mid":
				mid := s.Start.AddDate(0, 0, days(s.Start, s.End)/2)
				if unit == Month && x.Date != nil && x.Date.Month > 0 {
					mid = s.Start.AddDate(0, 0, 15)
				}
				return Span{mid, mid}
			}
			return s
		}), true
	})
	e.unit = unit
	return e
}

// betweenEnds is a range with a word before it. In the rule's mode it is none.
func betweenEnds(c *grammar.Call) any {
	if len(c.Args) > 0 && scopeOf(c).modes&modeNames[c.Args[0]] != 0 {
		return nil
	}
	return enBetween(c, expr(c, "from"), expr(c, "to"))
}

// betweenPlain is a range without "from", which may not end with the rule's words: "the year to date".
func betweenPlain(c *grammar.Call) any {
	if scopeOf(c).modes&SkipFromTo != 0 || slices.Contains(c.Args, c.Surface(c.Get("to"))) || figuresLead(c, "-/.") || isFigure(c) && figuresGoOn(c, "-/.:") {
		return nil
	}
	return enBetween(c, expr(c, "from"), expr(c, "to"))
}

// enBetween includes the end in the mode that asks for it. In those that want the dates apart, two dates make no range.
func enBetween(c *grammar.Call, from, to *Expr) any {
	if scopeOf(c).modes&(SkipFromTo|Split) != 0 && from != nil && to != nil && (from.Type == value.Date || to.Type == value.Date) {
		return nil
	}
	if scopeOf(c).modes&Experimental != 0 {
		return orNil(BetweenWhole(from, to))
	}
	return orNil(Between(from, to))
}

// nthRange is a range of bare days of the month, "from the 3rd to the 5th". The rule's mode must be on, if it names one.
func nthRange(c *grammar.Call) any {
	a, b := c.Int("a", 0), c.Int("d", 0)
	if len(c.Args) > 0 && scopeOf(c).modes&modeNames[c.Args[0]] == 0 || a >= b {
		return nil
	}
	return enBetween(c, OnDate(Date{Day: a}), OnDate(Date{Day: b}))
}

// domRange is a range of days of one month: "april 5 to 10", "from 4 to 22 this month".
func domRange(c *grammar.Call) any {
	if isFigure(c) && figuresGoOn(c, "-/.:") || figuresLead(c, "-/.") {
		return nil
	}
	if n := c.Get("p"); n != nil {
		return enBetween(c, dayOfMonth(c.Int("a", 0), c.Int("p", 0)), dayOfMonth(c.Int("d", 0), c.Int("p", 0)))
	}
	year := c.Int("year", 0)
	a, b := Date{Day: c.Int("a", 0)}, Date{Day: c.Int("d", 0)}
	switch {
	case c.Get("from") != nil:
		a = dateOf(c, "from")
		b.Month = a.Month
		if b.Day < a.Day {
			b.Month = a.Month%12 + 1
		}
	case c.Get("to") != nil && scopeOf(c).modes&(SkipFromTo|Split) != 0:
		return nil
	case c.Get("to") != nil:
		b = dateOf(c, "to")
		a.Month, year = b.Month, b.Year
		if a.Day > b.Day {
			return nil
		}
	default:
		a.Month = c.Int("m", 0)
		b.Month = a.Month
	}
	if year > 0 {
		a.Year, b.Year = year, year
	}
	if a.Month == 0 || b.Day == 0 {
		return nil
	}
	return orNil(Between(OnDate(a), OnDate(b)))
}

// weekdayRange is a range of days of one week.
func weekdayRange(c *grammar.Call) any {
	week := c.Int("w", 0)
	return enBetween(c, OnWeekdayOf(week, c.Int("a", 1)), OnWeekdayOf(week, c.Int("b", 7)))
}
