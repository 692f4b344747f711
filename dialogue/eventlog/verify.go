package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Verification is what Verify found.
type Verification struct {
	Messages      uint64 `json:"messages"` // of the stream of turns
	Bytes         uint64 `json:"bytes"`
	Conversations int    `json:"conversations"`
	Erased        uint64 `json:"erased"`      // messages whose private part is unreadable because its key is gone
	Checkpoints   int    `json:"checkpoints"` // that were met and agree
	Checkpointed  uint64 `json:"checkpointed"`
	Documents     int    `json:"documents"` // versions
	// Damage lists what is wrong, up to a bound; Damaged counts all of it.
	Damaged int      `json:"damaged"`
	Damage  []Damage `json:"-"`
}

const maxDamage = 100

// OK tells whether nothing is wrong.
func (v Verification) OK() bool { return v.Damaged == 0 }

// Verify reads everything: frames, seals, each conversation's chain, gaps, checkpoints, documents. It needs about 100 bytes of memory a
// conversation. progress, if not nil, is called now and then with the messages done and in all. An error means that it could not read;
// what is damaged is in the result.
func (l *Log) Verify(ctx context.Context, progress func(done, total uint64)) (Verification, error) {
	v := verifier{log: l, last: map[string]string{}, progress: progress}
	if err := v.run(ctx); err != nil {
		return v.Verification, fmt.Errorf("verify the event log: %w", err)
	}
	return v.Verification, nil
}

type verifier struct {
	Verification
	log         *Log
	last        map[string]string // hash of the last message by subject
	chain       chain
	checkpoints []checkpoint
	progress    func(done, total uint64)
}

func (v *verifier) run(ctx context.Context) error {
	if err := v.loadCheckpoints(ctx); err != nil {
		return err
	}
	to, err := v.log.lastSeq(ctx, turnsStream)
	if err != nil {
		return err
	}
	if err := v.log.each(ctx, turnsStream, turnsStream+".>", 1, to, func(m message) error { return v.take(ctx, m, to) }); err != nil {
		return err
	}
	if v.chain.seq < to {
		v.wrong(turnsStream, "", to, fmt.Errorf("%w: messages %d to %d are missing", ErrDamaged, v.chain.seq+1, to))
	}
	for _, cp := range v.checkpoints { // beyond the end
		v.wrong(turnsStream, "", cp.Seq, fmt.Errorf("%w: a checkpoint of %s covers message %d, the stream ends at %d: its end was cut off",
			ErrDamaged, cp.Time.Format("2006-01-02 15:04"), cp.Seq, to))
	}
	v.Conversations = len(v.last)
	return v.documents(ctx)
}

func (v *verifier) loadCheckpoints(ctx context.Context) error {
	to, err := v.log.lastSeq(ctx, checkpointsStream)
	if err != nil {
		return err
	}
	return v.log.each(ctx, checkpointsStream, checkpointsStream, 1, to, func(m message) error {
		cp, err := v.log.keys.parseCheckpoint(&m)
		if err != nil {
			v.wrong(checkpointsStream, m.subject, m.seq, err)
			return nil
		}
		v.checkpoints = append(v.checkpoints, cp)
		return nil
	})
}

func (v *verifier) take(ctx context.Context, m message, total uint64) error {
	if m.seq != v.chain.seq+1 {
		v.wrong(turnsStream, m.subject, m.seq, fmt.Errorf("%w: messages %d to %d are missing", ErrDamaged, v.chain.seq+1, m.seq-1))
	}
	v.chain.add(m)
	v.Messages++
	v.Bytes += uint64(len(m.data))
	for len(v.checkpoints) > 0 && v.checkpoints[0].Seq <= m.seq {
		cp := v.checkpoints[0]
		v.checkpoints = v.checkpoints[1:]
		if cp.Seq != m.seq || string(cp.Hash) != string(v.chain.hash[:]) {
			v.wrong(turnsStream, m.subject, cp.Seq, fmt.Errorf("%w: what comes before is not what the checkpoint of %s saw", ErrDamaged, cp.Time.Format("2006-01-02 15:04")))
			continue
		}
		v.Checkpoints, v.Checkpointed = v.Checkpoints+1, cp.Seq
	}
	if v.progress != nil && m.seq%4096 == 0 {
		v.progress(m.seq, total)
	}
	return v.event(ctx, m)
}

func (v *verifier) event(ctx context.Context, m message) error {
	ev, ref, err := v.log.readEvent(ctx, m)
	before := v.last[m.subject]
	v.last[strings.Clone(m.subject)] = hashOf(m.data)
	switch {
	case errors.Is(err, ErrDamaged):
		v.wrong(turnsStream, m.subject, m.seq, err)
	case err != nil:
		return err
	case ev.Prev != before:
		v.wrong(turnsStream, m.subject, m.seq, fmt.Errorf("%w: it follows on %.12q, but %.12q is before it", ErrDamaged, ev.Prev, before))
	case ref == nil:
		if f, err := readFrame(eventFrame, m.data); err == nil && f.hasBody() {
			v.Erased++
		}
	}
	return nil
}

func (v *verifier) documents(ctx context.Context) error {
	for _, stream := range documentStreams {
		to, err := v.log.lastSeq(ctx, stream)
		if err != nil {
			return err
		}
		err = v.log.each(ctx, stream, stream+".>", 1, to, func(m message) error {
			v.Documents++
			if _, err := v.log.parseDocument(ctx, m); errors.Is(err, ErrDamaged) {
				v.wrong(stream, m.subject, m.seq, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) wrong(stream, subject string, seq uint64, err error) {
	if v.Damaged++; len(v.Damage) < maxDamage {
		v.Damage = append(v.Damage, Damage{stream, subject, seq, err})
	}
}
