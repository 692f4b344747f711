package idle

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"yingda/dialogue"
)

// Walker is a log whose readable parts can be read in bulk; *eventlog.Log is one.
type Walker interface {
	// WalkReadable calls fn for each event after a sequence that was written before it was called, in order; last is the sequence of the last.
	WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error
}

// Options are the parts of a [Service]. Log, Conversations and Documents are required.
type Options struct {
	Log           Walker
	Conversations dialogue.Conversations
	Documents     dialogue.Documents
	// Rules say after how much silence; see [Service.SetRules]. Default: nothing is closed.
	Rules Rules
	// Every is how often is looked. Default 30 s.
	Every time.Duration
	// Lease is how long a replica that died keeps the others waiting. Default 2 min; at least three times Every.
	Lease time.Duration
	// Replica names this process in the lease. Default: random.
	Replica string
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets what operators should know. Default slog.Default().
	Logger *slog.Logger
}

// Service closes idle conversations. It is safe for concurrent use; [Service.Sweep] runs one at a time.
type Service struct {
	o Options

	mu    sync.Mutex
	rules Rules
	fresh bool // the rules are new: all times are to be worked out again

	sweeping sync.Mutex // guards what follows
	lead     lead
	open     map[dialogue.Key]*silence
	read     uint64    // sequence of the latest event that was looked at
	looked   time.Time // when the log was read to its end last; zero = not since this replica leads
}

// silence is an open conversation.
type silence struct {
	seq   uint64    // of the latest event
	since time.Time // when something happened last, at the earliest
	due   time.Time // when to look at it
}

// New checks the options and makes a service. It does nothing before [Service.Run].
func New(o Options) (*Service, error) {
	if o.Log == nil || o.Conversations == nil || o.Documents == nil {
		return nil, errors.New("new service for idle conversations: Options.Log, Conversations and Documents are required")
	}
	o.Every = cmp.Or(o.Every, 30*time.Second)
	o.Lease = cmp.Or(o.Lease, max(2*time.Minute, 4*o.Every))
	if o.Every < 0 || o.Lease < 3*o.Every {
		return nil, fmt.Errorf("new service for idle conversations: Options.Lease is %v: want at least three times Every, %v", o.Lease, o.Every)
	}
	o.Replica = cmp.Or(o.Replica, rand.Text()[:10])
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Service{o: o, rules: o.Rules}, nil
}

// SetRules puts other rules in the place of the present ones, after policy.yaml was edited.
func (s *Service) SetRules(r Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r != s.rules {
		s.rules, s.fresh = r, true
	}
}

func (s *Service) present() (r Rules, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, fresh = s.rules, s.fresh
	s.fresh = false
	return r, fresh
}

// Run sweeps now and then until ctx is done. All replicas run it.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.o.Every)
	defer tick.Stop()
	for {
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("idle conversations were not closed; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep closes what is due now, if this replica leads, and returns how many it closed: what [Service.Run] does over and over. Tests with a clock of
// their own call it.
func (s *Service) Sweep(ctx context.Context) (closed int, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	rules, fresh := s.present()
	if rules.shortest() == 0 {
		s.open = nil // begins anew where the lease says
		return 0, nil
	}
	if held, err := s.hold(ctx); err != nil || !held {
		s.open = nil
		return 0, err
	}
	if fresh {
		for _, c := range s.open {
			c.due = c.since.Add(rules.shortest())
		}
	}
	if err := s.follow(ctx, rules); err != nil {
		return 0, err
	}
	now := s.o.Now()
	for k, c := range s.open {
		if c.due.After(now) {
			continue
		}
		if held, err := s.keep(ctx); err != nil || !held {
			return closed, err
		}
		done, err := s.look(ctx, k, c, rules)
		if err != nil {
			return closed, err
		}
		if done {
			closed++
		}
	}
	if closed > 0 {
		s.o.Logger.Info("idle conversations closed", "closed", closed, "open", len(s.open))
	}
	return closed, nil
}

// look closes a conversation whose time is up, and else notes when it will be.
func (s *Service) look(ctx context.Context, k dialogue.Key, c *silence, rules Rules) (bool, error) {
	var due time.Time
	_, ev, err := s.o.Conversations.Update(ctx, k, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		due = time.Time{}
		after, why := rules.After(t)
		if after == 0 {
			return nil, nil
		}
		since := t.Updated
		if c.since.After(since) {
			since = c.since
		}
		now := s.o.Now()
		if due = since.Add(after); due.After(now) {
			return nil, nil
		}
		due = time.Time{}
		return &dialogue.Event{ID: fmt.Sprintf("idle:%d", t.Seq), Kind: dialogue.Closed, Time: now,
			Hand: &dialogue.HandBody{Queue: t.Owner.Queue, Agent: t.Owner.Agent, By: "robot", Why: why}}, nil
	})
	if err != nil {
		return false, fmt.Errorf("close conversation: %w", err)
	}
	if c.due = due; due.IsZero() {
		delete(s.open, k)
	}
	return ev != nil, nil
}
