package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/dialogue/experiment"
)

const experimentHelp = `Looks after experiments: trials of scripts, settings, tasks and bundles on a part of the customers.

%s
All but check, assign and results ask a running server (--server, --key). See docs/analytics/experiments.md.`

// experimentCommand is a subcommand of "yingda experiment". run gets the words after its name.
type experimentCommand struct {
	name, args, help string
	run              func(ctx context.Context, f *experimentFlags, words []string, std stdio) error
}

// experimentCommands lists them in the order the help shows them.
func experimentCommands() []experimentCommand {
	return []experimentCommand{
		{"check", "FILE…", "read definitions and hold them against the service pack (--service)", experimentCheck},
		{"assign", "FILE [CUSTOMER…]", "tell which variant customers would have; without any, counts of 100,000 made-up ones", experimentAssign},
		{"list", "", "list experiments", experimentList},
		{"show", "NAME", "print an experiment as JSON", experimentShow},
		{"put", "FILE", "write a definition: a new draft, or a new version of one", experimentPut},
		{"start", "NAME", "start a draft, or go on after a pause", experimentMove("start")},
		{"pause", "NAME", "take everybody out until the next start, at once", experimentMove("pause")},
		{"stop", "NAME", "end it for good, at once", experimentMove("stop")},
		{"ramp", "NAME COVERAGE [SPAN=COVERAGE…]", "set the share of customers who take part, and what follows, e.g. 0.1 24h=0.5 3d=1", experimentRamp},
		{"weights", "NAME VARIANT=WEIGHT…", "set the weights of all variants", experimentWeights},
		{"history", "NAME", "list who did what, when and why", experimentHistory},
	}
}

// experimentFlags are shared by all of them.
type experimentFlags struct {
	server, key, reason string
	service             string
	channel, lang, tier string
	json                bool
}

func (f *experimentFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.server, "server", cmp.Or(os.Getenv("YINGDA_SERVER"), "http://127.0.0.1:8080"), "`URL` of the server (YINGDA_SERVER)")
	fs.StringVar(&f.key, "key", os.Getenv("YINGDA_API_KEY"), "API key with the role manager (YINGDA_API_KEY)")
	fs.StringVar(&f.reason, "reason", "", "`why` it is done, for the history")
	fs.StringVar(&f.service, "service", os.Getenv("YINGDA_SERVICE"), "check: `folder` of the service pack (YINGDA_SERVICE; default: the built-in one)")
	fs.StringVar(&f.channel, "channel", "web", "assign: the customers' channel")
	fs.StringVar(&f.lang, "lang", "zh", "assign: the customers' language")
	fs.StringVar(&f.tier, "tier", "", "assign: the customers' tier")
	fs.BoolVar(&f.json, "json", false, "print JSON")
}

func runExperiment(ctx context.Context, args []string, std stdio) error {
	if len(args) > 0 && args[0] == "results" { // it asks analytics, not the server, and has flags of its own
		return runExperimentResults(ctx, args[1:], std)
	}
	var list strings.Builder
	var names []string
	for _, c := range experimentCommands() {
		fmt.Fprintf(&list, "  %-42s %s\n", c.name+" "+c.args, c.help)
		names = append(names, c.name)
	}
	fmt.Fprintf(&list, "  %-42s %s\n", "results NAME", "tell what came out, from the warehouse; 'yingda experiment results -h' lists its flags")
	fs := newFlags(std, "experiment", strings.Join(append(names, "results"), "|"), fmt.Sprintf(experimentHelp, list.String()))
	var f experimentFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		for _, c := range experimentCommands() {
			if c.name == words[0] {
				if err := c.run(ctx, &f, words[1:], std); !errors.Is(err, errUsage) {
					return err
				}
			}
		}
	}
	fs.Usage()
	return errUsage
}

// call asks the server.
func (f *experimentFlags) call(ctx context.Context, method, path string, body, into any) error {
	return newCanaryClient(f.server, f.key).call(ctx, method, "/v1/experiments"+path, body, into)
}

func experimentPath(name string) string { return "/" + url.PathEscape(name) }

