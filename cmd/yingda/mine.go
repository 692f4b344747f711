package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"yingda/analytics/mine"
	"yingda/analytics/mine/cluster"
	"yingda/analytics/mine/review"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/server"
)

const mineHelp = `Finds what customers asked and the robot did not understand: collects messages that fell back, were understood weakly, were said again in other
words, went to a person or got a thumb down; drops what the bundle understands now; groups the rest by meaning, names the groups and says what
they are. People then decide:

  yingda mine --days 30                       look for groups
  yingda mine groups                          list them, those that cost most first
  yingda mine show u-000003                   one group with its messages
  yingda mine accept u-000003 --intent order.gift_card
  yingda mine assign u-000007 --intent refund.status
  yingda mine rename u-000003 --zh 礼品卡 --en "gift cards"
  yingda mine merge u-000009 --into u-000003
  yingda mine refuse u-000011 --note "test messages"
  yingda mine reopen u-000011
  yingda mine label [KEY INTENT…]             list texts to be labelled, or label one
  yingda mine export --out labels.jsonl       what was accepted, for training

Groups keep their id from run to run. Decisions are kept in DIR/reviews and outlive the warehouse.`

// mineCommands are the subcommands of 'yingda mine'; without one, groups are looked for.
var mineCommands = []command{
	{"groups", "", "list the groups of the last run", runMineGroups},
	{"show", "GROUP", "show a group with its messages and decisions", runMineShow},
	{"accept", "GROUP --intent NAME", "accept a group as a new intent", decide(review.Accept)},
	{"assign", "GROUP --intent NAME", "make a group's messages examples of an intent that exists", decide(review.Assign)},
	{"rename", "GROUP --zh NAME --en NAME", "rename a group", decide(review.Rename)},
	{"merge", "GROUP --into GROUP", "merge a group into another", decide(review.Merge)},
	{"refuse", "GROUP", "refuse a group", decide(review.Refuse)},
	{"reopen", "GROUP", "take the decision about a group back", decide(review.Reopen)},
	{"label", "[KEY INTENT…]", "list texts to be labelled, or label one", runMineLabel},
	{"export", "", "write what was accepted as JSON lines for training", runMineExport},
	{"bench", "--datasets DIR", "measure grouping on public data sets", runMineBench},
}

func runMine(ctx context.Context, args []string, std stdio) error {
	if len(args) > 0 {
		for _, c := range mineCommands {
			if c.name == args[0] {
				return c.run(ctx, args[1:], std)
			}
		}
	}
	return runMineRun(ctx, args, std)
}

// reviewFlags say whose reviews are meant, and where they are.
type reviewFlags struct{ dir, tenant, actor string }

func (f *reviewFlags) register(fs *flag.FlagSet) {
	registerAnalyticsDir(fs, &f.dir)
	fs.StringVar(&f.tenant, "tenant", server.DefaultTenant, "whose data")
	fs.StringVar(&f.actor, "actor", os.Getenv("USER"), "who decides, for the audit")
}

func (f *reviewFlags) open() (*review.Store, error) { return review.Open(review.Options{Dir: f.dir}) }

// leadingArgs splits what comes before the first flag off: flags may follow the names that a command is about.
func leadingArgs(args []string) (names, flags []string) {
	i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") })
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i:]
}

// mineFlags are those of a run.
type mineFlags struct {
	engineFlags
	reviewFlags
	encoder, method string
	days, label     int
	costs           mine.Cost
	json            bool
}

func (f *mineFlags) registerAll(fs *flag.FlagSet) {
	f.engineFlags.register(fs)
	f.reviewFlags.register(fs)
	fs.IntVar(&f.days, "days", 30, "look at this many `days` up to the newest message")
	fs.StringVar(&f.encoder, "encoder", "", "`folder` of an encoder to group by, instead of the bundle's embeddings")
	fs.StringVar(&f.method, "method", string(cluster.ByCommunity), "community, or density (HDBSCAN: leaves out more)")
	fs.IntVar(&f.label, "label", 100, "choose this `many` texts to be labelled")
	fs.Float64Var(&f.costs.Handoff, "handoff-minutes", 8, "`minutes` of people's work that a message costs that was handed over")
	fs.Float64Var(&f.costs.Missed, "missed-minutes", 0.5, "`minutes` of the customer that any message costs that was not understood")
	fs.BoolVar(&f.json, "json", false, "print the result as JSON")
}

