package warehouse

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/dialogue"
)

// Ingest takes in events that do not come from the log, such as imported ones; an event that is in already is left out. All or nothing.
// Events that cannot be rows (no tenant, no time, no body) are refused with a note, see [Warehouse.Notes], and are no error.
func (w *Warehouse) Ingest(ctx context.Context, events []dialogue.Event) error {
	return w.takeEvents(ctx, events, 0, false)
}

// Take takes in the events of the log up to the sequence through: those that follow [Warehouse.Position], in any order and with repetitions.
// What they become and the new position are one transaction. A through below the position leaves the position.
func (w *Warehouse) Take(ctx context.Context, events []dialogue.Event, through uint64) error {
	return w.takeEvents(ctx, events, through, true)
}

func (w *Warehouse) takeEvents(ctx context.Context, events []dialogue.Event, through uint64, logged bool) error {
	one := func(yield func(analytics.Part, error) bool) {
		yield(analytics.Part{Events: events, Through: through}, nil)
	}
	if err := w.take(ctx, 0, one, logged); err != nil {
		return fmt.Errorf("take in %d events: %w", len(events), err)
	}
	return nil
}

// TakeParts is Take of events that come in parts: all of them, and the position of the last part, are one transaction, or nothing of them if parts
// yields an error. Parts should have thousands of events, since what is written of each takes whole blocks of memory until the end, and nobody else
// writes meanwhile. With a position below after it takes nothing and returns [analytics.ErrGap].
func (w *Warehouse) TakeParts(ctx context.Context, after uint64, parts iter.Seq2[analytics.Part, error]) error {
	if err := w.take(ctx, after, parts, true); err != nil {
		return fmt.Errorf("take in events after %d: %w", after, err)
	}
	return nil
}

