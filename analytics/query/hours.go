package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a time of a week at which people work: [From, To) from midnight, To at most 24 h.
type Span struct {
	Day      time.Weekday
	From, To time.Duration
	// Date makes it a time of that date alone, as 2027-02-05, in the place of what the week has for its day: a holiday, or a day that is worked in
	// exchange for one. Day is that of the date. From and To of 0 mean that it is closed.
	Date string
}

// Hours are weekly opening hours by the clock on the operator's wall, with exceptions on dates. None means that it is always open. Spans of one day
// must not overlap.
type Hours []Span

// The most spans of a week, and of dates: each is a term of the queries.
const (
	maxWeekly = 50
	maxDated  = 120
)

// Validate tells what is wrong with the hours. Errors: *FilterError.
func (h Hours) Validate() error {
	dated := 0
	for i, s := range h {
		if s.Day < time.Sunday || s.Day > time.Saturday || s.From < 0 || s.To > 24*time.Hour || s.From >= s.To && !s.closed() {
			return &FilterError{"hours", fmt.Sprintf("has the span %s%s %s–%s, which is not within one day", s.Date, s.Day, s.From, s.To)}
		}
		if s.Date != "" {
			dated++
			if d, err := time.Parse(time.DateOnly, s.Date); err != nil || d.Weekday() != s.Day || d.Year() < 1970 || d.Year() > 2200 {
				return &FilterError{"hours", fmt.Sprintf("has the date %q, which is none from 1970 to 2200, or no %s", s.Date, s.Day)}
			}
		}
		for _, other := range h[:i] {
			if other.Date != s.Date || other.Day != s.Day {
				continue
			}
			if other.From < s.To && s.From < other.To || other.closed() || s.closed() {
				return &FilterError{"hours", fmt.Sprintf("has spans on %s%s that overlap", s.Date, s.Day)}
			}
		}
	}
	if dated > maxDated || len(h)-dated > maxWeekly {
		return &FilterError{"hours", fmt.Sprintf("has more than %d spans of the week or %d of dates", maxWeekly, maxDated)}
	}
	return nil
}

// closed tells whether the span says that nobody works on its date.
func (s Span) closed() bool { return s.Date != "" && s.From == 0 && s.To == 0 }

// ParseHours reads opening hours such as "mon-fri 09:00-18:00, sat 10:00-16:00", with holidays and days worked in exchange such as
// "2027-02-05..2027-02-11 closed, 2027-02-12 10:00-16:00, 2027-02-20 as fri". An empty text means always open.
func ParseHours(text string) (Hours, error) {
	var hours Hours
	var dates [][]string // once the week is known
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		fields := strings.Fields(part)
		if len(fields) < 2 {
			return nil, &FilterError{"hours", fmt.Sprintf("has %q: want days and times such as mon-fri 09:00-18:00", strings.TrimSpace(part))}
		}
		if fields[0] != "" && fields[0][0] >= '0' && fields[0][0] <= '9' {
			dates = append(dates, fields)
			continue
		}
		if len(fields) != 2 {
			return nil, &FilterError{"hours", fmt.Sprintf("has %q: want days and times such as mon-fri 09:00-18:00", strings.TrimSpace(part))}
		}
		first, last, err := parsePair(fields[0], parseDay)
		if err != nil {
			return nil, err
		}
		from, to, err := parsePair(fields[1], parseClock)
		if err != nil {
			return nil, err
		}
		for d := first; ; d = (d + 1) % 7 {
			hours = append(hours, Span{Day: time.Weekday(d), From: time.Duration(from) * time.Minute, To: time.Duration(to) * time.Minute})
			if d == last {
				break
			}
		}
	}
	week := hours
	for _, fields := range dates {
		spans, err := parseDates(fields, week)
		if err != nil {
			return nil, err
		}
		if hours = append(hours[:len(hours):len(hours)], spans...); len(hours) > maxWeekly+maxDated {
			break // said by Validate
		}
	}
	return hours, hours.Validate()
}

// parseDates reads "2027-02-05..2027-02-11 closed", "2027-02-12 10:00-16:00" and "2027-02-20 as fri".
func parseDates(fields []string, week Hours) (out Hours, err error) {
	text := strings.Join(fields, " ")
	first, last, two := strings.Cut(fields[0], "..")
	if !two {
		last = first
	}
	from, err := time.Parse(time.DateOnly, first)
	to, err2 := time.Parse(time.DateOnly, last)
	if err != nil || err2 != nil || to.Before(from) || to.Sub(from) > maxDated*24*time.Hour {
		return nil, &FilterError{"hours", fmt.Sprintf("has %q: want a date such as 2027-02-05, or 2027-02-05..2027-02-11, at most %d days", text, maxDated)}
	}
	spans, err := parseTimes(fields[1:], text, week)
	if err != nil {
		return nil, err
	}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		for _, s := range spans {
			out = append(out, Span{d.Weekday(), s.From, s.To, d.Format(time.DateOnly)})
		}
	}
	return out, nil
}

// parseTimes reads what is said of dates: times, closed, or as a day of the week.
func parseTimes(fields []string, text string, week Hours) (out Hours, err error) {
	switch {
	case len(fields) == 1 && strings.EqualFold(fields[0], "closed"):
		return Hours{{}}, nil
	case len(fields) == 2 && strings.EqualFold(fields[0], "as"):
		day, err := parseDay(fields[1])
		if err != nil {
			return nil, err
		}
		for _, s := range week {
			if s.Day == time.Weekday(day) {
				out = append(out, s)
			}
		}
		if len(out) == 0 {
			return nil, &FilterError{"hours", fmt.Sprintf("has %q, but nobody works on %s", text, time.Weekday(day))}
		}
		return out, nil
	case len(fields) == 1:
		from, to, err := parsePair(fields[0], parseClock)
		return Hours{{From: time.Duration(from) * time.Minute, To: time.Duration(to) * time.Minute}}, err
	}
	return nil, &FilterError{"hours", fmt.Sprintf("has %q: want times, closed, or as fri after a date", text)}
}

func parsePair(text string, parse func(string) (int, error)) (a, b int, err error) {
	first, second, two := strings.Cut(text, "-")
	if !two {
		second = first
	}
	if a, err = parse(first); err != nil {
		return 0, 0, err
	}
	b, err = parse(second)
	return a, b, err
}

func parseDay(text string) (int, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(text, d.String()[:3]) {
			return int(d), nil
		}
	}
	return 0, &FilterError{"hours", fmt.Sprintf("has the day %q: want mon, tue, wed, thu, fri, sat or sun", text)}
}

func parseClock(text string) (int, error) {
	hour, minute, ok := strings.Cut(text, ":")
	h, err := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if !ok || err != nil || err2 != nil || h > 24 || m > 59 || h == 24 && m > 0 {
		return 0, &FilterError{"hours", fmt.Sprintf("has the time %q: want 00:00 to 24:00", text)}
	}
	return int(h*60 + m), nil
}
