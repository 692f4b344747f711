package datetime

import (
	"time"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhPeriodActions make periods of the calendar and parts of them.
var zhPeriodActions = map[string]grammar.Action{
	"year":      func(c *grammar.Call) any { y, ok := zhCall{c}.year(); return orNil(zhInYear(y, ok)) },
	"thisYear":  zhThisYear,
	"yearAlone": zhYearAlone,
	"bareYear": func(c *grammar.Call) any {
		y, ok := c.Get("n").Value.(zhYear)
		return orNil(zhInYear(y, ok))
	},
	"monthOf":     zhMonthOf,
	"monthFrom":   func(c *grammar.Call) any { return InPeriod(Month, c.Int("n", 0)+c.Int("month.next", 0)) },
	"weekFrom":    func(c *grammar.Call) any { return InPeriod(Week, c.Int("n", 0)) },
	"weekendFrom": func(c *grammar.Call) any { return InPeriod(Weekend, c.Int("n", 0)) },
	"quarterOf": func(c *grammar.Call) any {
		return InMonths(zhYearOrThis(zhCall{c}), 3*c.Int("q", 1)-2, 3)
	},
	"quarterFrom":  func(c *grammar.Call) any { return zhMonthsFrom(3, c.Int("n", 0)) },
	"halfYear":     func(c *grammar.Call) any { return InMonths(zhYearOrThis(zhCall{c}), c.Int("h", 1), 6) },
	"halfYearFrom": zhHalfYearFrom,
	"halfMonth":    func(c *grammar.Call) any { return zhHalfMonth(zhCall{c}) },
	"halfWeek":     zhHalfWeek,
	"monthThird": func(c *grammar.Call) any {
		first, last := zhTwoNumbers(word(c, "t"))
		return orNil(zhDaysOfMonth(zhCall{c}, first, last))
	},
	"season": func(c *grammar.Call) any {
		return InSeason(zhCall{c}.yearOf(), word(c, "season"))
	},
	"decade": zhDecade,
	"decadeOf": func(c *grammar.Call) any {
		if y := c.Int("y", 0); y%10 == 0 {
			return orNil(InYears(TheYear(y), 10))
		}
		return nil
	},
	"eraPart":     func(c *grammar.Call) any { return partBy(expr(c, "x"), word(c, "p"), wholePart) },
	"century":     func(c *grammar.Call) any { return orNil(InYears(TheYear(max(1, 100*(zhCenturyOf(c)-1))), 100)) },
	"centuryFrom": func(c *grammar.Call) any { return zhYear{n: argInt(c, 0), rel: true} },
	"yearPart":    func(c *grammar.Call) any { return orNil(zhYearPart(zhCall{c}, word(c, "p"))) },
	"monthPart":   func(c *grammar.Call) any { return orNil(zhMonthPart(zhCall{c}, word(c, "p"))) },
	"partEnd":     zhPartEnd,
	"weekOf":      func(c *grammar.Call) any { return orNil(zhWeekOf(expr(c, "p"), c.Int("o", 1))) },
	"firstOf":     func(c *grammar.Call) any { return zhPartOf(c, 1) },
	"lastOf":      func(c *grammar.Call) any { return zhPartOf(c, -1) },
}

func zhInYear(y zhYear, stated bool) *Expr {
	switch {
	case !stated:
		return nil
	case y.rel:
		return InPeriod(Year, y.n)
	}
	return InYear(y.n)
}

// zhThisYear is 今年 by itself: the year to date.
func zhThisYear(c *grammar.Call) any {
	if c.Int("y", 1) != 0 {
		return nil
	}
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		s := Span{YearStart(ref, ref.Year()), Midnight(ref)}
		if s.Start.Equal(s.End) {
			s.End = YearStart(ref, ref.Year()+1)
		}
		return TimexYear(ref.Year()), s
	})
}

// zhYearAlone reads 07年 and 19年 as years if they are no likely lengths: 20年 and 5年 are.
func zhYearAlone(c *grammar.Call) any {
	y, ok := zhCall{c}.year()
	s := zhSurface(c, "y")
	if n := y.n % 100; !ok || isDigit(s[0]) && s[0] != '0' && (n < 11 || n > 29 && n < 90 || n == 20) {
		return nil
	}
	if first, n := utf8.DecodeRuneInString(s); !isDigit(s[0]) && first != '零' && first != '〇' && first != '九' {
		if second, _ := utf8.DecodeRuneInString(s[n:]); first != '一' || second == '二' {
			return nil // 三五年 and 一二年 are lengths
		}
	}
	return orNil(zhInYear(y, ok))
}

// zhYearOrThis is the year of a call, the present one if it has none.
func zhYearOrThis(c zhCall) YearOf {
	if y := c.yearOf(); y != nil {
		return y
	}
	return ThisYear(0)
}

