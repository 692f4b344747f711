package proactive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
)

// maxChannelBytes bounds the name of a channel; it is a part of ids.
const maxChannelBytes = 40

// ReceiptFor is what a channel tells of a message that it took.
type ReceiptFor struct {
	Tenant   string    `json:"tenant"`
	FollowUp string    `json:"follow_up"` // id
	Status   Status    `json:"status"`    // sent, delivered, read or failed
	Channel  string    `json:"channel,omitempty"`
	Time     time.Time `json:"time,omitzero"` // zero = now
	Detail   string    `json:"detail,omitempty"`
}

// Receipt notes what became of a message. Receipts may come twice and out of order: one that says less than is known changes nothing. A
// message that failed goes out on the next channel of its kind. Errors: *dialogue.InputError, dialogue.ErrUnknown.
func (s *Service) Receipt(ctx context.Context, r ReceiptFor) (FollowUp, error) {
	if !slices.Contains([]Status{Sent, Delivered, Read, Failed}, r.Status) {
		return FollowUp{}, input("status", "%.20q is not one of sent, delivered, read and failed", r.Status)
	}
	if len(r.Channel) > maxChannelBytes || !utf8.ValidString(r.Channel) {
		return FollowUp{}, input("channel", "has %d bytes: want the name of a channel, at most %d bytes of UTF-8", len(r.Channel), maxChannelBytes)
	}
	if now := s.o.Now(); r.Time.IsZero() || r.Time.After(now) {
		r.Time = now
	}
	f, err := s.Get(ctx, r.Tenant, r.FollowUp)
	if err != nil {
		return FollowUp{}, err
	}
	if f.Event == 0 {
		return FollowUp{}, input("follow_up", "%s was not sent yet", r.FollowUp)
	}
	if r.Channel == "" && len(f.Tries) > 0 {
		r.Channel = f.Tries[len(f.Tries)-1].Channel
	}
	if err := s.logReceipt(ctx, &f, r); err != nil {
		return FollowUp{}, err
	}
	n, err := s.change(ctx, r.Tenant, r.FollowUp, "channel", func(f *FollowUp) (bool, error) { return s.received(f, r), nil })
	if err != nil {
		return FollowUp{}, err
	}
	return *n, nil
}

// logReceipt writes the receipt into the conversation, once for each channel and status.
func (s *Service) logReceipt(ctx context.Context, f *FollowUp, r ReceiptFor) error {
	id := fmt.Sprintf("receipt:%s:%s:%s", f.ID, r.Channel, r.Status)
	_, _, err := s.o.Conversations.Update(ctx, f.Key, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		if t.Saw(id) != 0 {
			return nil, nil
		}
		return &dialogue.Event{
			ID: id, Kind: dialogue.Receipt, Key: f.Key, Channel: t.Channel, Time: r.Time,
			Out:     &dialogue.OutBody{FollowUp: f.ID, Kind: f.Kind, Status: string(r.Status)},
			Private: &dialogue.Private{Customer: f.Customer, Note: clip(r.Detail, 500)},
		}, nil
	})
	if err != nil && !errors.Is(err, dialogue.ErrErased) {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

// progress orders what can be known of a message.
var progress = map[Status]int{Failed: 1, Sent: 2, Delivered: 3, Read: 4}

// received takes a receipt into a follow-up and returns whether it says anything new.
func (s *Service) received(f *FollowUp, r ReceiptFor) bool {
	if slices.ContainsFunc(f.Tries, func(t Try) bool { return t.Channel == r.Channel && t.Status == r.Status && t.Time.Equal(r.Time) }) {
		return false
	}
	if r.Status != Failed {
		if progress[r.Status] <= progress[f.Status] {
			return false
		}
		f.tried(Try{r.Channel, r.Time, r.Status, clip(r.Detail, 200)})
		f.end(r.Status, "", s.o.Now())
		return true
	}
	last := len(f.Tries) - 1
	if f.Status != Sent || last < 0 || f.Tries[last].Channel != r.Channel || f.Tries[last].Status == Failed {
		return false // it went on, or another channel has it
	}
	f.tried(Try{r.Channel, r.Time, Failed, clip(r.Detail, 200)})
	f.Step, f.Failed, f.Ended = f.Step+1, 0, time.Time{}
	f.Status, f.Due, f.Reason = Pending, s.o.Now(), "the channel "+r.Channel+" could not deliver it"
	return true
}
