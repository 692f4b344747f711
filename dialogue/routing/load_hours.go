package routing

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue/internal/strict"
)

// fileHours are hours in YAML: by day of the week, and by date.
type fileHours struct {
	Zone string            `yaml:"zone"`
	Week map[string]string `yaml:"week"` // mon, tue … or mon-fri: "09:00-12:00,13:30-18:00"; a day that is missing is closed
	Days []fileDay         `yaml:"days"` // exceptions, over holidays too
	// Holidays are those of these hours; nil = those of the file. An empty list has none.
	Holidays []fileHoliday `yaml:"holidays"`
}

type fileDay struct {
	Date string `yaml:"date"` // 2026-10-01
	To   string `yaml:"to"`   // last day, included; empty = Date
	Open string `yaml:"open"` // empty = closed
	Name string `yaml:"name"` // for people, e.g. 国庆节
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (l *loader) hours() map[string]*Hours {
	out := map[string]*Hours{}
	shared := l.calendar(strict.Path("holidays"), l.raw.Holidays)
	for _, name := range slices.Sorted(maps.Keys(l.raw.Hours)) {
		raw := l.raw.Hours[name]
		h := &Hours{Name: name, Zone: l.zone(strict.Path("hours", name, "zone"), raw.Zone, l.cfg.Zone), Days: map[Date][]Span{}}
		for _, key := range slices.Sorted(maps.Keys(raw.Week)) {
			at := strict.Path("hours", name, "week", key)
			days, ok := daysOf(key)
			if !ok {
				l.Addf(at, "is no day: write mon, tue, wed, thu, fri, sat, sun, or from-to such as mon-fri")
				continue
			}
			spans := l.spans(at, raw.Week[key])
			for _, d := range days {
				if h.Week[d] != nil {
					l.Addf(at, "%s is given twice", weekdays[d])
				}
				h.Week[d] = spans
			}
		}
		for i := range raw.Days {
			l.day(strict.Path("hours", name, "days", i), &raw.Days[i], h)
		}
		l.holidays(h, shared)
		out[name] = h
	}
	return out
}

// day adds an exception, over one or several dates.
func (l *loader) day(at []any, raw *fileDay, h *Hours) {
	dates := l.dates(at, raw.Date, raw.To)
	spans := l.spans(append(at, "open"), raw.Open)
	for _, d := range dates {
		if _, twice := h.Days[d]; twice {
			l.Addf(append(at, "date"), "%s is given twice", d)
		}
		h.Days[d] = spans
	}
}

// dates reads one date, or the dates from the first to the last.
func (l *loader) dates(at []any, first, last string) (out []Date) {
	from, err := time.Parse(time.DateOnly, first)
	if err != nil {
		l.Addf(append(at, "date"), "%q is no date: write e.g. 2026-10-01", first)
		return nil
	}
	to := from
	if last != "" {
		if to, err = time.Parse(time.DateOnly, last); err != nil || to.Before(from) || to.Sub(from) > 366*24*time.Hour {
			l.Addf(append(at, "to"), "%q is no date on or after %s, within a year", last, first)
			return nil
		}
	}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		out = append(out, DateOf(d))
	}
	return out
}

// daysOf reads "mon" and "mon-fri".
func daysOf(key string) ([]time.Weekday, bool) {
	a, b, is := strings.Cut(key, "-")
	if !is {
		b = a
	}
	from, to := slices.Index(weekdays, a), slices.Index(weekdays, b)
	if from < 0 || to < 0 {
		return nil, false
	}
	var out []time.Weekday
	for d := from; ; d = (d + 1) % 7 {
		if out = append(out, time.Weekday(d)); d == to {
			return out, true
		}
	}
}

var spanForm = regexp.MustCompile(`^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$`)

// spans reads "09:00-12:00,13:30-18:00"; never nil, so that a closed day differs from one that is not given.
func (l *loader) spans(at []any, text string) []Span {
	out := []Span{}
	if strings.TrimSpace(text) == "" {
		return out
	}
	for part := range strings.SplitSeq(text, ",") {
		s, err := parseSpan(strings.TrimSpace(part))
		if err != nil {
			l.Addf(at, "%v", err)
			continue
		}
		if len(out) > 0 && s.From < out[len(out)-1].To {
			l.Addf(at, "%q begins before the time before it ends: write the times of a day in order", part)
		}
		out = append(out, s)
	}
	return out
}

// parseSpan reads "09:00-18:00"; "22:00-06:00" ends on the next day.
func parseSpan(text string) (Span, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return Span{}, fmt.Errorf("%q is no time of the day: write e.g. 09:00-18:00", text)
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits only, see spanForm
	}
	if n[0] > 23 || n[2] > 24 || n[1] > 59 || n[3] > 59 || n[2] == 24 && n[3] > 0 {
		return Span{}, fmt.Errorf("%q is no time of the day: want 00:00 to 24:00", text)
	}
	s := Span{n[0]*60 + n[1], n[2]*60 + n[3]}
	if s.To == s.From {
		return Span{}, fmt.Errorf("%q is empty: for the whole day write 00:00-24:00", text)
	}
	if s.To < s.From {
		s.To += minutesADay
	}
	return s, nil
}
