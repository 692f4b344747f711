package datetime

import (
	"strconv"
	"time"

	"yingda/nlu/recognizer/value"
)

// InYear is a calendar year (type daterange).
func InYear(year int) *Expr {
	if year < 1 || year > 9998 {
		return nil
	}
	e := fixed(value.DateRange, func(ref time.Time) (string, Span) {
		return TimexYear(year), Span{YearStart(ref, year), YearStart(ref, year+1)}
	})
	e.Date = &Date{Year: year}
	return e
}

// openMonths are the months of an open year, made once because their names are frequent words (may, march).
var openMonths = func() (es [13]*Expr) {
	for m := 1; m <= 12; m++ {
		es[m] = newMonth(0, m)
	}
	return es
}()

// InMonth is a month (type daterange); year 0 = open: then the past reading is the last one that began before this month, and this month is
// the future one.
func InMonth(year, month int) *Expr {
	switch {
	case month < 1 || month > 12 || year < 0 || year > 9998:
		return nil
	case year == 0:
		return openMonths[month]
	}
	return newMonth(year, month)
}

func newMonth(year, month int) *Expr {
	return &Expr{Type: value.DateRange, Date: &Date{Year: year, Month: month}, At: func(ref time.Time) (Meaning, bool) {
		m := Meaning{Timex: TimexMonth(year, month)}
		if year > 0 {
			m.Future = monthSpan(ref, year, month)
			m.Past = m.Future
			return m, true
		}
		y := ref.Year()
		if month < int(ref.Month()) {
			y++
		}
		m.Future, m.Past = monthSpan(ref, y, month), monthSpan(ref, y-1, month)
		return m, true
	}}
}

func monthSpan(ref time.Time, year, month int) Span {
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, ref.Location())
	return Span{first, first.AddDate(0, 1, 0)}
}

// InPeriod is the calendar week, weekend, month, year or day so many units after this one (type daterange; a day is a date): 0 this, 1 next,
// -1 last. Nil for other units.
func InPeriod(u Unit, n int) *Expr {
	switch u {
	case Day:
		return OnDayOffset(n)
	case Week:
		return counted(Week, func(ref time.Time) (string, Span) {
			a := WeekStart(ref).AddDate(0, 0, 7*n)
			return TimexWeek(a), Span{a, a.AddDate(0, 0, 7)}
		})
	case Weekend:
		return fixed(value.DateRange, func(ref time.Time) (string, Span) {
			a := WeekStart(ref).AddDate(0, 0, 7*n)
			return TimexWeek(a) + "-WE", Span{a.AddDate(0, 0, 5), a.AddDate(0, 0, 7)}
		})
	case Month:
		return counted(Month, func(ref time.Time) (string, Span) {
			a := MonthStart(ref, n)
			return TimexMonth(a.Year(), int(a.Month())), Span{a, a.AddDate(0, 1, 0)}
		})
	case Year:
		return counted(Year, func(ref time.Time) (string, Span) {
			return TimexYear(ref.Year() + n), Span{YearStart(ref, ref.Year()+n), YearStart(ref, ref.Year()+n+1)}
		})
	}
	return nil
}

// counted is a fixed range that makes ranges counted in a unit.
func counted(u Unit, at func(ref time.Time) (string, Span)) *Expr {
	e := fixed(value.DateRange, at)
	e.unit = u
	return e
}

// YearOf tells the year of an expression of years, e.g. [InYear] or [InPeriod] with Year; 0 if it is none.
type YearOf func(ref time.Time) int

// ThisYear is the year so many years after the present one.
func ThisYear(n int) YearOf { return func(ref time.Time) int { return ref.Year() + n } }

// TheYear is a stated year.
func TheYear(y int) YearOf { return func(time.Time) int { return y } }

