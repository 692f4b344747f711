package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
)

// faultyLog is one in memory that fails now and then while it is read.
type faultyLog struct {
	packedLog
	fail func(seq uint64) error
}

// WalkReadable implements [feed.Log].
func (l faultyLog) WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error {
	return l.packedLog.WalkReadable(ctx, after, func(seq uint64, readable []byte, last uint64) error {
		if err := l.fail(seq); err != nil {
			return err
		}
		return fn(seq, readable, last)
	})
}

func packed(tb testing.TB, n int) (l packedLog) {
	tb.Helper()
	for i := range n {
		readable, err := json.Marshal(loggedTurn(i))
		if err != nil {
			tb.Fatal(err)
		}
		l.readable = append(l.readable, readable)
	}
	return l
}

// TestStreams sends many batches, two on their way at a time, while everything fails now and then: reading the log in the middle of a body, the
// receiver in the middle of one, answers. Every turn arrives once, and after each fault what is in is what was sent up to some batch.
func TestStreams(t *testing.T) {
	const turns, most = 5000, 300
	r := rand.New(rand.NewPCG(1, 5))
	var mu sync.Mutex
	now := func(n int) bool { mu.Lock(); defer mu.Unlock(); return r.IntN(n) == 0 }
	receiver, w := receiver(t)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if !strings.HasPrefix(req.URL.Path, "/internal/events") {
			receiver.ServeHTTP(rw, req)
			return
		}
		switch {
		case now(12): // it goes while a body comes
			io.CopyN(io.Discard, req.Body, 20_000)
			panic(http.ErrAbortHandler)
		case now(12): // it has taken it in, and goes
			receiver.ServeHTTP(httptest.NewRecorder(), req)
			panic(http.ErrAbortHandler)
		default:
			receiver.ServeHTTP(rw, req)
		}
	}))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	l := faultyLog{packed(t, turns), func(seq uint64) error {
		if now(3000) {
			return fmt.Errorf("the log cannot be read at %d", seq)
		}
		return nil
	}}
	f := feed.NewFeeder(l, srv.Client(), srv.URL, quiet)
	f.SetBatch(most, 20_000)
	faults := 0
	for ; faults < 1000; faults++ {
		err := f.CatchUp(t.Context())
		if n, distinct, high := turnsOf(t, w); n != distinct || n != high {
			t.Fatalf("%d turns, %d different, up to %d", n, distinct, high)
		}
		if err == nil {
			break
		}
	}
	if n, _, _ := turnsOf(t, w); n != turns {
		t.Fatalf("%d turns, want %d", n, turns)
	}
	if _, position := w.Source(); position != turns || faults == 0 {
		t.Errorf("position %d after %d faults", position, faults)
	}
}

// turnsOf counts the turns of a warehouse, and returns the highest sequence.
func turnsOf(t *testing.T, w *warehouse.Warehouse) (n, distinct, high int) {
	t.Helper()
	rows, err := w.Query(t.Context(), "SELECT count(*), count(DISTINCT seq), coalesce(max(seq), 0) FROM turns")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n, &distinct, &high); err != nil {
			t.Fatal(err)
		}
	}
	return n, distinct, high
}

// TestHalfABody is one whose sender fails: nothing of it is taken in.
func TestHalfABody(t *testing.T) {
	receiver, w := receiver(t)
	srv := httptest.NewServer(receiver)
	defer srv.Close()
	l := faultyLog{packed(t, 500), func(seq uint64) error {
		if seq == 400 {
			return errors.New("broken")
		}
		return nil
	}}
	f := feed.NewFeeder(l, srv.Client(), srv.URL, quiet)
	f.SetBatch(300, 10_000)
	if err := f.CatchUp(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("%v", err)
	}
	if n, _, high := turnsOf(t, w); n != 300 || high != 300 {
		t.Errorf("%d turns up to %d, want the 300 of the first batch", n, high)
	}
	if _, position := w.Source(); position != 300 {
		t.Errorf("position %d", position)
	}
}

// TestNoEnd sends events without saying up to where they go.
func TestNoEnd(t *testing.T) {
	r, w := receiver(t)
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/internal/events?after=0&boot="+r.Health().Boot, strings.NewReader(fmt.Sprintf(lineOK, 1))))
	if n, _, _ := turnsOf(t, w); rec.Code != http.StatusBadRequest || n != 0 {
		t.Errorf("%d %s, %d turns", rec.Code, rec.Body, n)
	}
}
