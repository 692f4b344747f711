package warehouse_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/analytics/lake"
	"yingda/analytics/schema"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

func MustSeal(tb testing.TB, w *warehouse.Warehouse, o warehouse.SealOptions) warehouse.Sealed {
	tb.Helper()
	s, err := w.Seal(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// lakeEqual fails unless the lake's files hold what the tables hold.
func lakeEqual(tb testing.TB, w *warehouse.Warehouse) {
	tb.Helper()
	for _, table := range schema.Facts {
		n := count(tb, w, "SELECT count(*) FROM "+table)
		files := w.Lake().Files(table, "", time.Time{}, time.Time{})
		if len(files) == 0 {
			if n > 0 {
				tb.Errorf("%s: no files, want %d rows", table, n)
			}
			continue
		}
		scan := lake.Scan(files)
		if got := count(tb, w, "SELECT count(*) FROM "+scan); got != n {
			tb.Errorf("%s: the lake has %d rows, the warehouse %d", table, got, n)
		}
		if d := count(tb, w, fmt.Sprintf("SELECT count(*) FROM (SELECT * FROM %s EXCEPT ALL SELECT * FROM (SELECT tenant, %s FROM %s))", table, columns(tb, w, table), scan)); d != 0 {
			tb.Errorf("%s: %d rows differ", table, d)
		}
	}
}

// columns returns the columns of a table but for the first, tenant.
func columns(tb testing.TB, w *warehouse.Warehouse, table string) string {
	tb.Helper()
	rows, err := w.Query(tb.Context(), "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", table)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			tb.Fatal(err)
		}
		names = append(names, s)
	}
	return strings.Join(names[1:], ", ")
}

func TestSeal(t *testing.T) {
	events := traffic(7, 800)
	late, onTime := events[100:110], slices.Delete(slices.Clone(events), 100, 110)
	c := &clock{events[len(events)-1].Time}
	w := MustOpen(t, warehouse.Options{Now: c.now})
	MustTake(t, w, onTime)
	first := MustSeal(t, w, warehouse.SealOptions{})
	if first.Files != 0 {
		t.Errorf("%d files before anything settled", first.Files)
	}
	c.t = c.t.Add(10 * time.Minute)
	if s := MustSeal(t, w, warehouse.SealOptions{}); s.Files == 0 || s.Position == 0 || s.Position >= w.Position() {
		t.Errorf("%+v: want files, and a position before that of the open hour", s)
	}
	c.t = c.t.Add(30 * time.Hour)
	s := MustSeal(t, w, warehouse.SealOptions{})
	if s.Position != w.Position() {
		t.Errorf("the lake holds the log up to %d, want %d", s.Position, w.Position())
	}
	for _, f := range w.Lake().Manifest().Files {
		if f.Hour != lake.WholeDay {
			t.Errorf("%s is not of a whole day, after the day", f.Path)
		}
	}
	lakeEqual(t, w)
	if s := MustSeal(t, w, warehouse.SealOptions{}); s.Files != 0 {
		t.Errorf("nothing changed, and %d files were written", s.Files)
	}
	MustTake(t, w, late)
	c.t = c.t.Add(2 * time.Minute)
	if s := MustSeal(t, w, warehouse.SealOptions{}); s.Files == 0 {
		t.Error("late events were not sealed")
	}
	lakeEqual(t, w)
	if faults, err := w.Lake().Verify(t.Context(), nil); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

// sealed makes a folder with a warehouse whose first two thirds of events are in the lake, and returns what its tables hold.
func sealed(t *testing.T, events []dialogue.Event, c *clock) (dir string, want map[string][]string) {
	t.Helper()
	dir = t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir, Now: c.now})
	cut := len(events) * 2 / 3
	MustTake(t, w, events[:cut])
	MustSeal(t, w, warehouse.SealOptions{All: true})
	MustTake(t, w, events[cut:])
	MustRefresh(t, w)
	want = dump(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, want
}

// resend does what the log's side does: it sends what comes after the position.
func resend(t *testing.T, w *warehouse.Warehouse, events []dialogue.Event) {
	t.Helper()
	var err error
	for range 3 { // as the feeder does; a fault in the file may be found only now
		from := w.Position()
		if err = w.Take(t.Context(), slices.DeleteFunc(slices.Clone(events), func(ev dialogue.Event) bool { return ev.Seq <= from }), uint64(len(events))); err == nil {
			err = w.Refresh(t.Context())
		}
		if err == nil && w.Position() == uint64(len(events)) {
			return
		}
		t.Logf("again: %v", err)
	}
	t.Fatal(err)
}

