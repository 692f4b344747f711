package proactive_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/nlu"
)

var (
	beijing = time.FixedZone("", 8*3600)
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, beijing)
	quietly = slog.New(slog.NewTextHandler(io.Discard, nil))
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

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
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
		next, err := c.Append(ctx, t, ev)
		if !errors.Is(err, dialogue.ErrConflict) {
			return next, ev, err
		}
	}
}

// words says the key and the variables.
type words struct{}

func (words) Render(w dialogue.Wording) dialogue.Reply {
	return dialogue.Reply{Text: w.Key + " " + w.Vars["order_id"], Buttons: w.Buttons, Script: dialogue.ScriptRef{Key: w.Key, Version: 1}}
}

// outbox is a channel that keeps what it is given.
type outbox struct {
	mu   sync.Mutex
	got  []proactive.Delivery
	fail func(d proactive.Delivery) error
}

func (o *outbox) Deliver(_ context.Context, d proactive.Delivery) (proactive.Status, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		if err := o.fail(d); err != nil {
			return "", err
		}
	}
	o.got = append(o.got, d)
	return proactive.Sent, nil
}

func (o *outbox) all() []proactive.Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]proactive.Delivery(nil), o.got...)
}

// rig is a service on a real log.
type rig struct {
	tb    testing.TB
	clock *clock
	log   *eventlog.Log
	convs conversations
	docs  dialogue.Documents
	box   *outbox
	voice *outbox
	kinds *proactive.Kinds
	*proactive.Service
	people *profile.Service
	stop   func()
	name   string // of the running service
	turns  int
}

func mustLog(tb testing.TB, dir string, c *clock) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), Logger: quietly, MaxBytes: 1 << 30, Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func mustRig(tb testing.TB) *rig {
	tb.Helper()
	c := &clock{t: noon}
	l := mustLog(tb, tb.TempDir(), c)
	tb.Cleanup(func() { l.Close() })
	r := &rig{tb: tb, clock: c, log: l, convs: conversations{l}, docs: l, box: &outbox{}, voice: &outbox{}, kinds: mustStandard(tb)}
	r.start(nil)
	return r
}

// start runs a service on the rig's log; change may set its options. The scheduler itself sleeps: tests call RunDue.
func (r *rig) start(change func(*proactive.Options)) {
	r.tb.Helper()
	var err error
	rules, err := profile.LoadRules(standard(), "profile.yaml")
	if err != nil {
		r.tb.Fatal(err)
	}
	r.people, err = profile.New(profile.Options{Documents: r.log, Rules: rules, Now: r.clock.now, Logger: quietly})
	if err != nil {
		r.tb.Fatal(err)
	}
	o := proactive.Options{
		Documents: r.docs, Conversations: r.convs, Scripts: words{}, Kinds: r.kinds, People: r.people, Now: r.clock.now, Logger: quietly,
		Channels: map[string]proactive.Channel{"web": r.box, "voice": r.voice}, MaxSleep: time.Hour, Replica: rand.Text(),
	}
	r.name = o.Replica
	if change != nil {
		change(&o)
	}
	if r.Service, err = proactive.New(o); err != nil {
		r.tb.Fatal(err)
	}
	r.run(r.Service)
}

// run runs a service until the rig is stopped.
func (r *rig) run(s *proactive.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, nil) }()
	if err := s.Loaded(r.tb.Context()); err != nil {
		r.tb.Fatal(err)
	}
	var once sync.Once
	before := r.stop
	r.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				r.tb.Error(err)
			}
			r.people.Close()
		})
		if before != nil {
			before()
		}
	}
	r.tb.Cleanup(r.stop)
}

func key(conv string) dialogue.Key { return dialogue.Key{Tenant: "default", Conversation: conv} }

// say appends a turn of the customer and lets profile and service see it.
func (r *rig) say(conv, customer string, change func(*dialogue.Event)) *dialogue.Event {
	r.tb.Helper()
	r.turns++
	ev := &dialogue.Event{
		ID: conv + "-" + string(rune('a'+r.turns%26)) + strings.Repeat("x", r.turns/26), Kind: dialogue.TurnTaken, Channel: "web", Time: r.clock.now(),
		Turn:    &dialogue.TurnBody{Lang: nlu.Chinese, Redacted: "…", Decision: dialogue.Decision{Action: dialogue.Ask, Intents: []string{"order.cancel"}, Task: "order.cancel"}},
		Private: &dialogue.Private{Customer: customer, Text: "取消订单"},
	}
	if change != nil {
		change(ev)
	}
	r.append(conv, ev)
	return ev
}

func (r *rig) append(conv string, ev *dialogue.Event) {
	r.tb.Helper()
	if _, _, err := r.convs.Update(r.tb.Context(), key(conv), func(*dialogue.Tracker) (*dialogue.Event, error) { return ev, nil }); err != nil {
		r.tb.Fatal(err)
	}
	r.see(*ev)
}

func (r *rig) see(ev dialogue.Event) {
	r.tb.Helper()
	if err := r.people.Learn(r.tb.Context(), []dialogue.Event{ev}); err != nil {
		r.tb.Fatal(err)
	}
	if err := r.Observe(r.tb.Context(), []dialogue.Event{ev}); err != nil {
		r.tb.Fatal(err)
	}
}

// interrupted makes a turn that leaves an open task behind and asks to come back to it.
func interrupted(ev *dialogue.Event) {
	ev.Private.State = dialogue.State{Tasks: []dialogue.TaskState{{Task: "order.cancel", Intent: "order.cancel", Slots: map[string]string{"order_id": "8832"}}}}
	ev.Private.Follow = []dialogue.FollowAsk{{Kind: "interrupted_task", After: 30 * time.Minute, Key: "follow.interrupted_task", Vars: map[string]string{"task": "取消订单"}}}
	ev.Turn.Decision.Follow = []dialogue.FollowAsk{{Kind: "interrupted_task", After: 30 * time.Minute, Key: "follow.interrupted_task"}}
}

// due does what is due, and waits for what the scheduler in the background began.
func (r *rig) due() {
	r.tb.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		if err := r.RunDue(r.tb.Context()); err != nil {
			r.tb.Fatal(err)
		}
		now := r.clock.now()
		if !slices.ContainsFunc(r.list(), func(f proactive.FollowUp) bool {
			return f.Status == proactive.Pending && !f.Due.After(now) || f.Status == proactive.Sending && f.Lease.Until.After(now) && f.Lease.Owner == r.name
		}) {
			return
		}
	}
	r.tb.Fatalf("not done: %+v", r.list())
}

func (r *rig) list() []proactive.FollowUp {
	r.tb.Helper()
	fs, err := r.List(r.tb.Context(), proactive.Filter{Tenant: "default"})
	if err != nil {
		r.tb.Fatal(err)
	}
	return fs
}

func (r *rig) one() proactive.FollowUp {
	r.tb.Helper()
	fs := r.list()
	if len(fs) != 1 {
		r.tb.Fatalf("%d follow-ups, want 1: %+v", len(fs), fs)
	}
	return fs[0]
}

// events counts the messages that stand in a conversation.
func (r *rig) sent(conv string) int {
	r.tb.Helper()
	evs, err := r.log.Events(r.tb.Context(), key(conv), 0, 1000)
	if err != nil {
		r.tb.Fatal(err)
	}
	n := 0
	for _, ev := range evs {
		if ev.Kind == dialogue.SentOut {
			n++
		}
	}
	return n
}
