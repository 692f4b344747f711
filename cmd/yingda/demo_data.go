package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda/analytics/demodata"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

const demoDataHelp = `Writes a year of a shop's traffic that never happened, with what is to be found in it: new wishes after the launch of a product, experiments
with known effects, a fault in one of them, drift. The same seed gives the same events, byte for byte. See docs/analytics/demo-data.md.

  --dir DIR   straight into the folder of the analytics process: DIR/warehouse.duckdb; the quickest way to try reports
  --out DIR   as files: DIR/events-2025-11.ndjson.gz and so on, which 'yingda import --format events' reads
  --log DIR   through an event log, one durable write an event: slow, for trying what consumes the log

At least one of them. The truth is written beside the events (for --dir in DIR/demo): truth.json, labels.jsonl (what messages truly mean),
wordings.jsonl and wordings-measure.jsonl (the planted wordings as labelled examples; customers use the second ones from measure_from on).`

type demoDataFlags struct {
	log         logFlags
	dir, out    string
	seed        uint64
	from        string
	days, turns int
	tenant      string
}

func (f *demoDataFlags) register(fs *flag.FlagSet) {
	f.log.register(fs)
	f.log.dir, f.log.nats, fs.Lookup("log").DefValue, fs.Lookup("nats").DefValue = "", "", "", ""
	fs.StringVar(&f.dir, "dir", "", "`folder` of the analytics process")
	fs.StringVar(&f.out, "out", "", "`folder` for files")
	fs.Uint64Var(&f.seed, "seed", 1, "another seed is another year")
	fs.StringVar(&f.from, "from", "2025-11-01", "first `day`")
	fs.IntVar(&f.days, "days", 365, "how many days")
	fs.IntVar(&f.turns, "turns-per-day", 2000, "messages of customers on an average day, roughly")
	fs.StringVar(&f.tenant, "tenant", "default", "whose events these are")
}

func runDemoData(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "demo-data", "", demoDataHelp)
	var f demoDataFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	from, err := time.Parse(time.DateOnly, f.from)
	if err != nil || len(words) > 0 || f.dir == "" && f.out == "" && f.log.dir == "" && f.log.nats == "" {
		if err != nil {
			fmt.Fprintf(std.err, "yingda: --from %q: write a date such as 2025-11-01\n", f.from)
		}
		fs.Usage()
		return errUsage
	}
	o := demodata.Options{Seed: f.seed, From: from, Days: f.days, TurnsPerDay: f.turns, Tenant: f.tenant}
	w := &demoWriter{std: std}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.open(ctx, &f); err != nil {
		return err
	}
	o.Label = w.label
	g, err := demodata.New(o)
	if err != nil {
		return err
	}
	bar := newProgress(std.err)
	defer bar.end()
	if err := g.Run(ctx, func(day int, evs []dialogue.Event) error {
		bar.report("demo data", day, g.Days(), "")
		return w.take(ctx, evs)
	}); err != nil {
		return err
	}
	bar.report("demo data", g.Days(), g.Days(), "")
	return w.finish(ctx, g.Truth())
}

// demoWriter hands events to where they are wanted.
type demoWriter struct {
	std       stdio
	beside    string // folder of the truth
	out       string
	warehouse *warehouse.Warehouse
	log       *eventlog.Log
	pending   []dialogue.Event // of the warehouse
	month     string
	file      *demoFile
	labels    *demoFile
}

// demoFile is a file of JSON Lines.
type demoFile struct {
	f   *os.File
	zip *gzip.Writer // nil = plain
	buf *bufio.Writer
	enc *json.Encoder
}

func newDemoFile(path string, zipped bool) (*demoFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	d := &demoFile{f: f}
	var w io.Writer = f
	if zipped {
		if d.zip, err = gzip.NewWriterLevel(f, gzip.BestSpeed); err != nil {
			return nil, err
		}
		w = d.zip
	}
	d.buf = bufio.NewWriterSize(w, 1<<18)
	d.enc = json.NewEncoder(d.buf)
	d.enc.SetEscapeHTML(false)
	return d, nil
}

func (d *demoFile) close() error {
	if d == nil {
		return nil
	}
	err := d.buf.Flush()
	if d.zip != nil {
		err = errors.Join(err, d.zip.Close())
	}
	return errors.Join(err, d.f.Close())
}

