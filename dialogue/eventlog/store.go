package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"yingda/dialogue"
)

// Load implements dialogue.Store. It sees all events that were acknowledged before, by any replica.
//
// Damage does not make it fail: an event that cannot be read is reported and its content left out.
func (l *Log) Load(ctx context.Context, k dialogue.Key) (*dialogue.Tracker, error) {
	f, err := l.load(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("load conversation %s/%s: %w", k.Tenant, k.Conversation, err)
	}
	return f.t, nil
}

func (l *Log) load(ctx context.Context, k dialogue.Key) (folded, error) {
	if err := k.Validate(); err != nil {
		return folded{}, err
	}
	ticket := l.trackers.ticket()
	last, err := l.last(ctx, turnsStream, eventSubject(k))
	if err != nil {
		return folded{}, err
	}
	if last == nil {
		return folded{t: &dialogue.Tracker{Key: k}}, nil
	}
	f, ok := l.trackers.get(k)
	if !ok || !fits(f, last) {
		if f, err = l.loadSnapshot(ctx, k); err != nil {
			return folded{}, err
		}
	}
	if !fits(f, last) {
		f = folded{t: &dialogue.Tracker{Key: k}}
	}
	if f.t.Seq == last.seq {
		return f, nil
	}
	from := f
	if f, err = l.fold(ctx, f, last, ok); err != nil {
		return folded{}, err
	}
	if n := l.opts.SnapshotEvery; n > 0 && f.t.Events-from.snapped >= 2*n && l.snapshot(f) { // it was slow to load
		f.snapped = f.t.Events
	}
	l.trackers.put(ticket, k, f, weigh(f))
	return f, nil
}

// fits tells whether f may be a state on the way to last.
func fits(f folded, last *message) bool {
	return f.t.Seq < last.seq || f.t.Seq == last.seq && f.t.Hash == hashOf(last.data)
}

