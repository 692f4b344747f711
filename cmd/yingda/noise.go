package main

import (
	"context"

	"yingda/training"
	"yingda/training/noise"
)

// runNoise lists the examples of a corpus whose intent is probably wrong, most suspicious first.
func runNoise(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "noise", "", "Lists the messages of a corpus whose intent is probably wrong, most suspicious first, as tab-separated values.")
	var f trainFlags
	f.register(fs)
	fs.StringVar(&f.data, "data", "training/corpus/data", "corpus: a `folder` of Rasa NLU YAML, or a file of any known notation")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/frozen.yaml", "recipe `file`: folds and penalty of the intents head")
	fs.StringVar(&f.taxonomy, "taxonomy", "", "label space `file` (default: the shipped one)")
	fs.StringVar(&f.base, "base", "", "bundle `folder` or id whose encoder is used (default: the champion)")
	fs.StringVar(&f.features, "features", featuresDir(), "`folder` where the encoder's states of texts are kept; empty = not kept")
	html := fs.String("html", "", "also write a page to this `file`")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	found, err := f.findNoise(ctx, std)
	if err != nil {
		return err
	}
	if *html != "" {
		if err := writeFile(*html, found.HTML); err != nil {
			return err
		}
	}
	return found.TSV(std.out)
}

// findNoise predicts every message by heads that have not seen it, and compares.
func (f *trainFlags) findNoise(ctx context.Context, std stdio) (*noise.Result, error) {
	if err := f.initORT(ctx, std.err); err != nil {
		return nil, err
	}
	tax, err := f.readTaxonomy()
	if err != nil {
		return nil, err
	}
	c, err := f.readCorpus()
	if err != nil {
		return nil, err
	}
	r, err := training.LoadRecipe(f.recipe)
	if err != nil {
		return nil, err
	}
	e := engineFlags{ortFlags: f.ortFlags, store: storeDir(), bundle: f.base}
	base, err := e.openBundle()
	if err != nil {
		return nil, err
	}
	p := newProgress(std.err)
	classes, examples, err := training.OutOfFold(ctx, c, tax, base, r, f.features, p.report)
	p.end()
	if err != nil {
		return nil, err
	}
	return noise.Find(classes, examples)
}
