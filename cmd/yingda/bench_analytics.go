package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/lake"
	"yingda/analytics/report"
	"yingda/analytics/schema"
	"yingda/analytics/warehouse"
	"yingda/bench"
	engines "yingda/bench/analytics"
	"yingda/server"
)

const benchAnalyticsHelp = `Times the same questions on the same Parquet files: by the DuckDB that is in this binary, and by chDB (ClickHouse in-process), polars,
pandas and Apache Spark, each in a Python process of its own, in turn, with the same number of threads. All answers are compared with ours. Then a
warehouse is made of the files, as after the loss of its database, and the service's reports are timed on it.

The files are a lake of generated turns in a folder of their own. Nothing else should run on the machine. 10 million turns take some 2 GB of disk and,
with all engines, about half an hour on two cores; most of it is pandas and Spark.`

// benchAnalyticsFlags are those of "yingda bench-analytics".
type benchAnalyticsFlags struct {
	python, engines, out, json, work, command string
	turns                                     int64
	days, rounds, threads                     int
	memory                                    string
	reports                                   bool
}

func runBenchAnalytics(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "bench-analytics", "", benchAnalyticsHelp)
	var f benchAnalyticsFlags
	fs.StringVar(&f.python, "python", "python3", "`program`: a Python with the engines' packages; bench/analytics/requirements.txt lists them")
	fs.StringVar(&f.engines, "engines", "clickhouse,polars,pandas,spark", "comma-separated `engines` beside ours; \"\" = none")
	fs.Int64Var(&f.turns, "turns", 10_000_000, "how many turns")
	fs.IntVar(&f.days, "days", 90, "over how many days, a file each")
	fs.IntVar(&f.rounds, "rounds", 5, "rounds that count")
	fs.IntVar(&f.threads, "threads", 2, "threads of each engine")
	fs.StringVar(&f.memory, "memory", "4GB", "memory of our DuckDB")
	fs.BoolVar(&f.reports, "reports", true, "also time the service's reports on a warehouse of these turns")
	fs.StringVar(&f.work, "work", "", "`folder` to work in (default: a temporary one)")
	fs.StringVar(&f.out, "out", "", "Markdown `file` to write the tables into, between its marks")
	fs.StringVar(&f.json, "json", "", "`file` to write all figures into")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 || f.turns < 8*int64(f.days) || f.days < 15 || f.rounds < 1 || f.threads < 1 {
		fs.Usage()
		return errUsage
	}
	f.command = strings.Replace(benchCommand(args), "yingda bench", "yingda bench-analytics", 1)
	b := analyticsBenchmark{benchAnalyticsFlags: f, std: std, progress: newProgress(std.err)}
	if err := b.run(ctx); err != nil {
		return fmt.Errorf("bench-analytics: %w", err)
	}
	return b.write()
}

// analyticsBenchmark is one call of "yingda bench-analytics".
type analyticsBenchmark struct {
	benchAnalyticsFlags
	std      stdio
	progress *progress
	dir      string
	files    []string
	report   engines.Report
}

func (b *analyticsBenchmark) run(ctx context.Context) (err error) {
	b.report = engines.Report{Date: time.Now(), Command: b.command, Machine: bench.ThisMachine(), Threads: b.threads, Rounds: b.rounds}
	if b.dir, err = os.MkdirTemp(b.work, "yingda-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.compare(ctx); err != nil {
		return err
	}
	if b.reports {
		err = b.dashboard(ctx)
	}
	b.progress.end()
	return err
}

// data is the folder of the warehouse that the reports are timed on; its lake is what all engines read.
func (b *analyticsBenchmark) data() string { return filepath.Join(b.dir, "data") }

// compare makes the files and asks all engines.
func (b *analyticsBenchmark) compare(ctx context.Context) (err error) {
	if err := os.MkdirAll(b.data(), 0o750); err != nil {
		return err
	}
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: filepath.Join(b.dir, "ours"), Memory: b.memory, Threads: b.threads, Allow: []string{b.data()}, Log: newLogger(b.std.err, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := b.generate(ctx, w); err != nil {
		return err
	}
	ours := &engines.Timed{Name: engines.Ours, Version: "DuckDB " + moduleVersion("github.com/duckdb/duckdb-go/v2") + " (driver)"}
	subjects := []subject{{ours, func(q engines.Question) ([][]any, float64, error) { return b.askOurs(ctx, w, q) }}}
	started, err := b.start(ctx)
	for _, e := range started {
		defer func() { err = errors.Join(err, e.Close()) }()
		subjects = append(subjects, subject{&engines.Timed{Name: e.Name, Version: e.Version, Ready: e.Ready}, func(q engines.Question) ([][]any, float64, error) {
			a, err := e.Ask(q.Name, q.SQL(e.Name, "turns"))
			if err != nil {
				return nil, 0, err
			}
			return a.Rows, a.Seconds, nil
		}})
	}
	if err != nil {
		return err
	}
	return b.measure(ctx, subjects)
}

// generate writes a lake.
func (b *analyticsBenchmark) generate(ctx context.Context, w *warehouse.Warehouse) error {
	l, err := lake.Open(filepath.Join(b.data(), "lake"))
	if err != nil {
		return err
	}
	perDay := b.turns / int64(b.days) / 8 * 8 // whole conversations
	began := time.Now()
	var change lake.Change
	for day := range b.days {
		b.progress.report("turns", day, b.days, "")
		at := time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)
		f, path, err := l.Create(lake.Partition{Table: "turns", Tenant: server.DefaultTenant, Date: at.Format(time.DateOnly)}, lake.WholeDay)
		if err != nil {
			return err
		}
		from := int64(day) * perDay
		rows, err := w.Query(ctx, fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)", engines.TurnsOfDay(day, from, from+perDay, max(1, b.turns/40)), path))
		if err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		f.Rows, f.MinTS, f.MaxTS, f.MinSeq = perDay, at, at.Add(24*time.Hour-time.Microsecond), from+1
		if err := l.Complete(&f); err != nil {
			return err
		}
		change.Files = append(change.Files, f)
		b.report.Turns += f.Rows
		b.report.Bytes += f.Bytes
	}
	change.Schema, change.Time = schema.Version, time.Now()
	b.report.Write, b.report.Files = time.Since(began), len(change.Files)
	if err := l.Commit(change); err != nil {
		return err
	}
	b.files = l.Files("turns", server.DefaultTenant, time.Time{}, time.Time{})
	return nil
}

