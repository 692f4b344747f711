package profile

import (
	"cmp"
	"context"
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

// Consumer is the name under which the service reads the log; see [Service.Run].
const Consumer = "profile"

// MiningConsent is the category of consent for learning preferences. Without a statement they are learnt; a customer who says no has none
// learnt, and those that were learnt are not used.
const MiningConsent = "personalisation"

// Options are the parts and limits of a [Service]. Documents is required.
type Options struct {
	Documents dialogue.Documents
	// Provider is the operator's system. Default: there is none, only what was learnt is known.
	Provider Provider
	// Rules say what is learnt. Default: which conversations there were.
	Rules *Rules
	// Budget is how long a turn may wait for a profile. Default 100 ms.
	Budget time.Duration
	// Timeout is how long the operator's system may take; its answer then serves the next turn. Default 5 s.
	Timeout time.Duration
	// TTL is how long its answer is used without asking again. Default 5 min. After that it is still used while a new one is on its way.
	TTL time.Duration
	// Unknown is how long a customer that the system does not know is not asked for again. Default 1 min.
	Unknown time.Duration
	// Retry is how long a system that failed is left alone, per customer. Default 10 s.
	Retry time.Duration
	// Fresh is how long what was learnt is used without reading it again. Default 10 s: what another replica learns shows after it.
	Fresh time.Duration
	// Customers bounds how many are kept in memory. Default 20,000.
	Customers int
	// Fetches bounds the requests to the operator's system under way; above it the last known profile serves. Default 64.
	Fetches int
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets what operators should know. Default slog.Default().
	Logger *slog.Logger
}

// Service puts profiles together. It is safe for concurrent use. Close it after use.
type Service struct {
	o     Options
	docs  documents
	cache *cache
	rules atomic.Pointer[Rules]
	gone  erasures
	slots chan struct{} // fetches under way
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

var _ dialogue.Profiles = (*Service)(nil)

// New checks the options and makes a service.
func New(o Options) (*Service, error) {
	if o.Documents == nil {
		return nil, errors.New("new profile service: Options.Documents is required")
	}
	if o.Rules == nil {
		o.Rules = &Rules{}
	}
	o.Budget = cmp.Or(o.Budget, 100*time.Millisecond)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.TTL = cmp.Or(o.TTL, 5*time.Minute)
	o.Unknown = cmp.Or(o.Unknown, time.Minute)
	o.Retry = cmp.Or(o.Retry, 10*time.Second)
	o.Fresh = cmp.Or(o.Fresh, 10*time.Second)
	o.Customers = cmp.Or(o.Customers, 20_000)
	o.Fetches = cmp.Or(o.Fetches, 64)
	for what, d := range map[string]time.Duration{"Budget": o.Budget, "Timeout": o.Timeout, "TTL": o.TTL, "Unknown": o.Unknown, "Retry": o.Retry, "Fresh": o.Fresh} {
		if d < 0 {
			return nil, fmt.Errorf("new profile service: Options.%s is negative", what)
		}
	}
	if o.Customers < 1 || o.Fetches < 1 {
		return nil, errors.New("new profile service: Options.Customers and Fetches must be positive")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Service{o: o, docs: documents{o.Documents}, cache: newCache(o.Customers), slots: make(chan struct{}, o.Fetches)}
	s.rules.Store(o.Rules)
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// SetRules puts other rules in the place of the present ones, after profile.yaml was edited: what is learnt from now on goes by them, and so does how
// what was learnt is judged. Turns that were learnt from are not learnt from again.
func (s *Service) SetRules(r *Rules) { s.rules.Store(r) }

// Close ends what is under way and waits for it.
func (s *Service) Close() {
	s.stop()
	s.wg.Wait()
}

// Profile implements [dialogue.Profiles]. The error is that of the context, nothing else: a profile that cannot be had in time is the last
// known one, or empty.
func (s *Service) Profile(ctx context.Context, tenant, customer string) (dialogue.Profile, error) {
	v, err := s.view(ctx, tenant, customer)
	return v.Profile, err
}

// View is a profile for people to look at: what is known and where it comes from.
type View struct {
	Profile       dialogue.Profile `json:"profile"` // as a turn sees it
	Identities    []string         `json:"identities"`
	Conversations []Conversation   `json:"conversations"` // of all identities, newest last
	Preferences   []Preference     `json:"preferences"`
	Consents      Consents         `json:"consents"`
	// Source tells of the operator's part: "fresh", "stale" (asked again now), "last_known" (the system does not answer), "unknown"
	// (it does not know the customer) or "none".
	Source string    `json:"source"`
	AsOf   time.Time `json:"as_of,omitzero"`
}

// Get is [Service.Profile] with all that it was made of.
func (s *Service) Get(ctx context.Context, tenant, customer string) (View, error) {
	return s.view(ctx, tenant, customer)
}

func (s *Service) view(ctx context.Context, tenant, customer string) (View, error) {
	if customer == "" {
		return View{Source: "none"}, nil
	}
	e := s.cache.entry(cacheKey{tenant, customer})
	now := s.o.Now()
	var timeout <-chan time.Time
	for _, wait := range s.refresh(e, now) {
		if timeout == nil {
			timer := time.NewTimer(s.o.Budget)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-wait:
			continue
		case <-timeout:
		case <-ctx.Done():
			return View{}, ctx.Err()
		}
		break
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return s.compose(e, now), nil
}

// refresh starts what has to be asked for again, each at most once at a time for a customer, and returns what to wait for: nothing when
// what there is will do for now.
func (s *Service) refresh(e *entry, now time.Time) []<-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	missing := !e.ownRead || e.changed
	old := missing || now.Sub(e.ownAt) >= s.o.Fresh || e.ownAt.After(now)
	if old && e.reading == nil && s.ctx.Err() == nil {
		done := make(chan struct{})
		e.reading = done
		s.wg.Go(func() { s.read(e, done) })
	}
	if s.o.Provider != nil && e.asking == nil && !e.answered(now) && s.ctx.Err() == nil {
		done, own := make(chan struct{}), e.reading
		if e.ownRead {
			own = nil
		}
		e.asking = done
		s.wg.Go(func() { s.ask(e, own, done) })
	}
	var wait []<-chan struct{}
	if missing && e.reading != nil {
		wait = append(wait, e.reading)
	}
	if e.known.State == unasked && e.asking != nil {
		wait = append(wait, e.asking)
	}
	return wait
}

// read reads what was learnt, again where it changed meanwhile.
func (s *Service) read(e *entry, done chan struct{}) {
	ctx, cancel := context.WithTimeout(s.ctx, s.o.Timeout)
	defer cancel()
	for again := true; again; {
		e.mu.Lock()
		e.changed = false
		e.mu.Unlock()
		o := s.readOwn(ctx, e.key.tenant, e.key.customer)
		e.mu.Lock()
		e.own, e.ownAt, e.ownRead = o, s.o.Now(), true
		if again = e.changed && ctx.Err() == nil; !again {
			e.reading = nil
			close(done)
		}
		e.mu.Unlock()
	}
}

// compose merges the parts of an entry.
func (s *Service) compose(e *entry, now time.Time) View {
	v := View{Profile: e.known.Profile, Identities: e.own.identities(e.key.customer), Consents: e.own.consents, Source: e.source(s.o.Provider, now), AsOf: e.known.At}
	p := &v.Profile
	p.Preferences, p.Consent = maps.Clone(p.Preferences), maps.Clone(p.Consent)
	for category, c := range e.own.consents {
		set(&p.Consent, category, c.Allowed) // said to the robot, and newer than what the operator was told before
	}
	v.Preferences = preferences(e.own.memories, s.rules.Load(), now)
	if mining, said := p.Consent[MiningConsent]; !said || mining {
		for _, pref := range v.Preferences {
			if _, given := p.Preferences[pref.Name]; pref.Used && !given {
				set(&p.Preferences, pref.Name, pref.Value)
			}
		}
	}
	var items []dialogue.HistoryItem
	for _, m := range e.own.memories {
		v.Conversations = append(v.Conversations, m.Conversations...)
		for _, seen := range m.Seen {
			items = append(items, dialogue.HistoryItem{Kind: "browse", Time: seen.Time, Product: seen.Text})
		}
	}
	slices.SortStableFunc(v.Conversations, func(a, b Conversation) int { return a.Updated.Compare(b.Updated) })
	for i := range v.Conversations {
		items = append(items, v.Conversations[i].item(now, s.rules.Load().Quiet))
	}
	p.History = mergeHistory(p.History, items)
	return v
}

// item writes a conversation as an item of the history.
func (c *Conversation) item(now time.Time, quiet time.Duration) dialogue.HistoryItem {
	h := dialogue.HistoryItem{Kind: "conversation", Time: c.Updated, Topic: strings.Join(c.Topics, " "), Status: string(c.Outcome(now, quiet)), Text: c.Channel}
	if c.Satisfaction > 0 {
		h.Text += fmt.Sprintf(" %d/5", c.Satisfaction)
	}
	return h
}

// mergeHistory sorts the learnt items in among the operator's, whose own order stays: not all of them have a time.
func mergeHistory(given, learnt []dialogue.HistoryItem) []dialogue.HistoryItem {
	slices.SortStableFunc(learnt, func(a, b dialogue.HistoryItem) int { return a.Time.Compare(b.Time) })
	out := make([]dialogue.HistoryItem, 0, len(given)+len(learnt))
	for _, g := range given {
		at := when(g)
		for !at.IsZero() && len(learnt) > 0 && learnt[0].Time.Before(at) {
			out, learnt = append(out, learnt[0]), learnt[1:]
		}
		out = append(out, g)
	}
	out = append(out, learnt...)
	if n := len(out) - maxHistory; n > 0 {
		out = out[n:]
	}
	return out
}

// when returns the time of an item, by its date if need be.
func when(h dialogue.HistoryItem) time.Time {
	if !h.Time.IsZero() || h.Date == "" {
		return h.Time
	}
	t, err := time.Parse(time.DateOnly, h.Date)
	if err != nil {
		return time.Time{}
	}
	return t
}
