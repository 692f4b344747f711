package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/analytics/mine"
	"yingda/bench"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training/eval"
	"yingda/training/retrain"
)

// The section of the benchmarks that the demo writes.
const (
	retrainBegin = "<!-- yingda retrain-demo: begin -->"
	retrainEnd   = "<!-- yingda retrain-demo: end -->"
)

// demoPage is what the demo found.
type demoPage struct {
	Command  string
	Started  time.Time
	Took     time.Duration
	Drift    []demoDrift
	Trials   []demoTrial
	Mined    mine.Counts
	Embedder string
	Reviews  []reviewOf
	Labelled int // texts of the queue
	Run      *retrain.Summary
	Chain    *retrain.Chain
	Unseen   map[string]*unseen // by planted intent
	After    []retrain.Message  // of the measuring time
	Traffic  [2]int             // of them, not understood: before, after
}

// unseen counts wordings of an intent that nobody has trained on: before and after.
type unseen struct {
	N                int
	Right, Not, Want [2]int // answered with the intent; not understood; answered with others
}

// count takes the answers of the bundle before (0) or after (1) in.
func (p *demoPage) count(which int, cases []eval.Case) {
	if p.Unseen == nil {
		p.Unseen = map[string]*unseen{}
	}
	for _, c := range cases {
		name := strings.Join(c.Example.Intents, "+")
		u := p.Unseen[name]
		if u == nil {
			u = &unseen{}
			p.Unseen[name] = u
		}
		if which == 0 {
			u.N++
		}
		switch {
		case c.Analysis == nil || len(c.Analysis.Intents) == 0:
			u.Not[which]++
		case len(c.Analysis.Intents) == 1 && c.Analysis.Intents[0].Label == name:
			u.Right[which]++
		default:
			u.Want[which]++
		}
	}
}

// replay counts what is not understood of the traffic of the measuring time.
func (p *demoPage) replay(ctx context.Context, which int, e *standard.Engine) error {
	const batch = 64
	for from := 0; from < len(p.After); from += batch {
		part := p.After[from:min(from+batch, len(p.After))]
		us := make([]nlu.Utterance, len(part))
		for i, m := range part {
			us[i].Text = m.Text
		}
		as, err := e.Analyse(ctx, us...)
		if err != nil {
			return err
		}
		for i, a := range as {
			if len(a.Intents) == 0 {
				p.Traffic[which] += part[i].N
			}
		}
	}
	return nil
}

// write prints the page, and puts it between its marks of a file.
func (p *demoPage) write(w io.Writer, out string) error {
	text := p.markdown()
	if _, err := io.WriteString(w, text); err != nil || out == "" {
		return err
	}
	return bench.ReplaceSection(out, retrainBegin, retrainEnd, text)
}

