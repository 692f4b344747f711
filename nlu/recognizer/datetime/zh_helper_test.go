package datetime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// zhNow is a Wednesday morning in Beijing, in the tenth lunar month.
var zhNow = time.Date(2026, 11, 18, 10, 30, 0, 0, time.FixedZone("CST", 8*3600))

// zhFound writes what a finder finds: "surface=type timex preferred-value", the finds in the order of the text.
func zhFound(f *datetime.Finder, text string, ref time.Time) string {
	folded := norm.Fold(text, norm.Matching).Text
	finds := f.FindValues(nil, folded, value.Context{Lang: nlu.Chinese, Reference: ref})
	at := map[int]string{}
	for _, find := range finds {
		dt := find.Value.(value.DateTime)
		r := dt.Readings[dt.Preferred]
		s := fmt.Sprintf("%s=%s %s %s", folded[find.Start:find.End], dt.Type, r.Timex, zhMoment(dt.Type, r))
		if r.Mod != "" {
			s += " " + r.Mod
		}
		at[find.Start] = strings.TrimSpace(s)
	}
	var out []string
	for i := range len(folded) {
		if s, ok := at[i]; ok {
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

func zhMoment(t value.DateTimeType, r value.Reading) string {
	switch t {
	case value.Duration:
		return fmt.Sprint(r.Seconds)
	case value.Set:
		return ""
	}
	layout := "2006-01-02 15:04:05"
	switch t {
	case value.Date, value.DateRange:
		layout = "2006-01-02"
	case value.Time, value.TimeRange:
		layout = "15:04:05"
	}
	write := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return strings.TrimSuffix(t.Format(layout), ":00")
	}
	if r.End.IsZero() {
		return write(r.Start)
	}
	return write(r.Start) + "~" + write(r.End)
}

func zhFinder(t testing.TB, categories ...string) *datetime.Finder {
	t.Helper()
	f, err := datetime.New(datetime.Options{Lang: nlu.Chinese, View: categories})
	if err != nil {
		t.Fatal(err)
	}
	return f
}