func (w *demoWriter) open(ctx context.Context, f *demoDataFlags) (err error) {
	w.out, w.beside = f.out, f.out
	if w.beside == "" && f.dir != "" {
		w.beside = filepath.Join(f.dir, "demo")
	} else if w.beside == "" {
		w.beside = filepath.Join(filepath.Dir(filepath.Clean(f.log.dir)), "demo")
	}
	if err := os.MkdirAll(w.beside, 0o750); err != nil {
		return err
	}
	if w.labels, err = newDemoFile(filepath.Join(w.beside, "labels.jsonl"), false); err != nil {
		return err
	}
	if f.dir != "" {
		if w.warehouse, err = warehouse.Open(ctx, warehouse.Options{Dir: f.dir, Log: newLogger(w.std.err, slog.LevelWarn)}); err != nil {
			return err
		}
	}
	if f.log.dir != "" || f.log.nats != "" {
		o, err := f.log.options(true, w.std.err, newLogger(w.std.err, slog.LevelWarn))
		if err != nil {
			return err
		}
		if w.log, err = eventlog.Open(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (w *demoWriter) label(l demodata.Label) error { return w.labels.enc.Encode(l) }

// warehouseBatch is how many events go into the warehouse in one transaction: each costs the same, however many there are in it.
const warehouseBatch = 20000

func (w *demoWriter) take(ctx context.Context, evs []dialogue.Event) error {
	if w.warehouse != nil {
		if w.pending = append(w.pending, evs...); len(w.pending) >= warehouseBatch {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
	}
	if w.out != "" {
		if err := w.write(evs); err != nil {
			return err
		}
	}
	if w.log != nil {
		return appendDemo(ctx, w.log, evs)
	}
	return nil
}

func (w *demoWriter) flush(ctx context.Context) error {
	err := w.warehouse.Ingest(ctx, w.pending)
	w.pending = w.pending[:0]
	return err
}

// write puts events into the file of their month.
func (w *demoWriter) write(evs []dialogue.Event) error {
	for i := range evs {
		if m := evs[i].Time.Format("2006-01"); m != w.month {
			if err := w.file.close(); err != nil {
				return err
			}
			var err error
			if w.file, err = newDemoFile(filepath.Join(w.out, "events-"+m+".ndjson.gz"), true); err != nil {
				return err
			}
			w.month = m
		}
		if err := demodata.WriteEvents(w.file.enc, evs[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// finish writes what is left, and the truth.
func (w *demoWriter) finish(ctx context.Context, truth *demodata.Truth) error {
	if w.warehouse != nil {
		if err := w.flush(ctx); err != nil {
			return err
		}
		if err := w.warehouse.Refresh(ctx); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.beside, "truth.json"), append(raw, '\n'), 0o640); err != nil {
		return err
	}
	for name, measure := range map[string]bool{"wordings.jsonl": false, "wordings-measure.jsonl": true} {
		d, err := newDemoFile(filepath.Join(w.beside, name), false)
		if err != nil {
			return err
		}
		if err := errors.Join(demodata.WriteWordings(d.buf, measure), d.close()); err != nil {
			return err
		}
	}
	t := truth.Total
	fmt.Fprintf(w.std.out, "%d events, %d turns, %d sessions from %s to %s. The truth is in %s.\n", t.Events, t.Turns, t.Sessions,
		truth.From.Format(time.DateOnly), truth.To.Format(time.DateOnly), filepath.Join(w.beside, "truth.json"))
	return nil
}

func (w *demoWriter) close() error {
	err := errors.Join(w.file.close(), w.labels.close())
	if w.warehouse != nil {
		err = errors.Join(err, w.warehouse.Close())
	}
	if w.log != nil {
		err = errors.Join(err, w.log.Close())
	}
	return err
}

// demoWriters is how many conversations are appended to at once: writes of different ones share the disk's syncs.
const demoWriters = 64

// appendDemo puts events through the log, those of one conversation in order. The log makes pseudonyms of its own.
func appendDemo(ctx context.Context, l *eventlog.Log, evs []dialogue.Event) error {
	byConv := map[dialogue.Key][]*dialogue.Event{}
	var order []dialogue.Key
	for i := range evs {
		k := evs[i].Key
		if byConv[k] == nil {
			order = append(order, k)
		}
		byConv[k] = append(byConv[k], &evs[i])
	}
	return eachBeside(ctx, demoWriters, order, func(ctx context.Context, k dialogue.Key) error {
		t, err := l.Load(ctx, k)
		for _, ev := range byConv[k] {
			if err != nil {
				return err
			}
			c := *ev
			c.Private = &dialogue.Private{Customer: "demo-" + ev.Customer}
			if ev.Turn != nil {
				c.Private.Text = ev.Turn.Redacted
			}
			if t.Saw(c.ID) == 0 { // else it is in, of a run that was interrupted
				t, err = l.Append(ctx, t, &c)
			}
		}
		return err
	})
}

// eachBeside calls fn for all of them, up to limit at a time, until the first error.
func eachBeside[T any](ctx context.Context, limit int, of []T, fn func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for _, x := range of {
		group.Go(func() error { return fn(ctx, x) })
	}
	return group.Wait()
}
