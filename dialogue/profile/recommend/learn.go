package recommend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"yingda/dialogue"
)

// Consumer is the name under which the recommender reads the log; see [Recommender.Run].
const Consumer = "recommend"

// session is what somebody asked for of late.
type session struct {
	ids []string // the newest last
	at  time.Time
	seq uint64
}

const (
	sessionItems = 8
	sessionTime  = 60 * 24 * time.Hour // after which what was asked for says nothing about what comes
)

// Run counts what the log tells and shares it with other replicas, until ctx is done.
func (r *Recommender) Run(ctx context.Context, log dialogue.Log) error {
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { done <- log.Consume(ctx, Consumer, r.Learn) }()
	r.share(ctx)
	tick := time.NewTicker(r.o.Flush)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer stop()
			r.share(last)
			return err
		case <-tick.C:
			r.share(ctx)
		}
	}
}

func (r *Recommender) share(ctx context.Context) {
	if err := r.Share(ctx); err != nil && ctx.Err() == nil {
		r.o.Logger.Warn("counts for recommendation were not shared", "err", err)
	}
}

// Learn counts a batch of events. What comes twice is counted once, as long as the conversation is remembered.
func (r *Recommender) Learn(_ context.Context, evs []dialogue.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range evs {
		if ev := &evs[i]; ev.Kind == dialogue.TurnTaken {
			r.count(ev)
		}
	}
	return nil
}

func (r *Recommender) count(ev *dialogue.Event) {
	talk := touch(r.talks, ev.Tenant+"/"+ev.Conversation, ev.Time)
	if ev.Seq != 0 && ev.Seq <= talk.seq {
		return
	}
	talk.seq = ev.Seq
	m := r.deltas[ev.Tenant]
	if m == nil {
		m = &Model{}
		r.deltas[ev.Tenant] = m
	}
	for _, in := range ev.Turn.Decision.Intents {
		if r.rules.Load().Ask[in] == nil || len(talk.ids) > 0 && talk.ids[len(talk.ids)-1] == in {
			continue // small talk, or the same wish goes on
		}
		var from []string
		if n := len(talk.ids); n > 0 {
			from = talk.ids[n-1:]
		}
		m.Topics.add(in, from, 1)
		talk.add(in)
	}
	if ev.Private == nil || ev.Private.Customer == "" {
		return
	}
	person := touch(r.people, ev.Tenant+"/"+ev.Customer+"/"+ev.Private.Customer, ev.Time)
	for id, weight := range r.named(ev.Private) {
		if !slices.Contains(person.ids, id) {
			m.Products.add(id, person.ids, weight)
			for _, other := range person.ids { // it goes both ways
				m.Products.pair(id, other, weight)
			}
		}
		person.add(id)
	}
}

// Erased makes the recommender forget what memory holds of single people, after one of them was erased: what was asked for together with
// what is counted without names already.
func (r *Recommender) Erased(_, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people.clear()
	r.talks.clear()
	r.matched.clear()
}

// named returns the products of a message: asked about, or bought, which counts more.
func (r *Recommender) named(p *dialogue.Private) map[string]float64 {
	goods, rules, out := r.goods.Load(), r.rules.Load(), map[string]float64{}
	one := func(text string, weight float64) {
		if ps := r.find(goods, text, ""); len(ps) > 0 {
			out[ps[0].ID] = max(out[ps[0].ID], weight)
		}
	}
	for _, ent := range p.Entities {
		if slices.Contains(rules.Seen, ent.Type) {
			one(ent.Text, 1)
		}
	}
	for _, c := range p.Calls {
		if arg := rules.Ordered[c.Call.Name]; arg != "" && c.Result.Status == dialogue.CallOK {
			one(c.Call.Args[arg], 3)
		}
	}
	return out
}

// pair counts that one thing came with another, without counting either.
func (t *Table) pair(from, to string, weight float64) {
	t.sum()
	if from == to {
		return
	}
	if t.Pairs[from] == nil {
		t.Pairs[from] = map[string]float64{}
	}
	t.Pairs[from][to] += weight
	t.sums[from] += weight
}

// touch returns the session of a key, a new one if the last is too old.
func touch(in *recent[string, *session], key string, at time.Time) *session {
	s, ok := in.get(key)
	if !ok {
		s = &session{}
		in.put(key, s)
	}
	if at.Sub(s.at) > sessionTime {
		s.ids = nil
	}
	s.at = at
	return s
}

