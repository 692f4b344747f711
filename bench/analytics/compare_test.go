package analytics_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"yingda/bench/analytics"
)

func TestDifference(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name      string
		want, got [][]any
		says      string // "" = the same
	}{
		{"OK", [][]any{{"a", int64(1), 0.5, nil, true}}, [][]any{{"a", 1.0, 0.5, nil, true}}, ""},
		{"OK none", nil, [][]any{}, ""},
		{"OK last digit", [][]any{{0.5008258007584305}}, [][]any{{0.5008258007584353}}, ""},
		{"OK a day and its midnight", [][]any{{day, day}}, [][]any{{"2026-03-02", "2026-03-02 00:00:00.000000"}}, ""},
		{"OK a time", [][]any{{day.Add(1500 * time.Microsecond)}}, [][]any{{"2026-03-02 00:00:00.001500"}}, ""},
		{"OK true is one", [][]any{{true, false}}, [][]any{{1.0, 0.0}}, ""},
		{"OK lists", [][]any{{[]any{"a", int64(1)}}}, [][]any{{[]any{"a", 1.0}}}, ""},
		{"OK another order", [][]any{{"a", 1.0}, {"b", 2.5}}, [][]any{{"b", 2.5}, {"a", 1.0}}, ""},
		{"rows", [][]any{{1.0}}, nil, "0 rows, want 1"},
		{"columns", [][]any{{1.0}}, [][]any{{1.0, 2.0}}, "2 columns, want 1"},
		{"a float", [][]any{{"a", 0.5}}, [][]any{{"a", 0.5000001}}, "row 1, column 2: 0.5000001, want 0.5"},
		{"a count", [][]any{{int64(1_000_000_000)}}, [][]any{{1_000_000_002.0}}, "row 1"},
		{"a text", [][]any{{"a"}}, [][]any{{"b"}}, "b, want a"},
		{"nothing and empty", [][]any{{nil}}, [][]any{{""}}, "row 1"},
		{"nothing and zero", [][]any{{nil}}, [][]any{{0.0}}, "row 1"},
		{"a number and its text", [][]any{{1.0}}, [][]any{{"1"}}, "row 1"},
		{"lists of other lengths", [][]any{{[]any{"a"}}}, [][]any{{[]any{}}}, "row 1"},
		{"values of other rows", [][]any{{"a", 1.0}, {"b", 2.0}}, [][]any{{"b", 1.0}, {"a", 2.0}}, "row 1"},
		{"not a number", [][]any{{math.NaN()}}, [][]any{{0.0}}, "row 1"},
	} {
		if got := analytics.Difference(tt.want, tt.got); (got == "") != (tt.says == "") || !strings.Contains(got, tt.says) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.says)
		}
	}
}

func TestReport(t *testing.T) {
	r := analytics.Report{Turns: 100, Files: 2, Bytes: 1000, Engines: []*analytics.Timed{
		{Name: analytics.Ours, Version: "1", Seconds: map[string][]float64{"by_day": {0.2, 0.1, 0.3}, "one_day": {0.1}}},
		{Name: analytics.Polars, Version: "2", Seconds: map[string][]float64{"by_day": {0.4}}, Failed: map[string]string{"one_day": "another answer"}},
	}, Dashboard: []analytics.Panel{{Name: "volume", RollUps: true, Seconds: []float64{0.01, 0.03}}, {Name: "fcr", Seconds: []float64{1.5}}}}
	text := r.Markdown()
	for _, want := range []string{"| 0.200 | 0.400 (× 2) |", "| 0.100 | another answer |", "| volume | roll-ups | 20 | 29 |", "| slowest |  |  | 1500 |", "10.0 bytes a turn"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

func TestSQL(t *testing.T) {
	for _, q := range analytics.Questions {
		for _, e := range []string{analytics.Ours, analytics.Spark, analytics.ClickHouse} {
			if sql := q.SQL(e, "turns"); strings.Contains(sql, "@") || !strings.Contains(sql, "FROM turns ") {
				t.Errorf("%s for %s: %s", q.Name, e, sql)
			}
		}
	}
}
