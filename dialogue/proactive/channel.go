package proactive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// Delivery is a message on its way to the customer.
type Delivery struct {
	dialogue.Key
	// ID stays the same when the message has to be handed over again; a channel that remembers ids shows it once.
	ID       string           `json:"id"`
	FollowUp string           `json:"follow_up"`
	Kind     string           `json:"kind"`
	Category string           `json:"category"`
	Customer string           `json:"customer"`
	Channel  string           `json:"channel"` // that it is handed to
	Time     time.Time        `json:"time"`    // at which it was written into the conversation
	Seq      uint64           `json:"seq"`     // its place in the log
	Replies  []dialogue.Reply `json:"replies"`
}

// Channel brings messages to customers. It is safe for concurrent use.
type Channel interface {
	// Deliver hands a message over and returns how far it got: Sent or Delivered. Errors: ErrUnreachable when the customer cannot be
	// reached this way now, ErrRefused when the channel will never take it; all others are tried again.
	Deliver(ctx context.Context, d Delivery) (Status, error)
}

// ChannelFunc makes a function a Channel.
type ChannelFunc func(ctx context.Context, d Delivery) (Status, error)

// Deliver implements Channel.
func (f ChannelFunc) Deliver(ctx context.Context, d Delivery) (Status, error) { return f(ctx, d) }

// Errors of channels.
var (
	// ErrUnreachable is returned when the customer is not there, e.g. no browser is connected. The next channel is tried; after the last
	// one the message waits in the conversation and counts as sent.
	ErrUnreachable = errors.New("the customer cannot be reached this way now")
	// ErrRefused is returned when the channel will not take the message however often it is tried.
	ErrRefused = errors.New("the channel refuses the message")
)

// Webhook hands messages to a system of the operator by a signed POST of a Delivery as JSON; see package action for the signature. The
// header Webhook-Id is the delivery's id: the receiver answers 2xx and keeps ids, since a crash may make a message come again.
type Webhook struct {
	url     string
	secrets []action.Secret
	client  *http.Client
	now     func() time.Time
}

var _ Channel = (*Webhook)(nil)

// NewWebhook checks where to post to. guard says which addresses may be called, nil = public ones. now is the clock of signatures, nil =
// time.Now.
func NewWebhook(address string, secrets []action.Secret, guard *action.Guard, now func() time.Time) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("webhook of follow-ups: %w", err)
	}
	if err := guard.CheckURL(u); err != nil {
		return nil, fmt.Errorf("webhook of follow-ups: %w", err)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("webhook of follow-ups: %w: there is none; the receiver could not tell the robot from anyone else", action.ErrSecret)
	}
	if now == nil {
		now = time.Now
	}
	client := &http.Client{
		Transport:     guard.Transport(nil, 16),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Webhook{address, secrets, client, now}, nil
}

// Deliver implements Channel. 404 and 410 mean that the customer is not known there; other 4xx, but for 408, 425 and 429, that the message
// is refused.
func (w *Webhook) Deliver(ctx context.Context, d Delivery) (Status, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.Header.Set("Content-Type", "application/json")
	action.Sign(r.Header, w.secrets, d.ID, w.now(), body)
	resp, err := w.client.Do(r)
	if err != nil {
		return "", fmt.Errorf("webhook of follow-ups: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // what it says does not matter; the connection is used again
	switch c := resp.StatusCode; {
	case c >= 200 && c < 300:
		return Sent, nil
	case c == http.StatusNotFound || c == http.StatusGone:
		return "", fmt.Errorf("%w: status %d", ErrUnreachable, c)
	case c >= 400 && c < 500 && c != http.StatusRequestTimeout && c != http.StatusTooEarly && c != http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: status %d", ErrRefused, c)
	default:
		return "", fmt.Errorf("webhook of follow-ups: status %d", c)
	}
}
