package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/profile"
	"yingda/nlu"
)

var (
	beijing = time.FixedZone("", 8*3600)
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, beijing)
	quietly = slog.New(slog.NewTextHandler(io.Discard, nil))
)

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

func mustLog(tb testing.TB, c *clock) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: tb.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: quietly, MaxBytes: 1 << 30, Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// rig is a service on a real log.
type rig struct {
	*profile.Service
	tb    testing.TB
	clock *clock
	log   *eventlog.Log
	seq   uint64
}

func mustRig(tb testing.TB, change func(*profile.Options)) *rig {
	tb.Helper()
	c := &clock{t: noon}
	r := &rig{tb: tb, clock: c, log: mustLog(tb, c)}
	r.start(change)
	return r
}

func (r *rig) start(change func(*profile.Options)) {
	r.tb.Helper()
	o := profile.Options{Documents: r.log, Rules: mustStandard(r.tb), Now: r.clock.now, Logger: quietly, Budget: 5 * time.Second}
	if change != nil {
		change(&o)
	}
	s, err := profile.New(o)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(s.Close)
	r.Service = s
}

// turn is a message with entities "type=text".
func (r *rig) turn(conv, customer, text string, ents map[string]string, change func(*dialogue.Event)) dialogue.Event {
	r.seq++
	ev := dialogue.Event{
		ID: fmt.Sprint("m", r.seq), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "default", Conversation: conv}, Channel: "web", Time: r.clock.now(), Seq: r.seq,
		Turn:    &dialogue.TurnBody{Lang: nlu.Chinese, Decision: dialogue.Decision{Action: dialogue.Answer, Intents: []string{"order.place"}}},
		Private: &dialogue.Private{Customer: customer, Text: text},
	}
	for typ, v := range ents {
		ev.Private.Entities = append(ev.Private.Entities, dialogue.Entity{Type: typ, Text: v})
	}
	if change != nil {
		change(&ev)
	}
	return ev
}

func (r *rig) learn(evs ...dialogue.Event) {
	r.tb.Helper()
	if err := r.Learn(r.tb.Context(), evs); err != nil {
		r.tb.Fatal(err)
	}
}

func (r *rig) profile(customer string) dialogue.Profile {
	r.tb.Helper()
	p, err := r.Profile(r.tb.Context(), "default", customer)
	if err != nil {
		r.tb.Fatal(err)
	}
	return p
}

// crm is an operator's system that tests slow down and break.
type crm struct {
	mu    sync.Mutex
	p     map[string]dialogue.Profile
	err   error
	wait  chan struct{}
	calls atomic.Int32
}

func (c *crm) Fetch(ctx context.Context, _, customer string) (dialogue.Profile, error) {
	c.calls.Add(1)
	c.mu.Lock()
	wait, err, p := c.wait, c.err, c.p
	c.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return dialogue.Profile{}, ctx.Err()
		}
	}
	if err != nil {
		return dialogue.Profile{}, err
	}
	got, ok := p[customer]
	if !ok {
		return got, dialogue.ErrUnknown
	}
	return got, nil
}

func (c *crm) set(f func(c *crm)) { c.mu.Lock(); defer c.mu.Unlock(); f(c) }

func TestFreshStaleLast(t *testing.T) {
	c := &crm{p: map[string]dialogue.Profile{"ann": {Name: "Ann", Tier: "vip"}}}
	r := mustRig(t, func(o *profile.Options) { o.Provider = c })
	if p := r.profile("ann"); p.Tier != "vip" {
		t.Fatalf("%+v", p)
	}
	r.profile("ann")
	if n := c.calls.Load(); n != 1 {
		t.Errorf("asked %d times within the TTL, want 1", n)
	}
	c.set(func(c *crm) { c.p = map[string]dialogue.Profile{"ann": {Name: "Ann", Tier: "standard"}} })
	r.clock.add(6 * time.Minute)
	if p := r.profile("ann"); p.Tier != "vip" {
		t.Errorf("a stale answer has tier %s: want the old one at once", p.Tier)
	}
	wait(t, func() bool { return r.profile("ann").Tier == "standard" })
	c.set(func(c *crm) { c.err = errors.New("down") })
	r.clock.add(6 * time.Minute)
	r.profile("ann")
	wait(t, func() bool { v, _ := r.Get(t.Context(), "default", "ann"); return v.Source == "last_known" })
	if p := r.profile("ann"); p.Tier != "standard" {
		t.Errorf("while the system is down: %+v", p)
	}
	before := c.calls.Load()
	for range 20 {
		r.profile("ann")
	}
	if n := c.calls.Load(); n > before+1 {
		t.Errorf("a system that is down was asked %d times at once", n-before)
	}
	r.start(func(o *profile.Options) { o.Provider = c }) // another process
	if p := r.profile("ann"); p.Tier != "standard" {
		t.Errorf("after a restart while the system is down: %+v", p)
	}
}

