package retrain_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/training/retrain"
)

// TestRun goes all the way: labels of a new intent become a champion that recognises it.
func TestRun(t *testing.T) {
	w := newWorld(t, gifts())
	canary := newServer()
	w.canary = canary
	w.traffic = []retrain.Message{{Text: "refund refund单", N: 5}, {Text: "消消消", N: 90}, {Text: "天天天", N: 5}, {Text: " 消消消 ", N: 10}, {Text: ""}}
	w.answers = func(intents []string) ([]retrain.Answer, error) { return []retrain.Answer{{Intent: intents[0]}}, nil }
	run := w.begin(t)
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := summary(t, run)
	made := s.Trained.Bundle
	if s.State.Status != retrain.Waiting || w.role(t, made) != models.Challenger || w.role(t, w.champion) != models.Champion || len(canary.started) != 1 {
		t.Fatalf("%s, %s is %q, trials %v", s.State.Status, made, w.role(t, made), canary.started)
	}
	if m := s.Merge; len(m.New) != 1 || m.New[0].Name != "gift.wrap" || m.New[0].Group != "accepted" || m.Trained+m.Held != len(tails) || m.Held == 0 || m.Corpus != 3*len(tails) {
		t.Errorf("%+v", m)
	}
	if d := s.Evaluation.Held.Against.Figure("intent_accuracy"); d.Value < 0.9 || d.Against > 0.1 {
		t.Errorf("held-out wordings: %v, the champion's %v", d.Value, d.Against)
	}
	if d := s.Evaluation.Frozen[0].Against.Figure("intent_accuracy"); d.Difference != 0 {
		t.Errorf("frozen: %+v", d)
	}
	if r := s.Replay; r.Messages != 110 || r.Texts != 3 || r.After.N > r.Before.N || r.New[0].None+r.New[0].Other != 5 || r.Changed.N != 5 {
		t.Errorf("%+v", r)
	}
	if len(s.Open) != 1 {
		t.Errorf("unanswered: %+v", s.Open)
	}
	for _, lang := range []string{"zh", "en"} {
		if _, err := os.Stat(filepath.Join(run.Dir(), retrain.DraftKnowledge, "gift.wrap."+lang+".md")); err != nil {
			t.Error(err)
		}
	}
	var text bytes.Buffer
	if err := s.Text(&text); err != nil || !strings.Contains(text.String(), "new  gift.wrap") || !strings.Contains(text.String(), "1 new intents have no answer yet") {
		t.Errorf("%v\n%s", err, &text)
	}

	canary.reading = retrain.Reading{Verdict: retrain.Allow, Why: "contained more often"}
	run, err := retrain.Open(w.options(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if run.State().Status != retrain.Done || w.role(t, made) != models.Champion || len(canary.ended) != 1 {
		t.Errorf("%s, %s is %q", run.State().Status, made, w.role(t, made))
	}
	if err := run.Resume(t.Context()); err != nil { // there is nothing left
		t.Error(err)
	}
	chain, err := retrain.Verify(run.Dir())
	if err != nil || chain.Bundle != made || chain.Accepted != s.Merge.Trained || chain.Rows != s.Merge.Trained+3*len(tails) || chain.Held != s.Merge.Held {
		t.Errorf("%+v, %v", chain, err)
	}
	rows, err := retrain.Trace(run.Dir(), "refund refund单气", 10)
	if err != nil || len(rows) == 0 || rows[0].By != "ann" || rows[0].Group != "g1" || len(rows[0].Turns) != 1 || rows[0].At != "2026-11-20T08:00:00Z" {
		t.Errorf("%+v, %v", rows, err)
	}
	if id, err := retrain.FindBundle(filepath.Dir(run.Dir()), made); err != nil || id != run.State().ID {
		t.Errorf("%q, %v", id, err)
	}
}

// TestResume kills a run in each step, before it says that it is done and half way through the line that says so. Whoever goes on gets the same.
func TestResume(t *testing.T) {
	whole := newWorld(t, gifts())
	whole.canary = &server{started: map[string]retrain.Trial{}, ended: map[string]string{}, reading: retrain.Reading{Verdict: retrain.Allow, Why: "better"}}
	run := whole.begin(t)
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := summary(t, run).Trained.Bundle
	// What role the bundle had when the step began, and when it ended.
	roles := map[string][2]models.Role{"challenger": {"", models.Challenger}, "canary": {models.Challenger, models.Challenger}, "promote": {models.Shadow, models.Champion}}
	for i, name := range retrain.Steps() {
		for half, cut := range []string{"Running", "HalfALine"} {
			t.Run(name+cut, func(t *testing.T) {
				w := newWorld(t, gifts())
				w.canary = whole.canary
				run := w.begin(t)
				if err := run.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				log := filepath.Join(run.Dir(), retrain.LogName)
				data, err := os.ReadFile(log)
				if err != nil {
					t.Fatal(err)
				}
				ends := lineEnds(data) // of the plan, then two lines a step: begun, ended
				keep := []int{ends[2*i+1], ends[2*i+2] - 7}[half]
				if err := os.Truncate(log, int64(keep)); err != nil {
					t.Fatal(err)
				}
				w.reset(t, want, roles[name][half])
				if run, err = retrain.Open(w.options(), run.State().ID); err != nil {
					t.Fatal(err)
				}
				if s := run.State(); s.Status != retrain.Running || len(s.Steps) != i+1 {
					t.Fatalf("killed in %s it is %s with %d steps", name, s.Status, len(s.Steps))
				}
				if err := run.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				s := summary(t, run)
				if s.Trained.Bundle != want || s.State.Status != retrain.Done || w.role(t, want) != models.Champion {
					t.Errorf("%s %s, want %s; role %q", s.State.Status, s.Trained.Bundle, want, w.role(t, want))
				}
				if _, err := retrain.Verify(run.Dir()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// lineEnds are the places behind each line.
func lineEnds(data []byte) (ends []int) {
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	return ends
}

// TestKept: what is done is not done again, unless somebody has changed a file.
func TestKept(t *testing.T) {
	w := newWorld(t, gifts())
	run := w.begin(t)
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := summary(t, run).Trained.Bundle
	opened := w.opened
	if err := run.Resume(t.Context()); err != nil || w.opened != opened {
		t.Errorf("%v, %d bundles were loaded again", err, w.opened-opened)
	}
	write(t, filepath.Join(run.Dir(), retrain.ReplayName), "{}")
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := summary(t, run); s.Trained.Bundle != made || s.State.Step("train").Started.After(s.State.Step("replay").Started) {
		t.Error("more was done again than the changed file asks for")
	}
	write(t, filepath.Join(run.Dir(), retrain.TrainName), base())
	if _, err := retrain.Verify(run.Dir()); err == nil || !strings.Contains(err.Error(), retrain.TrainName) {
		t.Errorf("a changed corpus was not found: %v", err)
	}
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := retrain.Verify(run.Dir()); err != nil {
		t.Errorf("after doing it again: %v", err)
	}
}

// TestFull trains the whole recipe instead of extending the champion.
func TestFull(t *testing.T) {
	w := newWorld(t, gifts())
	w.plan.Encoder, w.plan.Canary.Skip = testenv.MustEncoder(t, 2), true
	run := w.begin(t)
	if err := run.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := summary(t, run)
	if s.State.Status != retrain.Done || s.Trained.Parent != "" || w.role(t, s.Trained.Bundle) != models.Challenger || s.Evaluation.Held.Metric("intent_accuracy").Value < 0.9 {
		t.Errorf("%s, %+v", s.State.Status, s.Trained)
	}
	if _, err := retrain.Verify(run.Dir()); err != nil {
		t.Error(err)
	}
}

// TestGateRefuses: the champion stays, the reasons are there, and the run is over.
func TestGateRefuses(t *testing.T) {
	w := newWorld(t, gifts())
	write(t, w.plan.Policy, strings.Replace(policyYAML, "minimum: 0.5", "minimum: 1", 1)+"labels: {min_new_recall: 1, min_new: 1}\n")
	write(t, w.plan.Frozen[0], frozen()+example("单，单，单", "refund.apply")+example("气，气，单", "order.cancel"))
	run := w.begin(t)
	err := run.Resume(t.Context())
	if !errors.Is(err, retrain.ErrRefused) || !strings.Contains(err.Error(), "intent_accuracy") {
		t.Fatalf("%v", err)
	}
	if err := run.Resume(t.Context()); !errors.Is(err, retrain.ErrRefused) {
		t.Errorf("again: %v", err)
	}
	s := summary(t, run)
	if s.State.Status != retrain.Refused || w.role(t, w.champion) != models.Champion || w.role(t, s.Trained.Bundle) != "" || s.State.Step("challenger") != nil {
		t.Errorf("%+v", s.State)
	}
	if _, err := w.store.Open(s.Trained.Bundle); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("the refused bundle is in the store: %v", err)
	}
	page, err := os.ReadFile(filepath.Join(run.Dir(), retrain.DecisionPageName))
	if err != nil || !strings.HasPrefix(string(page), "# Refused: ") {
		t.Errorf("%v\n%s", err, page)
	}
}

// TestCanaryStops: a bundle that customers do worse with stays challenger, and the experiment is ended.
func TestCanaryStops(t *testing.T) {
	w := newWorld(t, gifts())
	canary := newServer()
	canary.reading = retrain.Reading{Verdict: retrain.Stop, Why: "fewer are contained"}
	w.canary = canary
	run := w.begin(t)
	if err := run.Resume(t.Context()); !errors.Is(err, retrain.ErrRefused) || !strings.Contains(err.Error(), "fewer are contained") {
		t.Fatalf("%v", err)
	}
	if len(canary.ended) != 1 || w.role(t, w.champion) != models.Champion || w.role(t, summary(t, run).Trained.Bundle) != models.Challenger {
		t.Errorf("ended %v", canary.ended)
	}
}

func TestFailures(t *testing.T) {
	t.Run("CanaryFails", func(t *testing.T) { // and goes on when the server is back
		w := newWorld(t, gifts())
		canary := newServer()
		canary.fail = errors.New("connection refused")
		w.canary = canary
		run := w.begin(t)
		if err := run.Resume(t.Context()); err == nil || run.State().Status != retrain.Failed {
			t.Fatalf("%v, %s", err, run.State().Status)
		}
		canary.fail = nil
		if err := run.Resume(t.Context()); err != nil || run.State().Status != retrain.Waiting {
			t.Errorf("%v, %s", err, run.State().Status)
		}
	})
	t.Run("Interrupted", func(t *testing.T) {
		w := newWorld(t, gifts())
		run := w.begin(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := run.Resume(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := run.Resume(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("FrozenSetChanged", func(t *testing.T) {
		w := newWorld(t, gifts())
		run := w.begin(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = run.Resume(ctx) // the labels are done, training is not
		write(t, w.plan.Frozen[0], frozen()+example("退，退，退，单", "refund.apply"))
		if err := run.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "has changed since") {
			t.Errorf("%v", err)
		}
	})
	t.Run("ChampionChanged", func(t *testing.T) {
		w := newWorld(t, gifts())
		run := w.begin(t)
		if err := run.Resume(t.Context()); err != nil { // waits for a server
			t.Fatal(err)
		}
		made := summary(t, run).Trained.Bundle
		if err := w.store.SetRole(models.Champion, made); err != nil {
			t.Fatal(err)
		}
		other := newWorld(t, gifts())
		if err := other.begin(t).Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.canary = newServer()
		again, err := retrain.Open(w.options(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Resume(t.Context()); err != nil { // somebody promoted it by hand: that is no fault
			t.Error(err)
		}
	})
	t.Run("LogChanged", func(t *testing.T) {
		w := newWorld(t, gifts())
		run := w.begin(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = run.Resume(ctx)
		log := filepath.Join(run.Dir(), retrain.LogName)
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		write(t, log, strings.Replace(string(data), `"hold_out":5`, `"hold_out":9`, 1))
		if _, err := retrain.Verify(run.Dir()); err == nil || !strings.Contains(err.Error(), "changed by another hand") {
			t.Errorf("%v", err)
		}
	})
	t.Run("NoRun", func(t *testing.T) {
		if _, err := retrain.Open(retrain.Options{Dir: t.TempDir()}, ""); err == nil {
			t.Error("opened")
		}
	})
}

func TestSteps(t *testing.T) {
	if got := retrain.Steps(); !slices.Equal(got, []string{"labels", "train", "evaluate", "replay", "gate", "challenger", "canary", "promote"}) {
		t.Errorf("%v", got)
	}
}
