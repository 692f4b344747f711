// Package pairs writes to the log what a second bundle said of customers' messages, beside what the bundle said that answered them.
//
// The shadow runs after the turn, and the log's event of the turn is written by then. So pairs have events of their own, in a conversation that no
// customer has (one a tenant and process): up to a hundred pairs, or those of a second, in one event. A turn costs nothing but a note in memory, never
// waits and never conflicts with such an event. What is in the log is kept and read as turns are, exactly once; what a process held when it was killed,
// a second's worth, and what comes while the log does not answer, is lost: a sample is smaller then, not wrong.
package pairs

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"yingda/dialogue"
	"yingda/nlu"
)

// Options tune a recorder. Store is required.
type Options struct {
	Store dialogue.Store
	// Active tells whether there is a shadow: else turns are not noted. It must be quick. Default: always.
	Active func() bool
	// Every is how often pairs are written. Default one second.
	Every time.Duration
	// Wait is how long a turn and its comparison wait for each other. Default 15 s, more than a mirror takes.
	Wait time.Duration
	// Held bounds the pairs that wait to be written, and the halves that wait for each other. Default 4096; the oldest go.
	Held int
	// Log takes warnings. Default slog.Default().
	Log *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// most is how many pairs an event holds.
const most = 100

// Recorder joins turns with comparisons. It is safe for concurrent use; Run writes.
type Recorder struct {
	o    Options
	name string // of the conversations

	mu     sync.Mutex
	halves map[weak.Pointer[nlu.Analysis]]half // by the analysis that answered
	order  []weak.Pointer[nlu.Analysis]        // oldest first
	ready  []item
	warned bool

	lines map[string]*line // by tenant; only Run uses them
	n     int              // events
}

// half is one side of a pair that waits for the other.
type half struct {
	turn   *item // without readings
	first  dialogue.Reading
	second *nlu.Analysis // nil in the half of a turn
	since  time.Time
}

// item is a pair of a tenant.
type item struct {
	tenant string
	pair   dialogue.ShadowPair
}

// line is the conversation that a tenant's pairs are written to.
type line struct {
	tracker *dialogue.Tracker
	event   *dialogue.Event // that is being written, or whose fate is not known; nil = none
}

// New makes a recorder.
func New(o Options) (*Recorder, error) {
	if o.Store == nil {
		return nil, errors.New("new recorder of pairs: Options.Store is required")
	}
	if o.Active == nil {
		o.Active = func() bool { return true }
	}
	if o.Every <= 0 {
		o.Every = time.Second
	}
	if o.Wait <= 0 {
		o.Wait = 15 * time.Second
	}
	if o.Held <= 0 {
		o.Held = 4096
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var id [8]byte
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return &Recorder{o: o, name: "shadow-" + hex.EncodeToString(id[:]), halves: map[weak.Pointer[nlu.Analysis]]half{}, lines: map[string]*line{}}, nil
}

// Taken notes a turn that was written; a is the parser's own analysis of its message. It is an engine's Options.Taken.
func (r *Recorder) Taken(ev *dialogue.Event, a *nlu.Analysis) {
	if !r.o.Active() {
		return
	}
	turn := &item{ev.Tenant, dialogue.ShadowPair{Conversation: ev.Conversation, Seq: ev.Seq, ID: ev.ID, Time: ev.Time, Customer: ev.Customer, Channel: ev.Channel}}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := weak.Make(a)
	if h, ok := r.halves[k]; ok && h.second != nil {
		r.join(k, turn, a, h.second)
		return
	}
	r.note(k, half{turn: turn})
}

// Compared notes what the shadow said. It is a mirror's Options.Compared.
func (r *Recorder) Compared(first, second *nlu.Analysis) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := weak.Make(first)
	if h, ok := r.halves[k]; ok && h.turn != nil {
		r.join(k, h.turn, first, second)
		return
	}
	r.note(k, half{second: second}) // the turn is on its way to the log, or the text was no turn's
}

// note keeps a half and lets the oldest go.
func (r *Recorder) note(k weak.Pointer[nlu.Analysis], h half) {
	h.since = r.o.Now()
	r.halves[k] = h
	r.order = append(r.order, k)
	for len(r.order) > 0 {
		old, ok := r.halves[r.order[0]]
		if ok && len(r.halves) <= r.o.Held && h.since.Sub(old.since) <= r.o.Wait {
			break
		}
		delete(r.halves, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *Recorder) join(k weak.Pointer[nlu.Analysis], turn *item, first, second *nlu.Analysis) {
	delete(r.halves, k)
	p := turn.pair
	p.Bundle, p.Shadow, p.First, p.Second = first.Bundle, second.Bundle, reading(first), reading(second)
	r.ready = append(r.ready, item{turn.tenant, p})
	if len(r.ready) <= r.o.Held {
		return
	}
	if r.ready = r.ready[1:]; !r.warned {
		r.warned = true
		r.o.Log.Warn("pairs of a bundle and its shadow come faster than the log takes them; some are left out")
	}
}

func reading(a *nlu.Analysis) dialogue.Reading {
	out := dialogue.Reading{Intents: []string{}, Emotion: a.Emotion.Label}
	for _, in := range a.Intents {
		out.Intents = append(out.Intents, in.Label)
	}
	if len(a.Ranking) > 0 {
		out.Score = a.Ranking[0].Score
	}
	return out
}

// Run writes pairs until ctx is done, then what is ready: its end does not cut a write off, but takes some seconds at most.
func (r *Recorder) Run(ctx context.Context) error {
	flush := func() {
		writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		r.Flush(writing)
	}
	tick := time.NewTicker(r.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			flush()
		case <-ctx.Done():
			flush()
			return nil
		}
	}
}

// Flush writes what is ready. Only one goroutine may call it, and not beside Run. While the log does not answer pairs wait, up to Options.Held.
func (r *Recorder) Flush(ctx context.Context) {
	for _, l := range r.lines {
		if l.event != nil {
			r.settle(ctx, l)
		}
	}
	r.mu.Lock()
	ready := r.ready
	r.ready = nil
	r.mu.Unlock()
	slices.SortStableFunc(ready, func(a, b item) int { return strings.Compare(a.tenant, b.tenant) }) // an event is of one tenant
	var later []item
	for len(ready) > 0 {
		n := 1
		for n < len(ready) && n < most && ready[n].tenant == ready[0].tenant {
			n++
		}
		if l := r.line(ready[0].tenant); l.event != nil || ctx.Err() != nil {
			later = append(later, ready[:n]...)
		} else {
			l.event = r.event(ready[:n])
			r.settle(ctx, l)
		}
		ready = ready[n:]
	}
	if len(later) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ready = append(later, r.ready...)
		r.ready = r.ready[max(len(r.ready)-r.o.Held, 0):]
	}
}

// line returns the conversation of a tenant.
func (r *Recorder) line(tenant string) *line {
	l := r.lines[tenant]
	if l == nil {
		l = &line{tracker: &dialogue.Tracker{Key: dialogue.Key{Tenant: tenant, Conversation: r.name}}}
		r.lines[tenant] = l
	}
	return l
}

func (r *Recorder) event(items []item) *dialogue.Event {
	r.n++
	body := &dialogue.ShadowBody{}
	for _, it := range items {
		body.Pairs = append(body.Pairs, it.pair)
	}
	return &dialogue.Event{ID: fmt.Sprintf("pairs-%d", r.n), Kind: dialogue.Shadowed, Channel: "shadow", Time: r.o.Now(), Shadow: body}
}

// settle appends the event of a line. Where the log does not answer its fate is not known: the very same is appended again later, and another one only
// after it, else the chain would break there.
func (r *Recorder) settle(ctx context.Context, l *line) {
	next, err := r.o.Store.Append(ctx, l.tracker, l.event)
	switch {
	case err == nil:
		l.tracker, l.event = next, nil
		return
	case errors.Is(err, dialogue.ErrUnavailable), ctx.Err() != nil:
		return
	case errors.Is(err, dialogue.ErrConflict): // cannot be: the conversation is this process's own
		if t, loadErr := r.o.Store.Load(ctx, l.tracker.Key); loadErr == nil {
			l.tracker = t
		}
	}
	r.o.Log.Warn("pairs of a bundle and its shadow could not be written", "tenant", l.tracker.Tenant, "pairs", len(l.event.Shadow.Pairs), "error", err)
	l.event = nil
}