func share(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

func (p *demoPage) markdown() string {
	var b strings.Builder
	p.unseen(&b)
	p.frozen(&b)
	p.found(&b)
	p.look(&b)
	fmt.Fprintf(&b, "\n### Where and how\n\n|  |  |\n|---|---|\n| date | %s |\n| command | %s |\n| took | %s |\n", p.Started.UTC().Format("2006-01-02 15:04 UTC"), p.Command, p.Took.Round(time.Second))
	m := bench.ThisMachine()
	fmt.Fprintf(&b, "| machine | %s, %d cores |\n", m.CPU, m.Cores)
	if t := p.Run.Trained; t != nil {
		fmt.Fprintf(&b, "| champion | %s |\n| new bundle | %s (%s), %.0f s |\n", t.Champion, t.Bundle, t.How, t.Seconds)
	}
	fmt.Fprintf(&b, "| chain | %d rows trained on, %d of them accepted in the review, each with its group and hashed turns; %d accepted rows never trained on |\n", p.Chain.Rows, p.Chain.Accepted, p.Chain.Held)
	return b.String()
}

// unseen shows wordings of the measuring time, which no step before has seen.
func (p *demoPage) unseen(b *strings.Builder) {
	var sum unseen
	for _, u := range p.Unseen {
		sum.N += u.N
		for i := range 2 {
			sum.Right[i] += u.Right[i]
			sum.Not[i] += u.Not[i]
		}
	}
	messages := 0
	for _, m := range p.After {
		messages += m.N
	}
	b.WriteString("### Planted wishes, in wordings that nobody has seen\n\n| | before | after |\n|---|---|---|\n")
	fmt.Fprintf(b, "| not understood, of %d unseen wordings | %s | %s |\n", sum.N, share(sum.Not[0], sum.N), share(sum.Not[1], sum.N))
	fmt.Fprintf(b, "| understood rightly, of them | %s | %s |\n", share(sum.Right[0], sum.N), share(sum.Right[1], sum.N))
	fmt.Fprintf(b, "| taken for another wish, of them | %s | %s |\n", share(sum.N-sum.Right[0]-sum.Not[0], sum.N), share(sum.N-sum.Right[1]-sum.Not[1], sum.N))
	fmt.Fprintf(b, "| not understood, of %d messages of all kinds, the first five days of the measuring time | %s | %s |\n", messages, share(p.Traffic[0], messages), share(p.Traffic[1], messages))
	b.WriteString("\n| intent | unseen wordings | right before | right after | not understood before | after |\n|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(p.Unseen)) {
		u := p.Unseen[name]
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", name, u.N, u.Right[0], u.Right[1], u.Not[0], u.Not[1])
	}
}

// frozen shows that nothing else was lost, and what the gate said.
func (p *demoPage) frozen(b *strings.Builder) {
	fmt.Fprintf(b, "\n### Frozen tests and gate\n\n")
	if gate := p.Run.State.Step("gate"); gate != nil {
		fmt.Fprintf(b, "Gate: %s (%s).\n", gate.Status, gate.Note)
	}
	if p.Run.Evaluation == nil || len(p.Run.Evaluation.Frozen) == 0 {
		b.WriteString("\nThere was no frozen set here.\n")
		return
	}
	b.WriteString("\n| data | figure | before | after | difference | p | n |\n|---|---|---|---|---|---|---|\n")
	for _, rep := range append(slices.Clone(p.Run.Evaluation.Frozen), p.Run.Evaluation.Held) {
		if rep == nil {
			continue
		}
		for _, name := range []string{"intent_accuracy", "intent_macro_f1", "multi_exact", "oos_auroc", "oos_recall", "oos_false_alarm", "emotion_accuracy", "entity_f1"} {
			if d := rep.Against.Figure(name); d != nil {
				fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %d |\n", rep.Data, d.Title, eval.Show(name, d.Against), eval.Show(name, d.Value), eval.ShowDifference(name, d.Difference), eval.ShowP(d.P), d.N)
			}
		}
	}
}

// found shows what the mining grouped and the simulated reviewer named.
func (p *demoPage) found(b *strings.Builder) {
	named := map[string][]reviewOf{}
	refused, texts := 0, 0
	for _, r := range p.Reviews {
		if r.Intent == "" {
			refused++
			continue
		}
		named[r.Intent] = append(named[r.Intent], r)
		texts += r.Texts
	}
	fmt.Fprintf(b, "\n### Found in what was not understood\n\n%d of %d planted intents found and named, in %d groups out of %d; the SIMULATED reviewer, who names a group by what most of its texts truly mean, "+
		"if at least a third do, and leaves the others out, refused %d and took %d texts, and labelled %d of the labelling queue one by one. %d candidate messages, %d different texts, grouped by %s.\n",
		len(named), len(p.Unseen), len(p.Reviews)-refused, len(p.Reviews), refused, texts, p.Labelled, p.Mined.Candidates, p.Mined.Texts, p.Embedder)
	b.WriteString("\n| planted intent | groups | messages | texts taken | left out | verdict of the mining | its name |\n|---|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(p.Unseen)) {
		if len(named[name]) == 0 {
			fmt.Fprintf(b, "| %s | – |  |  |  |  |  |\n", name)
			continue
		}
		var n, count, left int
		var verdicts, names []string
		for _, r := range named[name] {
			n, count, left = n+r.Texts, count+r.Count, left+r.Left
			if !slices.Contains(verdicts, r.Verdict) {
				verdicts = append(verdicts, r.Verdict)
			}
			names = append(names, r.Name)
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %s | %s |\n", name, len(named[name]), count, n, left, strings.Join(verdicts, ", "), strings.ReplaceAll(strings.Join(names[:min(2, len(names))], "; "), "|", "/"))
	}
}

// look shows drift and experiments.
func (p *demoPage) look(b *strings.Builder) {
	b.WriteString("\n### Drift, four weeks from the planted change on against the four before\n\n| measure | planted | PSI | verdict |\n|---|---|---|---|\n")
	for _, d := range p.Drift {
		fmt.Fprintf(b, "| %s | %s | %.3f | %s |\n", d.Measure, yes(d.Planted), d.PSI, d.Verdict)
	}
	measured, inside := 0, 0
	for _, t := range p.Trials {
		if t.Measured {
			measured++
			if t.Inside {
				inside++
			}
		}
	}
	fmt.Fprintf(b, "\n### Experiments\n\n%d of %d planted effects lie inside the measured 95 %% interval.\n\n| experiment | customers | metric | planted | measured | 95 %% interval | inside |\n|---|---|---|---|---|---|---|\n", inside, measured)
	for _, t := range p.Trials {
		customers := fmt.Sprintf("%d : %d", t.ControlN, t.OtherN)
		switch {
		case t.Mismatch || t.Broken:
			fmt.Fprintf(b, "| %s | %s | sample ratio | %s | %s |  | %s |\n", t.Name, customers, faulty(t.Mismatch), faulty(t.Broken), yes(t.Mismatch == t.Broken))
		case !t.Measured:
			fmt.Fprintf(b, "| %s | %s | %s | %+.3f | – |  |  |\n", t.Name, customers, t.Metric, t.Planted)
		default:
			fmt.Fprintf(b, "| %s | %s | %s | %+.3f | %+.3f | %+.3f to %+.3f | %s |\n", t.Name, customers, t.Metric, t.Planted, t.Value, t.Low, t.High, yes(t.Inside))
		}
	}
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

func faulty(v bool) string {
	if v {
		return "broken"
	}
	return "sound"
}
