package routing_test

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	cfg := mustConfig(t, `
zone: Asia/Shanghai
hours:
  day: {week: {mon-fri: "09:00-12:00,13:30-18:00"}, days: [{date: 2026-10-01, to: 2026-10-07}, {date: 2026-10-10, open: "10:00-16:00"}]}
  night: {week: {mon-sun: "22:00-06:00"}, zone: Europe/Berlin}
  never: {}
queues: [{name: day, hours: day}, {name: night, hours: night}, {name: never, hours: never}, {name: always}]
`)
	cases := []struct {
		queue, at string
		open      bool
		opens     string // "" = never
	}{
		{"day", "2026-11-23T09:00:00+08:00", true, "2026-11-23T09:00:00+08:00"},
		{"day", "2026-11-23T12:00:00+08:00", false, "2026-11-23T13:30:00+08:00"},
		{"day", "2026-11-23T01:00:00Z", true, "2026-11-23T09:00:00+08:00"},
		{"day", "2026-11-20T18:00:00+08:00", false, "2026-11-23T09:00:00+08:00"}, // Friday evening
		{"day", "2026-09-30T18:00:00+08:00", false, "2026-10-08T09:00:00+08:00"}, // holidays
		{"day", "2026-10-10T11:00:00+08:00", true, "2026-10-10T11:00:00+08:00"},  // a Saturday that is worked
		{"night", "2026-11-23T23:00:00+01:00", true, "2026-11-23T23:00:00+01:00"},
		{"night", "2026-11-24T05:59:59+01:00", true, "2026-11-24T05:59:59+01:00"},
		{"night", "2026-11-24T06:00:00+01:00", false, "2026-11-24T22:00:00+01:00"},
		{"night", "2026-03-29T05:30:00+02:00", true, "2026-03-29T05:30:00+02:00"}, // the night when clocks go forward
		{"never", "2026-11-23T09:00:00+08:00", false, ""},
		{"always", "2026-11-23T03:00:00+08:00", true, "2026-11-23T03:00:00+08:00"},
	}
	for _, tc := range cases {
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		q := cfg.Queue(tc.queue)
		if got := q.Open(at); got != tc.open {
			t.Errorf("%s at %s: open %v", tc.queue, tc.at, got)
		}
		opens, ok := q.Opens(at)
		if !ok && tc.opens == "" {
			continue
		}
		want, err := time.Parse(time.RFC3339, tc.opens)
		if err != nil || !opens.Equal(want) {
			t.Errorf("%s at %s: opens %v, want %s", tc.queue, tc.at, opens, tc.opens)
		}
	}
}

// TestHoursChange walks over a year: between two changes nothing changes.
func TestHoursChange(t *testing.T) {
	cfg := mustConfig(t, `
hours: {odd: {zone: America/New_York, week: {mon: "00:00-24:00", wed-sun: "08:15-12:00,20:00-03:00"}, days: [{date: 2026-07-03, to: 2026-07-06, open: "23:00-01:00"}]}}
queues: [{name: q, hours: odd}]
`)
	h := cfg.Queue("q").Hours
	at := noon
	for at.Before(noon.AddDate(1, 0, 0)) {
		next, ok := h.Changes(at)
		if !ok || !next.After(at) {
			t.Fatalf("after %v: %v, %v", at, next, ok)
		}
		for probe := at; probe.Before(next); probe = probe.Add(17 * time.Minute) {
			if h.Open(probe) != h.Open(at) {
				t.Fatalf("at %v it is open %v, but nothing changes between %v and %v", probe, h.Open(probe), at, next)
			}
		}
		at = next
	}
}

// TestHolidays goes through a spring festival: closed days, one with short hours, weekend days worked in exchange, an exception over the holiday.
func TestHolidays(t *testing.T) {
	cfg := mustConfig(t, `
zone: Asia/Shanghai
holidays:
  - {date: 2027-02-05, to: 2027-02-11, name: 春节}
  - {date: 2027-02-12, open: "10:00-16:00"}
  - {date: 2027-02-14, as: fri, name: 调休}
hours:
  office: {week: {mon-thu: "09:00-18:00", fri: "09:00-17:00"}, days: [{date: 2027-02-10, open: "11:00-12:00", name: on call}]}
  own: {week: {mon-fri: "09:00-18:00"}, holidays: [{date: 2027-02-08}, {date: 2027-02-13, as: mon}]}
  all: {week: {mon-sun: "00:00-24:00"}, holidays: []}
queues: [{name: office, hours: office}, {name: own, hours: own}, {name: all, hours: all}]
`)
	for _, tc := range []struct {
		queue, at string
		open      bool
		opens     string
	}{
		{"office", "2027-02-04T17:59:00+08:00", true, "2027-02-04T17:59:00+08:00"},
		{"office", "2027-02-04T18:00:00+08:00", false, "2027-02-10T11:00:00+08:00"}, // days wins over the holiday
		{"office", "2027-02-10T12:00:00+08:00", false, "2027-02-12T10:00:00+08:00"},
		{"office", "2027-02-12T16:30:00+08:00", false, "2027-02-14T09:00:00+08:00"}, // a Sunday worked like a Friday
		{"office", "2027-02-14T16:59:00+08:00", true, "2027-02-14T16:59:00+08:00"},
		{"office", "2027-02-14T17:00:00+08:00", false, "2027-02-15T09:00:00+08:00"},
		{"own", "2027-02-05T10:00:00+08:00", true, "2027-02-05T10:00:00+08:00"}, // its own calendar, not that of the file
		{"own", "2027-02-08T10:00:00+08:00", false, "2027-02-09T09:00:00+08:00"},
		{"own", "2027-02-13T10:00:00+08:00", true, "2027-02-13T10:00:00+08:00"},
		{"all", "2027-02-06T10:00:00+08:00", true, "2027-02-06T10:00:00+08:00"},
	} {
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		q := cfg.Queue(tc.queue)
		want, err := time.Parse(time.RFC3339, tc.opens)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := q.Opens(at); q.Open(at) != tc.open || !ok || !got.Equal(want) {
			t.Errorf("%s at %s: open %v, opens %v; want %v, %s", tc.queue, tc.at, q.Open(at), got, tc.open, tc.opens)
		}
	}
}
