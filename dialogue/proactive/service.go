package proactive

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/profile"
)

// Consumer is the name under which the service reads the log; see [Service.Run].
const Consumer = "proactive"

// People tells who is behind an id; *profile.Service implements it.
type People interface {
	dialogue.Profiles
	// Consents returns what the person said under any id.
	Consents(ctx context.Context, tenant, customer string) (profile.Consents, error)
	// Identities returns all ids of the person, the one given first.
	Identities(ctx context.Context, tenant, customer string) ([]string, error)
	// Conversations lists the person's conversations on all channels, newest last.
	Conversations(ctx context.Context, tenant, customer string) ([]profile.Conversation, error)
}

// Options are the parts and limits of a [Service]. Documents, Conversations, Scripts and Kinds are required.
type Options struct {
	Documents     dialogue.Documents
	Conversations dialogue.Conversations
	Scripts       dialogue.Scripts
	Kinds         *Kinds
	// People tells consent, linked ids and the way to a customer. Default: nobody is known; the categories' defaults hold.
	People People
	// Channels bring messages out, by name: the names of conversations' channels (web, app …) and those in followups.yaml. A name that
	// is missing is passed over; "*" serves names that have no channel of their own.
	Channels map[string]Channel
	// Lease is how long a scheduler may take for one message before another takes it over. Default 1 min.
	Lease time.Duration
	// Timeout bounds one delivery. Default 10 s; at most a third of Lease.
	Timeout time.Duration
	// Workers bounds how many messages are on their way at a time. Default 8.
	Workers int
	// MaxSleep is how long the scheduler sleeps at most, so that it notices when the machine's clock is set. Default 30 s.
	MaxSleep time.Duration
	// Busy is how long a message waits while a person speaks in the conversation. Default 15 min.
	Busy time.Duration
	// Replica names this process in leases. Default: random.
	Replica string
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets what operators should know. Default slog.Default().
	Logger *slog.Logger
}

// Service makes, keeps and sends follow-ups. It is safe for concurrent use, also in several processes on one log.
type Service struct {
	o      Options
	mu     sync.RWMutex
	kinds  *Kinds
	index  *index
	kick   chan struct{} // something may be due earlier
	loaded chan struct{} // closed when the index is complete
	once   sync.Once
}

// New checks the options and makes a service. It does nothing before [Service.Run].
func New(o Options) (*Service, error) {
	if o.Documents == nil || o.Conversations == nil || o.Scripts == nil || o.Kinds == nil {
		return nil, errors.New("new proactive service: Options.Documents, Conversations, Scripts and Kinds are required")
	}
	o.Lease = cmp.Or(o.Lease, time.Minute)
	o.Timeout = cmp.Or(o.Timeout, min(10*time.Second, o.Lease/3))
	o.Workers = cmp.Or(o.Workers, 8)
	o.MaxSleep = cmp.Or(o.MaxSleep, 30*time.Second)
	o.Busy = cmp.Or(o.Busy, 15*time.Minute)
	o.Replica = cmp.Or(o.Replica, rand.Text()[:10])
	if o.Lease < 0 || o.MaxSleep < 0 || o.Busy < 0 || o.Workers < 0 || o.Timeout < 0 {
		return nil, errors.New("new proactive service: durations and Workers must be positive")
	}
	if o.Timeout > o.Lease/3 {
		return nil, fmt.Errorf("new proactive service: Options.Timeout is %v: want at most a third of the lease of %v", o.Timeout, o.Lease)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Service{o: o, kinds: o.Kinds, index: newIndex(), kick: make(chan struct{}, 1), loaded: make(chan struct{})}, nil
}

// SetKinds puts other kinds in the place of the present ones, after followups.yaml was edited. Follow-ups of a kind that is gone are
// cancelled when they are due.
func (s *Service) SetKinds(ks *Kinds) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds = ks
}

func (s *Service) config() *Kinds {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.kinds
}

