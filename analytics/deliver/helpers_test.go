package deliver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/demodata"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/action"
)

const secret = "a secret of at least sixteen bytes"

// mustWarehouse is a warehouse with two weeks of demo data, made once for all tests that only read.
var (
	shared     *warehouse.Warehouse
	sharedErr  error
	sharedOnce sync.Once
	truth      *demodata.Truth
)

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		dir := shared.Dir()
		shared.Close()
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func mustWarehouse(tb testing.TB) *warehouse.Warehouse {
	tb.Helper()
	sharedOnce.Do(func() {
		dir, err := os.MkdirTemp("", "deliver")
		if err != nil {
			sharedErr = err
			return
		}
		shared, truth, sharedErr = fill(dir)
	})
	if sharedErr != nil {
		tb.Fatal(sharedErr)
	}
	return shared
}

func fill(dir string) (*warehouse.Warehouse, *demodata.Truth, error) {
	ctx := context.Background()
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	g, err := demodata.New(demodata.Options{Days: 14, TurnsPerDay: 100})
	if err != nil {
		return nil, nil, err
	}
	var all []dialogue.Event
	if err := g.Run(ctx, func(_ int, evs []dialogue.Event) error { all = append(all, evs...); return nil }); err != nil {
		return nil, nil, err
	}
	if err := w.Ingest(ctx, all); err != nil {
		return nil, nil, err
	}
	return w, g.Truth(), w.Refresh(ctx)
}

// end is when the demo data ends: the clock of the tests stands a little after it.
var end = time.Date(2025, 11, 17, 0, 0, 0, 0, time.UTC)

// clock goes as fast as the tests need.
type clock struct {
	mu    sync.Mutex
	start time.Time
	speed float64
}

func newClock(speed float64) *clock { return &clock{start: time.Now(), speed: speed} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return end.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

func (c *clock) after(d time.Duration) <-chan time.Time {
	return time.After(time.Duration(float64(d) / c.speed))
}

// hook is the other system: it checks signatures and answers as it is told.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	answer func(n int, rw http.ResponseWriter, r *http.Request, body []byte) // n = which request, from 1 on
	n      int
	got    map[string]int    // acknowledged deliveries by key
	kinds  map[string]string // by record id
	errs   []string
	now    func() time.Time
}

func newHook(tb testing.TB, now func() time.Time, answer func(n int, rw http.ResponseWriter, r *http.Request, body []byte)) *hook {
	h := &hook{answer: answer, got: map[string]int{}, kinds: map[string]string{}, now: now}
	h.Server = httptest.NewServer(h)
	tb.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	h.n++
	n := h.n
	h.mu.Unlock()
	v := action.Verifier{Secrets: []action.Secret{action.Secret(secret)}, Now: h.now, Tolerance: time.Hour}
	id, bad := v.Request(r.Header, body)
	var e struct {
		Type string
		Data deliver.Record
	}
	if err != nil || bad != nil || json.Unmarshal(body, &e) != nil || id != e.Data.ID+"-"+e.Data.Revision || r.Header.Get("Idempotency-Key") != id {
		h.mu.Lock()
		h.errs = append(h.errs, fmt.Sprint(id, err, bad))
		h.mu.Unlock()
	}
	w := &noted{ResponseWriter: rw}
	h.answer(n, w, r, body)
	if w.status == 0 || w.status/100 == 2 {
		h.mu.Lock()
		h.got[id]++
		h.kinds[e.Data.ID] = e.Type
		h.mu.Unlock()
	}
}

type noted struct {
	http.ResponseWriter
	status int
}

func (n *noted) WriteHeader(s int) { n.status = s; n.ResponseWriter.WriteHeader(s) }

func (h *hook) count() (keys, deliveries int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.got {
		deliveries += n
	}
	return len(h.got), deliveries
}

func ok(_ int, rw http.ResponseWriter, _ *http.Request, _ []byte) {
	rw.WriteHeader(http.StatusNoContent)
}

func mustConfig(tb testing.TB, text string) *deliver.Config {
	tb.Helper()
	c, err := deliver.ParseConfig("deliver.yaml", []byte(text), func(string) (string, error) { return secret, nil })
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func webhook(h *hook, more string) string {
	return "version: 1\nwebhooks:\n- {name: crm, url: '" + h.URL + "/in', secret: crm, allow: [127.0.0.1], since: '2025-10-01', timeout: 300ms" + more + "}\n"
}

// start runs a deliverer until the returned function is called.
func start(tb testing.TB, dir, config string, q deliver.Querier, c *clock) (*deliver.Deliverer, func()) {
	tb.Helper()
	d, err := deliver.New(deliver.Options{Config: mustConfig(tb, config), Dir: dir, Querier: q, Every: 20 * time.Millisecond, Now: c.now, After: c.after, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	return d, func() {
		cancel()
		<-ended
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	}
}

func waitFor(tb testing.TB, what string, fn func() bool) {
	tb.Helper()
	for until := time.Now().Add(60 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if fn() {
			return
		}
	}
	tb.Fatalf("%s did not happen in a minute", what)
}
