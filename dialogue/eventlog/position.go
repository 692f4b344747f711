package eventlog

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// positionEvery is how often the position of a consumer is saved; as much of the log may be handed over again after a crash.
const positionEvery = time.Second

// lightConsumer is one that the embedded server keeps in memory: with SyncAlways the state of each would be synced to disk many times a
// second, in the way of the turns. Where it is, is saved once a second instead, and a new process makes it again from there.
func (l *Log) lightConsumer(ctx context.Context, name string) (jetstream.Consumer, error) {
	cons, err := l.js.Consumer(ctx, turnsStream, name)
	switch {
	case err == nil && cons.CachedInfo().Config.MemoryStorage:
		return cons, nil
	case err == nil: // as it was made by an earlier version
		if err := l.savePosition(ctx, name, cons.CachedInfo().AckFloor.Stream); err != nil {
			return nil, err
		}
		if err := l.js.DeleteConsumer(ctx, turnsStream, name); err != nil {
			return nil, err
		}
	case !errors.Is(err, jetstream.ErrConsumerNotFound):
		return nil, err
	}
	config := consumerConfig(name)
	config.MemoryStorage = true
	m, err := l.last(ctx, positionsStream, positionSubject(name))
	if err != nil {
		return nil, err
	}
	if at := positionIn(m); at > 0 {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, at+1
	}
	cons, err = l.js.CreateConsumer(ctx, turnsStream, config)
	if errors.Is(err, jetstream.ErrConsumerExists) { // another replica in this process was quicker
		return l.js.Consumer(ctx, turnsStream, name)
	}
	return cons, err
}

// save keeps the consumer's position if that was not done for as long as every. What fails is done the next time.
func (c *consumer) save(ctx context.Context, cons jetstream.Consumer, every time.Duration) {
	if c.log.server == nil || time.Since(c.saved) < every {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.log.opts.Timeout)
	defer cancel()
	info, err := cons.Info(ctx)
	if err == nil && info.AckFloor.Stream > 0 {
		err = c.log.savePosition(ctx, c.name, info.AckFloor.Stream)
	}
	if err != nil {
		c.log.opts.Logger.Debug("the position of a consumer was not saved", "consumer", c.name, "error", err)
		return
	}
	c.saved = time.Now()
}

func positionSubject(name string) string { return positionsStream + "." + token(name) }

func (l *Log) savePosition(ctx context.Context, name string, seq uint64) error {
	_, err := l.js.Publish(ctx, positionSubject(name), binary.BigEndian.AppendUint64(nil, seq), jetstream.WithExpectStream(positionsStream))
	return err
}

// positionIn reads a saved position; 0 where there is none.
func positionIn(m *message) uint64 {
	if m == nil || len(m.data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(m.data)
}

// savedPositions adds the positions that are kept outside of consumers.
func (l *Log) savedPositions(ctx context.Context, by map[string]uint64) error {
	if l.server == nil {
		return nil
	}
	return l.eachLast(ctx, positionsStream, positionsStream+".*", func(m message) error {
		if name, err := untoken(m.subject[len(positionsStream)+1:]); err == nil {
			by[name] = positionIn(&m)
		}
		return nil
	})
}
