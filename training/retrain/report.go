package retrain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/training/eval"
)

// Summary is a run in figures, for reports of all kinds. What a run has not come to yet is nil.
type Summary struct {
	State      State
	Merge      *Merge
	Trained    *Trained
	Evaluation *Evaluation
	Replay     *Replay
	Open       []NewIntent // new intents that nothing answers
}

// Summary reads what the run has made so far.
func (r *Run) Summary() (*Summary, error) {
	s := &Summary{State: r.f.state, Merge: &Merge{}, Trained: &Trained{}, Evaluation: &Evaluation{}, Replay: &Replay{}}
	var errs []error
	load := func(name string, into any) bool {
		err := r.f.read(name, into)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		return err == nil
	}
	if !load(SummaryName, s.Merge) {
		s.Merge = nil
	}
	if !load(TrainedName, s.Trained) {
		s.Trained = nil
	}
	if !load(EvaluationName, s.Evaluation) {
		s.Evaluation = nil
	}
	if !load(ReplayName, s.Replay) || s.Replay.Messages == 0 {
		s.Replay = nil
	}
	load(OpenName, &s.Open)
	return s, errors.Join(errs...)
}

// StatusText writes where a run stands: a line a step.
func (s *State) StatusText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "run %s: %s\n", s.ID, s.Status)
	tw := tabwriter.NewWriter(&b, 2, 4, 2, ' ', 0)
	for _, name := range Steps() {
		rec := s.Step(name)
		if rec == nil {
			fmt.Fprintf(tw, "  %s\t–\t\n", name)
			continue
		}
		took := ""
		if !rec.Ended.IsZero() {
			took = rec.Ended.Sub(rec.Started).Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", name, rec.Status, took, rec.Note)
	}
	tw.Flush()
	_, err := w.Write(b.Bytes())
	return err
}

// Text writes the run for people: its steps, then what was found.
func (s *Summary) Text(w io.Writer) error {
	if err := s.State.StatusText(w); err != nil {
		return err
	}
	var b bytes.Buffer
	if s.Merge != nil {
		s.merge(&b)
	}
	if s.Evaluation != nil {
		s.evaluation(&b)
	}
	if s.Replay != nil {
		s.replay(&b)
	}
	if len(s.Open) > 0 {
		fmt.Fprintf(&b, "\n%d new intents have no answer yet: customers are told that the robot has noted the question and are asked what they want to know. Drafts to edit: %s/ and %s.\n",
			len(s.Open), DraftKnowledge, DraftNames)
		for _, n := range s.Open {
			fmt.Fprintf(&b, "  %s\n", n.Name)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (s *Summary) merge(b *bytes.Buffer) {
	m := s.Merge
	fmt.Fprintf(b, "\n%d accepted rows: %d to train on beside %d of the corpus, %d held out, %d refused%s\n", m.Read, m.Trained, m.Corpus, m.Held, m.Read-m.Trained-m.Held, reasons(m.Refused))
	if n := len(m.Superseded); n > 0 {
		fmt.Fprintf(b, "%d rows of the corpus that were out of scope have a name now and are left out\n", n)
	}
	for _, n := range m.New {
		fmt.Fprintf(b, "  new  %s (%s): %d wordings, %d held out\n", n.Name, n.Group, n.Train, n.Held)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Known)) {
		fmt.Fprintf(b, "  more %s: %d wordings\n", name, m.Known[name])
	}
}

func reasons(counts map[string]int) string {
	var out []string
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%d %s", counts[r], r))
	}
	if out == nil {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// shown are the figures that a run's report shows.
var shown = []string{"intent_accuracy", "intent_macro_f1", "multi_exact", "oos_auroc", "oos_recall", "oos_false_alarm", "emotion_accuracy", "entity_f1"}

func (s *Summary) evaluation(b *bytes.Buffer) {
	tw := tabwriter.NewWriter(b, 2, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "\nDATA\tFIGURE\tCHAMPION\tNEW\tDIFFERENCE\tP\tN")
	for _, rep := range append(slices.Clone(s.Evaluation.Frozen), s.Evaluation.Held) {
		if rep == nil || rep.Against == nil {
			continue
		}
		for _, name := range shown {
			if d := rep.Against.Figure(name); d != nil {
				fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", rep.Data, name, eval.Show(name, d.Against), eval.Show(name, d.Value), eval.ShowDifference(name, d.Difference), eval.ShowP(d.P), d.N)
			}
		}
	}
	tw.Flush()
}

func (s *Summary) replay(b *bytes.Buffer) {
	r := s.Replay
	fmt.Fprintf(b, "\n%d recent messages (%d different): not understood %.2f %% before, %.2f %% after; %.2f %% would go otherwise\n",
		r.Messages, r.Texts, 100*r.Before.Value, 100*r.After.Value, 100*r.Changed.Value)
	for _, n := range r.New {
		fmt.Fprintf(b, "  %s: %d that were not understood, %d that had another intent\n", n.Intent, n.None, n.Other)
	}
	for _, k := range r.By[:min(len(r.By), 10)] {
		fmt.Fprintf(b, "  %6d  %s → %s\n", k.N, k.Before, k.After)
	}
}
