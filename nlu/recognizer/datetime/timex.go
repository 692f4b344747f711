package datetime

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// TimexDate writes a date; 0 stands for what is open: "XXXX-10-01", "XXXX-XX-15".
func TimexDate(year, month, day int) string {
	b := make([]byte, 0, 10)
	b = appendOpen(b, year, 4)
	b = append(b, '-')
	b = appendOpen(b, month, 2)
	b = append(b, '-')
	return string(appendOpen(b, day, 2))
}

// TimexMonth writes a month: "2016-10", "XXXX-10".
func TimexMonth(year, month int) string {
	return string(appendOpen(append(appendOpen(nil, year, 4), '-'), month, 2))
}

// TimexYear writes a year: "2016".
func TimexYear(year int) string { return string(appendOpen(nil, year, 4)) }

// TimexDay writes the day of an instant: "2016-11-07".
func TimexDay(t time.Time) string { return TimexDate(t.Year(), int(t.Month()), t.Day()) }

// TimexWeekday writes any Monday (1) … Sunday (7): "XXXX-WXX-1".
func TimexWeekday(weekday int) string { return "XXXX-WXX-" + strconv.Itoa(weekday) }

// TimexWeek writes the ISO week of a day: "2016-W45".
func TimexWeek(t time.Time) string {
	y, w := t.ISOWeek()
	return string(appendOpen(append(appendOpen(nil, y, 4), "-W"...), w, 2))
}

// TimexInstant writes day and clock: "2016-11-07T14:30:00".
func TimexInstant(t time.Time) string { return TimexDay(t) + timexClock(t) }

func timexClock(t time.Time) string {
	return Clock{Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Precision: Second}.Timex()
}

// TimexRange writes a range with its length: "(2016-11-07,2016-11-14,P7D)".
func TimexRange(from, to, length string) string { return "(" + from + "," + to + "," + length + ")" }

// TimexRangeDays is [TimexRange] with the length in days.
func TimexRangeDays(from, to string, n int) string {
	return TimexRange(from, to, "P"+strconv.Itoa(n)+"D")
}

func appendOpen(b []byte, v, width int) []byte {
	if v <= 0 {
		return append(b, "XXXX"[:width]...)
	}
	s := strconv.Itoa(v)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// toPm moves each clock of a timex by twelve hours: "T08:30" → "T20:30", "T12" → "T00", "(T05,T06,PT1H)" → "(T17,T18,PT1H)".
func toPm(timex string) string {
	b := []byte(timex)
	for i := 0; i+2 < len(b); i++ {
		if b[i] != 'T' || !isDigit(b[i+1]) || !isDigit(b[i+2]) || i > 0 && b[i-1] == 'P' {
			continue
		}
		h := int(b[i+1]-'0')*10 + int(b[i+2]-'0')
		if h = h + 12; h >= 24 {
			h -= 24
		}
		b[i+1], b[i+2] = byte('0'+h/10), byte('0'+h%10)
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Unit is a unit of length of time.
type Unit byte

// The units; Timex writes months and minutes with the same letter.
const (
	Year        Unit = 'Y'
	Month       Unit = 'M'
	Week        Unit = 'W'
	Day         Unit = 'D' // a day
	BusinessDay Unit = 'B' // Monday to Friday
	Weekend     Unit = 'E'
	Hour        Unit = 'h'
	Minute      Unit = 'm'
	Second      Unit = 's'
)

var unitSeconds = map[Unit]float64{Year: 365 * 86400, Month: 30 * 86400, Week: 7 * 86400, Day: 86400, BusinessDay: 86400,
	Weekend: 2 * 86400, Hour: 3600, Minute: 60, Second: 1}

// Term is so many of a unit.
type Term struct {
	N    float64
	Unit Unit
}

// Length is a length of time in calendar terms: 1 year 2 months. Largest unit first once made by [NewLength].
type Length []Term

// NewLength puts terms in order, and those of the same unit into one.
func NewLength(terms ...Term) Length {
	var l Length
	for _, u := range []byte("YMWDBEhms") {
		n, has := 0.0, false
		for _, t := range terms {
			if t.Unit == Unit(u) {
				n, has = n+t.N, true
			}
		}
		if has {
			l = append(l, Term{n, Unit(u)})
		}
	}
	return l
}

// Timex writes it: "P1Y2M", "PT1.5H", "P5BD", "P1WE".
func (l Length) Timex() string {
	var b strings.Builder
	b.WriteByte('P')
	clock := false
	for _, t := range l {
		if !clock && (t.Unit == Hour || t.Unit == Minute || t.Unit == Second) {
			clock = true
			b.WriteByte('T')
		}
		b.WriteString(strconv.FormatFloat(t.N, 'f', -1, 64))
		switch t.Unit {
		case BusinessDay:
			b.WriteString("BD")
		case Weekend:
			b.WriteString("WE")
		default:
			b.WriteByte(byte(t.Unit) &^ 0x20)
		}
	}
	return b.String()
}

// Seconds counts a year as 365 days and a month as 30.
func (l Length) Seconds() float64 {
	s := 0.0
	for _, t := range l {
		s += t.N * unitSeconds[t.Unit]
	}
	return s
}

// HasClock tells whether it has hours, minutes or seconds.
func (l Length) HasClock() bool {
	for _, t := range l {
		if t.Unit == Hour || t.Unit == Minute || t.Unit == Second {
			return true
		}
	}
	return false
}

// maxSpan bounds what may be added, so that years stay within what a timex can hold.
const maxSpan = 9000 * 365 * 86400

// Add moves t by sign × length; false if that leads out of the years 1 to 9999. Broken months and years count in days.
func (l Length) Add(t time.Time, sign int) (time.Time, bool) {
	if math.Abs(l.Seconds()) > maxSpan {
		return t, false
	}
	for _, term := range l {
		n := term.N * float64(sign)
		whole, part := math.Modf(n)
		switch term.Unit {
		case Year:
			t = AddMonths(t, int(whole)*12+int(math.Round(part*12)))
		case Month:
			t = AddMonths(t, int(whole)).AddDate(0, 0, int(math.Round(part*30)))
		case BusinessDay:
			t = AddBusinessDays(t, int(whole))
		case Week, Day, Weekend:
			d := 1.0
			if term.Unit == Week || term.Unit == Weekend {
				d = 7
			}
			whole, part = math.Modf(n * d)
			t = t.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round(part*86400)) * time.Second)
		default:
			t = t.Add(time.Duration(math.Round(n*unitSeconds[term.Unit])) * time.Second)
		}
	}
	return t, t.Year() >= 1 && t.Year() <= 9999
}

// String is for messages of tests.
func (l Length) String() string { return fmt.Sprintf("%s (%gs)", l.Timex(), l.Seconds()) }
