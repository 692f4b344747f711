package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"yingda/models"
	"yingda/nlu/standard"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
)

// trainFlags are those of "yingda train".
type trainFlags struct {
	ortFlags
	data, encoder, recipe, taxonomy, out string
	limit                                int
	eval                                 multi
	notes                                string
	run                                  training.RunOptions
	headsOnly, recalibrate               bool
	base, features                       string
	fresh, average                       multi
}

func runTrain(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "train", "", "Trains a bundle: heads on a frozen encoder, calibrated by cross-validation.")
	var f trainFlags
	f.register(fs)
	fs.StringVar(&f.data, "data", "training/corpus/data", "corpus: a `folder` of Rasa NLU YAML, or a .yml, .jsonl, .csv or .tsv file")
	fs.StringVar(&f.encoder, "encoder", os.Getenv("YINGDA_ENCODER"), "`folder` with the pretrained encoder: config.json, tokenizer.json, model.onnx (YINGDA_ENCODER)")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/default.yaml", "recipe `file`")
	fs.StringVar(&f.taxonomy, "taxonomy", "", "label space `file` (default: the shipped one)")
	fs.StringVar(&f.out, "out", storeDir(), "`folder` that the bundle is written to")
	fs.IntVar(&f.limit, "limit", 0, "train on the first `n` examples of each intent only, for learning curves")
	fs.BoolVar(&f.headsOnly, "heads-only", false, "keep the encoder of --base and fit new heads on it: seconds instead of an hour")
	fs.BoolVar(&f.recalibrate, "recalibrate", false, "keep the encoder and heads of --base and fit its thresholds anew; with int8 in the recipe, quantise it first")
	fs.Var(&f.fresh, "fresh", "labelled `file` or folder that was written after --base was trained: --recalibrate uses all of it; may be given several times")
	fs.Var(&f.average, "average", "`bundle` (id or folder) of the same labels and encoder whose weights are averaged with those of --base before --recalibrate; may be given several times")
	fs.StringVar(&f.base, "base", "", "bundle `folder` or id that --heads-only and --recalibrate build on (default: the champion)")
	fs.StringVar(&f.features, "features", featuresDir(), "`folder` where --heads-only keeps the encoder's states of texts; empty = not kept")
	fs.StringVar(&f.run.Checkpoint, "checkpoint", "", "`folder` that keeps the state of fine-tuning: the same command goes on from there after an interruption")
	fs.DurationVar(&f.run.Every, "checkpoint-every", 2*time.Minute, "`time` between two writings of the checkpoint: what a kill may cost")
	fs.IntVar(&f.run.Threads, "threads", 0, "threads of fine-tuning; 0 = all cores (results depend on the number in the last bits)")
	fs.Var(&f.eval, "eval", "labelled `file` or folder to measure the bundle on, for its card and manifest; may be given several times")
	fs.StringVar(&f.notes, "notes", "training/recipes/default.notes.md", "Markdown `file` on origin, licences and limits, for the card")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.encoder == "" && !f.headsOnly && !f.recalibrate {
		return fmt.Errorf("train: no encoder given: --encoder FOLDER or YINGDA_ENCODER (config.json, tokenizer.json and model.onnx of a pretrained BERT-like encoder, such as multilingual-e5-small)")
	}
	if len(f.fresh) > 0 && !f.recalibrate {
		return errors.New("train: --fresh is for --recalibrate; other trainings learn from --data")
	}
	if len(f.average) > 0 && !f.recalibrate {
		return errors.New("train: --average is for --recalibrate, which fits the thresholds of what comes out")
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	res, err := f.train(ctx, std)
	if err != nil {
		return err
	}
	path, err := res.Bundle.Write(f.out)
	if err != nil {
		return err
	}
	if res.Elapsed > 0 {
		fmt.Fprintf(std.err, "trained in %v\n", res.Elapsed.Round(time.Second))
	}
	_, err = fmt.Fprintf(std.out, "%s\n", path)
	return err
}

// train makes the bundle, measures it, and completes it with probes, metrics and card.
func (f *trainFlags) train(ctx context.Context, std stdio) (*training.Result, error) {
	tax, err := f.readTaxonomy()
	if err != nil {
		return nil, err
	}
	in := training.CardInput{}
	if in.Corpus, err = f.readCorpus(); err != nil {
		return nil, err
	}
	if err := f.checkLabels(in.Corpus, tax); err != nil {
		return nil, err
	}
	if in.Recipe, err = training.LoadRecipe(f.recipe); err != nil {
		return nil, err
	}
	build := f.headsOnly || f.recalibrate // on an existing bundle
	if !build {
		if in.Encoder, err = encoder.Load(f.encoder); err != nil {
			return nil, err
		}
	}
	if notes, err := os.ReadFile(f.notes); err == nil {
		in.Notes = string(notes)
	}
	p := newProgress(std.err)
	defer p.end()
	if build {
		in.Result, err = f.buildOn(ctx, &in, tax, p)
	} else {
		in.Result, err = training.Train(ctx, in.Corpus, tax, in.Encoder, in.Recipe, f.run, p.report)
	}
	if err != nil {
		return nil, err
	}
	if !build {
		in.Result.Bundle.Manifest.Licences = map[string]string{"corpus": "as the repository", "encoder": "MIT (intfloat/multilingual-e5-small)"}
	}
	if err := f.finish(ctx, &in, p, std); err != nil {
		return nil, err
	}
	in.Result.Bundle.Card, err = training.Card(in)
	return in.Result, err
}

