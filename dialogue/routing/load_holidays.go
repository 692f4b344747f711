package routing

import (
	"slices"
	"strings"
	"time"

	"yingda/dialogue/internal/strict"
)

// fileHoliday is a public holiday, or a day that is worked in exchange for one.
type fileHoliday struct {
	Date string `yaml:"date"` // 2027-02-05
	To   string `yaml:"to"`   // last day, included; empty = Date
	Open string `yaml:"open"` // times at which people work nevertheless; empty = closed
	As   string `yaml:"as"`   // works like this day of the week, e.g. a Saturday that is swapped for a Friday: fri
	Name string `yaml:"name"` // for people, e.g. 春节
}

// holiday is one that was read.
type holiday struct {
	at    []any
	dates []Date
	spans []Span // unless like is set
	like  *time.Weekday
}

// calendar reads a list of holidays.
func (l *loader) calendar(at []any, list []fileHoliday) []holiday {
	var out []holiday
	seen := map[Date]bool{}
	for i := range list {
		raw := &list[i]
		h := holiday{at: slices.Concat(at, strict.Path(i))}
		h.dates = l.dates(h.at, raw.Date, raw.To)
		for _, d := range h.dates {
			if seen[d] {
				l.Addf(append(h.at, "date"), "%s is given twice", d)
			}
			seen[d] = true
		}
		h.spans = l.spans(append(h.at, "open"), raw.Open)
		if raw.As != "" {
			day := time.Weekday(slices.Index(weekdays, raw.As))
			switch {
			case day < 0:
				l.Addf(append(h.at, "as"), "%q is no day of the week: write one of %s", raw.As, strings.Join(weekdays, ", "))
			case len(h.spans) > 0:
				l.Addf(append(h.at, "open"), "stands beside as: give the times, or the day of the week whose times hold")
			}
			h.like = &day
		}
		out = append(out, h)
	}
	return out
}

// holidays puts a calendar over the week: the hours' own, else that of the file. What days has for a date stays.
func (l *loader) holidays(h *Hours, shared []holiday) {
	list := shared
	own := l.raw.Hours[h.Name].Holidays
	if own != nil {
		list = l.calendar(strict.Path("hours", h.Name, "holidays"), own)
	}
	over := map[Date][]Span{}
	for _, day := range list {
		spans := day.spans
		if day.like != nil && *day.like >= 0 {
			if spans = h.Week[*day.like]; own != nil && len(spans) == 0 {
				l.Addf(append(day.at, "as"), "nobody works on a %s: give the times under open", *day.like)
			}
		}
		for _, d := range day.dates {
			over[d] = spans
		}
	}
	for d, spans := range over {
		if _, exception := h.Days[d]; !exception {
			h.Days[d] = spans
		}
	}
}
