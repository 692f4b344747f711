package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"yingda/nlu/standard"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/eval"
)

// runCurve prints how quality grows with the corpus.
func runCurve(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "curve", "", "Trains on growing parts of the corpus and measures each: the learning curve of the intents.")
	f := trainFlags{}
	f.register(fs)
	fs.StringVar(&f.data, "data", "training/corpus/data", "corpus `folder`")
	fs.StringVar(&f.encoder, "encoder", os.Getenv("YINGDA_ENCODER"), "`folder` with the pretrained encoder (YINGDA_ENCODER)")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/frozen.yaml", "recipe `file`; emotion, entities and pairs are left out")
	var test multi
	fs.Var(&test, "eval", "labelled `file` or folder to measure on")
	sizes := fs.String("sizes", "5,10,20,40,0", "examples an intent and language, 0 = all")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.encoder == "" || len(test) == 0 {
		return errors.New("curve: --encoder and --eval are needed")
	}
	counts, err := curveSizes(*sizes)
	if err != nil {
		return err
	}
	c, err := f.readCorpus()
	if err != nil {
		return err
	}
	held, err := readData(test, std)
	if err != nil {
		return err
	}
	r, err := training.LoadRecipe(f.recipe)
	if err != nil {
		return err
	}
	r.Emotion.Skip, r.Entities.Skip, r.Folds = true, true, 2
	e, err := encoder.Load(f.encoder)
	if err != nil {
		return err
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	return printCurve(ctx, c, counts, e, r, held, std)
}

// curveSizes reads the numbers of examples, so that a slip is told before hours of work.
func curveSizes(list string) ([]int, error) {
	var counts []int
	for _, size := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("curve: --sizes: %q is not a number of examples", size)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// printCurve trains on each part of the corpus and prints a line as soon as it is measured.
func printCurve(ctx context.Context, c *corpus.Corpus, counts []int, e *encoder.Encoder, r training.Recipe, held *corpus.Corpus, std stdio) error {
	w := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PER INTENT\tMESSAGES\tACCURACY zh\tACCURACY en\tACCURACY\tAUROC")
	for _, n := range counts {
		part, name := c, "all"
		if n > 0 {
			part, name = training.Thin(c, n), strconv.Itoa(n)
		}
		report, err := curvePoint(ctx, part, e, r, held, std)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%.1f %%\t%.3f\n", name, len(part.Examples), slicePercent(report, "zh"), slicePercent(report, "en"),
			100*report.Metric("intent_accuracy_argmax").Value, report.Metric("oos_auroc").Value)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func curvePoint(ctx context.Context, c *corpus.Corpus, e *encoder.Encoder, r training.Recipe, held *corpus.Corpus, std stdio) (*eval.Report, error) {
	p := newProgress(std.err)
	defer p.end()
	res, err := training.Train(ctx, c, corpus.DefaultTaxonomy(), e, r, training.RunOptions{}, p.report)
	if err != nil {
		return nil, err
	}
	engine, err := buildEngine(res.Bundle, standard.Options{})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	return evaluate(ctx, engine, held, "curve", p)
}

func slicePercent(r *eval.Report, lang string) string {
	for _, s := range r.Breakdown {
		if s.By == "language" && s.Name == lang {
			if v := float64(s.Figures["intent_accuracy_argmax"].Value); !math.IsNaN(v) {
				return fmt.Sprintf("%.1f %%", 100*v)
			}
		}
	}
	return "–"
}
