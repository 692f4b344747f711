package pairs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/pairs"
	"yingda/models"
	"yingda/nlu"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func mustLog(tb testing.TB) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: tb.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

func said(bundle models.BundleID, intent string, score float64) *nlu.Analysis {
	p := nlu.Prediction{Label: intent, Score: score}
	return &nlu.Analysis{Bundle: bundle, Intents: []nlu.Intent{{Prediction: p}}, Ranking: []nlu.Prediction{p}, Emotion: nlu.Emotion{Prediction: nlu.Prediction{Label: "calm"}}}
}

func turn(tenant string, i int) *dialogue.Event {
	return &dialogue.Event{ID: fmt.Sprint("m", i), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: tenant, Conversation: fmt.Sprint("c", i)}, Seq: uint64(100 + i),
		Customer: "p1", Channel: "web", Time: start.Add(time.Duration(i) * time.Second), Turn: &dialogue.TurnBody{}}
}

// rows are what analytics makes of all events of a log.
func rows(tb testing.TB, l *eventlog.Log) analytics.Rows {
	tb.Helper()
	var r analytics.Rows
	if err := l.Walk(tb.Context(), 0, func(ev *dialogue.Event, _ uint64) error { r.Add(ev); return nil }); err != nil {
		tb.Fatal(err)
	}
	return r
}

func mustRecorder(tb testing.TB, o pairs.Options) *pairs.Recorder {
	tb.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r, err := pairs.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestPairs: whichever half comes first, each pair comes out of the log once, as a row of its turn, in events of many.
func TestPairs(t *testing.T) {
	l := mustLog(t)
	r := mustRecorder(t, pairs.Options{Store: l})
	const n = 250
	for i := range n {
		tenant := []string{"a", "b"}[i%2]
		first, second := said("one", "order.cancel", 0.9), said("two", []string{"order.cancel", "order.status"}[i%5/4], 0.7)
		if i%3 == 0 {
			r.Compared(first, second)
			r.Taken(turn(tenant, i), first)
		} else {
			r.Taken(turn(tenant, i), first)
			r.Compared(first, second)
		}
	}
	r.Taken(turn("a", n), said("one", "x", 0.9)) // not sampled
	r.Compared(said("one", "x", 0.9), said("two", "x", 0.9))
	r.Flush(t.Context())
	r.Flush(t.Context())
	got := rows(t, l)
	if len(got.Shadows) != n || len(got.Turns) != 0 {
		t.Fatalf("%d rows, want %d", len(got.Shadows), n)
	}
	seen := map[string]bool{}
	for _, s := range got.Shadows {
		var i int
		fmt.Sscanf(s.Conversation, "c%d", &i)
		if seen[s.Conversation] || s.Tenant != []string{"a", "b"}[i%2] || s.Seq != int64(100+i) || s.ID != fmt.Sprint("m", i) || !s.Time.Equal(start.Add(time.Duration(i)*time.Second)) ||
			s.Bundle != "one" || s.Shadow != "two" || *s.P != 0.9 || *s.ShadowP != 0.7 || s.Same != (i%5 != 4) || s.Emotion != "calm" || s.Customer != "p1" {
			t.Errorf("%+v", s)
		}
		seen[s.Conversation] = true
	}
	if v, err := l.Verify(t.Context(), nil); err != nil || !v.OK() {
		t.Errorf("the log is damaged: %+v %v", v, err)
	}
}

// TestBounds: halves that find no other one are let go by number and age, and hold no analysis in memory.
func TestBounds(t *testing.T) {
	l := mustLog(t)
	var now atomic.Int64
	now.Store(start.UnixNano())
	r := mustRecorder(t, pairs.Options{Store: l, Held: 10, Wait: time.Second, Now: func() time.Time { return time.Unix(0, now.Load()) }})
	var as []*nlu.Analysis
	for i := range 30 {
		as = append(as, said("one", "x", 0.9))
		r.Taken(turn("a", i), as[i])
	}
	for i, a := range as {
		r.Compared(a, said("two", "x", 0.9))
		if i == 14 {
			break
		}
	}
	late := said("one", "x", 0.9)
	r.Taken(turn("a", 90), late)
	now.Add(int64(2 * time.Second))
	r.Taken(turn("a", 91), said("one", "x", 0.9)) // time is looked at when something comes
	r.Compared(late, said("two", "x", 0.9))
	r.Flush(t.Context())
	if got := rows(t, l).Shadows; len(got) != 0 {
		t.Errorf("%d pairs of halves that were to be let go", len(got))
	}
	freed := make(chan struct{})
	func() {
		a := said("one", "x", 0.9)
		runtime.AddCleanup(a, func(c chan struct{}) { close(c) }, freed)
		r.Taken(turn("a", 92), a)
	}()
	for range 50 {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("a turn that nobody compares holds its analysis in memory")
}

// TestInactive: without a shadow nothing is noted.
func TestInactive(t *testing.T) {
	l := mustLog(t)
	r := mustRecorder(t, pairs.Options{Store: l, Active: func() bool { return false }})
	a := said("one", "x", 0.9)
	r.Taken(turn("a", 1), a)
	r.Compared(a, said("two", "x", 0.9))
	r.Flush(t.Context())
	if got := rows(t, l).Shadows; len(got) != 0 {
		t.Errorf("%d pairs", len(got))
	}
}

// flaky is a store that does not tell whether every other event was written.
type flaky struct {
	dialogue.Store
	n int
}

func (f *flaky) Append(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	f.n++
	switch f.n % 4 {
	case 1: // not written
		return nil, dialogue.ErrUnavailable
	case 2: // written
		if _, err := f.Store.Append(ctx, t, ev); err != nil {
			return nil, err
		}
		return nil, dialogue.ErrUnavailable
	}
	return f.Store.Append(ctx, t, ev)
}

// TestUnavailable: an event whose fate is not known is written once, and the chain goes on.
func TestUnavailable(t *testing.T) {
	l := mustLog(t)
	r := mustRecorder(t, pairs.Options{Store: &flaky{Store: l}})
	const n = 12
	for i := range n {
		a := said("one", "x", 0.9)
		r.Taken(turn("a", i), a)
		r.Compared(a, said("two", "x", 0.9))
		r.Flush(t.Context())
	}
	for range 4 {
		r.Flush(t.Context())
	}
	seen := map[string]int{}
	for _, s := range rows(t, l).Shadows {
		seen[s.Conversation]++
	}
	for c, k := range seen {
		if k != 1 {
			t.Errorf("%s is there %d times", c, k)
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d pairs", len(seen), n)
	}
	if v, err := l.Verify(t.Context(), nil); err != nil || !v.OK() {
		t.Errorf("%+v %v", v, err)
	}
}

// TestConcurrent: turns and comparisons come from everywhere while Run writes; its end writes what is ready.
func TestConcurrent(t *testing.T) {
	l := mustLog(t)
	r := mustRecorder(t, pairs.Options{Store: l, Every: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var all sync.WaitGroup
	const each = 200
	for w := range 4 {
		all.Go(func() {
			for i := range each {
				a := said("one", "x", 0.9)
				all.Go(func() { r.Compared(a, said("two", "x", 0.9)) })
				r.Taken(turn("a", w*each+i), a)
				runtime.KeepAlive(a)
			}
		})
	}
	all.Wait()
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := rows(t, l).Shadows; len(got) != 4*each {
		t.Errorf("%d of %d pairs", len(got), 4*each)
	}
}
