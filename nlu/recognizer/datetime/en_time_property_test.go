package datetime_test

import (
	"fmt"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

var tensWords = []string{"oh", "", "twenty", "thirty", "forty", "fifty"}
var smallWords = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
	"fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}

// minuteWords writes 0 to 59.
func minuteWords(n int) string {
	switch {
	case n < 20:
		return smallWords[n]
	case n%10 == 0:
		return tensWords[n/10]
	}
	return tensWords[n/10] + "-" + smallWords[n%10]
}

// spellings writes a minute of the day in all the ways that state the half of the day.
func spellings(h, m int) []string {
	half, hour := "am", (h+11)%12+1
	if h >= 12 {
		half = "pm"
	}
	ways := []string{
		fmt.Sprintf("%d:%02d%s", hour, m, half), fmt.Sprintf("%d:%02d %s", hour, m, half), fmt.Sprintf("%d.%02d %c.m.", hour, m, half[0]),
	}
	if h > 12 || h == 0 {
		ways = append(ways, fmt.Sprintf("%02d:%02d", h, m), fmt.Sprintf("%02d:%02d:00", h, m))
	}
	switch {
	case m == 0:
		ways = append(ways, fmt.Sprintf("%d%s", hour, half), minuteWords(hour)+" o'clock "+half)
	case m < 10:
		ways = append(ways, minuteWords(hour)+" oh "+minuteWords(m)+" "+half)
	default:
		ways = append(ways, minuteWords(hour)+" "+minuteWords(m)+" "+half, fmt.Sprintf("%d%02d%s", hour, m, half))
	}
	switch m {
	case 15:
		ways = append(ways, fmt.Sprintf("a quarter past %d%s", hour, half))
	case 30:
		ways = append(ways, "half past "+minuteWords(hour)+" "+half)
	}
	if m > 0 && hour != 11 { // before noon and midnight the half of the day would be the other one
		ways = append(ways, fmt.Sprintf("%d minutes past %d %s", m, hour, half), minuteWords(60-m)+" minutes to "+minuteWords(hour%12+1)+" "+half)
	}
	return ways
}

// Every minute of the day, however it is written, is read back.
func TestEnglishMinutesAreReadBack(t *testing.T) {
	f := english(t, datetime.Options{View: []string{"time"}})
	for minute := range 24 * 60 {
		h, m := minute/60, minute%60
		for _, text := range spellings(h, m) {
			finds := f.FindValues(nil, text, value.Context{Lang: nlu.English, Reference: reference})
			if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
				t.Fatalf("%q: %d finds", text, len(finds))
			}
			v := finds[0].Value.(value.DateTime)
			if got := v.Readings[0].Start; len(v.Readings) != 1 || got.Hour() != h || got.Minute() != m {
				t.Fatalf("%q: %v, want %02d:%02d", text, v.Readings, h, m)
			}
		}
	}
}

// Ranges that state both halves of the day keep their ends, whatever the order.
func TestEnglishTimeRangesAreReadBack(t *testing.T) {
	f := english(t, datetime.Options{View: []string{"timerange"}})
	clock := func(h int) string { return fmt.Sprintf("%d:30 %s", (h+11)%12+1, []string{"am", "pm"}[h/12]) }
	for a := range 24 {
		for b := range 24 {
			for _, form := range []string{"from %s to %s", "between %s and %s", "%s - %s", "%s till %s"} {
				text := fmt.Sprintf(form, clock(a), clock(b))
				finds := f.FindValues(nil, text, value.Context{Lang: nlu.English, Reference: reference})
				if len(finds) != 1 {
					t.Fatalf("%q: %d finds", text, len(finds))
				}
				v := finds[0].Value.(value.DateTime)
				if r := v.Readings[0]; len(v.Readings) != 1 || r.Start.Hour() != a || r.End.Hour() != b || !r.End.After(r.Start) {
					t.Fatalf("%q: %v", text, v.Readings)
				}
			}
		}
	}
}

func FuzzEnglishTimes(f *testing.F) {
	for _, s := range []string{
		"meet me tomorrow morning at half past seven or 8pm", "from 5 to 6pm of april 22", "between now and 11:59:59 p.m. pst", "the 3pm appointment to 4.",
		"every monday from 7 to 7:30 in the evening", "in less than an hour and a half", "12 in the night, 24:00, 0:00, 99:99, 7pm-ish", ">= 6pm <> <=", "22nd, 23rd or 30th of march",
	} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(63))
	}
	finders := map[uint8]*datetime.Finder{}
	f.Fuzz(func(t *testing.T, text string, modes uint8) {
		if len(text) > 400 {
			return
		}
		modes &= 63
		finder := finders[modes]
		if finder == nil {
			finder = english(t, datetime.Options{Modes: datetime.Mode(modes)})
			finders[modes] = finder
		}
		for _, find := range finder.FindValues(nil, text, value.Context{Lang: nlu.English, Reference: reference}) {
			v, ok := find.Value.(value.DateTime)
			if find.Start < 0 || find.Start >= find.End || find.End > len(text) || !ok || len(v.Readings) == 0 || v.Preferred < 0 || v.Preferred >= len(v.Readings) {
				t.Fatalf("%q: %+v", text, find)
			}
		}
	})
}
