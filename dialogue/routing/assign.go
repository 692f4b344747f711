package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"yingda/dialogue"
)

// atOnce is how many matches are carried out side by side: each waits for a few durable writes.
const atOnce = 8

// declinedFor is how long an agent who declined a conversation is not asked for it again.
const declinedFor = time.Minute

// settle does whatever can be done now, in all tenants, until nothing is left.
func (s *Service) settle(ctx context.Context) {
	for _, tenant := range s.tenants() {
		s.bury(ctx, tenant)
		s.lapse(ctx, tenant)
		s.audit(ctx, tenant)
		for ctx.Err() == nil && s.assign(ctx, tenant) {
		}
		s.announce(ctx, tenant)
	}
}

func (s *Service) tenants() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for t := range s.views {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// assign matches once and carries the matches out. It tells whether one succeeded: then the board has changed and more may be found.
func (s *Service) assign(ctx context.Context, tenant string) bool {
	now := s.o.Now()
	s.mu.Lock()
	matches := s.viewOf(tenant).board.Match(now)
	s.mu.Unlock()
	done := make([]bool, len(matches))
	var work sync.WaitGroup
	gate := make(chan struct{}, atOnce)
	for i, m := range matches {
		gate <- struct{}{}
		work.Go(func() {
			done[i] = s.carryOut(ctx, m)
			<-gate
		})
	}
	work.Wait()
	return slices.Contains(done, true)
}

// carryOut gives a ticket to its agent. A conflict is nothing special: another replica, or an agent, was quicker.
func (s *Service) carryOut(ctx context.Context, m Match) bool {
	var err error
	if m.Offer > 0 {
		err = s.offer(ctx, m)
	} else {
		_, err = s.Claim(ctx, Act{Key: m.Ticket.Key, Agent: m.Agent, Token: m.Ticket.Token})
	}
	log := s.o.Logger.With("tenant", m.Ticket.Tenant, "conversation", m.Ticket.Conversation, "agent", m.Agent)
	switch {
	case err == nil:
		log.Info("matched", "why", m.Why, "waited", m.Ticket.Waited(s.o.Now()))
		return true
	case errors.Is(err, dialogue.ErrStaleOwner), errors.Is(err, ErrBusy), errors.Is(err, ErrNotThere), errors.Is(err, errTaken):
		log.Debug("match came too late", "err", err)
	case ctx.Err() == nil:
		log.Error("match not carried out", "err", err)
		time.AfterFunc(patience, s.stir) // no change of a document announces that the log works again
	}
	return false
}

// errTaken says that a ticket is not to be offered any more.
var errTaken = errors.New("the ticket was taken or offered meanwhile")

// offer holds a ticket out to an agent: first the agent's place, then the ticket, which can be offered to one only.
func (s *Service) offer(ctx context.Context, m Match) error {
	until := s.o.Now().Add(m.Offer)
	if _, err := s.reserve(ctx, m.Ticket.Key, m.Agent, m.Ticket.Channel, until.Add(patience)); err != nil {
		return err
	}
	_, err := s.changeTicket(ctx, m.Ticket.Key, func(t *Ticket) (*Ticket, error) {
		if t == nil || t.Token != m.Ticket.Token || t.Offer != nil {
			return nil, errTaken
		}
		next := *t
		next.Offer = &Offer{m.Agent, until}
		return &next, nil
	})
	if errors.Is(err, errTaken) {
		s.drop(ctx, m.Ticket.Key, m.Agent)
	}
	return err
}

// Decline refuses an offer; the agent stays available, and is not asked for that customer again for a minute. Errors: ErrStaleOwner when
// the offer is over.
func (s *Service) Decline(ctx context.Context, act Act) error {
	if err := act.check(); err != nil {
		return err
	}
	was, err := s.endOffer(ctx, act.Key, act.Agent, true)
	if err != nil {
		return err
	}
	if !was {
		return fmt.Errorf("conversation %s is not offered to agent %s: %w", act.Conversation, act.Agent, dialogue.ErrStaleOwner)
	}
	s.drop(ctx, act.Key, act.Agent)
	return nil
}

// endOffer takes the offer to the agent off the ticket, and tells whether there was one.
func (s *Service) endOffer(ctx context.Context, k dialogue.Key, agent string, declined bool) (bool, error) {
	now, was := s.o.Now(), false
	_, err := s.changeTicket(ctx, k, func(t *Ticket) (*Ticket, error) {
		if was = t != nil && t.Waiting() && t.Offer != nil && t.Offer.Agent == agent; !was {
			return t, nil
		}
		next := *t
		if next.Offer = nil; declined {
			next.Missed = append(slices.Clone(t.Missed), Offer{agent, now.Add(declinedFor)})
		}
		return &next, nil
	})
	return was, err
}

// lapse ends the offers whose time is up: who let one pass is away until they say otherwise, or the next customer would wait in vain too.
func (s *Service) lapse(ctx context.Context, tenant string) {
	for _, t := range s.lapsed(tenant) {
		was, err := s.endOffer(ctx, t.Key, t.Offer.Agent, true)
		if err == nil && was {
			s.drop(ctx, t.Key, t.Offer.Agent)
			_, err = s.changeKnownAgent(ctx, tenant, t.Offer.Agent, func(a *Agent) (*Agent, error) {
				if a.Status != Available {
					return a, nil
				}
				next := *a
				next.Status, next.Since, next.Note = Away, s.o.Now(), "let an offer pass"
				return &next, nil
			})
		}
		if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
			s.o.Logger.Error("offer not ended", "tenant", tenant, "conversation", t.Conversation, "agent", t.Offer.Agent, "err", err)
		}
	}
}

func (s *Service) lapsed(tenant string) []*Ticket {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Ticket
	for _, e := range s.viewOf(tenant).board.waiting {
		if e.Offer != nil && !now.Before(e.Offer.Until) {
			out = append(out, e.Ticket)
		}
	}
	return out
}

// nextFor returns the ticket that stands first among those the agent may serve now, of those not passed over.
func (s *Service) nextFor(tenant, agent string, queues []string, passed map[string]bool) (dialogue.Key, uint64, error) {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	a := v.board.Agent(agent)
	switch {
	case a == nil:
		return dialogue.Key{}, 0, fmt.Errorf("agent %q of tenant %q: %w", agent, tenant, dialogue.ErrUnknown)
	case a.Status == Offline || !now.Before(a.Until):
		return dialogue.Key{}, 0, fmt.Errorf("agent %s: %w; set the presence first", agent, ErrNotThere)
	}
	t, full := v.board.nextFor(a, now, func(t *Ticket) bool {
		return !passed[t.Conversation] && (len(queues) == 0 || slices.Contains(queues, t.Queue))
	})
	switch {
	case t != nil:
		return t.Key, t.Token, nil
	case full:
		return dialogue.Key{}, 0, fmt.Errorf("agent %s uses %d of %d units: %w", agent, a.Used(), a.Capacity, ErrBusy)
	}
	return dialogue.Key{}, 0, ErrNothingWaits
}
