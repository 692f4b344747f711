package datetime

import (
	"strconv"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enHolidayActions are those of en_date_holiday.grammar.
var enHolidayActions = map[string]grammar.Action{
	"onHoliday":      onHoliday,
	"nextHoliday":    nextHoliday,
	"holidayWeekend": holidayWeekend,
	"goldenWeek":     func(c *grammar.Call) any { return goldenWeek(yearOf(c)) },
}

// holidayRule finds the day of a holiday in a year; the zero time if that year has none that is known.
type holidayRule struct {
	day func(ref time.Time, year int) time.Time
	// timex of the day in a year; year 0 = open. Empty = the date.
	timex string
}

// holidayKinds read the rules that begin with a word.
var holidayKinds = map[string]func(spec string) (holidayRule, bool){
	"easter": easterRule, "hijri": hijriRule, "lunar": lunarRule, "term": termRule,
}

// parseHoliday reads the value of a holiday's name; see en_date_holiday.grammar.
func parseHoliday(spec string) (holidayRule, bool) {
	for prefix, parse := range holidayKinds {
		if rest, ok := strings.CutPrefix(spec, prefix); ok {
			return parse(strings.TrimPrefix(rest, "-"))
		}
	}
	spec, plus, _ := strings.Cut(spec, "+")
	n, ok := ints(spec)
	if !ok || len(n) < 2 || len(n) > 3 {
		return holidayRule{}, false
	}
	offset, _ := strconv.Atoi(plus)
	if len(n) == 2 {
		return holidayRule{day: func(ref time.Time, y int) time.Time { return DateAt(ref, y, n[0], n[1]) }}, true
	}
	r := holidayRule{day: func(ref time.Time, y int) time.Time {
		return NthWeekday(ref, y, n[0], n[1], n[2]).AddDate(0, 0, offset)
	}}
	if offset == 0 {
		nth := n[2]
		if nth < 0 {
			nth = 5
		}
		r.timex = "-" + string(appendTwo(nil, n[0])) + "-WXX-" + strconv.Itoa(n[1]) + "-" + strconv.Itoa(nth)
	}
	return r, true
}

// ints splits "5-1--1" into 5, 1, -1.
func ints(s string) ([]int, bool) {
	var out []int
	for s != "" {
		end := strings.IndexByte(s[1:], '-') + 1
		if end == 0 {
			end = len(s)
		}
		n, err := strconv.Atoi(s[:end])
		if err != nil {
			return nil, false
		}
		out = append(out, n)
		s = strings.TrimPrefix(s[end:], "-")
	}
	return out, true
}

func easterRule(spec string) (holidayRule, bool) {
	offset, err := strconv.Atoi(spec)
	if err == nil && !strings.HasPrefix(spec, "+") {
		offset = -offset
	}
	return holidayRule{day: func(ref time.Time, y int) time.Time { return easter(ref, y).AddDate(0, 0, offset) }}, err == nil
}

// easter is Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
func easter(ref time.Time, y int) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return DateAt(ref, y, n/31, n%31+1)
}

func hijriRule(spec string) (holidayRule, bool) {
	n, ok := ints(spec)
	if !ok || len(n) != 2 {
		return holidayRule{}, false
	}
	return holidayRule{day: func(ref time.Time, y int) time.Time {
		// The Islamic year is eleven days shorter: two of them may begin in y. The first day that falls into it counts.
		first := int(float64(y-622) * 33 / 32)
		for h := first - 1; h <= first+2; h++ {
			if t := hijri(ref, h, n[0], n[1]); t.Year() == y {
				return t
			}
		}
		return time.Time{}
	}}, true
}

// hijri is a day of the tabular Islamic calendar, counted from July 15, 622 (the astronomers' epoch; July 18 in Gregorian terms).
func hijri(ref time.Time, year, month, day int) time.Time {
	n := (11*year+3)/30 + 354*year + 30*month - (month-1)/2 + day - 385
	return time.Date(622, 7, 18, 0, 0, 0, 0, ref.Location()).AddDate(0, 0, n)
}

func lunarRule(spec string) (holidayRule, bool) {
	n, ok := ints(spec)
	if !ok || len(n) < 2 {
		return holidayRule{}, false
	}
	before := 0
	if len(n) == 3 {
		before = n[2]
	}
	return holidayRule{day: func(ref time.Time, y int) time.Time {
		t := FromLunar(ref, LunarDate{Year: y, Month: n[0], Day: n[1]})
		if !t.IsZero() {
			t = t.AddDate(0, 0, -before)
		}
		return t
	}}, true
}