func TestRepair(t *testing.T) {
	overwrite := func(name string, data string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spoil := func(name string) {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 0x55
		overwrite(name, string(data))
	}
	parquet := func(dir string) string {
		t.Helper()
		l, err := lake.Open(filepath.Join(dir, "lake"))
		if err != nil {
			t.Fatal(err)
		}
		return l.Files("turns", "", time.Time{}, time.Time{})[0]
	}
	newestManifest := func(dir string) string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "lake", "manifest-*.json"))
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		return names[len(names)-1]
	}
	for name, damage := range map[string]func(dir string){
		"Nothing":        func(string) {},
		"DatabaseGone":   func(dir string) { os.Remove(filepath.Join(dir, warehouse.FileName)) },
		"DatabaseBroken": func(dir string) { overwrite(filepath.Join(dir, warehouse.FileName), "this is no database") },
		"HeaderFlipped": func(dir string) {
			name := filepath.Join(dir, warehouse.FileName)
			data, _ := os.ReadFile(name)
			copy(data[4096:], strings.Repeat("\x00\xff", 5000))
			overwrite(name, string(data))
		},
		"BlocksFlipped": func(dir string) {
			name := filepath.Join(dir, warehouse.FileName)
			data, _ := os.ReadFile(name)
			for i := 3*4096 + 100; i < len(data); i += 3000 {
				data[i] ^= 0xff
			}
			overwrite(name, string(data))
		},
		"WALBroken": func(dir string) {
			overwrite(filepath.Join(dir, warehouse.FileName+".wal"), strings.Repeat("nonsense", 100))
		},
		"OtherVersion":  func(dir string) { changeVersion(t, dir) },
		"ParquetBroken": func(dir string) { os.Remove(filepath.Join(dir, warehouse.FileName)); spoil(parquet(dir)) },
		"ParquetGone":   func(dir string) { os.Remove(filepath.Join(dir, warehouse.FileName)); os.Remove(parquet(dir)) },
		"ManifestHalf": func(dir string) {
			os.Remove(filepath.Join(dir, warehouse.FileName))
			data, _ := os.ReadFile(newestManifest(dir))
			overwrite(filepath.Join(dir, "lake", "manifest-000000009999.json"), string(data[:len(data)/2]))
		},
		"ManifestGone": func(dir string) { os.Remove(newestManifest(dir)) },
		"LakeGone":     func(dir string) { os.RemoveAll(filepath.Join(dir, "lake")) },
		"AllGone":      func(dir string) { os.RemoveAll(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := traffic(11, 150)
			c := &clock{events[len(events)-1].Time.Add(time.Hour)}
			dir, want := sealed(t, events, c)
			damage(dir)
			w := MustOpen(t, warehouse.Options{Dir: dir, Now: c.now})
			resend(t, w, events)
			same(t, name, dump(t, w), want)
			MustSeal(t, w, warehouse.SealOptions{All: true})
			lakeEqual(t, w)
			if faults, err := w.Lake().Verify(t.Context(), nil); err != nil || len(faults) > 0 {
				t.Error(faults, err)
			}
		})
	}
}

// TestRepairLake repairs a lake while the warehouse is whole.
func TestRepairLake(t *testing.T) {
	events := traffic(12, 300)
	c := &clock{events[len(events)-1].Time.Add(48 * time.Hour)}
	w := MustOpen(t, warehouse.Options{Now: c.now})
	MustTake(t, w, events)
	MustSeal(t, w, warehouse.SealOptions{All: true})
	bad := w.Lake().Files("turns", "t1", time.Time{}, time.Time{})[0]
	if err := os.Truncate(bad, 100); err != nil {
		t.Fatal(err)
	}
	faults, err := w.Repair(t.Context())
	if err != nil || len(faults) != 1 || !strings.Contains(faults[0].Why, filepath.Base(bad)) {
		t.Fatalf("%v, %v: want the one file by name", faults, err)
	}
	MustSeal(t, w, warehouse.SealOptions{All: true})
	lakeEqual(t, w)
}

func TestForget(t *testing.T) {
	old, young := turn("a", 1, start), turn("b", 2, start.AddDate(0, 0, 5))
	c := &clock{start.AddDate(0, 0, 6)}
	dir := t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir, Now: c.now})
	MustTake(t, w, []dialogue.Event{old, young})
	MustRefresh(t, w)
	MustSeal(t, w, warehouse.SealOptions{All: true})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = MustOpen(t, warehouse.Options{Dir: dir, Now: c.now, Keep: 72 * time.Hour})
	if err := w.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	MustTake(t, w, []dialogue.Event{old})
	MustRefresh(t, w)
	for query, want := range map[string]int{"SELECT count(*) FROM turns": 1, "SELECT count(*) FROM sessions": 1, "SELECT sum(turns)::BIGINT FROM hourly": 2,
		"SELECT sum(sessions)::BIGINT FROM daily_sessions": 2} {
		if n := count(t, w, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
	lakeEqual(t, w)
	if notes, err := w.Notes(t.Context(), 10); err != nil || len(notes) != 1 || !strings.Contains(notes[0].Text, "older than what is kept") {
		t.Errorf("notes %v, %v", notes, err)
	}
}
