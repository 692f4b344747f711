package proactive

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"yingda/dialogue"
)

// dueBatch is how many follow-ups are taken from the queue at a time.
const dueBatch = 64

// sweepEvery is how often the plans of old events are looked through.
const sweepEvery = 6 * time.Hour

// schedule sends what is due until ctx is done.
func (s *Service) schedule(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	swept := s.o.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.kick:
		}
		more := s.runDue(ctx)
		if now := s.o.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			if err := s.sweepPlans(ctx); err != nil && ctx.Err() == nil {
				s.o.Logger.Warn("old events were not deleted", "err", err)
			}
		}
		timer.Reset(s.sleep(more))
	}
}

// sleep returns how long there is nothing to do. The timer runs on the machine's steady clock and the due times on that of the wall, which
// may be set: so it never sleeps long.
func (s *Service) sleep(more bool) time.Duration {
	if more {
		return 0
	}
	next, ok := s.index.next()
	if !ok {
		return s.o.MaxSleep
	}
	return min(max(next.Sub(s.o.Now()), 0), s.o.MaxSleep)
}

// RunDue does what is due now and returns when it is done: what [Service.Run] does over and over. Tests with a clock of their own call it.
func (s *Service) RunDue(ctx context.Context) error {
	if err := s.Loaded(ctx); err != nil {
		return err
	}
	for s.runDue(ctx) {
	}
	return ctx.Err()
}

// runDue does one batch of what is due, and returns whether there may be more.
func (s *Service) runDue(ctx context.Context) bool {
	now := s.o.Now()
	its := s.index.due(now, now.Add(s.o.Lease), dueBatch)
	// Replicas that wake at the same time should not all begin with the same one.
	rand.Shuffle(len(its), func(i, j int) { its[i], its[j] = its[j], its[i] })
	var wg sync.WaitGroup
	slots := make(chan struct{}, s.o.Workers)
	for _, it := range its {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s.handle(ctx, it)
		})
	}
	wg.Wait()
	return len(its) == dueBatch && ctx.Err() == nil
}

// handle does what is due of one follow-up.
func (s *Service) handle(ctx context.Context, it item) {
	f, rev, err := s.read(ctx, it.tenant, it.id)
	switch {
	case errors.Is(err, dialogue.ErrUnknown), errors.Is(err, dialogue.ErrErased):
		s.index.remove(it.tenant, it.id)
		return
	case err == nil:
		now := s.o.Now()
		s.index.put(f, rev, s.config().Keep)
		switch wake := f.wake(s.config().Keep); {
		case wake.After(now) && !(f.Status == Sending && !s.held(f.Lease)):
			s.index.again(it.tenant, it.id, wake) // another one moved it
		case f.Status.Open():
			err = s.send(ctx, f, rev)
		default:
			err = s.delete(ctx, f, rev)
		}
	}
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, dialogue.ErrConflict):
		s.o.Logger.Debug("another replica has the follow-up", "id", it.id)
	default:
		s.o.Logger.Warn("follow-up failed, it is tried again", "id", it.id, "kind", it.kind, "err", err)
	}
}

// delete removes a follow-up that ended long ago.
func (s *Service) delete(ctx context.Context, f *FollowUp, rev uint64) error {
	_, err := s.o.Documents.Put(ctx, dialogue.Document{Name: docName(f.Tenant, f.ID), Revision: rev, By: "robot", Customer: f.Customer, Brief: true})
	if err == nil {
		s.index.remove(f.Tenant, f.ID)
	}
	return err
}

// held tells whether a lease keeps others off. One that is further ahead than any lease can be was given before the clock was set back.
func (s *Service) held(l *Lease) bool {
	if l == nil {
		return false
	}
	left := l.Until.Sub(s.o.Now())
	return left > 0 && left <= 2*s.o.Lease
}

// mine tells whether this process may still act on its claim: not in the last third of the lease, so that it has ended what it does before
// another begins.
func (s *Service) mine(f *FollowUp) bool {
	return f.Lease != nil && f.Lease.Until.Sub(s.o.Now()) > s.o.Lease/3
}
