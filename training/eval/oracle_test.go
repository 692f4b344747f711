package eval

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"yingda/nlu"
	"yingda/training/corpus"
)

// oracle holds vectors and what scikit-learn says about them; see testdata/oracle.py.
type oracle struct {
	Curves []struct {
		Y                  []int
		Score              []float64
		AUROC, AUPR, FPR95 float64
	}
	Classes []struct {
		Gold, Pred                     [][]int
		Labels                         int
		Precision, Recall, F1, Support []float64
		Macro                          float64
	}
	Calibration []struct {
		Score []float64
		Right []int
		Bins  []struct {
			N               int
			Score, Accuracy float64
		}
		ECE float64
	}
	Brier []struct {
		P     [][]float64
		Y     []int
		Brier float64
	}
	Bootstrap []struct {
		Y, Right        []int
		Score           []float64
		AUROC, Accuracy [2]float64
		Values          []float64
		Interval        [2]float64
	}
}

func mustOracle(tb testing.TB) *oracle {
	tb.Helper()
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		tb.Fatal(err)
	}
	var o oracle
	if err := json.Unmarshal(data, &o); err != nil {
		tb.Fatal(err)
	}
	return &o
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.9f, want %.9f ± %g", what, got, want, tolerance)
	}
}

func TestCurveOracle(t *testing.T) {
	for _, o := range mustOracle(t).Curves {
		list := make([]scored, len(o.Y))
		for i := range o.Y {
			list[i] = scored{o.Score[i], o.Y[i] == 1}
		}
		c := newCurve(list)
		near(t, "AUROC", c.auroc(), o.AUROC, 1e-12)
		near(t, "AUPR", c.aupr(), o.AUPR, 1e-12)
		near(t, "FPR95", c.falseAlarmAt(0.95), o.FPR95, 1e-12)
	}
}

func TestClassesOracle(t *testing.T) {
	for _, o := range mustOracle(t).Classes {
		c := newCounts(o.Labels)
		for i := range o.Gold {
			c.add(o.Gold[i], o.Pred[i])
		}
		near(t, "macro-F1", c.macroF1(), o.Macro, 1e-12)
		for l := range o.Labels {
			p := prf(c.gold[l], c.pred[l], c.right[l])
			near(t, "precision", orZero(p.Precision), o.Precision[l], 1e-12)
			near(t, "recall", orZero(p.Recall), o.Recall[l], 1e-12)
			near(t, "F1", orZero(p.F1), o.F1[l], 1e-12)
			near(t, "support", float64(p.Support), o.Support[l], 0)
		}
	}
}

func TestCalibrationOracle(t *testing.T) {
	for _, o := range mustOracle(t).Calibration {
		list := make([]answer, len(o.Score))
		for i := range list {
			list[i] = answer{o.Score[i], o.Right[i] == 1}
		}
		bins := reliability(list, eceBins)
		near(t, "ECE", ece(bins), o.ECE, 1e-12)
		if len(bins) != len(o.Bins) {
			t.Fatalf("%d bins, want %d", len(bins), len(o.Bins))
		}
		for i, b := range bins {
			near(t, "bin size", float64(b.N), float64(o.Bins[i].N), 0)
			near(t, "bin score", float64(b.Score), o.Bins[i].Score, 1e-12)
			near(t, "bin accuracy", float64(b.Accuracy), o.Bins[i].Accuracy, 1e-12)
		}
	}
}

func TestBrierOracle(t *testing.T) {
	for _, o := range mustOracle(t).Brier {
		sum := 0.0
		for i, p := range o.P {
			var all []nlu.Prediction
			for k, v := range p {
				all = append(all, nlu.Prediction{Label: string(rune('a' + k)), Score: v})
			}
			sum += brier(all, string(rune('a'+o.Y[i])))
		}
		near(t, "Brier", sum/float64(len(o.P)), o.Brier, 1e-12)
	}
}

// TestBootstrapOracle allows for the difference of two random generators: 5,000 resamples there, 2,000 here.
func TestBootstrapOracle(t *testing.T) {
	for _, o := range mustOracle(t).Bootstrap {
		low, high := interval(o.Values)
		near(t, "2.5 % quantile", low, o.Interval[0], 1e-12)
		near(t, "97.5 % quantile", high, o.Interval[1], 1e-12)
		var cases []Case
		for i := range o.Y {
			c := Case{Example: corpus.Example{Text: "x", HasIntents: true, Emotion: "e"}, Analysis: &nlu.Analysis{OOS: o.Score[i]}}
			if o.Y[i] == 0 {
				c.Example.Intents = []string{"a"}
			}
			if o.Right[i] == 1 {
				c.Analysis.Emotion.Label = "e"
			}
			cases = append(cases, c)
		}
		lows, highs := newBench(cases, Options{}).bootstrap(2000, 1)
		for fig, want := range map[int][2]float64{figAUROC: o.AUROC, figEmotion: o.Accuracy} {
			near(t, definitions[fig].Name+" low", lows[fig], want[0], 0.01)
			near(t, definitions[fig].Name+" high", highs[fig], want[1], 0.01)
		}
	}
}
