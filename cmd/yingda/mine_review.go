package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/analytics/mine/review"
	"yingda/training/corpus"
)

func runMineGroups(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "mine groups", "", "Lists the groups of the last run, those that cost most first.")
	var f reviewFlags
	f.register(fs)
	status := fs.String("status", "", "only those that are waiting, accepted, assigned, merged or refused")
	kind := fs.String("kind", "", "only new_intent, missing_examples or noise")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	store, err := f.open()
	if err != nil {
		return err
	}
	list, err := store.Groups(f.tenant)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(e review.Entry) bool {
		return *status != "" && string(e.Status) != *status || *kind != "" && string(e.Verdict.Kind) != *kind
	})
	if *asJSON {
		return json.NewEncoder(std.out).Encode(list)
	}
	return printGroups(std, list)
}

func runMineShow(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "mine show", "GROUP", "Shows a group with its messages and the decisions about it.")
	var f reviewFlags
	f.register(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	names, flags := leadingArgs(args)
	if err := parseFlags(fs, flags); err != nil {
		return err
	}
	if names = append(names, fs.Args()...); len(names) != 1 {
		fs.Usage()
		return errUsage
	}
	store, err := f.open()
	if err != nil {
		return err
	}
	e, err := store.Group(f.tenant, names[0])
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(std.out).Encode(e)
	}
	return printGroup(std.out, e)
}

func printGroup(w io.Writer, e *review.Entry) error {
	fmt.Fprintf(w, "%s  %s / %s  (%s)\n%s\n%s\n\n", e.ID, e.Name.ZH, e.Name.EN, e.Status, e.Verdict.Why.ZH, e.Verdict.Why.EN)
	fmt.Fprintf(w, "%d messages, %d texts (%d in the core), %d customers, %d went to people, %.0f minutes; %s to %s; by week %v\n", e.Count, e.Texts, e.Core, e.Customers, e.Handed, e.Impact,
		e.First.Format(time.DateOnly), e.Last.Format(time.DateOnly), e.Weekly)
	if e.Unnamed > 0 {
		fmt.Fprintf(w, "of %d messages nobody is named: they were only analysed\n", e.Unnamed)
	}
	for _, n := range e.Verdict.Near {
		fmt.Fprintf(w, "  near %-32s cosine %5.2f  first for %3.0f %%  mean %.2f\n", n.Intent, n.Cosine, 100*n.Share, n.Mean)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "KEY\tSAID\tTO PEOPLE\tFIRST INTENT\tP\tTEXT")
	for i, m := range e.Members {
		if i > 0 && e.Members[i-1].Core && !m.Core {
			fmt.Fprintln(t, "probably also:\t\t\t\t\t")
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%.2f\t%s\n", m.Key, m.Count, m.Handed, m.Top1, m.P1, m.Text)
	}
	for _, d := range e.Decisions {
		fmt.Fprintf(t, "\n%s\t%s\t%s\t%s%s\t%s\n", d.Time.Format(time.RFC3339), d.Actor, d.Action, d.Intent, d.Into, d.Note)
	}
	return t.Flush()
}

// decide makes the command of an action.
func decide(action review.Action) func(context.Context, []string, stdio) error {
	return func(_ context.Context, args []string, std stdio) error {
		fs := newFlags(std, "mine "+string(action), "GROUP", "Keeps a decision about a group, with who made it and when.")
		var f reviewFlags
		f.register(fs)
		d := review.Decision{Action: action}
		leave := ""
		fs.StringVar(&d.Note, "note", "", "why")
		switch action {
		case review.Accept, review.Assign:
			fs.StringVar(&d.Intent, "intent", "", "`name` of the intent, e.g. order.gift_card")
			fs.StringVar(&leave, "leave", "", "`keys` of messages that do not belong, with commas")
			fs.BoolVar(&d.Core, "core", false, "only the group's core, not what probably belongs to it too")
		case review.Merge:
			fs.StringVar(&d.Into, "into", "", "the `group` that takes the messages over")
		case review.Rename:
			fs.StringVar(&d.Name.ZH, "zh", "", "Chinese `name`")
			fs.StringVar(&d.Name.EN, "en", "", "English `name`")
		}
		names, flags := leadingArgs(args)
		if err := parseFlags(fs, flags); err != nil {
			return err
		}
		if names = append(names, fs.Args()...); len(names) != 1 {
			fs.Usage()
			return errUsage
		}
		if leave != "" {
			d.Leave = strings.Split(leave, ",")
		}
		d.Group, d.Actor = names[0], f.actor
		store, err := f.open()
		if err != nil {
			return err
		}
		if d, err = store.Decide(f.tenant, d); err != nil {
			return fmt.Errorf("mine %s: %w", action, err)
		}
		if len(d.Texts) > 0 {
			fmt.Fprintf(std.out, "%s: %d texts are examples of %s now\n", d.Group, len(d.Texts), d.Intent)
		}
		return nil
	}
}

func runMineLabel(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "mine label", "[KEY INTENT…]", "Lists texts that are worth a label, or labels one; without an intent it is out of scope. One in ten is asked of two people.")
	var f reviewFlags
	f.register(fs)
	limit := fs.Int("limit", 20, "list this `many`")
	names, flags := leadingArgs(args)
	if err := parseFlags(fs, flags); err != nil {
		return err
	}
	names = append(names, fs.Args()...)
	store, err := f.open()
	if err != nil {
		return err
	}
	if len(names) > 0 {
		_, err := store.Label(f.tenant, f.actor, names[0], names[1:])
		return err
	}
	list, err := store.Queue(f.tenant, f.actor, *limit)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "KEY\tWHY\tFIRST INTENT\tP\tTEXT")
	for _, p := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\t%s\n", p.Key, p.Slice, p.Top1, p.P1, p.Text)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	q, err := store.Quality(f.tenant)
	if err == nil && q.Labelled > 0 {
		fmt.Fprintf(std.out, "\n%d labelled; of the random ones %d of %d right (%.0f–%.0f %%); two people agree on %d of %d, kappa %.2f\n",
			q.Labelled, q.Right.Num, q.Right.N, 100*q.Right.Low, 100*q.Right.High, q.Agreed, q.Twice, q.Kappa)
	}
	return err
}