func experimentCheck(_ context.Context, f *experimentFlags, files []string, std stdio) error {
	if len(files) == 0 {
		return errUsage
	}
	p, err := loadPack(f.service)
	if err != nil {
		return err
	}
	robot, err := packRobot(p)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range files {
		d, err := readExperiment(name)
		if err == nil {
			err = d.Fits(robot)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
			continue
		}
		fmt.Fprintf(std.out, "%s: %s, variants %s; nothing is wrong\n", name, d.Name, strings.Join(d.Names(), ", "))
		if err := tellLooks(std.out, d); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

func readExperiment(name string) (*experiment.Definition, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return experiment.Parse(name, data)
}

// experimentAssign works without a server: the variant depends on the definition and the customer alone.
func experimentAssign(_ context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) == 0 {
		return errUsage
	}
	d, err := readExperiment(words[0])
	if err != nil {
		return err
	}
	now := time.Now()
	e := &experiment.Experiment{Tenant: "default", Definition: *d, State: experiment.Running, Started: now}
	e.Phases = []experiment.Phase{{Since: now, Coverage: *d.Coverage, Weights: d.Weights()}}
	of := func(customer string) string {
		return cmp.Or(experiment.Assign(e, experiment.Subject{Tenant: e.Tenant, Customer: customer, Channel: f.channel, Lang: f.lang, Tier: f.tier}, "", now), "-")
	}
	if len(words) > 1 {
		for _, customer := range words[1:] {
			fmt.Fprintf(std.out, "%s\t%s\n", customer, of(customer))
		}
		return nil
	}
	const made = 100_000
	n := map[string]int{}
	for i := range made {
		n[of(strconv.Itoa(i))]++
	}
	for _, name := range append(d.Names(), "-") {
		fmt.Fprintf(std.out, "%s\t%d\t%.2f %%\n", name, n[name], 100*float64(n[name])/made)
	}
	return nil
}

func experimentList(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) > 0 {
		return errUsage
	}
	var list struct{ Experiments []experiment.Experiment }
	if err := f.call(ctx, http.MethodGet, "", nil, &list); err != nil {
		return err
	}
	if f.json {
		return printJSON(std.out, list.Experiments)
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tCOVERAGE\tVARIANTS\tSTARTED\tBY\tNOTE")
	for i := range list.Experiments {
		e := &list.Experiments[i]
		coverage, shares := *e.Coverage, e.Weights()
		if p, ok := e.Phase(time.Now()); ok {
			coverage, shares = p.Coverage, p.Weights
		}
		var variants []string
		for j, name := range e.Names() {
			variants = append(variants, fmt.Sprintf("%s %.3g %%", name, 100*shares[j]))
		}
		started := "-"
		if !e.Started.IsZero() {
			started = e.Started.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(t, "%s\t%s\t%.3g %%\t%s\t%s\t%s\t%s\n", e.Name, e.State, 100*coverage, strings.Join(variants, ", "), started, e.By, e.Note)
	}
	return t.Flush()
}

func experimentShow(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) != 1 {
		return errUsage
	}
	var e experiment.Experiment
	if err := f.call(ctx, http.MethodGet, experimentPath(words[0]), nil, &e); err != nil {
		return err
	}
	return printJSON(std.out, e)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// latest returns an experiment as the server has it; errNotThere where there is none.
func (f *experimentFlags) latest(ctx context.Context, name string) (e experiment.Experiment, err error) {
	return e, f.call(ctx, http.MethodGet, experimentPath(name), nil, &e)
}

func experimentPut(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) != 1 {
		return errUsage
	}
	source, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	d, err := experiment.Parse(words[0], source)
	if err != nil {
		return err
	}
	old, err := f.latest(ctx, d.Name)
	if err != nil && !errors.Is(err, errNotThere) {
		return err
	}
	return f.change(ctx, http.MethodPut, d.Name, "", map[string]any{"revision": old.Revision, "source": string(source)}, std)
}

// change sends a change and says how the experiment stands then.
func (f *experimentFlags) change(ctx context.Context, method, name, act string, body map[string]any, std stdio) error {
	body["reason"] = f.reason
	var e experiment.Experiment
	if err := f.call(ctx, method, experimentPath(name)+act, body, &e); err != nil {
		return err
	}
	if f.json {
		return printJSON(std.out, e)
	}
	_, err := fmt.Fprintf(std.out, "%s is %s (revision %d)\n", e.Name, e.State, e.Revision)
	return err
}

// experimentMove is start, pause or stop. What must end ends whatever others have written meanwhile.
func experimentMove(act string) func(context.Context, *experimentFlags, []string, stdio) error {
	return func(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
		if len(words) != 1 {
			return errUsage
		}
		body := map[string]any{}
		if act == "start" {
			e, err := f.latest(ctx, words[0])
			if err != nil {
				return err
			}
			body["revision"] = e.Revision
		}
		return f.change(ctx, http.MethodPost, words[0], "/"+act, body, std)
	}
}

func experimentRamp(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) < 2 {
		return errUsage
	}
	coverage, err := strconv.ParseFloat(words[1], 64)
	if err != nil {
		return fmt.Errorf("experiment ramp: %q is no share; write e.g. 0.2", words[1])
	}
	steps := []map[string]any{}
	for _, w := range words[2:] {
		after, to, ok := strings.Cut(w, "=")
		share, err := strconv.ParseFloat(to, 64)
		if !ok || err != nil {
			return fmt.Errorf("experiment ramp: %q is no step; write e.g. 24h=0.5", w)
		}
		steps = append(steps, map[string]any{"after": after, "coverage": share})
	}
	e, err := f.latest(ctx, words[0])
	if err != nil {
		return err
	}
	return f.change(ctx, http.MethodPost, words[0], "/ramp", map[string]any{"revision": e.Revision, "coverage": coverage, "steps": steps}, std)
}

func experimentWeights(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) < 2 {
		return errUsage
	}
	weights := map[string]float64{}
	for _, w := range words[1:] {
		name, value, ok := strings.Cut(w, "=")
		n, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			return fmt.Errorf("experiment weights: %q is no weight; write e.g. softer=0.7", w)
		}
		weights[name] = n
	}
	e, err := f.latest(ctx, words[0])
	if err != nil {
		return err
	}
	return f.change(ctx, http.MethodPost, words[0], "/weights", map[string]any{"revision": e.Revision, "weights": weights}, std)
}

func experimentHistory(ctx context.Context, f *experimentFlags, words []string, std stdio) error {
	if len(words) != 1 {
		return errUsage
	}
	var list struct{ Versions []experiment.Experiment }
	if err := f.call(ctx, http.MethodGet, experimentPath(words[0])+"/history", nil, &list); err != nil {
		return err
	}
	if f.json {
		return printJSON(std.out, list.Versions)
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TIME\tBY\tACT\tSTATE\tWHY")
	for _, v := range slices.Backward(list.Versions) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", v.Time.Local().Format("2006-01-02 15:04:05"), v.By, v.Act, v.State, v.Reason)
	}
	return t.Flush()
}
