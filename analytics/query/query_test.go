package query_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
)

var update = flag.Bool("update", false, "rewrite golden files")

func params(tb testing.TB, zone string) query.Params {
	tb.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		tb.Fatal(err)
	}
	return query.Params{Filter: analytics.Filter{Tenant: "o'hara", From: time.Date(2026, 3, 1, 0, 0, 0, 0, z), To: time.Date(2026, 4, 1, 0, 0, 0, 0, z), Zone: z, Channels: []string{"web", `a\'b`}},
		Through: time.Date(2026, 4, 2, 3, 4, 5, 6000, time.UTC)}
}

// TestGolden: one question written out for each database.
func TestGolden(t *testing.T) {
	for _, d := range []query.Dialect{query.DuckDB, query.Spark, query.ClickHouse} {
		for _, name := range []string{"first_response", "scripts"} {
			p := params(t, "America/New_York")
			p.Hours = query.Hours{{Day: time.Monday, From: 9 * time.Hour, To: 18 * time.Hour}}
			st, err := query.Compile(name, d, p, false)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+"."+d.String()+".sql")
			if *update {
				if err := os.WriteFile(path, []byte(st.SQL+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if st.SQL+"\n" != string(want) {
				t.Errorf("%s differs; if the change is meant, run go test ./analytics/query -update\n%s", path, st.SQL)
			}
		}
	}
}

// TestPortable: no file uses what not all databases have, and all compile for all.
func TestPortable(t *testing.T) {
	for _, name := range query.Names() {
		text, err := query.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		upper := strings.ToUpper(text)
		for _, word := range []string{"GROUP BY ALL", "EXCLUDE", "APPROX_", "FILTER (", "::", " ILIKE ", "QUALIFY", "LIST_", "ARG_MAX", "EPOCH"} {
			if strings.Contains(upper, word) {
				t.Errorf("%s uses %s, which not all databases have", name, word)
			}
		}
		if !strings.HasPrefix(text, "-- ") {
			t.Errorf("%s does not say what it answers", name)
		}
		for _, d := range []query.Dialect{query.DuckDB, query.Spark, query.ClickHouse} {
			p := params(t, "Asia/Shanghai")
			p.Filter.Channels = nil
			st, err := query.Compile(name, d, p, d.String() == "duckdb")
			if err != nil {
				t.Errorf("%s for %s: %v", name, d, err)
			}
			if strings.ContainsAny(st.SQL, "@") && !strings.Contains(st.SQL, "'@'") || strings.Contains(st.SQL, ":") && !strings.Contains(st.SQL, "00:00") {
				t.Errorf("%s for %s is not written out:\n%s", name, d, st.SQL)
			}
			if n := strings.Count(st.SQL, "?"); n != len(st.Args) {
				t.Errorf("%s for %s: %d places, %d values", name, d, n, len(st.Args))
			}
		}
	}
}

func TestQuoting(t *testing.T) {
	p := params(t, "UTC")
	for d, want := range map[query.Dialect]string{query.DuckDB: `'o''hara'`, query.Spark: `'o\'hara'`, query.ClickHouse: `'o\'hara'`} {
		st, err := query.Compile("containment", d, p, false)
		if err != nil || !strings.Contains(st.SQL, want) {
			t.Errorf("%s: %v\n%s", d, err, st.SQL)
		}
	}
	st, err := query.Compile("containment", query.Spark, p, false)
	if err != nil || !strings.Contains(st.SQL, `'a\\\'b'`) {
		t.Errorf("%v\n%s", err, st.SQL)
	}
}

func TestErrors(t *testing.T) {
	if _, err := query.Compile("../query", query.DuckDB, params(t, "UTC"), true); !errors.Is(err, query.ErrUnknown) {
		t.Errorf("ErrUnknown: %v", err)
	}
	if _, err := query.ParseDialect("oracle"); err == nil {
		t.Error("a dialect that there is not")
	}
	var f *query.FilterError
	p := params(t, "UTC")
	p.Filter.Queues = []string{"vip"}
	if _, err := query.Compile("containment", query.DuckDB, p, true); !errors.As(err, &f) || f.Field != "queues" {
		t.Errorf("ErrFilter: %v", err)
	}
}

func TestParseHours(t *testing.T) {
	h, err := query.ParseHours("mon-fri 09:00-12:00, mon-fri 13:00-18:00, sat 10:00-24:00")
	if err != nil || len(h) != 11 || h[0] != (query.Span{Day: time.Monday, From: 9 * time.Hour, To: 12 * time.Hour}) || h[10] != (query.Span{Day: time.Saturday, From: 10 * time.Hour, To: 24 * time.Hour}) {
		t.Errorf("%v, %v", h, err)
	}
	h, err = query.ParseHours("2027-02-20 as fri, mon-fri 09:00-12:00, fri 13:00-18:00, 2027-02-05..2027-02-07 closed, 2027-02-08 10:00-11:00, 2027-02-08 12:00-13:00")
	if err != nil || len(h) != 13 || h[6] != (query.Span{Day: time.Saturday, From: 9 * time.Hour, To: 12 * time.Hour, Date: "2027-02-20"}) || h[8] != (query.Span{Day: time.Friday, Date: "2027-02-05"}) {
		t.Errorf("%v, %v", h, err)
	}
	if h, err := query.ParseHours("fri-mon 8:00-9:00"); err != nil || len(h) != 4 {
		t.Errorf("%v, %v", h, err)
	}
	for _, bad := range []string{"mon", "mon 9-18", "xyz 09:00-10:00", "mon 10:00-09:00", "mon 09:00-25:00", "mon 09:00-11:00, mon 10:00-12:00", "mon 24:30-24:40", "mon 09:00-10:00,",
		"2027-02-30 closed", "2027-02-05..2027-02-01 closed", "2027-02-05", "2027-02-05 as sat", "mon 09:00-10:00, 2027-02-05 as sat", "2027-02-05 closed, 2027-02-05 09:00-10:00", "2027-01-01..2027-12-31 closed", "2027-02-05 open", "9999-01-01 closed"} {
		if _, err := query.ParseHours(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// FuzzParseHours: whatever is read is valid.
func FuzzParseHours(f *testing.F) {
	f.Add("mon-fri 09:00-18:00, sat 10:00-16:00")
	f.Add("sun 0:0-24:00")
	f.Add("mon-fri 09:00-18:00, 2027-02-05..2027-02-11 closed, 2027-02-20 as fri")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := query.ParseHours(text)
		if err == nil && h.Validate() != nil {
			t.Errorf("%q gives %v", text, h)
		}
	})
}
