package idle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/idle"
)

var (
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rules = idle.Rules{Quiet: 24 * time.Hour, Done: 30 * time.Minute, People: 72 * time.Hour}
	quiet = slog.New(slog.DiscardHandler)
)

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// conversations is what the engine does for updates.
type conversations struct{ dialogue.Store }

func (c conversations) Update(ctx context.Context, k dialogue.Key, change func(*dialogue.Tracker) (*dialogue.Event, error)) (*dialogue.Tracker, *dialogue.Event, error) {
	for {
		t, err := c.Load(ctx, k)
		if err != nil {
			return nil, nil, err
		}
		ev, err := change(t)
		if err != nil || ev == nil {
			return t, nil, err
		}
		ev.Key = k
		if ev.Private == nil {
			ev.Private = &dialogue.Private{Customer: t.Customer}
		}
		next, err := c.Append(ctx, t, ev)
		if !errors.Is(err, dialogue.ErrConflict) {
			return next, ev, err
		}
	}
}

// rig is a real log with services on it.
type rig struct {
	testing.TB
	clock *clock
	log   *eventlog.Log
	dir   string
	n     int
}

func mustRig(tb testing.TB) *rig {
	tb.Helper()
	r := &rig{TB: tb, clock: &clock{t: noon}, dir: tb.TempDir()}
	r.reopen()
	return r
}

// reopen is a restart.
func (r *rig) reopen() {
	r.Helper()
	if r.log != nil {
		r.log.Close()
	}
	l, err := eventlog.Open(r.Context(), eventlog.Options{Dir: r.dir, Master: bytes.Repeat([]byte{7}, 32), Logger: quiet, MaxBytes: 1 << 30, Now: r.clock.now})
	if err != nil {
		r.Fatal(err)
	}
	r.log = l
	r.Cleanup(func() { l.Close() })
}

