package warehouse_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// TestOddInput takes in what a log should not hold: what cannot be a row is refused with a note, what is too long is cut with one, and the totals
// are exact.
func TestOddInput(t *testing.T) {
	size := 64 << 20
	if os.Getenv("YINGDA_STRESS") != "" {
		size = 1 << 30
	}
	events := make([]dialogue.Event, 9)
	for i := range events {
		events[i] = turn("c", uint64(i+1), start.Add(time.Duration(i)*time.Second))
	}
	events[0].Turn.Redacted = strings.Repeat("长", size/3) // valid
	events[1].Turn.Redacted = "broken \xff\xfe UTF-8"
	events[2].Turn.OOS = math.NaN()
	events[2].Turn.Millis["total"] = math.Inf(1)
	events[3].Turn = nil                                         // refused
	events[4].Tenant = "../../etc"                               // refused
	events[5].Time = time.Time{}                                 // refused
	events[6].Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) // refused
	events[7].Time = start.Add(-26 * time.Hour)                  // a clock that jumped
	events[8].Turn.Exposures = map[string]string{"a'; DROP TABLE turns; --": "\x00"}
	w := MustOpen(t, warehouse.Options{})
	MustTake(t, w, events)
	MustRefresh(t, w)
	MustSeal(t, w, warehouse.SealOptions{All: true})
	lakeEqual(t, w)
	for query, want := range map[string]int{"SELECT count(*) FROM turns": 5, "SELECT max(octet_length(encode(text))) FROM turns": 64<<10 - 1, "SELECT sum(turns)::BIGINT FROM hourly": 5,
		"SELECT count(*) FROM turns WHERE oos IS NULL AND ms_total IS NULL": 1, "SELECT sum(ms_n)::BIGINT FROM hourly": 4, "SELECT sum(turns)::BIGINT FROM sessions": 5} {
		if n := count(t, w, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
	notes, err := w.Notes(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	refused, cut := 0, 0
	for _, n := range notes {
		if strings.HasPrefix(n.Text, "refused: ") {
			refused++
		} else if strings.HasPrefix(n.Text, "cut: ") {
			cut++
		}
	}
	if refused != 4 || cut != 2 {
		t.Errorf("%d refused and %d cut, want 4 and 2: %+v", refused, cut, notes)
	}
	if len(events[0].Turn.Redacted) != size/3*3 {
		t.Error("the caller's event was changed")
	}
}

// TestInvalidated goes on after the database said that it cannot.
func TestInvalidated(t *testing.T) {
	w := MustOpen(t, warehouse.Options{})
	MustTake(t, w, []dialogue.Event{turn("a", 1, start)})
	w.Invalidate()
	MustTake(t, w, []dialogue.Event{turn("a", 1, start), turn("a", 2, start)})
	MustRefresh(t, w)
	if n := count(t, w, "SELECT count(*) FROM turns"); n != 2 {
		t.Errorf("%d turns, want 2", n)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := MustOpen(t, warehouse.Options{Dir: dir})
	MustTake(t, w, []dialogue.Event{turn("a", 1, start)})
	if _, err := warehouse.Open(t.Context(), warehouse.Options{}); err == nil {
		t.Error("a warehouse without a folder was opened")
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.Query(t.Context(), "SELECT 1"); err == nil {
		t.Error("a closed warehouse answers")
	}
	if err := w.Take(t.Context(), nil, 1); err == nil {
		t.Error("a closed warehouse takes events in")
	}
}

// TestConfined holds that no query reaches a file outside of the folder, or changes what the database may do.
func TestConfined(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := MustOpen(t, warehouse.Options{})
	for _, query := range []string{fmt.Sprintf("SELECT * FROM '%s'", outside), fmt.Sprintf("SELECT * FROM read_text('%s')", outside), fmt.Sprintf("COPY (SELECT 1) TO '%s.x'", outside),
		fmt.Sprintf("ATTACH '%s.db' AS x", outside), "SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs"} {
		rows, err := w.Query(t.Context(), query)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		if err == nil {
			t.Errorf("%s was done", query)
		}
	}
}

// TestArrow reads every table and sums over it as Arrow; with the tag and without it gives the same types.
func TestArrow(t *testing.T) {
	w := MustOpen(t, warehouse.Options{})
	events := traffic(5, 2500)
	MustTake(t, w, events)
	MustRefresh(t, w)
	for _, table := range []string{"turns", "hands", "sessions", "exposures", "hourly", "daily_sessions"} {
		r, err := w.QueryArrow(t.Context(), "SELECT * FROM "+table+" WHERE tenant <> ?", "nobody")
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for r.Next() {
			n += r.RecordBatch().NumRows()
		}
		if err := r.Err(); err != nil {
			t.Error(err)
		}
		r.Release()
		if want := count(t, w, "SELECT count(*) FROM "+table); n != int64(want) {
			t.Errorf("%s: %d rows as Arrow, want %d", table, n, want)
		}
	}
	r, err := w.QueryArrow(t.Context(), "SELECT sum(seq) AS s, count(*) AS n, avg(p1) AS m, list(DISTINCT owner) AS o, bool_or(fallback) AS f, max(ts) AS t, max(dt) AS d, 1.25 AS x, NULL AS z FROM turns")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var types []string
	for _, f := range r.Schema().Fields() {
		types = append(types, f.Type.String())
	}
	if got, want := strings.Join(types, "; "), "decimal(38, 0); int64; float64; list<l: utf8, nullable>; bool; timestamp[us]; date32; decimal(3, 2); int32"; got != want {
		t.Errorf("types %s, want %s", got, want)
	}
	for r.Next() {
		if r.RecordBatch().NumRows() != 1 {
			t.Error(r.RecordBatch())
		}
	}
	if _, err := w.QueryArrow(t.Context(), "SELECT nonsense"); err == nil {
		t.Error("no error")
	}
}
