package datetime

import (
	"strings"
	"time"
)

// overnight moves the end of a range of datetimes to the next day: "(XXXX-WXX-1T23,XXXX-WXX-1T04,PT5H)" → "(…,XXXX-WXX-2T04,PT5H)".
func overnight(timex string) string {
	parts := strings.Split(timex, ",")
	if len(parts) != 3 || timex[0] != '(' {
		return timex
	}
	day, clock, ok := strings.Cut(parts[1], "T")
	if !ok {
		return timex
	}
	parts[1] = nextDay(day) + "T" + clock
	return strings.Join(parts, ",")
}

// nextDay writes the day after one that TIMEX writes, as far as it is stated.
func nextDay(day string) string {
	const weekday = "XXXX-WXX-"
	if d, ok := strings.CutPrefix(day, weekday); ok && len(d) == 1 && '1' <= d[0] && d[0] <= '7' {
		return weekday + string('1'+(d[0]-'0')%7)
	}
	for _, open := range []struct{ prefix, year string }{{"", ""}, {"XXXX-", "2001-"}, {"XXXX-XX-", "2001-01-"}} {
		rest, ok := strings.CutPrefix(day, open.prefix)
		if !ok {
			continue
		}
		if t, err := time.Parse(time.DateOnly, open.year+rest); err == nil {
			return open.prefix + t.AddDate(0, 0, 1).Format(time.DateOnly)[len(open.prefix):]
		}
	}
	return day
}