func (s *session) add(id string) {
	s.ids = append(slices.DeleteFunc(s.ids, func(o string) bool { return o == id }), id)
	if n := len(s.ids) - sessionItems; n > 0 {
		s.ids = slices.Clone(s.ids[n:])
	}
}

// Share adds what was counted to what all replicas know, and takes that into use.
func (r *Recommender) Share(ctx context.Context) error {
	r.mu.Lock()
	deltas := r.deltas
	r.deltas = map[string]*Model{}
	r.mu.Unlock()
	r.tenants.Range(func(k, _ any) bool { // also where nothing new was counted here
		if deltas[k.(string)] == nil {
			deltas[k.(string)] = &Model{}
		}
		return true
	})
	if r.o.Documents != nil && len(deltas) == 0 {
		return r.load(ctx)
	}
	var errs []error
	for tenant, d := range deltas {
		if err := r.shareOne(ctx, tenant, d); err != nil {
			errs = append(errs, err)
			r.mu.Lock() // for the next time
			if newer := r.deltas[tenant]; newer != nil {
				d.merge(newer)
			}
			r.deltas[tenant] = d
			r.mu.Unlock()
		}
	}
	return errors.Join(errs...)
}

const modelDoc = "recommend/"

// load takes into use what was counted before this process began.
func (r *Recommender) load(ctx context.Context) error {
	docs, err := r.o.Documents.List(ctx, modelDoc)
	if err != nil {
		return fmt.Errorf("read counts: %w", err)
	}
	for _, d := range docs {
		var m Model
		if err := json.Unmarshal(d.Body, &m); err != nil {
			return fmt.Errorf("read counts %s: %w", d.Name, err)
		}
		if tenant, ok := tenantOf(d.Name); ok {
			r.use(tenant, &m)
		}
	}
	return nil
}

func (r *Recommender) shareOne(ctx context.Context, tenant string, d *Model) error {
	if r.o.Documents == nil {
		m := &Model{}
		old := r.snapshot(tenant)
		m.merge(&old.model)
		m.At = old.model.At
		m.fade(r.o.Now(), r.rules.Load().Half)
		m.merge(d)
		r.use(tenant, m)
		return nil
	}
	for range 10 {
		doc, err := r.o.Documents.Get(ctx, docName(tenant))
		m := &Model{}
		switch {
		case err == nil && doc.Body != nil:
			if err := json.Unmarshal(doc.Body, m); err != nil {
				return fmt.Errorf("read counts: %w", err)
			}
		case err != nil && !errors.Is(err, dialogue.ErrUnknown):
			return fmt.Errorf("read counts: %w", err)
		}
		if len(d.Products.Count)+len(d.Topics.Count) == 0 {
			r.use(tenant, m)
			return nil
		}
		m.fade(r.o.Now(), r.rules.Load().Half)
		m.merge(d)
		body, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("write counts: %w", err)
		}
		_, err = r.o.Documents.Put(ctx, dialogue.Document{Name: docName(tenant), Body: body, Revision: doc.Revision, By: "robot", Brief: true})
		if err == nil {
			r.use(tenant, m)
			return nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return fmt.Errorf("write counts: %w", err)
		}
	}
	return fmt.Errorf("write counts: %w", dialogue.ErrConflict)
}

// use takes a model into use; nobody changes it after that.
func (r *Recommender) use(tenant string, m *Model) {
	m.Products.sum()
	m.Topics.sum()
	s := &snapshot{model: *m, products: m.Products.popular(topPopular), topics: m.Topics.popular(topPopular)}
	p, _ := r.tenants.LoadOrStore(tenant, &atomic.Pointer[snapshot]{})
	p.(*atomic.Pointer[snapshot]).Store(s)
}

func docName(tenant string) string { return modelDoc + tenant + "/model" }

func tenantOf(name string) (string, bool) {
	rest, ok := cutBoth(name, modelDoc, "/model")
	return rest, ok
}

func cutBoth(s, prefix, suffix string) (string, bool) {
	if len(s) <= len(prefix)+len(suffix) || s[:len(prefix)] != prefix || s[len(s)-len(suffix):] != suffix {
		return "", false
	}
	return s[len(prefix) : len(s)-len(suffix)], true
}
