package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/training/corpus"
	"yingda/training/eval"
)

// scopes makes messages: i = in scope, n = near, f = far, o = out of scope without a tag, - = not labelled.
func scopes(kinds string) []corpus.Example {
	var out []corpus.Example
	for i, k := range kinds {
		eg := corpus.Example{Text: fmt.Sprint("message ", i), HasIntents: k != '-', Origin: fmt.Sprint("line ", i+1)}
		switch k {
		case 'i':
			eg.Intents = []string{"order.cancel"}
		case 'n':
			eg.Tags = []string{"oos_near"}
		case 'f':
			eg.Tags = []string{"oos_far"}
		}
		out = append(out, eg)
	}
	return out
}

// TestCompareScores works the figures out by hand: in scope 1, 2, 3; near 2, far 4, without a tag 5.
func TestCompareScores(t *testing.T) {
	examples := scopes("iiinfo-")
	scores := []eval.NamedScores{
		{Name: "good", Values: []float64{1, 2, 3, 2, 4, 5, math.Pi}},
		{Name: "same", Values: []float64{7, 7, 7, 7, 7, 7, 7}},
		{Name: "opposite", Values: []float64{-1, -2, -3, -2, -4, -5, 0}},
	}
	table, err := eval.CompareScores(examples, scores, "same", eval.Options{Data: "x", Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	if table.In != 3 || table.Out != 3 || table.Near != 1 || table.Far != 1 {
		t.Errorf("%d in, %d out, %d near, %d far", table.In, table.Out, table.Near, table.Far)
	}
	want := [][5]float64{
		{7.5 / 9, 2. / 3, 1.5 / 3, 1, 7.5/9 - 0.5}, // near at 2 beats 1, ties with 2; all positives are found at 2, where 2 of 3 negatives lie
		{0.5, 1, 0.5, 0.5, 0},
		{1.5 / 9, 1, 1.5 / 3, 0, 1.5/9 - 0.5},
	}
	for i, r := range table.Rows {
		for k, got := range []eval.Interval{r.AUROC, r.FPR95, r.Near, r.Far, r.Gain} {
			if math.Abs(float64(got.Value)-want[i][k]) > 1e-12 || got.Low.Valid() {
				t.Errorf("%s, figure %d: %+v, want %g without an interval", r.Name, k, got, want[i][k])
			}
		}
	}
}

// TestCompareScores_Invariants: only the order of a score's values counts; the reference gains nothing on itself, in no resample; an interval holds its value; and
// the area is that of [eval.AUROC].
func TestCompareScores_Invariants(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	examples := scopes(strings.Repeat("iiiinf", 40))
	raw, bent, noise := make([]float64, len(examples)), make([]float64, len(examples)), make([]float64, len(examples))
	positive := make([]bool, len(examples))
	for i, eg := range examples {
		positive[i] = len(eg.Intents) == 0
		raw[i], noise[i] = math.Round(rng.NormFloat64()*4)/4, rng.Float64()
		if positive[i] {
			raw[i]++
		}
		bent[i] = math.Exp(3 * raw[i])
	}
	scores := []eval.NamedScores{{Name: "raw", Values: raw}, {Name: "bent", Values: bent}, {Name: "noise", Values: noise}}
	table, err := eval.CompareScores(examples, scores, "raw", eval.Options{Resamples: 200, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	rows := table.Rows
	if a := rows[0]; a.AUROC != rows[1].AUROC || a.FPR95 != rows[1].FPR95 || a.Near != rows[1].Near || a.Far != rows[1].Far {
		t.Errorf("%+v bent is %+v", a, rows[1])
	}
	for _, r := range rows[:2] {
		if r.Gain != (eval.Interval{}) {
			t.Errorf("%s gains %+v", r.Name, r.Gain)
		}
	}
	if got, want := float64(rows[0].AUROC.Value), eval.AUROC(raw, positive); math.Abs(got-want) > 1e-12 {
		t.Errorf("AUROC %g, want %g", got, want)
	}
	if a := rows[0].AUROC; !(a.Low < a.Value && a.Value < a.High) {
		t.Errorf("interval %+v", a)
	}
	if g := rows[2].Gain; !(g.High < 0) {
		t.Errorf("noise gains %+v on a good score", g)
	}
	again, err := eval.CompareScores(examples, scores, "raw", eval.Options{Resamples: 200, Seed: 3})
	if err != nil || again.Rows[2] != rows[2] {
		t.Errorf("the same seed gives %+v, then %+v, %v", rows[2], again.Rows[2], err)
	}
	var text strings.Builder
	if err := table.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"160 messages with an intent, 80 without (40 near, 40 far)", "AUROC less raw", "noise"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestCompareScores_Errors(t *testing.T) {
	examples := scopes("io")
	for _, tt := range []struct {
		name, want string
		scores     []eval.NamedScores
	}{
		{"ErrReference", `no score "raw"`, []eval.NamedScores{{Name: "a", Values: []float64{1, 2}}}},
		{"ErrCount", "raw has 1 values for 2 messages", []eval.NamedScores{{Name: "raw", Values: []float64{1}}}},
		{"ErrNaN", "raw of line 2 is not a finite number", []eval.NamedScores{{Name: "raw", Values: []float64{1, math.NaN()}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := eval.CompareScores(examples, tt.scores, "raw", eval.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
