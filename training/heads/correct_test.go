package heads_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/training/heads"
)

// TestCorrection: with the logits of a classifier as offset and its answers as targets there is nothing to correct; a row with another target moves what it must.
func TestCorrection(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const dim, classes, n = 4, 3, 60
	old := &heads.Linear{Dim: dim, Classes: classes, W: make([]float32, dim*classes), B: []float32{0.2, -0.1, 0}}
	for i := range old.W {
		old.W[i] = float32(rng.NormFloat64())
	}
	x, offset, targets := make([]float32, n*dim), make([]float32, n*classes), make([]float32, n*classes)
	for r := range n {
		for i := range dim {
			x[r*dim+i] = float32(rng.NormFloat64())
		}
		logits := offset[r*classes : (r+1)*classes]
		old.Logits(x[r*dim:(r+1)*dim], logits)
		sum := 0.0
		for _, v := range logits {
			sum += math.Exp(float64(v))
		}
		for c, v := range logits {
			targets[r*classes+c] = float32(math.Exp(float64(v)) / sum)
		}
	}
	fit := func() *heads.Linear {
		l, err := heads.Softmax(t.Context(), x, dim, nil, classes, heads.SoftmaxOptions{L2: 1e-3, Offset: offset, Targets: targets})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	still := fit()
	for i, v := range still.W {
		if math.Abs(float64(v)) > 1e-3 {
			t.Errorf("weight %d is corrected by %g though nothing is to change", i, v)
		}
	}
	copy(targets[:classes], []float32{0, 0, 1})
	moved := fit()
	a, b := make([]float32, classes), make([]float32, classes)
	still.Logits(x[:dim], a)
	moved.Logits(x[:dim], b)
	if b[2]-max(b[0], b[1]) <= a[2]-max(a[0], a[1]) {
		t.Errorf("corrections %v and %v: the row's class did not gain", a, b)
	}
	for _, o := range []heads.SoftmaxOptions{{Offset: offset[1:], Targets: targets}, {Offset: offset, Targets: targets[1:]}} {
		if _, err := heads.Softmax(t.Context(), x, dim, nil, classes, o); err == nil || !strings.Contains(err.Error(), "for 60 rows of 3 classes") {
			t.Errorf("%v", err)
		}
	}
}
