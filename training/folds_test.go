package training_test

import (
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/eval"
)

func figure(t *testing.T, r *eval.FoldsReport, name string) eval.FoldsFigure {
	t.Helper()
	i := slices.IndexFunc(r.Figures, func(f eval.FoldsFigure) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no figure %s", name)
	}
	return r.Figures[i]
}

// TestFolds: every message is answered once, well, and where its label is a coin's toss no better than a coin: nothing leaks from the fold that is left out.
func TestFolds(t *testing.T) {
	e := MustEncoder(t)
	base, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	r := recipe()
	r.Finetune.HoldOut = 0.2 // a fifth, like a fold of five
	frozen := training.FoldOptions{K: 5, Encoder: e, Cache: t.TempDir()}
	for name, o := range map[string]training.FoldOptions{"Encoder": frozen, "Bundle": {K: 3, Base: base.Bundle}} {
		t.Run(name, func(t *testing.T) {
			report, err := training.Folds(t.Context(), shop(), corpus.DefaultTaxonomy(), r, o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if report.K != o.K || report.Cases != 240 || len(report.Figures[0].Folds) != o.K {
				t.Errorf("%d folds of %d messages", report.K, report.Cases)
			}
			if tuned := strings.Contains(report.Refitted, "itself tuned on most of these messages"); tuned != (o.Base != nil) {
				t.Errorf("refitted: %s", report.Refitted)
			}
			for _, name := range []string{"intent_accuracy_argmax", "emotion_accuracy", "entity_f1_model", "oos_auroc"} {
				if f := figure(t, report, name); f.Value < 0.9 || f.Mean < f.Least || f.Mean > f.Most {
					t.Errorf("%s: %+v", name, f)
				}
			}
		})
	}
	t.Run("Coin", func(t *testing.T) {
		c := shop()
		for i := range c.Examples {
			c.Examples[i].Emotion = []string{"neutral", "angry"}[corpus.FoldOf(c.Examples[i].Text+"coin", 2)]
		}
		report, err := training.Folds(t.Context(), c, corpus.DefaultTaxonomy(), r, frozen, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := figure(t, report, "emotion_accuracy"); f.Value < 0.35 || f.Value > 0.65 {
			t.Errorf("emotions by the toss of a coin are told in %.2f of the messages", float64(f.Value))
		}
	})
	t.Run("Skipped", func(t *testing.T) {
		r := r
		r.Intents.Skip, r.Emotion.Skip, r.Entities.Epochs = true, true, 1
		report, err := training.Folds(t.Context(), shop(), corpus.DefaultTaxonomy(), r, frozen, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Figures {
			if !strings.HasPrefix(f.Name, "entity") {
				t.Errorf("%s is told of heads that were left out", f.Name)
			}
		}
	})
	t.Run("Unseen", func(t *testing.T) {
		r, o := r, training.FoldOptions{K: 2, Base: base.Bundle, Unseen: true}
		r.Finetune.HoldOut = 1. / 3 // of few messages
		report, err := training.Folds(t.Context(), shop(), corpus.DefaultTaxonomy(), r, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Cases != base.Finetuned.Held || !strings.Contains(report.Refitted, "tuned on none of these messages") {
			t.Errorf("%d messages, %d were held out; %s", report.Cases, base.Finetuned.Held, report.Refitted)
		}
	})
	for want, o := range map[string]training.FoldOptions{"held out one in 5 by the same hash": {K: 5, Base: base.Bundle, Unseen: true}, "nothing to leave out": {K: 2, Encoder: e, Unseen: true}, "1 folds: want 2–20": {K: 1, Encoder: e}, "either a bundle or an encoder": {K: 2}, "7 folds: ": {K: 7, Encoder: e, Base: base.Bundle}} {
		if _, err := training.Folds(t.Context(), shop(), corpus.DefaultTaxonomy(), r, o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestTrain_CRF: a recipe with crf carries the fitted transitions in the bundle and finds the same entities.
func TestTrain_CRF(t *testing.T) {
	r := recipe()
	r.Entities.CRF, r.Entities.Epochs = true, 20
	res, err := train(t, MustEncoder(t), shop(), r)
	if err != nil {
		t.Fatal(err)
	}
	spec := res.Bundle.Manifest.Entities
	if len(spec.Transitions) != 3 || spec.TransitionWeight != 1 || spec.Transitions[0][2] != 0 {
		t.Errorf("decoding: %+v", spec)
	}
	a := answers(t, res.Bundle, "消消单北京")[0]
	if !slices.ContainsFunc(a.Candidates, func(e nlu.Entity) bool { return e.Source == "model" && e.Text == "北京" }) {
		t.Errorf("found %+v", a.Candidates)
	}
	r.Finetune.Epochs = 1
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "crf is for heads on an encoder that is left as it is") {
		t.Errorf("fine-tuning with crf: %v", err)
	}
}