func wait(t *testing.T, ok func() bool) {
	t.Helper()
	for range 300 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("did not happen")
}

func TestAnswersInTime(t *testing.T) {
	gate := make(chan struct{})
	c := &crm{p: map[string]dialogue.Profile{"ann": {Tier: "vip"}}, wait: gate}
	r := mustRig(t, func(o *profile.Options) { o.Provider, o.Budget = c, 30*time.Millisecond })
	r.learn(r.turn("c1", "ann", "", nil, nil))
	began := time.Now()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			p, err := r.Profile(t.Context(), "default", "ann")
			if err != nil || p.Tier != "" || len(p.History) != 1 {
				t.Errorf("while the system hangs: %+v, %v; want what the robot itself knows", p, err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if n := c.calls.Load(); n != 1 {
		t.Errorf("asked %d times for one customer, want 1", n)
	}
	close(gate)
	wait(t, func() bool { return r.profile("ann").Tier == "vip" })
}

func TestUnknownCustomer(t *testing.T) {
	c := &crm{}
	r := mustRig(t, func(o *profile.Options) { o.Provider = c })
	for range 5 {
		if p := r.profile("who"); p.Name != "" {
			t.Fatalf("%+v", p)
		}
	}
	if n := c.calls.Load(); n != 1 {
		t.Errorf("asked %d times for a customer that is not known, want 1", n)
	}
	c.set(func(c *crm) { c.p = map[string]dialogue.Profile{"who": {Name: "Wu"}} })
	r.clock.add(2 * time.Minute)
	wait(t, func() bool { return r.profile("who").Name == "Wu" })
}

func TestTooManyFetches(t *testing.T) {
	gate := make(chan struct{})
	c := &crm{wait: gate}
	r := mustRig(t, func(o *profile.Options) { o.Provider, o.Fetches, o.Budget = c, 2, 20*time.Millisecond })
	for i := range 6 {
		r.profile(fmt.Sprint("c", i))
	}
	if n := c.calls.Load(); n != 2 {
		t.Errorf("%d requests under way, want at most 2", n)
	}
	close(gate)
}

func TestHistoryAcrossChannels(t *testing.T) {
	r := mustRig(t, func(o *profile.Options) {
		o.Provider = &crm{p: map[string]dialogue.Profile{"ann": {Name: "Ann", History: []dialogue.HistoryItem{{Kind: "order", OrderID: "1", Time: noon.Add(-time.Hour)}}}}}
	})
	r.learn(r.turn("web-1", "ann", "", map[string]string{"product": "咖啡机"}, func(ev *dialogue.Event) { ev.Turn.Decision.Intents = []string{"refund.request", "chat.thank"} }))
	r.clock.add(time.Minute)
	r.learn(r.turn("voice-1", "phone-138", "", nil, func(ev *dialogue.Event) {
		ev.Channel, ev.Turn.Decision.HandOff = "voice", &dialogue.HandOffAsk{Queue: "vip"}
	}))
	r.learn(dialogue.Event{ID: "r", Kind: dialogue.Rated, Key: dialogue.Key{Tenant: "default", Conversation: "voice-1"}, Time: r.clock.now(), Seq: 50, Rating: &dialogue.RatingBody{Score: 2}, Private: &dialogue.Private{Customer: "phone-138"}})
	if v, _ := r.Get(t.Context(), "default", "ann"); len(v.Conversations) != 1 {
		t.Fatalf("before the link: %+v", v.Conversations)
	}
	if err := r.Link(t.Context(), "default", "phone-138", "ann", "agent"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"ann", "phone-138"} {
		v, err := r.Get(t.Context(), "default", id)
		if err != nil || len(v.Conversations) != 2 || len(v.Identities) != 2 {
			t.Fatalf("%s: %+v, %v", id, v, err)
		}
		c := v.Conversations[1]
		if c.Channel != "voice" || c.Satisfaction != 2 || c.Outcome(r.clock.now(), time.Hour) != profile.HandedOver {
			t.Errorf("the call: %+v", c)
		}
	}
	wait(t, func() bool { return r.profile("phone-138").Name == "Ann" })
	h := r.profile("ann").History
	if len(h) != 4 || h[0].Kind != "order" || h[1].Product != "咖啡机" || h[2].Topic != "refund.request" || h[2].Status != "answered" || h[3].Text != "voice 2/5" {
		t.Errorf("history %+v", h)
	}
	if err := r.Unlink(t.Context(), "default", "phone-138", "agent"); err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Get(t.Context(), "default", "ann"); len(v.Conversations) != 1 || len(v.Identities) != 1 {
		t.Errorf("after the unlink: %+v", v)
	}
}

func TestLearnedTwice(t *testing.T) {
	r := mustRig(t, nil)
	a, b := r.turn("c1", "ann", "", nil, nil), r.turn("c1", "ann", "", nil, nil)
	r.learn(a, b)
	r.learn(b, a)
	if v, _ := r.Get(t.Context(), "default", "ann"); v.Conversations[0].Turns != 2 {
		t.Errorf("%d turns, want 2", v.Conversations[0].Turns)
	}
	r.learn(r.turn("c1", "anonymous:c1", "", nil, nil))
	if _, err := r.log.Get(t.Context(), "memory/default/anonymous:c1"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("an anonymous customer is remembered: %v", err)
	}
}

func TestErased(t *testing.T) {
	r := mustRig(t, nil)
	r.learn(r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil))
	if err := r.SetConsent(t.Context(), "default", "ann", "marketing", true, "chat"); err != nil {
		t.Fatal(err)
	}
	if p := r.profile("ann"); p.Preferences["carrier"] != "顺丰" || !p.Consent["marketing"] {
		t.Fatalf("%+v", p)
	}
	if _, err := r.log.Erase(t.Context(), "default", "ann"); err != nil {
		t.Fatal(err)
	}
	r.clock.add(time.Minute)
	wait(t, func() bool { p := r.profile("ann"); return len(p.Preferences)+len(p.History)+len(p.Consent) == 0 })
	r.learn(r.turn("c2", "ann", "", nil, nil)) // they come back
	wait(t, func() bool { return len(r.profile("ann").History) == 1 })
}

func TestRunsOnTheLog(t *testing.T) {
	r := mustRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, r.log) }()
	tr, err := r.log.Load(ctx, dialogue.Key{Tenant: "default", Conversation: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	ev := r.turn("c1", "ann", "", nil, nil)
	if _, err := r.log.Append(ctx, tr, &ev); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool {
		k, ch, err := r.Latest(ctx, "default", "ann")
		return err == nil && k.Conversation == "c1" && ch == "web"
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestSetRules judges what was learnt by rules that are edited while the service runs.
func TestSetRules(t *testing.T) {
	r := mustRig(t, nil)
	r.learn(r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil))
	if p := r.profile("ann"); p.Preferences["carrier"] != "顺丰" {
		t.Fatalf("%+v", p)
	}
	strict := *mustStandard(t)
	strict.Enough = 100
	r.SetRules(&strict)
	if p := r.profile("ann"); p.Preferences["carrier"] != "" {
		t.Errorf("by rules that want more evidence it is no preference: %+v", p)
	}
	r.SetRules(mustStandard(t))
	if p := r.profile("ann"); p.Preferences["carrier"] != "顺丰" {
		t.Errorf("what was learnt is gone: %+v", p)
	}
}
