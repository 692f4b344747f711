package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"

	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
)

// foldsFlags are those of "yingda eval --folds".
type foldsFlags struct {
	k                         int
	unseen                    bool
	encoder, recipe, features string
}

func (f *foldsFlags) register(fs *flag.FlagSet) {
	fs.IntVar(&f.k, "folds", 0, "instead of measuring the bundle, cross-validate over --data with `k` folds: heads and thresholds are fitted anew k times on the states of the bundle's encoder, or of --encoder")
	fs.BoolVar(&f.unseen, "unseen", false, "with --folds: only the messages of --data that the bundle's training held out")
	fs.StringVar(&f.encoder, "encoder", "", "with --folds: `folder` of a pretrained encoder, which has seen none of the messages")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/default.yaml", "with --folds: recipe `file` of the heads")
	fs.StringVar(&f.features, "features", featuresDir(), "with --folds and --oos-scores: `folder` that keeps the encoder's states of texts; empty = not kept")
}

// evalFolds prints mean, spread and pooled interval of every figure over the folds.
func evalFolds(ctx context.Context, e *engineFlags, f *foldsFlags, data []string, out string, std stdio) error {
	r, err := training.LoadRecipe(f.recipe)
	if err != nil {
		return err
	}
	c, err := readData(data, std)
	if err != nil {
		return err
	}
	if err := e.initORT(ctx, std.err); err != nil {
		return err
	}
	o := training.FoldOptions{K: f.k, Unseen: f.unseen, Cache: f.features}
	if f.encoder != "" {
		o.Encoder, err = encoder.Load(f.encoder)
	} else {
		o.Base, err = e.openBundle()
	}
	if err != nil {
		return err
	}
	p := newProgress(std.err)
	report, err := training.Folds(ctx, c, corpus.DefaultTaxonomy(), r, o, p.report)
	p.end()
	if err != nil {
		return err
	}
	if err := report.Text(std.out); err != nil || out == "" {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return writeFile(filepath.Join(out, "folds.json"), report.JSON)
}
