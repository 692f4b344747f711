package datetime_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// reference is a Monday afternoon.
var reference = time.Date(2016, time.November, 7, 16, 12, 0, 0, time.UTC)

func english(t testing.TB, o datetime.Options) *datetime.Finder {
	t.Helper()
	o.Lang = nlu.English
	f, err := datetime.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// found renders what a finder finds: "text type timex mod;…", readings parted by |.
func found(f *datetime.Finder, raw string) string {
	text := norm.Fold(raw, norm.Matching).Text
	finds := f.FindValues(nil, text, value.Context{Lang: nlu.English, Reference: reference})
	slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
	var out []string
	for _, find := range finds {
		v := find.Value.(value.DateTime)
		var readings []string
		for _, r := range v.Readings {
			readings = append(readings, strings.TrimSpace(r.Timex+" "+r.Mod))
		}
		out = append(out, fmt.Sprintf("%s: %s %s", text[find.Start:find.End], v.Type, strings.Join(readings, " | ")))
	}
	return strings.Join(out, "; ")
}

func TestEnglishTimes(t *testing.T) {
	f := english(t, datetime.Options{})
	for _, c := range []struct{ text, want string }{
		{"see you at seven", "seven: time T07 | T19"},
		{"see you at 7 people", ""},
		{"at 7pm", "7pm: time T19"},
		{"at 12 am", "12 am: time T00"},
		{"at 12:30", "12:30: time T12:30 | T00:30"},
		{"at 13:05:09", "13:05:09: time T13:05:09"},
		{"half past eight in the evening", "half past eight in the evening: time T20:30"},
		{"a quarter to one", "a quarter to one: time T12:45 | T00:45"},
		{"ten forty five", "ten forty five: time T10:45 | T22:45"},
		{"room ten forty three", ""},
		{"noon", "noon: time T12"},
		{"11ish tonight", "11ish tonight: datetime 2016-11-07T23"},
		{"two in the night", "two in the night: time T02"},
		{"the 3pm appointment to 4.", "3pm: time T15; 4: time T04 | T16"},
		{"the 3pm appointment to 4 people", "3pm: time T15"},
		{"it costs 12:30.50", ""},
		{"rated 4.5", ""},
		{"version 2.10.15", ""},
	} {
		if got := found(f, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestEnglishTimeRanges(t *testing.T) {
	f := english(t, datetime.Options{})
	for _, c := range []struct{ text, want string }{
		{"5 to 6pm", "5 to 6pm: timerange (T17,T18,PT1H)"},
		{"11 to 3pm", "11 to 3pm: timerange (T11,T15,PT4H)"},
		{"11 to 3am", "11 to 3am: timerange (T23,T03,PT4H)"},
		{"from 11:01 pm to 11", "from 11:01 pm to 11: timerange (T23:01,T11,PT11H59M)"},
		{"from 9am to 12am", "from 9am to 12am: timerange (T09,T12,PT3H)"},
		{"between 10 and 11:30", "between 10 and 11:30: timerange (T10,T11:30,PT1H30M) | (T22,T23:30,PT1H30M)"},
		{"1:30pm to 4 people", "1:30pm: time T13:30"},
		{"from 9 for two hours", "from 9 for two hours: timerange (T09,T11:00:00,PT2H)"},
		{"monday 11-4", "monday 11-4: datetimerange (XXXX-WXX-1T11,XXXX-WXX-1T16,PT5H) | (XXXX-WXX-1T11,XXXX-WXX-1T16,PT5H)" +
			" | (XXXX-WXX-1T23,XXXX-WXX-2T04,PT5H) | (XXXX-WXX-1T23,XXXX-WXX-2T04,PT5H)"},
		{"tomorrow 10pm to 2am", "tomorrow 10pm to 2am: datetimerange (2016-11-08T22,2016-11-09T02,PT4H)"},
		{"in the early morning", "in the early morning: timerange TMO start"},
		{"good morning", ""},
		{"this morning at 7", "this morning at 7: datetime 2016-11-07T07"},
		{"last night", "last night: datetimerange 2016-11-06TNI"},
		{"early tomorrow morning", "early tomorrow morning: datetimerange 2016-11-08TMO start"},
		{"at lunch", "at lunch: timerange TMEL"},
		{"rest of the day", "rest of the day: datetimerange (2016-11-07T16:12:00,2016-11-07T23:59:59,PT28079S)"},
		{"between now and eight o'clock", "between now and eight o'clock: datetimerange (PRESENT_REF,2016-11-07T20,PT3H48M)"},
		{"from 4pm today to 5pm tomorrow", "from 4pm today to 5pm tomorrow: datetimerange (2016-11-07T16,2016-11-08T17,PT25H)"},
		{"end of tomorrow", "end of tomorrow: datetime 2016-11-08T23:59:59"},
	} {
		if got := found(f, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestEnglishFromNow(t *testing.T) {
	f := english(t, datetime.Options{})
	for _, c := range []struct{ text, want string }{
		{"right now", "right now: datetime PRESENT_REF"},
		{"asap", "asap: datetime FUTURE_REF"},
		{"in 5 minutes", "in 5 minutes: datetime 2016-11-07T16:17:00"},
		{"2 hours ago", "2 hours ago: datetime 2016-11-07T14:12:00"},
		{"half an hour from now", "half an hour from now: datetime 2016-11-07T16:42:00"},
		{"in less than an hour", "in less than an hour: datetime 2016-11-07T17:12:00 less"},
		{"the last 3 hours", "last 3 hours: datetimerange (2016-11-07T13:12:00,2016-11-07T16:12:00,PT3H)"},
		{"it will last 3 hours", "3 hours: duration PT3H"},
		{"13 last minute", "last minute: datetimerange (2016-11-07T16:11:00,2016-11-07T16:12:00,PT1M)"},
		{"within 5 hours", "within 5 hours: datetimerange (2016-11-07T16:12:00,2016-11-07T21:12:00,PT5H)"},
	} {
		if got := found(f, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestEnglishModifiers(t *testing.T) {
	f := english(t, datetime.Options{})
	for _, c := range []struct{ text, want string }{
		{"before 4pm", "before 4pm: timerange T16 before"},
		{"after 2018", "after 2018: daterange 2018 after"},
		{"on or before tomorrow", "on or before tomorrow: daterange 2016-11-08 until"},
		{"at or after 6:30pm today", "at or after 6:30pm today: datetimerange 2016-11-07T18:30 since"},
		{"3 pm or later", "3 pm or later: timerange T15 since"},
		{"2018 or later than 2020", "2018: daterange 2018; later than 2020: daterange 2020 after"},
		{"before around 2pm", "before around 2pm: timerange T14 before-approx"},
		{"tuesday after 1pm", "tuesday after 1pm: datetimerange XXXX-WXX-2T13 after | XXXX-WXX-2T13 after"},
		{"before lunch", "before lunch: timerange TMEL before"},
		{">= 6pm today", ">= 6pm today: datetimerange 2016-11-07T18 since"},
		{"<> 6pm", "6pm: time T18"},
		{"1/1/2016 and after my work", "1/1/2016: date 2016-01-01"},
		{"by the end of june 2017", "by the end of june 2017: daterange 2017-06 before-end"},
	} {
		if got := found(f, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestEnglishZones(t *testing.T) {
	f := english(t, datetime.Options{View: []string{"timezone"}})
	for text, want := range map[string]int{
		"utc+8": 480, "gmt -3:30": -210, "utc 0530": datetime.UnknownOffset + 1, "pst": -480, "beijing time": 480, "cst": datetime.UnknownOffset,
		"new york time": datetime.UnknownOffset, "pacific daylight time": -420, "eastern standard time": -300, "msk+7": 600, "russia time zone 3": 240,
	} {
		finds := f.FindValues(nil, text, value.Context{Lang: nlu.English, Reference: reference})
		got := datetime.UnknownOffset + 1 // stands for none
		if len(finds) == 1 && finds[0].End == len(text) {
			got = finds[0].Value.(value.DateTime).Readings[0].UTCOffset
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	f = english(t, datetime.Options{Modes: datetime.Zones})
	for text, want := range map[string]string{
		"11:30 am pt today":                    "11:30 am pt today: datetime 2016-11-07T11:30",
		"between 9 to 10:30 cst":               "between 9 to 10:30 cst: timerange (T09,T10:30,PT1H30M) | (T21,T22:30,PT1H30M)",
		"get the most from this deal mountain": "",
	} {
		if got := found(f, text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestEnglishModes(t *testing.T) {
	for _, c := range []struct {
		modes      datetime.Mode
		text, want string
	}{
		{datetime.Calendar, "tomorrow 3", "tomorrow 3: datetime 2016-11-08T03 | 2016-11-08T15"},
		{datetime.Calendar, "before 4", "before 4: timerange T04 before | T16 before"},
		{datetime.Calendar, "twenty-one coins", ""},
		{datetime.Experimental, "from around 1pm", "from around 1pm: timerange T13 since-approx"},
		{datetime.Experimental, "from 2015 and 2016", "2015: daterange 2015; 2016: daterange 2016"},
		{datetime.Extended, "tuesday or wednesday morning",
			"tuesday: datetimerange XXXX-WXX-2TMO | XXXX-WXX-2TMO; wednesday morning: datetimerange XXXX-WXX-3TMO | XXXX-WXX-3TMO"},
		{datetime.Extended, "next week mon 9 am or 1 pm", "next week mon 9 am: datetime 2016-11-14T09; 1 pm: datetime 2016-11-14T13"},
		{datetime.Extended, "this week or next", "this week: daterange 2016-W45; next: daterange 2016-W46"},
		{datetime.Extended, "the 22nd, 23rd or 31st of march", "the 22nd: date XXXX-03-22; 23rd: date XXXX-03-23; 31st of march: date XXXX-03-31"},
		{datetime.Extended, "monday and wednesday at 3pm", "monday: date XXXX-WXX-1 | XXXX-WXX-1; wednesday at 3pm: datetime XXXX-WXX-3T15 | XXXX-WXX-3T15"},
		{datetime.Split, "today from 5pm to 7pm", "today: date 2016-11-07; 5pm: time T17; 7pm: time T19"},
		{datetime.Split, "next 3 days", "3 days: duration P3D after"},
		{datetime.Tasks, "at 7:30 am", "7:30 am: datetime 2016-11-08T07:30"},
		{datetime.Tasks, "at 7:30 pm", "7:30 pm: time T19:30"},
		{datetime.Tasks, "sales of 2007", ""},
		{datetime.Tasks, "next month at 6pm", "next month at 6pm: datetime 2016-12-01T18"},
		{datetime.Tasks, "everyday 6am", "everyday 6am: set T06P1D"},
	} {
		if got := found(english(t, datetime.Options{Modes: c.modes}), c.text); got != c.want {
			t.Errorf("%b %q: got %q, want %q", c.modes, c.text, got, c.want)
		}
	}
}
