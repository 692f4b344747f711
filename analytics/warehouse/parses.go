package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/analytics/schema"
	"yingda/dialogue"
)

// Parses returns up to where the stream of parses is in.
func (w *Warehouse) Parses() analytics.PackMark {
	w.state.RLock()
	defer w.state.RUnlock()
	return w.packed
}

// ParsesAgain says that the packs of the log are to be sent from the beginning; rows that are in are left out then.
func (w *Warehouse) ParsesAgain(ctx context.Context) error {
	w.write.Lock()
	defer w.write.Unlock()
	return w.markPacks(ctx, analytics.PackMark{}, nil)
}

// TakeParses takes in rows of the packs up to a mark, in any order and with repetitions. What they become and the mark are one transaction. Rows that
// cannot be rows are refused with a note, and are no error.
func (w *Warehouse) TakeParses(ctx context.Context, rows *analytics.ParseRows, to analytics.PackMark) error {
	w.write.Lock()
	defer w.write.Unlock()
	if err := w.ready(ctx); err != nil { // before anything is remembered of a database that has gone
		return err
	}
	b := &batch{now: w.opts.Now().UTC(), number: w.batches + 1}
	fit := b.fitPacked(rows, w.horizon())
	err := w.markPacks(ctx, to, func(conn *sql.Conn) error {
		if err := keepNewPacked(ctx, conn, w.newestPacked, fit); err != nil {
			return err
		}
		return b.writePacked(ctx, conn, fit)
	})
	if err != nil {
		return fmt.Errorf("take in %d parses: %w", len(rows.Parses), err)
	}
	w.state.Lock()
	defer w.state.Unlock()
	w.batches = b.number
	eachPacked(fit, func(_ string, f *analytics.Fact) {
		w.newestPacked[f.Tenant] = max(w.newestPacked[f.Tenant], f.Seq)
		if f.Time.After(w.through) {
			w.through = f.Time
		}
	})
	return nil
}

// markPacks runs do and sets the mark in one transaction. The caller holds w.write.
func (w *Warehouse) markPacks(ctx context.Context, to analytics.PackMark, do func(*sql.Conn) error) error {
	err := w.transact(ctx, func(conn *sql.Conn) error {
		if do != nil {
			if err := do(conn); err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "UPDATE parses_progress SET position = ?, pack = ?", int64(to.Position), to.Pack)
		return err
	})
	if err != nil {
		return err
	}
	w.state.Lock()
	defer w.state.Unlock()
	w.packed = to
	return nil
}

// eachPacked calls fn with the table and the fact of each row.
func eachPacked(r *analytics.ParseRows, fn func(table string, f *analytics.Fact)) {
	for i := range r.Parses {
		fn("parses", &r.Parses[i].Fact)
	}
	for i := range r.Counts {
		fn("parse_counts", &r.Counts[i].Fact)
	}
}

// fitPacked returns the rows that can be rows, cut to what the tables hold. The others are noted.
func (b *batch) fitPacked(rows *analytics.ParseRows, horizon time.Time) *analytics.ParseRows {
	refuse := func(f *analytics.Fact) bool {
		key := dialogue.Key{Tenant: f.Tenant, Conversation: f.Conversation}
		why := unfitFact(key, uint64(f.Seq), f.Time, horizon)
		if why != "" {
			b.note(key, uint64(f.Seq), "refused: "+why)
		}
		return why != ""
	}
	fit := &analytics.ParseRows{
		Parses: slices.DeleteFunc(slices.Clone(rows.Parses), func(p analytics.Parse) bool { return refuse(&p.Fact) }),
		Counts: slices.DeleteFunc(slices.Clone(rows.Counts), func(c analytics.ParseCount) bool { return refuse(&c.Fact) }),
	}
	c := &cutter{b: b}
	for i := range fit.Parses {
		p := &fit.Parses[i]
		c.begin(&p.Fact)
		c.one(&p.Text, maxText)
		c.names(&p.Lang, &p.Top1, &p.Top2, &p.Emotion, &p.Bundle)
		c.lists(&p.Intents, &p.Entities)
		c.end()
	}
	for i := range fit.Counts {
		c.begin(&fit.Counts[i].Fact)
		c.names(&fit.Counts[i].Lang, &fit.Counts[i].Bundle)
		c.end()
	}
	return fit
}

// keepNewPacked drops the rows that are in the tables already, or twice.
func keepNewPacked(ctx context.Context, conn *sql.Conn, newest map[string]int64, r *analytics.ParseRows) error {
	return errors.Join(
		keepNew(ctx, conn, newest, "parses", &r.Parses, func(p *analytics.Parse) identity { return identityOf(&p.Fact, "") }),
		keepNew(ctx, conn, newest, "parse_counts", &r.Counts, func(c *analytics.ParseCount) identity { return identityOf(&c.Fact, "") }),
	)
}

// writePacked appends the rows and what follows from them: the lake lacks their hours. Their sequences are not those of turns, so that no sequence
// is noted with the hours.
func (b *batch) writePacked(ctx context.Context, conn *sql.Conn, r *analytics.ParseRows) error {
	hours := map[factHour]bool{}
	eachPacked(r, func(table string, f *analytics.Fact) {
		hours[factHour{table, tenantHour{f.Tenant, f.Time.Truncate(time.Hour)}}] = true
	})
	var unsealed [][]driver.Value
	for h := range hours {
		unsealed = append(unsealed, []driver.Value{h.fact, h.tenant, h.hour, nil, b.number, b.now})
	}
	err := errors.Join(
		appendMany(ctx, conn, "parses", r.Parses, parseColumns),
		appendTo(ctx, conn, "parse_counts", r.Counts, parseCountValues),
		appendTo(ctx, conn, "unsealed", unsealed, asIs),
		appendTo(ctx, conn, "notes", b.notes, noteValues),
	)
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "UPDATE progress SET batches = ?", b.number)
	return err
}

func parseCountValues(row []driver.Value, c *analytics.ParseCount) []driver.Value {
	return append(row, c.Tenant, c.Conversation, c.Seq, c.Time, day(c.Time), c.Channel, c.Lang, c.Bundle, c.Texts, c.Understood, c.Unsure, c.Kept, c.Dropped)
}

// isPacked tells whether a table's rows come from the stream of parses.
func isPacked(table string) bool { return slices.Contains(schema.Packed, table) }

// rememberPacked reads what is kept in memory of the stream of parses.
func (k *known) rememberPacked(ctx context.Context, db *sql.DB) error {
	k.newestPacked = map[string]int64{}
	var position int64
	if err := db.QueryRowContext(ctx, "SELECT position, pack FROM parses_progress").Scan(&position, &k.packed.Pack); err != nil {
		return err
	}
	k.packed.Position = uint64(position)
	return k.newestOf(ctx, db, schema.Packed, k.newestPacked)
}
