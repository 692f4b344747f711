package eval

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"yingda/nlu"
	"yingda/training/corpus"
)

// pairedOracle holds what scipy and counting every resample say; see testdata/paired.py.
type pairedOracle struct {
	McNemar []struct {
		B, C int
		P    float64
	}
	Accuracy []struct {
		First, Second []int
		Interval      [2]float64
	}
	Areas []struct {
		Out           []int
		First, Second []float64
		Interval      [2]float64
		P             float64
	}
	Enumerated []struct {
		First, Second []int
		P             float64
	}
}

func mustPairedOracle(tb testing.TB) *pairedOracle {
	tb.Helper()
	data, err := os.ReadFile("testdata/paired.json")
	if err != nil {
		tb.Fatal(err)
	}
	var o pairedOracle
	if err := json.Unmarshal(data, &o); err != nil {
		tb.Fatal(err)
	}
	return &o
}

func TestMcNemarOracle(t *testing.T) {
	for _, o := range mustPairedOracle(t).McNemar {
		near(t, "p", McNemar(o.B, o.C), o.P, 1e-9*max(o.P, 1e-3))
		near(t, "p the other way round", McNemar(o.C, o.B), o.P, 1e-9*max(o.P, 1e-3))
	}
}

// feeling makes cases whose emotion is right or wrong.
func feeling(right []int) []Case {
	out := make([]Case, len(right))
	for i, r := range right {
		out[i] = Case{Example: corpus.Example{Text: "x", Emotion: "e"}, Analysis: &nlu.Analysis{}}
		if r == 1 {
			out[i].Analysis.Emotion.Label = "e"
		}
	}
	return out
}

func pair(here, there []Case, resamples int) (*pairing, []int) {
	at := make([]int, len(here))
	for i := range at {
		at[i] = i
	}
	return &pairing{here: newBench(here, Options{}), there: newBench(there, Options{}), resamples: resamples, seed: 3}, at
}

// TestPairedBootstrapOracle allows for the difference of two random generators.
func TestPairedBootstrapOracle(t *testing.T) {
	o := mustPairedOracle(t)
	for _, v := range o.Accuracy {
		p, at := pair(feeling(v.First), feeling(v.Second), 4000)
		b := p.bootstrap(at)
		near(t, "accuracy, low", b.low[figEmotion], v.Interval[0], 0.01)
		near(t, "accuracy, high", b.high[figEmotion], v.Interval[1], 0.01)
	}
	for _, v := range o.Areas {
		var here, there []Case
		for i := range v.Out {
			eg := corpus.Example{Text: "x", HasIntents: true}
			if v.Out[i] == 0 {
				eg.Intents = []string{"a"}
			}
			here = append(here, Case{eg, &nlu.Analysis{OOS: v.First[i]}})
			there = append(there, Case{eg, &nlu.Analysis{OOS: v.Second[i]}})
		}
		p, at := pair(here, there, 4000)
		b := p.bootstrap(at)
		near(t, "AUROC, low", b.low[figAUROC], v.Interval[0], 0.01)
		near(t, "AUROC, high", b.high[figAUROC], v.Interval[1], 0.01)
		near(t, "AUROC, p", b.p[figAUROC], v.P, 0.01+0.2*v.P)
	}
	for _, v := range o.Enumerated {
		p, at := pair(feeling(v.First), feeling(v.Second), 20000)
		b := p.bootstrap(at)
		near(t, "p by counting every resample", b.p[figEmotion], v.P, 0.02)
	}
}

// TestFarSide counts by hand.
func TestFarSide(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{1, 2, 3, 4}, 2 * 1.0 / 5},
		{[]float64{-1, 2, 3, 4}, 2 * 2.0 / 5},
		{[]float64{0, 0, 0}, 1},
		{[]float64{0, 1, 1, 1}, 2 * 2.0 / 5}, // a tie counts against
	} {
		near(t, "p", farSide(tt.values), tt.want, 1e-12)
	}
	if !math.IsNaN(farSide(nil)) {
		t.Error("a p without resamples")
	}
}

// TestOutcome: the shares counted message by message are the figures.
func TestOutcome(t *testing.T) {
	var cases []Case
	for i, l := range [][]string{{"a"}, {"b"}, {"a", "b"}, {}, {}, {}, {"a"}, {"c"}} {
		eg := corpus.Example{Text: "x", Intents: l, HasIntents: i != 7, Emotion: []string{"angry", "neutral", ""}[i%3], Tags: []string{[]string{"", tagNear, tagFar}[i%3]}}
		a := &nlu.Analysis{OOS: float64(i) / 10, Ranking: []nlu.Prediction{{Label: "a", Score: 0.5}, {Label: "b", Score: 0.2}}}
		if i%2 == 0 {
			a.Intents = []nlu.Intent{{Prediction: nlu.Prediction{Label: "a", Score: 0.5}}}
		}
		a.Emotion.Label = []string{"angry", "angry", "neutral"}[i%3]
		cases = append(cases, Case{eg, a}, Case{Example: eg})
	}
	b := newBench(cases, Options{Taxonomy: corpus.DefaultTaxonomy()})
	figures := b.figures(b.rows)
	for _, fig := range shares {
		n, hits := 0, 0
		for _, r := range b.rows {
			counts, hit := b.outcome(fig, r)
			if counts {
				n++
			}
			if hit {
				hits++
			}
		}
		if want := figures[fig]; n != want.n || n == 0 || math.Abs(ratio(hits, n)-want.value) > 1e-12 {
			t.Errorf("%s: %d of %d by message, the figure is %+v", definitions[fig].Name, hits, n, want)
		}
	}
}