func runMineRun(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "mine", "", mineHelp)
	var f mineFlags
	f.registerAll(fs)
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("mine: there is no command %q; 'yingda mine -h' lists them", fs.Arg(0))
	}
	e, err := f.openModel(ctx, std.err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	store, err := f.reviewFlags.open()
	if err != nil {
		return err
	}
	p := newProgress(std.err)
	res, err := f.run(ctx, e, store, p, newLogger(std.err, slog.LevelWarn))
	p.end()
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(std.out).Encode(res)
	}
	return printRun(std, res)
}

// run collects, groups and keeps.
func (f *mineFlags) run(ctx context.Context, e *standard.Engine, store *review.Store, p *progress, log *slog.Logger) (*mine.Result, error) {
	src, err := mineSourceOf(ctx, f.dir, f.tenant, f.days, log)
	if err != nil {
		return nil, err
	}
	before, err := store.Run(f.tenant)
	if err != nil {
		return nil, err
	}
	o := mine.Options{
		Tenant: f.tenant, From: src.From, To: src.To, Candidates: src.Candidates, Known: src.Known, Engine: e,
		Cost: f.costs, Label: f.label, Cluster: cluster.Options{Method: cluster.Method(f.method)},
		Progress: func(stage string, done, total int) { p.report(stage, done, total, "") },
	}
	if before != nil {
		o.Before = before.Groups
	}
	if o.NextID, err = store.NextID(f.tenant); err != nil {
		return nil, err
	}
	o.Seed = uint64(o.NextID) // another random slice each run, the same for the same reviews
	if f.encoder != "" {
		emb, err := openEncoderEmbedder(f.encoder)
		if err != nil {
			return nil, err
		}
		o.Embedder = emb
	}
	res, err := mine.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	return res, store.SaveRun(res)
}

func printRun(std stdio, res *mine.Result) error {
	c := res.Counts
	fmt.Fprintf(std.out, "%s to %s, bundle %s, %.1f s\n", res.From.Format("2006-01-02"), res.To.Format("2006-01-02"), res.Bundle, res.Seconds["all"])
	fmt.Fprintf(std.out, "%d messages, %d different; %d are understood now; %d in %d groups, %d in none; %d texts to be labelled\n", c.Candidates, c.Texts, c.Understood, c.Grouped, len(res.Groups), res.Loose, len(res.Queue))
	var why []string
	for _, r := range slices.Sorted(maps.Keys(c.Reasons)) {
		why = append(why, fmt.Sprintf("%s %d", r, c.Reasons[r]))
	}
	fmt.Fprintf(std.out, "%s\n\n", strings.Join(why, ", "))
	list := make([]review.Entry, len(res.Groups))
	for i, g := range res.Groups {
		list[i] = review.Entry{Group: g, Status: review.Waiting}
	}
	return printGroups(std, list)
}

func printGroups(std stdio, list []review.Entry) error {
	t := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "GROUP\tMINUTES\tMESSAGES\tTEXTS\tCORE\tCUSTOMERS\tTO PEOPLE\tKIND\tNEAREST\tSTATUS\tNAME\tLIKE")
	for _, e := range list {
		near := e.Verdict.Intent
		if near == "" && len(e.Verdict.Near) > 0 {
			near = e.Verdict.Near[0].Intent + "?"
		}
		status := string(e.Status)
		if e.Intent != "" {
			status += " " + e.Intent
		}
		if e.Into != "" {
			status += " into " + e.Into
		}
		name := e.Name.In(nlu.Lang(languageOf(os.Getenv("LANG"))))
		like := ""
		if len(e.Examples) > 0 {
			like = short(e.Examples[0])
		}
		fmt.Fprintf(t, "%s\t%.0f\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.Impact, e.Count, e.Texts, e.Core, e.Customers, e.Handed, e.Verdict.Kind, near, status, short(name), like)
	}
	return t.Flush()
}

// short cuts a text to what a column of a table holds.
func short(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
