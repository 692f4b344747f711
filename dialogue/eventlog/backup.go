package eventlog

import (
	"archive/tar"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Backup writes a copy of everything as a tar file while the log goes on. The copy is consistent: it has every event that was acknowledged
// before, and no document or consumer that knows of an event that it lacks. What came while it was written may be in it or not. Keys are
// in it wrapped, so it opens with the same master key only. progress, if not nil, is called with the messages done and in all.
func (l *Log) Backup(ctx context.Context, w io.Writer, progress func(done, total uint64)) (Manifest, error) {
	tw := tar.NewWriter(w)
	m, err := l.backup(ctx, tarSink{tw, l.opts.Now()}, progress)
	if err == nil {
		err = tw.Close()
	}
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

// BackupDir is Backup into a folder, which must not exist or be empty.
func (l *Log) BackupDir(ctx context.Context, dir string, progress func(done, total uint64)) (Manifest, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return Manifest{}, errors.Join(fmt.Errorf("back up: the folder %s is not empty", dir), err)
	}
	m, err := l.backup(ctx, dirSink{dir}, progress)
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

// backup copies in an order that keeps what depends on events behind them: positions of consumers, documents, events, keys.
func (l *Log) backup(ctx context.Context, s sink, progress func(done, total uint64)) (Manifest, error) {
	m := Manifest{Format: backupFormat, Created: l.opts.Now().UTC(), Consumers: map[string]uint64{}}
	if err := l.positions(ctx, m.Consumers); err != nil {
		return m, err
	}
	total, err := l.lastSeq(ctx, turnsStream)
	if err != nil {
		return m, err
	}
	var c chain
	steps := []struct {
		stream string
		count  func(message) error
	}{
		{documentsStream, func(message) error { m.Documents++; return nil }},
		{learntStream, func(message) error { m.Documents++; return nil }},
		{turnsStream, func(msg message) error {
			if msg.seq != c.seq+1 {
				return fmt.Errorf("%w: event %d is missing", ErrDamaged, c.seq+1)
			}
			c.add(msg)
			if progress != nil && msg.seq%4096 == 0 {
				progress(msg.seq, max(total, msg.seq))
			}
			return nil
		}},
		{checkpointsStream, func(message) error { return nil }},
		{keysStream, func(message) error { m.Keys++; return nil }},
	}
	for _, step := range steps {
		if err := l.backupStream(ctx, s, &m, step.stream, c.seq, step.count); err != nil {
			return m, fmt.Errorf("stream %s: %w", step.stream, err)
		}
	}
	m.Turns, m.Chain = c.seq, hex.EncodeToString(c.hash[:])
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, s.file(manifestName, append(data, '\n'))
}

// backupStream copies a stream as it is now. turns is how many events the backup has, for checkpoints: later ones are left out.
func (l *Log) backupStream(ctx context.Context, s sink, man *Manifest, stream string, turns uint64, count func(message) error) error {
	to, err := l.lastSeq(ctx, stream)
	if err != nil {
		return err
	}
	w := partWriter{sink: s, manifest: man, stream: stream}
	take := func(m message) error {
		if m.seq > to {
			return nil
		}
		if stream == checkpointsStream {
			if cp, err := l.keys.parseCheckpoint(&m); err != nil || cp.Seq > turns {
				return nil
			}
		}
		if err := count(m); err != nil {
			return err
		}
		return w.add(m)
	}
	if stream == keysStream {
		err = l.eachKey(ctx, keysStream+".>", func(m *message) error { return take(*m) })
	} else {
		err = l.each(ctx, stream, stream+suffix(stream), 1, to, take)
	}
	if err != nil {
		return err
	}
	return w.flush()
}

// suffix of the subject that matches all of a stream.
func suffix(stream string) string {
	if stream == checkpointsStream {
		return ""
	}
	return ".>"
}

// positions finds out where consumers are.
func (l *Log) positions(ctx context.Context, by map[string]uint64) error {
	if err := l.savedPositions(ctx, by); err != nil {
		return err
	}
	s, err := l.js.Stream(ctx, turnsStream)
	if err != nil {
		return l.failed("look at "+turnsStream, err)
	}
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		if info.Config.Durable != "" {
			by[info.Name] = max(by[info.Name], info.AckFloor.Stream)
		}
	}
	return list.Err()
}
