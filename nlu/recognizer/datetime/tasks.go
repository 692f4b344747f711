package datetime

import (
	"slices"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// A list of things to do holds points of time to come: parts of the day are when they begin, a time that is over by now is tomorrow's, what
// recurs has a next time.

// taskParts are the hours of the parts of the day for a list of things to do.
var taskParts = map[string][2]int{
	"TMO": {6, 6}, "TAF": {12, 12}, "TEV": {18, 18}, "TNI": {21, 21}, "TDT": {16, 16},
	"TMEB": {6, 9}, "TMER": {9, 11}, "TMEL": {11, 13}, "TMED": {18, 21},
}

// taskDropped are categories of words that are no time for a task: seasons, quarters and the like.
var taskDropped = []string{"quarter.range", "season", "decade", "century"}

// isTask tells whether a phrase is a time for a task.
func isTask(n *grammar.Node, text string) bool {
	if slices.Contains(taskDropped, n.Category) {
		return false
	}
	if n.Category == "year.name" || n.Category == "year" || n.Category == "end.long" {
		if first := text[n.Start]; isDigit(first) || n.Category == "year.name" && !strings.Contains(text[n.Start:n.End], "year") {
			return n.Category == "year" // beside a month or after the word "year" it is fine
		}
	}
	for _, k := range n.Kids {
		if !isTask(k, text) {
			return false
		}
	}
	return true
}

// resolveTask is [Expr.Resolve] for a list of things to do.
func (e *Expr) resolveTask(ref time.Time) (value.DateTime, bool) {
	switch e.Type {
	case value.Date, value.DateAndTime:
		return e.Resolve(Midnight(ref)) // today is still to come
	case value.Set:
		return e.resolveTaskSet(ref)
	}
	v, ok := e.Resolve(ref)
	if !ok {
		return v, false
	}
	over := v.Type == value.Time || v.Type == value.TimeRange
	for i := range v.Readings {
		r := &v.Readings[i]
		beginPart(r)
		over = over && (r.Mod == "" || r.Mod == "start" || r.Mod == "end") && r.Start.Before(ref)
	}
	if !over {
		return v, true
	}
	for i := range v.Readings {
		tomorrow(&v.Readings[i])
	}
	if v.Type == value.Time {
		v.Type = value.DateAndTime
	} else {
		v.Type = value.DateTimeRange
	}
	return v, true
}

// partName is the part of the day in which a TIMEX ends: "TMO" of "2016-11-07TMO".
func partName(timex string) string {
	if i := strings.IndexByte(timex, 'T'); i >= 0 && i+1 < len(timex) && 'A' <= timex[i+1] && timex[i+1] <= 'Z' {
		return timex[i:]
	}
	return ""
}

// beginPart puts the part of the day of a reading to the hours at which a task is due.
func beginPart(r *value.Reading) {
	hours, ok := taskParts[partName(r.Timex)]
	if !ok {
		return
	}
	if r.Mod == "start" {
		hours[1] = hours[0] + 2
	}
	at := func(t time.Time, hour int) time.Time {
		if t.IsZero() {
			return t
		}
		return Clock{Hour: hour}.On(t)
	}
	switch {
	case r.Start.IsZero():
		r.End = at(r.End, hours[0])
	case r.End.IsZero():
		r.Start = at(r.Start, hours[1])
	default:
		r.Start, r.End = at(r.Start, hours[0]), at(r.Start, hours[1])
	}
}

// tomorrow moves a reading of today to the next day.
func tomorrow(r *value.Reading) {
	clock := func(t time.Time) string {
		c := Clock{Hour: t.Hour(), Minute: t.Minute()}
		if c.Minute > 0 {
			c.Precision = Minute
		}
		return TimexDay(t) + c.Timex()
	}
	part := partName(r.Timex)
	r.Start = r.Start.AddDate(0, 0, 1)
	if r.End.IsZero() {
		r.Timex = clock(r.Start)
		return
	}
	r.End = r.End.AddDate(0, 0, 1)
	if r.End.Before(r.Start) {
		r.End = r.End.AddDate(0, 0, 1)
	}
	if part != "" {
		r.Timex = TimexDay(r.Start) + part
		return
	}
	r.Timex = TimexRange(clock(r.Start), clock(r.End), clockLength(int(r.End.Sub(r.Start)/time.Second)).Timex())
}

// resolveTaskSet says when a set happens next.
func (e *Expr) resolveTaskSet(ref time.Time) (value.DateTime, bool) {
	v, ok := e.Resolve(ref)
	if !ok {
		return v, false
	}
	for i := range v.Readings {
		r := &v.Readings[i]
		r.Start = Midnight(ref)
		day, clock, timed := strings.Cut(r.Timex, "T")
		if timed && day == "P1WD" { // working days at nine
			if n := Weekday(ref); n > 5 {
				r.Start = r.Start.AddDate(0, 0, 8-n)
			}
			r.Start = taskClock("T" + clock).On(r.Start)
			r.Timex = "T" + clock + day
			continue
		}
		if strings.HasPrefix(r.Timex, "P") { // every two days: from today on
			if strings.HasSuffix(r.Timex, "WE") {
				r.Start = WeekStart(ref).AddDate(0, 0, 6)
			}
			continue
		}
		interval := "P1D"
		if d, ok := strings.CutPrefix(day, "XXXX-WXX-"); ok && d != "" && isDigit(d[0]) {
			r.Start, interval = r.Start.AddDate(0, 0, (int(d[0]-'0')-Weekday(ref)+7)%7), "P1W"
		}
		if timed {
			r.Start = taskClock("T" + clock).On(r.Start)
		}
		r.Timex += interval
	}
	return v, true
}

// taskClock is the time of day that a TIMEX writes: "T06", "T06:30", "TNI".
func taskClock(timex string) Clock {
	if hours, ok := taskParts[timex]; ok {
		return Clock{Hour: hours[0]}
	}
	for _, layout := range []string{"T15", "T15:04", "T15:04:05"} {
		if t, err := time.Parse(layout, timex); err == nil {
			return Clock{Hour: t.Hour(), Minute: t.Minute(), Second: t.Second()}
		}
	}
	return Clock{}
}
