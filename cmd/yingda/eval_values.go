package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"yingda/nlu/recognizer/specs"
)

// maxClusters is how many clusters of failures --stats prints of each kind.
const maxClusters = 25

// evalValues are the flags of the command.
type evalValues struct {
	specs, only          string
	itn                  multi
	failures, json       string
	aside                string
	verbose, stats       bool
	failing, passing, by io.Writer // by is where the tables go
}

// valuesReport is what --json writes.
type valuesReport struct {
	Specs    string         `json:"specs,omitempty"`
	Total    *specs.Line    `json:"total,omitempty"`
	Lines    []specs.Line   `json:"lines,omitempty"`
	Failures []valueFailure `json:"failures,omitempty"`
	Aside    []valueFailure `json:"aside,omitempty"`
	ITN      []itnReport    `json:"itn,omitempty"`
}

// valueFailure is a case that failed, or was set aside.
type valueFailure struct {
	specs.Name
	Index     int              `json:"index"`
	Input     string           `json:"input"`
	Reference string           `json:"reference"`
	Faults    []specs.Mismatch `json:"faults,omitempty"`
	Reason    string           `json:"reason,omitempty"`
}

// itnReport is the part of one suite of spoken and written forms.
type itnReport struct {
	Suite    string             `json:"suite"`
	Lines    []specs.ITNLine    `json:"lines"`
	Failures []specs.ITNOutcome `json:"failures,omitempty"`
}

func runEvalValues(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "eval-values", "", "Runs the finders of values against test specifications and prints the failing cases and the pass rates.")
	var f evalValues
	fs.StringVar(&f.specs, "specs", "", "`folder` in the layout of Recognizers-Text: <Domain>/<Language>/<Model>.json or .json.gz")
	fs.StringVar(&f.only, "only", "", "run only cases of `Domain/Language/Model`; parts may be left out from the right, * stands for any letters")
	fs.Var(&f.itn, "itn", "`folder` of spoken and written forms, with itn_zh/*.txt and itn_en/*.txt; may be given several times")
	fs.StringVar(&f.failures, "failures", "-", "write the failing cases to this `file`; - = standard output, none = nowhere")
	fs.StringVar(&f.aside, "aside", "", "`file` of cases set aside instead of the built-in list")
	fs.StringVar(&f.json, "json", "", "also write the report to this `file`")
	fs.BoolVar(&f.verbose, "verbose", false, "list the cases that passed, too")
	fs.BoolVar(&f.stats, "stats", false, "show where failures cluster: kinds of fault, words, models")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.specs == "" && len(f.itn) == 0 || fs.NArg() > 0 {
		fs.Usage()
		return errUsage
	}
	return f.run(ctx, std)
}

func (f *evalValues) run(ctx context.Context, std stdio) (err error) {
	closeFailures, err := f.open(std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFailures()) }()
	var report valuesReport
	if f.specs != "" {
		if err := f.runSpecs(&report, std); err != nil {
			return err
		}
	}
	for _, dir := range f.itn {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.runITN(&report, dir); err != nil {
			return err
		}
	}
	if f.json == "" {
		return nil
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.json, append(data, '\n'), 0o644)
}

// open makes the writers; the returned function flushes and closes them.
func (f *evalValues) open(std stdio) (func() error, error) {
	f.passing, f.failing, f.by = io.Discard, std.out, std.out
	if f.verbose {
		f.passing = std.out
	}
	switch f.failures {
	case "-":
	case "", "none":
		f.failing = io.Discard
	default:
		file, err := os.Create(f.failures)
		if err != nil {
			return nil, fmt.Errorf("eval-values: %w", err)
		}
		w := bufio.NewWriter(file)
		f.failing = w
		return func() error { return errors.Join(w.Flush(), file.Close()) }, nil
	}
	return func() error { return nil }, nil
}

