package datetime_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// Whatever the text, a finder neither panics nor returns what breaks its contract: spans lie within the text, on whole characters, apart from
// each other; readings are there, in the years 1 to 9999, and none ends before it begins.
func FuzzFindValues(f *testing.F) {
	for _, s := range []string{
		"deliver it between may 3rd and the 5th, 9-11am", "every other friday at 17:30 est", "the last week of feb 2/29/2019 to 13.5.2015",
		"in 99999999 years and 3 months ago since the end of 1989", "from 8am-3 yesterday afternoon or next mon, wed or fri", "9999-12-31 to 0001-01-01",
		"from dec 31 9999 until the 40s", "1st 2nd 3rd 4th 5th of each month the twenty second", "农历二〇二六年腊月三十晚上八点半到初一凌晨", "下下周三下午三到五点半之前",
		"三五天内每隔两周的周一三五", "２０２６年十一月3号 11月31日", "公元前三百年", "民国三十五年双十一前后", "24/7 iphone 15 三七粉",
	} {
		f.Add(s, int64(1541000000), false)
	}
	finders := map[string]*datetime.Finder{}
	for name, o := range map[string]datetime.Options{
		"en": {Lang: nlu.English}, "zh": {Lang: nlu.Chinese},
		"en tasks":    {Lang: nlu.English, Modes: datetime.Tasks},
		"en calendar": {Lang: nlu.English, Modes: datetime.Calendar | datetime.Extended | datetime.Zones},
		"zh calendar": {Lang: nlu.Chinese, Modes: datetime.Experimental},
	} {
		finder, err := datetime.New(o)
		if err != nil {
			f.Fatal(err)
		}
		finders[name] = finder
	}
	f.Fuzz(func(t *testing.T, text string, unix int64, dayFirst bool) {
		if len(text) > 1000 || unix < -2e9 || unix > 1e10 {
			return
		}
		folded := norm.Fold(text, norm.Matching).Text
		for name, finder := range finders {
			c := value.Context{Lang: nlu.Lang(name[:2]), Reference: time.Unix(unix, 0).UTC(), DayFirst: dayFirst}
			checkFinds(t, name, folded, finder.FindValues(nil, folded, c))
		}
	})
}

func checkFinds(t *testing.T, name, text string, finds []value.Find) {
	t.Helper()
	taken := make([]bool, len(text))
	for _, x := range finds {
		if x.Start < 0 || x.End > len(text) || x.Start >= x.End || !utf8.RuneStart(text[x.Start]) || x.End < len(text) && !utf8.RuneStart(text[x.End]) {
			t.Fatalf("%s: %q: bad span %d-%d", name, text, x.Start, x.End)
		}
		for i := x.Start; i < x.End; i++ {
			if taken[i] {
				t.Fatalf("%s: %q: overlap at %d", name, text, i)
			}
			taken[i] = true
		}
		checkReadings(t, name, text, x)
	}
}

func checkReadings(t *testing.T, name, text string, x value.Find) {
	t.Helper()
	v, ok := x.Value.(value.DateTime)
	if !ok || x.Kind != value.KindDateTime || x.Rule == "" || len(v.Readings) == 0 || v.Preferred < 0 || v.Preferred >= len(v.Readings) {
		t.Fatalf("%s: %q: bad find %+v", name, text, x)
	}
	for _, r := range v.Readings {
		if r.Timex == "" && v.Type != value.TimeZone {
			t.Fatalf("%s: %q: no timex in %+v", name, text, x)
		}
		for _, end := range []time.Time{r.Start, r.End} {
			if y := end.Year(); !end.IsZero() && (y < 0 || y > 10000) {
				t.Fatalf("%s: %q: year %d in %+v", name, text, y, x)
			}
		}
		dated := v.Type == value.DateRange || v.Type == value.DateTimeRange
		if dated && !r.Start.IsZero() && !r.End.IsZero() && r.End.Before(r.Start) {
			t.Fatalf("%s: %q: ends before it begins: %+v", name, text, r)
		}
	}
}
