package datetime

import "time"

// DateAt is a day of the calendar in the zone of ref; the zero time if there is no such day.
func DateAt(ref time.Time, year, month, day int) time.Time {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, ref.Location())
	if year < 1 || t.Day() != day || int(t.Month()) != month {
		return time.Time{}
	}
	return t
}

// Midnight is the begin of the day.
func Midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// Weekday is 1 for Monday … 7 for Sunday.
func Weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// WeekStart is the Monday of t's week.
func WeekStart(t time.Time) time.Time { return Midnight(t).AddDate(0, 0, 1-Weekday(t)) }

// MonthStart is the first of the month that is n months after t's.
func MonthStart(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, t.Location())
}

// YearStart is January 1 of a year, in t's zone.
func YearStart(t time.Time, year int) time.Time {
	return time.Date(year, 1, 1, 0, 0, 0, 0, t.Location())
}

// AddMonths keeps the day, or takes the last of the month where it has no such day (January 31 + 1 month = February 28).
func AddMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// AddBusinessDays counts days from Monday to Friday, forward or back.
func AddBusinessDays(t time.Time, n int) time.Time {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	t = t.AddDate(0, 0, step*(n/5*7)) // whole weeks, so that large numbers cost nothing
	for n %= 5; n > 0; {
		t = t.AddDate(0, 0, step)
		if Weekday(t) <= 5 {
			n--
		}
	}
	return t
}

// NthWeekday is the n-th Monday, Tuesday … of a month, counted from its end if n is negative; the zero time if it has none.
func NthWeekday(ref time.Time, year, month, weekday, n int) time.Time {
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, ref.Location())
	var t time.Time
	if n > 0 {
		t = first.AddDate(0, 0, (weekday-Weekday(first)+7)%7+7*(n-1))
	} else {
		last := first.AddDate(0, 1, -1)
		t = last.AddDate(0, 0, -((Weekday(last)-weekday+7)%7)+7*(n+1))
	}
	if t.Month() != first.Month() {
		return time.Time{}
	}
	return t
}

// FullYear reads two figures of a year as 1930 … 2029; longer ones stand for themselves.
func FullYear(y int) int {
	switch {
	case y < 30:
		return 2000 + y
	case y < 100:
		return 1900 + y
	}
	return y
}

// days is the number of calendar days from a to b, whatever summer time does in between.
func days(a, b time.Time) int {
	y, m, d := a.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	y, m, d = b.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(from) / (24 * time.Hour))
}

// weekOfMonth is the n-th week of a month, of which the first is the one of its first Thursday, as ISO has it for years. Month 13 and week 0
// are the ones next to them.
func weekOfMonth(ref time.Time, year, month, n int) time.Time {
	begin := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, ref.Location())
	first := WeekStart(begin)
	if first.AddDate(0, 0, 3).Before(begin) {
		first = first.AddDate(0, 0, 7)
	}
	return first.AddDate(0, 0, 7*(n-1))
}

// isoWeekStart is the Monday of an ISO week.
func isoWeekStart(ref time.Time, year, week int) time.Time {
	return WeekStart(DateAt(ref, year, 1, 4)).AddDate(0, 0, 7*(week-1))
}
