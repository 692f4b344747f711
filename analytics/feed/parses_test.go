package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/nlu"
)

// MustPack writes a pack of texts and a count of them.
func MustPack(tb testing.TB, l *eventlog.Log, id string, texts int) {
	tb.Helper()
	at := time.Now()
	p := &dialogue.ParsedPack{ID: id, Counts: []dialogue.ParsedCount{{Tenant: "t1", Channel: "parse", Lang: "en", Bundle: "b1", Time: at, Texts: int64(texts + 1), Understood: 1, Kept: int64(texts)}}}
	for i := range texts {
		p.Parses = append(p.Parses, dialogue.Parsed{Request: id, Place: i, Tenant: "t1", Channel: "parse", Time: at, Redacted: "can you engrave a ring", Lang: "en",
			Ranking: []nlu.Prediction{{Label: "a.b", Score: 0.2}}, Bundle: "b1", Share: 1})
	}
	if err := l.AppendParses(tb.Context(), p); err != nil {
		tb.Fatal(err)
	}
}

// parses counts the rows of a child, and sums what was counted.
func (c *child) parses() (n, distinct, counted int) {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w == nil {
		return 0, 0, 0
	}
	rows, err := c.w.Query(context.Background(), "SELECT count(*), count(DISTINCT id), (SELECT coalesce(sum(texts), 0)::INTEGER FROM parse_counts) FROM parses")
	if err != nil {
		c.tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n, &distinct, &counted); err != nil {
			c.tb.Fatal(err)
		}
	}
	return n, distinct, counted
}

