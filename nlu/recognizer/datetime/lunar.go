package datetime

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The lunar calendar and the solar terms are reckoned in Chinese time; what they give are civil days, so no zone is involved.

// Years of which the calendar is known.
const (
	firstLunarYear = 1900
	lastLunarYear  = 2100
)

// LunarDate is a day of the Chinese lunar calendar.
type LunarDate struct {
	Year, Month, Day int
	Leap             bool // the month is the second one of that number in the year (闰月)
}

// lunarYear is a year of the table.
type lunarYear struct {
	begin  int   // day number of its first day, see dayNumber
	months []int // lengths
	leap   int   // number of the month that is repeated, 0 = none
}

var (
	//go:embed zh_lunar.txt
	lunarFile string
	//go:embed zh_terms.txt
	termsFile string

	lunarYears = mustReadLunar(lunarFile)
	solarTerms = mustReadTerms(termsFile)
)

func mustReadLunar(file string) []lunarYear {
	years := make([]lunarYear, 0, lastLunarYear-firstLunarYear+1)
	for f := range records(file) {
		year, begin := mustAtoi(f[0]), mustAtoi(f[1])
		if year != firstLunarYear+len(years) {
			panic("datetime: zh_lunar.txt lacks a year before " + f[0]) // the file is part of the program
		}
		y := lunarYear{begin: dayNumber(year, begin/100, begin%100)}
		for _, c := range f[2] {
			y.months = append(y.months, 29+strings.IndexRune("-+", c))
		}
		if len(f) > 3 {
			y.leap = mustAtoi(f[3])
		}
		years = append(years, y)
	}
	return years
}

func mustReadTerms(file string) [][24]int8 {
	var years [][24]int8
	for f := range records(file) {
		var days [24]int8
		for i := range days {
			days[i] = int8(mustAtoi(f[i+1]))
		}
		years = append(years, days)
	}
	return years
}

// records yields the fields of each line that is no comment.
func records(file string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(file) {
			if f := strings.Fields(line); len(f) > 0 && f[0] != "#" && !yield(f) {
				return
			}
		}
	}
}

func mustAtoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("datetime: calendar: %v", err))
	}
	return n
}

// dayNumber counts days since 1970-01-01.
func dayNumber(year, month, day int) int {
	const daySeconds = 24 * 60 * 60
	return int(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

// FromLunar converts a day of the lunar years 1900 to 2100 to the Gregorian calendar, in the zone of ref. Day 30 of a month of 29 days is
// refused, and so is a leap month that the year does not have: the zero time.
func FromLunar(ref time.Time, l LunarDate) time.Time {
	i := l.Year - firstLunarYear
	if i < 0 || i >= len(lunarYears) || l.Month < 1 || l.Month > 12 || l.Day < 1 {
		return time.Time{}
	}
	y := &lunarYears[i]
	at := y.place(l.Month, l.Leap)
	if at < 0 || l.Day > y.months[at] {
		return time.Time{}
	}
	n := y.begin + l.Day - 1
	for _, length := range y.months[:at] {
		n += length
	}
	return time.Date(1970, 1, 1+n, 0, 0, 0, 0, ref.Location())
}

// place is the index of a month, -1 if the year has no such leap month.
func (y *lunarYear) place(month int, leap bool) int {
	switch {
	case leap && y.leap != month:
		return -1
	case leap || y.leap > 0 && month > y.leap:
		return month
	}
	return month - 1
}

// ToLunar converts a day to the lunar calendar; false outside of the lunar years 1900 to 2100.
func ToLunar(t time.Time) (LunarDate, bool) {
	n := dayNumber(t.Year(), int(t.Month()), t.Day())
	i := t.Year() - firstLunarYear
	if i == len(lunarYears) || i > 0 && i < len(lunarYears) && n < lunarYears[i].begin {
		i-- // before the new year
	}
	if i < 0 || i >= len(lunarYears) || n < lunarYears[i].begin {
		return LunarDate{}, false
	}
	y := &lunarYears[i]
	n -= y.begin
	for at, length := range y.months {
		if n < length {
			l := LunarDate{Year: firstLunarYear + i, Month: at + 1, Day: n + 1}
			if y.leap > 0 && at >= y.leap {
				l.Month, l.Leap = at, at == y.leap
			}
			return l, true
		}
		n -= length
	}
	return LunarDate{}, false
}

// lastLunarDay is the length of a lunar month, 0 if there is none such.
func lastLunarDay(year, month int, leap bool) int {
	i := year - firstLunarYear
	if i < 0 || i >= len(lunarYears) || month < 1 || month > 12 {
		return 0
	}
	if at := lunarYears[i].place(month, leap); at >= 0 {
		return lunarYears[i].months[at]
	}
	return 0
}

// SolarTerm is the day of the n-th solar term of a year (0 小寒, 1 大寒, 2 立春 … 23 冬至), in the zone of ref; the zero time outside of 1900
// to 2100.
func SolarTerm(ref time.Time, year, n int) time.Time {
	i := year - firstLunarYear
	if i < 0 || i >= len(solarTerms) || n < 0 || n >= 24 {
		return time.Time{}
	}
	return time.Date(year, time.Month(n/2+1), int(solarTerms[i][n]), 0, 0, 0, 0, ref.Location())
}