// buildOn makes a bundle from an existing one: new heads on its encoder, or new thresholds.
func (f *trainFlags) buildOn(ctx context.Context, in *training.CardInput, tax *corpus.Taxonomy, p *progress) (*training.Result, error) {
	e := engineFlags{ortFlags: f.ortFlags, store: storeDir(), bundle: f.base}
	base, err := e.openBundle()
	if err != nil {
		return nil, err
	}
	if f.recalibrate {
		fresh, err := f.readFresh()
		if err != nil {
			return nil, err
		}
		if base, err = f.averaged(base); err != nil {
			return nil, err
		}
		return training.Recalibrate(ctx, in.Corpus, fresh, tax, base, in.Recipe, p.report)
	}
	return training.TrainHeads(ctx, in.Corpus, tax, base, in.Recipe, f.features, p.report)
}

// averaged is the base, or the mean of it and the bundles of --average.
func (f *trainFlags) averaged(base *models.Bundle) (*models.Bundle, error) {
	if len(f.average) == 0 {
		return base, nil
	}
	all := []*models.Bundle{base}
	for _, path := range f.average {
		e := engineFlags{ortFlags: f.ortFlags, store: storeDir(), bundle: path}
		b, err := e.openBundle()
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return training.Average(all...)
}

// finish runs the new bundle as a server would: it records answers to some texts and measures it.
func (f *trainFlags) finish(ctx context.Context, in *training.CardInput, p *progress, std stdio) error {
	m := in.Result.Bundle.Manifest
	e, err := buildEngine(in.Result.Bundle, standard.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	if m.HeadIndex(models.HeadIntents) >= 0 {
		if m.Probes, err = e.Record(ctx, models.HeadIntents, probeTexts...); err != nil {
			return err
		}
	}
	for _, path := range f.eval {
		c, err := readData(multi{path}, std)
		if err != nil {
			return err
		}
		report, err := evaluate(ctx, e, c, filepath.Base(path), p)
		if err != nil {
			return err
		}
		in.Reports = append(in.Reports, report)
		if m.Metrics == nil {
			m.Metrics = map[string]any{}
		}
		m.Metrics[report.Data] = training.Metrics(report)
	}
	return nil
}

func (f *trainFlags) readTaxonomy() (*corpus.Taxonomy, error) {
	if f.taxonomy == "" {
		return corpus.DefaultTaxonomy(), nil
	}
	data, err := os.ReadFile(f.taxonomy)
	if err != nil {
		return nil, err
	}
	return corpus.ParseTaxonomy(f.taxonomy, data)
}

// checkLabels refuses labels that a given label space does not know: a slip in one would be learnt as a class of its own. The shipped label space is a default
// and binds nobody's own corpus.
func (f *trainFlags) checkLabels(c *corpus.Corpus, tax *corpus.Taxonomy) error {
	if f.taxonomy == "" {
		return nil
	}
	var errs []error
	for _, found := range corpus.Validate(c, tax, corpus.Limits{}) {
		switch found.Kind {
		case corpus.UnknownIntent, corpus.UnknownEmotion, corpus.UnknownEntity:
			if errs = append(errs, errors.New(found.String())); len(errs) == maxFaults {
				return fmt.Errorf("train: labels that %s does not know: %w\n(only the first %d are shown)", f.taxonomy, errors.Join(errs...), maxFaults)
			}
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("train: labels that %s does not know: %w", f.taxonomy, errors.Join(errs...))
	}
	return nil
}

func (f *trainFlags) readCorpus() (*corpus.Corpus, error) {
	c, err := readExamples(f.data)
	if err != nil || f.limit <= 0 {
		return c, err
	}
	return training.Thin(c, f.limit), nil
}

func readExamples(path string) (*corpus.Corpus, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if info.IsDir() {
		return corpus.ReadDir(path)
	}
	return corpus.Read(path)
}

// readFresh reads what the base cannot have learnt from; nil = nothing.
func (f *trainFlags) readFresh() (*corpus.Corpus, error) {
	var all *corpus.Corpus
	for _, path := range f.fresh {
		c, err := readExamples(path)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = c
		} else {
			all.Examples = append(all.Examples, c.Examples...)
		}
	}
	return all, nil
}

// probeTexts are recorded in the bundle, to be answered alike wherever it is loaded.
var probeTexts = []string{"我的订单怎么还没发货", "帮我转人工", "how do I get my money back?", "APP一直闪退，气死我了"}

// featuresDir keeps the states that encoders gave for texts.
func featuresDir() string { return filepath.Join(cacheDir(), "features") }
