package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/eval"
)

// qualityRow is one figure of one benchmark.
type qualityRow struct {
	Benchmark string        `json:"benchmark"`
	Title     string        `json:"title"`
	Layers    int           `json:"layers"`
	Megabytes float64       `json:"megabytes"`
	Seed      uint64        `json:"seed"`
	Minutes   float64       `json:"minutes"`
	Figures   []eval.Metric `json:"figures"`
}

// runQuality measures what the training recipes reach on public data sets.
func runQuality(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "quality", "", "Trains on public data sets, a recipe each, and judges the models by the sets' tests.")
	var f ortFlags
	f.register(fs)
	dir := fs.String("datasets", "../shared/datasets", "`folder` with the data sets, laid out as the recipes say")
	enc := fs.String("encoder", os.Getenv("YINGDA_ENCODER"), "`folder` with the pretrained encoder (YINGDA_ENCODER)")
	recipes := fs.String("recipes", "training/recipes/public", "`folder` of benchmark recipes")
	only := fs.String("only", "", "comma-separated `names` of recipes to run; empty = all")
	seed := fs.Uint64("seed", 0, "`seed` instead of the recipe's; 0 = the recipe's")
	work := fs.String("checkpoint", "", "`folder` that keeps the state of training, to go on after an interruption")
	keep := fs.String("keep", "", "`folder` to write the trained bundles to; empty = they are only measured")
	out := fs.String("json", "", "also write the results to this `file`, after each benchmark")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if *enc == "" {
		return errors.New("quality: no encoder given: --encoder FOLDER or YINGDA_ENCODER")
	}
	files, err := benchmarkFiles(*recipes, *only)
	if err != nil {
		return err
	}
	e, err := encoder.Load(*enc)
	if err != nil {
		return err
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	var rows []qualityRow
	for _, file := range files {
		row, err := measureQuality(ctx, e, file, qualityRun{*dir, *work, *keep, *seed}, std)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		rows = append(rows, *row)
		if err := writeQuality(rows, *out); err != nil {
			return err
		}
	}
	return printQuality(rows, std)
}

// benchmarkFiles lists the recipes to run.
func benchmarkFiles(dir, only string) ([]string, error) {
	if only == "" {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("quality: no recipe in %s", dir)
		}
		return files, err
	}
	var files []string
	for _, name := range strings.Split(only, ",") {
		file := filepath.Join(dir, strings.TrimSpace(name)+".yaml")
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("quality: %w", err)
		}
		files = append(files, file)
	}
	return files, nil
}

// qualityRun says where the data is, where runs and bundles are kept ("" = nowhere), and the seed, 0 = the recipe's.
type qualityRun struct {
	datasets, checkpoint, keep string
	seed                       uint64
}

// measureQuality trains and judges one benchmark; nil when its data is not there.
func measureQuality(ctx context.Context, e *encoder.Encoder, file string, o qualityRun, std stdio) (*qualityRow, error) {
	b, err := training.LoadBenchmark(file)
	if err != nil {
		return nil, err
	}
	train, held, test, err := b.Read(o.datasets)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(std.err, "SKIPPED: %v\n", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := b.TaughtFrom(o.keep); err != nil {
		return nil, fmt.Errorf("quality: %w (--keep)", err)
	}
	if o.seed != 0 {
		b.Recipe.Seed = o.seed
	}
	p := newProgress(std.err)
	defer p.end()
	run := training.RunOptions{Held: held}
	if o.checkpoint != "" {
		run.Checkpoint = filepath.Join(o.checkpoint, b.Recipe.Name)
	}
	start := time.Now()
	res, err := training.Train(ctx, train, &corpus.Taxonomy{}, e, b.Recipe, run, p.report)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Title, err)
	}
	if o.keep != "" {
		path, err := res.Bundle.Write(o.keep)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(std.err, path)
	}
	row := &qualityRow{Benchmark: b.Recipe.Name, Title: b.Title, Layers: slices.Max(b.Recipe.Layers), Seed: b.Recipe.Seed,
		Megabytes: float64(len(res.Bundle.Model)+len(res.Bundle.Tokenizer)) / 1e6}
	if row.Figures, err = judgeQuality(ctx, res.Bundle, &b, test, p); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	row.Minutes = time.Since(start).Minutes()
	p.end()
	for _, m := range row.Figures {
		fmt.Fprintf(std.err, "%s: %s %.4f\n", b.Title, m.Name, float64(m.Value))
	}
	return row, nil
}

// judgeQuality runs a bundle, without recognisers, on the test part and returns the benchmark's figures.
func judgeQuality(ctx context.Context, trained *models.Bundle, b *training.Benchmark, test *corpus.Corpus, p *progress) ([]eval.Metric, error) {
	engine, err := buildEngine(trained, standard.Options{Rules: standard.NoRules()})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	analyse := func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		return engine.Analyse(ctx, us...)
	}
	cases, err := eval.Run(ctx, analyse, test.Examples, func(done, total int) { p.report("evaluate", done, total, "") })
	if err != nil {
		return nil, err
	}
	report, err := eval.Evaluate(cases, eval.Options{Data: b.Title, EntityTypes: eval.ModelTypes(trained.Manifest)})
	if err != nil {
		return nil, err
	}
	var figures []eval.Metric
	for _, name := range b.Figures {
		i := slices.IndexFunc(report.Headline, func(m eval.Metric) bool { return m.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no figure %q", name)
		}
		figures = append(figures, report.Headline[i])
	}
	return figures, nil
}

func writeQuality(rows []qualityRow, path string) error {
	if path == "" {
		return nil
	}
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

func printQuality(rows []qualityRow, std stdio) error {
	w := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SET\tLAYERS\tSIZE\tFIGURE\tVALUE\t95 % INTERVAL\tN\tSEED\tMINUTES")
	for _, r := range rows {
		for _, m := range r.Figures {
			fmt.Fprintf(w, "%s\t%d\t%.1f MB\t%s\t%.4f\t%.4f–%.4f\t%d\t%d\t%.0f\n", r.Title, r.Layers, r.Megabytes, m.Title, float64(m.Value), float64(m.Low), float64(m.High), m.N, r.Seed, r.Minutes)
		}
	}
	return w.Flush()
}
