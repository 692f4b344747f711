package profile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda/dialogue"
)

// state tells what the operator's system said last.
type state int

const (
	unasked state = iota
	found
	unknown
	failed // never answered for this customer, and there is no earlier answer
)

// known is the operator's part of an entry.
type known struct {
	State   state
	Profile dialogue.Profile
	At      time.Time // of the answer
}

// source says how good the operator's part is; see View.Source.
func (e *entry) source(p Provider, now time.Time) string {
	switch {
	case p == nil || e.known.State == unasked || e.known.State == failed:
		return "none"
	case e.known.State == unknown:
		return "unknown"
	case e.failing:
		return "last_known"
	case !now.Before(e.askAgain):
		return "stale"
	}
	return "fresh"
}

// answered tells whether the operator's answer, or the lack of one, still holds.
func (e *entry) answered(now time.Time) bool {
	return e.known.State != unasked && now.Before(e.askAgain) && !e.asked.After(now)
}

// ask asks the operator's system and notes the answer. own, when not nil, is closed when it is known which ids are the same person.
func (s *Service) ask(e *entry, own <-chan struct{}, done chan struct{}) {
	defer func() {
		e.mu.Lock()
		e.asking = nil
		e.mu.Unlock()
		close(done)
	}()
	ctx, cancel := context.WithTimeout(s.ctx, s.o.Timeout)
	defer cancel()
	if own != nil {
		select {
		case <-own:
		case <-ctx.Done():
		}
	}
	tenant, customer := e.key.tenant, e.key.customer
	e.mu.Lock()
	if e.own.identity.Main != "" {
		customer = e.own.identity.Main // the operator's systems know the person by that id
	}
	first := e.known.State == unasked
	e.mu.Unlock()
	var p dialogue.Profile
	var err error
	select {
	case s.slots <- struct{}{}:
		p, err = s.o.Provider.Fetch(ctx, tenant, customer)
		<-s.slots
	default:
		err = errors.New("too many requests to the profile system are under way")
	}
	now := s.o.Now()
	switch {
	case err == nil:
		p = tidy(p)
		s.note(e, known{found, p, now}, now.Add(s.o.TTL), false)
		s.keep(ctx, e, p)
	case errors.Is(err, dialogue.ErrUnknown):
		s.note(e, known{State: unknown, At: now}, now.Add(s.o.Unknown), false)
	default:
		s.o.Logger.Warn("profile system failed", "tenant", tenant, "err", err)
		s.fallBack(e, first, now)
	}
}

func (s *Service) note(e *entry, k known, again time.Time, failing bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known, e.askAgain, e.asked, e.failing = k, again, s.o.Now(), failing
}

// fallBack keeps the last answer, from the documents when this process has had none yet.
func (s *Service) fallBack(e *entry, first bool, now time.Time) {
	ctx, cancel := context.WithTimeout(s.ctx, s.o.Timeout)
	defer cancel()
	k := known{State: failed}
	e.mu.Lock()
	if !first {
		k = e.known
	}
	e.mu.Unlock()
	if k.State == failed {
		var p dialogue.Profile
		if d, err := s.docs.get(ctx, knownName(e.key.tenant, e.key.customer)); err == nil && json.Unmarshal(d.Body, &p) == nil {
			k = known{found, p, d.Time}
		}
	}
	s.note(e, k, now.Add(s.o.Retry), true)
}

// keep writes the answer down if it is another than the last, for a time in which the system does not answer.
func (s *Service) keep(ctx context.Context, e *entry, p dialogue.Profile) {
	body, err := json.Marshal(p)
	if err != nil {
		return // dialogue.Profile has nothing that cannot be written
	}
	err = s.docs.update(ctx, e.key.customer, knownName(e.key.tenant, e.key.customer), "profile", func(old []byte) ([]byte, error) {
		if bytes.Equal(old, body) {
			return nil, errUnchanged
		}
		return body, nil
	})
	if err != nil {
		s.o.Logger.Warn("profile not kept", "tenant", e.key.tenant, "err", err)
	}
}
