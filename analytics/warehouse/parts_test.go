package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// inParts cuts events into parts of some; every third one comes as rows, or what comes before it does.
func inParts(events []dialogue.Event, each int, fail error) iter.Seq2[analytics.Part, error] {
	return func(yield func(analytics.Part, error) bool) {
		for from := 0; from < len(events); from += each {
			var p analytics.Part
			for i := from; i < min(from+each, len(events)); i++ {
				p.Through = events[i].Seq
				if ev := &events[i]; ev.Kind == dialogue.TurnTaken && i%3 > 0 {
					p.Rows.Add(ev)
				} else {
					p.Events = append(p.Events, *ev)
				}
			}
			if !yield(p, nil) {
				return
			}
		}
		if fail != nil {
			yield(analytics.Part{}, fail)
		}
	}
}

// TestTakeParts takes the same events in at once, in parts, and in parts some of which come again.
func TestTakeParts(t *testing.T) {
	events := traffic(21, 2500)
	now := func() time.Time { return events[len(events)-1].Time.Add(10 * time.Hour) }
	want := reference(t, events, now)
	for _, each := range []int{90, 900} {
		w := MustOpen(t, warehouse.Options{Now: now})
		for from := 0; from < len(events); from += 1000 {
			to := min(len(events), from+1000)
			if err := w.TakeParts(t.Context(), uint64(from), inParts(events[max(0, from-100):to], each, nil)); err != nil {
				t.Fatal(err)
			}
			if w.Position() != uint64(to) {
				t.Fatalf("position %d, want %d", w.Position(), to)
			}
		}
		MustRefresh(t, w)
		same(t, fmt.Sprintf("%d at a time", each), dump(t, w), want)
	}
}

// TestTakePartsFails takes nothing in when the last part fails, and nothing where earlier events are missing.
func TestTakePartsFails(t *testing.T) {
	events := traffic(22, 900)
	w := MustOpen(t, warehouse.Options{})
	MustTake(t, w, events[:300])
	before, through := dump(t, w), w.Through()
	broken := errors.New("broken")
	if err := w.TakeParts(t.Context(), 300, inParts(events[300:], 100, broken)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if err := w.TakeParts(t.Context(), 301, inParts(events[301:], 100, nil)); !errors.Is(err, analytics.ErrGap) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.TakeParts(ctx, 300, inParts(events[300:], 100, nil)); err == nil {
		t.Error("a context that is done does not matter")
	}
	same(t, "after faults", dump(t, w), before)
	if w.Position() != 300 || !w.Through().Equal(through) {
		t.Errorf("position %d, newest event of %s", w.Position(), w.Through())
	}
	if err := w.TakeParts(t.Context(), 300, inParts(events[300:], 100, nil)); err != nil {
		t.Fatal(err)
	}
	MustRefresh(t, w)
	other := MustOpen(t, warehouse.Options{})
	MustTake(t, other, events)
	MustRefresh(t, other)
	same(t, "then", dump(t, w), dump(t, other))
}

// TestWholeRowGroup takes so many turns in that the database stores some of them before the transaction ends, and looks at what is left if the process
// is killed right after.
func TestWholeRowGroup(t *testing.T) {
	const n = 130_000
	dir := t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir})
	parts := func(yield func(analytics.Part, error) bool) {
		for from := 0; from < n; from += 10_000 {
			p := analytics.Part{Through: uint64(from + 10_000)}
			for i := from; i < from+10_000; i++ {
				ev := turn(fmt.Sprintf("c%d", i/6), uint64(i+1), start.Add(time.Duration(i)*10*time.Millisecond))
				p.Rows.Add(&ev)
			}
			if !yield(p, nil) {
				return
			}
		}
	}
	if err := w.TakeParts(t.Context(), 0, parts); err != nil {
		t.Fatal(err)
	}
	killed := t.TempDir()
	for _, name := range []string{warehouse.FileName, warehouse.FileName + ".wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != warehouse.FileName && len(data) > 50*n {
			t.Errorf("the write-ahead log has %d bytes: the turns were written to it, and are to be stored later", len(data))
		}
	}
	again := MustOpen(t, warehouse.Options{Dir: killed})
	const sum = "SELECT (sum(hash(t)) %% 1000000007)::BIGINT FROM %s t"
	for _, table := range []string{"turns", "exposures", "dirty_conversations", "unsealed"} {
		if a, b := count(t, w, fmt.Sprintf(sum, table)), count(t, again, fmt.Sprintf(sum, table)); a != b {
			t.Errorf("%s is not as it was", table)
		}
	}
	if got := count(t, again, "SELECT count(DISTINCT seq) FROM turns"); got != n || again.Position() != n {
		t.Errorf("%d turns, position %d", got, again.Position())
	}
}
