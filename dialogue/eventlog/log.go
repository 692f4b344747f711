package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Log keeps events and documents. It is safe for concurrent use.
type Log struct {
	opts   Options
	server *embedded // nil with an external cluster
	nc     *nats.Conn
	js     jetstream.JetStream
	keys   *keystore
	packer *packer

	trackers  *lru[dialogue.Key, folded]
	recent    *lru[string, opened] // by the hash of the message
	snapshots chan folded
	stats     counters

	ctx    context.Context // of what runs in the background
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once

	eraseMu sync.Mutex
	onErase map[int]func(tenant, alias string)
	nextFn  int
}

var (
	_ dialogue.Log       = (*Log)(nil)
	_ dialogue.Documents = (*Log)(nil)
)

type counters struct {
	appends, conflicts, damaged, snapshots, checkpoints, parses atomic.Uint64
}

// Stats counts what a log did since it was opened.
type Stats struct {
	Appends     uint64 // events written
	Conflicts   uint64 // appends that lost against another writer
	Damaged     uint64 // messages met that could not be read or did not fit their chain
	Snapshots   uint64 // written
	Checkpoints uint64 // written
	Parses      uint64 // texts that were only analysed, written
	Trackers    int    // in memory
	Full        bool   // the disk guard refuses writes
}

// Open opens the log, or makes a new one. ctx bounds the opening only. The caller closes the log.
//
// Errors: what is wrong with the options; ErrInUse; ErrMasterKey; dialogue.ErrUnavailable for a cluster that does not answer.
func Open(ctx context.Context, o Options) (*Log, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open the event log: %w", err)
	}
	var e *embedded
	if o.Dir != "" {
		if e, err = startEmbedded(o, diskFree); err != nil {
			return nil, fmt.Errorf("open the event log: %w", err)
		}
	}
	return open(ctx, o, e, nil)
}

// Replica opens a second log on the embedded server of l or on the same cluster, as another process would. It has its own connection and
// memory; the server stops when the last of them is closed.
func (l *Log) Replica(ctx context.Context) (*Log, error) { return open(ctx, l.opts, l.server, nil) }

// open connects and starts. before, if not nil, runs between the making of the streams and everything else.
func open(ctx context.Context, o Options, e *embedded, before func(*Log) error) (*Log, error) {
	l := &Log{opts: o, server: e, trackers: newLRU[dialogue.Key, folded](o.Trackers), recent: newLRU[string, opened](recentBytes), onErase: map[int]func(string, string){}}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if e != nil {
		e.logs.Add(1)
	}
	if err := l.start(ctx, before); err != nil {
		return nil, errors.Join(fmt.Errorf("open the event log: %w", err), l.Close())
	}
	return l, nil
}

func (l *Log) start(ctx context.Context, before func(*Log) error) (err error) {
	if l.packer, err = newPacker(); err != nil {
		return err
	}
	if l.server != nil {
		l.nc, err = l.server.connect()
	} else {
		l.nc, err = dial(l.opts)
	}
	if err != nil {
		return err
	}
	if l.js, err = jetstream.New(l.nc, jetstream.WithDefaultTimeout(l.opts.Timeout)); err != nil {
		return err
	}
	if err := l.ensureStreams(ctx); err != nil {
		return err
	}
	if before != nil {
		if err := before(l); err != nil {
			return err
		}
	}
	if l.keys, err = l.openKeys(ctx); err != nil {
		return err
	}
	return l.background(ctx)
}

// background starts what runs until Close.
func (l *Log) background(ctx context.Context) error {
	if l.server != nil && l.server.logs.Load() == 1 {
		l.run(func() { l.server.guard(l.ctx) })
	}
	if err := l.finishErasures(ctx); err != nil {
		return fmt.Errorf("finish erasures: %w", err)
	}
	watch, err := l.watchErasures(ctx)
	if err != nil {
		return err
	}
	l.run(watch)
	l.snapshots = make(chan folded, 256)
	l.run(l.writeSnapshots)
	if l.opts.CheckpointEvery > 0 {
		l.run(l.writeCheckpoints)
	}
	return nil
}

func (l *Log) run(f func()) {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		f()
	}()
}

// Close stops what runs in the background, writes a last checkpoint and closes the connection and, with the last log on it, the embedded
// server. Follow, Consume and Watch return. It may be called more than once.
func (l *Log) Close() error {
	l.once.Do(func() {
		if l.keys != nil && l.opts.CheckpointEvery > 0 {
			ctx, cancel := context.WithTimeout(l.ctx, l.opts.Timeout)
			if err := l.Checkpoint(ctx); err != nil {
				l.opts.Logger.Warn("the last checkpoint was not written", "error", err)
			}
			cancel()
		}
		l.cancel()
		l.wg.Wait()
		if l.nc != nil {
			l.nc.Close()
		}
		if l.packer != nil {
			l.packer.close()
		}
		if l.server != nil {
			l.server.release()
		}
	})
	return nil
}

// Healthy returns nil if the log takes writes now, and else why not: dialogue.ErrLogFull, dialogue.ErrUnavailable or ErrClosed.
func (l *Log) Healthy(ctx context.Context) error {
	switch {
	case l.ctx.Err() != nil:
		return ErrClosed
	case l.server != nil && l.server.full.Load():
		return dialogue.ErrLogFull
	}
	_, err := l.last(ctx, keysStream, masterSubject)
	return err
}

// Stats returns the counters.
func (l *Log) Stats() Stats {
	c := &l.stats
	return Stats{c.appends.Load(), c.conflicts.Load(), c.damaged.Load(), c.snapshots.Load(), c.checkpoints.Load(), c.parses.Load(), l.trackers.len(),
		l.server != nil && l.server.full.Load()}
}

// Alias returns the pseudonym of a customer, as Event.Customer has it.
func (l *Log) Alias(tenant, customer string) string { return l.keys.pseudonym(tenant, customer) }

// damaged reports a message that is not as it was written, and returns err.
func (l *Log) damaged(stream string, m *message, err error) error {
	l.stats.damaged.Add(1)
	l.opts.Logger.Error("a message of the event log is damaged", "stream", stream, "seq", m.seq, "error", err)
	if l.opts.OnDamage != nil {
		l.opts.OnDamage(Damage{stream, m.subject, m.seq, err})
	}
	return err
}