func (r *rig) service(change func(*idle.Options)) *idle.Service {
	r.Helper()
	r.n++
	o := idle.Options{Log: r.log, Conversations: conversations{r.log}, Documents: r.log, Rules: rules, Now: r.clock.now, Logger: quiet, Replica: fmt.Sprint("r", r.n)}
	if change != nil {
		change(&o)
	}
	s, err := idle.New(o)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

func (r *rig) sweep(s *idle.Service) int {
	r.Helper()
	n, err := s.Sweep(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return n
}

func key(conv string) dialogue.Key { return dialogue.Key{Tenant: "default", Conversation: conv} }

// turn writes a turn that leaves the state as it says.
func (r *rig) turn(conv string, d dialogue.Decision, st dialogue.State) *dialogue.Tracker {
	r.Helper()
	return r.write(conv, dialogue.Event{Kind: dialogue.TurnTaken, Turn: &dialogue.TurnBody{Lang: "zh", Redacted: "…", Decision: d},
		Private: &dialogue.Private{Customer: "ann", Text: "取消订单", State: st}})
}

func (r *rig) write(conv string, ev dialogue.Event) *dialogue.Tracker {
	r.Helper()
	r.n++
	t, _, err := conversations{r.log}.Update(r.Context(), key(conv), func(t *dialogue.Tracker) (*dialogue.Event, error) {
		e := ev
		if e.Time.IsZero() {
			e.Time = r.clock.now()
		}
		e.ID, e.Channel = fmt.Sprint("e", r.n), "web"
		return &e, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return t
}

func (r *rig) load(conv string) *dialogue.Tracker {
	r.Helper()
	t, err := r.log.Load(r.Context(), key(conv))
	if err != nil {
		r.Fatal(err)
	}
	return t
}

var (
	asking = dialogue.Decision{Action: dialogue.Ask, Task: "order.cancel"}
	done   = dialogue.Decision{Action: dialogue.Answer, Task: "order.cancel"}
	chat   = dialogue.Decision{Action: dialogue.Answer}
	open   = dialogue.State{Tasks: []dialogue.TaskState{{Task: "order.cancel", Intent: "order.cancel"}}, Slots: map[string]dialogue.Slot{"order_id": {Value: "8832"}},
		Asked: &dialogue.Question{Kind: dialogue.AskConfirm, Task: "order.cancel"}}
	known = dialogue.State{Slots: map[string]dialogue.Slot{"order_id": {Value: "8832"}}}
)

func TestCloses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(r *rig)
		after time.Duration // 0 = never
		why   dialogue.Reason
	}{
		{"a task is open", func(r *rig) { r.turn("c", asking, open) }, 24 * time.Hour, dialogue.ByIdle},
		{"nothing was wanted", func(r *rig) { r.turn("c", chat, known) }, 24 * time.Hour, dialogue.ByIdle},
		{"done", func(r *rig) { r.turn("c", asking, open); r.turn("c", done, known) }, 30 * time.Minute, dialogue.ByDone},
		{"done and thanked", func(r *rig) { r.turn("c", done, known); r.turn("c", chat, known) }, 30 * time.Minute, dialogue.ByDone},
		{"done and the next begun", func(r *rig) { r.turn("c", done, known); r.turn("c", asking, open) }, 24 * time.Hour, dialogue.ByIdle},
		{"one of two done", func(r *rig) { r.turn("c", done, open) }, 24 * time.Hour, dialogue.ByIdle},
		{"waits for a person", func(r *rig) {
			r.turn("c", dialogue.Decision{Action: dialogue.HandOff, HandOff: &dialogue.HandOffAsk{Queue: "vip"}}, known)
		}, 72 * time.Hour, dialogue.ByIdle},
		{"with a person", func(r *rig) {
			r.turn("c", done, known)
			r.write("c", dialogue.Event{Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Agent: "li"}})
		}, 72 * time.Hour, dialogue.ByIdle},
		{"closed by an agent", func(r *rig) { r.turn("c", done, known); r.write("c", dialogue.Event{Kind: dialogue.Closed}) }, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRig(t)
			tt.write(r)
			s := r.service(nil)
			if n := r.sweep(s); n != 0 {
				t.Fatalf("%d closed at once", n)
			}
			before := r.load("c")
			if tt.after > 0 {
				r.clock.add(tt.after - time.Second)
				if n := r.sweep(s); n != 0 {
					t.Fatalf("closed a second too early")
				}
				r.clock.add(time.Second)
				if n := r.sweep(s); n != 1 {
					t.Fatalf("%d closed when it was due", n)
				}
			}
			r.clock.add(100 * time.Hour)
			if n := r.sweep(s); n != 0 {
				t.Fatalf("%d closed again", n)
			}
			tr := r.load("c")
			if tt.after == 0 {
				if tr.Seq != before.Seq {
					t.Error("something was written")
				}
				return
			}
			if !tr.Closed || len(tr.State.Slots)+len(tr.State.Tasks) != 0 || tr.State.Asked != nil || tr.Owner.Kind != dialogue.OwnerRobot || len(tr.Lines) == 0 {
				t.Errorf("after it: closed %v, state %+v, owner %+v", tr.Closed, tr.State, tr.Owner)
			}
			evs, err := r.log.Events(t.Context(), key("c"), before.Seq, 10)
			if err != nil || len(evs) != 1 || evs[0].Kind != dialogue.Closed || evs[0].Hand.Why != tt.why || evs[0].Hand.By != "robot" {
				t.Errorf("events %+v, %v; want one that says %s", evs, err, tt.why)
			}
		})
	}
}

// TestOpensAgain lets a customer come back, and be silent once more.
func TestOpensAgain(t *testing.T) {
	r := mustRig(t)
	s := r.service(nil)
	for range 3 {
		r.turn("c", asking, open)
		r.sweep(s)
		r.clock.add(25 * time.Hour)
		if n := r.sweep(s); n != 1 || !r.load("c").Closed {
			t.Fatalf("%d closed", n)
		}
	}
}

// TestReplicas runs two at a time, on one log, over many conversations: each is closed once.
func TestReplicas(t *testing.T) {
	r := mustRig(t)
	const n = 60
	for i := range n {
		r.turn(fmt.Sprint("c", i), asking, open)
	}
	a, b := r.service(nil), r.service(nil)
	r.clock.add(25 * time.Hour)
	closed := make(chan int, 2)
	for _, s := range []*idle.Service{a, b} {
		go func() {
			n, err := s.Sweep(context.Background())
			if err != nil {
				t.Error(err)
			}
			closed <- n
		}()
	}
	x, y := <-closed, <-closed
	if x+y != n || x != 0 && y != 0 {
		t.Errorf("%d and %d closed: one replica does it", x, y)
	}
	for i := range n {
		evs, err := r.log.Events(t.Context(), key(fmt.Sprint("c", i)), 0, 10)
		if err != nil || len(evs) != 2 {
			t.Fatalf("conversation %d has %d events, %v", i, len(evs), err)
		}
	}
	r.turn("c0", asking, open) // the other goes on when the one is gone
	r.clock.add(25 * time.Hour)
	if got := r.sweep(b) + r.sweep(r.service(nil)); got != 1 {
		t.Errorf("%d closed after a change of replicas", got)
	}
}

