package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Defaults of the stream of parses.
const (
	defaultKeepParses = 30 * 24 * time.Hour
	maxParsesBytes    = 4 << 30 // of a budget, at most
	maxPacks          = 1 << 20 // also where bytes are not bounded, as in a cluster without a budget: bytes would be set aside there
)

// packHead is the readable part of a pack's frame.
type packHead struct {
	ID string `json:"id"`
	N  int    `json:"n"` // texts
}

// AppendParses writes notes of texts that were only analysed, as one message. It returns before they are on the disk of an embedded log: what was
// written in the last moments before a power cut or a kill is lost. They are kept for Options.KeepParses and within the stream's share of the
// budget; then the oldest go. A pack that is written again within two minutes, since it was not known whether it had been, counts once.
//
// Errors: dialogue.ErrLogFull, dialogue.ErrUnavailable, ErrClosed.
func (l *Log) AppendParses(ctx context.Context, p *dialogue.ParsedPack) error {
	raw, err := l.packParses(p)
	if err != nil {
		return fmt.Errorf("write parses: %w", err)
	}
	if l.server != nil && l.server.full.Load() {
		return fmt.Errorf("write parses: %w: less than %d MiB are free", dialogue.ErrLogFull, l.server.reserve>>20)
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	_, err = l.js.Publish(ctx, parsesSubject, raw, jetstream.WithExpectStream(parsesStream), jetstream.WithMsgID(p.ID), jetstream.WithRetryAttempts(0))
	switch {
	case err == nil:
	case outcomeOf(err) == full:
		return fmt.Errorf("write parses: %w: %w", dialogue.ErrLogFull, err)
	default:
		return l.failed("write parses", err)
	}
	l.stats.parses.Add(uint64(len(p.Parses)))
	return nil
}

// packParses makes the bytes of a message. The body is not sealed: what is in it is what events keep readable.
func (l *Log) packParses(p *dialogue.ParsedPack) ([]byte, error) {
	if p.ID == "" {
		return nil, errors.New("the pack has no id")
	}
	readable, err := json.Marshal(packHead{p.ID, len(p.Parses)})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	raw := l.packer.writeFrame(packFrame, parsesSubject, readable, body, nil)
	if limit := l.nc.MaxPayload(); int64(len(raw)) > limit-1024 {
		return nil, fmt.Errorf("the pack has %d bytes: at most %d can be written", len(raw), limit-1024)
	}
	return raw, nil
}

// ReadParses calls fn with the packs that have a sequence above after and are in the stream now, in order, as the JSON of [dialogue.ParsedPack].
// Sequences are missing where the oldest have gone. A damaged pack is reported and comes as nil. It ends with fn's error.
func (l *Log) ReadParses(ctx context.Context, after uint64, fn func(seq uint64, pack []byte) error) error {
	for {
		batch, err := l.fetchBulk(ctx, parsesStream, after+1)
		if err != nil {
			return fmt.Errorf("read parses: %w", err)
		}
		if len(batch) == 0 {
			return ctx.Err()
		}
		for i := range batch {
			m := &batch[i]
			after = m.seq
			m.subject = parsesSubject
			pack, err := l.openParses(m)
			if err != nil {
				_ = l.damaged(parsesStream, m, err) // reported
				pack = nil
			}
			if err := fn(m.seq, pack); err != nil {
				return err
			}
		}
	}
}

func (l *Log) openParses(m *message) ([]byte, error) {
	f, err := readFrame(packFrame, m.data)
	if err != nil {
		return nil, err
	}
	if f.sealed() || !f.hasBody() {
		return nil, fmt.Errorf("%w: a pack that is sealed or empty", ErrDamaged)
	}
	return f.open(l.packer, parsesSubject, dataKey{})
}

// ParsesAt returns the id of the pack with a sequence, empty where there is none: it has gone, or was never there. first and last are the
// sequences of what the stream has; first is above last when it has nothing.
func (l *Log) ParsesAt(ctx context.Context, seq uint64) (id string, first, last uint64, err error) {
	info, err := l.info(ctx, parsesStream)
	if err != nil {
		return "", 0, 0, err
	}
	first, last = info.State.FirstSeq, info.State.LastSeq
	if info.State.Msgs == 0 {
		first = last + 1
	}
	if seq < first || seq > last {
		return "", first, last, nil
	}
	m, err := l.getDirect(ctx, parsesStream, getRequest{Seq: seq})
	if err != nil || m == nil {
		return "", first, last, err
	}
	var head packHead
	f, err := readFrame(packFrame, m.data)
	if err == nil {
		err = json.Unmarshal(f.readable, &head)
	}
	if err != nil {
		return "", first, last, nil // it is damaged, which reading it reports
	}
	return head.ID, first, last, nil
}