// fold applies all events after f up to last, and any that have come since.
func (l *Log) fold(ctx context.Context, f folded, last *message, inMemory bool) (folded, error) {
	subject := last.subject
	if inMemory && follows(*last, f) { // another replica wrote one event since
		return l.apply(ctx, f, *last)
	}
	for f.t.Seq < last.seq {
		batch, err := l.fetch(ctx, turnsStream, subject, f.t.Seq+1, batchMessages)
		if err != nil {
			return f, err
		}
		if len(batch) == 0 { // a follower that has not got them yet answered
			m, err := l.next(ctx, turnsStream, subject, f.t.Seq+1)
			if err != nil {
				return f, err
			}
			if m == nil {
				return f, fmt.Errorf("%w: event %d was there and is gone", ErrDamaged, last.seq)
			}
			batch = []message{*m}
		}
		for _, m := range batch {
			if f, err = l.apply(ctx, f, m); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// follows tells whether m says that it comes right after f.
func follows(m message, f folded) bool {
	fr, err := readFrame(eventFrame, m.data)
	if err != nil {
		return false
	}
	ev, err := parseReadable(fr.readable)
	return err == nil && ev.Prev == f.t.Hash
}

// apply folds one message. What cannot be read counts as an event without content, so that the conversation can go on after it.
func (l *Log) apply(ctx context.Context, f folded, m message) (folded, error) {
	hash := hashOf(m.data)
	ev, ref, err := l.readEvent(ctx, m)
	switch {
	case errors.Is(err, ErrDamaged):
		_ = l.damaged(turnsStream, &m, err) // reported; nothing else is to be done here
		t := *f.t
		t.Seq, t.Hash, t.Events = m.seq, hash, t.Events+1
		f.t = &t
		return f, nil
	case err != nil:
		return f, err
	case ev.Prev != f.t.Hash:
		_ = l.damaged(turnsStream, &m, fmt.Errorf("%w: it follows on %.12q, but %.12q is before it", ErrDamaged, ev.Prev, f.t.Hash))
	}
	f.t = f.t.Apply(ev, hash)
	if ref != nil {
		f.keys = withKey(f.keys, *ref)
	}
	return f, nil
}

func withKey(keys []keyRef, ref keyRef) []keyRef {
	if slices.Contains(keys, ref) {
		return keys
	}
	return append(slices.Clip(keys), ref)
}

// Append implements dialogue.Store. The event must be of t's conversation or of none; ID, Kind, Time and the body of its kind must be set.
//
// After dialogue.ErrUnavailable the event may have been written. Appending the very same event to the same tracker again is then safe:
// if it stands there already, that is success.
func (l *Log) Append(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	n, err := l.append(ctx, t, ev)
	if err != nil {
		return nil, fmt.Errorf("append %s to %s/%s: %w", ev.Kind, t.Tenant, t.Conversation, err)
	}
	return n, nil
}

func (l *Log) append(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	if err := t.Key.Validate(); err != nil {
		return nil, err
	}
	if ev.Key != (dialogue.Key{}) && ev.Key != t.Key {
		return nil, fmt.Errorf("the event is of another conversation, %s/%s", ev.Tenant, ev.Conversation)
	}
	if err := checkEvent(ev); err != nil {
		return nil, err
	}
	ticket, recent := l.trackers.ticket(), l.recent.ticket()
	w, err := l.writeEvent(ctx, t, ev)
	if err != nil {
		return nil, err
	}
	if limit := l.nc.MaxPayload(); int64(len(w.raw)) > limit-1024 {
		return nil, fmt.Errorf("the event has %d bytes: at most %d can be written", len(w.raw), limit-1024)
	}
	if err := l.link(ctx, t, w); err != nil {
		return nil, err
	}
	subject := eventSubject(t.Key)
	seq, err := l.put(ctx, turnsStream, subject, w.raw, t.Seq)
	var lost *conflictError
	if errors.As(err, &lost) && lost.first != nil && l.sameEvent(ctx, *lost.first, w) {
		seq, w.raw, err = lost.first.seq, lost.first.data, nil
	}
	if err != nil {
		if errors.Is(err, dialogue.ErrConflict) {
			l.stats.conflicts.Add(1)
		}
		return nil, err
	}
	l.stats.appends.Add(1)
	w.event.Seq, ev.Seq = seq, seq
	n := t.Apply(w.event, hashOf(w.raw))
	l.remember(ticket, t, n, w)
	o := opened{ev: w.event}
	if w.private != nil {
		o.ref = &w.ref
	}
	l.recent.put(recent, n.Hash, o, recentWeight(len(w.raw)))
	return n, nil
}

// sameEvent finds out whether the event that stands where w should be is w: the redo of a write whose outcome was unknown. The bytes
// differ, since nonces do, so the contents are compared.
func (l *Log) sameEvent(ctx context.Context, m message, w written) bool {
	f, err := readFrame(eventFrame, m.data)
	if err != nil || string(f.readable) != string(w.readable) || f.hasBody() != (w.private != nil) {
		return false
	}
	if !f.hasBody() {
		return true
	}
	key, ok, err := l.openingOf(ctx, keyRef{w.ref.owner, f.key()})
	if err != nil || !ok {
		return false
	}
	private, err := f.open(l.packer, m.subject, key)
	return err == nil && string(private) == string(w.private)
}

// remember keeps the new state and has a snapshot written now and then.
func (l *Log) remember(ticket uint64, t, n *dialogue.Tracker, w written) {
	f := folded{t: n}
	if t.Seq > 0 {
		old, ok := l.trackers.get(t.Key)
		if !ok || old.t.Seq != t.Seq || old.t.Hash != t.Hash {
			l.trackers.forget(t.Key) // which keys went into it is not known here; the next Load finds out
			return
		}
		f.keys, f.snapped = old.keys, old.snapped
	}
	if w.private != nil {
		f.keys = withKey(f.keys, w.ref)
	}
	if l.opts.SnapshotEvery > 0 && n.Events-f.snapped >= l.opts.SnapshotEvery && l.snapshot(f) {
		f.snapped = n.Events
	}
	l.trackers.put(ticket, t.Key, f, weigh(f))
}

// Events implements dialogue.Store. limit 0 = all. Events that cannot be read are reported and left out; those of erased customers have no
// private part.
func (l *Log) Events(ctx context.Context, k dialogue.Key, after uint64, limit int) ([]dialogue.Event, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	subject := eventSubject(k)
	last, err := l.last(ctx, turnsStream, subject)
	if err != nil || last == nil || last.seq <= after {
		return nil, err
	}
	var out []dialogue.Event
	enough := errors.New("enough")
	batch := batchMessages
	if limit > 0 {
		batch = min(limit, batch)
	}
	err = l.eachOf(ctx, turnsStream, subject, after+1, last.seq, batch, func(m message) error {
		if limit > 0 && len(out) == limit {
			return enough
		}
		ev, _, err := l.readEvent(ctx, m)
		if errors.Is(err, ErrDamaged) {
			_ = l.damaged(turnsStream, &m, err) // reported
			return nil
		}
		if err == nil {
			out = append(out, *ev)
		}
		return err
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("events of %s/%s: %w", k.Tenant, k.Conversation, err)
	}
	return out, nil
}
