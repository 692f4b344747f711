package warehouse_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// TestBulk takes turns in at once, which goes another way than a few at a time, and looks at what is left if the process is killed right after.
func TestBulk(t *testing.T) {
	events := traffic(11, 6000)
	now := func() time.Time { return events[len(events)-1].Time.Add(10 * time.Hour) }
	few := MustOpen(t, warehouse.Options{Dir: t.TempDir(), Now: now})
	for i := 0; i < len(events); i += 50 {
		MustTake(t, few, events[i:min(i+50, len(events))])
	}
	dir := t.TempDir()
	many := MustOpen(t, warehouse.Options{Dir: dir, Now: now})
	MustTake(t, many, events)

	killed := t.TempDir()
	for _, name := range []string{warehouse.FileName, warehouse.FileName + ".wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := MustOpen(t, warehouse.Options{Dir: killed, Now: now})
	if broken, _ := filepath.Glob(filepath.Join(killed, "*.broken-*")); len(broken) > 0 {
		t.Errorf("the database did not open as it was: %v", broken)
	}
	if n := count(t, again, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"); n != 0 {
		t.Errorf("%d views are left", n)
	}
	MustTake(t, again, append([]dialogue.Event(nil), events[:2000]...)) // what is in is left out
	for _, w := range []*warehouse.Warehouse{few, many, again} {
		MustRefresh(t, w)
	}
	want := dump(t, few)
	same(t, "many at once", dump(t, many), want)
	same(t, "and after a kill", dump(t, again), want)
}
