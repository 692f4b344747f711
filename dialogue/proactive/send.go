package proactive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"yingda/dialogue"
)

// send claims a follow-up and brings it as far as it gets now.
func (s *Service) send(ctx context.Context, f *FollowUp, rev uint64) error {
	if f.Status == Sending && s.held(f.Lease) {
		return nil
	}
	f.Status, f.Lease = Sending, &Lease{s.o.Replica, s.o.Now().Add(s.o.Lease)}
	c := &claim{s: s, f: f}
	k, ok := s.config().Kinds[f.Kind]
	if ok {
		c.kind, c.category = k, s.config().Categories[k.Category]
	}
	var err error
	if c.rev, err = s.write(ctx, f, rev); err != nil {
		return err
	}
	if !ok {
		return c.finish(ctx, Cancelled, "followups.yaml has no kind "+f.Kind+" any more")
	}
	return c.run(ctx)
}

// write is put for a holder that has to know the new revision.
func (s *Service) write(ctx context.Context, f *FollowUp, rev uint64) (uint64, error) {
	d, err := f.document(rev, "robot")
	if err != nil {
		return 0, err
	}
	next, err := s.o.Documents.Put(ctx, d)
	if err != nil {
		return 0, fmt.Errorf("write follow-up %s: %w", f.ID, err)
	}
	s.took(f, next)
	return next, nil
}

// claim is a follow-up that this process may send, until its lease ends.
type claim struct {
	s        *Service
	f        *FollowUp
	rev      uint64
	kind     Kind
	category Category
	profile  dialogue.Profile
	ids      []string // of the person, once gates has asked
}

func (c *claim) run(ctx context.Context) error {
	t, err := c.s.o.Conversations.Load(ctx, c.f.Key)
	if err != nil {
		return err
	}
	written := c.f.Event != 0 || t.Saw(c.f.eventID()) != 0
	v, err := c.gates(ctx, t, written)
	if err != nil {
		return err
	}
	if v.status != "" {
		return c.settle(ctx, v)
	}
	if !written {
		if v, err = c.reserve(ctx); err != nil {
			return err
		}
		if v.status != "" {
			return c.settle(ctx, v)
		}
	}
	d, v, err := c.append(ctx)
	if err != nil {
		return err
	}
	if v.status != "" {
		return errors.Join(c.release(ctx), c.settle(ctx, v))
	}
	c.f.Event = d.Seq
	if len(d.Replies) == 0 {
		return c.finish(ctx, Failed, "what it said was erased")
	}
	return c.deliver(ctx, d, t.Channel)
}

// settle writes down that the message is not sent now: later, or never.
func (c *claim) settle(ctx context.Context, v verdict) error {
	if v.status == Pending {
		return c.postpone(ctx, v.until, v.reason)
	}
	if c.f.Event != 0 { // it stands in the conversation, only nobody was told
		v.status = Failed
	}
	return c.finish(ctx, v.status, v.reason)
}

// postpone lets the follow-up wait, if it can.
func (c *claim) postpone(ctx context.Context, until time.Time, reason string) error {
	f := c.f
	if until.After(f.Expires) {
		if f.Event != 0 {
			return c.finish(ctx, Failed, reason+", until it expired")
		}
		return errors.Join(c.release(ctx), c.finish(ctx, Expired, reason+", until it expired"))
	}
	f.Status, f.Due, f.Reason, f.Lease = Pending, until, reason, nil
	return c.save(ctx)
}

func (c *claim) finish(ctx context.Context, st Status, reason string) error {
	c.f.end(st, reason, c.s.o.Now())
	c.s.o.Logger.Info("follow-up ended", "id", c.f.ID, "kind", c.f.Kind, "status", string(st), "reason", reason)
	return c.save(ctx)
}

// save writes the follow-up over the claim. A conflict means that the lease ended and another one has it: it does what is left to do.
func (c *claim) save(ctx context.Context) error {
	rev, err := c.s.write(ctx, c.f, c.rev)
	if err == nil {
		c.rev = rev
	}
	return err
}

