package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
)

// enSetActions are those of en_date_set.grammar.
var enSetActions = map[string]grammar.Action{
	"setUnit":        setUnit,
	"setWord":        func(c *grammar.Call) any { return Every(lastWord(c)) },
	"setLength":      setLength,
	"weekendLength":  func(c *grammar.Call) any { return Length{{numberOf(c.Get("amount")), Weekend}} },
	"setWeekday":     func(c *grammar.Call) any { return Every(TimexWeekday(weekdayOf(c))) },
	"setPlural":      setPlural,
	"setDate":        setDate,
	"setMonth":       func(c *grammar.Call) any { return Every(TimexMonth(0, c.Int("m", 0))) },
	"setNthWeekday":  func(c *grammar.Call) any { return Every(OnNthWeekdayTimex(0, 0, weekdayOf(c), c.Int("n", 1))) },
	"setDom":         func(c *grammar.Call) any { return Every(TimexDate(0, 0, c.Int("n", 0))) },
	"setWeekdayPart": func(c *grammar.Call) any { return Every(TimexWeekday(weekdayOf(c)) + lastWord(c)) },
	"setTime":        setTime,
	"setRange":       setRange,
}

// lastWord is the value of the last kid that is a word with a name.
func lastWord(c *grammar.Call) string {
	for i := len(c.Kids) - 1; i >= 0; i-- {
		if s, ok := c.Kids[i].Value.(string); ok {
			return s
		}
	}
	return ""
}

// setUnit is every one, or every other, of a unit.
func setUnit(c *grammar.Call) any {
	timex := word(c, "set.unit")
	if c.Int("every", 1) == 2 {
		timex = strings.Replace(timex, "1", "2", 1)
	}
	return Every(timex)
}

func setLength(c *grammar.Call) any {
	l := lengthOf(c, "l")
	if l == nil {
		l = lengthOf(c, "e")
	}
	return Every(l.Timex())
}

// setPlural is "mondays" and "on mondays". Abbreviations of the plural are those of the singular too.
func setPlural(c *grammar.Call) any {
	return Every(TimexWeekday(weekdayOf(c)))
}

func setDate(c *grammar.Call) any {
	d := dateOf(c, "x")
	return Every(TimexDate(d.Year, d.Month, d.Day))
}

// setTime is a set of days at a time: "T15" of every day, "XXXX-WXX-1T16" of mondays. A part of the day gives way to the time, and tells
// which half of the day it is in.
func setTime(c *grammar.Call) any {
	set, ok := timexOf(expr(c, "x"))
	if !ok {
		return nil
	}
	clock := Clock{Hour: c.Int("h", 0), AmPm: true}
	if t := expr(c, "t"); t != nil && t.Clock != nil {
		clock = *t.Clock
	}
	day, part, _ := strings.Cut(set, "T")
	if clock.AmPm {
		if part == "AF" || part == "EV" || part == "NI" {
			clock = clock.Pm()
		} else if part != "" {
			clock = clock.Am()
		}
	}
	if day == "P1D" {
		day = ""
	}
	return Every(day + clock.Timex())
}

// setRange is a set of days with a range of the day: "XXXX-WXX-1TMO".
func setRange(c *grammar.Call) any {
	set, ok := timexOf(expr(c, "x"))
	part, ok2 := timexOf(expr(c, "p"))
	if !ok || !ok2 || strings.Contains(set, "T") {
		return nil
	}
	if set == "P1D" {
		return Every(part)
	}
	return Every(joinTimex(set, part))
}

// timexOf is the timex of an expression that does not depend on the reference.
func timexOf(e *Expr) (string, bool) {
	if e == nil {
		return "", false
	}
	m, ok := e.At(time.Unix(0, 0).UTC())
	return m.Timex, ok
}
