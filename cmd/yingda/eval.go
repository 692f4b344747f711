package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	fs := newFlags(std, "eval", "", "Measures a bundle on labelled data: Rasa NLU YAML, JSONL, or CSV/TSV of text,label.")
	var f engineFlags
	f.register(fs)
	var data multi
	fs.Var(&data, "data", "labelled `file` or folder; may be given several times")
	out := fs.String("out", "", "also write report.json and report.html to this `folder`")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if len(data) == 0 {
		fs.Usage()
		return errUsage
	}
	c, err := readData(data, std)
	if err != nil {
		return err
	}
	e, err := f.open(ctx, std.err)
	if err != nil {
		return err
	}
	defer e.Close()
	report, err := evaluate(ctx, e, c, data.String(), newProgress(std.err))
	if err != nil {
		return err
	}
	if err := report.Text(std.out); err != nil || *out == "" {
		return err
	}
	return writeReport(report, *out, std)
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
	var all corpus.Corpus
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if found, _ := filepath.Glob(filepath.Join(path, "??.jsonl")); len(found) > 0 { // a set with a file a language
				files = found
			}
		}
		for _, file := range files {
			c, err := corpus.Read(file)
			if faults := corpus.Faults(err); len(faults) > maxFaults {
				return nil, fmt.Errorf("%s has %d faults; the first %d are:\n%w", file, len(faults), maxFaults, errors.Join(faultErrors(faults[:maxFaults])...))
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("there is no %s", file)
			}
			if err != nil {
				return nil, err
			}
			for _, note := range c.Notes {
				fmt.Fprintln(std.err, "note:", note)
			}
			for i := range c.Examples {
				if eg := &c.Examples[i]; eg.Lang == "" {
					eg.Lang = string(nlu.Detect(eg.Text))
				}
			}
			all.Examples = append(all.Examples, c.Examples...)
		}
	}
	return &all, nil
}

func faultErrors(faults []*corpus.Fault) []error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errs
}

func evaluate(ctx context.Context, e *standard.Engine, c *corpus.Corpus, name string, p *progress) (*eval.Report, error) {
	analyse := func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) { return e.Analyse(ctx, us...) }
	cases, err := eval.Run(ctx, analyse, c.Examples, func(done, total int) { p.report("evaluate", done, total, "") })
	p.end()
	if err != nil {
		return nil, err
	}
	types, err := foundTypes(e.Manifest())
	if err != nil {
		return nil, err
	}
	return eval.Evaluate(cases, eval.Options{Data: name, Taxonomy: corpus.DefaultTaxonomy(), EntityTypes: types})
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
	for name, render := range map[string]func(f *os.File) error{
		"report.json": func(f *os.File) error { return r.JSON(f) },
		"report.html": func(f *os.File) error { return r.HTML(f) },
	} {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(render(f), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		fmt.Fprintln(std.err, "wrote", path)
	}
	return nil
}
