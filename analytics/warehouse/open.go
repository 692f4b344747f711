package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"yingda/analytics/schema"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// handles are the two ways to the one database: who writes does not wait for a connection that a reader has.
type handles struct {
	write, read *sql.DB
	fatal       error // the database said that it cannot go on; see noteFatal
}

func (h *handles) close() error { return errors.Join(h.read.Close(), h.write.Close()) }

// errBroken marks errors that come of what is in the database's files.
var errBroken = errors.New("the database is broken")

// open opens the database with what can be done if it does not.
func (w *Warehouse) open(ctx context.Context) error {
	err := w.openOnce(ctx)
	if !errors.Is(err, errBroken) || ctx.Err() != nil {
		return err
	}
	if moved, moveErr := w.moveAside(".wal"); moveErr != nil {
		return errors.Join(err, moveErr)
	} else if moved {
		w.opts.Log.Error("the warehouse does not open; it is tried without its write-ahead log", "dir", w.opts.Dir, "error", err)
		if err = w.openOnce(ctx); !errors.Is(err, errBroken) || ctx.Err() != nil {
			return err
		}
	}
	return w.openAgain(ctx, err)
}

// openAgain makes a new database in the place of one that is broken.
func (w *Warehouse) openAgain(ctx context.Context, why error) error {
	w.opts.Log.Error("the warehouse is moved aside and made again from the lake and the log", "dir", w.opts.Dir, "error", why)
	for _, suffix := range []string{".wal", ""} {
		if _, err := w.moveAside(suffix); err != nil {
			return errors.Join(why, err)
		}
	}
	return w.openOnce(ctx)
}

// openOnce opens the database file as it is, and brings a new one to the schema.
func (w *Warehouse) openOnce(ctx context.Context) error {
	h, err := w.connect()
	if err != nil {
		return broken(err)
	}
	k, err := w.prepare(ctx, h.write)
	if err != nil {
		return errors.Join(err, h.close())
	}
	w.state.Lock()
	w.db, w.known = h, k
	w.state.Unlock()
	return nil
}

// prepare makes a database that was connected to ready.
func (w *Warehouse) prepare(ctx context.Context, db *sql.DB) (known, error) {
	fresh, err := migrate(ctx, db)
	if err != nil {
		return known{}, broken(err)
	}
	if err := w.reconcile(ctx, db, fresh); err != nil {
		return known{}, err
	}
	if err := w.secure(ctx, db); err != nil {
		return known{}, err
	}
	k, err := remember(ctx, db)
	return k, broken(err)
}

// broken marks an error, unless it comes of something else than the files: their content does not change by trying again later.
func broken(err error) error {
	if err == nil || errors.Is(err, ErrInUse) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, passing := range []string{"Permission denied", "No space left", "Too many open files", "Cannot allocate memory", "Out of Memory", "INTERRUPT"} {
		if strings.Contains(err.Error(), passing) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// connect opens the file. Both handles are of the same instance of the database: the driver keeps one a path.
func (w *Warehouse) connect() (*handles, error) {
	q := url.Values{}
	q.Set("threads", strconv.Itoa(w.opts.Threads))
	q.Set("memory_limit", w.opts.Memory)
	q.Set("temp_directory", filepath.Join(w.opts.Dir, "tmp"))
	q.Set("checkpoint_threshold", "256MB") // each rewrites what the last has not filled; a log of that size is read again in seconds
	q.Set("preserve_insertion_order", "false")
	q.Set("autoinstall_known_extensions", "false")
	q.Set("autoload_known_extensions", "false")
	dsn := w.path("") + "?" + q.Encode()
	write, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		if strings.Contains(err.Error(), "Could not set lock on file") {
			return nil, fmt.Errorf("%w: %w", ErrInUse, err)
		}
		return nil, err
	}
	read, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	h := &handles{write: sql.OpenDB(write), read: sql.OpenDB(read)}
	h.write.SetMaxOpenConns(1)
	return h, nil
}

// secure lets the database reach no file but those of its folder, and its settings be. It comes after the rest of opening.
func (w *Warehouse) secure(ctx context.Context, db *sql.DB) error {
	dirs := make([]string, 0, len(w.opts.Allow)+1)
	for _, d := range append([]string{w.opts.Dir}, w.opts.Allow...) {
		abs, err := filepath.Abs(d)
		if err != nil {
			return err
		}
		dirs = append(dirs, quote(abs))
	}
	for _, s := range []string{"SET allowed_directories = [" + strings.Join(dirs, ", ") + "]", "SET enable_external_access = false", "SET lock_configuration = true"} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// quote writes s as a string of SQL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (w *Warehouse) path(suffix string) string { return filepath.Join(w.opts.Dir, FileName) + suffix }

// keepBroken is how many files that were moved aside are kept of each kind.
const keepBroken = 2

// moveAside renames the database, or its write-ahead log, and says whether there was one.
func (w *Warehouse) moveAside(suffix string) (bool, error) {
	prefix := w.path(suffix) + ".broken-"
	to := prefix + w.opts.Now().UTC().Format("20060102T150405.000000000")
	err := os.Rename(w.path(suffix), to)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	w.opts.Log.Warn("moved aside", "file", w.path(suffix), "to", to)
	old, err := filepath.Glob(prefix + "*")
	for i := 0; err == nil && i < len(old)-keepBroken; i++ { // by time
		err = os.Remove(old[i])
	}
	return true, err
}

// remember reads what is kept in memory.
func remember(ctx context.Context, db *sql.DB) (known, error) {
	k := known{newest: map[string]int64{}}
	var position int64
	if err := db.QueryRowContext(ctx, "SELECT log, position, batches FROM progress").Scan(&k.log, &position, &k.batches); err != nil {
		return k, err
	}
	k.position = uint64(position)
	if err := k.newestOf(ctx, db, schema.FromTurns(), k.newest); err != nil {
		return k, err
	}
	return k, k.rememberPacked(ctx, db)
}

// newestOf reads the highest sequence of each tenant in some tables, and the newest time.
func (k *known) newestOf(ctx context.Context, db *sql.DB, tables []string, newest map[string]int64) error {
	rows, err := db.QueryContext(ctx, "SELECT tenant, max(seq), max(ts) FROM ("+unionOf(tables, "tenant, seq, ts")+") GROUP BY tenant")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant string
		var seq int64
		var at time.Time
		if err := rows.Scan(&tenant, &seq, &at); err != nil {
			return err
		}
		newest[tenant] = seq
		if at.After(k.through) {
			k.through = at
		}
	}
	return rows.Err()
}
