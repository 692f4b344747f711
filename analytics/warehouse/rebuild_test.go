package warehouse_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// TestRebuild makes a warehouse again from the lake and, for the last tenth, from the log. With YINGDA_STRESS set it has a million turns and may
// take 3 minutes.
func TestRebuild(t *testing.T) {
	turns, allowed := 10_000, time.Hour
	if os.Getenv("YINGDA_STRESS") != "" {
		turns, allowed = 1_000_000, 3*time.Minute
	}
	const size = 20_000
	dir := t.TempDir()
	now := func() time.Time { return start.AddDate(1, 0, 0) }
	w := MustOpen(t, warehouse.Options{Dir: dir, Now: now})
	batch := func(first int) []dialogue.Event {
		events := make([]dialogue.Event, 0, size)
		for i := first; i < min(first+size, turns); i++ {
			// conversations of 5 turns that overlap, over some 30 days
			ev := turn(fmt.Sprintf("c%d", i/50*10+i%10), uint64(i+1), start.Add(time.Duration(i)*time.Duration(30*24*time.Hour/time.Duration(turns))))
			ev.Turn.Exposures = nil
			events = append(events, ev)
		}
		return events
	}
	began, sealed := time.Now(), turns*9/10/size*size
	for i := 0; i < turns; i += size {
		if i == sealed {
			MustSeal(t, w, warehouse.SealOptions{All: true})
		}
		MustTake(t, w, batch(i))
	}
	t.Logf("taking in and sealing %d turns: %.1f s, %.0f turns/s", turns, time.Since(began).Seconds(), float64(turns)/time.Since(began).Seconds())
	began = time.Now()
	MustRefresh(t, w)
	t.Logf("their sessions and roll-ups: %.1f s", time.Since(began).Seconds())
	sessions := count(t, w, "SELECT count(*) FROM sessions")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, warehouse.FileName), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	w = MustOpen(t, warehouse.Options{Dir: dir, Now: now})
	t.Logf("made again from the lake: %.1f s", time.Since(began).Seconds())
	if w.Position() != uint64(sealed) {
		t.Errorf("position %d, want %d", w.Position(), sealed)
	}
	for i := sealed; i < turns; i += size {
		MustTake(t, w, batch(i))
	}
	MustRefresh(t, w)
	took := time.Since(began)
	t.Logf("and from the log, with sessions and roll-ups: %.1f s", took.Seconds())
	if took > allowed {
		t.Errorf("it took %v, more than %v", took, allowed)
	}
	for query, want := range map[string]int{"SELECT count(*) FROM turns": turns, "SELECT sum(turns)::BIGINT FROM hourly": turns, "SELECT sum(turns)::BIGINT FROM sessions": turns,
		"SELECT count(*) FROM sessions": sessions, "SELECT sum(sessions)::BIGINT FROM daily_sessions": sessions} {
		if n := count(t, w, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
}
