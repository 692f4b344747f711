package datetime

import (
	"strings"
	"time"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhYearActions make years.
var zhYearActions = map[string]grammar.Action{
	"yearOf": func(c *grammar.Call) any { return zhYear{n: c.Int("y", 0)} },
	"yearThree": func(c *grammar.Call) any { // 789年, but 100年 is a length
		y := c.Int("y", 0)
		if y%50 == 0 {
			return nil
		}
		return zhYear{n: y}
	},
	"yearFrom":    func(c *grammar.Call) any { return zhYear{n: c.Int("y", 0), rel: true} },
	"yearEra":     func(c *grammar.Call) any { return zhYear{n: c.Int("era", 0) + c.Int("n", 1) - 1} },
	"yearTwo":     func(c *grammar.Call) any { return zhYear{n: zhTwoFigures(c.Int("y", 0))} },
	"yearSpelled": zhYearSpelled,
}

// zhTwoFigures reads the last two figures of a year as 1950 … 2049.
func zhTwoFigures(y int) int {
	switch {
	case y < 50:
		return 2000 + y
	case y < 100:
		return 1900 + y
	}
	return y
}

// zhYearSpelled reads 九八年: figures one by one. 十五年 and 两三年 are lengths.
func zhYearSpelled(c *grammar.Call) any {
	s := zhSurface(c, "y")
	a, n := utf8.DecodeRuneInString(s)
	b, _ := utf8.DecodeRuneInString(s[n:])
	if !zhIsDigitWord(a) || !zhIsDigitWord(b) {
		return nil
	}
	return zhYear{n: zhTwoFigures(c.Int("y", 0))}
}

func zhIsDigitWord(r rune) bool { return zhIsFigure(r) && r != '十' && r != '百' && r != '千' }

// zhDateActions make days.
var zhDateActions = map[string]grammar.Action{
	"same":              zhSameValue,
	"number":            zhNumberOf,
	"numberLast":        func(*grammar.Call) any { return -1 },
	"ymd":               func(c *grammar.Call) any { return zhDayOfYear(zhCall{c}, c.Int("m", 0), c.Int("d", 0)) },
	"monthDay":          zhMonthDay,
	"monthDayOfYear":    zhMonthDayOfYear,
	"numeric":           zhNumericDay,
	"numericRun":        zhNumericRun,
	"slash":             zhSlash,
	"dayOfMonth":        zhDayOfMonth,
	"dayWord":           func(c *grammar.Call) any { return OnDayOffset(c.Int("n", 0) + c.Int("day.word", 0)) },
	"today":             func(*grammar.Call) any { return OnDayOffset(0) },
	"weekday":           func(c *grammar.Call) any { return OnWeekday(c.Int("weekday", 1)) },
	"weekdayOf":         func(c *grammar.Call) any { return OnWeekdayOf(c.Int("n", 0), c.Int("w", 1)) },
	"weekdayLast":       func(c *grammar.Call) any { return OnWeekdayOf(-1, c.Int("w", 1)) },
	"nthWeekday":        zhNthWeekday,
	"nthWeekdayOfMonth": zhNthWeekdayOfMonth,
	"nthDay":            func(c *grammar.Call) any { return zhDayOfPeriod(expr(c, "p"), c.Int("o", 1)) },
	"lastDay":           func(c *grammar.Call) any { return zhDayOfPeriod(expr(c, "p"), -1) },
	"monthStartDay":     func(c *grammar.Call) any { return zhDayOfMonthFrom(c.Int("n", 0), c.Int("d", 0)) },
	"ago":               func(c *grammar.Call) any { return zhFromNow(c, -1) },
	"later":             func(c *grammar.Call) any { return zhFromNow(c, 1) },
}

// zhSlash reads 5/20. What may be a fraction is none: 2/3.
func zhSlash(c *grammar.Call) any {
	m, d := c.Int("m", 0), c.Int("d", 0)
	if m < d && d <= 12 && zhSurface(c, "m")[0] != '0' {
		return nil
	}
	return orNil(OnDate(Date{Month: m, Day: d}))
}

// zhDayOfMonth reads 15号; 一日 and 两日 are lengths.
func zhDayOfMonth(c *grammar.Call) any {
	if s := zhSurface(c, "d"); s == "一日" || strings.HasPrefix(s, "两") {
		return nil
	}
	return orNil(OnDate(Date{Day: c.Int("d", 0)}))
}

// zhDayOfYear is a day of the year labelled y, or of any year if there is none.
func zhDayOfYear(c zhCall, month, day int) any {
	y, ok := c.year()
	if ok && y.rel {
		return OnDayThat(func(ref time.Time) time.Time { return DateAt(ref, y.of(ref), month, day) })
	}
	return orNil(OnDate(Date{Year: y.n, Month: month, Day: day}))
}

// zhDayOfMonthFrom is a day of the month that is n months after the present one.
func zhDayOfMonthFrom(n, day int) *Expr {
	return OnDayThat(func(ref time.Time) time.Time {
		first := MonthStart(ref, n)
		return DateAt(ref, first.Year(), int(first.Month()), day)
	})
}

func zhMonthDay(c *grammar.Call) any { return zhDayOfMonthFrom(c.Int("n", 0), c.Int("d", 0)) }

// zhMonthDayOfYear reads 去年本月十日: this month's number in another year.
func zhMonthDayOfYear(c *grammar.Call) any {
	y, ok := zhCall{c}.year()
	n, d := c.Int("n", 0), c.Int("d", 0)
	if !ok {
		return nil
	}
	return OnDayThat(func(ref time.Time) time.Time { return DateAt(ref, y.of(ref), int(MonthStart(ref, n).Month()), d) })
}

func zhNumericDay(c *grammar.Call) any {
	return orNil(OnDate(Date{Year: zhTwoFigures(c.Int("y", 0)), Month: c.Int("m", 0), Day: c.Int("d", 0)}))
}

// zhNumericRun reads 20261103; other numbers of eight figures are no days.
func zhNumericRun(c *grammar.Call) any {
	n := c.Int("n", 0)
	y, m, d := n/10000, n/100%100, n%100
	if y < 1990 || y > 2049 || DateAt(time.Unix(0, 0).UTC(), y, m, d).IsZero() {
		return nil
	}
	return OnDate(Date{Year: y, Month: m, Day: d})
}

func zhNthWeekday(c *grammar.Call) any {
	month, weekday, n := c.Int("m", 0), c.Int("w", 1), c.Int("o", 1)
	y, stated := zhCall{c}.year()
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		if stated {
			t := NthWeekday(ref, y.of(ref), month, weekday, n)
			return Meaning{Timex: TimexMonth(y.of(ref), month) + zhWeekdayTimex(weekday, t), Past: Span{Start: t}, Future: Span{Start: t}}, true
		}
		var m Meaning
		m.Past, m.Future = zhAroundYears(ref, horizon, func(y int) time.Time { return NthWeekday(ref, y, month, weekday, n) })
		m.Timex = TimexMonth(0, month) + zhWeekdayTimex(weekday, m.Future.Start)
		m.setPastTimex(TimexMonth(0, month) + zhWeekdayTimex(weekday, m.Past.Start))
		return m, true
	}}
}

