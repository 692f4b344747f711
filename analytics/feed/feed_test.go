package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func MustLog(tb testing.TB, dir string) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), Logger: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// MustAppend writes n turns of a conversation, with private parts that must not get out.
func MustAppend(tb testing.TB, l *eventlog.Log, conversation string, n int) {
	tb.Helper()
	t, err := l.Load(tb.Context(), dialogue.Key{Tenant: "t1", Conversation: conversation})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		ev := &dialogue.Event{ID: fmt.Sprintf("%s-%d-%d", conversation, t.Seq, i), Kind: dialogue.TurnTaken, Channel: "web", Time: time.Now(),
			Turn:    &dialogue.TurnBody{Redacted: "where is <order_id>", Lang: "en", Owner: "robot"},
			Private: &dialogue.Private{Customer: "secret-customer", Text: "where is secret-order"}}
		if t, err = l.Append(tb.Context(), t, ev); err != nil {
			tb.Fatal(err)
		}
	}
}

// child is an analytics process that can be ended and started again.
type child struct {
	tb  testing.TB
	dir string
	srv *httptest.Server

	mu   sync.Mutex
	w    *warehouse.Warehouse
	h    http.Handler
	fail func() error // before a batch is taken
	seen bytes.Buffer // all that was sent
}

func newChild(tb testing.TB) *child {
	tb.Helper()
	c := &child{tb: tb, dir: tb.TempDir()}
	c.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.h == nil {
			http.Error(rw, "not running", http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		c.seen.Write(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if c.fail != nil && c.fail() != nil {
			c.h.ServeHTTP(httptest.NewRecorder(), r) // taken, and the answer is lost
			panic(http.ErrAbortHandler)
		}
		c.h.ServeHTTP(rw, r)
	}))
	tb.Cleanup(func() { c.srv.Close(); c.stop() })
	return c
}

func (c *child) start() {
	c.tb.Helper()
	w, err := warehouse.Open(context.Background(), warehouse.Options{Dir: c.dir, Log: quiet})
	if err != nil {
		c.tb.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w, c.h = w, feed.NewReceiver(w, nil, quiet)
}

func (c *child) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w != nil {
		c.w.Close()
	}
	c.w, c.h = nil, nil
}

func (c *child) turns() (n, distinct int) {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w == nil {
		return 0, 0
	}
	rows, err := c.w.Query(context.Background(), "SELECT count(*), count(DISTINCT id) FROM turns")
	if err != nil {
		c.tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n, &distinct); err != nil {
			c.tb.Fatal(err)
		}
	}
	return n, distinct
}

// want waits until the child has n turns, each once.
func (c *child) want(n int) {
	c.tb.Helper()
	until := time.Now().Add(30 * time.Second)
	for {
		got, distinct := c.turns()
		if got == n && distinct == n {
			return
		}
		if got > n || got != distinct || time.Now().After(until) {
			c.tb.Fatalf("%d turns, %d of them different, want %d", got, distinct, n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func run(tb testing.TB, l *eventlog.Log, c *child) (f *feed.Feeder, stop func()) {
	tb.Helper()
	client := &http.Client{}
	f = feed.NewFeeder(l, client, c.srv.URL, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				tb.Error(err)
			}
			client.CloseIdleConnections()
		})
	}
	tb.Cleanup(stop)
	return f, stop
}

// TestFeed goes through what can happen to either side.
func TestFeed(t *testing.T) {
	l, c := MustLog(t, t.TempDir()), newChild(t)
	MustAppend(t, l, "a", 30)
	_, stop := run(t, l, c) // before there is a child
	c.start()
	c.want(30)
	MustAppend(t, l, "b", 20)
	c.want(50)

	c.stop() // the child dies; what happens meanwhile is not lost
	MustAppend(t, l, "c", 10)
	c.start()
	c.want(60)

	stop() // the parent dies after a batch was taken and before it knew
	var once sync.Once
	c.mu.Lock()
	c.fail = func() (err error) {
		once.Do(func() { err = errors.New("lost") })
		return err
	}
	c.mu.Unlock()
	MustAppend(t, l, "d", 10)
	_, stop = run(t, l, c)
	c.want(70)

	c.stop() // the child loses its folder: everything is sent again
	c.dir = t.TempDir()
	c.start()
	MustAppend(t, l, "e", 1)
	c.want(71)
	if strings.Contains(c.seen.String(), "secret") {
		t.Error("the private part of events was sent")
	}
	stop()
}

// TestOtherLog attaches a warehouse to a log that was made anew, and to one that was restored from an older backup.
func TestOtherLog(t *testing.T) {
	c := newChild(t)
	c.start()
	first := MustLog(t, t.TempDir())
	MustAppend(t, first, "a", 20)
	_, stop := run(t, first, c)
	c.want(20)
	stop()

	backup, restored := filepath.Join(t.TempDir(), "backup"), t.TempDir()
	if _, err := first.BackupDir(t.Context(), backup, func(uint64, uint64) {}); err != nil {
		t.Fatal(err)
	}
	MustAppend(t, first, "b", 15) // is lost with the disk
	_, stop = run(t, first, c)
	c.want(35)
	stop()
	if _, err := eventlog.Restore(t.Context(), eventlog.Options{Dir: restored, Master: bytes.Repeat([]byte{7}, 32), Logger: quiet}, backup, eventlog.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	second := MustLog(t, restored)
	MustAppend(t, second, "after", 5)
	_, stop = run(t, second, c)
	c.want(40)
	stop()

	third := MustLog(t, t.TempDir())
	MustAppend(t, third, "new", 4)
	run(t, third, c)
	c.want(44)
}
