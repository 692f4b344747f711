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
}

// Hours are weekly opening hours by the clock on the operator's wall. None means that it is always open. Holidays are not known to it. Spans of
// one day must not overlap.
type Hours []Span

// Validate tells what is wrong with the hours. Errors: *FilterError.
func (h Hours) Validate() error {
	if len(h) > 50 {
		return &FilterError{"hours", "has more than 50 spans"}
	}
	for i, s := range h {
		if s.Day < time.Sunday || s.Day > time.Saturday || s.From < 0 || s.To > 24*time.Hour || s.From >= s.To {
			return &FilterError{"hours", fmt.Sprintf("has the span %s %s–%s, which is not within one day", s.Day, s.From, s.To)}
		}
		for _, other := range h[:i] {
			if other.Day == s.Day && other.From < s.To && s.From < other.To {
				return &FilterError{"hours", fmt.Sprintf("has spans on %s that overlap", s.Day)}
			}
		}
	}
	return nil
}

// ParseHours reads opening hours such as "mon-fri 09:00-18:00, sat 10:00-16:00". An empty text means always open.
func ParseHours(text string) (Hours, error) {
	var hours Hours
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		fields := strings.Fields(part)
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
			hours = append(hours, Span{time.Weekday(d), time.Duration(from) * time.Minute, time.Duration(to) * time.Minute})
			if d == last {
				break
			}
		}
	}
	return hours, hours.Validate()
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