// InMonths is n months from the month-th of a year (type daterange): quarters are 3, halves 6. A nil year is open.
func InMonths(year YearOf, month, n int) *Expr {
	length := "P" + strconv.Itoa(n) + "M"
	return &Expr{Type: value.DateRange, unit: Month, At: func(ref time.Time) (Meaning, bool) {
		span := func(y int) Span {
			a := time.Date(y, time.Month(month), 1, 0, 0, 0, 0, ref.Location())
			return Span{a, a.AddDate(0, n, 0)}
		}
		if year != nil {
			y := year(ref)
			s := span(y)
			return Meaning{Timex: TimexRange(TimexDay(s.Start), TimexDay(s.End), length), Past: s, Future: s}, y > 0 && y < 9999
		}
		m := Meaning{Future: span(ref.Year()), Past: span(ref.Year())}
		if m.Past.End.Before(Midnight(ref)) {
			m.Future = span(ref.Year() + 1)
		} else {
			m.Past = span(ref.Year() - 1)
		}
		open := func(t time.Time) string { return TimexDate(0, int(t.Month()), 1) }
		m.Timex = TimexRange(open(m.Future.Start), open(m.Future.End), length)
		return m, true
	}}
}

// InSeason is a season (type daterange) by its timex name SP, SU, FA or WI; a nil year is open. Where it begins is not for a calendar to
// say, so that it has a timex and no span.
func InSeason(year YearOf, name string) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		if year == nil {
			return name, Span{}
		}
		return TimexYear(year(ref)) + "-" + name, Span{}
	})
}

// InYears is n years from a year on (type daterange): decades and centuries.
func InYears(from YearOf, n int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		y := from(ref)
		if y < 1 || y+n > 9999 {
			return "", Span{}
		}
		s := Span{YearStart(ref, y), YearStart(ref, y+n)}
		return TimexRange(TimexDay(s.Start), TimexDay(s.End), "P"+strconv.Itoa(n)+"Y"), s
	})
}

// InWeek is the n-th ISO week of a year (type daterange); "2016-W03".
func InWeek(year YearOf, n int) *Expr {
	return counted(Week, func(ref time.Time) (string, Span) {
		a := isoWeekStart(ref, year(ref), n)
		return TimexWeek(a), Span{a, a.AddDate(0, 0, 7)}
	})
}

// InNext is the length that begins tomorrow (type daterange), or now if it has hours (datetimerange): "next 3 days".
func InNext(l Length) *Expr { return stretch(l, 1, 1) }

// InPast is the length that ends today, or now if it has hours: "the past 3 days".
func InPast(l Length) *Expr { return stretch(l, -1, 0) }

// InTime is the length that begins today, or now if it has hours: "within 3 days", "三天内".
func InTime(l Length) *Expr { return stretch(l, 1, 0) }

// stretch is a length before or after now. first is 1 if today does not belong to it.
func stretch(l Length, sign, first int) *Expr {
	if l.HasClock() {
		return fixed(value.DateTimeRange, func(ref time.Time) (string, Span) {
			other, ok := l.Add(ref, sign)
			s := Span{ref, other}
			if sign < 0 {
				s = Span{other, ref}
			}
			if !ok {
				return "", s
			}
			return TimexRange(TimexInstant(s.Start), TimexInstant(s.End), l.Timex()), s
		})
	}
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		from := Midnight(ref).AddDate(0, 0, first)
		other, ok := l.Add(from, sign)
		s := Span{from, other}
		if sign < 0 {
			s = Span{other, from}
		}
		if !ok {
			return "", s
		}
		return TimexRange(TimexDay(s.Start), TimexDay(s.End), l.Timex()), s
	})
}

// PeriodFrom is the length that begins with a date (type daterange): "for 3 days from today".
func PeriodFrom(from *Expr, l Length) *Expr {
	t := value.DateRange
	write := TimexDay
	if l.HasClock() || from.Type == value.DateAndTime {
		t, write = value.DateTimeRange, TimexInstant
	}
	return from.Map(t, func(m Meaning, ref time.Time) (Meaning, bool) {
		ok := !m.null()
		m = m.EachSpan(func(s Span) Span {
			end, in := l.Add(s.Start, 1)
			ok = ok && in
			return Span{s.Start, end}
		})
		m.Timex = TimexRange(write(m.Future.Start), write(m.Future.End), l.Timex())
		m.PastTimex = TimexRange(write(m.Past.Start), write(m.Past.End), l.Timex())
		if m.PastTimex == m.Timex {
			m.PastTimex = ""
		}
		return m, ok
	})
}
