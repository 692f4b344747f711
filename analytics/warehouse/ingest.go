package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/dialogue"
)

// Ingest takes in events that do not come from the log, such as imported ones; an event that is in already is left out. All or nothing.
// Events that cannot be rows (no tenant, no time, no body) are refused with a note, see [Warehouse.Notes], and are no error.
func (w *Warehouse) Ingest(ctx context.Context, events []dialogue.Event) error {
	return w.take(ctx, events, 0, false)
}

// Take takes in the events of the log up to the sequence through: those that follow [Warehouse.Position], in any order and with repetitions.
// What they become and the new position are one transaction. A through below the position leaves the position.
func (w *Warehouse) Take(ctx context.Context, events []dialogue.Event, through uint64) error {
	return w.take(ctx, events, through, true)
}

func (w *Warehouse) take(ctx context.Context, events []dialogue.Event, through uint64, logged bool) error {
	w.write.Lock()
	defer w.write.Unlock()
	if err := w.ready(ctx); err != nil { // before anything is remembered of a database that has gone
		return err
	}
	b := newBatch(events, w.opts.Now(), w.horizon(), logged)
	b.number = w.batches + 1
	err := w.transact(ctx, func(conn *sql.Conn) error {
		if err := b.keepNew(ctx, conn, w.newest); err != nil {
			return err
		}
		return b.write(ctx, conn, max(through, w.position))
	})
	if err != nil {
		return fmt.Errorf("take in %d events: %w", len(events), err)
	}
	w.state.Lock()
	defer w.state.Unlock()
	w.position, w.batches = max(w.position, through), b.number
	w.learn(events)
	return nil
}

// transact runs fn on the writing connection in a transaction. The caller holds w.write.
func (w *Warehouse) transact(ctx context.Context, fn func(*sql.Conn) error) (err error) {
	if err := w.ready(ctx); err != nil {
		return err
	}
	conn, err := w.db.write.Conn(ctx)
	if err != nil {
		w.noteFatal(err)
		return err
	}
	defer func() {
		if err != nil {
			w.noteFatal(err)
		}
		err = errors.Join(err, conn.Close())
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(conn); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// batch is what is to be taken in at once.
type batch struct {
	rows   analytics.Rows
	notes  []note
	now    time.Time
	logged bool
	number int64 // of batches
}

// newBatch makes rows of events. What cannot be rows is noted.
func newBatch(events []dialogue.Event, now, horizon time.Time, logged bool) *batch {
	b := &batch{now: now.UTC(), logged: logged}
	b.rows.Turns = make([]analytics.Turn, 0, len(events)) // most are
	for i := range events {
		ev := &events[i]
		if why := unfit(ev, horizon); why != "" {
			b.note(ev.Key, ev.Seq, "refused: "+why)
			continue
		}
		b.rows.Add(ev)
	}
	b.rows.Shadows = slices.DeleteFunc(b.rows.Shadows, func(s analytics.Shadow) bool { // they are about other events than the one they came with
		key := dialogue.Key{Tenant: s.Tenant, Conversation: s.Conversation}
		why := unfitFact(key, uint64(s.Seq), s.Time, horizon)
		if why != "" {
			b.note(key, uint64(s.Seq), "refused: "+why)
		}
		return why != ""
	})
	b.cutRows()
	return b
}

// write appends all rows of the batch and what follows from them.
func (b *batch) write(ctx context.Context, conn *sql.Conn, position uint64) error {
	if err := appendRows(ctx, conn, &b.rows); err != nil {
		return err
	}
	if err := b.writeDirty(ctx, conn); err != nil {
		return err
	}
	if err := appendTo(ctx, conn, "notes", b.notes, noteValues); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "UPDATE progress SET position = ?, batches = ?", int64(position), b.number)
	return err
}

// learn tells w of the newest sequences and times among the events. The caller holds w.state.
func (w *Warehouse) learn(events []dialogue.Event) {
	horizon := w.horizon()
	for i := range events {
		ev := &events[i]
		if unfit(ev, horizon) != "" {
			continue
		}
		w.newest[ev.Tenant] = max(w.newest[ev.Tenant], int64(ev.Seq))
		if at := ev.Time.UTC().Truncate(time.Microsecond); at.After(w.through) {
			w.through = at
		}
	}
}
