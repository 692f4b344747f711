package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// consumeAll takes n events and returns their ids.
func consumeAll(tb testing.TB, l *eventlog.Log, name string, n int) (ids []string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	err := l.Consume(ctx, name, func(_ context.Context, evs []dialogue.Event) error {
		for _, ev := range evs {
			ids = append(ids, ev.ID)
		}
		if len(ids) >= n {
			cancel()
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(ids) < n {
		tb.Fatalf("%s got %d events, want %d: %v", name, len(ids), n, ids)
	}
	return ids
}

// numbers are the ids m1 … mn.
func numbers(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("m", i+1))
	}
	return ids
}

func TestConsume(t *testing.T) {
	o := options(t.TempDir())
	l := mustOpen(t, o)
	write(t, l, key("c"), "u", 300)

	// The first two batches fail, then work is cut off in the middle of a batch.
	ctx, cancel := context.WithCancel(t.Context())
	var took []string
	calls := 0
	err := l.Consume(ctx, "projection", func(_ context.Context, evs []dialogue.Event) error {
		if calls++; calls <= 2 {
			return errors.New("the database is away")
		}
		if len(took) > 50 {
			cancel()
			return errors.New("crash")
		}
		for _, ev := range evs {
			took = append(took, ev.ID)
		}
		return nil
	})
	if err != nil || calls < 4 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	mustClose(t, l)
	l = mustOpen(t, o)
	took = append(took, consumeAll(t, l, "projection", 300-len(took))...)
	// At least once, and a first sight of each in the log's order.
	seen := map[string]bool{}
	took = slices.DeleteFunc(took, func(id string) bool { old := seen[id]; seen[id] = true; return old })
	if !slices.Equal(took, numbers(300)) {
		t.Errorf("got %v", took)
	}
	if err := l.Consume(t.Context(), "no/slash", nil); err == nil {
		t.Error("a bad name: no error")
	}
}

func TestConsumeShared(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	other := mustReplica(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for _, log := range []*eventlog.Log{l, other} {
		wg.Go(func() {
			err := log.Consume(ctx, "shared", func(_ context.Context, evs []dialogue.Event) error {
				mu.Lock()
				defer mu.Unlock()
				for _, ev := range evs {
					seen[ev.ID]++
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	write(t, l, key("c"), "u", 200)
	eventually(t, "all events", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 200 })
	cancel()
	wg.Wait()
}

func TestFollow(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	other := mustReplica(t, l)
	write(t, l, key("before"), "u", 3)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	got := map[int][]string{}
	var wg sync.WaitGroup
	for i, log := range []*eventlog.Log{l, other} {
		wg.Go(func() {
			err := log.Follow(ctx, func(ev *dialogue.Event) {
				mu.Lock()
				defer mu.Unlock()
				if ev.Private == nil || ev.Private.Text == "" || ev.Seq == 0 {
					t.Errorf("incomplete: %+v", ev)
				}
				got[i] = append(got[i], ev.ID)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	// "From now" is when Follow is called: write until both have something, then see that nothing is missing after it.
	n := 0
	eventually(t, "both follow", func() bool {
		n++
		write(t, l, key("c"), "u", 1)
		mu.Lock()
		defer mu.Unlock()
		return len(got[0]) > 0 && len(got[1]) > 0
	})
	write(t, l, key("c"), "u", 20)
	n += 20
	last := fmt.Sprint("m", n)
	eventually(t, "the last event", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(got[0], last) && slices.Contains(got[1], last)
	})
	cancel()
	wg.Wait()
	for i, ids := range got {
		if all := numbers(n); !slices.Equal(ids, all[n-len(ids):]) {
			t.Errorf("follower %d saw %s", i, strings.Join(ids, " "))
		}
	}
}

func TestClosed(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	errs := make(chan error, 3)
	go func() { errs <- l.Follow(t.Context(), func(*dialogue.Event) {}) }()
	go func() {
		errs <- l.Consume(t.Context(), "x", func(context.Context, []dialogue.Event) error { return nil })
	}()
	ready := make(chan bool)
	go func() { errs <- l.Watch(t.Context(), "", func() { close(ready) }, func(dialogue.Document) {}) }()
	<-ready
	time.Sleep(50 * time.Millisecond)
	mustClose(t, l)
	for range 3 {
		if err := <-errs; !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
	}
	if _, err := l.Load(t.Context(), key("c")); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("load: %v, want ErrClosed", err)
	}
	if _, err := l.Append(t.Context(), &dialogue.Tracker{Key: key("c")}, turn("m", "u", "x", 0)); err == nil {
		t.Error("append after Close: no error")
	}
}