func (f *evalValues) runSpecs(report *valuesReport, std stdio) error {
	aside, err := specs.DefaultAside()
	if f.aside != "" {
		data, readErr := os.ReadFile(f.aside)
		if readErr != nil {
			return fmt.Errorf("eval-values: %w", readErr)
		}
		aside, err = specs.ParseAside(f.aside, data)
	}
	if err != nil {
		return err
	}
	cases, err := specs.Read(f.specs)
	if err != nil {
		return err
	}
	if cases, err = specs.Select(cases, f.only); err != nil {
		return err
	}
	models, err := specModels()
	if err != nil {
		fmt.Fprintln(std.err, "eval-values:", clip(err.Error(), 500))
	}
	r := specs.Run(cases, models, aside)
	for _, n := range r.Missing {
		fmt.Fprintf(std.err, "eval-values: no model for %s: its cases fail\n", n)
	}
	for i := range r.Outcomes {
		f.list(report, &r.Outcomes[i])
	}
	report.Specs, report.Lines = f.specs, r.Lines
	report.Total = &specs.Line{Counts: r.Total, Rate: r.Total.Rate()}
	if f.stats {
		if err := printStats(f.by, r.Stats(maxClusters)); err != nil {
			return err
		}
	}
	return printRates(f.by, r)
}

// list prints a case and puts it into the report.
func (f *evalValues) list(report *valuesReport, o *specs.Outcome) {
	c := o.Case
	row := valueFailure{c.Name, c.Index, c.Input, c.Reference.Format("2006-01-02T15:04:05"), o.Faults, o.Aside}
	switch {
	case o.Aside != "":
		report.Aside = append(report.Aside, row)
		fmt.Fprintf(f.passing, "ASIDE %s (%s)\n", c.Key(), o.Aside)
	case o.Passed():
		fmt.Fprintf(f.passing, "ok    %s\n", c.Key())
	default:
		report.Failures = append(report.Failures, row)
		fmt.Fprintf(f.failing, "FAIL  %s at %s\n", c.Key(), row.Reference)
		for _, m := range o.Faults {
			fmt.Fprintf(f.failing, "      %s\n", m)
		}
	}
}

func printRates(w io.Writer, r *specs.Report) error {
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SUITE\tLANGUAGE\tMODEL\tCASES\tPASSED\tFAILED\tASIDE\tRATE")
	for _, l := range r.Lines {
		language, model := l.Language, l.Model
		if language == "" {
			language = "all"
		}
		if model == "" {
			model = "all"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", l.Suite, language, model, countColumns(l.Counts))
	}
	fmt.Fprintf(t, "all\t\t\t%s\n", countColumns(r.Total))
	return t.Flush()
}

func countColumns(n specs.Counts) string {
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%.1f %%", n.Cases(), n.Passed, n.Failed, n.Aside, n.Rate())
}

func printStats(w io.Writer, s specs.Stats) error {
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	for _, kind := range []struct {
		title    string
		clusters []specs.Cluster
	}{{"FAULT", s.Faults}, {"TYPE", s.Types}, {"WORD", s.Words}, {"MODEL", s.Models}} {
		fmt.Fprintf(t, "%s\tFAILED\tOF\tE.G.\n", kind.title)
		for _, c := range kind.clusters {
			of := ""
			if c.Cases > 0 {
				of = fmt.Sprint(c.Cases)
			}
			fmt.Fprintf(t, "%s\t%d\t%s\t%q\n", c.Name, c.Failed, of, clip(c.Sample, 60))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func (f *evalValues) runITN(report *valuesReport, dir string) error {
	cases, err := specs.ReadITN(dir)
	if err != nil {
		return err
	}
	rewrite, err := specRewriter()
	if err != nil {
		return err
	}
	outcomes, lines := specs.RunITN(cases, rewrite)
	row := itnReport{Suite: filepath.Base(dir), Lines: lines}
	for _, o := range outcomes {
		if o.Passed() {
			fmt.Fprintf(f.passing, "ok    %s/%s:%d %q\n", row.Suite, o.File, o.Line, o.Spoken)
			continue
		}
		row.Failures = append(row.Failures, o)
		fmt.Fprintf(f.failing, "FAIL  %s/%s:%d %q\n      want %q; got %q\n", row.Suite, o.File, o.Line, o.Spoken, o.Written, o.Got)
	}
	report.ITN = append(report.ITN, row)
	t := tabwriter.NewWriter(f.by, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "\nITN\tLANGUAGE\tFILE\tLINES\tPASSED\tFAILED\tRATE")
	for _, l := range lines {
		file := "all"
		if l.File != "" {
			file = strings.TrimSuffix(filepath.Base(l.File), ".txt")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%.1f %%\n", row.Suite, l.Lang, file, l.Cases(), l.Passed, l.Failed, l.Rate)
	}
	return t.Flush()
}
