package eventlog

import (
	"context"
	"fmt"
	"time"

	"yingda/dialogue"
)

// OpenWithDisk opens an embedded log whose free space is what free says.
func OpenWithDisk(ctx context.Context, o Options, free func() int64) (*Log, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := startEmbedded(o, func(string) (int64, int64, error) { return free(), 100 << 30, nil })
	if err != nil {
		return nil, err
	}
	return open(ctx, o, e, nil)
}

// SyncAlways tells how server and streams were really opened.
func (l *Log) SyncAlways() bool { return l.server.srv.JetStreamConfig().SyncAlways }

// ShutdownStore does what the server does by itself when the disk is full.
func (l *Log) ShutdownStore() error { return l.server.srv.ShutdownJetStream() }

// Raw writes bytes where an event should be.
func (l *Log) Raw(ctx context.Context, k dialogue.Key, data []byte) error {
	_, err := l.js.Publish(ctx, eventSubject(k), data)
	return err
}

// RawDocument writes bytes where a document should be.
func (l *Log) RawDocument(ctx context.Context, name string, data []byte) error {
	_, err := l.js.Publish(ctx, l.keys.names.subject(name), data)
	return err
}

// RawSnapshot writes bytes where a snapshot should be.
func (l *Log) RawSnapshot(ctx context.Context, k dialogue.Key, data []byte) error {
	_, err := l.js.Publish(ctx, snapshotSubject(k), data)
	return err
}

// RawParses writes bytes where a pack of parses should be.
func (l *Log) RawParses(ctx context.Context, data []byte) error {
	_, err := l.js.Publish(ctx, parsesSubject, data)
	return err
}

// Bytes returns the last event's message as it was written.
func (l *Log) Bytes(ctx context.Context, k dialogue.Key) ([]byte, error) {
	m, err := l.last(ctx, turnsStream, eventSubject(k))
	if err != nil || m == nil {
		return nil, err
	}
	return m.data, nil
}

// Configs returns what the streams are set to.
func (l *Log) Configs(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range []string{turnsStream, documentsStream, keysStream, snapshotsStream, checkpointsStream, learntStream, positionsStream, parsesStream} {
		info, err := l.info(ctx, name)
		if err != nil {
			return nil, err
		}
		c := info.Config
		out[name] = c.Discard.String() + " " + c.Storage.String()
		if c.PersistMode != 0 {
			out[name] += " async"
		}
	}
	return out, nil
}

// ReadFrame, ReadPart, Token and Untoken are for fuzzing.
func ReadFrame(raw []byte) (ok bool, same bool) {
	f, err := readFrame(eventFrame, raw)
	if err != nil {
		return false, false
	}
	if f.sealed() {
		_ = f.key()
		return true, true
	}
	p, err := newPacker()
	if err != nil {
		return true, false
	}
	defer p.close()
	body, err := f.open(p, "turns.t.c", dataKey{})
	if err != nil {
		return true, true
	}
	if !f.hasBody() {
		body = nil
	}
	again, err := readFrame(eventFrame, p.writeFrame(eventFrame, "turns.t.c", f.readable, body, nil))
	return true, err == nil && string(again.readable) == string(f.readable)
}

func WriteFrame(readable, body []byte) []byte {
	p, err := newPacker()
	if err != nil {
		return nil
	}
	defer p.close()
	return p.writeFrame(eventFrame, "turns.t.c", readable, body, nil)
}

// Packed is a message of a backup, for fuzzing.
type Packed struct {
	Subject string
	Seq     uint64
	Data    string
}

func WritePart(ms ...Packed) []byte {
	b := []byte(partMagic)
	for _, m := range ms {
		b = appendMessage(b, message{m.Subject, m.Seq, time.Unix(0, 1), []byte(m.Data)})
	}
	return b
}

func ReadPart(b []byte) (ms []Packed, err error) {
	err = readPart(b, func(m message) error {
		ms = append(ms, Packed{m.subject, m.seq, string(m.data)})
		return nil
	})
	return ms, err
}

func Token(s string) string                       { return token(s) }
func Untoken(s string) (string, error)            { return untoken(s) }
func EventSubject(k dialogue.Key) string          { return eventSubject(k) }
func KeyOfSubject(s string) (dialogue.Key, error) { return keyOfSubject(s) }

// ReplicaWith is Replica with another bound of trackers, and without writing snapshots.
func (l *Log) ReplicaWith(ctx context.Context, trackers int64) (*Log, error) {
	o := l.opts
	o.SnapshotEvery = -1
	o.Trackers = trackers
	if trackers == 0 {
		o.Trackers = defaultTrackers
	}
	return open(ctx, o, l.server, nil)
}

// Lazy has a log not sync each write: for tests of reading.
func Lazy(o Options) Options {
	o.lazySync = true
	return o
}

// DropRecent forgets the events that were opened a moment ago.
func (l *Log) DropRecent() { l.recent.clear() }

// DropTrackers forgets all trackers and returns what they were thought to weigh.
func (l *Log) DropTrackers() (weight int64) {
	weight = l.trackers.weight
	l.trackers.clear()
	return weight
}

// TurnReplicas returns how many servers keep the turns.
func (l *Log) TurnReplicas(ctx context.Context) (int, error) {
	info, err := l.info(ctx, turnsStream)
	if err != nil {
		return 0, err
	}
	return info.Config.Replicas, nil
}

// TurnLeader returns which server leads the stream of turns.
func (l *Log) TurnLeader(ctx context.Context) (string, error) {
	info, err := l.info(ctx, turnsStream)
	if err != nil {
		return "", err
	}
	return info.Cluster.Leader, nil
}

// Read returns the messages of a stream as sequence and data, read in bulk and with headers.
func (l *Log) Read(ctx context.Context, stream string) (bulk, headers []string, err error) {
	collect := func(to *[]string) func(message) error {
		return func(m message) error { *to = append(*to, fmt.Sprint(m.seq, hashOf(m.data))); return nil }
	}
	last, err := l.lastSeq(ctx, stream)
	if err == nil {
		err = l.bulk(ctx, stream, 1, last, collect(&bulk))
	}
	if err == nil {
		err = l.each(ctx, stream, stream+".>", 1, last, collect(&headers))
	}
	return bulk, headers, err
}
