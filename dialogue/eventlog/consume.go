package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Consume implements dialogue.Log. Events come in the log's order as long as no other process uses the same name at the same time, after a
// crash and after failures too. A batch whose fn fails is repeated, after 0.1 s at first and at most 30 s later. Names are 1–64 of
// [A-Za-z0-9_-]. Damaged messages are reported and passed over.
func (l *Log) Consume(ctx context.Context, name string, fn func(context.Context, []dialogue.Event) error) error {
	cons, err := l.consumer(ctx, name)
	if err != nil {
		return fmt.Errorf("consume the event log as %s: %w", name, err)
	}
	c := consumer{log: l, name: name, fn: fn}
	defer func() { c.save(context.WithoutCancel(ctx), cons, 0) }()
	for {
		began, err := c.round(ctx, cons)
		switch {
		case ctx.Err() != nil:
			return nil
		case l.ctx.Err() != nil:
			return fmt.Errorf("consume the event log as %s: %w", name, ErrClosed)
		case err != nil:
			l.opts.Logger.Warn("consuming the event log was interrupted", "consumer", name, "error", err)
			sleep(ctx, time.Second)
			if again, err := l.consumer(ctx, name); err == nil {
				cons = again
			}
		case !began.IsZero():
			c.save(ctx, cons, positionEvery)
			sleep(ctx, breath-time.Since(began))
		}
	}
}

// consumer finds or makes the consumer. What an earlier call had got and not acknowledged would come again only after a wait, and out of
// order, so it is put back first.
func (l *Log) consumer(ctx context.Context, name string) (jetstream.Consumer, error) {
	if len(name) > 64 || token(name) != name || name == "" {
		return nil, fmt.Errorf("name %q: want 1 to 64 of A–Z, a–z, 0–9, _ and -", name)
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	open := l.durableConsumer
	if l.server != nil {
		open = l.lightConsumer
	}
	cons, err := open(ctx, name)
	if err != nil {
		return nil, l.failed("make the consumer", err)
	}
	if cons.CachedInfo().NumAckPending > 0 {
		if _, err := l.js.ResetConsumer(ctx, turnsStream, name); err != nil {
			l.opts.Logger.Warn("unacknowledged events come again only after a wait", "consumer", name, "error", err)
		}
	}
	return cons, nil
}

// durableConsumer is one whose state the cluster keeps.
func (l *Log) durableConsumer(ctx context.Context, name string) (jetstream.Consumer, error) {
	return l.js.CreateOrUpdateConsumer(ctx, turnsStream, consumerConfig(name))
}

func consumerConfig(name string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait: ackWait, MaxDeliver: -1, MaxAckPending: 4 * consumeBatch}
}

// consumer is one call of Consume.
type consumer struct {
	log   *Log
	name  string
	fn    func(context.Context, []dialogue.Event) error
	saved time.Time // when the position was, last
}

// breath is the least time between two batches. The first event after a pause is handed over at once; while many come, several share the
// work of asking for them and of noting that they were taken.
const breath = 40 * time.Millisecond

// round gets a batch, hands it over until it is taken, and acknowledges it. It tells when the batch came; zero if none did.
func (c *consumer) round(ctx context.Context, cons jetstream.Consumer) (began time.Time, err error) {
	msgs, err := c.get(ctx, cons)
	if err != nil || len(msgs) == 0 {
		return began, err
	}
	began = time.Now()
	beat, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // tells the server that work goes on
		defer close(done)
		for sleep(beat, ackWait/3) {
			for _, m := range msgs {
				_ = m.InProgress() // at worst it comes again
			}
		}
	}()
	err = c.hand(ctx, msgs)
	cancel()
	<-done
	if err != nil {
		for _, m := range msgs {
			_ = m.Nak() // for the next process at once; at worst after ackWait
		}
		return began, err
	}
	return began, c.acknowledge(ctx, msgs)
}

// acknowledge returns when the server knows that all were taken: it hears of them in this order.
func (c *consumer) acknowledge(ctx context.Context, msgs []jetstream.Msg) error {
	ack, cancelAck := context.WithTimeout(context.WithoutCancel(ctx), c.log.opts.Timeout) // what was taken should not come again
	defer cancelAck()
	for _, m := range msgs[:len(msgs)-1] {
		if err := m.Ack(); err != nil {
			return fmt.Errorf("acknowledge: %w", err) // those that are left come again
		}
	}
	if err := msgs[len(msgs)-1].DoubleAck(ack); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// get waits for at least one message.
func (c *consumer) get(ctx context.Context, cons jetstream.Consumer) ([]jetstream.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stop := context.AfterFunc(c.log.ctx, cancel)
	defer stop()
	first, err := cons.Fetch(1, jetstream.FetchContext(wait))
	if err != nil {
		return nil, err
	}
	var msgs []jetstream.Msg
	for m := range first.Messages() {
		msgs = append(msgs, m)
	}
	if err := first.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, jetstream.ErrNoMessages) {
		return nil, err
	}
	if len(msgs) == 0 {
		return nil, nil
	}
	more, err := cons.FetchNoWait(consumeBatch - 1)
	if err != nil {
		return msgs, nil // the next round finds out
	}
	for m := range more.Messages() {
		msgs = append(msgs, m)
	}
	return msgs, nil
}

// hand gives the batch to fn until that takes it or ctx is done. It is decoded each time: who was erased meanwhile must not come again.
func (c *consumer) hand(ctx context.Context, msgs []jetstream.Msg) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, maxBackoff) {
		events, err := c.decode(ctx, msgs)
		if err != nil || len(events) == 0 {
			return err
		}
		if err = c.fn(ctx, events); err == nil {
			return nil
		}
		if ctx.Err() == nil {
			c.log.opts.Logger.Warn("events were not taken and come again", "consumer", c.name, "events", len(events), "first", events[0].Seq, "after", wait, "error", err)
		}
		if c.log.ctx.Err() != nil || !sleep(ctx, wait) {
			return err
		}
	}
}

func (c *consumer) decode(ctx context.Context, msgs []jetstream.Msg) ([]dialogue.Event, error) {
	events := make([]dialogue.Event, 0, len(msgs))
	for _, msg := range msgs {
		meta, err := msg.Metadata()
		if err != nil {
			return nil, err
		}
		ev, err := c.log.decode(ctx, message{msg.Subject(), meta.Sequence.Stream, meta.Timestamp, msg.Data()})
		if err != nil {
			return nil, err
		}
		if ev != nil {
			events = append(events, *ev)
		}
	}
	return events, nil
}
