package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Follow implements dialogue.Log. "From now" means from the moment it is called. Damaged messages are reported and passed over.
func (l *Log) Follow(ctx context.Context, fn func(*dialogue.Event)) error {
	from, err := l.lastSeq(ctx, turnsStream)
	if err != nil {
		return fmt.Errorf("follow the event log: %w", err)
	}
	err = l.follow(ctx, turnsStream, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1},
		nil, func(m message, _ uint64) error {
			ev, err := l.decode(ctx, m)
			if err == nil && ev != nil {
				fn(ev)
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("follow the event log: %w", err)
	}
	return nil
}

// Walk calls fn for every event with a sequence above after that was written before it was called, in the log's order, and tells how many there
// are to come. It writes nothing. Damaged messages are reported and passed over. It ends with fn's error, or ctx's.
func (l *Log) Walk(ctx context.Context, after uint64, fn func(ev *dialogue.Event, last uint64) error) error {
	last, err := l.lastSeq(ctx, turnsStream)
	if err == nil {
		err = l.each(ctx, turnsStream, turnsStream+".>", after+1, last, func(m message) error {
			ev, err := l.decode(ctx, m)
			if err != nil || ev == nil {
				return err
			}
			return fn(ev, last)
		})
	}
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	return nil
}

// decode reads an event; nil without an error means that it is damaged, which has been reported. It waits while keys cannot be had.
func (l *Log) decode(ctx context.Context, m message) (*dialogue.Event, error) {
	for {
		ev, _, err := l.open(ctx, m)
		switch {
		case err == nil:
			return ev, nil
		case errors.Is(err, ErrDamaged):
			_ = l.damaged(turnsStream, &m, err) // reported
			return nil, nil
		case errors.Is(err, dialogue.ErrUnavailable) && sleep(ctx, 10*retryWait):
		default:
			return nil, err
		}
	}
}

// lastSeq returns the sequence of the stream's last message, 0 if there was none.
func (l *Log) lastSeq(ctx context.Context, stream string) (uint64, error) {
	info, err := l.info(ctx, stream)
	if err != nil {
		return 0, err
	}
	return info.State.LastSeq, nil
}

func (l *Log) info(ctx context.Context, stream string) (info *jetstream.StreamInfo, err error) {
	err = l.again(ctx, "look at "+stream, func(ctx context.Context) error {
		s, err := l.js.Stream(ctx, stream)
		if err == nil {
			info = s.CachedInfo()
		}
		return err
	})
	return info, err
}

// follow calls fn for the messages of an ordered consumer, with the number of those that are waiting behind, until ctx is done (nil), the
// log is closed (ErrClosed) or fn fails. began, if not nil, is called once the consumer stands, with the number of messages to come.
func (l *Log) follow(ctx context.Context, stream string, c jetstream.OrderedConsumerConfig, began func(pending uint64), fn func(message, uint64) error) error {
	var cons jetstream.Consumer
	err := l.again(ctx, "listen to "+stream, func(ctx context.Context) (err error) {
		cons, err = l.js.OrderedConsumer(ctx, stream, c)
		return err
	})
	if err != nil {
		return err
	}
	if began != nil {
		began(cons.CachedInfo().NumPending)
	}
	it, err := cons.Messages()
	if err != nil {
		return l.failed("listen to "+stream, err)
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	defer context.AfterFunc(l.ctx, it.Stop)()
	if began != nil {
		err = l.deliverCounted(ctx, stream, cons, it, began, fn)
	} else {
		err = l.deliver(ctx, stream, it, fn)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// deliverCounted is deliver with a look at the number of messages to come while none comes: what was counted and has been rewritten since is
// not delivered, so there may be none that says that it is the last.
func (l *Log) deliverCounted(ctx context.Context, stream string, cons jetstream.Consumer, it jetstream.MessagesContext, count func(pending uint64),
	fn func(message, uint64) error) error {
	ended := false
	more := func(m message, pending uint64) error {
		ended = ended || pending == 0
		return fn(m, pending)
	}
	for !ended {
		err := l.deliver(ctx, stream, it, more, jetstream.NextMaxWait(quiet))
		if !errors.Is(err, nats.ErrTimeout) {
			return err
		}
		if info, err := cons.Info(ctx); err == nil {
			count(info.NumPending)
			ended = ended || info.NumPending == 0
		}
	}
	return l.deliver(ctx, stream, it, fn)
}

// deliver calls fn for each message until something ends it; nats.ErrTimeout is returned to one who asked for a limit.
func (l *Log) deliver(ctx context.Context, stream string, it jetstream.MessagesContext, fn func(message, uint64) error, opts ...jetstream.NextOpt) error {
	for {
		msg, err := it.Next(opts...)
		switch {
		case len(opts) > 0 && errors.Is(err, nats.ErrTimeout):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case l.ctx.Err() != nil:
			return ErrClosed
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return l.failed("listen to "+stream, err)
		case err != nil:
			l.opts.Logger.Warn("listening to the event log was interrupted", "stream", stream, "error", err)
			sleep(ctx, 10*retryWait)
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("listen to %s: %w", stream, err)
		}
		if err := fn(message{msg.Subject(), meta.Sequence.Stream, meta.Timestamp, msg.Data()}, meta.NumPending); err != nil {
			return err
		}
	}
}

const (
	consumeBatch = 128
	ackWait      = 15 * time.Second
	maxBackoff   = 30 * time.Second
)