// start starts the other engines. Those that started are to be closed even if one did not.
func (b *analyticsBenchmark) start(ctx context.Context) (started []*engines.Engine, err error) {
	for _, name := range splitList(b.engines) {
		if name == engines.Spark {
			if err := engines.FindJava(os.Getenv("JAVA_HOME")); err != nil {
				return started, err
			}
		}
		b.progress.report("start", len(started), len(splitList(b.engines)), name)
		scratch := filepath.Join(b.dir, name)
		if err := os.MkdirAll(scratch, 0o750); err != nil {
			return started, err
		}
		table := engines.Table{Base: filepath.Join(b.data(), "lake", "turns"), Files: b.files, Hive: true}
		e, err := engines.Start(ctx, b.python, name, engines.Job{Tables: map[string]engines.Table{"turns": table}, Threads: b.threads, Scratch: scratch})
		if err != nil {
			return started, err
		}
		started = append(started, e)
	}
	return started, nil
}

// subject is an engine as it is measured.
type subject struct {
	timed *engines.Timed
	ask   func(engines.Question) (rows [][]any, seconds float64, err error)
}

// measure asks each engine in turn, so that what changes on the machine meets all of them. The first round warms up and compares the answers.
func (b *analyticsBenchmark) measure(ctx context.Context, subjects []subject) error {
	want := map[string][][]any{}
	for _, s := range subjects {
		s.timed.Seconds, s.timed.Failed = map[string][]float64{}, map[string]string{}
		b.report.Engines = append(b.report.Engines, s.timed)
	}
	for round := range b.rounds + 1 {
		for i, s := range subjects {
			for _, q := range engines.Questions {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if s.timed.Failed[q.Name] != "" {
					continue
				}
				b.progress.report("questions", round*len(subjects)+i, (b.rounds+1)*len(subjects), s.timed.Name+" "+q.Name)
				rows, seconds, err := s.ask(q)
				switch {
				case err != nil && i == 0:
					return err
				case err != nil:
					s.timed.Failed[q.Name] = firstLine(err.Error())
				case round > 0:
					s.timed.Seconds[q.Name] = append(s.timed.Seconds[q.Name], seconds)
				case i == 0:
					want[q.Name] = rows
				default:
					if d := engines.Difference(want[q.Name], rows); d != "" {
						s.timed.Failed[q.Name] = "another answer: " + d
					}
				}
			}
		}
	}
	return nil
}

func (b *analyticsBenchmark) askOurs(ctx context.Context, w *warehouse.Warehouse, q engines.Question) ([][]any, float64, error) {
	began := time.Now()
	rows, err := w.Query(ctx, q.SQL(engines.Ours, lake.Scan(b.files)))
	if err != nil {
		return nil, 0, err
	}
	out, err := allRows(rows)
	return out, time.Since(began).Seconds(), err
}

// dashboard makes a warehouse of the lake and times the service's reports on it.
func (b *analyticsBenchmark) dashboard(ctx context.Context) (err error) {
	b.progress.report("warehouse", 0, 1, "from the lake")
	began := time.Now()
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: b.data(), Memory: b.memory, Threads: b.threads, Log: newLogger(b.std.err, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.Refresh(ctx); err != nil {
		return err
	}
	b.report.Rebuild = time.Since(began)
	filter := analytics.Filter{Tenant: server.DefaultTenant, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1+b.days, 0, 0, 0, 0, time.UTC)}
	names := report.Names()
	for i, name := range names {
		p := engines.Panel{Name: name}
		for range b.rounds + 1 {
			b.progress.report("reports", i, len(names), name)
			began := time.Now()
			r, err := report.Run(ctx, w, name, filter)
			if err != nil {
				return err
			}
			p.Seconds = append(p.Seconds, time.Since(began).Seconds())
			p.RollUps = !slices.ContainsFunc(r.Queries, readsFacts)
		}
		p.Seconds = p.Seconds[1:] // the first warms up
		b.report.Dashboard = append(b.report.Dashboard, p)
	}
	return nil
}

// readsFacts says whether a query reads more than sums.
func readsFacts(query string) bool {
	return slices.ContainsFunc(append([]string{"sessions"}, schema.Facts...), func(table string) bool {
		return strings.Contains(query, "FROM "+table+" ") || strings.Contains(query, "FROM "+table+"\n") || strings.Contains(query, "JOIN "+table+" ")
	})
}

func (b *analyticsBenchmark) write() error {
	if err := b.report.Text(b.std.out); err != nil {
		return err
	}
	if b.json != "" {
		data, err := json.MarshalIndent(&b.report, "", "  ")
		if err == nil {
			err = os.WriteFile(b.json, append(data, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if b.out != "" {
		return b.report.Replace(b.out)
	}
	return nil
}
