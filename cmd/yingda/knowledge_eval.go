package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"

	"yingda/dialogue/knowledge"
	faq "yingda/dialogue/knowledge/measure"
)

const knowledgeEvalHelp = `Measures the knowledge base on the test parts of public data sets: how well pairs of questions are told apart (threshold from the development
part), how often a right entry is found first or among three, and what the answers at the threshold are worth when a third of the questions
has no answer in the base. Beside it a plain BM25, words alone and meaning alone. In brackets 95 % intervals.`

const knowledgeFitHelp = `Fits the weights of the evidence and what turns them into probabilities, on development parts only, and writes the parameters:
dialogue/knowledge/params.json is made this way.`

// knowledgeMeasure are the flags of eval and fit.
type knowledgeMeasure struct {
	meaningFlags
	datasets, params, out, json string
	pairs                       int
	seed                        uint64
}

func (f *knowledgeMeasure) common(std stdio, name, help string) *flag.FlagSet {
	fs := newFlags(std, name, "--datasets DIR", help)
	f.engineFlags.register(fs)
	fs.StringVar(&f.datasets, "datasets", "", "`folder` with bq_corpus, lcqmc, bustm, banking77 (and banking77_oos), hint3, or some of them")
	fs.IntVar(&f.pairs, "pairs", 0, "draw this `many` pairs of each part (default: all; vectors take some 3 ms a sentence the first time)")
	fs.Uint64Var(&f.seed, "seed", 1, "`seed` of what is drawn")
	fs.StringVar(&f.params, "params", "", "`file` of parameters instead of the built-in ones")
	return fs
}

func runKnowledgeEval(ctx context.Context, args []string, std stdio) error {
	var f knowledgeMeasure
	fs := f.common(std, "knowledge eval", knowledgeEvalHelp)
	fs.BoolVar(&f.words, "words", false, "measure words alone; needs no model")
	fs.StringVar(&f.json, "json", "", "also write the report to this `file`")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.datasets == "" || fs.NArg() > 0 {
		fs.Usage()
		return errUsage
	}
	return f.with(ctx, std, func(sets []faq.Set, m *knowledge.Meaning, e knowledge.Embedder, o faq.Options) error {
		r, err := faq.Evaluate(ctx, sets, m, e, o)
		if err != nil {
			return err
		}
		if f.json != "" {
			data, err := json.MarshalIndent(r, "", "  ")
			if err == nil {
				err = os.WriteFile(f.json, append(data, '\n'), 0o644)
			}
			if err != nil {
				return fmt.Errorf("knowledge eval: %w", err)
			}
		}
		return printKnowledge(std, r, o)
	})
}

func runKnowledgeFit(ctx context.Context, args []string, std stdio) error {
	var f knowledgeMeasure
	fs := f.common(std, "knowledge fit", knowledgeFitHelp)
	fs.StringVar(&f.out, "out", "", "write the parameters to this `file` instead of standard output")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.datasets == "" || fs.NArg() > 0 {
		fs.Usage()
		return errUsage
	}
	return f.with(ctx, std, func(sets []faq.Set, m *knowledge.Meaning, e knowledge.Embedder, o faq.Options) error {
		p, err := faq.Fit(ctx, sets, m, e, o)
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return err
		}
		if data = append(data, '\n'); f.out != "" {
			return os.WriteFile(f.out, data, 0o644)
		}
		_, err = std.out.Write(data)
		return err
	})
}

// with reads the data and opens the bundle for fn.
func (f *knowledgeMeasure) with(ctx context.Context, std stdio, fn func([]faq.Set, *knowledge.Meaning, knowledge.Embedder, faq.Options) error) (err error) {
	p := newProgress(std.err)
	defer p.end()
	o := faq.Options{Pairs: f.pairs, Seed: f.seed, Progress: func(stage string, done, total int) { p.report(stage, done, total, "") }}
	if f.params != "" {
		data, err := os.ReadFile(f.params)
		if err != nil {
			return err
		}
		if o.Params, err = knowledge.ParseParams(data); err != nil {
			return fmt.Errorf("%s: %w", f.params, err)
		}
	}
	sets, err := faq.Read(os.DirFS(f.datasets))
	if err != nil {
		return fmt.Errorf("%s: %w", f.datasets, err)
	}
	e, m, err := f.openMeaning(ctx, std)
	if err != nil {
		return err
	}
	if e == nil {
		return fn(sets, nil, nil, o)
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return fn(sets, m, engineEmbedder{e}, o)
}

func printKnowledge(std stdio, r *faq.Report, o faq.Options) error {
	bundle := r.Bundle
	if bundle == "" {
		bundle = "none: words alone"
	}
	drawn := "all pairs"
	if o.Pairs > 0 {
		drawn = fmt.Sprintf("%d pairs of each part, seed %d", o.Pairs, o.Seed)
	}
	fmt.Fprintf(std.out, "bundle %s; %s\n\n", bundle, drawn)
	t := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	if len(r.Pairs) > 0 {
		fmt.Fprintln(t, "PAIRS\tMETHOD\tN\tAUC\tACCURACY")
		for _, x := range r.Pairs {
			fmt.Fprintf(t, "%s\t%s\t%d\t%v\t%v\n", x.Set, x.Method, x.Accuracy.N, x.AUC, x.Accuracy)
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t, "SEARCH\tMETHOD\tENTRIES\tN\tRECALL@1\tRECALL@3\tMRR")
	for _, x := range r.Search {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%v\t%v\t%v\n", x.Set, x.Method, x.Entries, x.First.N, x.First, x.Three, x.MRR)
	}
	fmt.Fprintln(t, "\nANSWERS\tMETHOD\tENTRIES\tN\tRIGHT OF GIVEN\tANSWERED RIGHT\tANSWERED WITHOUT AN ENTRY\tCALIBRATION ERROR")
	for _, x := range r.Answers {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%v\t%v\t%v\t%.3f\n", x.Set, x.Method, x.Entries, x.Questions, x.Right, x.Given, x.Mistaken, x.Error)
	}
	return t.Flush()
}