// zhMonthOf is a month by number; of a stated year, of one relative to now, or of any.
func zhMonthOf(c *grammar.Call) any {
	month := c.Int("m", c.Int("n", c.Int("o", 0)))
	y, stated := zhCall{c}.year()
	if !stated || !y.rel {
		return orNil(InMonth(y.n, month))
	}
	e := fixed(value.DateRange, func(ref time.Time) (string, Span) {
		return TimexMonth(y.of(ref), month), monthSpan(ref, y.of(ref), month)
	})
	e.unit = Month
	return e
}

// zhMonthsFrom is the calendar quarter or half year that is n after the present one.
func zhMonthsFrom(months, n int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		first := time.Date(ref.Year(), time.Month((int(ref.Month())-1)/months*months+1+n*months), 1, 0, 0, 0, 0, ref.Location())
		s := Span{first, first.AddDate(0, months, 0)}
		return TimexRange(TimexDay(s.Start), TimexDay(s.End), Length{{float64(months), Month}}.Timex()), s
	})
}

// zhHalfYearFrom reads 上个半年, the half before this one; 上半年 is the first half.
func zhHalfYearFrom(c *grammar.Call) any {
	if utf8.RuneCountInString(zhSurface(c, "n")) == 1 && c.Int("n", 0) != 0 {
		return nil
	}
	return zhMonthsFrom(6, c.Int("n", 0))
}

// month is the month of a call: by number, relative to this one, or this one if it names none.
func (c zhCall) month() *Expr {
	if c.Get("m") != nil {
		e, _ := zhMonthOf(c.Call).(*Expr)
		return e
	}
	return InPeriod(Month, c.Int("n", 0))
}

func zhHalfMonth(c zhCall) any {
	if c.Int("h", 1) == 1 {
		return orNil(zhDaysOfMonth(c, 1, 15))
	}
	return orNil(zhDaysOfMonth(c, 16, 31))
}

// zhDaysOfMonth is a part of a month by its first and last day.
func zhDaysOfMonth(c zhCall, first, last int) *Expr {
	month := c.month()
	if month == nil {
		return nil
	}
	return month.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		open := !m.same()
		m = m.EachSpan(func(s Span) Span { return zhCutMonth(s, first, last) })
		m.Timex = zhSpanTimex(m.Future, open)
		m.setPastTimex(zhSpanTimex(m.Past, open))
		return m, true
	})
}

func zhCutMonth(s Span, first, last int) Span {
	end := s.Start.AddDate(0, 0, last)
	if end.After(s.End) {
		end = s.End
	}
	return Span{s.Start.AddDate(0, 0, first-1), end}
}

// zhSpanTimex writes a range in days; open leaves the year out.
func zhSpanTimex(s Span, open bool) string {
	write := TimexDay
	if open {
		write = func(t time.Time) string { return TimexDate(0, int(t.Month()), t.Day()) }
	}
	return TimexRangeDays(write(s.Start), write(s.End), days(s.Start, s.End))
}

// zhHalfWeek reads 上半周 and 下半周: to Wednesday, from Thursday.
func zhHalfWeek(c *grammar.Call) any {
	n, first := c.Int("n", 0), c.Int("h", 1)
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		monday := WeekStart(ref).AddDate(0, 0, 7*n)
		s := Span{monday, monday.AddDate(0, 0, 3)}
		if first > 1 {
			s = Span{s.End, monday.AddDate(0, 0, 7)}
		}
		return zhSpanTimex(s, false), s
	})
}

// zhCenturyOf is the number of the century labelled c, 0 if there is none.
func zhCenturyOf(c *grammar.Call) int {
	n := c.Get("c")
	if n == nil {
		return 0
	}
	if y, ok := n.Value.(zhYear); ok {
		return 21 + y.n // of those who read this
	}
	i, _ := n.Int()
	return i
}

// zhDecade reads 20世纪80年代, and 80年代 of whichever century.
func zhDecade(c *grammar.Call) any {
	tens := c.Int("d", 0)
	if tens%10 != 0 || tens > 90 {
		return nil
	}
	if n := zhCenturyOf(c); n > 0 {
		return InYears(TheYear(100*(n-1)+tens), 10)
	}
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		span := func(y int) Span { return Span{YearStart(ref, y), YearStart(ref, y+10)} }
		y := ref.Year()/100*100 + tens
		if y > ref.Year() {
			y -= 100
		}
		two := func(n int) string { return "XX" + string(appendTwo(nil, n%100)) + "-01-01" }
		return Meaning{Timex: TimexRange(two(tens), two(tens+10), "P10Y"), Past: span(y), Future: span(y + 100)}, true
	}}
}