func termRule(spec string) (holidayRule, bool) {
	n, err := strconv.Atoi(spec)
	return holidayRule{day: func(ref time.Time, y int) time.Time { return SolarTerm(ref, y, n) }}, err == nil
}

// onHoliday is a holiday, of a year if one is stated.
func onHoliday(c *grammar.Call) any {
	r, ok := parseHoliday(word(c, "h"))
	if !ok {
		return nil
	}
	year := yearOf(c)
	if year != nil {
		return fixed(value.Date, func(ref time.Time) (string, Span) {
			y := year(ref)
			t := r.day(ref, y)
			if t.IsZero() {
				return "", Span{}
			}
			return r.write(y, t), Span{Start: t}
		})
	}
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) { return r.around(ref) }}
}

// around is the holiday of an open year. A day that moves is written as in the year of the reference.
func (r holidayRule) around(ref time.Time) (Meaning, bool) {
	var m Meaning
	m.Past, m.Future = aroundNow(ref, func(n int) time.Time { return r.day(ref, ref.Year()+n) })
	now := r.day(ref, ref.Year())
	if m.null() || now.IsZero() {
		return m, false
	}
	m.Timex = r.write(0, now)
	return m, true
}

func (r holidayRule) write(year int, t time.Time) string {
	if r.timex != "" {
		return TimexYear(year) + r.timex
	}
	return TimexDate(year, int(t.Month()), t.Day())
}

// yearOf is the year that a phrase states: a number, or this, next, last year; nil if none.
func yearOf(c *grammar.Call) YearOf {
	for _, name := range []string{"year.tail", "year"} {
		if y, ok := c.Get(name).Int(); ok {
			return TheYear(y)
		}
	}
	if c.Get("shift") != nil || c.Get("shift.near") != nil {
		return ThisYear(shiftOf(c))
	}
	return nil
}

// nextHoliday is "next easter", the first from today on, "last easter" and "this easter".
func nextHoliday(c *grammar.Call) any {
	r, ok := parseHoliday(word(c, "h"))
	if !ok {
		return nil
	}
	shift := shiftOf(c)
	return OnDayThat(func(ref time.Time) time.Time {
		if shift == 0 {
			return r.day(ref, ref.Year())
		}
		m, _ := r.around(ref)
		if shift > 0 {
			return m.Future.Start
		}
		return m.Past.Start
	})
}

// holidayWeekend is the weekend of the week in which the holiday lies, and the holiday itself if it lies beside it.
func holidayWeekend(c *grammar.Call) any {
	r, ok := parseHoliday(word(c, "h"))
	if !ok {
		return nil
	}
	year := yearOf(c)
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		var m Meaning
		if year != nil {
			m.Future.Start = r.day(ref, year(ref))
			m.Past = m.Future
		} else {
			m.Past, m.Future = aroundNow(ref, func(n int) time.Time { return r.day(ref, ref.Year()+n) })
		}
		if m.Past.Start.IsZero() || m.Future.Start.IsZero() {
			return m, false
		}
		m.Past, m.PastTimex = longWeekend(m.Past.Start)
		m.Future, m.Timex = longWeekend(m.Future.Start)
		return m, true
	}}
}

// longWeekend is Saturday and Sunday, from a Thursday or Friday before them or to a Monday after them if that is the holiday.
func longWeekend(day time.Time) (Span, string) {
	saturday := WeekStart(day).AddDate(0, 0, 5)
	if Weekday(day) <= 2 {
		saturday = saturday.AddDate(0, 0, -7)
	}
	s := Span{saturday, saturday.AddDate(0, 0, 2)}
	if day.Before(s.Start) && Weekday(day) >= 4 {
		s.Start = day
	}
	if !day.Before(s.End) {
		s.End = day.AddDate(0, 0, 1)
	}
	return s, TimexWeek(saturday) + "-WE"
}

// goldenWeek is the first week of October, China's holidays; a nil year is open.
func goldenWeek(year YearOf) *Expr {
	span := func(ref time.Time, y int) Span { return Span{DateAt(ref, y, 10, 1), DateAt(ref, y, 10, 8)} }
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		if year != nil {
			s := span(ref, year(ref))
			return Meaning{Timex: TimexRangeDays(TimexDay(s.Start), TimexDay(s.End), 7), Past: s, Future: s}, true
		}
		y := ref.Year()
		if span(ref, y).End.Before(ref) {
			y++
		}
		return Meaning{Timex: TimexRangeDays(TimexDate(0, 10, 1), TimexDate(0, 10, 8), 7), Past: span(ref, y-1), Future: span(ref, y)}, true
	}}
}
