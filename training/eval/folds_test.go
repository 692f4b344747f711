package eval_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"yingda/training/eval"
)

// TestSummariseFolds: mean, spread and range are those of the folds' own figures, the pooled figure is that of all messages together.
func TestSummariseFolds(t *testing.T) {
	cases := mustCases(t)
	parts := [][]eval.Case{cases[:4], cases[4:7], cases[7:]}
	o := eval.Options{Data: "x", Resamples: 50}
	r, err := eval.SummariseFolds(parts, "heads", o)
	if err != nil {
		t.Fatal(err)
	}
	pooled, err := eval.Evaluate(cases, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.K != 3 || r.Cases != len(cases) || r.Refitted != "heads" || len(r.Figures) != len(pooled.Headline) {
		t.Errorf("%d folds of %d messages, %d figures", r.K, r.Cases, len(r.Figures))
	}
	for i, f := range r.Figures {
		if m := pooled.Headline[i]; f.Metric != m && !(math.IsNaN(float64(f.Low)) && math.IsNaN(float64(m.Low))) {
			t.Errorf("together %+v, want %+v", f.Metric, m)
		}
	}
	f := r.Figures[slices.IndexFunc(r.Figures, func(f eval.FoldsFigure) bool { return f.Name == "intent_accuracy" })]
	// one wish: two of three right, none of none (not a figure), one of three right
	if !f.Folds[0].Valid() || f.Folds[1].Valid() || !f.Folds[2].Valid() {
		t.Fatalf("folds %v", f.Folds)
	}
	a, b := float64(f.Folds[0]), float64(f.Folds[2])
	if math.Abs(float64(f.Mean)-(a+b)/2) > 1e-12 || math.Abs(float64(f.Spread)-math.Abs(a-b)/math.Sqrt2) > 1e-12 || float64(f.Least) != min(a, b) || float64(f.Most) != max(a, b) {
		t.Errorf("of %v mean %v, spread %v, from %v to %v", f.Folds, f.Mean, f.Spread, f.Least, f.Most)
	}
	var text, data strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "3 folds over x: 10 messages") || !strings.Contains(text.String(), "Fitted anew in each fold: heads") {
		t.Errorf("got\n%s", text.String())
	}
	if err := r.JSON(&data); err != nil {
		t.Fatal(err)
	}
	var back eval.FoldsReport
	if err := json.Unmarshal([]byte(data.String()), &back); err != nil || len(back.Figures) != len(r.Figures) {
		t.Errorf("read back %d figures, %v", len(back.Figures), err)
	}
}

func TestSummariseFolds_Errors(t *testing.T) {
	cases := mustCases(t)
	for want, parts := range map[string][][]eval.Case{"fewer than two": {cases}, "fold 2 has no message": {cases, nil}} {
		if _, err := eval.SummariseFolds(parts, "", eval.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
