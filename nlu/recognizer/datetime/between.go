package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/value"
)

// Between is the range from the begin of one expression to the begin of the other, of dates, months, years, clocks or datetimes in any
// mixture. What one leaves open it takes from the other: "april 5 to 10", "5 to 6 pm", "tomorrow 3 to 5". Nil if they make no range.
func Between(from, to *Expr) *Expr {
	if from == nil || to == nil {
		return nil
	}
	switch a, b := hasClock(from), hasClock(to); {
	case from.Type == value.Time && to.Type == value.Time:
		return betweenTimes(from, to)
	case !a && !b:
		return betweenDates(from, to, false)
	case from.Type == value.Time: // 3 pm till tomorrow 4 pm
		return betweenInstants(AtTime(OnDayOffset(0), from), to)
	case to.Type == value.Time:
		return betweenInstants(from, clockAfter(from, to))
	}
	return betweenInstants(from, to)
}

// BetweenWhole is [Between] with the end included, if that is a day, month or year: "2014 to 2018" ends on January 1, 2019.
func BetweenWhole(from, to *Expr) *Expr {
	if from == nil || to == nil || hasClock(from) || hasClock(to) {
		return Between(from, to)
	}
	return betweenDates(from, to, true)
}

func hasClock(e *Expr) bool {
	return e.Type == value.Time || e.Type == value.DateAndTime || e.Type == value.TimeRange || e.Type == value.DateTimeRange
}

// betweenTimes is a range of clock times; a half of the day stated for one holds for the other: "5 to 6 pm".
func betweenTimes(from, to *Expr) *Expr {
	if from.Clock == nil || to.Clock == nil {
		return nil
	}
	return BetweenClocks(shareHalf(*from.Clock, *to.Clock))
}

// shareHalf settles the half of the day of a clock that leaves it open by that of the other. "11 to 2 pm" begins in the morning.
func shareHalf(a, b Clock) (Clock, Clock) {
	switch {
	case a.AmPm && !b.AmPm:
		if am, pm := a.Am(), a.Pm(); pm.Seconds() < b.Seconds() {
			a = pm
		} else {
			a = am
		}
	case !a.AmPm && b.AmPm:
		if am, pm := b.Am(), b.Pm(); am.Seconds() > a.Seconds() {
			b = am
		} else {
			b = pm
		}
	case a.AmPm && b.AmPm && b.Seconds() < a.Seconds(): // 11 to 1
		b = b.Pm()
		a.AmPm = false
	}
	return a, b
}

// clockAfter puts the clock on the day of from, or on the next one if it would be over by then.
func clockAfter(from, clock *Expr) *Expr {
	return &Expr{Type: value.DateAndTime, At: func(ref time.Time) (Meaning, bool) {
		m, ok := from.At(ref)
		if !ok || clock.Clock == nil {
			return m, false
		}
		c := *clock.Clock
		if from.Clock != nil {
			_, c = shareHalf(*from.Clock, c)
		}
		day, _, _ := strings.Cut(m.Timex, "T")
		m.Timex, m.PastTimex = day+c.Timex(), ""
		m.AmPm = m.AmPm && c.AmPm
		m = m.EachSpan(func(s Span) Span {
			t := c.On(s.Start)
			if t.Before(s.Start) {
				t = t.AddDate(0, 0, 1)
			}
			return Span{Start: t}
		})
		if day == "PRESENT_REF" || day == "" || !strings.Contains(day, "XX") {
			m.Timex = TimexDay(m.Future.Start) + c.Timex()
		}
		return m, true
	}}
}

// betweenInstants is a range of datetimes; a date among them counts from its midnight.
func betweenInstants(from, to *Expr) *Expr {
	if from == nil || to == nil {
		return nil
	}
	return &Expr{Type: value.DateTimeRange, At: func(ref time.Time) (Meaning, bool) {
		a, ok := from.At(ref)
		b, ok2 := to.At(ref)
		if !ok || !ok2 || a.null() || b.null() {
			return Meaning{}, false
		}
		m := orderEnds(a, b)
		if m.Future.End.Before(m.Future.Start) || m.Past.End.Before(m.Past.Start) {
			return m, false
		}
		m.AmPm = a.AmPm && b.AmPm
		length := func(s Span) string { return clockLength(int(s.End.Unix() - s.Start.Unix())).Timex() }
		m.Timex = TimexRange(a.Timex, b.Timex, length(m.Future))
		m.setPastTimex(TimexRange(a.pastTimex(), b.pastTimex(), length(m.Past)))
		return m, true
	}}
}
