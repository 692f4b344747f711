package action_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// TestRetry succeeds at the third attempt, with a wait that grows.
func TestRetry(t *testing.T) {
	var n atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) < 3 {
			w.WriteHeader(503)
			return
		}
		answer(w, 200, `{"status":"ok"}`)
	})
	c := mustClient(t, system(s))
	if res := c.Call(context.Background(), call); res.Status != dialogue.CallOK {
		t.Fatalf("result is %+v", res)
	}
	if first, second := s.times[1].Sub(s.times[0]), s.times[2].Sub(s.times[1]); first < 50*time.Millisecond || second < 100*time.Millisecond || second > 5*time.Second {
		t.Errorf("waits are %v and %v, want 50 and 100 ms", first, second)
	}
	if st := c.Stats(); len(st) != 1 || st[0].Retries != 2 || st[0].Ends[dialogue.CallOK] != 1 || st[0].System != "shop" {
		t.Errorf("stats are %+v", st)
	}
}

// TestRetryUnsafe never repeats what the system may have done already, where it does not honour keys.
func TestRetryUnsafe(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Idempotency-Key") != "" && !strings.Contains(r.URL.Path, "read") {
			t.Error("a key is sent to a system that does not honour it")
		}
		w.WriteHeader(503)
	})
	sys := system(s)
	sys.Idempotent = false
	c := mustClient(t, sys, func(o *action.Options) {
		o.Config.Routes["order.get"] = action.Route{System: "shop", Read: true, URL: s.URL + "/read"}
	})
	c.Call(context.Background(), call)
	if n := len(s.requests()); n != 1 {
		t.Errorf("a change was sent %d times", n)
	}
	c.Call(context.Background(), dialogue.Call{Name: "order.get"})
	if n := len(s.requests()); n != 1+3 {
		t.Errorf("a read was sent %d times, want 3", n-1)
	}
	s.Close() // now nothing reaches it, so anything may be repeated
	c = mustClient(t, sys)
	if res := c.Call(context.Background(), call); res.Status != dialogue.CallFailed {
		t.Errorf("result is %+v", res)
	}
	for _, st := range c.Stats() {
		if st.Call == call.Name && (st.Retries != 2 || st.Causes["connect"] != 1) {
			t.Errorf("stats are %+v", st)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(429)
	})
	start := time.Now()
	mustClient(t, system(s)).Call(context.Background(), call)
	if took := time.Since(start); took > 5*time.Second || len(s.requests()) != 1 {
		t.Errorf("%d requests in %v: a wait beyond the deadline is not begun", len(s.requests()), took)
	}
}

func TestBreaker(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(500)
			return
		}
		answer(w, 200, `{"status":"refused","message":"no"}`) // a refusal is no failure
	})
	var logged bytes.Buffer
	sys := system(s)
	sys.Retries, sys.Breaker = 0, action.Breaker{Failures: 3, Window: 5, Pause: 80 * time.Millisecond}
	c := mustClient(t, sys, func(o *action.Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	for range 10 {
		c.Call(context.Background(), call)
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests reached the failing system, want 3", n)
	}
	if h := c.Hosts(); len(h) != 1 || h[0].Breaker != "open" {
		t.Errorf("hosts are %+v", h)
	}
	if res := c.Call(context.Background(), call); res.Took > time.Second || !strings.Contains(res.Message, "left alone") {
		t.Errorf("result is %+v", res)
	}
	broken.Store(false)
	time.Sleep(100 * time.Millisecond)
	for range 10 {
		if res := c.Call(context.Background(), call); res.Status != dialogue.CallRefused {
			t.Fatalf("result is %+v", res)
		}
	}
	if h := c.Hosts(); h[0].Breaker != "closed" {
		t.Errorf("hosts are %+v", h)
	}
	for _, want := range []string{"circuit breaker", "cause=open", "cause=http", "system=shop", "call=order.cancel"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(logged.String(), "8832") {
		t.Error("the log holds an argument")
	}
}

// TestBreakerGivenUp gives up the trial call; another trial must follow.
func TestBreakerGivenUp(t *testing.T) {
	hang := make(chan struct{})
	var broken atomic.Bool
	broken.Store(true)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
			return
		}
		answer(w, 200, `{"status":"ok"}`)
	})
	defer close(hang)
	sys := system(s)
	sys.Retries, sys.Timeout, sys.Breaker = 0, 100*time.Millisecond, action.Breaker{Failures: 1, Window: 1, Pause: 30 * time.Millisecond}
	c := mustClient(t, sys)
	c.Call(context.Background(), call)
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, nil)
	c.Call(ctx, call)
	cancel()
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	time.Sleep(50 * time.Millisecond)
	c.Call(ctx, call)
	broken.Store(false)
	time.Sleep(50 * time.Millisecond)
	if res := c.Call(context.Background(), call); res.Status != dialogue.CallOK {
		t.Errorf("result is %+v, hosts %+v", res, c.Hosts())
	}
}

func TestConcurrency(t *testing.T) {
	var now, most atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(20 * time.Millisecond)
		now.Add(-1)
		answer(w, 200, `{"status":"ok"}`)
	})
	c := mustClient(t, system(s))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if res := c.Call(context.Background(), dialogue.Call{Name: "order.get", Key: fmt.Sprint(i)}); res.Status != dialogue.CallOK {
				t.Errorf("result is %+v", res)
			}
		})
	}
	wg.Wait()
	if most.Load() > 4 {
		t.Errorf("%d calls at once, want at most 4", most.Load())
	}
}

func TestBusy(t *testing.T) {
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	sys := system(s)
	sys.Concurrency, sys.Retries, sys.Timeout = 1, 0, 100*time.Millisecond
	c := mustClient(t, sys, func(o *action.Options) {
		o.Config.Routes["order.list"] = action.Route{System: "shop", Timeout: 600 * time.Millisecond}
	})
	done := make(chan struct{})
	go func() { defer close(done); c.Call(context.Background(), dialogue.Call{Name: "order.list"}) }()
	time.Sleep(50 * time.Millisecond)
	if res := c.Call(context.Background(), call); !strings.Contains(res.Message, "too many") {
		t.Errorf("result is %+v", res)
	}
	<-done
}

func TestCancelled(t *testing.T) {
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	sys := system(s)
	sys.Breaker = action.Breaker{Failures: 1, Window: 1, Pause: time.Minute}
	c := mustClient(t, sys)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(30*time.Millisecond, cancel)
	start := time.Now()
	if res := c.Call(ctx, call); res.Status != dialogue.CallFailed || time.Since(start) > 5*time.Second {
		t.Errorf("result is %+v", res)
	}
	if h := c.Hosts(); h[0].Breaker != "closed" || h[0].InFlight != 0 || h[0].Waiting != 0 {
		t.Errorf("a call that its caller gave up says nothing about the host: %+v", h)
	}
}
