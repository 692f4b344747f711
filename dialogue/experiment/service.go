package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
)

// Options tune a service. The zero value is ready to use.
type Options struct {
	// Check says what is wrong with an experiment that is to be started: settings that the policy does not have, texts that no script has. Errors
	// with a Place are shown one by one. nil = nothing is checked besides the definition.
	Check func(tenant string, d *Definition) error
	// Changed is called after each change that this replica learns of, also at the start; it must be quick.
	Changed func()
	// Log takes warnings. nil = slog.Default().
	Log *slog.Logger
	// Now is the clock. nil = time.Now.
	Now func() time.Time
	// Retry is the pause before watching again after the documents did not answer; 0 = one second.
	Retry time.Duration
}

// Service keeps experiments and assigns variants. It is safe for concurrent use; Assign takes no lock where no customer is pinned.
type Service struct {
	docs  dialogue.Documents
	o     Options
	view  atomic.Pointer[view]
	pins  *pins
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu        sync.Mutex        // serialises changes of view
	revisions map[string]uint64 // by document name: the latest that view knows
}

// view is an unchanging picture of all experiments by tenant, in the order of names.
type view struct {
	all   map[string][]*Experiment
	plans map[string][]*plan // of the running ones
}

// Open reads the experiments and keeps up with what any replica changes, until ctx is done or Close. It returns once all have been read.
func Open(ctx context.Context, docs dialogue.Documents, o Options) (*Service, error) {
	if docs == nil {
		return nil, errors.New("open experiments: documents are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	if o.Check == nil {
		o.Check = func(string, *Definition) error { return nil }
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	s := &Service{docs: docs, o: o, revisions: map[string]uint64{}, pins: newPins(docs, o.Log, o.Now)}
	s.view.Store(&view{})
	watching, stop := context.WithCancel(ctx)
	s.stop = stop
	ready, failed := make(chan struct{}), make(chan error, 1)
	s.tasks.Go(func() { s.watch(watching, ready, failed) })
	s.tasks.Go(func() { s.pins.run(watching) })
	var err error
	select {
	case <-ready:
		return s, nil
	case err = <-failed:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.Close()
	return nil, fmt.Errorf("open experiments: %w", err)
}

// Close stops keeping up, and writes down the pins that wait. Assign goes on with what is known.
func (s *Service) Close() {
	s.stop()
	s.tasks.Wait()
}

// watch applies documents until ctx is done. A first failure goes to failed; later ones are tried again.
func (s *Service) watch(ctx context.Context, ready chan struct{}, failed chan error) {
	var once sync.Once
	started := false
	for {
		err := s.docs.Watch(ctx, docPrefix, func() { once.Do(func() { started = true; close(ready) }) }, s.apply)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("watching ended")
		}
		if !started {
			failed <- err
			return
		}
		s.o.Log.Warn("watching experiments failed, trying again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.o.Retry):
		}
	}
}

// apply puts a document into a new view, unless a newer one is known.
func (s *Service) apply(d dialogue.Document) {
	tenant, name, ok := splitName(d.Name)
	if !ok {
		return
	}
	s.mu.Lock()
	if d.Revision <= s.revisions[d.Name] {
		s.mu.Unlock()
		return
	}
	s.revisions[d.Name] = d.Revision
	e, err := read(d)
	if err != nil {
		s.o.Log.Error("an experiment cannot be read and does not run", "tenant", tenant, "experiment", name, "revision", d.Revision, "error", err)
	}
	s.view.Store(s.view.Load().with(tenant, name, e))
	s.mu.Unlock()
	s.o.Changed()
}

// with returns a view with another experiment under a name; nil takes it out.
func (v *view) with(tenant, name string, e *Experiment) *view {
	n := &view{all: maps.Clone(v.all), plans: maps.Clone(v.plans)}
	if n.all == nil {
		n.all, n.plans = map[string][]*Experiment{}, map[string][]*plan{}
	}
	list := slices.DeleteFunc(slices.Clone(n.all[tenant]), func(o *Experiment) bool { return o.Name == name })
	if e != nil {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *Experiment) int { return strings.Compare(a.Name, b.Name) })
	n.all[tenant] = list
	var plans []*plan
	for _, o := range list {
		if o.State == Running {
			plans = append(plans, newPlan(o))
		}
	}
	n.plans[tenant] = plans
	return n
}

// Assign returns the variants of a subject in all running experiments, by name of the experiment.
func (s *Service) Assign(ctx context.Context, who Subject) []dialogue.Arm {
	plans := s.view.Load().plans[who.Tenant]
	if len(plans) == 0 {
		return nil
	}
	now := s.o.Now()
	var arms []dialogue.Arm
	var known map[string]string
	asked, failed := false, false
	for _, p := range plans {
		i := p.assign(&who, now, func() map[string]string {
			if !asked {
				var err error
				asked = true
				if known, err = s.pins.of(ctx, who.Tenant, who.Customer, p.now(now).since); err != nil {
					failed = true
					s.o.Log.Warn("who is pinned to which variant is not known; the customer takes no part for now", "tenant", who.Tenant, "error", err)
				}
			}
			return known
		})
		if i < 0 || failed && *p.e.Sticky && p.now(now).moved {
			continue // better no variant than a second one
		}
		arms = append(arms, p.arms[i])
	}
	return arms
}

// Exposed remembers who met a variant, for sticky experiments. It never waits.
func (s *Service) Exposed(tenant, customer string, variants map[string]string) {
	for _, p := range s.view.Load().plans[tenant] {
		if v, ok := variants[p.e.Name]; ok && *p.e.Sticky {
			s.pins.add(Exposure{tenant, customer, p.e.Name, v})
		}
	}
}

// Erased makes the service forget what memory holds of an erased customer. The log tells of erasures; it knows pseudonyms only, so all customers of
// the tenant are read again.
func (s *Service) Erased(tenant, _ string) { s.pins.forget(tenant) }

// Known returns all experiments of a tenant that this replica knows, drafts and stopped ones too. They are not to be changed.
func (s *Service) Known(tenant string) []*Experiment { return s.view.Load().all[tenant] }

// All returns all experiments of all tenants, as analytics wants them. They are not to be changed.
func (s *Service) All() []*Experiment {
	v := s.view.Load()
	out := []*Experiment{}
	for _, tenant := range slices.Sorted(maps.Keys(v.all)) {
		out = append(out, v.all[tenant]...)
	}
	return out
}

// Find returns an experiment as this replica knows it, nil if it does not. It is not to be changed.
func (s *Service) Find(tenant, name string) *Experiment {
	for _, e := range s.view.Load().all[tenant] {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// docPrefix begins the names of all documents of experiments: experiment/TENANT/NAME.
const docPrefix = "experiment/"

func docName(tenant, name string) string { return docPrefix + tenant + "/" + name }

func splitName(name string) (tenant, experiment string, ok bool) {
	rest, ok := strings.CutPrefix(name, docPrefix)
	if !ok {
		return "", "", false
	}
	tenant, experiment, ok = strings.Cut(rest, "/")
	return tenant, experiment, ok && tenant != "" && experiment != ""
}

// read returns the experiment of a document, nil for a deleted one.
func read(d dialogue.Document) (*Experiment, error) {
	if len(d.Body) == 0 {
		return nil, nil
	}
	e := &Experiment{}
	if err := json.Unmarshal(d.Body, e); err != nil {
		return nil, fmt.Errorf("read experiment's document: %w", err)
	}
	tenant, name, _ := splitName(d.Name)
	if e.Tenant != tenant || e.Name != name || len(e.Variants) < 2 {
		return nil, fmt.Errorf("read experiment's document: it holds %q of %q with %d variants", e.Name, e.Tenant, len(e.Variants))
	}
	for _, p := range e.Phases {
		if len(p.Weights) != len(e.Variants) {
			return nil, fmt.Errorf("read experiment's document: a phase has %d weights for %d variants", len(p.Weights), len(e.Variants))
		}
	}
	e.fill()
	e.Revision, e.Time, e.By = d.Revision, d.Time, d.By
	return e, nil
}
