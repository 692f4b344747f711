package proactive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"yingda/dialogue"
)

// ledger is what a person was sent in the last days. A message is entered before it goes out, so two that are on their way at the same
// time cannot both be the last one allowed.
type ledger struct {
	Sent []sending `json:"sent,omitempty"`
}

type sending struct {
	ID       string    `json:"id"` // of the follow-up
	Kind     string    `json:"kind"`
	Category string    `json:"category"`
	Time     time.Time `json:"time"`
}

const (
	ledgerKind = "outreach/"
	capDay     = 24 * time.Hour
	capWeek    = 7 * 24 * time.Hour
)

// reserve enters the message, or says from when on the caps allow it.
func (c *claim) reserve(ctx context.Context) (verdict, error) {
	var no verdict
	err := c.changeLedger(ctx, func(l *ledger) bool {
		no = verdict{}
		now := c.s.o.Now()
		l.Sent = slices.DeleteFunc(l.Sent, func(s sending) bool { return now.Sub(s.Time) >= capWeek })
		if slices.ContainsFunc(l.Sent, func(s sending) bool { return s.ID == c.f.ID }) {
			return false
		}
		ofKind := func(s sending) bool { return s.Kind == c.f.Kind }
		ofCategory := func(s sending) bool { return s.Category == c.kind.Category }
		free := later(l.free(c.kind.Caps, now, ofKind), l.free(c.category.Caps, now, ofCategory))
		if free.After(now) {
			no = verdict{Pending, "the customer had enough messages", free}
			return false
		}
		l.Sent = append(l.Sent, sending{c.f.ID, c.f.Kind, c.kind.Category, now})
		return true
	})
	return no, err
}

// free returns from when on one more message is within the caps.
func (l *ledger) free(caps Caps, now time.Time, counts func(sending) bool) time.Time {
	at := now
	for _, w := range []struct {
		most int
		span time.Duration
	}{{caps.Day, capDay}, {caps.Week, capWeek}} {
		if w.most == 0 {
			continue
		}
		var times []time.Time
		for _, s := range l.Sent {
			if counts(s) && now.Sub(s.Time) < w.span {
				times = append(times, s.Time)
			}
		}
		slices.SortFunc(times, time.Time.Compare)
		if n := len(times) - w.most; n >= 0 {
			at = later(at, times[n].Add(w.span))
		}
	}
	return at
}

// release takes the entry of a message back that was not sent after all.
func (c *claim) release(ctx context.Context) error {
	return c.changeLedger(ctx, func(l *ledger) bool {
		before := len(l.Sent)
		l.Sent = slices.DeleteFunc(l.Sent, func(s sending) bool { return s.ID == c.f.ID })
		return len(l.Sent) != before
	})
}

// changeLedger rewrites the ledger of the person, whichever of their ids the message is for.
func (c *claim) changeLedger(ctx context.Context, f func(*ledger) bool) error {
	owner := c.f.Customer
	if c.s.o.People != nil {
		ids, err := c.s.o.People.Identities(ctx, c.f.Tenant, owner)
		if err != nil {
			return err
		}
		owner = cmp.Or(slices.Min(ids), owner)
	}
	name := ledgerKind + c.f.Tenant + "/" + url.PathEscape(owner)
	for range changes {
		d, err := c.s.o.Documents.Get(ctx, name)
		l := &ledger{}
		switch {
		case err == nil && d.Body != nil:
			if err := json.Unmarshal(d.Body, l); err != nil {
				return fmt.Errorf("read what the customer was sent: %w", err)
			}
		case err != nil && !errors.Is(err, dialogue.ErrUnknown) && !errors.Is(err, dialogue.ErrErased):
			return fmt.Errorf("read what the customer was sent: %w", err)
		}
		if !f(l) {
			return nil
		}
		body, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("write what the customer was sent: %w", err)
		}
		_, err = c.s.o.Documents.Put(ctx, dialogue.Document{Name: name, Body: body, Revision: d.Revision, By: "robot", Customer: owner, Brief: true})
		if err == nil {
			return nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return fmt.Errorf("write what the customer was sent: %w", err)
		}
	}
	return fmt.Errorf("write what the customer was sent: %w", dialogue.ErrConflict)
}
