package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/nlu"
	"yingda/nlu/standard"
)

// nearRepeat is the probability from which two questions of different entries are reported.
const nearRepeat = 0.9

func runKnowledgeCheck(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "knowledge check", "[FILE|DIR…]",
		"Lists everything that is wrong with files of entries (Markdown, CSV, JSONL; default: those of the built-in service pack), and warns of\nquestions that two entries share or nearly share and of intents that the bundle does not know.")
	var f meaningFlags
	f.registerMeaning(fs)
	least := fs.Float64("near", nearRepeat, "warn of questions that mean the same with at least this `probability`")
	paths, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	drafts, err := readEntries(paths, knowledge.ReadOptions{})
	if err != nil {
		return err
	}
	e, m, err := f.openMeaning(ctx, std)
	if err != nil {
		return err
	}
	if e != nil {
		defer e.Close()
		if err := embedDrafts(ctx, e, m, drafts, std); err != nil {
			return err
		}
		for _, w := range unknownIntents(e, drafts) {
			fmt.Fprintln(std.out, w)
		}
	}
	same := knowledge.Repeats(drafts)
	near := knowledge.NearRepeats(drafts, knowledge.DefaultParams(), m, *least)
	printRepeats(std, near)
	questions := 0
	for i := range drafts {
		questions += len(drafts[i].Questions)
	}
	fmt.Fprintf(std.out, "%d entries, %d questions\n", len(drafts), questions)
	if len(same) > 0 {
		return fmt.Errorf("%d questions or ids stand in two entries: a question has one answer", len(same))
	}
	return nil
}

func embedDrafts(ctx context.Context, e *standard.Engine, m *knowledge.Meaning, drafts []knowledge.Draft, std stdio) error {
	var texts []string
	for i := range drafts {
		texts = append(texts, drafts[i].Questions...)
	}
	p := newProgress(std.err)
	defer p.end()
	_, err := m.Add(ctx, engineEmbedder{e}, texts, func(done, total int) { p.report("embed questions", done, total, "") })
	return err
}

// unknownIntents warns of ties that never hold.
func unknownIntents(e *standard.Engine, drafts []knowledge.Draft) []string {
	var known []string
	for _, h := range e.Manifest().Heads {
		known = append(known, h.Labels...)
	}
	var out []string
	for i := range drafts {
		for _, n := range drafts[i].Intents {
			if !slices.Contains(known, n) {
				out = append(out, fmt.Sprintf("%s: answers the intent %q, which the bundle %s does not know", at(&drafts[i]), n, e.Manifest().ID))
			}
		}
	}
	return out
}

// at names an entry and where it stands.
func at(d *knowledge.Draft) string {
	if d.File == "" {
		return d.ID
	}
	return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.ID)
}

func printRepeats(std stdio, repeats []knowledge.Repeat) {
	for _, r := range repeats {
		how := "is the same as"
		if r.Likeness < 1 {
			how = fmt.Sprintf("probably (%.2f) means the same as", r.Likeness)
		}
		fmt.Fprintf(std.out, "%s: %q %s %q of %s\n", at(&r.Entry), r.Question, how, r.Wording, at(&r.Other))
	}
}

func runKnowledgeSearch(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "knowledge search", "TEXT…", "Searches the entries of the built-in service pack, or of files, for each text and shows what speaks for the hits.")
	var f meaningFlags
	f.registerMeaning(fs)
	var files multi
	fs.Var(&files, "entries", "`file` or folder of entries instead of the built-in ones; may be given several times")
	lang := fs.String("lang", "", "`language` of the texts, zh or en (default: detect)")
	limit := fs.Int("limit", 3, "how `many` hits")
	asJSON := fs.Bool("json", false, "print JSON")
	texts, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		fs.Usage()
		return errUsage
	}
	x, e, err := f.openIndex(ctx, files, std)
	if err != nil {
		return err
	}
	if e != nil {
		defer e.Close()
	}
	for _, text := range texts {
		q := dialogue.Asked{Text: text, Lang: nlu.Lang(*lang), Limit: *limit}
		if e != nil {
			vs, err := e.Embed(ctx, text)
			if err != nil {
				return err
			}
			q.Embedding, q.Bundle = vs[0], e.Manifest().ID
		}
		if err := printHits(std, text, x.Search(q), *asJSON); err != nil {
			return err
		}
	}
	return nil
}

// openIndex indexes the entries of files, or the built-in ones. The engine is nil with --words; else it is the caller's to close.
func (f *meaningFlags) openIndex(ctx context.Context, files []string, std stdio) (*knowledge.Index, *standard.Engine, error) {
	drafts, err := readEntries(files, knowledge.ReadOptions{})
	if err != nil {
		return nil, nil, err
	}
	e, m, err := f.openMeaning(ctx, std)
	if err != nil {
		return nil, nil, err
	}
	if e != nil {
		if err := embedDrafts(ctx, e, m, drafts, std); err != nil {
			return nil, nil, errors.Join(err, e.Close())
		}
	}
	entries := make([]dialogue.Entry, len(drafts))
	for i := range drafts {
		entries[i] = drafts[i].Entry
	}
	return knowledge.NewIndex(entries, knowledge.DefaultParams(), m), e, nil
}

func printHits(std stdio, text string, hits []knowledge.Match, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(std.out).Encode(map[string]any{"text": text, "hits": hits})
	}
	fmt.Fprintln(std.out, text)
	if len(hits) == 0 {
		fmt.Fprintln(std.out, "  no entry comes near")
	}
	for _, h := range hits {
		fmt.Fprintf(std.out, "  %.2f  %-24s %s\n", h.Score, h.ID, h.Question)
		ev := h.Evidence
		fmt.Fprintf(std.out, "        meaning %.2f, its entry %.2f; words: %.2f of the query, %.2f of the question, %.2f in order%s\n",
			ev.Meaning, ev.Topic, ev.Covered, ev.Covers, ev.Order, against(ev))
	}
	return nil
}

func against(ev knowledge.Evidence) string {
	var out []string
	for _, c := range []struct {
		on   bool
		word string
	}{{ev.Turned > 0, "says the opposite"}, {ev.Numbers > 0, "other numbers"}, {ev.Asks > 0, "asks for something else"}} {
		if c.on {
			out = append(out, c.word)
		}
	}
	if out == nil {
		return ""
	}
	return "; but " + strings.Join(out, ", ")
}

// knowledgeFaults counts what an error joins, for a last line.
func knowledgeFaults(err error) int {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return 1
	}
	n := 0
	for _, e := range many.Unwrap() {
		n += knowledgeFaults(e)
	}
	return n
}
