package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"yingda/dialogue"
)

const maxEventID = 256

// checkEvent tells what is wrong with an event that is to be written, or was read.
func checkEvent(ev *dialogue.Event) error {
	if ev.ID == "" || len(ev.ID) > maxEventID {
		return fmt.Errorf("event id has %d bytes: want 1 to %d", len(ev.ID), maxEventID)
	}
	if ev.Time.IsZero() {
		return fmt.Errorf("event %q has no time", ev.ID)
	}
	missing := false
	switch ev.Kind {
	case dialogue.TurnTaken:
		missing = ev.Turn == nil
	case dialogue.Queued, dialogue.Claimed, dialogue.Transferred, dialogue.Released, dialogue.Returned:
		missing = ev.Hand == nil
	case dialogue.AgentSaid:
		missing = ev.Agent == nil
	case dialogue.SentOut, dialogue.Receipt:
		missing = ev.Out == nil
	case dialogue.Rated:
		missing = ev.Rating == nil
	case dialogue.Shadowed:
		missing = ev.Shadow == nil
	case dialogue.Closed:
	default:
		return fmt.Errorf("event %q has the unknown kind %q", ev.ID, ev.Kind)
	}
	if missing {
		return fmt.Errorf("event %q of kind %q lacks its body", ev.ID, ev.Kind)
	}
	return nil
}

// anonymous is who a customer is that the channel does not know.
func anonymous(k dialogue.Key) string { return "anonymous:" + k.Conversation }

// written is an event as bytes, and as it will be read again.
type written struct {
	raw      []byte
	event    *dialogue.Event
	readable []byte
	private  []byte // JSON; nil without a private part
	ref      keyRef // valid if private is not nil
}

// writeEvent fills what the store fills in ev, and makes the bytes. The event that it returns is decoded from them, so that a live
// tracker cannot differ from a replayed one.
func (l *Log) writeEvent(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (written, error) {
	w := written{}
	ev.Key, ev.Prev = t.Key, t.Hash
	customer := t.Customer
	if p := ev.Private; p != nil {
		if p.Customer == "" {
			c := *p // the caller's own stays as it is
			if c.Customer = t.Customer; c.Customer == "" {
				c.Customer = anonymous(t.Key)
			}
			p, ev.Private = &c, &c
		}
		customer = p.Customer
	}
	switch {
	case customer != "":
		ev.Customer = l.keys.pseudonym(t.Tenant, customer)
	case t.Alias != "": // erased
		ev.Customer = t.Alias
	default:
		ev.Customer = l.keys.pseudonym(t.Tenant, anonymous(t.Key))
	}
	var err error
	if w.readable, err = json.Marshal(ev); err != nil {
		return w, fmt.Errorf("event %q: %w", ev.ID, err)
	}
	var key *dataKey
	if ev.Private != nil {
		if w.private, err = json.Marshal(ev.Private); err != nil {
			return w, fmt.Errorf("event %q: private part: %w", ev.ID, err)
		}
		o := owner{t.Tenant, ev.Customer}
		k, err := l.keys.sealing(ctx, o)
		if err != nil {
			return w, fmt.Errorf("key of the customer: %w", err)
		}
		key, w.ref = &k, keyRef{o, k.id}
	}
	w.raw = l.packer.writeFrame(eventFrame, eventSubject(t.Key), w.readable, w.private, key)
	w.event, err = parseEvent(w.readable, w.private)
	return w, err
}

// parseEvent makes an event of its parts.
func parseEvent(readable, private []byte) (*dialogue.Event, error) {
	ev, err := parseReadable(readable)
	if err == nil && private != nil {
		err = parsePrivate(ev, private)
	}
	return ev, err
}

func parseReadable(readable []byte) (*dialogue.Event, error) {
	ev := new(dialogue.Event)
	if err := json.Unmarshal(readable, ev); err != nil {
		return nil, fmt.Errorf("%w: readable part: %w", ErrDamaged, err)
	}
	if err := checkEvent(ev); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return ev, nil
}

func parsePrivate(ev *dialogue.Event, private []byte) error {
	ev.Private = new(dialogue.Private)
	if err := json.Unmarshal(private, ev.Private); err != nil {
		return fmt.Errorf("%w: private part: %w", ErrDamaged, err)
	}
	return nil
}

// readEvent is the inverse of writeEvent, and returns the key that sealed the private part. Both are missing if the key is gone. Errors are
// ErrDamaged, or those of the key store.
func (l *Log) readEvent(ctx context.Context, m message) (*dialogue.Event, *keyRef, error) {
	f, err := readFrame(eventFrame, m.data)
	if err != nil {
		return nil, nil, err
	}
	k, err := keyOfSubject(m.subject)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	ev, err := parseReadable(f.readable)
	if err != nil {
		return nil, nil, err
	}
	if ev.Key != k {
		return nil, nil, fmt.Errorf("%w: an event of %s/%s under the subject of %s/%s", ErrDamaged, ev.Tenant, ev.Conversation, k.Tenant, k.Conversation)
	}
	ev.Seq = m.seq
	if !f.hasBody() {
		return ev, nil, nil
	}
	ref, err := l.openPrivate(ctx, ev, f, m.subject)
	if err != nil {
		return nil, nil, err
	}
	return ev, ref, nil
}

// openPrivate fills the private part of an event, and returns nil if its key is gone. That the readable part is authentic is known only
// after it.
func (l *Log) openPrivate(ctx context.Context, ev *dialogue.Event, f frame, subject string) (*keyRef, error) {
	if !f.sealed() {
		return nil, fmt.Errorf("%w: a private part that is not sealed", ErrDamaged)
	}
	ref := keyRef{owner{ev.Tenant, ev.Customer}, f.key()}
	key, ok, err := l.openingOf(ctx, ref)
	if err != nil || !ok {
		return nil, err
	}
	private, err := f.open(l.packer, subject, key)
	if err != nil {
		return nil, err
	}
	return &ref, parsePrivate(ev, private)
}

// openingOf looks a key up under a name that comes from a frame.
func (l *Log) openingOf(ctx context.Context, r keyRef) (dataKey, bool, error) {
	if !validAlias(r.alias) {
		return dataKey{}, false, fmt.Errorf("%w: pseudonym %q", ErrDamaged, r.alias)
	}
	key, ok, err := l.keys.opening(ctx, r)
	if errors.Is(err, ErrDamaged) { // the key record is; nothing that it sealed can be read
		return dataKey{}, false, nil
	}
	return key, ok, err
}

func validAlias(s string) bool {
	for i := range len(s) {
		if !isPlain(s[i]) {
			return false
		}
	}
	return len(s) == 22
}
