package proactive

import (
	"fmt"
	"time"
)

// Quiet are the hours in which nobody is disturbed, on the customer's clock. The zero value has none.
type Quiet struct {
	from, to int // minutes of the day; to is not quiet any more; from > to crosses midnight
}

// ParseQuiet reads ["21:30", "08:00"].
func ParseQuiet(hours []string) (Quiet, error) {
	if len(hours) != 2 {
		return Quiet{}, fmt.Errorf("want two times, e.g. [\"21:30\", \"08:00\"]")
	}
	var m [2]int
	for i, h := range hours {
		t, err := time.Parse("15:04", h)
		if err != nil {
			return Quiet{}, fmt.Errorf("%q is no time of the day; write e.g. \"21:30\", in quotes", h)
		}
		m[i] = t.Hour()*60 + t.Minute()
	}
	if m[0] == m[1] {
		return Quiet{}, fmt.Errorf("from %s to %s is either no time or all day; leave it out or narrow it", hours[0], hours[1])
	}
	return Quiet{m[0], m[1]}, nil
}

// Holds tells whether t, in its own zone, is quiet.
func (q Quiet) Holds(t time.Time) bool {
	m := t.Hour()*60 + t.Minute()
	if q.from <= q.to {
		return m >= q.from && m < q.to
	}
	return m >= q.from || m < q.to
}

// Next returns the first moment from t on that is not quiet, in t's zone. It looks at the clock on the wall minute by minute: on days on
// which clocks are changed a time of the day may come twice or not at all, and this is right in all cases.
func (q Quiet) Next(t time.Time) time.Time {
	for q.Holds(t) {
		t = t.Truncate(time.Minute).Add(time.Minute)
	}
	return t
}
