package datetime

import (
	"strconv"
	"time"

	"yingda/nlu/recognizer/value"
)

// Date is a day of the calendar as stated; 0 = not stated. Weekday is 1 for Monday … 7 for Sunday. A negative year is one of which only the
// last two figures are known: -35 is 1935 or 2035.
type Date struct {
	Year, Month, Day, Weekday int
	Relative                  bool // the year depends on the reference: "june next year"
}

// horizon is how many years or months a date with open parts is looked for: February 29 may be eight years away.
const horizon = 9

// OnDate is a day (type date) of which the year, or year and month, may be open: then the past reading is the last such day before the
// reference and the future one the first whose midnight is not before it: on November 2 at noon, "11/2" is today or in a year. A weekday beside a month does not count. Returns nil if month or day cannot be.
func OnDate(d Date) *Expr {
	if d.Month < 0 || d.Month > 12 || d.Day < 1 || d.Day > 31 || d.Year < -99 || d.Year > 9999 || d.Year > 0 && d.Month == 0 {
		return nil
	}
	return &Expr{Type: value.Date, Date: &d, At: func(ref time.Time) (Meaning, bool) { return d.meaning(ref), true }}
}

func (d Date) meaning(ref time.Time) Meaning {
	m := Meaning{Timex: TimexDate(d.Year, d.Month, d.Day)}
	switch {
	case d.Year < 0: // of the last century or of this one
		m.Timex = "XX" + TimexDate(2000-d.Year, d.Month, d.Day)[2:]
		m.Past.Start, m.Future.Start = DateAt(ref, 1900-d.Year, d.Month, d.Day), DateAt(ref, 2000-d.Year, d.Month, d.Day)
	case d.Year > 0:
		m.Future.Start = DateAt(ref, d.Year, d.Month, d.Day)
		m.Past = m.Future
	case d.Month > 0:
		m.Past, m.Future = aroundNow(ref, func(n int) time.Time { return DateAt(ref, ref.Year()+n, d.Month, d.Day) })
	default:
		m.Past, m.Future = aroundNow(ref, func(n int) time.Time {
			first := MonthStart(ref, n)
			return DateAt(ref, first.Year(), int(first.Month()), d.Day)
		})
	}
	return m
}

// aroundNow finds the last time before now and the first one at or after it among those that nth gives for 0, ±1, ±2 … periods from now;
// nth gives the zero time where there is none.
func aroundNow(now time.Time, nth func(n int) time.Time) (past, future Span) {
	for n := -1; n <= horizon; n++ {
		if t := nth(n); !t.IsZero() && !t.Before(now) {
			future.Start = t
			break
		}
	}
	for n := 1; n >= -horizon; n-- {
		if t := nth(n); !t.IsZero() && t.Before(now) {
			past.Start = t
			break
		}
	}
	if past.Start.IsZero() || future.Start.IsZero() {
		return Span{}, Span{}
	}
	return past, future
}

// OnWeekday is any Monday (1) … Sunday (7) (type date): the last one and the next one, today included.
func OnWeekday(weekday int) *Expr {
	return &Expr{Type: value.Date, Date: &Date{Weekday: weekday}, At: func(ref time.Time) (Meaning, bool) {
		today := Midnight(ref)
		m := Meaning{Timex: TimexWeekday(weekday)}
		m.Past, m.Future = aroundNow(today, func(n int) time.Time { return WeekStart(ref).AddDate(0, 0, weekday-1+7*n) })
		return m, true
	}}
}

// OnWeekdayOf is the Monday … Sunday of the week so many weeks after this one (type date): 0 this, 1 next, -1 last.
func OnWeekdayOf(week, weekday int) *Expr {
	e := OnDayThat(func(ref time.Time) time.Time { return WeekStart(ref).AddDate(0, 0, 7*week+weekday-1) })
	e.Date = &Date{Weekday: weekday}
	return e
}

