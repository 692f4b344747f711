package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"yingda/analytics/lake"
	"yingda/analytics/schema"
)

// horizon is the day before which nothing is kept; zero = all is.
func (w *Warehouse) horizon() time.Time {
	if w.opts.Keep <= 0 {
		return time.Time{}
	}
	return day(w.opts.Now().UTC().Add(-w.opts.Keep))
}

// Forget deletes facts and sessions of the days that Options.Keep leaves behind, here and in the lake. Roll-ups stay: they are sums. Of a warehouse
// that is made again from the lake, roll-ups begin with what the lake has.
func (w *Warehouse) Forget(ctx context.Context) error {
	before := w.horizon()
	if before.IsZero() {
		return nil
	}
	w.sealing.Lock()
	defer w.sealing.Unlock()
	m := w.lake.Manifest()
	var drop []lake.File
	for _, f := range m.Files {
		if f.Date < before.Format(time.DateOnly) {
			drop = append(drop, f)
		}
	}
	if len(drop) > 0 {
		c := lake.Change{Drop: drop, Log: m.Log, Position: m.Position, Schema: schema.Version, Time: w.opts.Now()}
		if err := w.lake.Commit(c); err != nil {
			return fmt.Errorf("forget days before %s: %w", before.Format(time.DateOnly), err)
		}
	}
	if err := w.forgetRows(ctx, before); err != nil {
		return fmt.Errorf("forget days before %s: %w", before.Format(time.DateOnly), err)
	}
	return nil
}

func (w *Warehouse) forgetRows(ctx context.Context, before time.Time) error {
	w.write.Lock()
	defer w.write.Unlock()
	return w.transact(ctx, func(conn *sql.Conn) error {
		for _, table := range append([]string{"sessions"}, schema.Facts...) {
			if _, err := conn.ExecContext(ctx, "DELETE FROM "+table+" WHERE dt < ?", before); err != nil {
				return err
			}
		}
		for _, s := range []string{"DELETE FROM session_starts WHERE ts < ?", "DELETE FROM unsealed WHERE hour < ?", "DELETE FROM session_days WHERE dt < ?"} {
			if _, err := conn.ExecContext(ctx, s, before); err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "UPDATE progress SET lake = ?", int64(w.lake.Manifest().Version))
		return err
	})
}
