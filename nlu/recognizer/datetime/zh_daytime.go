package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhDayTimeActions put times on days.
var zhDayTimeActions = map[string]grammar.Action{
	"atTime": func(c *grammar.Call) any { return orNil(zhAt(expr(c, "d"), c.Get("t"))) },
	"atPart": func(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), zhDayPart(word(c, "p")))) },
	"atNear": func(c *grammar.Call) any { return orNil(zhAt(expr(c, "d"), c.Get("t"))) },
	"nearPart": func(c *grammar.Call) any {
		return orNil(AtTime(OnDayOffset(argInt(c, 0)), zhDayPart(word(c, "p"))))
	},
	"now":       func(c *grammar.Call) any { return zhRefersTo(word(c, "n")) },
	"remaining": zhRemaining,
	"lastUnit":  zhLastUnit,
}

// zhAt puts a time on a day. One that is late belongs to the night after the day, and a range that ends past midnight to both.
func zhAt(day *Expr, t *grammar.Node) *Expr {
	clock, ok := t.Value.(*Expr)
	if !ok || day == nil {
		return nil
	}
	if t.Category == "time.late" {
		return AtTime(Shift(day, Length{{1, Day}}, 1), clock)
	}
	e := AtTime(day, clock)
	if e == nil || e.Type != value.DateTimeRange {
		return e
	}
	return e.Map(e.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		s := m.Future
		parts := strings.Split(strings.Trim(m.Timex, "()"), ",")
		if !m.same() || len(parts) != 3 || s.End.Day() == s.Start.Day() {
			return m, true
		}
		if _, clock, ok := strings.Cut(parts[1], "T"); ok {
			m.Timex = TimexRange(parts[0], TimexDay(s.End)+"T"+clock, parts[2])
		}
		return m, true
	})
}

// zhRefersTo is now, just now or soon: the reference itself.
func zhRefersTo(timex string) any {
	if timex == "" {
		return nil
	}
	return fixed(value.DateAndTime, func(ref time.Time) (string, Span) { return timex, Span{Start: ref} })
}

// zhRemaining reads 还剩3小时; of 还剩8天20小时 only the length counts.
func zhRemaining(c *grammar.Call) any {
	l, ok := zhLengthOf(c, "l")
	if !ok || l.high != nil || len(l.low) != 1 {
		return nil
	}
	return InNext(l.low)
}

// zhLastUnit reads 上个小时.
func zhLastUnit(c *grammar.Call) any {
	l := zhLength(1, word(c, "u"))
	if argInt(c, 0) < 0 {
		return InPast(l)
	}
	return InNext(l)
}
