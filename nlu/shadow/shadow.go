// Package shadow runs a second bundle beside the champion on real requests and compares what the two say, before the second one answers anybody.
//
// A [Mirror] is offered each request after the champion has answered it. It takes a sample, queues it, and lets one worker run the shadow on it, a
// text at a time. It never waits for anything in [Mirror.Offer]: where the queue is full, or the champion is busy for too long, the text is dropped
// and counted. Whatever goes wrong with the shadow, a panic included, stays here.
//
// Kept are counters for each pair of bundles; texts are held in memory until they are compared and are neither kept nor logged. What the
// shadow costs: its share of the processor (one core at most), and up to Options.Queue analyses in memory.
package shadow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"yingda/models"
	"yingda/nlu"
)

// Options of a mirror. Parse is required; zero values of the others mean the defaults.
type Options struct {
	// Parse runs the shadow: as server.Parser does. Its errors must not contain the text.
	Parse func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error)
	// Share of the requests that are run on the shadow too, over 0 to 1. Default 1; lower it where cores are short.
	Share float64
	// Queue is how many texts may wait. Default 256; each holds its analysis by the champion, some 10 kB.
	Queue int
	// Busy tells that the champion needs the cores: the shadow waits. It is asked before each text and must be quick. Default: never.
	Busy func() bool
	// MaxAge is how long a text may wait before it is dropped. Default 5 s.
	MaxAge time.Duration
	// Timeout bounds one run of the shadow. Default 2 s.
	Timeout time.Duration
	// Compared is told of each text that both have answered, with the champion's analysis as it was offered. It runs in the mirror's worker and
	// must be quick. Default: nobody is told.
	Compared func(champion, shadow *nlu.Analysis)
	// Log gets the first failure of each pair of bundles. Default slog.Default().
	Log *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand draws the sample: numbers from 0 to below 1. Default math/rand/v2.
	Rand func() float64
}

// Mirror compares a shadow with the champion. Safe for concurrent use.
type Mirror struct {
	o     Options
	queue chan item

	waiting atomic.Int64         // texts in the queue
	current atomic.Pointer[pair] // the one offered last

	mu    sync.Mutex
	pairs []*pair // oldest first

	ctx  context.Context
	stop context.CancelFunc
	done chan struct{}
}

// item is a request that the champion has answered.
type item struct {
	pair   *pair
	us     []nlu.Utterance
	as     []*nlu.Analysis
	queued time.Time
}

// New makes a mirror and starts its worker; Close ends it.
func New(o Options) (*Mirror, error) {
	if o.Parse == nil {
		return nil, errors.New("new shadow: Options.Parse is required")
	}
	if o.Share == 0 {
		o.Share = 1
	}
	if !(o.Share > 0 && o.Share <= 1) {
		return nil, fmt.Errorf("new shadow: a share of %g: want over 0 to 1", o.Share)
	}
	if o.Queue <= 0 {
		o.Queue = 256
	}
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	if o.MaxAge <= 0 {
		o.MaxAge = 5 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	m := &Mirror{o: o, queue: make(chan item, o.Queue), done: make(chan struct{})}
	m.ctx, m.stop = context.WithCancel(context.Background())
	go m.work()
	return m, nil
}

// Close stops the worker and waits for it; what is queued is forgotten. Offer may still be called and does nothing.
func (m *Mirror) Close() {
	m.stop()
	<-m.done
}

// Offer hands over a request and its answers by the champion, which nobody changes any more, and returns at once. shadow is the bundle that is
// to be compared; "" or the champion itself is nothing to compare.
func (m *Mirror) Offer(shadow models.BundleID, us []nlu.Utterance, as []*nlu.Analysis) {
	if shadow == "" || len(as) == 0 || len(as) != len(us) || as[0].Bundle == shadow || m.ctx.Err() != nil {
		return
	}
	if m.o.Share < 1 && m.o.Rand() >= m.o.Share {
		return
	}
	p := m.pair(as[0].Bundle, shadow)
	n := int64(len(us))
	p.offered.Add(n)
	if m.waiting.Add(n) > int64(m.o.Queue) {
		m.waiting.Add(-n)
		p.drop(queueFull, n)
		return
	}
	now := m.o.Now()
	it := item{pair: p, us: append([]nlu.Utterance(nil), us...), as: append([]*nlu.Analysis(nil), as...), queued: now}
	for i := range it.us {
		if it.us[i].Reference.IsZero() {
			it.us[i].Reference = now // relative times mean the time of the request
		}
	}
	select {
	case m.queue <- it:
	default: // cannot be: each request holds at least one of Queue texts
		m.waiting.Add(-n)
		p.drop(queueFull, n)
	}
}

// maxPairs is how many pairs of bundles are remembered.
const maxPairs = 8

// pair returns the counters of two bundles, new ones if need be.
func (m *Mirror) pair(champion, shadow models.BundleID) *pair {
	if p := m.current.Load(); p != nil && p.champion == champion && p.shadow == shadow {
		return p
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.pairs {
		if p.champion == champion && p.shadow == shadow {
			m.current.Store(p)
			return p
		}
	}
	p := newPair(champion, shadow, m.o.Now())
	if m.pairs = append(m.pairs, p); len(m.pairs) > maxPairs {
		m.pairs = m.pairs[1:]
	}
	m.current.Store(p)
	return p
}

func (m *Mirror) work() {
	defer close(m.done)
	for {
		select {
		case <-m.ctx.Done():
			return
		case it := <-m.queue:
			for i := range it.us {
				m.waiting.Add(-1)
				m.compare(&it, i)
			}
		}
	}
}

// compare runs the shadow on one text of a request, once the champion can spare a core.
func (m *Mirror) compare(it *item, i int) {
	if !m.idle(it.queued) {
		it.pair.drop(late, 1)
		return
	}
	a, err := m.run(it.us[i])
	switch {
	case m.ctx.Err() != nil: // the end
	case errors.Is(err, models.ErrNoBundle), errors.Is(err, models.ErrClosed), err == nil && a.Bundle != it.pair.shadow:
		it.pair.drop(gone, 1) // the shadow is another by now
	case errors.Is(err, models.ErrOverloaded):
		it.pair.drop(overloaded, 1)
	case err != nil:
		it.pair.drop(failed, 1)
		it.pair.once.Do(func() {
			m.o.Log.Warn("the shadow failed; further failures are counted in /v1/shadow", "shadow", it.pair.shadow, "champion", it.pair.champion, "error", err)
		})
	default:
		if m.o.Compared != nil {
			m.o.Compared(it.as[i], a)
		}
		it.pair.add(it.as[i], a, len(it.us) == 1)
	}
}

// idle waits until the champion is not busy. It is false when the text has waited too long or the mirror is closed.
func (m *Mirror) idle(since time.Time) bool {
	for {
		if m.ctx.Err() != nil || m.o.Now().Sub(since) > m.o.MaxAge {
			return false
		}
		if !m.o.Busy() {
			return true
		}
		select {
		case <-m.ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// run is one text on the shadow; a panic becomes an error.
func (m *Mirror) run(u nlu.Utterance) (a *nlu.Analysis, err error) {
	ctx, cancel := context.WithTimeout(m.ctx, m.o.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			a, err = nil, errors.New("the shadow panicked")
		}
	}()
	as, err := m.o.Parse(ctx, []nlu.Utterance{u})
	if err != nil {
		return nil, err
	}
	if len(as) != 1 || as[0] == nil {
		return nil, fmt.Errorf("the shadow gave %d analyses for one text", len(as))
	}
	return as[0], nil
}
