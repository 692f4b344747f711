package warehouse

import (
	"context"
	"strings"
)

// What DuckDB says when it can do nothing more: after an error that may have left its memory in disorder, and when a block of the file is not as it
// was written.
const (
	saysStopped = "database has been invalidated"
	saysCorrupt = "Corrupt database file"
)

// noteFatal remembers errors after which the database has to be opened again, or made again. The next write does it.
func (w *Warehouse) noteFatal(err error) {
	if err == nil || !strings.Contains(err.Error(), saysStopped) && !strings.Contains(err.Error(), saysCorrupt) {
		return
	}
	w.state.Lock()
	defer w.state.Unlock()
	if w.db != nil && w.db.fatal == nil {
		w.db.fatal = err
		w.opts.Log.Error("the database stopped; it is opened again before the next write", "dir", w.opts.Dir, "error", err)
	}
}

// ready makes sure that the database can be written to. The caller holds w.write.
func (w *Warehouse) ready(ctx context.Context) error {
	w.state.RLock()
	db := w.db
	var fatal error
	if db != nil {
		fatal = db.fatal
	}
	w.state.RUnlock()
	switch {
	case db == nil:
		return ErrClosed
	case fatal == nil:
		return nil
	}
	if err := db.close(); err != nil {
		w.opts.Log.Warn("closing the stopped database", "dir", w.opts.Dir, "error", err)
	}
	if strings.Contains(fatal.Error(), saysCorrupt) {
		return w.openAgain(ctx, fatal)
	}
	return w.open(ctx)
}
