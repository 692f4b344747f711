package datetime_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"yingda/nlu/recognizer/datetime"
)

// TestLunarVectors compares with two programs that share nothing with the one that computed the tables.
func TestLunarVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/lunar.txt")
	if err != nil {
		t.Fatal(err)
	}
	ref := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var year, month, spring, clear, winter int
		var newYear, leap string
		if _, err := fmt.Sscan(line, &year, &newYear, &leap, &month, &spring, &clear, &winter); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		first := datetime.FromLunar(ref, datetime.LunarDate{Year: year, Month: 1, Day: 1})
		if got := first.Format(time.DateOnly); got != newYear {
			t.Errorf("new year's day of %d is %s, want %s", year, got, newYear)
		}
		for m := 1; m <= 12; m++ {
			got := datetime.FromLunar(ref, datetime.LunarDate{Year: year, Month: m, Day: 1, Leap: true})
			if want := leap; m != month && !got.IsZero() || m == month && got.Format(time.DateOnly) != want {
				t.Errorf("leap month %d of %d begins on %v, want %s of month %d", m, year, got, want, month)
			}
		}
		for n, want := range map[int]int{2: spring, 6: clear, 23: winter} {
			if got := datetime.SolarTerm(ref, year, n); want > 0 && (got.Day() != want || got.Year() != year || int(got.Month()) != n/2+1) {
				t.Errorf("term %d of %d is on %v, want day %d", n, year, got, want)
			}
		}
	}
}

// TestLunarRoundTrip converts every day there and back.
func TestLunarRoundTrip(t *testing.T) {
	last := datetime.LunarDate{}
	n := 0
	for d := time.Date(1900, 1, 31, 0, 0, 0, 0, time.UTC); ; d = d.AddDate(0, 0, 1) {
		l, ok := datetime.ToLunar(d)
		if !ok {
			break
		}
		if got := datetime.FromLunar(d, l); !got.Equal(d) {
			t.Fatalf("%v is %v, and that is %v", d, l, got)
		}
		if l.Day != last.Day+1 && l.Day != 1 || l.Day == 1 && n > 0 && last.Day < 29 {
			t.Fatalf("%v follows %v", l, last)
		}
		last = l
		n++
	}
	if last.Year != 2100 || last.Month != 12 || n < 73400 {
		t.Errorf("the calendar ends with %v after %d days", last, n)
	}
}

func TestLunarRefuses(t *testing.T) {
	ref := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, l := range []datetime.LunarDate{
		{1899, 12, 1, false}, {2101, 1, 1, false}, {2026, 0, 1, false}, {2026, 13, 1, false}, {2026, 1, 0, false}, {2026, 1, 31, false},
		{2026, 4, 1, true}, {2025, 6, 30, true}, // the leap month of 2025 has 29 days, 2026 has none
	} {
		if got := datetime.FromLunar(ref, l); !got.IsZero() {
			t.Errorf("%v is %v", l, got)
		}
	}
	for _, d := range []time.Time{time.Date(1900, 1, 30, 0, 0, 0, 0, time.UTC), time.Date(2101, 1, 29, 0, 0, 0, 0, time.UTC), {}} {
		if l, ok := datetime.ToLunar(d); ok {
			t.Errorf("%v is %v", d, l)
		}
	}
	for _, n := range []int{-1, 24} {
		if got := datetime.SolarTerm(ref, 2026, n); !got.IsZero() {
			t.Errorf("term %d is %v", n, got)
		}
	}
	if got := datetime.SolarTerm(ref, 2101, 0); !got.IsZero() {
		t.Errorf("a term of 2101 is %v", got)
	}
}
