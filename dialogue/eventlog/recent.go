package eventlog

import (
	"context"

	"yingda/dialogue"
)

// recentBytes bounds the memory of events that were written or read a moment ago, estimated. Everyone who consumes the log gets each event
// within a second or so; opening and parsing it once is enough.
const recentBytes = 16 << 20

// opened is an event as it was read. It is shared and not to be changed.
type opened struct {
	ev  *dialogue.Event
	ref *keyRef // what its private part was sealed with; nil without one
}

// reopen returns the event of a message if it was opened a moment ago and its key still exists. Messages are known by the hash of their
// bytes, so what was changed on disk since is not taken for what it was.
func (l *Log) reopen(ctx context.Context, m message) (*dialogue.Event, *keyRef, bool) {
	o, ok := l.recent.get(hashOf(m.data))
	if !ok || o.ev.Seq != m.seq || eventSubject(o.ev.Key) != m.subject {
		return nil, nil, false
	}
	if o.ref != nil {
		if _, there, err := l.openingOf(ctx, *o.ref); err != nil || !there {
			return nil, nil, false
		}
	}
	return o.ev, o.ref, true
}

// open is readEvent, once for all who read it within a short time.
func (l *Log) open(ctx context.Context, m message) (*dialogue.Event, *keyRef, error) {
	if ev, ref, ok := l.reopen(ctx, m); ok {
		return ev, ref, nil
	}
	ticket := l.recent.ticket()
	ev, ref, err := l.readEvent(ctx, m)
	if err == nil && (ev.Private == nil || ref != nil) {
		l.recent.put(ticket, hashOf(m.data), opened{ev, ref}, recentWeight(len(m.data)))
	}
	return ev, ref, err
}

// recentWeight estimates the memory of an opened event from the bytes of its message: text is packed about threefold.
func recentWeight(packed int) int64 { return 2000 + 6*int64(packed) }

// Recent returns a conversation's state from memory. The second result is false when it is not there, or when another process or replica
// might have gone on with the conversation: then Load finds out.
func (l *Log) Recent(k dialogue.Key) (*dialogue.Tracker, bool) {
	if l.server == nil || l.server.logs.Load() != 1 {
		return nil, false
	}
	f, ok := l.trackers.get(k)
	return f.t, ok
}

// Prepare makes the key of a customer whose first event is about to be written, so that Append need not wait for it. What fails here fails
// again in Append, where it is reported.
func (l *Log) Prepare(ctx context.Context, tenant, customer string) {
	if customer != "" {
		_, _ = l.keys.sealing(ctx, owner{tenant, l.keys.pseudonym(tenant, customer)})
	}
}
