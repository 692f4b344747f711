package proactive_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yingda/dialogue/proactive"
)

func mustZone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func TestQuiet(t *testing.T) {
	const form = "2006-01-02 15:04:05 -07:00"
	for _, tt := range []struct{ name, zone, from, to, at, want string }{
		{"by day", "Asia/Shanghai", "21:30", "08:30", "2026-11-23 12:00:00 +08:00", "2026-11-23 12:00:00 +08:00"},
		{"just before", "Asia/Shanghai", "21:30", "08:30", "2026-11-23 21:29:59 +08:00", "2026-11-23 21:29:59 +08:00"},
		{"begins", "Asia/Shanghai", "21:30", "08:30", "2026-11-23 21:30:00 +08:00", "2026-11-24 08:30:00 +08:00"},
		{"after midnight", "Asia/Shanghai", "21:30", "08:30", "2026-11-24 03:10:20 +08:00", "2026-11-24 08:30:00 +08:00"},
		{"ends", "Asia/Shanghai", "21:30", "08:30", "2026-11-24 08:30:00 +08:00", "2026-11-24 08:30:00 +08:00"},
		{"month ends", "Asia/Shanghai", "21:30", "08:30", "2026-12-31 23:00:00 +08:00", "2027-01-01 08:30:00 +08:00"},
		{"at noon", "Asia/Shanghai", "12:00", "14:00", "2026-11-23 13:00:00 +08:00", "2026-11-23 14:00:00 +08:00"},
		{"clock goes forward in the night", "Europe/Berlin", "22:00", "07:00", "2026-03-28 23:00:00 +01:00", "2026-03-29 07:00:00 +02:00"},
		{"clock goes back in the night", "Europe/Berlin", "22:00", "07:00", "2026-10-24 23:00:00 +02:00", "2026-10-25 07:00:00 +01:00"},
		{"the end does not exist", "Europe/Berlin", "22:00", "02:30", "2026-03-29 01:00:00 +01:00", "2026-03-29 03:00:00 +02:00"},
		{"the end comes twice", "Europe/Berlin", "22:00", "02:30", "2026-10-25 01:00:00 +02:00", "2026-10-25 02:30:00 +02:00"},
		{"quiet comes twice", "Europe/Berlin", "22:00", "02:30", "2026-10-25 02:10:00 +01:00", "2026-10-25 02:30:00 +01:00"},
		{"forward at midnight", "America/Santiago", "21:00", "00:30", "2026-09-05 23:00:00 -04:00", "2026-09-06 01:00:00 -03:00"},
		{"half an hour of zone", "Australia/Lord_Howe", "21:00", "08:00", "2026-10-03 22:00:00 +10:30", "2026-10-04 08:00:00 +11:00"},
		{"three quarters", "Asia/Kathmandu", "21:00", "08:00", "2026-05-01 22:00:00 +05:45", "2026-05-02 08:00:00 +05:45"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := proactive.ParseQuiet([]string{tt.from, tt.to})
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(form, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Next(at.In(mustZone(t, tt.zone))).Format(form); got != tt.want {
				t.Errorf("next after %s is %s, want %s", tt.at, got, tt.want)
			}
		})
	}
}

// The first moment that is not quiet is not quiet, is not before, and everything between is quiet.
func TestQuietProperties(t *testing.T) {
	zones := []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC"}
	rapid.Check(t, func(rt *rapid.T) {
		loc := mustZone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		minute := func(name string) string {
			return time.Date(2000, 1, 1, 0, rapid.IntRange(0, 1439).Draw(rt, name), 0, 0, time.UTC).Format("15:04")
		}
		q, err := proactive.ParseQuiet([]string{minute("from"), minute("to")})
		if err != nil {
			rt.Skip("no hours")
		}
		at := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(rt, "at"), 0).In(loc) // in 2026
		next := q.Next(at)
		if next.Before(at) || q.Holds(next) || next.Sub(at) > 25*time.Hour {
			rt.Fatalf("next after %s is %s", at, next)
		}
		for m := at; m.Before(next); m = m.Add(7 * time.Minute) {
			if !q.Holds(m) {
				rt.Fatalf("%s is not quiet and lies before %s", m, next)
			}
		}
	})
}

func TestParseQuietFaults(t *testing.T) {
	for _, hours := range [][]string{nil, {"21:00"}, {"21:00", "21:00"}, {"25:00", "08:00"}, {"9pm", "8am"}} {
		if _, err := proactive.ParseQuiet(hours); err == nil {
			t.Errorf("%v was taken", hours)
		}
	}
}
