package routing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"yingda/dialogue"
)

// Errors of the service, besides those of package dialogue. Callers test with errors.Is.
var (
	// ErrBusy is returned when an agent has no capacity left for a conversation.
	ErrBusy = errors.New("the agent has no capacity left for it")
	// ErrNotThere is returned to an agent who is offline, or whose lease is over: set the presence first.
	ErrNotThere = errors.New("the agent is offline")
	// ErrNothingWaits is returned by ClaimNext when no waiting customer may be served by the agent now.
	ErrNothingWaits = errors.New("nobody waits whom the agent may serve now")
	// ErrInput is returned for an argument that cannot be taken; the text says which and why.
	ErrInput = errors.New("not acceptable")
)

// Suggester proposes replies to an agent. The server builds one from scripts and knowledge, or the operator from a system of theirs.
type Suggester interface {
	// Suggest returns up to limit replies to the customer's latest message, best first. It answers in time; none is an answer.
	Suggest(ctx context.Context, tr *dialogue.Tracker, limit int) []Suggestion
}

// Options make a Service. All fields are needed but those that say otherwise.
type Options struct {
	Config        *Config
	Log           dialogue.Log
	Documents     dialogue.Documents
	Conversations dialogue.Conversations
	Scripts       dialogue.Scripts
	Profiles      dialogue.Profiles  // may be nil: then the agent sees what came with the messages
	Knowledge     dialogue.Knowledge // may be nil: then the agent sees no entries
	Suggester     Suggester          // may be nil: then only knowledge is suggested
	Logger        *slog.Logger       // may be nil
	Now           func() time.Time   // may be nil: time.Now
	// NewID makes ids of events, unique in all replicas; nil = 128 random bits.
	NewID func() string
}

// Service keeps tickets and agents, gives the ones to the others, and lets agents speak. It is safe for concurrent use. Several services,
// in one process or many, may share a log: they see the same tickets and agents.
type Service struct {
	o     Options
	wake  chan struct{} // something changed: match
	ready chan struct{}
	once  sync.Once // closes ready

	mu    sync.Mutex
	cfg   *Config
	views map[string]*view // by tenant
	live  hub
}

// New returns a service that is not running yet: its reading methods answer with nothing until [Service.Run] has read the documents.
func New(o Options) (*Service, error) {
	if o.Config == nil || o.Log == nil || o.Documents == nil || o.Conversations == nil || o.Scripts == nil {
		return nil, errors.New("routing needs a config, a log, documents, conversations and scripts")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = randomID
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, cfg: o.Config, wake: make(chan struct{}, 1), ready: make(chan struct{}), views: map[string]*view{},
		live: hub{watchers: map[*watcher]struct{}{}}}, nil
}

// Ready is closed when the service has read the documents and serves.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// SetConfig changes the rules from now on.
func (s *Service) SetConfig(cfg *Config) {
	s.mu.Lock()
	s.cfg = cfg
	for _, v := range s.views {
		v.board.SetConfig(cfg)
	}
	s.mu.Unlock()
	s.stir()
}

// Config returns the rules in force.
func (s *Service) Config() *Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// Run reads the documents, then matches, watches leases and reconciles tickets with the log, until ctx is done or one of these fails. It
// may be called again after it returned, not twice at once.
func (s *Service) Run(ctx context.Context) error {
	before := s.forget()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var actors sync.WaitGroup
	start := func(what string, run func(context.Context) error) {
		actors.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("routing: %s: %w", what, err))
			}
		})
	}
	read := newBarrier(2)
	start("watch tickets", func(ctx context.Context) error { return s.o.Documents.Watch(ctx, ticketPrefix, read.done, s.sawTicket) })
	start("watch agents", func(ctx context.Context) error { return s.o.Documents.Watch(ctx, agentPrefix, read.done, s.sawAgent) })
	start("serve", func(ctx context.Context) error {
		select {
		case <-read.ready:
		case <-ctx.Done():
			return nil
		}
		s.missing(before)
		if err := s.introduce(ctx); err != nil {
			return err
		}
		start("reconcile with the log", func(ctx context.Context) error { return s.o.Log.Consume(ctx, consumerName, s.consume) })
		s.once.Do(func() { close(s.ready) })
		return s.loop(ctx)
	})
	<-ctx.Done()
	actors.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// forget empties the view, which may have missed what was deleted while nobody watched, and returns what it was.
func (s *Service) forget() map[string]*view {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.views
	s.views = map[string]*view{}
	return before
}

// missing tells watchers what has gone since the view was forgotten.
func (s *Service) missing(before map[string]*view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tenant, old := range before {
		now := s.viewOf(tenant)
		now.stats = old.stats
		for c := range old.board.tickets {
			if now.board.Ticket(c) == nil {
				s.live.publish(Update{Tenant: tenant, Conversation: c})
			}
		}
		for id := range old.board.agents {
			if now.board.Agent(id) == nil {
				s.live.publish(Update{Tenant: tenant, AgentID: id})
			}
		}
	}
}

// introduce writes the agents of the config that are not known yet.
func (s *Service) introduce(ctx context.Context) error {
	for _, m := range s.Config().Agents {
		if s.agentInView(DefaultTenant, m.ID) != nil {
			continue
		}
		if _, err := s.PutAgent(ctx, DefaultTenant, m, "routing.yaml"); err != nil {
			return fmt.Errorf("agent %s: %w", m.ID, err)
		}
	}
	return nil
}

// stir makes the loop look again. It never blocks.
func (s *Service) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// loop matches whenever something changed, or time has changed what holds.
func (s *Service) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
		s.settle(ctx)
		timer.Reset(s.rest())
	}
}

// rest returns how long nothing can happen by itself.
func (s *Service) rest() time.Duration {
	const longest = time.Hour // in case a clock jumps
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := longest
	for _, v := range s.views {
		if at, ok := v.next(s.cfg, now); ok {
			d = min(d, max(at.Sub(now), time.Millisecond))
		}
	}
	return d
}

// barrier is open once n parts are done.
type barrier struct {
	mu    sync.Mutex
	left  int
	ready chan struct{}
}

func newBarrier(n int) *barrier { return &barrier{left: n, ready: make(chan struct{})} }

func (b *barrier) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left--; b.left == 0 {
		close(b.ready)
	}
}
