package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yingda/analytics/lake"
	"yingda/analytics/schema"
)

// reconcile brings the database and the lake together when one of them is not what the other was left with: a database that was made again, or
// lost its write-ahead log, takes from the lake what it lacks; what a lake lacks is marked to be written again.
func (w *Warehouse) reconcile(ctx context.Context, db *sql.DB, fresh bool) error {
	m := w.lake.Manifest()
	var seen int64
	if err := db.QueryRowContext(ctx, "SELECT lake FROM progress").Scan(&seen); err != nil {
		return err
	}
	if uint64(seen) == m.Version && len(w.lake.Damaged()) == 0 {
		return nil
	}
	if !schema.Reads(m.Schema) && len(m.Files) > 0 {
		w.opts.Log.Error("the lake has tables of another version; the warehouse is made again from the log alone", "lake", m.Schema, "program", schema.Version)
		m.Files, m.Position = nil, 0
	}
	if err := w.takeFromLake(ctx, db, m, fresh); err != nil {
		return fmt.Errorf("take from the lake: %w", err)
	}
	return w.markMissing(ctx, db)
}

// takeFromLake inserts the facts of the lake that the database lacks.
func (w *Warehouse) takeFromLake(ctx context.Context, db *sql.DB, m lake.Manifest, fresh bool) error {
	lacking, err := lackingFiles(ctx, db, m.Files)
	if err != nil {
		return err
	}
	good, bad := w.checkFiles(lacking)
	position := m.Position
	for _, f := range bad { // the log has them, unless they were imported
		if isPacked(f.Table) {
			if _, err := db.ExecContext(ctx, "UPDATE parses_progress SET position = 0, pack = ''"); err != nil {
				return err
			}
			continue
		}
		position = min(position, uint64(max(f.MinSeq, 1)-1))
	}
	if len(good) > 0 {
		w.opts.Log.Info("the warehouse takes what it lacks from the lake", "files", len(good), "damaged", len(bad))
	}
	for _, table := range schema.Facts {
		if err := w.takeFiles(ctx, db, table, good, fresh); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		if err := w.lake.Commit(lake.Change{Drop: bad, Log: m.Log, Position: position, Schema: schema.Version, Time: w.opts.Now()}); err != nil {
			return err
		}
	}
	// A database that knows of another log than the lake has its own position.
	const forward = "UPDATE progress SET position = greatest(position, ?), log = ? WHERE log = '' OR log = ?"
	if _, err := db.ExecContext(ctx, forward, int64(position), m.Log, m.Log); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "CHECKPOINT")
	return err
}

// lackingFiles returns the files of partitions of which the lake has more rows than the database.
func lackingFiles(ctx context.Context, db *sql.DB, files []lake.File) ([]lake.File, error) {
	have, err := countPartitions(ctx, db)
	if err != nil {
		return nil, err
	}
	want := map[lake.Partition]int64{}
	for _, f := range files {
		want[f.Partition()] += f.Rows
	}
	var lacking []lake.File
	for _, f := range files {
		if want[f.Partition()] > have[f.Partition()] {
			lacking = append(lacking, f)
		}
	}
	return lacking, nil
}

