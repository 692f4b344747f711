package eventlog

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"yingda/dialogue"
)

// checkpoint fixes all of the stream of turns up to a message.
type checkpoint struct {
	Seq   uint64    `json:"seq"`
	Hash  []byte    `json:"hash"` // of the chain
	MAC   []byte    `json:"mac"`  // by a key that only the master key opens
	Time  time.Time `json:"time"`
	Event time.Time `json:"event"` // when the last message was stored
}

// chain hashes the whole stream: each link takes in the one before, the place, the subject and the bytes of a message.
type chain struct {
	seq  uint64
	hash [sha256.Size]byte
}

func (c *chain) add(m message) {
	h := sha256.New()
	h.Write(c.hash[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], m.seq)
	h.Write(n[:])
	sum := sha256.Sum256([]byte(m.subject))
	h.Write(sum[:])
	sum = sha256.Sum256(m.data)
	h.Write(sum[:])
	h.Sum(c.hash[:0])
	c.seq = m.seq
}

func (ks *keystore) mac(c chain) []byte {
	m := hmac.New(sha256.New, ks.chain)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], c.seq)
	m.Write(n[:])
	m.Write(c.hash[:])
	return m.Sum(nil)
}

func (ks *keystore) parseCheckpoint(m *message) (checkpoint, error) {
	var cp checkpoint
	if err := json.Unmarshal(m.data, &cp); err != nil || len(cp.Hash) != sha256.Size {
		return cp, fmt.Errorf("%w: checkpoint: %w", ErrDamaged, err)
	}
	if !hmac.Equal(cp.MAC, ks.mac(chain{cp.Seq, [32]byte(cp.Hash)})) {
		return cp, fmt.Errorf("%w: the checkpoint at %d is not authentic", ErrDamaged, cp.Seq)
	}
	return cp, nil
}

// writeCheckpoints writes one now and then, and one at the end. Replicas share the work: who comes later finds it done.
func (l *Log) writeCheckpoints() {
	for sleep(l.ctx, l.opts.CheckpointEvery) {
		if err := l.Checkpoint(l.ctx); err != nil && l.ctx.Err() == nil {
			l.opts.Logger.Warn("a checkpoint was not written", "error", err)
		}
	}
}

// Checkpoint fixes what is in the stream of turns now. Open has it done every Options.CheckpointEvery.
func (l *Log) Checkpoint(ctx context.Context) error {
	to, err := l.lastSeq(ctx, turnsStream)
	if err != nil {
		return err
	}
	var c chain
	m, err := l.last(ctx, checkpointsStream, checkpointsStream)
	if err != nil {
		return err
	}
	var prev uint64
	if m != nil {
		cp, err := l.keys.parseCheckpoint(m)
		if err != nil {
			return l.damaged(checkpointsStream, m, err)
		}
		c, prev = chain{cp.Seq, [32]byte(cp.Hash)}, m.seq
	}
	if c.seq >= to {
		return nil
	}
	var at time.Time
	err = l.each(ctx, turnsStream, turnsStream+".>", c.seq+1, to, func(m message) error {
		c.add(m)
		at = m.time
		return nil
	})
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	data, err := json.Marshal(checkpoint{c.seq, c.hash[:], l.keys.mac(c), l.opts.Now().UTC(), at})
	if err != nil {
		return err
	}
	switch _, err = l.put(ctx, checkpointsStream, checkpointsStream, data, prev); {
	case errors.Is(err, dialogue.ErrConflict): // another replica was quicker
		return nil
	case err != nil:
		return fmt.Errorf("checkpoint: %w", err)
	}
	l.stats.checkpoints.Add(1)
	return nil
}
