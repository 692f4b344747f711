package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"yingda/analytics"
	"yingda/analytics/lake"
)

// FileName is the name of the database in Options.Dir.
const FileName = "warehouse.duckdb"

// Errors of the warehouse.
var (
	// ErrInUse is returned by Open when another process has the database open: ask that one, over its socket.
	ErrInUse = errors.New("another process has the warehouse open")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the warehouse is closed")
)

// Options say where a warehouse is and how much it may take.
type Options struct {
	Dir     string // folder; the database is Dir/warehouse.duckdb, the lake Dir/lake
	Memory  string // at most, as DuckDB writes sizes; default "1GB". What does not fit is spilled to Dir/tmp
	Threads int    // default 2
	// SessionTime is after how long a silence a conversation with the robot is a new session. Default 30 minutes. To change it, rebuild.
	SessionTime time.Duration
	// PeopleTime is the same for conversations that are in a queue or with an agent, where answers take longer. Default 24 hours.
	PeopleTime time.Duration
	// Keep is for how long facts and sessions are kept, counted in whole days of their time. Default forever. See [Warehouse.Forget].
	Keep time.Duration
	// Allow are folders outside Dir that queries may read files from and write files to, e.g. of an import. Default none.
	Allow []string
	Now   func() time.Time // default time.Now
	Log   *slog.Logger     // default slog.Default()
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("no folder is given")
	}
	if o.Memory == "" {
		o.Memory = "1GB"
	}
	if o.Threads <= 0 {
		o.Threads = 2
	}
	if o.SessionTime <= 0 {
		o.SessionTime = 30 * time.Minute
	}
	if o.PeopleTime <= 0 {
		o.PeopleTime = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	dir, err := filepath.Abs(o.Dir)
	o.Dir = dir
	return o, err
}

// Warehouse is an open warehouse. It is safe for concurrent use: one writes at a time, readers see the state before or after a write.
type Warehouse struct {
	opts Options

	write sync.Mutex // held by who writes: Ingest, Take, Refresh, Write
	state sync.RWMutex
	db    *handles // nil after Close
	known          // guarded by write, but for through and position: state

	lake    *lake.Lake
	sealing sync.Mutex // held by who writes to the lake
}

// known is what is remembered of the database.
type known struct {
	newest   map[string]int64 // by tenant: the highest sequence of any fact
	through  time.Time        // time of the newest fact
	log      string           // that events come from
	position uint64           // in the log: all events up to here are in
	batches  int64            // that were taken in

	newestPacked map[string]int64 // as newest, of rows from the stream of parses
	packed       analytics.PackMark
}

// Open opens the warehouse in o.Dir, or makes a new one. ctx bounds the opening only. A database that does not open is moved aside and rebuilt
// from the lake; [Warehouse.Position] is then lower than it was, and the log has to be read again from there.
//
// Errors: what is wrong with the options; ErrInUse; those of the disk.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open the warehouse: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, "tmp"), 0o750); err != nil {
		return nil, fmt.Errorf("open the warehouse: %w", err)
	}
	w := &Warehouse{opts: o}
	if w.lake, err = lake.Open(filepath.Join(o.Dir, "lake")); err != nil {
		return nil, fmt.Errorf("open the warehouse: %w", err)
	}
	if err := w.open(ctx); err != nil {
		return nil, fmt.Errorf("open the warehouse in %s: %w", o.Dir, err)
	}
	return w, nil
}

// Dir returns the folder of the warehouse.
func (w *Warehouse) Dir() string { return w.opts.Dir }

// Lake returns the lake that the warehouse seals to.
func (w *Warehouse) Lake() *lake.Lake { return w.lake }

// Close closes the database. What was taken in is on disk already. It may be called more than once.
func (w *Warehouse) Close() error {
	w.write.Lock()
	defer w.write.Unlock()
	w.state.Lock()
	defer w.state.Unlock()
	if w.db == nil {
		return nil
	}
	err := w.db.close()
	w.db = nil
	return err
}

// Through returns the time of the newest event that is in, zero without any.
func (w *Warehouse) Through() time.Time {
	w.state.RLock()
	defer w.state.RUnlock()
	return w.through
}

// Position returns the sequence in the log up to which all events are in.
func (w *Warehouse) Position() uint64 {
	w.state.RLock()
	defer w.state.RUnlock()
	return w.position
}

// Source returns the name of the log that events come from, empty before [Warehouse.Attach], and the position in it.
func (w *Warehouse) Source() (log string, position uint64) {
	w.state.RLock()
	defer w.state.RUnlock()
	return w.log, w.position
}

// Attach says from which log the events of [Warehouse.Take] come. If it is another one than before, or with again, the position goes back to 0:
// all events are asked for, and those that are in are left out.
func (w *Warehouse) Attach(ctx context.Context, log string, again bool) error {
	w.write.Lock()
	defer w.write.Unlock()
	if before, _ := w.Source(); before == log && !again {
		return nil
	}
	err := w.transact(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "UPDATE progress SET log = ?, position = 0", log); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "UPDATE parses_progress SET position = 0, pack = ''")
		return err
	})
	if err != nil {
		return fmt.Errorf("attach the warehouse to log %s: %w", log, err)
	}
	w.state.Lock()
	defer w.state.Unlock()
	w.log, w.position, w.packed = log, 0, analytics.PackMark{}
	return nil
}

// Query asks a question that this program wrote. Values are bound to ? or $1; the caller closes the rows.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	db, err := w.reader()
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		w.noteFatal(err)
		return nil, fmt.Errorf("query the warehouse: %w", err)
	}
	return rows, nil
}

func (w *Warehouse) reader() (*sql.DB, error) {
	w.state.RLock()
	defer w.state.RUnlock()
	if w.db == nil {
		return nil, ErrClosed
	}
	return w.db.read, nil
}
