package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
	"yingda/analytics/schema"
	"yingda/analytics/warehouse"
	engines "yingda/bench/analytics"
	"yingda/server"
)

const sameAnswersHelp = `Asks another engine the questions of the reports, over the Parquet files of the lake, and compares with the warehouse's answers: the same
rows, the same numbers, floats to the last digits that the order of a sum leaves (1e-9 relative).

  --engine spark        Apache Spark; with --cluster on two workers that are processes of their own, as it runs over many machines
  --engine clickhouse   ClickHouse, in-process (chDB)

The engine runs in a Python that has its package (bench/analytics/requirements.txt; 'make report-spark' makes one); Spark needs Java 17.
Facts are read from the files that the lake's manifest names. Sessions and roll-ups are written to Parquet for this: --keep DIR leaves them there,
for jobs of your own. No other process may have the warehouse open.`

// sameAnswersFlags are those of "yingda same-answers".
type sameAnswersFlags struct {
	dir, engine, python, tenant, from, to, keep, only string
	cluster                                           bool
	threads                                           int
}

func runSameAnswers(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "same-answers", "", sameAnswersHelp)
	var f sameAnswersFlags
	registerAnalyticsDir(fs, &f.dir)
	fs.StringVar(&f.engine, "engine", engines.Spark, "spark or clickhouse")
	fs.StringVar(&f.python, "python", "python3", "`program`: a Python that has the engine's package")
	fs.StringVar(&f.tenant, "tenant", server.DefaultTenant, "whose rows")
	fs.StringVar(&f.from, "from", "", "first `day`, UTC (default: the last 28 days that there are)")
	fs.StringVar(&f.to, "to", "", "`day` after the last one")
	fs.StringVar(&f.keep, "keep", "", "`folder` to leave sessions and roll-ups in, as Parquet")
	fs.StringVar(&f.only, "only", "", "comma-separated `questions`, e.g. containment,fcr (default: all)")
	fs.BoolVar(&f.cluster, "cluster", false, "Spark: two workers as processes of their own")
	fs.IntVar(&f.threads, "threads", runtime.NumCPU(), "threads of the engine")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 || f.threads < 1 || f.engine != engines.Spark && f.engine != engines.ClickHouse {
		fs.Usage()
		return errUsage
	}
	if f.engine == engines.Spark {
		if err := engines.FindJava(os.Getenv("JAVA_HOME")); err != nil {
			return err
		}
	}
	if err := f.run(ctx, std); err != nil {
		return fmt.Errorf("same-answers: %w", err)
	}
	return nil
}

