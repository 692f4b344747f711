package routing

import (
	"fmt"
	"time"
)

// Hours are the times at which people work, in a zone, with exceptions on dates.
type Hours struct {
	Name string
	Zone *time.Location
	Week [7][]Span       // by time.Weekday
	Days map[Date][]Span // instead of Week: holidays, swapped days, exceptions; an empty list is closed
}

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String writes the date as 2026-10-01.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Span is a part of a day, half-open, in minutes from midnight by the clock on the wall. To may exceed 24·60: a shift that ends on the
// next day.
type Span struct{ From, To int }

const minutesADay = 24 * 60

// DateOf returns the date of t in its zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// spans returns the working times that begin on the date.
func (h *Hours) spans(d Date) []Span {
	if s, ok := h.Days[d]; ok {
		return s
	}
	return h.Week[time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()]
}

// at returns the instant of a minute of a day by the clock on the wall.
func (h *Hours) at(d Date, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, h.Zone)
}

func (d Date) plus(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 12, 0, 0, 0, time.UTC))
}

// Open tells whether people work at that moment.
func (h *Hours) Open(at time.Time) bool {
	today := DateOf(at.In(h.Zone))
	for _, d := range [2]Date{today.plus(-1), today} { // a night shift of the day before may still run
		for _, s := range h.spans(d) {
			if !at.Before(h.at(d, s.From)) && at.Before(h.at(d, s.To)) {
				return true
			}
		}
	}
	return false
}

// horizon is how many days Opens and Changes look ahead.
const horizon = 2 * 366

// Opens returns when people work again, at itself when they do; false when not within two years.
func (h *Hours) Opens(at time.Time) (time.Time, bool) {
	if h.Open(at) {
		return at, true
	}
	return h.next(at, func(s Span) int { return s.From })
}

// Changes returns the next moment after at at which the hours begin or end; false when not within two years.
func (h *Hours) Changes(at time.Time) (time.Time, bool) {
	from, ok := h.next(at, func(s Span) int { return s.From })
	to, also := h.next(at, func(s Span) int { return s.To })
	if !ok || also && to.Before(from) {
		return to, also
	}
	return from, ok
}

// next returns the first edge after at.
func (h *Hours) next(at time.Time, edge func(Span) int) (time.Time, bool) {
	day := DateOf(at.In(h.Zone)).plus(-1)
	for range horizon {
		if t, ok := h.first(day, at, edge); ok {
			if earlier, also := h.first(day.plus(1), at, edge); also && earlier.Before(t) { // a night shift reaches into the next day
				t = earlier
			}
			return t, true
		}
		day = day.plus(1)
	}
	return time.Time{}, false
}

// first returns the first edge after at of the spans that begin on the day.
func (h *Hours) first(day Date, at time.Time, edge func(Span) int) (time.Time, bool) {
	var found time.Time
	for _, s := range h.spans(day) {
		if t := h.at(day, edge(s)); t.After(at) && (found.IsZero() || t.Before(found)) {
			found = t
		}
	}
	return found, !found.IsZero()
}
