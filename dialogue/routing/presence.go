package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"yingda/dialogue"
)

// PutAgent adds an agent or changes what they can do. Presence and conversations stay. Errors: ErrInput with all faults.
func (s *Service) PutAgent(ctx context.Context, tenant string, m Member, by string) (*Agent, error) {
	if m.Capacity == 0 {
		m.Capacity = defaultCapacity
	}
	if err := s.checkMember(&m); err != nil {
		return nil, err
	}
	a, err := s.changeAgent(ctx, tenant, m.ID, func(old *Agent) (*Agent, error) {
		next := Agent{Tenant: tenant, Member: m, Since: s.o.Now()}
		if old != nil {
			next = *old
			next.Member = m
		}
		return &next, nil
	})
	if err == nil {
		s.o.Logger.Info("agent changed", "tenant", tenant, "agent", m.ID, "by", by)
	}
	return a, err
}

func (s *Service) checkMember(m *Member) error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format+": %w", append(args, ErrInput)...))
		}
	}
	fault(!agentID.MatchString(m.ID), "id %q: want 1–64 of letters, digits, '.', '_' and '-'", m.ID)
	fault(m.Capacity < 1 || m.Capacity > maxCapacity, "capacity %d: want 1–%d units", m.Capacity, maxCapacity)
	fault(len(m.Name) > 64, "name of %d bytes: want at most 64", len(m.Name))
	cfg := s.Config()
	for _, q := range m.Queues {
		fault(cfg.Queues[q] == nil, "queues: there is no queue %q; known are %v", q, cfg.Order)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Skills)) {
		fault(m.Skills[name] < 1 || m.Skills[name] > 5, "skills: %s is %d: want 1 (knows a little) to 5 (expert)", name, m.Skills[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Limits)) {
		fault(m.Limits[name] < 0, "limits: %s is %d: want 0 or more", name, m.Limits[name])
	}
	return errors.Join(errs...)
}

// DeleteAgent removes an agent. Their conversations go back to the front of their queues.
func (s *Service) DeleteAgent(ctx context.Context, tenant, id string) error {
	a, err := s.SetPresence(ctx, tenant, id, Offline, "removed")
	if err != nil {
		return err
	}
	for _, slot := range a.Slots {
		if err := s.lose(ctx, dialogue.Key{Tenant: tenant, Conversation: slot.Conversation}, id); err != nil {
			return err
		}
	}
	_, err = s.changeAgent(ctx, tenant, id, func(*Agent) (*Agent, error) { return nil, nil })
	return err
}

// SetPresence says whether an agent takes conversations, and renews their lease. Offline gives their conversations back. Errors:
// ErrUnknown, ErrInput.
func (s *Service) SetPresence(ctx context.Context, tenant, id string, status Status, note string) (*Agent, error) {
	if status != Offline && status != Away && status != Available {
		return nil, fmt.Errorf("status %q: want available, away or nothing for offline: %w", status, ErrInput)
	}
	now := s.o.Now()
	a, err := s.changeKnownAgent(ctx, tenant, id, func(a *Agent) (*Agent, error) {
		next := *a
		if next.Until = now.Add(s.Config().Presence.Lease); a.Status != status {
			next.Status, next.Since = status, now
		}
		if next.Note = note; status == Offline {
			next.Until = now
		}
		return &next, nil
	})
	if err == nil {
		s.stir()
	}
	return a, err
}

// Heartbeat is an agent's sign of life. It writes only when half of the lease is used up, so it may come often. An agent whose lease was
// over must set their presence first. Errors: ErrNotThere, ErrUnknown.
func (s *Service) Heartbeat(ctx context.Context, tenant, id string) (*Agent, error) {
	now, lease := s.o.Now(), s.Config().Presence.Lease
	return s.changeKnownAgent(ctx, tenant, id, func(a *Agent) (*Agent, error) {
		switch {
		case a.Status == Offline || !now.Before(a.Until):
			return nil, fmt.Errorf("agent %s: %w; set the presence first", id, ErrNotThere)
		case a.Until.Sub(now) > lease/2:
			return a, nil
		}
		next := *a
		next.Until = now.Add(lease)
		return &next, nil
	})
}