func (f *sameAnswersFlags) run(ctx context.Context, std stdio) (err error) {
	scratch, err := os.MkdirTemp("", "yingda-same-answers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	derived := filepath.Join(scratch, "derived")
	if f.keep != "" {
		if derived, err = filepath.Abs(f.keep); err != nil {
			return err
		}
	}
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: f.dir, Threads: f.threads, Allow: []string{derived}, Log: newLogger(std.err, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer w.Close()
	params, err := f.params(ctx, w)
	if err != nil {
		return err
	}
	tables, err := f.tables(ctx, w, derived)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.err, "Starting %s; questions about %s to %s, tenant %s …\n", f.engine, params.Filter.From.Format(time.DateOnly), params.Filter.To.Format(time.DateOnly), f.tenant)
	e, err := engines.Start(ctx, f.python, f.engine, engines.Job{Tables: tables, Threads: f.threads, Cluster: f.cluster, Scratch: scratch})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return f.compare(ctx, w, e, params, std)
}

// params are the period that is asked about: given, or what there is.
func (f *sameAnswersFlags) params(ctx context.Context, w *warehouse.Warehouse) (query.Params, error) {
	p := query.Params{Through: w.Through(), Filter: analytics.Filter{Tenant: f.tenant}}
	if err := f.period(&p); err != nil {
		return p, err
	}
	if p.Through.IsZero() {
		return p, fmt.Errorf("the warehouse in %s is empty: 'yingda demo-data --dir %s' fills it with something to try", f.dir, f.dir)
	}
	if err := w.Refresh(ctx); err != nil {
		return p, err
	}
	_, err := w.Seal(ctx, warehouse.SealOptions{All: true})
	return p, err
}

// period reads the flags of the period.
func (f *sameAnswersFlags) period(p *query.Params) (err error) {
	p.Filter.To = p.Through.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	if f.to != "" {
		if p.Filter.To, err = time.Parse(time.DateOnly, f.to); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	p.Filter.From = p.Filter.To.AddDate(0, 0, -28)
	if f.from != "" {
		if p.Filter.From, err = time.Parse(time.DateOnly, f.from); err != nil {
			return fmt.Errorf("--from: %w", err)
		}
	}
	return nil
}

// tables are the files of the lake, and those that sessions and roll-ups are written to.
func (f *sameAnswersFlags) tables(ctx context.Context, w *warehouse.Warehouse, derived string) (map[string]engines.Table, error) {
	tables := map[string]engines.Table{}
	if err := os.MkdirAll(derived, 0o750); err != nil {
		return nil, err
	}
	for _, name := range schema.Facts {
		files := w.Lake().Files(name, f.tenant, time.Time{}, time.Time{})
		if len(files) > 0 {
			tables[name] = engines.Table{Base: filepath.Join(w.Lake().Dir(), name), Files: files, Hive: true}
		}
	}
	rest := append([]string(nil), schema.Derived...)
	for _, name := range schema.Facts {
		if _, ok := tables[name]; !ok { // without facts a table has no files: an empty one is written, so that questions find it
			rest = append(rest, name)
		}
	}
	for _, name := range rest {
		file := filepath.Join(derived, name+".parquet")
		rows, err := w.Query(ctx, fmt.Sprintf("COPY (SELECT * FROM %s WHERE tenant = '%s') TO '%s' (FORMAT parquet, COMPRESSION zstd)",
			name, strings.ReplaceAll(f.tenant, "'", "''"), strings.ReplaceAll(file, "'", "''")))
		if err != nil {
			return nil, err
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		tables[name] = engines.Table{Base: derived, Files: []string{file}}
	}
	return tables, nil
}

// compare asks both and prints what came of it.
func (f *sameAnswersFlags) compare(ctx context.Context, w *warehouse.Warehouse, e *engines.Engine, p query.Params, std stdio) error {
	d, err := query.ParseDialect(f.engine)
	if err != nil {
		return err
	}
	names := query.Names()
	if f.only != "" {
		names = splitList(f.only)
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "question\trows\t%s\tDuckDB, s\t%s, s\n", e.Version, e.Name)
	differ := 0
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		want, took, err := askWarehouse(ctx, w, name, p)
		if err != nil {
			return err
		}
		verdict, seconds := "same", 0.0
		st, err := query.Compile(name, d, p, false)
		if err != nil {
			return err
		}
		got, err := e.Ask(name, st.SQL)
		if err != nil {
			verdict = firstLine(err.Error())
		} else {
			seconds = got.Seconds
			if d := engines.Difference(want, got.Rows); d != "" {
				verdict = d
			}
		}
		if verdict != "same" {
			differ++
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%.3f\t%.3f\n", name, len(want), verdict, took.Seconds(), seconds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d answers of %s are not the same", differ, len(names), e.Version)
	}
	_, err = fmt.Fprintf(std.out, "\nAll %d answers of %s and DuckDB are the same. %s was ready after %s.\n", len(names), e.Version, e.Name, e.Ready.Round(100*time.Millisecond))
	return err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if runes := []rune(line); len(runes) > 160 {
		line = string(runes[:160]) + " …"
	}
	return line
}

// askWarehouse asks the warehouse itself.
func askWarehouse(ctx context.Context, w *warehouse.Warehouse, name string, p query.Params) ([][]any, time.Duration, error) {
	st, err := query.Compile(name, query.DuckDB, p, true)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	rows, err := w.Query(ctx, st.SQL, st.Args...)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	out, err := allRows(rows)
	return out, time.Since(began), err
}

// allRows reads rows as values, and closes them.
func allRows(rows *sql.Rows) (out [][]any, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
