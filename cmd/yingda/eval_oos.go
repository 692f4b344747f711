package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"yingda/models"
	"yingda/training"
)

// oosFlags are those of "yingda eval --oos-scores".
type oosFlags struct {
	on                             bool
	trainedOn, benchmark, datasets string
}

func (f *oosFlags) register(fs *flag.FlagSet) {
	fs.BoolVar(&f.on, "oos-scores", false, "instead of measuring the bundle's answers, compare ways to tell what is out of scope: on what was held out from its training, and on --data")
	fs.StringVar(&f.trainedOn, "trained-on", "training/corpus/data", "with --oos-scores: `corpus` that the bundle was trained on")
	fs.StringVar(&f.benchmark, "benchmark", "", "with --oos-scores: benchmark recipe `file` that the bundle was trained by; its train, held and test parts are used")
	fs.StringVar(&f.datasets, "datasets", "../shared/datasets", "with --benchmark: `folder` of the data sets")
}

// evalOOS prints a table of scores for each part.
func evalOOS(ctx context.Context, e *engineFlags, f *oosFlags, features string, data []string, out string, std stdio) error {
	base, err := e.openBundle()
	if err != nil {
		return err
	}
	parts, err := f.parts(base, data, std)
	if err != nil {
		return err
	}
	if err := e.initORT(ctx, std.err); err != nil {
		return err
	}
	p := newProgress(std.err)
	tables, err := training.CompareOOS(ctx, base, parts, features, p.report)
	p.end()
	if err != nil {
		return err
	}
	for i, t := range tables {
		if i > 0 {
			fmt.Fprintln(std.out)
		}
		if err := t.Text(std.out); err != nil {
			return err
		}
	}
	if out == "" {
		return nil
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return writeFile(filepath.Join(out, "oos-scores.json"), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(tables)
	})
}

// parts reads what the bundle was trained on, what was held out, and what is judged.
func (f *oosFlags) parts(base *models.Bundle, data []string, std stdio) (p training.OOSParts, err error) {
	if f.benchmark != "" {
		b, err := training.LoadBenchmark(f.benchmark)
		if err != nil {
			return p, err
		}
		if p.Train, p.Held, p.Test, err = b.Read(f.datasets); err != nil {
			return p, err
		}
		if p.Held == nil {
			return p, fmt.Errorf("eval: %s has no validation part to fit and choose on", f.benchmark)
		}
		return p, nil
	}
	whole, err := readExamples(f.trainedOn)
	if err != nil {
		return p, err
	}
	if p.Train, p.Held, err = training.HeldOut(base, whole); err != nil || len(data) == 0 {
		return p, err
	}
	p.Test, err = readData(data, std)
	return p, err
}