// OnDayOffset is the day so many days after today (type date): -1 yesterday.
func OnDayOffset(n int) *Expr {
	return OnDayThat(func(ref time.Time) time.Time { return Midnight(ref).AddDate(0, 0, n) })
}

// OnDayThat is a day computed from the reference (type date), with its full date as timex. The zero time means that there is no such day.
func OnDayThat(day func(ref time.Time) time.Time) *Expr {
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		t := day(ref)
		if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
			return Meaning{}, false
		}
		return Meaning{Timex: TimexDay(t), Past: Span{Start: t}, Future: Span{Start: t}}, true
	}}
}

// OnNthWeekday is the n-th Monday … of a month (type date), counted from its end if n is negative; year 0 = open. "XXXX-07-WXX-5-#1".
func OnNthWeekday(year, month, weekday, n int) *Expr {
	return &Expr{Type: value.Date, At: func(ref time.Time) (Meaning, bool) {
		m := Meaning{Timex: OnNthWeekdayTimex(year, month, weekday, n)}
		if year > 0 {
			m.Future.Start = NthWeekday(ref, year, month, weekday, n)
			m.Past = m.Future
		} else {
			m.Past, m.Future = aroundNow(ref, func(k int) time.Time { return NthWeekday(ref, ref.Year()+k, month, weekday, n) })
		}
		return m, true
	}}
}

// OnNthWeekdayTimex is the timex of [OnNthWeekday]; the last one of a month counts as its fifth.
func OnNthWeekdayTimex(year, month, weekday, n int) string {
	if n < 0 {
		n = 5
	}
	return TimexMonth(year, month) + TimexWeekday(weekday)[4:] + "-#" + strconv.Itoa(n)
}

// Shift moves a date or datetime by sign × length: "two weeks from tomorrow". A length with hours makes a datetime of a date. Of a base with
// two readings the future one counts.
func Shift(base *Expr, l Length, sign int) *Expr {
	t := value.Date
	if l.HasClock() || base.Type == value.DateAndTime {
		t = value.DateAndTime
	}
	return base.Map(t, func(m Meaning, ref time.Time) (Meaning, bool) {
		moved, ok := l.Add(m.Future.Start, sign)
		if !ok || m.null() {
			return m, false
		}
		s := Span{Start: moved}
		if t == value.Date {
			return Meaning{Timex: TimexDay(moved), Past: s, Future: s}, true
		}
		return Meaning{Timex: TimexInstant(moved), Past: s, Future: s}, true
	})
}

// FromNow moves the reference by sign × length (type date, or datetime if the length has hours): "in 3 days", "两小时前".
func FromNow(l Length, sign int) *Expr {
	if l.HasClock() {
		return Shift(Now(), l, sign)
	}
	return Shift(OnDayOffset(0), l, sign)
}

// Now is the reference itself (type datetime), PRESENT_REF.
func Now() *Expr {
	return fixed(value.DateAndTime, func(ref time.Time) (string, Span) { return "PRESENT_REF", Span{Start: ref} })
}

// For is a duration.
func For(l Length) *Expr {
	return &Expr{Type: value.Duration, Length: l, At: func(time.Time) (Meaning, bool) {
		return Meaning{Timex: l.Timex(), Seconds: l.Seconds()}, true
	}}
}

// ForBetween is a duration within bounds, "3 to 5 days": the first reading is the shorter one, the second, which is preferred, the longer.
func ForBetween(low, high Length) *Expr {
	return &Expr{Type: value.Duration, Length: high, At: func(time.Time) (Meaning, bool) {
		return Meaning{Timex: high.Timex(), PastTimex: low.Timex(), Seconds: high.Seconds(), LowSeconds: low.Seconds()}, true
	}}
}

// Every is something that recurs (type set), by its timex: "P1D" daily, "XXXX-WXX-1" on Mondays, "T08".
func Every(timex string) *Expr {
	return fixed(value.Set, func(time.Time) (string, Span) { return timex, Span{} })
}
