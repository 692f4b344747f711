package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/analytics/lake"
	"yingda/analytics/schema"
)

// SealOptions say which hours are written to the lake. The zero value is for a server that runs.
type SealOptions struct {
	Delay  time.Duration // how long after its end an hour is closed. Default 5 minutes
	Settle time.Duration // how long nothing may have come for an hour, 10 times that at most. Default 1 minute
	All    bool          // also hours that are still open, and at once: before a backup, after an import
}

func (o SealOptions) withDefaults() SealOptions {
	if o.Delay <= 0 {
		o.Delay = 5 * time.Minute
	}
	if o.Settle <= 0 {
		o.Settle = time.Minute
	}
	return o
}

// Sealed says what was written.
type Sealed struct {
	Files    int
	Rows     int64
	Position uint64 // of the log: the lake holds all events up to here
}

// unsealedHour is an hour that the lake does not hold as it is.
type unsealedHour struct {
	factHour
	low           sql.NullInt64 // sequence in the log
	first, latest time.Time     // when something came for it
}

// Seal writes hours that are over to the lake, and those again for which something came late. Days that are over become one file a table. Those
// who write and read the warehouse do not wait for it. After a fault the same hours are written again by the next call.
func (w *Warehouse) Seal(ctx context.Context, o SealOptions) (Sealed, error) {
	w.sealing.Lock()
	defer w.sealing.Unlock()
	s := sealing{w: w, opts: o.withDefaults(), now: w.opts.Now().UTC(), manifest: w.lake.Manifest()}
	done, err := s.run(ctx)
	if err != nil {
		return done, fmt.Errorf("seal: %w", err)
	}
	return done, nil
}

// sealing is one call of Seal.
type sealing struct {
	w        *Warehouse
	opts     SealOptions
	now      time.Time
	manifest lake.Manifest

	log      string
	position uint64 // in the log, in the snapshot that is written
	batches  int64
	done     []factHour
	files    []lake.File
}

func (s *sealing) run(ctx context.Context) (Sealed, error) {
	if err := s.writeFiles(ctx); err != nil || len(s.files) == 0 && s.log == s.manifest.Log && s.position == s.manifest.Position {
		return Sealed{Position: s.manifest.Position}, err
	}
	change := lake.Change{Files: s.files, Log: s.log, Position: s.position, Schema: schema.Version, Time: s.now}
	if err := s.w.lake.Commit(change); err != nil {
		return Sealed{}, err
	}
	out := Sealed{Files: len(s.files), Position: s.position}
	for _, f := range s.files {
		out.Rows += f.Rows
	}
	if err := s.forget(ctx); err != nil {
		return out, err
	}
	return out, s.w.lake.Tidy(s.now, 10*time.Minute)
}

