package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// message is a stored message as it was written.
type message struct {
	subject string
	seq     uint64
	time    time.Time
	data    []byte
}

// getRequest asks the server for stored messages; see its API documentation.
type getRequest struct {
	Seq      uint64 `json:"seq,omitempty"`
	LastFor  string `json:"last_by_subj,omitempty"`
	NextFor  string `json:"next_by_subj,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	MaxBytes int    `json:"max_bytes,omitempty"`
	Bare     bool   `json:"no_hdr,omitempty"` // without headers: subject, sequence, time
}

const (
	batchMessages = 512
	batchBytes    = 4 << 20
)

// last returns the subject's last message, nil if there is none. It sees all writes that were acknowledged before it was called: with an
// embedded server there is only one, and in a cluster the stream's leader is asked.
func (l *Log) last(ctx context.Context, stream, subject string) (*message, error) {
	if l.server != nil && stream != keysStream {
		return l.getDirect(ctx, stream, getRequest{LastFor: subject})
	}
	return l.getLeader(ctx, stream, getRequest{LastFor: subject})
}

// next returns the first message of the subject with sequence >= from, nil if there is none.
func (l *Log) next(ctx context.Context, stream, subject string, from uint64) (*message, error) {
	if l.server != nil && stream != keysStream {
		return l.getDirect(ctx, stream, getRequest{Seq: from, NextFor: subject})
	}
	return l.getLeader(ctx, stream, getRequest{Seq: from, NextFor: subject})
}

func (l *Log) getLeader(ctx context.Context, stream string, req getRequest) (*message, error) {
	msg, err := l.request(ctx, "$JS.API.STREAM.MSG.GET."+stream, req)
	if err != nil {
		return nil, err
	}
	var resp struct {
		Error   *jetstream.APIError
		Message *struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(msg.Data, &resp); err != nil {
		return nil, unavailable("read "+stream, err)
	}
	switch m := resp.Message; {
	case resp.Error != nil && resp.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, nil
	case resp.Error != nil:
		return nil, unavailable("read "+stream, resp.Error)
	case m == nil:
		return nil, unavailable("read "+stream, errors.New("empty answer"))
	default:
		return &message{m.Subject, m.Seq, m.Time, m.Data}, nil
	}
}

func (l *Log) getDirect(ctx context.Context, stream string, req getRequest) (*message, error) {
	msg, err := l.request(ctx, "$JS.API.DIRECT.GET."+stream, req)
	if err != nil {
		return nil, err
	}
	m, end, err := parseDirect(stream, msg)
	if err != nil || end {
		return nil, err
	}
	return m, nil
}

func (l *Log) request(ctx context.Context, subject string, req getRequest) (*nats.Msg, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	var msg *nats.Msg
	err = l.again(ctx, "read the event log", func(ctx context.Context) (err error) {
		msg, err = l.nc.RequestWithContext(ctx, subject, body)
		return err
	})
	return msg, err
}

// again calls f until it is answered, for Options.Timeout at most. A server that has just gone does not answer, and when there is no
// responder the store is being opened, or a leader elected. f must do no harm when it is called twice.
func (l *Log) again(ctx context.Context, doing string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	for {
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, l.attempt())
			defer cancel()
			return f(ctx)
		}()
		if err == nil {
			return nil
		}
		if !passing(err) || !sleep(ctx, retryWait) {
			return l.failed(doing, err)
		}
	}
}

// attempt is how long one attempt of a read or a write may take.
func (l *Log) attempt() time.Duration { return min(l.opts.Timeout, max(l.opts.Timeout/4, time.Second)) }

// fetch returns messages of the subject, which may have wildcards, with sequence >= from, in order: up to limit, as many as fit into one
// answer. None means that there are no more.
func (l *Log) fetch(ctx context.Context, stream, subject string, from uint64, limit int) ([]message, error) {
	body, err := json.Marshal(getRequest{Seq: max(from, 1), NextFor: subject, Batch: min(limit, batchMessages), MaxBytes: batchBytes})
	if err != nil {
		return nil, err
	}
	var out []message
	err = l.again(ctx, "read "+stream, func(ctx context.Context) (err error) {
		out, err = l.fetchOnce(ctx, stream, body)
		return err
	})
	return out, err
}

func (l *Log) fetchOnce(ctx context.Context, stream string, body []byte) (out []message, err error) {
	inbox := nats.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is gone
	if err := l.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return nil, err
	}
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, err
		}
		m, end, err := parseDirect(stream, msg)
		if err != nil || end {
			return out, err
		}
		out = append(out, *m)
	}
}

// parseDirect reads an answer of the server's direct API. end: there is no message, or no further one.
func parseDirect(stream string, msg *nats.Msg) (m *message, end bool, err error) {
	if status := msg.Header.Get("Status"); status != "" && len(msg.Data) == 0 {
		switch status {
		case "404", "204":
			return nil, true, nil
		case "503":
			return nil, false, nats.ErrNoResponders
		}
		return nil, false, unavailable("read "+stream, fmt.Errorf("status %s: %s", status, msg.Header.Get("Description")))
	}
	seq, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, false, unavailable("read "+stream, fmt.Errorf("answer without a sequence: %w", err))
	}
	at, err := time.Parse(time.RFC3339Nano, msg.Header.Get(jetstream.TimeStampHeaer))
	if err != nil {
		return nil, false, unavailable("read "+stream, fmt.Errorf("answer without a time: %w", err))
	}
	return &message{msg.Header.Get(jetstream.SubjectHeader), seq, at, msg.Data}, false, nil
}

// each calls fn for every message of the stream with sequence in [from, to], in order.
func (l *Log) each(ctx context.Context, stream, subject string, from, to uint64, fn func(message) error) error {
	return l.eachOf(ctx, stream, subject, from, to, batchMessages, fn)
}

// eachOf is each with the number of messages that are asked for at once.
func (l *Log) eachOf(ctx context.Context, stream, subject string, from, to uint64, size int, fn func(message) error) error {
	for from <= to {
		batch, err := l.fetch(ctx, stream, subject, from, size)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		for _, m := range batch {
			if m.seq > to {
				return nil
			}
			if err := fn(m); err != nil {
				return err
			}
			from = m.seq + 1
		}
	}
	return nil
}

// failed says why nothing came back.
func (l *Log) failed(doing string, err error) error {
	if l.ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ErrClosed)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return unavailable(doing, err)
}

const retryWait = 20 * time.Millisecond

// sleep waits, and reports whether ctx still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// conflictError is ErrConflict with the message that was first.
type conflictError struct {
	stream string
	first  *message
}

func (e *conflictError) Error() string {
	return "write " + e.stream + ": " + dialogue.ErrConflict.Error()
}
func (e *conflictError) Unwrap() error { return dialogue.ErrConflict }

// put writes data on the subject if the subject's last message has sequence last (0 = there is none), and returns the new sequence.
//
// An attempt whose outcome is unknown is repeated with the same condition: if the first did get through, the second meets a conflict,
// and what stands there tells that it was ours. A cluster also reports conflicts with what it has not written yet and may never write;
// only a message that stands there counts.
func (l *Log) put(ctx context.Context, stream, subject string, data []byte, last uint64, more ...header) (uint64, error) {
	if l.server != nil && l.server.full.Load() {
		return 0, fmt.Errorf("write %s: %w: less than %d MiB are free", stream, dialogue.ErrLogFull, l.server.reserve>>20)
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	for {
		seq, err := l.publish(ctx, stream, subject, data, last, more)
		if err == nil {
			return seq, nil
		}
		switch outcomeOf(err) {
		case conflict:
			if m, readErr := l.next(ctx, stream, subject, last+1); readErr == nil && m != nil {
				if string(m.data) == string(data) { // sealed bytes are never the same twice
					return m.seq, nil
				}
				return 0, &conflictError{stream, m}
			}
			if last > 0 && l.superseded(ctx, stream, subject, last) {
				return 0, &conflictError{stream, nil}
			}
		case full:
			return 0, fmt.Errorf("write %s: %w: %w", stream, dialogue.ErrLogFull, err)
		case refused:
			return 0, fmt.Errorf("write %s: %w", stream, err)
		}
		if !sleep(ctx, retryWait) {
			if l.ctx.Err() != nil {
				return 0, fmt.Errorf("write %s: %w", stream, ErrClosed)
			}
			return 0, unavailable("write "+stream, err)
		}
	}
}

// header is something that a message asks of the server.
type header struct{ name, value string }

// superseded tells whether the subject's last message is certainly not the one with sequence last, though none comes after it.
func (l *Log) superseded(ctx context.Context, stream, subject string, last uint64) bool {
	m, err := l.last(ctx, stream, subject)
	return err == nil && (m == nil || m.seq != last)
}

func (l *Log) publish(ctx context.Context, stream, subject string, data []byte, last uint64, more []header) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.attempt())
	defer cancel()
	msg := &nats.Msg{Subject: subject, Data: data}
	for _, h := range more {
		if msg.Header == nil {
			msg.Header = nats.Header{}
		}
		msg.Header.Set(h.name, h.value)
	}
	ack, err := l.js.PublishMsg(ctx, msg, jetstream.WithExpectStream(stream),
		jetstream.WithExpectLastSequencePerSubject(last), jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
