package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"yingda/analytics/readout"
	"yingda/analytics/report/render"
	"yingda/dialogue/experiment"
	"yingda/nlu"
	"yingda/server"
)

const resultsHelp = `What came out of an experiment, and what may be concluded from it. Customers count, not messages; the split is checked before anything is shown.
The plan is the definition's, where there is one; flags change it. A process that runs on the folder is asked over its socket; without one the
folder is opened. With --shadows instead of a name: how two bundles differ on the messages that both parsed.

  yingda experiment results warm_tone
  yingda experiment results warm_tone --metric csat --guardrails handoff:0.02,response_p95:0.05 --cuts channel --format html --out tone.html
  yingda experiment results --shadows --from 2026-03-01

Metrics:`

// resultsFlags are those of "yingda experiment results".
type resultsFlags struct {
	report  reportFlags
	words   map[string]*string
	truths  map[string]*bool
	shadows bool
}

func (f *resultsFlags) register(fs *flag.FlagSet) {
	registerAnalyticsDir(fs, &f.report.analyse.dir)
	f.report.analyse.registerWarehouse(fs, "")
	f.words, f.truths = map[string]*string{}, map[string]*bool{}
	for _, w := range []struct{ name, help string }{
		{"from", "first `day` or time (default: the start; without a definition 90 days ago)"}, {"to", "`day` or time before which sessions begin (default: the end, or now)"},
		{"metric", "`name` of the metric that decides"}, {"secondary", "other metrics, with `commas`"}, {"guardrails", "metrics that must not get worse, with relative `margins`: csat:0.02,handover"},
		{"arms", "variants with `weights`, the control first: control:1,warm:1"}, {"cuts", "dimensions to look into: channel, lang, tier"},
		{"alpha", "`level` of significance (default 0.05)"}, {"power", "`power` that was planned (default 0.8)"}, {"effect", "least relative `lift` worth finding"},
		{"lookback", "`days` before the first exposure that are used to reduce variance (default 14; -1 = none)"}, {"correction", "for several secondary metrics: bh, by, holm, hochberg, hommel, bonferroni, sidak, none (default bh)"},
		{"units", "`customers` planned"}, {"looks", "planned looks: how many, or at which `shares` of the planned customers: 0.25,0.5,1"}, {"spending", "of alpha over the looks: `obrien-fleming` (default) or pocock"},
		{"bundle", "--shadows: only this `bundle`"}, {"shadow", "--shadows: only this `shadow`"}, {"limit", "--shadows: `rows`"},
	} {
		f.words[w.name] = fs.String(w.name, "", w.help)
	}
	f.truths["sequential"] = fs.Bool("sequential", false, "intervals that are valid at every look")
	f.truths["show_broken"] = fs.Bool("show-broken", false, "show numbers even where the split is broken; they are no ground for a decision")
	fs.BoolVar(&f.shadows, "shadows", false, "compare two bundles instead")
	fs.StringVar(&f.report.format, "format", "", "table, json, csv, parquet, arrow or html (default: by the name of --out, else table)")
	fs.StringVar(&f.report.out, "out", "", "`file` to write (default: the standard output)")
	fs.StringVar(&f.report.tenant, "tenant", server.DefaultTenant, "whose data")
	fs.StringVar(&f.report.lang, "language", languageOf(os.Getenv("LANG")), "zh or en")
}

// runExperimentResults is "yingda experiment results". It has flags of its own: it asks analytics, not the server.
func runExperimentResults(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "experiment results", "NAME", resultsHelp+metricsList(languageOf(os.Getenv("LANG"))))
	var f resultsFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	path := "/v1/reports/shadows"
	if !f.shadows {
		if len(words) != 1 {
			fs.Usage()
			return errUsage
		}
		path = "/v1/experiments/" + url.PathEscape(words[0]) + "/results"
	} else if len(words) > 0 {
		fs.Usage()
		return errUsage
	}
	return f.answer(ctx, path, std)
}

// answer asks and writes.
func (f *resultsFlags) answer(ctx context.Context, path string, std stdio) error {
	v := url.Values{}
	for name, value := range f.words {
		if *value != "" {
			v.Set(name, *value)
		}
	}
	for name, value := range f.truths {
		if *value {
			v.Set(name, "true")
		}
	}
	rf := &f.report
	if rf.format == "" {
		rf.format = string(render.Table)
		if ext := strings.TrimPrefix(filepath.Ext(rf.out), "."); ext != "" && ext != "txt" {
			rf.format = ext
		}
	}
	if _, err := render.ParseFormat(rf.format); err != nil {
		return fmt.Errorf("experiment results: %w", err)
	}
	v.Set("format", rf.format)
	v.Set("language", rf.lang)
	body, err := rf.ask(ctx, path+"?"+v.Encode(), std)
	if err != nil {
		return fmt.Errorf("experiment results: %w", err)
	}
	if rf.out != "" {
		return writeFile(rf.out, func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		})
	}
	_, err = std.out.Write(body)
	return err
}

// metricsList is the table of metrics of the help.
func metricsList(lang string) string {
	var b strings.Builder
	b.WriteString("\n")
	tw := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, m := range readout.Metrics() {
		fmt.Fprintf(tw, "  %s\t%s\n", m.Name, m.Definition.In(nlu.Lang(lang)))
	}
	tw.Flush() // into memory
	return strings.TrimRight(b.String(), "\n")
}

// definitionOf finds an experiment among those that the conversation half told analytics of; nil when it did not.
func definitionOf(dir string) func(tenant, name string) (*experiment.Experiment, error) {
	return func(tenant, name string) (*experiment.Experiment, error) {
		data, err := os.ReadFile(filepath.Join(dir, experimentsName))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var all []*experiment.Experiment
		if err := json.Unmarshal(data, &all); err != nil {
			return nil, fmt.Errorf("definitions of experiments in %s: %w", filepath.Join(dir, experimentsName), err)
		}
		for _, e := range all {
			if e.Tenant == tenant && e.Name == name {
				return e, nil
			}
		}
		return nil, nil
	}
}
