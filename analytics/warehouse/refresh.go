package warehouse

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed refresh.sql
var refreshSQL string

// conversationsAtOnce bounds the memory of a refresh, and for how long writers wait for it.
const conversationsAtOnce = 100_000

// Refresh brings sessions and roll-ups up to what was taken in, and to the time: sessions end by silence too. It computes again what was touched
// only, in transactions of 100,000 conversations.
func (w *Warehouse) Refresh(ctx context.Context) error {
	for {
		more, err := w.refreshOnce(ctx)
		if err != nil {
			return fmt.Errorf("refresh sessions and roll-ups: %w", err)
		}
		if !more {
			return nil
		}
	}
}

// refreshOnce does one transaction of Refresh, and says whether more is to be done.
func (w *Warehouse) refreshOnce(ctx context.Context) (more bool, err error) {
	w.write.Lock()
	defer w.write.Unlock()
	err = w.transact(ctx, func(conn *sql.Conn) error {
		if idle, err := w.idle(ctx, conn); err != nil || idle {
			return err
		}
		for _, s := range w.refreshStatements() {
			if _, err := conn.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%w\nin: %s", err, s)
			}
		}
		return conn.QueryRowContext(ctx, "SELECT count(*) > 0 FROM dirty_conversations").Scan(&more)
	})
	return more, err
}

// idle tells whether there is nothing to compute: nothing was touched, and no session ended by silence.
func (w *Warehouse) idle(ctx context.Context, conn *sql.Conn) (idle bool, err error) {
	const query = "SELECT NOT EXISTS (FROM dirty_conversations) AND NOT EXISTS (FROM dirty_hours) AND NOT EXISTS (FROM sessions WHERE NOT over AND ended <= ?)"
	err = conn.QueryRowContext(ctx, query, w.opts.Now().UTC().Add(-min(w.opts.SessionTime, w.opts.PeopleTime))).Scan(&idle)
	return idle, err
}

// refreshStatements are those of refresh.sql with the options put in.
func (w *Warehouse) refreshStatements() []string {
	text := strings.NewReplacer(
		"$session_time", fmt.Sprintf("to_microseconds(%d)", w.opts.SessionTime.Microseconds()),
		"$people_time", fmt.Sprintf("to_microseconds(%d)", w.opts.PeopleTime.Microseconds()),
		"$now", "TIMESTAMP "+quote(w.opts.Now().UTC().Format("2006-01-02 15:04:05.000000")),
		"$conversations", strconv.Itoa(conversationsAtOnce),
	).Replace(refreshSQL)
	var all []string
	for s := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(s) != "" {
			all = append(all, s)
		}
	}
	return all
}