// append writes the message into the conversation, once, and returns it as it stands there.
func (c *claim) append(ctx context.Context) (Delivery, verdict, error) {
	f := c.f
	var no verdict
	t, ev, err := c.s.o.Conversations.Update(ctx, f.Key, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		no = verdict{}
		if t.Saw(f.eventID()) != 0 {
			return nil, nil
		}
		if no = c.stopped(t); no.status != "" {
			return nil, nil
		}
		return c.event(t), nil
	})
	if err != nil {
		return Delivery{}, verdict{}, fmt.Errorf("write into the conversation: %w", err)
	}
	if no.status != "" {
		return Delivery{}, no, nil
	}
	if ev == nil {
		if ev, err = c.written(ctx, t); err != nil {
			return Delivery{}, verdict{}, err
		}
	}
	d := Delivery{Key: f.Key, ID: f.ID, FollowUp: f.ID, Kind: f.Kind, Category: c.kind.Category, Customer: f.Customer, Time: ev.Time, Seq: ev.Seq}
	if ev.Private != nil {
		d.Replies = ev.Private.Replies
	}
	return d, verdict{}, nil
}

// written reads the message that stands in the conversation already.
func (c *claim) written(ctx context.Context, t *dialogue.Tracker) (*dialogue.Event, error) {
	seq := cmp.Or(t.Saw(c.f.eventID()), c.f.Event)
	evs, err := c.s.o.Conversations.Events(ctx, c.f.Key, seq-1, 1)
	if err != nil {
		return nil, fmt.Errorf("read the message again: %w", err)
	}
	if len(evs) == 0 || evs[0].ID != c.f.eventID() {
		return nil, fmt.Errorf("read the message again: event %d: %w", seq, dialogue.ErrUnknown)
	}
	return &evs[0], nil
}

// deliver hands the message to the channels in turn, from where it was left. own is the conversation's channel.
func (c *claim) deliver(ctx context.Context, d Delivery, own string) error {
	names := c.channels(own)
	waits := "" // a channel that will show the message when the customer comes back
	for c.f.Step < len(names) {
		name := names[c.f.Step]
		ch, ok := c.s.channel(name)
		if !ok {
			c.f.Step++
			continue
		}
		if !c.s.mine(c.f) {
			return fmt.Errorf("follow-up %s took longer than its lease: %w", c.f.ID, dialogue.ErrConflict)
		}
		d.Channel = name
		st, err := c.try(ctx, ch, d)
		switch {
		case err == nil:
			c.f.Failed = 0
			return c.finish(ctx, st, "")
		case errors.Is(err, ErrUnreachable):
			waits = name
		case errors.Is(err, ErrRefused):
		case c.f.Failed < c.kind.Retries:
			c.f.Failed++
			return c.postpone(ctx, c.s.o.Now().Add(c.kind.Backoff<<(c.f.Failed-1)), "the channel "+name+" failed")
		}
		c.f.Step, c.f.Failed = c.f.Step+1, 0
	}
	if waits != "" {
		return c.finish(ctx, Sent, "it waits in the conversation: the customer was not there")
	}
	return c.finish(ctx, Failed, "no channel took it; it stands in the conversation")
}

// try makes one delivery and notes it.
func (c *claim) try(ctx context.Context, ch Channel, d Delivery) (Status, error) {
	limited, cancel := context.WithTimeout(ctx, c.s.o.Timeout)
	defer cancel()
	st, err := ch.Deliver(limited, d)
	try := Try{Channel: d.Channel, Time: c.s.o.Now(), Status: st}
	if err == nil && st != Delivered {
		st = Sent
		try.Status = Sent
	}
	if err != nil {
		try.Status, try.Detail = Failed, clip(err.Error(), 200)
	}
	c.f.tried(try)
	return st, err
}

// channels lists the names to try, "same" replaced by the conversation's own.
func (c *claim) channels(own string) []string {
	names := c.kind.Channels
	if len(c.f.Channels) > 0 {
		names = c.f.Channels
	}
	out := make([]string, len(names))
	for i, n := range names {
		if out[i] = n; n == SameChannel {
			out[i] = cmp.Or(own, "web")
		}
	}
	return out
}

func (s *Service) channel(name string) (Channel, bool) {
	ch, ok := s.o.Channels[name]
	if !ok {
		ch, ok = s.o.Channels["*"]
	}
	return ch, ok
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	for len(string(r)) > n {
		r = r[:len(r)-1]
	}
	return string(r)
}