func runMineExport(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "mine export", "", `Writes the texts that people accepted, as JSON lines for training: {"text", "intents", "lang", "metadata"}, where metadata says from which
group or label, by whom, when, and of which turns (hashes). Beside FILE goes FILE.json with counts and the fingerprint. The same decisions give
the same bytes.`)
	var f reviewFlags
	f.register(fs)
	out := fs.String("out", "", "`file` to write (default: the standard output)")
	exclude := fs.String("exclude", "", "labelled `files` of test sets, with commas: their texts are left out")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	ex, err := exportReviews(f.dir, f.tenant, *exclude)
	if err != nil {
		return fmt.Errorf("mine export: %w", err)
	}
	if *out == "" {
		_, err := std.out.Write(ex.Lines)
		return err
	}
	about, err := json.MarshalIndent(ex, "", "  ")
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(*out, ex.Lines, 0o640), os.WriteFile(*out+".json", append(about, '\n'), 0o640)); err != nil {
		return fmt.Errorf("mine export: %w", err)
	}
	fmt.Fprintf(std.err, "%d examples of %d intents, %d of them new; fingerprint %s\n", ex.Examples, len(ex.Intents), len(ex.New), ex.Fingerprint)
	return nil
}

// exportReviews makes the corpus of what was accepted in a folder, without the texts of labelled files.
func exportReviews(dir, tenant, exclude string) (*review.Export, error) {
	var o review.ExportOptions
	for path := range strings.SplitSeq(exclude, ",") {
		if path = strings.TrimSpace(path); path == "" {
			continue
		}
		c, err := corpus.Read(path)
		if err != nil {
			return nil, err
		}
		for _, eg := range c.Examples {
			o.Exclude = append(o.Exclude, eg.Text)
		}
	}
	store, err := review.Open(review.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	return store.Export(tenant, o)
}
