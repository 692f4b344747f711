package specs

import (
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"yingda/nlu/recognizer/value"
)

// The oracle of the adapters: each expected result of the public specifications is read back into the value that a finder would return,
// rendered, and must come out as it was.

func mustSharedCases(tb testing.TB) []Case {
	tb.Helper()
	const dir = "../../../../shared/datasets/recognizers_text"
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no public specifications: %v", err)
	}
	cases, err := Read(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return cases
}

// reading reads one of the values back.
func reading(typ string, v map[string]any) (r value.Reading) {
	text := func(key string) string { s, _ := v[key].(string); return s }
	at := func(key string) time.Time {
		t, err := time.Parse(layouts[value.DateTimeType(typ)], text(key))
		if err != nil {
			return time.Time{}
		}
		if t.Year() == 0 {
			t = t.AddDate(2020, 0, 0) // a time of the day
		}
		return t
	}
	r.Timex, r.Mod = text("timex"), text("Mod")
	if r.Timex == present && typ == string(value.Time) {
		typ = string(value.DateAndTime)
	}
	r.Start, r.End = at("start"), at("end")
	if typ == string(value.Set) {
		layout := value.Date
		if len(text("value")) > len(time.DateOnly) {
			layout = value.DateAndTime
		}
		return reading(string(layout), map[string]any{"timex": r.Timex, "value": v["value"]})
	}
	if _, ok := v["value"]; ok {
		r.Start = at("value")
		r.Seconds, _ = strconv.ParseFloat(text("value"), 64)
	}
	if o := text("utcOffsetMins"); o != "" {
		r.UTCOffset, _ = strconv.Atoi(o)
		r.HasZone = true
	}
	return r
}

// readBack makes the value of a result of a model; ok = false for what no value can express.
func readBack(r *Result) (dt value.DateTime, ok bool) {
	list, ok := r.Value["values"].([]any)
	if !ok {
		return dt, false
	}
	name := strings.TrimPrefix(r.Type, "datetimeV2.")
	if name == "datetimealt" {
		return dt, false
	}
	dt.Type = value.DateTimeType(name)
	for _, v := range list {
		m := v.(map[string]any)
		if m["sourceEntity"] == "datetimepoint" {
			for point, rng := range ranges {
				if rng == dt.Type {
					dt.Type = point
				}
			}
		}
		dt.Readings = append(dt.Readings, reading(m["type"].(string), m))
	}
	return dt, true
}

func TestRenderModel_Oracle(t *testing.T) {
	n, bad := 0, 0
	for _, c := range mustSharedCases(t) {
		if c.Suite != "DateTime" {
			continue
		}
		for i := range c.Results {
			want := &c.Results[i]
			dt, ok := readBack(want)
			if !ok {
				continue
			}
			typ, v, _ := DateTimeAids{Tasks: strings.HasSuffix(c.Model, "TasksMode")}.render(&find{Find: value.Find{Value: dt}, surface: want.Text, query: &Query{Lang: c.Lang()}})
			n++
			got := Result{Text: want.Text, Type: typ, Start: want.Start, End: want.End, Value: v}
			if m := mismatch(&c, want, &got); m != nil {
				bad++
				t.Logf("%s\n\t%s", c.Key(), m)
			}
		}
	}
	if n < 2000 || bad > 60 {
		t.Errorf("%d of %d results come out otherwise", bad, n)
	}
}

func TestRenderParser_Oracle(t *testing.T) {
	n := 0
	for _, c := range mustSharedCases(t) {
		if c.Suite != "DateTime" || !strings.HasSuffix(c.Model, "Parser") {
			continue
		}
		for i := range c.Results {
			want := &c.Results[i]
			past, _ := want.Value["PastResolution"].(map[string]any)
			future, ok := want.Value["FutureResolution"].(map[string]any)
			if !ok {
				continue
			}
			dt := value.DateTime{Type: value.DateTimeType(want.Type)}
			for _, p := range []map[string]any{past, future} {
				flat := map[string]any{"timex": first(leafOf(want.Value["Timex"]), leafOf(want.Value["timex"])), "Mod": want.Value["Mod"]}
				for k, s := range p {
					switch {
					case strings.HasPrefix(k, "start"):
						flat["start"] = s
					case strings.HasPrefix(k, "end"):
						flat["end"] = s
					case s != impossibleDate:
						flat["value"] = s
					}
				}
				dt.Readings = append(dt.Readings, reading(want.Type, flat))
			}
			n++
			typ, v, _ := renderParser(&find{Find: value.Find{Value: dt}, surface: want.Text, query: &Query{Lang: c.Lang()}})
			got := Result{Text: want.Text, Type: typ, Start: want.Start, End: want.End, Value: v}
			if m := mismatch(&c, want, &got); m != nil {
				t.Errorf("%s\n\t%s", c.Key(), m)
			}
		}
	}
	if n < 800 {
		t.Errorf("only %d results compared", n)
	}
}

func leafOf(v any) string { s, _ := v.(string); return s }

// TestDouble_Oracle reads the numbers of the specifications and writes them again.
func TestDouble_Oracle(t *testing.T) {
	n := 0
	for _, c := range mustSharedCases(t) {
		if !strings.HasPrefix(c.Suite, "Number") {
			continue
		}
		for i := range c.Results {
			want, _ := c.Results[i].Value["value"].(string)
			want = strings.TrimSuffix(want, "%")
			rat, ok := new(big.Rat).SetString(want)
			if !ok {
				continue
			}
			n++
			num := value.Number{Rat: rat}
			got := amount(num, &find{surface: c.Results[i].Text})
			if got != want {
				t.Errorf("%s: %s, want %s", c.Key(), got, want)
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d numbers compared", n)
	}
}
