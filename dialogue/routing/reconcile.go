package routing

import (
	"context"
	"errors"
	"strings"
	"time"

	"yingda/dialogue"
)

// consume brings tickets up to the log. Events come at least once and, over replicas, in any order; so each only says which conversation
// to look at, and its tracker says the rest.
func (s *Service) consume(ctx context.Context, events []dialogue.Event) error {
	told := map[dialogue.Key]time.Time{} // conversations to look at, and when the customer was told their place
	for i := range events {
		ev := &events[i]
		if at, seen := told[ev.Key]; seen || s.concerns(ev) {
			if tellsPlace(ev) {
				at = ev.Time
			}
			told[ev.Key] = at
		}
	}
	for k, at := range told {
		tr, err := s.o.Log.Load(ctx, k)
		if err != nil {
			return err
		}
		if err := s.sync(ctx, tr, at); err != nil {
			return err
		}
	}
	return nil
}

// concerns tells whether an event may change a ticket. Messages to an agent do not: their consoles follow the log.
func (s *Service) concerns(ev *dialogue.Event) bool {
	switch ev.Kind {
	case dialogue.Queued, dialogue.Claimed, dialogue.Transferred, dialogue.Released, dialogue.Returned, dialogue.Closed:
		return true
	case dialogue.TurnTaken:
		return ev.Turn != nil && (ev.Turn.Decision.HandOff != nil || ev.Turn.Owner == dialogue.OwnerQueue || ev.Turn.Another)
	}
	return false
}

// tellsPlace tells whether a turn already said what a notice would.
func tellsPlace(ev *dialogue.Event) bool {
	if ev.Turn == nil {
		return false
	}
	for _, r := range ev.Turn.Scripts {
		if strings.HasPrefix(r.Key, keyClosed) || strings.HasPrefix(r.Key, keyPosition) {
			return true
		}
	}
	return false
}

// sync brings the documents of a conversation up to its tracker: first the agents' slots, then the ticket, so that a crash in between
// leaves something that does not fit, and is found.
func (s *Service) sync(ctx context.Context, tr *dialogue.Tracker, told time.Time) error {
	t := TicketOf(tr)
	if t != nil {
		s.recall(ctx, t)
		if t.Speaking && !s.outdated(t) {
			if err := s.occupy(ctx, t); err != nil {
				return err
			}
		}
	}
	for _, a := range s.holders(tr.Key) {
		if t == nil || !t.Speaking || a.ID != t.Agent {
			if err := s.vacate(ctx, tr, a.ID); err != nil {
				return err
			}
		}
	}
	var fresh bool
	_, err := s.changeTicket(ctx, tr.Key, func(old *Ticket) (*Ticket, error) {
		if fresh = false; old != nil && old.Seq >= tr.Seq {
			return old, nil // somebody knows more
		}
		if t == nil {
			return nil, nil
		}
		next := *t
		next.carry(old)
		if !told.IsZero() {
			next.Noticed = told
		}
		if next.Speaking && next.Taken.IsZero() {
			next.Taken = next.Since
		}
		fresh = next.Speaking && (old == nil || old.Token != next.Token)
		return &next, nil
	})
	if err == nil && fresh {
		s.remember(ctx, t)
	}
	return err
}

// outdated tells whether the conversation went on since the ticket was made: an agent who passed it on at once has no slot for it any more.
func (s *Service) outdated(t *Ticket) bool {
	seen := s.seenTicket(t.Key)
	return seen != nil && seen.value.Seq > t.Seq
}

// occupy makes sure that the agent who speaks has a slot for it.
func (s *Service) occupy(ctx context.Context, t *Ticket) error {
	slot := Slot{Conversation: t.Conversation, Channel: t.Channel, Units: s.Config().Units(t.Channel), Token: t.Token}
	_, err := s.changeKnownAgent(ctx, t.Tenant, t.Agent, func(a *Agent) (*Agent, error) {
		if i := a.slot(t.Conversation); i >= 0 && a.Slots[i].Token >= t.Token {
			return a, nil
		}
		next := a.with(slot)
		next.Free = t.Since
		return &next, nil
	})
	if errors.Is(err, dialogue.ErrUnknown) {
		return nil // removed meanwhile; their conversations are released
	}
	return err
}

// vacate takes the conversation off an agent who does not speak in it, unless a reservation still runs.
func (s *Service) vacate(ctx context.Context, tr *dialogue.Tracker, agent string) error {
	now := s.o.Now()
	_, err := s.changeAgent(ctx, tr.Tenant, agent, func(a *Agent) (*Agent, error) {
		if a == nil {
			return nil, nil
		}
		i := a.slot(tr.Conversation)
		if i < 0 || a.Slots[i].Token > tr.Owner.Token || a.Slots[i].Token == 0 && now.Before(a.Slots[i].Until) {
			return a, nil
		}
		next := a.without(tr.Conversation)
		next.Free = now
		return &next, nil
	})
	return err
}

// audit puts the documents of suspects right from the log.
func (s *Service) audit(ctx context.Context, tenant string) {
	for _, conversation := range s.due(tenant) {
		k := dialogue.Key{Tenant: tenant, Conversation: conversation}
		tr, err := s.o.Log.Load(ctx, k)
		if err == nil {
			err = s.sync(ctx, tr, time.Time{})
		}
		if err == nil {
			err = s.orphan(ctx, tr)
		}
		s.audited(k, err)
	}
}

// orphan releases a conversation with an agent who does not exist any more.
func (s *Service) orphan(ctx context.Context, tr *dialogue.Tracker) error {
	if tr.Owner.Kind != dialogue.OwnerAgent || s.agentInView(tr.Tenant, tr.Owner.Agent) != nil {
		return nil
	}
	return s.lose(ctx, tr.Key, tr.Owner.Agent)
}

// due returns the suspects whose time is up.
func (s *Service) due(tenant string) []string {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	for _, a := range v.board.agents { // a reservation that ends is no change of a document
		for _, slot := range a.Slots {
			if slot.Token == 0 && !now.Before(slot.Until) {
				v.suspect(slot.Conversation, now)
			}
		}
	}
	var out []string
	for c, at := range v.suspects {
		if now.Before(at) {
			continue
		}
		if v.suspect(c, now); v.suspects[c] == at {
			out = append(out, c)
		}
	}
	return out
}

// audited sets the next look at a suspect: what could not be put right is tried again, more and more seldom.
func (s *Service) audited(k dialogue.Key, err error) {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(k.Tenant)
	if v.fits(k.Conversation, now) {
		delete(v.suspects, k.Conversation)
		delete(v.failed, k.Conversation)
		return
	}
	n := v.failed[k.Conversation]
	v.failed[k.Conversation] = n + 1
	v.suspects[k.Conversation] = now.Add(patience << min(n, 6))
	if err != nil {
		s.o.Logger.Error("ticket not reconciled", "tenant", k.Tenant, "conversation", k.Conversation, "err", err)
	}
}
