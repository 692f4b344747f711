package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"yingda/dialogue"
)

// snapshotHead is the readable part of a snapshot: the keys that sealed it, each over the one before.
type snapshotHead struct {
	Seq  uint64        `json:"seq"`
	Fold string        `json:"fold"` // by which rules the events were folded
	Keys []snapshotKey `json:"keys"`
}

type snapshotKey struct {
	Customer string `json:"customer"` // pseudonym
	ID       string `json:"id"`
}

// foldRules names how this program folds. A snapshot that was folded by other rules is not used. The shape of a tracker is part of it; the
// number must be raised when Tracker.Apply comes to other results with the same fields.
var foldRules = "1-" + shapeOf(reflect.TypeFor[dialogue.Tracker]())

// shapeOf returns a short hash of a type's fields, at all depths.
func shapeOf(t reflect.Type) string {
	h := sha256.New()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		fmt.Fprintln(h, t.String(), t.Kind())
		if seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(t.Elem())
		case reflect.Map:
			walk(t.Key())
			walk(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				fmt.Fprintln(h, t.Field(i).Name, t.Field(i).Tag)
				walk(t.Field(i).Type)
			}
		}
	}
	walk(t)
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// maxSnapshotKeys bounds the customers of one conversation whose trackers are still worth a snapshot.
const maxSnapshotKeys = 8

// snapshot asks for a snapshot, and reports whether it will be written. It never waits.
func (l *Log) snapshot(f folded) bool {
	if l.opts.SnapshotEvery < 0 || len(f.keys) > maxSnapshotKeys {
		return false
	}
	select {
	case l.snapshots <- f:
		return true
	default: // busy; a later event asks again
		return false
	}
}

// writeSnapshots writes them one after the other. On Close those that wait are dropped: they are never needed.
func (l *Log) writeSnapshots() {
	for {
		select {
		case <-l.ctx.Done():
			return
		case f := <-l.snapshots:
			ctx, cancel := context.WithTimeout(l.ctx, l.opts.Timeout)
			if err := l.saveSnapshot(ctx, f); err == nil {
				l.stats.snapshots.Add(1)
			} else if !errors.Is(err, dialogue.ErrLogFull) && l.ctx.Err() == nil {
				l.opts.Logger.Warn("a snapshot was not written", "tenant", f.t.Tenant, "error", err)
			}
			cancel()
		}
	}
}

// saveSnapshot seals the tracker with every key that went into it, one over the other: with any of them gone it cannot be read, and
// erasing one of several customers of a conversation leaves nothing of them behind.
func (l *Log) saveSnapshot(ctx context.Context, f folded) error {
	head := snapshotHead{Seq: f.t.Seq, Fold: foldRules}
	body, err := json.Marshal(f.t)
	if err != nil {
		return err
	}
	subject := snapshotSubject(f.t.Key)
	body, _ = l.packer.pack(body)
	for _, ref := range f.keys {
		key, ok, err := l.keys.opening(ctx, ref)
		if err != nil || !ok {
			return err // erased meanwhile: no snapshot
		}
		head.Keys = append(head.Keys, snapshotKey{ref.alias, ref.id.String()})
		body = key.seal(nil, body, []byte(subject))
	}
	readable, err := json.Marshal(head)
	if err != nil {
		return err
	}
	raw := l.packer.writeFrame(snapshotFrame, subject, readable, body, nil)
	if int64(len(raw)) > l.nc.MaxPayload()-1024 || l.server != nil && l.server.full.Load() {
		return dialogue.ErrLogFull
	}
	_, err = l.js.Publish(ctx, subject, raw)
	return err
}

var errOtherFold = errors.New("folded by other rules")

// loadSnapshot returns the last snapshot, or the empty tracker if there is none that can be used.
func (l *Log) loadSnapshot(ctx context.Context, k dialogue.Key) (folded, error) {
	none := folded{t: &dialogue.Tracker{Key: k}}
	m, err := l.last(ctx, snapshotsStream, snapshotSubject(k))
	if err != nil || m == nil {
		return none, err
	}
	f, err := l.readSnapshot(ctx, k, m)
	switch {
	case errors.Is(err, dialogue.ErrErased), errors.Is(err, errOtherFold):
		return none, nil
	case errors.Is(err, ErrDamaged):
		_ = l.damaged(snapshotsStream, m, err) // reported; the events tell the same
		return none, nil
	case err != nil:
		return none, err
	}
	return f, nil
}

func (l *Log) readSnapshot(ctx context.Context, k dialogue.Key, m *message) (folded, error) {
	fr, err := readFrame(snapshotFrame, m.data)
	if err != nil {
		return folded{}, err
	}
	var head snapshotHead
	if err := json.Unmarshal(fr.readable, &head); err != nil || len(head.Keys) > maxSnapshotKeys {
		return folded{}, fmt.Errorf("%w: head of a snapshot: %w", ErrDamaged, err)
	}
	if head.Fold != foldRules {
		return folded{}, errOtherFold
	}
	body, err := fr.open(l.packer, m.subject, dataKey{})
	if err != nil {
		return folded{}, err
	}
	var f folded
	for i := len(head.Keys) - 1; i >= 0; i-- {
		if len(body) < sealBytes {
			return folded{}, fmt.Errorf("%w: a snapshot that is cut off", ErrDamaged)
		}
		ref := keyRef{owner{k.Tenant, head.Keys[i].Customer}, keyID(body[:8])}
		key, ok, err := l.openingOf(ctx, ref)
		if err != nil {
			return folded{}, err
		}
		if !ok {
			return folded{}, dialogue.ErrErased
		}
		if body, err = key.open(body, []byte(m.subject)); err != nil {
			return folded{}, err
		}
		f.keys = append(f.keys, ref)
	}
	if body, err = l.unpackMaybe(body); err != nil {
		return folded{}, err
	}
	f.t = new(dialogue.Tracker)
	if err := json.Unmarshal(body, f.t); err != nil || f.t.Key != k || f.t.Seq != head.Seq {
		return folded{}, fmt.Errorf("%w: tracker of a snapshot: %w", ErrDamaged, err)
	}
	f.snapped = f.t.Events
	return f, nil
}

// unpackMaybe unpacks what begins as the compressor's output does; JSON never does.
func (l *Log) unpackMaybe(b []byte) ([]byte, error) {
	if len(b) > 0 && b[0] == '{' {
		return b, nil
	}
	return l.packer.unpack(b)
}
