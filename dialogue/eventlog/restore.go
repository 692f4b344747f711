package eventlog

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// RestoreOptions say how a backup comes back.
type RestoreOptions struct {
	// Erased are erasures that happened after the backup was made, or any; they are done again before anything can be read.
	Erased []Erasure
	// Progress, if not nil, is called now and then with the messages done and in all.
	Progress func(done, total uint64)
}

// Restore fills a new log from a backup, a folder or a tar file. All of it is verified before anything is written: sizes and hashes, the
// chain, that the master key fits. Events keep their sequences, consumers their positions; revisions of documents are new. The log is
// closed afterwards; Open opens it. When it fails half way, delete what it made and do it again.
//
// Errors: ErrNotEmpty, ErrDamaged, ErrMasterKey, those of Open.
func Restore(ctx context.Context, o Options, path string, r RestoreOptions) (Manifest, error) {
	m, err := restore(ctx, o, path, r)
	if err != nil {
		return m, fmt.Errorf("restore %s: %w", path, err)
	}
	return m, nil
}

func restore(ctx context.Context, o Options, path string, r RestoreOptions) (Manifest, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Manifest{}, err
	}
	src, err := openSource(path)
	if err != nil {
		return Manifest{}, err
	}
	if err := src.verify(o); err != nil {
		return src.manifest, err
	}
	o.CheckpointEvery = -1
	o.lazySync = true // synced as a whole at the end
	var e *embedded
	if o.Dir != "" {
		if e, err = startEmbedded(o, diskFree); err != nil {
			return src.manifest, err
		}
	}
	l, err := open(ctx, o, e, func(l *Log) error { return l.fill(ctx, src, r.Progress) })
	if err != nil {
		return src.manifest, err
	}
	err = l.afterFill(ctx, src, r.Erased)
	if err = errors.Join(err, l.Close()); err == nil && e != nil {
		err = syncTree(e.dir)
	}
	return src.manifest, err
}

// fill writes the messages. Keys come last: a log that was filled half way does not open.
func (l *Log) fill(ctx context.Context, src *source, progress func(done, total uint64)) error {
	order := []string{documentsStream, learntStream, turnsStream, checkpointsStream, keysStream}
	for _, stream := range order {
		if last, err := l.lastSeq(ctx, stream); err != nil {
			return err
		} else if last > 0 {
			return fmt.Errorf("%w: stream %s has messages; restore into a new folder or account", ErrNotEmpty, stream)
		}
	}
	for _, stream := range order {
		w := refill{log: l, ctx: ctx, stream: stream, exact: stream == turnsStream, total: src.manifest.Turns}
		if stream == turnsStream {
			w.progress = progress
		}
		err := src.messages(stream, w.add)
		if err = errors.Join(err, w.wait()); err != nil {
			return fmt.Errorf("stream %s: %w", stream, err)
		}
	}
	return nil
}

// afterFill erases again what was erased, and sets consumers to where they were.
func (l *Log) afterFill(ctx context.Context, src *source, erased []Erasure) error {
	for _, e := range erased {
		if _, err := l.EraseAlias(ctx, e.Tenant, e.Alias); err != nil {
			return err
		}
	}
	for name, seq := range src.manifest.Consumers {
		if l.server != nil {
			if err := l.savePosition(ctx, name, seq); err != nil {
				return fmt.Errorf("position of consumer %s: %w", name, err)
			}
			continue
		}
		if _, err := l.consumer(ctx, name); err != nil {
			return err
		}
		if seq == 0 {
			continue
		}
		if _, err := l.js.ResetConsumerToSequence(ctx, turnsStream, name, seq+1); err != nil {
			return fmt.Errorf("position of consumer %s: %w", name, err)
		}
	}
	return nil
}

// refill publishes messages without waiting for each.
type refill struct {
	log      *Log
	ctx      context.Context
	stream   string
	exact    bool // sequences must come out the same
	n, total uint64
	pending  []jetstream.PubAckFuture
	progress func(done, total uint64)
}

func (r *refill) add(m message) error {
	if len(r.pending) >= 256 {
		if err := r.wait(); err != nil {
			return err
		}
	}
	opts := []jetstream.PublishOpt{jetstream.WithExpectStream(r.stream)}
	if r.exact {
		opts = append(opts, jetstream.WithExpectLastSequence(m.seq-1))
	}
	f, err := r.log.js.PublishAsync(m.subject, slices.Clone(m.data), opts...)
	if err != nil {
		return err
	}
	r.pending = append(r.pending, f)
	if r.n++; r.progress != nil && r.n%4096 == 0 {
		r.progress(r.n, r.total)
	}
	return nil
}

func (r *refill) wait() error {
	for _, f := range r.pending {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return err
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
	r.pending = r.pending[:0]
	return nil
}

// verify checks what can be checked before anything is written.
func (s *source) verify(o Options) error {
	var c chain
	err := s.messages(turnsStream, func(m message) error {
		if m.seq != c.seq+1 {
			return fmt.Errorf("%w: event %d is missing in the backup", ErrDamaged, c.seq+1)
		}
		c.add(m)
		if _, err := keyOfSubject(m.subject); err != nil {
			return fmt.Errorf("%w: event %d: %w", ErrDamaged, m.seq, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.seq != s.manifest.Turns || hex.EncodeToString(c.hash[:]) != s.manifest.Chain {
		return fmt.Errorf("%w: the chain of events does not end as the manifest says", ErrDamaged)
	}
	return s.verifyMaster(o)
}

func (s *source) verifyMaster(o Options) error {
	var rec *masterRecord
	err := s.messages(keysStream, func(m message) error {
		if m.subject != masterSubject {
			return nil
		}
		rec = new(masterRecord)
		if err := json.Unmarshal(m.data, rec); err != nil {
			return fmt.Errorf("%w: master record: %w", ErrDamaged, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if rec == nil {
		return fmt.Errorf("%w: there are no keys in the backup", ErrDamaged)
	}
	ks := &keystore{}
	for _, key := range append([][]byte{o.Master}, o.Previous...) {
		m, err := newMaster(key)
		if err != nil {
			return err
		}
		ks.masters = append(ks.masters, m)
	}
	_, err = ks.unwrapSecret(*rec)
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncTree makes all that is below dir durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return nil
		}
		return syncDir(path)
	})
}