// zhYearPart reads 年初, 年中 and 年底: the first three months, June and July, the last two months.
func zhYearPart(c zhCall, mod string) *Expr {
	y, stated := c.year()
	year := zhInYear(y, stated)
	if !stated {
		year = InPeriod(Year, 0)
	}
	if year == nil || mod == "" {
		return nil
	}
	return Part(year, mod, func(s Span) Span {
		switch mod {
		case "start":
			s.End = s.Start.AddDate(0, 3, 0)
		case "mid":
			s = Span{s.Start.AddDate(0, 5, 0), s.Start.AddDate(0, 7, 0)}
		default:
			s.Start = s.Start.AddDate(0, 10, 0)
		}
		return s
	})
}

// zhMonthPart reads 月初, 月中 and 月底: the thirds of a month.
func zhMonthPart(c zhCall, mod string) *Expr {
	month := c.month()
	if month == nil || mod == "" {
		return nil
	}
	return Part(month, mod, func(s Span) Span {
		switch mod {
		case "start":
			return zhCutMonth(s, 1, 10)
		case "mid":
			return zhCutMonth(s, 11, 20)
		}
		return zhCutMonth(s, 21, 31)
	})
}

// zhPartEnd is where a part of a year or month ends a range: 年底 at its end, 年初 and 年中 at their begin.
func zhPartEnd(c *grammar.Call) any {
	x := expr(c, "x")
	if x == nil {
		return nil
	}
	return x.Map(value.Date, func(m Meaning, _ time.Time) (Meaning, bool) {
		end := m.Mod == "end"
		open := !m.same()
		m = m.EachSpan(func(s Span) Span {
			if end {
				return Span{Start: s.End}
			}
			return Span{Start: s.Start}
		})
		write := func(s Span) string {
			if open {
				return TimexDate(0, int(s.Start.Month()), s.Start.Day())
			}
			return TimexDay(s.Start)
		}
		m.Mod, m.Timex, m.PastTimex = "", write(m.Future), ""
		m.setPastTimex(write(m.Past))
		return m, true
	})
}

// zhWeekOf is the n-th week of a month or year, the last one if n is negative.
func zhWeekOf(p *Expr, n int) *Expr {
	if p == nil {
		return nil
	}
	return p.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		length := days(m.Future.Start, m.Future.End)
		if m.null() || length < 28 || n > 53 || length < 300 && n > 5 {
			return m, false
		}
		period := m
		m = m.EachSpan(func(s Span) Span {
			a := zhFirstWeek(s.Start, length > 300).AddDate(0, 0, 7*(n-1))
			if n < 0 {
				a = zhFirstWeek(s.End, length > 300).AddDate(0, 0, -7)
			}
			return Span{a, a.AddDate(0, 0, 7)}
		})
		if m.PastTimex = ""; length > 300 {
			m.Timex = TimexWeek(m.Future.Start)
			return m, true
		}
		number := (days(zhFirstWeek(period.Future.Start, false), m.Future.Start) / 7) + 1
		m.Timex = period.Timex + "-W" + string(appendTwo(nil, number))
		return m, true
	})
}

// zhFirstWeek is the Monday of the first week of the month or year that begins at t: of that which has most of its days.
func zhFirstWeek(t time.Time, year bool) time.Time {
	if year {
		return isoWeekStart(t, t.Year(), 1)
	}
	return weekOfMonth(t, t.Year(), int(t.Month()), 1)
}

// zhLongerThan tells whether a period, wherever it lies, has that length and more.
func zhLongerThan(p *Expr, l Length) bool {
	m, ok := p.At(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	return ok && (m.null() || float64(days(m.Future.Start, m.Future.End))*86400 > l.Seconds())
}

// zhPartOf is the first (sign 1) or last (-1) days, weeks or months of a period.
func zhPartOf(c *grammar.Call, sign int) any {
	p := expr(c, "p")
	l, ok := zhLengthOf(c, "l")
	if p == nil || !ok || l.high != nil || len(l.low) != 1 || l.low.HasClock() || !zhLongerThan(p, l.low) {
		return nil
	}
	weeks := l.low[0].Unit == Week
	return p.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		year := days(m.Future.Start, m.Future.End) > 300
		ok := !m.null()
		m = m.EachSpan(func(s Span) Span {
			if weeks {
				s = Span{zhFirstWeek(s.Start, year), zhFirstWeek(s.End, year)}
			}
			var in bool
			if sign > 0 {
				s.End, in = l.low.Add(s.Start, 1)
			} else {
				s.Start, in = l.low.Add(s.End, -1)
			}
			ok = ok && in
			return s
		})
		write := func(s Span) string { return TimexRange(TimexDay(s.Start), TimexDay(s.End), l.low.Timex()) }
		m.Timex, m.PastTimex = write(m.Future), ""
		m.setPastTimex(write(m.Past))
		return m, ok
	})
}
