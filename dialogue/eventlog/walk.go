package eventlog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// WalkReadable is Walk with the readable part of each event as it is stored: the JSON of a [dialogue.Event] without its sequence. Nothing is opened,
// so it is many times as fast; that a part is as it was written is not checked, only that there is one. fn must not keep the bytes.
func (l *Log) WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error {
	last, err := l.lastSeq(ctx, turnsStream)
	if err == nil {
		err = l.bulk(ctx, turnsStream, after+1, last, func(m message) error {
			f, err := readFrame(eventFrame, m.data)
			if err != nil {
				l.damagedTurn(ctx, m, err)
				return nil
			}
			return fn(m.seq, f.readable, last)
		})
	}
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	return nil
}

// damagedTurn reports a message that bulk read, which knows no subjects.
func (l *Log) damagedTurn(ctx context.Context, m message, why error) {
	if whole, err := l.getDirect(ctx, turnsStream, getRequest{Seq: m.seq}); err == nil && whole != nil {
		m.subject = whole.subject
	}
	_ = l.damaged(turnsStream, &m, why) // reported
}

// What bulk asks for at once.
const (
	bulkMessages = 4096
	bulkBytes    = 4 << 20
)

// bulk calls fn for every message of the stream with sequence in [from, to], in order, without subject and time. The next batch is fetched while fn is called for one.
func (l *Log) bulk(ctx context.Context, stream string, from, to uint64, fn func(message) error) error {
	type answer struct {
		batch []message
		err   error
	}
	fetching, cancel := context.WithCancel(ctx)
	answers := make(chan answer)
	go func() { // ends with fetching
		defer close(answers)
		for from <= to {
			batch, err := l.fetchBulk(fetching, stream, from)
			select {
			case answers <- answer{batch, err}:
			case <-fetching.Done():
				return
			}
			if err != nil || len(batch) == 0 {
				return
			}
			from = batch[len(batch)-1].seq + 1
		}
	}()
	defer func() {
		cancel()
		for range answers { // until the goroutine has ended
		}
	}()
	for a := range answers {
		if a.err != nil {
			return a.err
		}
		for _, m := range a.batch {
			if m.seq > to {
				return nil
			}
			if err := fn(m); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// fetchBulk returns messages with sequence >= from, in order. The server is asked to leave the headers out, which are half of the work on both sides:
// where no sequence is missing, they can be counted.
func (l *Log) fetchBulk(ctx context.Context, stream string, from uint64) (out []message, err error) {
	from = max(from, 1)
	body, err := json.Marshal(getRequest{Seq: from, Batch: bulkMessages, MaxBytes: bulkBytes, Bare: true})
	if err != nil {
		return nil, err
	}
	gaps := false
	err = l.again(ctx, "read "+stream, func(ctx context.Context) (err error) {
		out, gaps, err = l.bulkOnce(ctx, stream, from, body)
		return err
	})
	if err == nil && gaps {
		return l.fetch(ctx, stream, stream+".>", from, batchMessages)
	}
	return out, err
}

// bulkOnce tells with gaps that what came cannot be counted. A server that does not know the request sends headers, which is as well.
func (l *Log) bulkOnce(ctx context.Context, stream string, from uint64, body []byte) (out []message, gaps bool, err error) {
	inbox := nats.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is gone
	if err := l.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return nil, false, err
	}
	bare := false
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, false, err
		}
		if len(msg.Header) == 0 {
			bare = true
			out = append(out, message{seq: from + uint64(len(out)), data: msg.Data})
			continue
		}
		m, end, err := parseDirect(stream, msg)
		switch {
		case err != nil:
			return nil, false, err
		case !end:
			out = append(out, *m)
		case bare:
			through, err := strconv.ParseUint(msg.Header.Get(jetstream.LastSequenceHeader), 10, 64)
			return out, err != nil || through != from+uint64(len(out))-1, nil
		default:
			return out, false, nil
		}
	}
}