// TestRestart reads no more of the log than it has to, and misses nothing that became due while nobody ran.
func TestRestart(t *testing.T) {
	r := mustRig(t)
	s := r.service(nil)
	r.turn("old", asking, open)
	r.sweep(s)
	r.clock.add(25 * time.Hour)
	r.sweep(s) // closes it
	r.turn("new", asking, open)
	r.clock.add(time.Minute)
	r.sweep(s)
	r.clock.add(40 * 24 * time.Hour) // nobody ran for longer than a first look goes back
	r.reopen()
	walked := &counted{log: r.log}
	next := r.service(func(o *idle.Options) { o.Log = walked })
	if n := r.sweep(next); n != 1 || !r.load("new").Closed {
		t.Errorf("%d closed after the restart", n)
	}
	if walked.n > 2 {
		t.Errorf("%d events were read again, of which one was needed", walked.n)
	}
}

// counted counts what is read.
type counted struct {
	log *eventlog.Log
	n   int
}

func (c *counted) WalkReadable(ctx context.Context, after uint64, fn func(uint64, []byte, uint64) error) error {
	return c.log.WalkReadable(ctx, after, func(seq uint64, b []byte, last uint64) error {
		c.n++
		return fn(seq, b, last)
	})
}

// TestLateMessage does not close a conversation in the face of a customer whose channel delivers late.
func TestLateMessage(t *testing.T) {
	r := mustRig(t)
	s := r.service(nil)
	r.sweep(s)
	r.write("c", dialogue.Event{Kind: dialogue.TurnTaken, Time: r.clock.now().Add(-48 * time.Hour), Turn: &dialogue.TurnBody{Decision: asking}, Private: &dialogue.Private{Customer: "ann", State: open}})
	if n := r.sweep(s); n != 0 {
		t.Errorf("%d closed", n)
	}
	r.clock.add(24 * time.Hour)
	if n := r.sweep(s); n != 1 {
		t.Errorf("%d closed a day after it came", n)
	}
}

// TestNewRules shortens and lifts the time while the service runs.
func TestNewRules(t *testing.T) {
	r := mustRig(t)
	s := r.service(nil)
	r.turn("c", asking, open)
	r.sweep(s)
	r.clock.add(2 * time.Hour)
	if n := r.sweep(s); n != 0 {
		t.Fatal("closed too early")
	}
	s.SetRules(idle.Rules{})
	r.clock.add(100 * time.Hour)
	if n := r.sweep(s); n != 0 {
		t.Fatal("closed without a rule")
	}
	s.SetRules(idle.Rules{Quiet: time.Hour})
	if n := r.sweep(s); n != 1 {
		t.Errorf("%d closed by the new rule", n)
	}
}

// TestErased leaves the conversations of those who were erased alone: nobody is written to, and no new key is made.
func TestErased(t *testing.T) {
	r := mustRig(t)
	s := r.service(nil)
	r.turn("c", asking, open)
	r.sweep(s)
	if _, err := r.log.Erase(t.Context(), "default", "ann"); err != nil {
		t.Fatal(err)
	}
	r.clock.add(100 * time.Hour)
	if n := r.sweep(s); n != 0 {
		t.Errorf("%d closed", n)
	}
}

func TestOptions(t *testing.T) {
	if _, err := idle.New(idle.Options{}); err == nil {
		t.Error("a service of nothing")
	}
	r := mustRig(t)
	if _, err := idle.New(idle.Options{Log: r.log, Conversations: conversations{r.log}, Documents: r.log, Every: time.Minute, Lease: time.Minute}); err == nil {
		t.Error("a lease that ends between two sweeps")
	}
}