// Run sends what is due until ctx is done; log, when not nil, is read for turns that make or stop follow-ups. All replicas run it.
func (s *Service) Run(ctx context.Context, log dialogue.Log) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.watch(ctx); err != nil {
			stop(err)
		}
	})
	if log != nil {
		wg.Go(func() {
			if s.Loaded(ctx) != nil {
				return
			}
			if err := log.Consume(ctx, Consumer, s.Observe); err != nil {
				stop(err)
			}
		})
	}
	if s.Loaded(ctx) == nil {
		s.schedule(ctx)
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("follow-ups: %w", err)
	}
	return nil
}

// Loaded waits until Run has read what there is: before that, lists are not complete. The error is the context's.
func (s *Service) Loaded(ctx context.Context) error {
	select {
	case <-s.loaded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch keeps the index up with the documents.
func (s *Service) watch(ctx context.Context) error {
	return s.o.Documents.Watch(ctx, docKind, func() { s.once.Do(func() { close(s.loaded) }) }, func(d dialogue.Document) {
		tenant, id, ok := splitName(d.Name)
		if !ok {
			return
		}
		if d.Body == nil {
			s.index.remove(tenant, id)
			return
		}
		f, err := parseFollowUp(d)
		if err != nil {
			s.o.Logger.Warn("follow-up cannot be read", "err", err)
			return
		}
		s.took(f, d.Revision)
	})
}

// took notes a version of a follow-up.
func (s *Service) took(f *FollowUp, rev uint64) {
	if s.index.put(f, rev, s.config().Keep) {
		select {
		case s.kick <- struct{}{}:
		default: // it is woken already
		}
	}
}

// Request asks for a follow-up.
type Request struct {
	dialogue.Key                   // without a conversation: the one in which the customer wrote last
	ID           string            `json:"id,omitempty"` // makes the request idempotent, for as long as the follow-up is kept
	Kind         string            `json:"kind"`
	Customer     string            `json:"customer,omitempty"`
	At           time.Time         `json:"at,omitzero"` // zero = now and the kind's delay
	Script       string            `json:"script,omitempty"`
	Vars         map[string]string `json:"vars,omitempty"`
	Zone         string            `json:"zone,omitempty"` // IANA
	Lang         string            `json:"lang,omitempty"`
	Channels     []string          `json:"channels,omitempty"`
	By           string            `json:"-"`
}

// Create makes a follow-up. Errors: *dialogue.InputError, those of the store. The same request id gives the same follow-up again.
func (s *Service) Create(ctx context.Context, r Request) (FollowUp, error) {
	f, err := s.fromRequest(ctx, r)
	if err != nil {
		return FollowUp{}, err
	}
	return s.create(ctx, f)
}

// create writes a new follow-up. One that exists is returned as it is.
func (s *Service) create(ctx context.Context, f *FollowUp) (FollowUp, error) {
	d, err := f.document(0, f.By)
	if err != nil {
		return FollowUp{}, err
	}
	rev, err := s.o.Documents.Put(ctx, d)
	if errors.Is(err, dialogue.ErrConflict) {
		return s.Get(ctx, f.Tenant, f.ID)
	}
	if err != nil {
		return FollowUp{}, fmt.Errorf("create follow-up: %w", err)
	}
	s.took(f, rev)
	return *f, nil
}

// Get returns a follow-up. Errors: dialogue.ErrUnknown, dialogue.ErrErased.
func (s *Service) Get(ctx context.Context, tenant, id string) (FollowUp, error) {
	f, _, err := s.read(ctx, tenant, id)
	if err != nil {
		return FollowUp{}, err
	}
	return *f, nil
}

func (s *Service) read(ctx context.Context, tenant, id string) (*FollowUp, uint64, error) {
	if !goodID(id) {
		return nil, 0, fmt.Errorf("follow-up %.60q: %w", id, dialogue.ErrUnknown)
	}
	d, err := s.o.Documents.Get(ctx, docName(tenant, id))
	if err == nil && d.Body == nil {
		err = dialogue.ErrUnknown
	}
	if err != nil {
		return nil, 0, fmt.Errorf("follow-up %s: %w", id, err)
	}
	f, err := parseFollowUp(d)
	return f, d.Revision, err
}

// Filter narrows a list down. Empty fields do not.
type Filter struct {
	Tenant       string // required
	Conversation string
	Customer     string // this id; linked ones are lists of their own
	Kind         string
	Status       Status
	After        string // id of the last one of the page before
	Limit        int    // 0 = 50, at most 500
}

// List returns follow-ups in the order in which they were due first.
func (s *Service) List(ctx context.Context, q Filter) ([]FollowUp, error) {
	if err := s.Loaded(ctx); err != nil {
		return nil, err
	}
	limit := min(cmp.Or(q.Limit, 50), 500)
	var conv, cust uint64
	if q.Conversation != "" {
		conv = s.index.hash(q.Tenant, q.Conversation)
	}
	if q.Customer != "" {
		cust = s.index.hash(q.Tenant, q.Customer)
	}
	out := []FollowUp{}
	for _, id := range s.index.list(q.Tenant, q.After, conv, cust, q.Kind) {
		if len(out) >= limit {
			break
		}
		f, _, err := s.read(ctx, q.Tenant, id)
		switch {
		case errors.Is(err, dialogue.ErrUnknown), errors.Is(err, dialogue.ErrErased):
			continue // gone since
		case err != nil:
			return nil, err
		}
		if (q.Conversation == "" || f.Conversation == q.Conversation) && (q.Customer == "" || f.Customer == q.Customer) && (q.Status == "" || f.Status == q.Status) {
			out = append(out, *f)
		}
	}
	return out, nil
}

// Cancel stops a follow-up that was not sent yet. One that has ended stays as it is and is returned. Errors: dialogue.ErrUnknown,
// dialogue.ErrConflict while it is being sent.
func (s *Service) Cancel(ctx context.Context, tenant, id, by, reason string) (FollowUp, error) {
	f, err := s.change(ctx, tenant, id, by, func(f *FollowUp) (bool, error) {
		switch {
		case !f.Status.Open():
			return false, nil
		case f.Status == Sending && f.Lease != nil && s.held(f.Lease):
			return false, fmt.Errorf("follow-up %s is being sent: %w", id, dialogue.ErrConflict)
		}
		f.end(Cancelled, reason, s.o.Now())
		return true, nil
	})
	if err != nil {
		return FollowUp{}, err
	}
	return *f, nil
}

// changes is how often a change is redone when someone else writes the same follow-up.
const changes = 10

// change rewrites a follow-up if f says that it is to be.
func (s *Service) change(ctx context.Context, tenant, id, by string, f func(*FollowUp) (bool, error)) (*FollowUp, error) {
	for range changes {
		fu, rev, err := s.read(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		write, err := f(fu)
		if err != nil || !write {
			return fu, err
		}
		err = s.put(ctx, fu, rev, by)
		if err == nil || !errors.Is(err, dialogue.ErrConflict) {
			return fu, err
		}
	}
	return nil, fmt.Errorf("follow-up %s: %w", id, dialogue.ErrConflict)
}

// put writes a version over a revision.
func (s *Service) put(ctx context.Context, f *FollowUp, rev uint64, by string) error {
	d, err := f.document(rev, by)
	if err != nil {
		return err
	}
	next, err := s.o.Documents.Put(ctx, d)
	if err != nil {
		return fmt.Errorf("write follow-up %s: %w", f.ID, err)
	}
	s.took(f, next)
	return nil
}

// Kinds returns the kinds in use, by name, for people to choose from.
func (s *Service) Kinds() []string { return slices.Sorted(maps.Keys(s.config().Kinds)) }

// Stats counts what is kept.
type Stats struct {
	Pending int `json:"pending"`
	All     int `json:"all"` // with those that ended not long ago
}

// Stats returns how many follow-ups there are.
func (s *Service) Stats() Stats {
	p, a := s.index.counts()
	return Stats{p, a}
}