// countPartitions counts the facts by day and tenant.
func countPartitions(ctx context.Context, db *sql.DB) (map[lake.Partition]int64, error) {
	parts := make([]string, len(schema.Facts))
	for i, t := range schema.Facts {
		parts[i] = fmt.Sprintf("SELECT %s AS fact, tenant, dt::VARCHAR AS dt, count(*) AS n FROM %s GROUP BY tenant, dt", quote(t), t)
	}
	rows, err := db.QueryContext(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[lake.Partition]int64{}
	for rows.Next() {
		var p lake.Partition
		var n int64
		if err := rows.Scan(&p.Table, &p.Tenant, &p.Date, &n); err != nil {
			return nil, err
		}
		have[p] = n
	}
	return have, rows.Err()
}

// checkFiles sorts files by whether they are as they were written. Those that are not are renamed, and named in the log.
func (w *Warehouse) checkFiles(files []lake.File) (good, bad []lake.File) {
	for _, f := range files {
		err := w.lake.Check(f)
		if err == nil {
			good = append(good, f)
			continue
		}
		bad = append(bad, f)
		w.opts.Log.Error("a file of the lake is refused; its facts are read from the log again, imported ones have to be imported again",
			"file", f.Path, "rows", f.Rows, "error", errors.Join(err, w.lake.SetAside(f)))
	}
	return good, bad
}

// filesAtOnce bounds how many files one statement reads.
const filesAtOnce = 200

// takeFiles inserts the facts of one table's files, and marks what follows from them.
func (w *Warehouse) takeFiles(ctx context.Context, db *sql.DB, table string, files []lake.File, fresh bool) error {
	var paths []string
	for _, f := range files {
		if f.Table == table {
			paths = append(paths, filepath.Join(w.lake.Dir(), filepath.FromSlash(f.Path)))
		}
	}
	for chunk := range slices.Chunk(paths, filesAtOnce) {
		lacks := ""
		if !fresh {
			lacks = fmt.Sprintf(" ANTI JOIN %s t ON t.tenant = f.tenant AND t.conversation = f.conversation AND t.seq = f.seq AND t.ts = f.ts", table)
			if table == "exposures" {
				lacks += " AND t.experiment = f.experiment"
			}
		}
		scan := lake.Scan(chunk)
		var statements []string
		if !isPacked(table) {
			statements = append(statements,
				fmt.Sprintf("INSERT INTO dirty_conversations SELECT f.tenant, f.conversation, min(f.seq), min(f.ts) FROM %s f%s GROUP BY f.tenant, f.conversation", scan, lacks),
				fmt.Sprintf("INSERT INTO dirty_hours SELECT DISTINCT f.tenant, date_trunc('hour', f.ts) FROM %s f%s", scan, lacks))
		}
		statements = append(statements, fmt.Sprintf("INSERT INTO %s BY NAME SELECT f.* FROM %s f%s", table, scan, lacks))
		if err := inTransaction(ctx, db, statements); err != nil {
			return err
		}
	}
	return nil
}

func inTransaction(ctx context.Context, db *sql.DB, statements []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("%w\nin: %.300s", err, s), tx.Rollback())
		}
	}
	return tx.Commit()
}

// markMissing marks the days of which the database has more than the lake, and forgets which manifest was written last.
func (w *Warehouse) markMissing(ctx context.Context, db *sql.DB) error {
	have, err := countPartitions(ctx, db)
	if err != nil {
		return err
	}
	m := w.lake.Manifest()
	for _, f := range m.Files {
		have[f.Partition()] -= f.Rows
	}
	now := w.opts.Now().UTC().Format("2006-01-02 15:04:05")
	var statements []string
	for p, more := range have {
		if more > 0 {
			low := "min(seq)"
			if isPacked(p.Table) {
				low = "NULL"
			}
			statements = append(statements, fmt.Sprintf("INSERT INTO unsealed SELECT %s, tenant, date_trunc('hour', ts) AS hour, "+low+", 0, TIMESTAMP %s FROM %s WHERE tenant = %s AND dt = DATE %s GROUP BY tenant, hour",
				quote(p.Table), quote(now), p.Table, quote(p.Tenant), quote(p.Date)))
		}
	}
	statements = append(statements, fmt.Sprintf("UPDATE progress SET lake = %d", m.Version))
	return inTransaction(ctx, db, statements)
}

// Repair checks all files of the lake, takes those that are damaged out of it, and marks their days to be written again from the warehouse, which
// Seal does.
func (w *Warehouse) Repair(ctx context.Context) ([]lake.Fault, error) {
	w.sealing.Lock()
	defer w.sealing.Unlock()
	faults, err := w.lake.Verify(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("repair the lake: %w", err)
	}
	if len(faults) == 0 {
		return nil, w.lake.Tidy(w.opts.Now(), 10*time.Minute)
	}
	m := w.lake.Manifest()
	c := lake.Change{Log: m.Log, Position: m.Position, Schema: m.Schema, Time: w.opts.Now()}
	for _, f := range faults {
		c.Drop = append(c.Drop, f.File)
		if !isPacked(f.File.Table) {
			c.Position = min(c.Position, uint64(max(f.File.MinSeq, 1)-1))
		}
		if err := w.lake.SetAside(f.File); err != nil {
			return faults, fmt.Errorf("repair the lake: %w", err)
		}
	}
	if err := w.lake.Commit(c); err != nil {
		return faults, fmt.Errorf("repair the lake: %w", err)
	}
	w.write.Lock()
	defer w.write.Unlock()
	if err := w.ready(ctx); err != nil {
		return faults, err
	}
	if err := w.markMissing(ctx, w.db.write); err != nil {
		return faults, fmt.Errorf("repair the lake: %w", err)
	}
	return faults, w.lake.Tidy(w.opts.Now(), 10*time.Minute)
}
