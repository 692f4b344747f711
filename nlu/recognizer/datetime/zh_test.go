package datetime_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// TestChinese reads testdata/zh.txt.
func TestChinese(t *testing.T) {
	data, err := os.ReadFile("testdata/zh.txt")
	if err != nil {
		t.Fatal(err)
	}
	f := zhFinder(t)
	n := 0
	for line := range strings.Lines(string(data)) {
		text, want, ok := strings.Cut(strings.TrimSpace(line), " =>")
		if strings.HasPrefix(line, "#") || !ok {
			continue
		}
		n++
		if got := zhFound(f, text, zhNow); got != strings.TrimSpace(want) {
			t.Errorf("%s\n got %s\nwant %s", text, got, strings.TrimSpace(want))
		}
	}
	if n < 150 {
		t.Errorf("only %d cases", n)
	}
}

// zhReadings writes all readings of the only find.
func zhReadings(t *testing.T, text string, now time.Time) []string {
	t.Helper()
	folded := norm.Fold(text, norm.Matching).Text
	finds := zhFinder(t).FindValues(nil, folded, value.Context{Lang: nlu.Chinese, Reference: now})
	if len(finds) != 1 {
		t.Fatalf("%q: %d finds", text, len(finds))
	}
	dt := finds[0].Value.(value.DateTime)
	var out []string
	for i, r := range dt.Readings {
		s := r.Timex + " " + zhMoment(dt.Type, r)
		if i == dt.Preferred {
			s += " *"
		}
		out = append(out, s)
	}
	return out
}

func TestChineseReadings(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"八点", []string{"T08 08:00 *", "T20 20:00"}},
		{"周一八点", []string{"XXXX-WXX-1T08 2026-11-16 08:00", "XXXX-WXX-1T08 2026-11-23 08:00 *", "XXXX-WXX-1T20 2026-11-16 20:00", "XXXX-WXX-1T20 2026-11-23 20:00"}},
		{"周一下午三点", []string{"XXXX-WXX-1T15 2026-11-16 15:00", "XXXX-WXX-1T15 2026-11-23 15:00 *"}},
		{"十二点", []string{"T12 12:00 *", "T00 00:00"}},
		{"18号", []string{"XXXX-XX-18 2026-11-18 *", "XXXX-XX-18 2026-12-18"}},
		{"中秋", []string{"2026-09-25 2026-09-25 *", "2027-09-15 2027-09-15"}},
		{"2月29日", []string{"XXXX-02-29 2024-02-29", "XXXX-02-29 2028-02-29 *"}},
		{"三五天", []string{"P3D 259200", "P5D 432000 *"}},
		{"从现在到八点", []string{"(PRESENT_REF,2026-11-18T20,PT10H) 2026-11-18 10:00~2026-11-18 20:00 *"}},
	} {
		if got := zhReadings(t, c.text, time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)); !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func TestChineseZone(t *testing.T) {
	finds := zhFinder(t).FindValues(nil, "东京时间22:30", value.Context{Lang: nlu.Chinese, Reference: zhNow})
	if len(finds) != 1 {
		t.Fatalf("%d finds", len(finds))
	}
	if r := finds[0].Value.(value.DateTime).Readings[0]; !r.HasZone || r.UTCOffset != 540 {
		t.Errorf("got %+v", r)
	}
}

// TestChineseViews finds the parts of a range if only they are asked for.
func TestChineseViews(t *testing.T) {
	const text = "从11月20日晚上8点到11月22日"
	for _, c := range []struct{ view, want string }{
		{"date", "11月20日=date XXXX-11-20 2026-11-20; 11月22日=date XXXX-11-22 2026-11-22"},
		{"time", "晚上8点=time T20 20:00"},
		{"datetime", "11月20日晚上8点=datetime XXXX-11-20T20 2026-11-20 20:00"},
		{"holiday", ""},
	} {
		if got := zhFound(zhFinder(t, c.view), text, zhNow); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.view, got, c.want)
		}
	}
}

func FuzzChinese(f *testing.F) {
	data, err := os.ReadFile("testdata/zh.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if text, _, ok := strings.Cut(line, " =>"); ok {
			f.Add(text)
		}
	}
	finder, err := datetime.New(datetime.Options{Lang: nlu.Chinese})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := norm.Fold(text, norm.Matching).Text
		at := 0
		finds := finder.FindValues(nil, folded, value.Context{Lang: nlu.Chinese, Reference: zhNow})
		slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
		for _, find := range finds {
			if find.Start < at || find.End <= find.Start || find.End > len(folded) {
				t.Fatalf("%q: [%d,%d) after %d", folded, find.Start, find.End, at)
			}
			at = find.End
			dt := find.Value.(value.DateTime)
			if len(dt.Readings) == 0 || dt.Preferred < 0 || dt.Preferred >= len(dt.Readings) {
				t.Fatalf("%q: %+v", folded, dt)
			}
			for _, r := range dt.Readings {
				if r.Timex == "" || !r.Start.IsZero() && !r.End.IsZero() && r.End.Before(r.Start) && dt.Type != value.TimeRange {
					t.Fatalf("%q: %+v", folded[find.Start:find.End], r)
				}
			}
		}
	})
}
