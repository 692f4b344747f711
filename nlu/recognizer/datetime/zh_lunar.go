package datetime

import (
	"strconv"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhLunarActions make days and months of the lunar calendar, and holidays.
var zhLunarActions = map[string]grammar.Action{
	"leapMonth":    func(c *grammar.Call) any { return zhLunarMonth{c.Int("m", 0), true} },
	"lunarMonth":   func(c *grammar.Call) any { return zhLunarMonth{c.Int("m", 0), false} },
	"lunarDay":     zhLunarDay,
	"lunarDayOnly": func(c *grammar.Call) any { return zhAnyLunarDay(c.Int("d", 0)) },
	"newYearDay":   func(c *grammar.Call) any { return zhOnLunar(zhCall{c}, zhLunarMonth{n: 1}, c.Int("d", 0)) },
	"newYearEve":   func(c *grammar.Call) any { return zhOnLunar(zhCall{c}, zhLunarMonth{n: 12}, 0) },
	"inLunarMonth": zhInLunarMonth,
	"holiday":      func(c *grammar.Call) any { return orNil(zhHoliday(zhCall{c}, word(c, "h"))) },
	"holidayFigures": func(c *grammar.Call) any {
		return orNil(zhHoliday(zhCall{c}, c.Args[0]))
	},
}

// zhLunarMonth is a month of the lunar calendar.
type zhLunarMonth struct {
	n    int
	leap bool
}

// on is a day of that month of a lunar year; day 0 is its last.
func (m zhLunarMonth) on(ref time.Time, year, day int) time.Time {
	if day == 0 {
		day = lastLunarDay(year, m.n, m.leap)
	}
	return FromLunar(ref, LunarDate{year, m.n, day, m.leap})
}

// zhMonthIn is the month labelled m, a plain number where its name does not say more.
func zhMonthIn(c *grammar.Call) zhLunarMonth {
	n := c.Get("m")
	if m, ok := n.Value.(zhLunarMonth); ok {
		return m
	}
	i, _ := n.Int()
	return zhLunarMonth{n: i}
}

func zhLunarDay(c *grammar.Call) any { return zhOnLunar(zhCall{c}, zhMonthIn(c), c.Int("d", 0)) }

// zhLunarReach is how many years a day with an open year is looked for: a leap month comes back after 19 years, most often.
const zhLunarReach = 40

// zhOnLunar is a day of the lunar calendar; day 0 is the last one of the month.
func zhOnLunar(c zhCall, month zhLunarMonth, day int) any {
	if y, ok := c.year(); ok {
		return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
			t := month.on(ref, y.of(ref), day)
			if t.IsZero() { // a day that is not, or of a year whose calendar is not known
				return Meaning{Timex: TimexYear(y.of(ref))}, true
			}
			return Meaning{Timex: TimexDay(t), Past: Span{Start: t}, Future: Span{Start: t}}, true
		}}
	}
	return zhMoving(zhLunarReach, func(ref time.Time, year int) time.Time { return month.on(ref, year, day) })
}

// zhMoving is a day that falls on another date each year. Its timex leaves the year open only if the last and the next one fall on the same date.
func zhMoving(reach int, in func(ref time.Time, year int) time.Time) *Expr {
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		var m Meaning
		m.Past, m.Future = zhAroundYears(ref, reach, func(y int) time.Time { return in(ref, y) })
		if m.null() {
			return m, false
		}
		return m.dated(), true
	}}
}

// dated writes the timex of both readings of a day.
func (m Meaning) dated() Meaning {
	a, b := m.Past.Start, m.Future.Start
	if a.Month() == b.Month() && a.Day() == b.Day() {
		m.Timex = TimexDate(0, int(b.Month()), b.Day())
		return m
	}
	m.Timex = TimexDay(b)
	m.setPastTimex(TimexDay(a))
	return m
}

// zhAnyLunarDay is that day of any lunar month: 初八.
func zhAnyLunarDay(day int) any {
	const longest = 90 // days between two thirtieths
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		var m Meaning
		today := Midnight(ref)
		for n := 0; n < longest && m.Future.Start.IsZero(); n++ {
			if l, ok := ToLunar(today.AddDate(0, 0, n)); ok && l.Day == day {
				m.Future.Start = today.AddDate(0, 0, n)
			}
		}
		for n := 1; n < longest && m.Past.Start.IsZero(); n++ {
			if l, ok := ToLunar(today.AddDate(0, 0, -n)); ok && l.Day == day {
				m.Past.Start = today.AddDate(0, 0, -n)
			}
		}
		if m.Past.Start.IsZero() || m.Future.Start.IsZero() {
			return m, false
		}
		m.Timex = TimexDay(m.Future.Start)
		m.setPastTimex(TimexDay(m.Past.Start))
		return m, true
	}}
}