// wantParses waits until the child has n texts, each once, and m counted.
func (c *child) wantParses(n, m int) {
	c.tb.Helper()
	until := time.Now().Add(30 * time.Second)
	for {
		got, distinct, counted := c.parses()
		if got == n && distinct == n && counted == m {
			return
		}
		if got > n || got != distinct || counted > m || time.Now().After(until) {
			c.tb.Fatalf("%d texts, %d of them different, %d counted: want %d and %d", got, distinct, counted, n, m)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func runParses(tb testing.TB, l *eventlog.Log, c *child) (f *feed.ParsesFeeder, stop func()) {
	tb.Helper()
	client := &http.Client{}
	f = feed.NewParsesFeeder(l, client, c.srv.URL, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			<-done
			client.CloseIdleConnections()
		})
	}
	tb.Cleanup(stop)
	return f, stop
}

// TestParses goes through what can happen to either side; each text is counted once.
func TestParses(t *testing.T) {
	l, c := MustLog(t, t.TempDir()), newChild(t)
	for i := range 10 {
		MustPack(t, l, fmt.Sprint("early-", i), 7)
	}
	f, stop := runParses(t, l, c) // nobody is there
	time.Sleep(50 * time.Millisecond)
	c.start()
	c.wantParses(70, 80)

	// Turns go on beside it, with sequences of their own.
	MustAppend(t, l, "a", 30)
	_, stopTurns := run(t, l, c)
	c.want(30)
	MustPack(t, l, "beside", 3)
	c.wantParses(73, 84)
	stopTurns()

	// The child ends and comes back as it was, then without its database.
	c.stop()
	MustPack(t, l, "while-down", 5)
	c.start()
	c.wantParses(78, 90)
	c.stop()
	for _, suffix := range []string{"", ".wal"} {
		_ = os.Remove(c.dir + "/" + warehouse.FileName + suffix)
	}
	c.start()
	MustPack(t, l, "after", 1)
	c.wantParses(79, 92)

	// Answers are lost: what was taken is not taken again.
	lost := 3
	c.mu.Lock()
	c.fail = func() error {
		if lost--; lost >= 0 {
			return errors.New("lost")
		}
		return nil
	}
	c.mu.Unlock()
	MustPack(t, l, "answer-lost", 4)
	c.wantParses(83, 97)
	if s := f.Status(); s.Gone != 0 {
		t.Errorf("%+v", s)
	}
	stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes.Contains(c.seen.Bytes(), []byte("secret")) {
		t.Error("private parts were sent")
	}
}

// TestParsesLostTail: the last packs were gone after a crash of the log, and their sequences are used again. What was read stays, what is new comes.
func TestParsesLostTail(t *testing.T) {
	dir, before, c := t.TempDir(), t.TempDir()+"/before", newChild(t)
	l := MustLog(t, dir)
	MustPack(t, l, "a", 5)
	MustPack(t, l, "b", 5)
	l.Close()
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	l = MustLog(t, dir)
	c.start()
	_, stop := runParses(t, l, c)
	MustPack(t, l, "lost", 5)
	c.wantParses(15, 18)
	stop()
	l.Close()

	l = MustLog(t, before)
	MustPack(t, l, "new", 5) // at the sequence of the one that was lost
	MustPack(t, l, "newer", 5)
	_, stop = runParses(t, l, c)
	c.wantParses(25, 30)
	stop()
}

// TestParsesGone: packs that went by age before they were read are counted.
func TestParsesGone(t *testing.T) {
	l, err := eventlog.Open(t.Context(), eventlog.Options{Dir: t.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: quiet, KeepParses: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newChild(t)
	c.start()
	MustPack(t, l, "a", 1)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	f := feed.NewParsesFeeder(l, client, c.srv.URL, quiet)
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	MustPack(t, l, "b", 1)
	MustPack(t, l, "c", 1)
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if _, first, last, err := l.ParsesAt(t.Context(), 0); err == nil && first > last {
			break
		}
	}
	MustPack(t, l, "d", 1)
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := f.Status(); s.Gone != 2 || s.Position != 4 {
		t.Errorf("%+v: want 2 packs gone, position 4", s)
	}
	c.wantParses(2, 4)
}

// TestOddPacks takes what is right and refuses the rest.
func TestOddPacks(t *testing.T) {
	r, w := receiver(t)
	ok := `{"seq":%d,"pack":{"id":"p%[1]d","parses":[{"request":"r%[1]d","tenant":"t1","channel":"parse","time":"2026-03-01T10:00:00Z","text":"hi","lang":"en","bundle":"b"}]}}`
	body := strings.Join([]string{fmt.Sprintf(ok, 1), `{"seq":2}`, `not JSON`, `{"seq":4,"pack":{"id":7}}`, `{"seq":0,"pack":{"id":"x"}}`,
		`{"seq":6,"pack":{"id":"p6","parses":[{"request":"r6","tenant":"","time":"2026-03-01T10:00:00Z"},{"request":"r6","tenant":"t1","time":"0001-01-01T00:00:00Z"}]}}`, fmt.Sprintf(ok, 7), fmt.Sprintf(ok, 7)}, "\n")
	send := func(boot, after string) int {
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/internal/parses?pack=p7&through=7&after="+after+"&boot="+boot, strings.NewReader(body)))
		return rec.Code
	}
	if code := send("other", "0"); code != http.StatusConflict {
		t.Errorf("of another boot: %d", code)
	}
	if code := send(r.Health().Boot, "5"); code != http.StatusConflict {
		t.Errorf("with a hole before it: %d", code)
	}
	if code := send(r.Health().Boot, "x"); code != http.StatusBadRequest {
		t.Errorf("without a position: %d", code)
	}
	if code := send(r.Health().Boot, "0"); code != http.StatusOK {
		t.Fatalf("%d", code)
	}
	if h := r.Health(); h.Parses != 7 || h.ParsesPack != "p7" || h.Refused != 4 || h.Position != 0 {
		t.Errorf("%+v: want position 7 and 4 lines refused", h)
	}
	rows, err := w.Query(t.Context(), "SELECT (SELECT count(*) FROM parses), (SELECT count(*) FROM notes WHERE note LIKE 'refused%')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n, refused int
		if err := rows.Scan(&n, &refused); err != nil || n != 2 || refused != 2 {
			t.Errorf("%d texts and %d notes (%v), want 2 and 2", n, refused, err)
		}
	}
}
