package proactive_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
)

var errCrash = errors.New("the process is dead")

// breaker lets a number of writes and deliveries happen and then nothing any more, as a process that is killed. after says whether the
// last one still reaches the other side, whose answer nobody hears.
type breaker struct {
	mu    sync.Mutex
	left  int
	after bool
	dead  bool
}

// step does one effect.
func (b *breaker) step(do func() error) error {
	b.mu.Lock()
	if b.dead {
		b.mu.Unlock()
		return errCrash
	}
	b.left--
	last := b.left < 0
	b.dead = last
	b.mu.Unlock()
	if !last {
		return do()
	}
	if b.after {
		_ = do()
	}
	return errCrash
}

type brokenDocs struct {
	dialogue.Documents
	b *breaker
}

func (d brokenDocs) Put(ctx context.Context, doc dialogue.Document) (rev uint64, err error) {
	err = d.b.step(func() (err error) { rev, err = d.Documents.Put(ctx, doc); return err })
	return rev, err
}

type brokenStore struct {
	dialogue.Store
	b *breaker
}

func (s brokenStore) Append(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (n *dialogue.Tracker, err error) {
	err = s.b.step(func() (err error) { n, err = s.Store.Append(ctx, t, ev); return err })
	return n, err
}

type brokenChannel struct {
	proactive.Channel
	b *breaker
}

func (c brokenChannel) Deliver(ctx context.Context, d proactive.Delivery) (st proactive.Status, err error) {
	err = c.b.step(func() (err error) { st, err = c.Channel.Deliver(ctx, d); return err })
	return st, err
}

// TestCrashAtEachStep kills the sender before and after each of its effects, opens the log again and looks at what came of it.
func TestCrashAtEachStep(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			crashed := false
			t.Run(fmt.Sprintf("effect %d after=%v", n, after), func(t *testing.T) { crashed = crashOnce(t, n, after) })
			if !crashed || t.Failed() {
				if n < 4 {
					t.Errorf("only %d effects to crash at", n)
				}
				break
			}
		}
	}
}

func crashOnce(t *testing.T, n int, after bool) (crashed bool) {
	dir, c := t.TempDir(), &clock{t: noon}
	l := mustLog(t, dir, c)
	b := &breaker{left: n, after: after}
	r := &rig{tb: t, clock: c, log: l, convs: conversations{brokenStore{l, b}}, docs: brokenDocs{l, b}, box: &outbox{}, voice: &outbox{}, kinds: mustStandard(t)}
	b.left = 1 << 30
	channel := func(o *proactive.Options) { o.Channels = map[string]proactive.Channel{"web": brokenChannel{r.box, b}} }
	r.start(channel)
	r.say("c1", "ann", interrupted)
	b.left = n
	c.add(31 * time.Minute)
	_ = r.RunDue(t.Context())
	crashed = b.dead
	r.stop()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	// The process starts again, on what is on the disk.
	r.log = mustLog(t, dir, c)
	defer r.log.Close()
	r.docs, r.convs = r.log, conversations{r.log}
	r.start(nil)
	defer r.stop()
	for range 3 {
		r.due()
		c.add(2 * time.Minute) // leases end
	}
	f := r.one()
	if f.Status != proactive.Sent || r.sent("c1") != 1 {
		t.Errorf("follow-up is %s (%s), %d messages in the conversation; want sent and 1", f.Status, f.Reason, r.sent("c1"))
	}
	ids := map[string]int{}
	for _, d := range r.box.all() {
		ids[d.ID]++
	}
	if len(ids) != 1 {
		t.Errorf("delivered %v: want one id", ids)
	}
	if all := len(r.box.all()); all > 1 && !crashed || all > 2 {
		t.Errorf("delivered %d times", all)
	}
	return crashed
}

// TestCrashWhileMaking kills the process while an event of the operator is being taken in, and sends the event again.
func TestCrashWhileMaking(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := range 4 {
			t.Run(fmt.Sprintf("effect %d after=%v", n, after), func(t *testing.T) {
				r := mustRig(t)
				r.say("c1", "ann", nil)
				b := &breaker{left: n, after: after}
				r.stop()
				r.docs = brokenDocs{r.log, b}
				r.start(nil)
				in := proactive.Incoming{Key: key("c1"), ID: "e1", Type: "order.delayed", Data: map[string]any{"order_id": "1"}}
				if _, err := r.Accept(t.Context(), in); err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				r.stop()
				r.docs = r.log
				r.clock.add(time.Minute)
				r.start(nil)
				got, err := r.Accept(t.Context(), in)
				if err != nil || len(got.FollowUps) != 1 {
					t.Fatalf("again: %+v, %v", got, err)
				}
				for range 2 {
					r.due()
					r.clock.add(2 * time.Minute) // a lease of the dead process ends
				}
				if f := r.one(); f.ID != got.FollowUps[0] || f.Status != proactive.Sent || r.sent("c1") != 1 {
					t.Errorf("follow-up %+v, %d in the conversation", f, r.sent("c1"))
				}
			})
		}
	}
}

// TestTwoSchedulers lets two replicas race for the same follow-ups over one log.
func TestTwoSchedulers(t *testing.T) {
	const customers = 60
	r := mustRig(t)
	replica, err := r.log.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Close()
	other, err := proactive.New(proactive.Options{
		Documents: replica, Conversations: conversations{replica}, Scripts: words{}, Kinds: r.kinds, Now: r.clock.now, Logger: quietly,
		Channels: map[string]proactive.Channel{"web": r.box}, MaxSleep: time.Hour, People: r.people,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.run(other)
	defer r.stop()
	for i := range customers {
		r.say(fmt.Sprintf("c%d", i), fmt.Sprintf("customer-%d", i), interrupted)
	}
	r.clock.add(31 * time.Minute)
	var wg sync.WaitGroup
	var failed atomic.Int32
	for _, s := range []*proactive.Service{r.Service, other, r.Service, other} {
		wg.Go(func() {
			for range 3 {
				if s.RunDue(context.Background()) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	for range 3 { // what a lost race left behind is looked at when the lease is over
		r.clock.add(2 * time.Minute)
		r.due()
	}
	ids := map[string]int{}
	for _, d := range r.box.all() {
		ids[d.ID]++
		if ids[d.ID] > 1 {
			t.Errorf("%s was delivered %d times", d.ID, ids[d.ID])
		}
	}
	if len(ids) != customers || failed.Load() != 0 {
		t.Errorf("%d of %d delivered, %d errors", len(ids), customers, failed.Load())
	}
	for i := range customers {
		if n := r.sent(fmt.Sprintf("c%d", i)); n != 1 {
			t.Errorf("conversation %d has %d messages, want 1", i, n)
		}
	}
}

// A lease of a process that is gone, taken before the clock was set back, does not block for longer than a lease.
func TestClockSetBack(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.clock.add(31 * time.Minute)
	r.box.fail = func(proactive.Delivery) error { r.stop(); return errCrash } // dies during the delivery, holding the lease
	_ = r.RunDue(t.Context())
	r.box.fail = nil
	r.clock.add(-10 * time.Minute)
	r.start(nil)
	r.clock.add(2 * time.Minute)
	r.due()
	if f := r.one(); f.Status == proactive.Sent {
		return
	}
	r.clock.add(25 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Sent || r.sent("c1") != 1 {
		t.Errorf("follow-up is %s (%s)", f.Status, f.Reason)
	}
}
