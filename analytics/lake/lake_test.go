package lake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"yingda/analytics/lake"
)

var now = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

func MustOpen(tb testing.TB, dir string) *lake.Lake {
	tb.Helper()
	l, err := lake.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// MustFile writes a Parquet file of n rows, not yet in force.
func MustFile(tb testing.TB, l *lake.Lake, date string, hour, n int) lake.File {
	tb.Helper()
	f, path, err := l.Create(lake.Partition{Table: "turns", Tenant: "shop", Date: date}, hour)
	if err != nil {
		tb.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "seq", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range n {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
	}
	out, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		tb.Fatal(err)
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		tb.Fatal(err)
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		tb.Fatal(err)
	}
	f.Rows, f.MinTS, f.MaxTS = int64(n), day.Add(time.Duration(max(hour, 0))*time.Hour), day.Add(time.Duration(max(hour, 0))*time.Hour+30*time.Minute)
	if err := l.Complete(&f); err != nil {
		tb.Fatal(err)
	}
	return f
}

func MustCommit(tb testing.TB, l *lake.Lake, c lake.Change) {
	tb.Helper()
	c.Schema, c.Time = 1, now
	if err := l.Commit(c); err != nil {
		tb.Fatal(err)
	}
}

func rows(l *lake.Lake) (n int64) {
	for _, f := range l.Manifest().Files {
		n += f.Rows
	}
	return n
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	l := MustOpen(t, dir)
	if l.Manifest().Version != 0 || len(l.Files("turns", "", time.Time{}, time.Time{})) != 0 {
		t.Error("a lake that is not there is not empty")
	}
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 9, 10), MustFile(t, l, "2026-03-01", 10, 20), MustFile(t, l, "2026-03-02", 9, 5)}, Position: 35})
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 10, 21)}, Position: 36}) // an hour takes the place of itself
	if n := rows(l); n != 36 {
		t.Errorf("%d rows, want 36", n)
	}
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", lake.WholeDay, 31)}, Position: 36}) // a day that of its hours
	other := MustOpen(t, dir)
	for _, l := range []*lake.Lake{l, other} {
		if n := rows(l); n != 36 || l.Manifest().Position != 36 || l.Manifest().Version != 3 {
			t.Errorf("%d rows, %+v", n, l.Manifest())
		}
	}
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		tenant   string
		from, to time.Time
		want     int
	}{{"", time.Time{}, time.Time{}, 2}, {"shop", day(1), day(2), 1}, {"shop", day(2), day(3), 1}, {"other", time.Time{}, time.Time{}, 0}, {"", day(3), time.Time{}, 0}} {
		if got := l.Files("turns", c.tenant, c.from, c.to); len(got) != c.want {
			t.Errorf("%q %v %v: %v", c.tenant, c.from, c.to, got)
		}
	}
	MustCommit(t, l, lake.Change{Drop: l.Manifest().Files[:1], Position: 36})
	if len(l.Manifest().Files) != 1 || len(other.Manifest().Files) != 2 {
		t.Error("a reader's manifest changed under it, or the writer's did not")
	}
	if err := other.Reload(); err != nil || len(other.Manifest().Files) != 1 {
		t.Error(err, other.Manifest())
	}
}

// TestDamagedManifest goes on with the manifest before, and with what comes after.
func TestDamagedManifest(t *testing.T) {
	dir := t.TempDir()
	l := MustOpen(t, dir)
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 9, 10)}})
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 10, 10)}})
	name := filepath.Join(dir, "manifest-000000000002.json")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range 40 {
		if err := os.WriteFile(name, whole[:len(whole)*cut/40], 0o600); err != nil {
			t.Fatal(err)
		}
		l = MustOpen(t, dir)
		if rows(l) != 10 || !slices.Equal(l.Damaged(), []uint64{2}) {
			t.Fatalf("cut to %d/40: %d rows, damaged %v", cut, rows(l), l.Damaged())
		}
	}
	MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 11, 5)}})
	if err := l.Tidy(now, time.Hour); err != nil {
		t.Fatal(err)
	}
	l = MustOpen(t, dir)
	if rows(l) != 15 || len(l.Damaged()) != 0 || l.Manifest().Version != 3 {
		t.Errorf("%d rows, damaged %v, version %d", rows(l), l.Damaged(), l.Manifest().Version)
	}
}

// TestTidy deletes what no kept manifest names, when it is old enough.
func TestTidy(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	for i := range 8 {
		MustCommit(t, l, lake.Change{Files: []lake.File{MustFile(t, l, "2026-03-01", 9, i+1)}})
	}
	MustFile(t, l, "2026-03-01", 10, 1) // never committed
	files := func() int {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(l.Dir(), "turns", "*", "*", "*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if err := l.Tidy(time.Now(), time.Hour); err != nil || files() != 9 {
		t.Errorf("%v; %d files are left, want all 9: none is an hour old", err, files())
	}
	if err := l.Tidy(time.Now().Add(2*time.Hour), time.Hour); err != nil || files() != 4 {
		t.Errorf("%v; %d files are left, want those of 4 manifests", err, files())
	}
	if faults, err := l.Verify(t.Context(), nil); err != nil || len(faults) != 0 {
		t.Error(faults, err)
	}
}

// TestVerify names what is damaged.
func TestVerify(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	var fs []lake.File
	for h := range 4 {
		fs = append(fs, MustFile(t, l, "2026-03-01", h, 100))
	}
	MustCommit(t, l, lake.Change{Files: fs})
	path := func(i int) string { return filepath.Join(l.Dir(), filepath.FromSlash(fs[i].Path)) }
	data, err := os.ReadFile(path(1))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := errors.Join(os.WriteFile(path(1), data, 0o600), os.Truncate(path(2), 50), os.Remove(path(3))); err != nil {
		t.Fatal(err)
	}
	faults, err := l.Verify(t.Context(), func(int, int) {})
	if err != nil || len(faults) != 3 {
		t.Fatalf("%v, %v: want 3 faults", faults, err)
	}
	for i, f := range faults {
		if !strings.Contains(f.Why, fs[i+1].Path) {
			t.Errorf("%s does not name %s", f.Why, fs[i+1].Path)
		}
	}
}

func FuzzManifest(f *testing.F) {
	m := lake.Manifest{Format: "yingda-lake-1", Version: 1, Files: []lake.File{{Table: "turns", Tenant: "a", Date: "2026-03-01", Hour: 3, Path: "turns/tenant=a/dt=2026-03-01/03-x.parquet"}}}
	for _, path := range []string{m.Files[0].Path, "../../etc/passwd", "/etc/passwd", "a/../../b", "a'b"} {
		m.Files[0].Path = path
		data, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := lake.ParseManifest(data)
		if err != nil {
			if !errors.Is(err, lake.ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		for _, file := range m.Files {
			if !filepath.IsLocal(file.Path) || strings.Contains(file.Path, "'") {
				t.Errorf("path %q leads out", file.Path)
			}
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lake.ParseManifest(again); err != nil {
			t.Errorf("written again: %v", err)
		}
	})
}

func ExampleScan() {
	fmt.Println(lake.Scan([]string{"/lake/turns/tenant=shop/dt=2026-03-01/day-1.parquet"}))
	// Output: read_parquet(['/lake/turns/tenant=shop/dt=2026-03-01/day-1.parquet'], hive_partitioning = true, hive_types = {'tenant': VARCHAR, 'dt': DATE})
}