// reserve keeps a place of the agent for a conversation. Errors: ErrBusy, ErrNotThere, ErrUnknown.
func (s *Service) reserve(ctx context.Context, k dialogue.Key, agent, channel string, until time.Time) (*Agent, error) {
	slot := Slot{Conversation: k.Conversation, Channel: channel, Units: s.Config().Units(channel), Until: until}
	return s.changeKnownAgent(ctx, k.Tenant, agent, func(a *Agent) (*Agent, error) {
		if now := s.o.Now(); a.Status == Offline || !now.Before(a.Until) {
			return nil, fmt.Errorf("agent %s: %w; set the presence first", agent, ErrNotThere)
		}
		rest := a.without(k.Conversation)
		if !rest.Fits(channel, slot.Units) {
			return nil, fmt.Errorf("agent %s uses %d of %d units, and a conversation on %q takes %d: %w", agent, rest.Used(), a.Capacity, channel, slot.Units, ErrBusy)
		}
		if i := a.slot(k.Conversation); i >= 0 && a.Slots[i].Token > 0 {
			return a, nil // theirs already, or about to be taken off them
		}
		next := a.with(slot)
		return &next, nil
	})
}

// drop gives a reservation back, also when the caller has gone. If that fails it ends by itself.
func (s *Service) drop(ctx context.Context, k dialogue.Key, agent string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reserveFor)
	defer cancel()
	_, err := s.changeAgent(ctx, k.Tenant, agent, func(a *Agent) (*Agent, error) {
		if a == nil {
			return nil, nil
		}
		if i := a.slot(k.Conversation); i < 0 || a.Slots[i].Token > 0 {
			return a, nil
		}
		next := a.without(k.Conversation)
		return &next, nil
	})
	if err != nil {
		s.o.Logger.Warn("reservation not given back", "tenant", k.Tenant, "conversation", k.Conversation, "agent", agent, "err", err)
	}
}

// bury makes agents whose lease is over offline, and gives the conversations of those who are offline back.
func (s *Service) bury(ctx context.Context, tenant string) {
	for _, a := range s.gone(tenant) {
		if a.Status != Offline {
			now := s.o.Now()
			_, err := s.changeKnownAgent(ctx, tenant, a.ID, func(cur *Agent) (*Agent, error) {
				if cur.Status == Offline || now.Before(cur.Until) {
					return cur, nil // they are back, or another replica was quicker
				}
				next := *cur
				next.Status, next.Since, next.Note = Offline, now, "no sign of life"
				return &next, nil
			})
			if err != nil {
				s.o.Logger.Error("agent not set offline", "tenant", tenant, "agent", a.ID, "err", err)
			}
		}
		cur := s.agentInView(tenant, a.ID)
		if cur == nil || cur.Status != Offline {
			continue
		}
		for _, slot := range cur.Slots {
			if slot.Token == 0 {
				continue // a reservation ends by itself
			}
			if err := s.lose(ctx, dialogue.Key{Tenant: tenant, Conversation: slot.Conversation}, a.ID); err != nil {
				s.o.Logger.Error("conversation not given back", "tenant", tenant, "conversation", slot.Conversation, "agent", a.ID, "err", err)
			}
		}
	}
}

// gone returns the agents whose lease is over, or who are offline and still have conversations.
func (s *Service) gone(tenant string) []*Agent {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Agent
	for _, a := range s.viewOf(tenant).board.Agents() {
		if a.Status != Offline && !now.Before(a.Until) || a.Status == Offline && len(a.Slots) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// lose puts a conversation whose agent vanished back to the front of its queue, and tells the customer.
func (s *Service) lose(ctx context.Context, k dialogue.Key, agent string) error {
	_, err := s.update(ctx, Act{Key: k}, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if tr.Owner.Kind != dialogue.OwnerAgent || tr.Owner.Agent != agent {
			return nil, nil
		}
		ev := s.hand(tr, Act{}, dialogue.Released, dialogue.HandBody{Queue: tr.Owner.Queue, By: systemActor, Why: AgentLost})
		s.tell(tr, ev, keyLost, nil)
		return ev, nil
	})
	return err
}
