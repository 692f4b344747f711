package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yingda/dialogue"
)

// Rotate wraps all keys with Options.Master and lets go of the previous master keys: afterwards the log opens with the new one only.
// What was sealed stays as it is. All replicas must have been opened with both keys before. It may be cut off and done again.
// It returns how many keys were wrapped anew.
func (l *Log) Rotate(ctx context.Context) (int, error) {
	n, err := l.keys.rotate(ctx)
	if err != nil {
		return n, fmt.Errorf("rotate the master key: %w; do it again", err)
	}
	return n, nil
}

func (ks *keystore) rotate(ctx context.Context) (n int, err error) {
	to := ks.masters[0]
	if err := ks.setMasters(ctx, func(have []wrappedSecret) []wrappedSecret {
		others := slices.DeleteFunc(have, func(w wrappedSecret) bool { return w.ID == to.id })
		return append([]wrappedSecret{ks.wrapSecret(to, ks.secret)}, others...)
	}); err != nil {
		return 0, err
	}
	for { // until a pass finds nothing: replicas make keys meanwhile
		done, err := ks.rewrapAll(ctx, to)
		n += done
		if err != nil {
			return n, err
		}
		if done == 0 {
			break
		}
	}
	if err := ks.setMasters(ctx, func([]wrappedSecret) []wrappedSecret {
		return []wrappedSecret{ks.wrapSecret(to, ks.secret)}
	}); err != nil {
		return n, err
	}
	late, err := ks.rewrapAll(ctx, to)
	return n + late, err
}

// setMasters changes the master record and overwrites its older versions.
func (ks *keystore) setMasters(ctx context.Context, change func([]wrappedSecret) []wrappedSecret) error {
	for {
		rec, seq, err := ks.masterRecord(ctx)
		if err != nil {
			return err
		}
		rec.Masters = change(rec.Masters)
		data, err := json.Marshal(rec)
		if err != nil {
			return err
		}
		last, err := ks.log.put(ctx, keysStream, masterSubject, data, seq)
		if errors.Is(err, dialogue.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		return ks.log.eachKey(ctx, masterSubject, func(m *message) error {
			if m.seq >= last {
				return nil
			}
			return ks.log.overwrite(ctx, m.seq)
		})
	}
}

// rewrapAll wraps with to what another master wraps, and overwrites what is superseded: a wrapped key that stays behind would outlive an
// erasure.
func (ks *keystore) rewrapAll(ctx context.Context, to master) (n int, err error) {
	err = ks.log.eachKey(ctx, dataPrefix+">", func(m *message) error {
		last, err := ks.log.last(ctx, keysStream, m.subject)
		if err != nil || last == nil {
			return err // erased just now
		}
		if last.seq != m.seq {
			return ks.log.overwrite(ctx, m.seq)
		}
		rec, id, raw, err := ks.unwrapRaw(m)
		if errors.Is(err, ErrDamaged) { // reported; it cannot be read with any master
			return nil
		}
		if err != nil || rec.Master == to.id {
			return err
		}
		data, err := json.Marshal(ks.wrap(to, m.subject, id, raw, rec.Created))
		if err != nil {
			return err
		}
		if _, err := ks.log.put(ctx, keysStream, m.subject, data, m.seq); err != nil {
			if errors.Is(err, dialogue.ErrConflict) {
				return nil // erased, or another is rotating
			}
			return err
		}
		n++
		return ks.log.overwrite(ctx, m.seq)
	})
	return n, err
}

// active returns the master that new keys are wrapped with: all replicas agree on the one that stands first in the record.
func (ks *keystore) active(ctx context.Context) (master, error) {
	rec, _, err := ks.masterRecord(ctx)
	if err != nil {
		return master{}, err
	}
	m, ok := ks.master(rec.Masters[0].ID)
	if !ok {
		return m, fmt.Errorf("%w: keys are wrapped with master %s now, which was not given", ErrMasterKey, rec.Masters[0].ID)
	}
	return m, nil
}
