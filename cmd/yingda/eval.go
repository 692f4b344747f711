package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training/corpus"
	"yingda/training/eval"
)

// maxFaults is how many faults of a data file are printed: enough to see the pattern.
const maxFaults = 20

func runEval(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "eval", "", "Measures a bundle on labelled data in any format of docs/data.md: Rasa NLU YAML, JSONL, CSV/TSV of text,label and others.")
	var f engineFlags
	var folds foldsFlags
	var oos oosFlags
	f.register(fs)
	folds.register(fs)
	oos.register(fs)
	var data multi
	fs.Var(&data, "data", "labelled `file` or folder; may be given several times")
	out := fs.String("out", "", "also write the report to this `folder`: report.json and report.html, folds.json or oos-scores.json")
	against := fs.String("against", "", "compare with this `bundle` on the same data: an id, a path, or 'champion'")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	switch {
	case oos.on:
		return evalOOS(ctx, &f, &oos, folds.features, data, *out, std)
	case len(data) == 0:
		fs.Usage()
		return errUsage
	case folds.k != 0:
		return evalFolds(ctx, &f, &folds, data, *out, std)
	}
	return evalBundle(ctx, &f, data, *out, *against, std)
}

// evalBundle measures the bundle's answers.
func evalBundle(ctx context.Context, f *engineFlags, data multi, out, against string, std stdio) error {
	c, err := readData(data, std)
	if err != nil {
		return err
	}
	e, err := f.open(ctx, std.err)
	if err != nil {
		return err
	}
	defer e.Close()
	p := newProgress(std.err)
	report, cases, err := measure(ctx, e, c, data.String(), p)
	if err != nil {
		return err
	}
	if against != "" {
		other, err := f.openOther(ctx, against, std.err)
		if err != nil {
			return fmt.Errorf("eval: --against: %w", err)
		}
		defer other.Close()
		if report.Against, err = compare(ctx, e, other, c, cases, p); err != nil {
			return err
		}
	}
	if err := report.Text(std.out); err != nil || out == "" {
		return err
	}
	return writeReport(report, out, std)
}

// multi is a flag that may be repeated.
type multi []string

func (m *multi) String() string {
	if m == nil {
		return ""
	}
	s := ""
	for i, v := range *m {
		if i > 0 {
			s += ", "
		}
		s += v
	}
	return s
}

func (m *multi) Set(v string) error {
	*m = append(*m, v)
	return nil
}

func readData(paths []string, std stdio) (*corpus.Corpus, error) {
	return readCorpora(paths, corpus.ReadOptions{}, std)
}

func faultErrors(faults []*corpus.Fault) []error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errs
}

func evaluate(ctx context.Context, e *standard.Engine, c *corpus.Corpus, name string, p *progress) (*eval.Report, error) {
	report, _, err := measure(ctx, e, c, name, p)
	return report, err
}

// measure lets the engine answer the data and evaluates that. The cases are for a comparison.
func measure(ctx context.Context, e *standard.Engine, c *corpus.Corpus, name string, p *progress) (*eval.Report, []eval.Case, error) {
	cases, err := answers(ctx, e, c, "evaluate", p)
	if err != nil {
		return nil, nil, err
	}
	types, err := foundTypes(e.Manifest())
	if err != nil {
		return nil, nil, err
	}
	report, err := eval.Evaluate(cases, eval.Options{Data: name, Taxonomy: corpus.DefaultTaxonomy(), EntityTypes: types})
	return report, cases, err
}

// answers lets the engine answer the data.
func answers(ctx context.Context, e *standard.Engine, c *corpus.Corpus, stage string, p *progress) ([]eval.Case, error) {
	analyse := func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) { return e.Analyse(ctx, us...) }
	cases, err := eval.Run(ctx, analyse, c.Examples, func(done, total int) { p.report(stage, done, total, "") })
	p.end()
	return cases, err
}

// compare lets another engine answer the same data and compares: cases are e's answers.
func compare(ctx context.Context, e, other *standard.Engine, c *corpus.Corpus, cases []eval.Case, p *progress) (*eval.Comparison, error) {
	against, err := answers(ctx, other, c, "evaluate the other", p)
	if err != nil {
		return nil, err
	}
	types, err := foundTypes(e.Manifest())
	if err != nil {
		return nil, err
	}
	types = append(types, eval.ModelTypes(other.Manifest())...)
	p.report("compare", 0, 1, "")
	defer p.end()
	return eval.Compare(cases, against, eval.Options{Taxonomy: corpus.DefaultTaxonomy(), EntityTypes: types})
}

// foundTypes are the entity types that the pipeline can find at all.
func foundTypes(m *models.Manifest) ([]string, error) {
	rules, err := standard.DefaultRules()
	if err != nil {
		return nil, err
	}
	return append(eval.ModelTypes(m), rules.Types...), nil
}

func writeReport(r *eval.Report, dir string, std stdio) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, render := range map[string]func(io.Writer) error{"report.json": r.JSON, "report.html": r.HTML} {
		path := filepath.Join(dir, name)
		if err := writeFile(path, render); err != nil {
			return err
		}
		fmt.Fprintln(std.err, "wrote", path)
	}
	return nil
}
