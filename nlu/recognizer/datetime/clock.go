package datetime

import (
	"strconv"
	"time"

	"yingda/nlu/recognizer/value"
)

// Clock is a time of day as stated.
type Clock struct {
	Hour, Minute, Second int
	// Precision is the smallest unit stated: [Hour] writes T08, [Minute] T08:30, [Second] T08:30:15. Zero is Hour.
	Precision Unit
	// AmPm tells that it may be twelve hours later as well: "8:30". Then Hour is 1 to 12 as written.
	AmPm bool
}

// Timex writes it: "T08:30".
func (c Clock) Timex() string {
	b := append(make([]byte, 0, 9), 'T')
	b = appendTwo(b, c.Hour)
	if c.Precision == Minute || c.Precision == Second {
		b = appendTwo(append(b, ':'), c.Minute)
	}
	if c.Precision == Second {
		b = appendTwo(append(b, ':'), c.Second)
	}
	return string(b)
}

func appendTwo(b []byte, v int) []byte {
	if v < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(v), 10)
}

// On is that time on a day. 24:00 is the begin of the next day.
func (c Clock) On(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, c.Hour, c.Minute, c.Second, 0, day.Location())
}

// Seconds since midnight.
func (c Clock) Seconds() int { return c.Hour*3600 + c.Minute*60 + c.Second }

// Pm is the clock in the second half of the day, Am in the first; neither is open any longer.
func (c Clock) Pm() Clock {
	if c.AmPm = false; c.Hour < 12 {
		c.Hour += 12
	}
	return c
}

// Am is the clock in the first half of the day.
func (c Clock) Am() Clock {
	if c.AmPm = false; c.Hour == 12 {
		c.Hour = 0
	}
	return c
}

// OnClock is a time of day by itself (type time). Its day is that of the reference.
func OnClock(c Clock) *Expr {
	return &Expr{Type: value.Time, Clock: &c, At: func(ref time.Time) (Meaning, bool) {
		s := Span{Start: c.On(ref)}
		return Meaning{Timex: c.Timex(), Past: s, Future: s, AmPm: c.AmPm}, true
	}}
}

// BetweenClocks is a range of clock times (type timerange); one that ends before it begins ends on the next day. Where both
// leave the half of the day open, both may be twelve hours later.
func BetweenClocks(from, to Clock) *Expr {
	seconds := to.Seconds() - from.Seconds()
	if seconds <= 0 {
		seconds += 24 * 3600
	}
	timex := TimexRange(from.Timex(), to.Timex(), clockLength(seconds).Timex())
	return &Expr{Type: value.TimeRange, At: func(ref time.Time) (Meaning, bool) {
		start := from.On(ref)
		s := Span{start, start.Add(time.Duration(seconds) * time.Second)}
		return Meaning{Timex: timex, Past: s, Future: s, AmPm: from.AmPm && to.AmPm}, true
	}}
}

// clockLength writes seconds as hours, minutes and seconds.
func clockLength(seconds int) Length {
	var l Length
	for _, t := range []Term{{float64(seconds / 3600), Hour}, {float64(seconds / 60 % 60), Minute}, {float64(seconds % 60), Second}} {
		if t.N != 0 {
			l = append(l, t)
		}
	}
	if l == nil {
		l = Length{{0, Hour}}
	}
	return l
}

// dayParts are the parts of the day that a timex can name, in seconds since midnight.
var dayParts = map[string][2]Clock{
	"TDA":  {{Hour: 4}, {Hour: 8}},
	"TMO":  {{Hour: 8}, {Hour: 12}},
	"TMI":  {{Hour: 11}, {Hour: 13}},
	"TAF":  {{Hour: 12}, {Hour: 16}},
	"TEV":  {{Hour: 16}, {Hour: 20}},
	"TDT":  {{Hour: 8}, {Hour: 18}},
	"TNI":  {{Hour: 20}, {Hour: 23, Minute: 59, Second: 59}},
	"TMEB": {{Hour: 8}, {Hour: 12}}, "TMER": {{Hour: 8}, {Hour: 12}},
	"TMEL": {{Hour: 11}, {Hour: 13}},
	"TMED": {{Hour: 16}, {Hour: 20}},
}

// InDayPart is a part of the day by its timex name (type timerange): TMO morning, TAF afternoon, TEV evening, TNI night, TDT daytime,
// TMEB, TMEL, TMED breakfast, lunch, dinner time. Nil for any other name.
func InDayPart(name string) *Expr {
	p, ok := dayParts[name]
	if !ok {
		return nil
	}
	return DayPart(name, p[0], p[1])
}

// DayPart is a part of the day with its own name and bounds, for words that the table of [InDayPart] does not have.
func DayPart(name string, from, to Clock) *Expr {
	return fixed(value.TimeRange, func(ref time.Time) (string, Span) { return name, Span{from.On(ref), to.On(ref)} })
}
