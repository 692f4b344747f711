package finetune

import (
	"math"
	"testing"
)

// oracleOptions are those of testdata/oracle.py.
func oracleOptions() Options {
	return Options{Epochs: 20, Batch: 8, Rate: 1e-3, HeadRate: 5e-3, LayerDecay: 0.9, Warmup: 0.2, Decay: 0.01, Clip: 1, Smoothing: 0.1,
		Intents: 1, Emotion: 0.5, Entities: 0.3, Hidden: 0.2, Threads: 2}
}

// TestOracleGradients compares the gradient of every parameter, the word table's included, with PyTorch's.
func TestOracleGradients(t *testing.T) {
	o := mustOracle(t)
	options := oracleOptions()
	options.Words = true
	r := begin(t, o.spec(t), o.Rows, options)
	r.learnOf(t, indices(len(o.Rows))...)
	if math.Abs(float64(r.m.loss[0])-o.Losses[0]) > 1e-5*o.Losses[0] {
		t.Errorf("loss %.7g, want %.7g", r.m.loss[0], o.Losses[0])
	}
	got := r.gradients()
	got["embeddings.word_embeddings.weight"] = r.m.table.sum
	worst := 0.0
	for _, p := range o.Parameters {
		g := got[p.Name]
		if len(g) != len(p.Gradient) {
			t.Errorf("%s has a gradient of %d numbers, want %d", p.Name, len(g), len(p.Gradient))
			continue
		}
		if isKeyBias(p.Name) {
			if n := length(g); n > 1e-6 {
				t.Errorf("the gradient of %s has length %g, want 0", p.Name, n)
			}
			continue
		}
		e := gap(g, p.Gradient)
		worst = max(worst, e)
		if e > 1e-5 {
			t.Errorf("the gradient of %s is off by %.2g", p.Name, e)
		}
	}
	if len(got) != len(o.Parameters) {
		t.Errorf("%d gradients for %d parameters", len(got), len(o.Parameters))
	}
	t.Logf("worst relative error %.2g", worst)
}

// TestOracleLosses compares the losses of 20 steps of AdamW with schedule, clipping, layer decay and weight decay with PyTorch's, to five digits.
func TestOracleLosses(t *testing.T) {
	o := mustOracle(t)
	r := begin(t, o.spec(t), o.Rows, oracleOptions())
	if r.steps != len(o.Losses) {
		t.Fatalf("%d steps, want %d", r.steps, len(o.Losses))
	}
	for i, want := range o.Losses {
		r.learnOf(t, plan(o.Rows, r.o, i)[0]...)
		if got := float64(r.m.loss[0]); math.Abs(got-want) > 1e-5*want {
			t.Errorf("step %d: loss %.7g, want %.7g", i+1, got, want)
		}
		if err := r.update(); err != nil {
			t.Fatal(err)
		}
	}
	if last := len(o.Losses) - 1; o.Losses[last] > 0.7*o.Losses[0] {
		t.Errorf("the oracle hardly learns: %g to %g", o.Losses[0], o.Losses[last])
	}
}
