package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.encoder == "" {
		return fmt.Errorf("train: no encoder given: --encoder FOLDER or YINGDA_ENCODER (config.json, tokenizer.json and model.onnx of a pretrained BERT-like encoder, such as multilingual-e5-small)")
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	res, err := f.train(ctx, std)
	if err != nil {
		return err
	}
	if err := finishBundle(ctx, res, f.sampleTexts()); err != nil {
		return err
	}
	path, err := res.Bundle.Write(f.out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s\n", path)
	return err
}

func (f *trainFlags) train(ctx context.Context, std stdio) (*training.Result, error) {
	tax := corpus.DefaultTaxonomy()
	if f.taxonomy != "" {
		data, err := os.ReadFile(f.taxonomy)
		if err != nil {
			return nil, err
		}
		if tax, err = corpus.ParseTaxonomy(f.taxonomy, data); err != nil {
			return nil, err
		}
	}
	c, err := f.readCorpus()
	if err != nil {
		return nil, err
	}
	r, err := training.LoadRecipe(f.recipe)
	if err != nil {
		return nil, err
	}
	e, err := encoder.Load(f.encoder)
	if err != nil {
		return nil, err
	}
	p := newProgress(std.err)
	defer p.end()
	res, err := training.Train(ctx, c, tax, e, r, p.report)
	return res, err
}

func (f *trainFlags) readCorpus() (*corpus.Corpus, error) {
	info, err := os.Stat(f.data)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	read := corpus.Read
	if info.IsDir() {
		read = corpus.ReadDir
	}
	c, err := read(f.data)
	if err != nil || f.limit <= 0 {
		return c, err
	}
	return training.Thin(c, f.limit), nil
}

// sampleTexts are recorded in the bundle, to be answered alike wherever it is loaded.
func (f *trainFlags) sampleTexts() []string {
	return []string{"我的订单怎么还没发货", "帮我转人工", "how do I get my money back?", "APP一直闪退，气死我了"}
}

// finishBundle runs the new bundle as a server would and records its answers to some texts.
func finishBundle(ctx context.Context, res *training.Result, texts []string) error {
	if i := res.Bundle.Manifest.HeadIndex(models.HeadIntents); i < 0 {
		return nil
	}
	e, err := buildEngine(res.Bundle, standard.Options{Rules: &standard.Rules{}})
	if err != nil {
		return err
	}
	defer e.Close()
	res.Bundle.Manifest.Probes, err = e.Record(ctx, models.HeadIntents, texts...)
	return err
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