// zhWeekdayTimex writes which Monday … of its month a day is: "-WXX-1-#5".
func zhWeekdayTimex(weekday int, t time.Time) string {
	n := 5
	if !t.IsZero() {
		n = (t.Day()-1)/7 + 1
	}
	return TimexWeekday(weekday)[4:] + "-#" + string(byte('0'+n))
}

func zhNthWeekdayOfMonth(c *grammar.Call) any {
	months, weekday, n := c.Int("n", 0), c.Int("w", 1), c.Int("o", 1)
	return OnDayThat(func(ref time.Time) time.Time {
		first := MonthStart(ref, months)
		return NthWeekday(ref, first.Year(), int(first.Month()), weekday, n)
	})
}

// zhDayOfPeriod is the n-th day of a period, or its last one if n is negative.
func zhDayOfPeriod(p *Expr, n int) any {
	if p == nil {
		return nil
	}
	return p.Map(value.Date, func(m Meaning, ref time.Time) (Meaning, bool) {
		ok := !m.null()
		m = m.EachSpan(func(s Span) Span {
			t := s.Start.AddDate(0, 0, n-1)
			if n < 0 {
				t = s.End.AddDate(0, 0, -1)
			}
			ok = ok && t.Before(s.End)
			return Span{Start: t}
		})
		m.Timex, m.PastTimex = TimexDay(m.Future.Start), ""
		m.setPastTimex(TimexDay(m.Past.Start))
		return m, ok
	})
}

// zhFromNow reads 三天后 and 两小时前; of a length within bounds (三五天后) it is the range between them.
func zhFromNow(c *grammar.Call, sign int) any {
	l, ok := zhLengthOf(c, "l")
	if !ok {
		return nil
	}
	if l.high == nil {
		return zhAgoByDay(FromNow(l.low, sign), l.low)
	}
	return orNil(zhBetweenDays(FromNow(l.low, sign), FromNow(l.high, sign), sign))
}

// zhAgoByDay leaves the clock of an instant that is computed from now out of its timex, as the specifications have it.
func zhAgoByDay(e *Expr, l Length) *Expr {
	if !l.HasClock() {
		return e
	}
	return e.Map(e.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Timex = TimexDay(m.Future.Start)
		return m, true
	})
}

func zhBetweenDays(near, far *Expr, sign int) *Expr {
	if sign < 0 {
		near, far = far, near
	}
	return zhBetween(near, far)
}