func (w *Warehouse) take(ctx context.Context, after uint64, parts iter.Seq2[analytics.Part, error], logged bool) error {
	w.write.Lock()
	defer w.write.Unlock()
	if err := w.ready(ctx); err != nil { // before anything is remembered of a database that has gone
		return err
	}
	if w.position < after { // it is written under both locks
		return analytics.ErrGap
	}
	b := w.newBatch(logged)
	err := w.transact(ctx, func(conn *sql.Conn) error {
		for part, err := range parts {
			if err == nil {
				err = b.take(ctx, conn, &part)
			}
			if err != nil {
				return err
			}
		}
		return b.finish(ctx, conn, max(b.position, w.position))
	})
	if err != nil {
		return err
	}
	w.state.Lock()
	defer w.state.Unlock()
	w.position, w.batches = max(w.position, b.position), b.number
	w.newest = b.newest
	if b.through.After(w.through) {
		w.through = b.through
	}
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

// batch is what is taken in at once, in one transaction.
type batch struct {
	rows     analytics.Rows // of the part that is being taken in
	notes    []note
	now      time.Time
	horizon  time.Time // of what is kept
	logged   bool
	number   int64            // of batches
	position uint64           // in the log, with the parts so far
	newest   map[string]int64 // as known.newest, with the parts so far
	through  time.Time        // of the newest event
	dirty    *dirty
}

// newBatch returns an empty one. The caller holds w.write.
func (w *Warehouse) newBatch(logged bool) *batch {
	b := &batch{now: w.opts.Now().UTC(), horizon: w.horizon(), logged: logged, number: w.batches + 1, newest: maps.Clone(w.newest)}
	b.dirty = newDirty(b)
	return b
}

// take writes what a part says.
func (b *batch) take(ctx context.Context, conn *sql.Conn, part *analytics.Part) error {
	b.makeRows(part)
	if err := b.keepNew(ctx, conn, b.newest); err != nil {
		return err
	}
	if err := appendRows(ctx, conn, &b.rows); err != nil {
		return err
	}
	eachFact(&b.rows, b.dirty.add)
	b.learn(part.Events)
	b.rows = analytics.Rows{}
	b.position = max(b.position, part.Through)
	return nil
}

// makeRows makes rows of a part. What cannot be rows is noted.
func (b *batch) makeRows(part *analytics.Part) {
	b.rows = part.Rows
	ready := len(b.rows.Turns)
	if ready == 0 {
		b.rows.Turns = make([]analytics.Turn, 0, len(part.Events)) // most are
	}
	b.keepFit()
	for i := range part.Events {
		ev := &part.Events[i]
		if why := unfit(ev, b.horizon); why != "" {
			b.note(ev.Key, ev.Seq, "refused: "+why)
			continue
		}
		b.rows.Add(ev)
	}
	b.rows.Shadows = fitFacts(b, b.rows.Shadows, shadowFact, true) // they are about other events than the one they came with
	if ready > 0 && len(b.rows.Turns) > ready {                    // of both kinds: in the log's order again
		slices.SortStableFunc(b.rows.Turns, func(x, y analytics.Turn) int { return cmp.Compare(x.Seq, y.Seq) })
		slices.SortStableFunc(b.rows.Exposures, func(x, y analytics.Exposure) int { return cmp.Compare(x.Seq, y.Seq) })
	}
	b.cutRows()
}

// keepFit leaves the rows out that cannot be, and notes why.
func (b *batch) keepFit() {
	r := &b.rows
	r.Turns = fitFacts(b, r.Turns, func(t *analytics.Turn) *analytics.Fact { return &t.Fact }, true)
	r.Hands = fitFacts(b, r.Hands, func(h *analytics.Hand) *analytics.Fact { return &h.Fact }, true)
	r.AgentMessages = fitFacts(b, r.AgentMessages, func(m *analytics.AgentMessage) *analytics.Fact { return &m.Fact }, true)
	r.Outbound = fitFacts(b, r.Outbound, func(o *analytics.Outbound) *analytics.Fact { return &o.Fact }, true)
	r.Ratings = fitFacts(b, r.Ratings, func(g *analytics.Rating) *analytics.Fact { return &g.Fact }, true)
	r.Surveys = fitFacts(b, r.Surveys, func(s *analytics.Survey) *analytics.Fact { return &s.Fact }, true)
	r.Exposures = fitFacts(b, r.Exposures, func(e *analytics.Exposure) *analytics.Fact { return &e.Fact }, false) // noted with their turns
	r.Shadows = fitFacts(b, r.Shadows, shadowFact, true)
}

func shadowFact(s *analytics.Shadow) *analytics.Fact { return &s.Fact }

// fitFacts does it for one table.
func fitFacts[T any](b *batch, rows []T, of func(*T) *analytics.Fact, noted bool) []T {
	fits := func(f *analytics.Fact) bool {
		key := dialogue.Key{Tenant: f.Tenant, Conversation: f.Conversation}
		why := unfitFact(key, uint64(f.Seq), f.Time, b.horizon)
		if why != "" && noted {
			b.note(key, uint64(f.Seq), "refused: "+why)
		}
		return why == ""
	}
	kept := 0
	for i := range rows {
		if fits(of(&rows[i])) {
			if kept != i {
				rows[kept] = rows[i]
			}
			kept++
		}
	}
	return rows[:kept]
}

// finish writes what follows from all parts.
func (b *batch) finish(ctx context.Context, conn *sql.Conn, position uint64) error {
	if err := b.dirty.write(ctx, conn); err != nil {
		return err
	}
	if err := appendTo(ctx, conn, "notes", b.notes, noteValues); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "UPDATE progress SET position = ?, batches = ?", int64(position), b.number)
	return err
}

// learn remembers the newest sequences and times of the rows of a part, and of its events that are none.
func (b *batch) learn(events []dialogue.Event) {
	know := func(tenant string, seq int64, at time.Time) {
		top, ok := b.newest[tenant]
		if !ok {
			tenant = strings.Clone(tenant) // what came is let go of
		}
		if !ok || seq > top {
			b.newest[tenant] = max(seq, top)
		}
		if at.After(b.through) {
			b.through = at
		}
	}
	for i := range events {
		if ev := &events[i]; unfit(ev, b.horizon) == "" {
			know(ev.Tenant, int64(ev.Seq), ev.Time.UTC().Truncate(time.Microsecond))
		}
	}
	eachFact(&b.rows, func(_ string, f *analytics.Fact) { know(f.Tenant, f.Seq, f.Time) })
}
