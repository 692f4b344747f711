package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"yingda/analytics/feed"
	"yingda/analytics/lake"
	"yingda/analytics/warehouse"
)

const lakeHelp = `Looks after the warehouse and the lake of Parquet files beside it.

  status      what the process that runs on the folder has, and what the lake holds
  files       list the files of the lake, as JSON lines
  verify      check every file of the lake against its hash; exit code 1 when one is damaged
  repair      verify, and have what is damaged written again from the warehouse, or read again from the log
  seal        write all that is there to the lake now, also hours that are not over
  rebuild     make the warehouse again from the lake; the log is asked for the rest by the next "yingda serve"

verify, files and status may run beside a server. The others need the folder for themselves.`

func runLake(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "lake", "status|files|verify|repair|seal|rebuild", lakeHelp)
	var f analyseFlags
	registerAnalyticsDir(fs, &f.dir)
	f.registerWarehouse(fs, "")
	if len(args) == 0 {
		fs.Usage()
		return errUsage
	}
	if err := parseFlags(fs, args[1:]); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("lake: unexpected argument %q", fs.Arg(0))
	}
	do, ok := map[string]func(context.Context, *analyseFlags, stdio) error{"status": lakeStatus, "files": lakeFiles, "verify": lakeVerify,
		"repair": lakeRepair, "seal": lakeSeal, "rebuild": lakeRebuild}[args[0]]
	if !ok {
		return fmt.Errorf("lake: unknown command %q: want status, files, verify, repair, seal or rebuild", args[0])
	}
	return do(ctx, &f, std)
}

func openLake(f *analyseFlags) (*lake.Lake, error) { return lake.Open(filepath.Join(f.dir, "lake")) }

func lakeStatus(ctx context.Context, f *analyseFlags, std stdio) error {
	l, err := openLake(f)
	if err != nil {
		return err
	}
	m := l.Manifest()
	var rows, bytes int64
	days := map[string]bool{}
	for _, file := range m.Files {
		rows, bytes, days[file.Date] = rows+file.Rows, bytes+file.Bytes, true
	}
	tw := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "lake\t%s\nfiles\t%d, %d rows, %.1f MB, %d days\nmanifest\tversion %d of %s\nposition in the log\t%d\n", l.Dir(), len(m.Files), rows, float64(bytes)/1e6, len(days),
		m.Version, m.Written.Format(time.RFC3339), m.Position)
	for _, v := range l.Damaged() {
		fmt.Fprintf(tw, "damaged manifest\tversion %d; the one before is in force\n", v)
	}
	if h, err := health(ctx, f.dir); err == nil {
		fmt.Fprintf(tw, "warehouse\truns; %d events taken in since its start, %d refused\nposition in the log\t%d\nthrough\t%s\n", h.Taken, h.Refused, h.Position, h.Through.Format(time.RFC3339))
	} else {
		fmt.Fprintf(tw, "warehouse\tno process serves it (%v)\n", err)
	}
	return tw.Flush()
}

// health asks the process that serves the folder.
func health(ctx context.Context, dir string) (h feed.Health, err error) {
	client := socketClient(dir)
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, socketURL+"/internal/health", nil)
	if err != nil {
		return h, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	return h, json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&h)
}

func lakeFiles(_ context.Context, f *analyseFlags, std stdio) error {
	l, err := openLake(f)
	if err != nil {
		return err
	}
	out := json.NewEncoder(std.out)
	for _, file := range l.Manifest().Files {
		if err := out.Encode(file); err != nil {
			return err
		}
	}
	return nil
}

func lakeVerify(ctx context.Context, f *analyseFlags, std stdio) error {
	l, err := openLake(f)
	if err != nil {
		return err
	}
	faults, err := l.Verify(ctx, nil)
	if err != nil {
		return err
	}
	return tellFaults(std, len(l.Manifest().Files), faults, l.Damaged())
}

func tellFaults(std stdio, files int, faults []lake.Fault, manifests []uint64) error {
	for _, fault := range faults {
		fmt.Fprintln(std.out, fault.Why)
	}
	for _, v := range manifests {
		fmt.Fprintf(std.out, "manifest %d is damaged; the one before is in force\n", v)
	}
	if n := len(faults) + len(manifests); n > 0 {
		return fmt.Errorf("lake: %d of %d files and %d manifests are damaged; 'yingda lake repair' writes them again", len(faults), files, len(manifests))
	}
	fmt.Fprintf(std.out, "%d files: nothing is damaged\n", files)
	return nil
}

// withWarehouse opens the warehouse for a command.
func withWarehouse(ctx context.Context, f *analyseFlags, std stdio, do func(*warehouse.Warehouse) error) error {
	w, err := warehouse.Open(ctx, f.options(newLogger(std.err, slog.LevelInfo)))
	if errors.Is(err, warehouse.ErrInUse) {
		return fmt.Errorf("%w: end 'yingda serve' or 'yingda analyse' on %s first", err, f.dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.Close())
}

func lakeRepair(ctx context.Context, f *analyseFlags, std stdio) error {
	return withWarehouse(ctx, f, std, func(w *warehouse.Warehouse) error {
		faults, err := w.Repair(ctx)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			fmt.Fprintln(std.out, fault.Why)
		}
		fmt.Fprintf(std.out, "%d damaged files were set aside and are written again\n", len(faults))
		return sealAll(ctx, w, std)
	})
}

func lakeSeal(ctx context.Context, f *analyseFlags, std stdio) error {
	return withWarehouse(ctx, f, std, func(w *warehouse.Warehouse) error { return sealAll(ctx, w, std) })
}

func sealAll(ctx context.Context, w *warehouse.Warehouse, std stdio) error {
	s, err := w.Seal(ctx, warehouse.SealOptions{All: true})
	if err == nil {
		fmt.Fprintf(std.out, "%d files with %d rows were written; the lake holds the log up to %d\n", s.Files, s.Rows, s.Position)
	}
	return err
}

func lakeRebuild(ctx context.Context, f *analyseFlags, std stdio) error {
	began := time.Now()
	log := newLogger(std.err, slog.LevelInfo)
	if err := lakeSeal(ctx, f, std); err != nil { // what was imported is in no log
		return err
	}
	for _, suffix := range []string{"", ".wal"} {
		name := filepath.Join(f.dir, warehouse.FileName+suffix)
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("lake: %w", err)
		}
	}
	w, err := warehouse.Open(ctx, f.options(log))
	if err != nil {
		return err
	}
	if err := errors.Join(w.Refresh(ctx), w.Close()); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "made again in %.1f s; the log is asked for what comes after %d\n", time.Since(began).Seconds(), w.Position())
	return nil
}