// writeFiles writes what is due from one snapshot of the database.
func (s *sealing) writeFiles(ctx context.Context) error {
	db, err := s.w.reader()
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // it changed nothing
	waiting, err := s.waiting(ctx, tx)
	if err != nil {
		return err
	}
	for _, p := range s.plan(waiting) {
		if err := s.writeFile(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// waiting reads the hours that are not sealed, and from it the position.
func (s *sealing) waiting(ctx context.Context, tx *sql.Tx) ([]unsealedHour, error) {
	var position int64
	if err := tx.QueryRowContext(ctx, "SELECT log, position, batches FROM progress").Scan(&s.log, &position, &s.batches); err != nil {
		return nil, err
	}
	s.position = uint64(position)
	rows, err := tx.QueryContext(ctx, "SELECT fact, tenant, hour, min(log_seq), min(marked), max(marked) FROM unsealed GROUP BY fact, tenant, hour ORDER BY hour, fact, tenant")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var waiting []unsealedHour
	for rows.Next() {
		var u unsealedHour
		if err := rows.Scan(&u.fact, &u.tenant, &u.hour, &u.low, &u.first, &u.latest); err != nil {
			return nil, err
		}
		waiting = append(waiting, u)
	}
	return waiting, rows.Err()
}

// piece is a file that is to be written.
type piece struct {
	lake.Partition
	hour int
}

// plan picks the files to write, and lowers the position to what the lake will hold.
func (s *sealing) plan(waiting []unsealedHour) []piece {
	var pieces []piece
	for _, u := range waiting {
		if !s.due(u) {
			if u.low.Valid {
				s.position = min(s.position, uint64(max(u.low.Int64, 1)-1))
			}
			continue
		}
		s.done = append(s.done, u.factHour)
		p := piece{lake.Partition{Table: u.fact, Tenant: u.tenant, Date: u.hour.Format(time.DateOnly)}, u.hour.Hour()}
		if s.dayOver(p.Date) || s.hasDay(p.Partition) {
			p.hour = lake.WholeDay
		}
		pieces = append(pieces, p)
	}
	for _, f := range s.manifest.Files { // compaction
		if f.Hour != lake.WholeDay && s.dayOver(f.Date) {
			pieces = append(pieces, piece{f.Partition(), lake.WholeDay})
		}
	}
	slices.SortFunc(pieces, comparePieces)
	return slices.Compact(pieces)
}

func comparePieces(a, b piece) int {
	if c := strings.Compare(a.Date, b.Date); c != 0 {
		return c
	}
	if c := strings.Compare(a.Table+"/"+a.Tenant, b.Table+"/"+b.Tenant); c != 0 {
		return c
	}
	return a.hour - b.hour
}

func (s *sealing) due(u unsealedHour) bool {
	if s.opts.All {
		return true
	}
	closed := !u.hour.Add(time.Hour + s.opts.Delay).After(s.now)
	return closed && (!u.latest.Add(s.opts.Settle).After(s.now) || !u.first.Add(10*s.opts.Settle).After(s.now))
}

// dayOver tells whether a day is closed: an hour after its end, so that what is a little late does not write it twice.
func (s *sealing) dayOver(date string) bool {
	d, err := time.Parse(time.DateOnly, date)
	return err == nil && !d.Add(25*time.Hour).After(s.now)
}

func (s *sealing) hasDay(p lake.Partition) bool {
	return slices.ContainsFunc(s.manifest.Files, func(f lake.File) bool { return f.Partition() == p && f.Hour == lake.WholeDay })
}

// writeFile writes the rows of a day or an hour.
func (s *sealing) writeFile(ctx context.Context, tx *sql.Tx, p piece) error {
	f, path, err := s.w.lake.Create(p.Partition, p.hour)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("FROM %s WHERE tenant = %s AND dt = DATE %s", p.Table, quote(p.Tenant), quote(p.Date))
	from, err := time.Parse(time.DateOnly, p.Date)
	if err != nil {
		return err
	}
	to := from.AddDate(0, 0, 1)
	if p.hour != lake.WholeDay {
		from = from.Add(time.Duration(p.hour) * time.Hour)
		to = from.Add(time.Hour)
	}
	where += fmt.Sprintf(" AND ts >= TIMESTAMP %s AND ts < TIMESTAMP %s", quote(from.Format(time.DateTime)), quote(to.Format(time.DateTime)))
	var low, high sql.NullTime
	var seq sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT count(*), min(ts), max(ts), min(seq) "+where).Scan(&f.Rows, &low, &high, &seq); err != nil {
		return err
	}
	f.MinTS, f.MaxTS, f.MinSeq = low.Time, high.Time, seq.Int64
	if f.Rows > 0 {
		copyTo := fmt.Sprintf("COPY (SELECT * EXCLUDE (tenant, dt) %s ORDER BY conversation, seq) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)", where, quote(path))
		if _, err := tx.ExecContext(ctx, copyTo); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		if err := s.w.lake.Complete(&f); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	s.files = append(s.files, f)
	return nil
}

// forget removes the marks of what was written. What came meanwhile has higher batches.
func (s *sealing) forget(ctx context.Context) error {
	s.w.write.Lock()
	defer s.w.write.Unlock()
	return s.w.transact(ctx, func(conn *sql.Conn) error {
		for _, h := range s.done {
			_, err := conn.ExecContext(ctx, "DELETE FROM unsealed WHERE fact = ? AND tenant = ? AND hour = ? AND batch <= ?", h.fact, h.tenant, h.hour, s.batches)
			if err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "UPDATE progress SET lake = ?", int64(s.w.lake.Manifest().Version))
		return err
	})
}
