package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// own is what the robot itself knows of a person: of all their ids.
type own struct {
	identity Identity // of the id asked for
	group    []string // all ids, the one asked for first
	memories []*Memory
	consents Consents
}

func (o *own) identities(customer string) []string {
	if len(o.group) == 0 {
		return []string{customer}
	}
	return o.group
}

// readOwn reads all there is. What cannot be read is missing and reported: an answer without it is better than none.
func (s *Service) readOwn(ctx context.Context, tenant, customer string) own {
	o := own{consents: Consents{}}
	report := func(err error) {
		if err != nil && s.ctx.Err() == nil {
			s.o.Logger.Warn("profile incomplete", "tenant", tenant, "err", err)
		}
	}
	var err error
	o.identity, o.group, err = s.group(ctx, tenant, customer)
	report(err)
	for _, id := range o.group {
		m := &Memory{}
		report(s.docs.read(ctx, memoryName(tenant, id), m))
		o.memories = append(o.memories, m)
		c := Consents{}
		report(s.docs.read(ctx, consentName(tenant, id), &c))
		o.consents.merge(c)
	}
	return o
}

// Run learns from the log until ctx is done.
func (s *Service) Run(ctx context.Context, log dialogue.Log) error {
	return log.Consume(ctx, Consumer, s.Learn)
}

// Learn takes a batch of events. Events may come twice and out of order. An error means that the batch has to come again.
func (s *Service) Learn(ctx context.Context, evs []dialogue.Event) error {
	type owner struct{ tenant, customer string }
	var order []owner
	byOwner := map[owner][]*dialogue.Event{}
	for i := range evs {
		ev := &evs[i]
		if ev.Private == nil || ev.Private.Customer == "" || strings.HasPrefix(ev.Private.Customer, anonymous) {
			continue // erased, or nobody that could come back
		}
		if s.gone.cover(ev.Tenant, ev.Customer, ev.Time) {
			continue
		}
		o := owner{ev.Tenant, ev.Private.Customer}
		if byOwner[o] == nil {
			order = append(order, o)
		}
		byOwner[o] = append(byOwner[o], ev)
	}
	for _, o := range order {
		if err := s.learn(ctx, o.tenant, o.customer, byOwner[o]); err != nil {
			return fmt.Errorf("learn: %w", err)
		}
	}
	return nil
}

// anonymous begins the id of a customer whom the channel does not know.
const anonymous = "anonymous:"

// learn folds the events of one id into its memory, in one write.
func (s *Service) learn(ctx context.Context, tenant, customer string, evs []*dialogue.Event) error {
	mine, err := s.mayMine(ctx, tenant, customer)
	if err != nil {
		return err
	}
	err = s.change(ctx, tenant, customer, "robot", func(m *Memory) bool {
		changed := false
		for _, ev := range evs {
			if s.gone.cover(tenant, ev.Customer, ev.Time) { // since the batch began
				continue
			}
			changed = m.apply(ev, s.rules.Load(), mine) || changed
		}
		return changed
	})
	if errors.Is(err, dialogue.ErrErased) {
		return nil
	}
	return err
}

func (s *Service) mayMine(ctx context.Context, tenant, customer string) (bool, error) {
	cs, err := s.Consents(ctx, tenant, customer)
	if err != nil {
		return false, err
	}
	c, said := cs[MiningConsent]
	return !said || c.Allowed, nil
}

// change rewrites a memory.
func (s *Service) change(ctx context.Context, tenant, customer, by string, f func(*Memory) bool) error {
	err := s.docs.update(ctx, customer, memoryName(tenant, customer), by, func(old []byte) ([]byte, error) {
		m := &Memory{}
		if old != nil {
			if err := json.Unmarshal(old, m); err != nil {
				return nil, fmt.Errorf("read memory: %w", err)
			}
		}
		if !f(m) {
			return nil, errUnchanged
		}
		return json.Marshal(m)
	})
	s.cache.changed(tenant, customer)
	return err
}

// Preferences lists what was learnt of the likes of a person, under whatever id: by name, the strongest first. It reads what is there now.
func (s *Service) Preferences(ctx context.Context, tenant, customer string) ([]Preference, error) {
	ms, err := s.memories(ctx, tenant, customer)
	if err != nil {
		return nil, err
	}
	return preferences(ms, s.rules.Load(), s.o.Now()), nil
}

// Conversations lists the conversations of a person on all channels, newest last.
func (s *Service) Conversations(ctx context.Context, tenant, customer string) ([]Conversation, error) {
	ms, err := s.memories(ctx, tenant, customer)
	if err != nil {
		return nil, err
	}
	var out []Conversation
	for _, m := range ms {
		out = append(out, m.Conversations...)
	}
	slices.SortStableFunc(out, func(a, b Conversation) int { return a.Updated.Compare(b.Updated) })
	return out, nil
}

// Latest returns the conversation in which the person wrote last, and its channel. Errors: dialogue.ErrUnknown when there is none.
func (s *Service) Latest(ctx context.Context, tenant, customer string) (dialogue.Key, string, error) {
	cs, err := s.Conversations(ctx, tenant, customer)
	if err != nil {
		return dialogue.Key{}, "", err
	}
	if len(cs) == 0 {
		return dialogue.Key{}, "", fmt.Errorf("conversation of the customer: %w", dialogue.ErrUnknown)
	}
	c := cs[len(cs)-1]
	return dialogue.Key{Tenant: tenant, Conversation: c.ID}, c.Channel, nil
}

func (s *Service) memories(ctx context.Context, tenant, customer string) ([]*Memory, error) {
	_, group, err := s.group(ctx, tenant, customer)
	if err != nil {
		return nil, err
	}
	ms := make([]*Memory, len(group))
	for i, id := range group {
		ms[i] = &Memory{}
		if err := s.docs.read(ctx, memoryName(tenant, id), ms[i]); err != nil {
			return nil, err
		}
	}
	return ms, nil
}

// Forget deletes what was learnt of one preference, or of one value of it when value is not empty, under all ids of the person. Messages
// written after that count again; who wants nothing to be learnt withdraws [MiningConsent]. Errors: dialogue.ErrUnknown when there was
// nothing to delete.
func (s *Service) Forget(ctx context.Context, tenant, customer, name, value, by string) error {
	_, group, err := s.group(ctx, tenant, customer)
	if err != nil {
		return err
	}
	now, had := s.o.Now(), false
	for _, id := range group {
		err := s.change(ctx, tenant, id, by, func(m *Memory) bool {
			values, ok := m.Evidence[name]
			if ok && value != "" {
				_, ok = values[value]
			}
			had = had || ok
			if ok {
				m.forget(name, value, now)
			}
			return ok
		})
		if err != nil {
			return err
		}
	}
	s.cache.changed(tenant, group...)
	if !had {
		return fmt.Errorf("preference %s: %w", name, dialogue.ErrUnknown)
	}
	return nil
}

// ForgetAll deletes all preferences and sightings that were learnt under all ids of the person; their conversations stay.
func (s *Service) ForgetAll(ctx context.Context, tenant, customer, by string) error {
	_, group, err := s.group(ctx, tenant, customer)
	if err != nil {
		return err
	}
	now := s.o.Now()
	for _, id := range group {
		err := s.change(ctx, tenant, id, by, func(m *Memory) bool {
			some := len(m.Evidence) > 0 || len(m.Seen) > 0
			m.Evidence, m.Seen, m.Forgotten = nil, nil, map[string]time.Time{"": now}
			return some
		})
		if err != nil {
			return err
		}
	}
	s.cache.changed(tenant, group...)
	return nil
}
