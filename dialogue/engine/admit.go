package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
)

// Bounds of a message. The server has its own for the size of a request; these hold whoever calls.
const (
	maxIDBytes      = 128
	maxCustomer     = 256
	maxTextBytes    = 16 << 10
	maxAttachments  = 10
	maxPayloadBytes = 1 << 10
	// clockSlack is how far ahead of the engine's clock a channel's may be; a time further ahead is taken for a mistake and replaced.
	clockSlack = 5 * time.Minute
)

// admit refuses messages that cannot be answered and fills in the time.
func (e *Engine) admit(m *dialogue.Message) error {
	if m.Tenant == "" {
		m.Tenant = "default"
	}
	if err := m.Key.Validate(); err != nil {
		return &dialogue.InputError{Field: "conversation", Reason: err.Error()}
	}
	switch {
	case m.ID == "" || len(m.ID) > maxIDBytes:
		return &dialogue.InputError{Field: "id", Reason: fmt.Sprintf("has %d bytes: send 1 to %d, the same again when you repeat the message", len(m.ID), maxIDBytes)}
	case len(m.Customer) > maxCustomer:
		return &dialogue.InputError{Field: "customer", Reason: fmt.Sprintf("has %d bytes, more than %d", len(m.Customer), maxCustomer)}
	case len(m.Text) > maxTextBytes:
		return &dialogue.InputError{Field: "text", Reason: fmt.Sprintf("has %d bytes, more than %d: send a shorter message", len(m.Text), maxTextBytes)}
	case len(m.Payload) > maxPayloadBytes:
		return &dialogue.InputError{Field: "payload", Reason: fmt.Sprintf("has %d bytes, more than %d: send back what the button had", len(m.Payload), maxPayloadBytes)}
	case len(m.Attachments) > maxAttachments:
		return &dialogue.InputError{Field: "attachments", Reason: fmt.Sprintf("%d of them: send at most %d with a message", len(m.Attachments), maxAttachments)}
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.ID) || !utf8.ValidString(m.Customer) || !utf8.ValidString(m.Payload):
		return &dialogue.InputError{Field: "text", Reason: "is not valid UTF-8"}
	}
	m.Text = strings.TrimSpace(m.Text)
	if m.Text == "" && len(m.Attachments) == 0 && m.Payload == "" {
		return &dialogue.InputError{Field: "text", Reason: "is empty, and there is neither an attachment nor a payload: send one of them"}
	}
	if now := e.o.Now(); m.Time.IsZero() || m.Time.After(now.Add(clockSlack)) {
		m.Time = now
	}
	return nil
}

// callKey is the idempotency key of a call: the same message asking the same always has the same one.
func callKey(m dialogue.Message, c dialogue.Call) string {
	h := sha256.New()
	names := make([]string, 0, len(c.Args))
	for name := range c.Args {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(h, "%q %q %q %q", m.Tenant, m.Conversation, m.ID, c.Name)
	for _, name := range names {
		fmt.Fprintf(h, " %q=%q", name, c.Args[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