// zhInLunarMonth is a whole month of the lunar calendar.
func zhInLunarMonth(c *grammar.Call) any {
	month := zhMonthIn(c)
	y, stated := zhCall{c}.year()
	span := func(ref time.Time, year int) Span {
		s := Span{Start: month.on(ref, year, 1)}
		if !s.Start.IsZero() {
			s.End = s.Start.AddDate(0, 0, lastLunarDay(year, month.n, month.leap))
		}
		return s
	}
	write := func(s Span) string { return TimexRangeDays(TimexDay(s.Start), TimexDay(s.End), days(s.Start, s.End)) }
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		var m Meaning
		if stated {
			m.Future = span(ref, y.of(ref))
			m.Past = m.Future
		} else {
			for n := -1; n <= zhLunarReach && m.Future.Start.IsZero(); n++ {
				if s := span(ref, ref.Year()+n); s.End.After(Midnight(ref)) {
					m.Future = s
				}
			}
			for n := 1; n >= -zhLunarReach && m.Past.Start.IsZero(); n-- {
				if s := span(ref, ref.Year()+n); !s.Start.IsZero() && s.Start.Before(m.Future.Start) {
					m.Past = s
				}
			}
		}
		if m.Past.Start.IsZero() || m.Future.Start.IsZero() {
			return m, false
		}
		m.Timex = write(m.Future)
		m.setPastTimex(write(m.Past))
		return m, true
	}}
}

// zhHoliday makes the day that a word of the lexicon of holidays names; the lexicon explains the form.
func zhHoliday(c zhCall, name string) *Expr {
	if name == "" {
		return nil
	}
	y, stated := c.year()
	switch name[0] {
	case 'W':
		return zhWeekdayHoliday(y, stated, name[1:])
	case 'L', 'T', 'E':
		in := zhMovingHoliday(name)
		if stated {
			return OnDayThat(func(ref time.Time) time.Time { return in(ref, y.of(ref)) })
		}
		return zhMoving(horizon, in)
	}
	month, day := zhTwoNumbers(name)
	if stated && y.rel {
		return OnDayThat(func(ref time.Time) time.Time { return DateAt(ref, y.of(ref), month, day) })
	}
	return OnDate(Date{Year: y.n, Month: month, Day: day})
}

// zhMovingHoliday is the day of a holiday by the lunar calendar or of a solar term in a Gregorian year.
func zhMovingHoliday(name string) func(ref time.Time, year int) time.Time {
	if name[0] == 'T' {
		term, _ := strconv.Atoi(name[1:])
		return func(ref time.Time, year int) time.Time { return SolarTerm(ref, year, term) }
	}
	if name[0] == 'E' {
		offset, _ := strconv.Atoi(name[1:])
		return func(ref time.Time, year int) time.Time { return easter(ref, year).AddDate(0, 0, offset) }
	}
	n, day := zhTwoNumbers(name[1:])
	month := zhLunarMonth{n: n}
	return func(ref time.Time, year int) time.Time {
		// The last months of the lunar year before reach into this one: new year's eve of 2024 is in February.
		for _, lunar := range []int{year, year - 1} {
			if t := month.on(ref, lunar, day); !t.IsZero() && t.Year() == year {
				return t
			}
		}
		return time.Time{}
	}
}

func zhTwoNumbers(s string) (a, b int) {
	x, y, _ := strings.Cut(s, "-")
	a, _ = strconv.Atoi(x)
	b, _ = strconv.Atoi(y)
	return a, b
}

// zhWeekdayHoliday reads "5-7-2", the second Sunday of May, and "11-4-4+1", the day after the fourth Thursday of November.
func zhWeekdayHoliday(y zhYear, stated bool, s string) *Expr {
	s, extra, _ := strings.Cut(s, "+")
	more, _ := strconv.Atoi(extra)
	f := strings.Split(s, "-")
	if len(f) != 3 {
		return nil
	}
	month, _ := strconv.Atoi(f[0])
	weekday, _ := strconv.Atoi(f[1])
	n, _ := strconv.Atoi(f[2])
	in := func(ref time.Time, year int) time.Time {
		t := NthWeekday(ref, year, month, weekday, n)
		if t.IsZero() {
			return t
		}
		return t.AddDate(0, 0, more)
	}
	if more > 0 && !stated {
		return zhMoving(horizon, in)
	}
	return &Expr{Type: value.Date, At: func(ref time.Time) (m Meaning, ok bool) {
		year := 0
		if stated {
			year = y.of(ref)
			m.Future.Start = in(ref, year)
			m.Past = m.Future
		} else {
			m.Past, m.Future = zhAroundYears(ref, horizon, func(y int) time.Time { return in(ref, y) })
		}
		if m.Timex = TimexMonth(year, month) + TimexWeekday(weekday)[4:] + "-" + f[2]; more > 0 {
			m.Timex = TimexDay(m.Future.Start)
		}
		return m, !m.null()
	}}
}
