package heads

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestTaggerGradient compares the gradient with central differences, with special tokens, a weight of O, and texts of one token.
func TestTaggerGradient(t *testing.T) {
	const dim, tags = 3, 4
	rng := rand.New(rand.NewPCG(1, 2))
	var data []Sentence
	for _, tokens := range [][]int{{-1, 0, 1, 2, -1}, {3}, {-1}, {0, 0, 3, -1, 1, 2}, {1, 0}} {
		s := Sentence{Tags: tokens}
		for range len(tokens) * dim {
			s.States = append(s.States, float32(rng.NormFloat64()))
		}
		data = append(data, s)
	}
	o := TaggerOptions{Outside: 0.3}
	o.defaults()
	f := newTaggerFit(data, dim, tags, o)
	for i := range f.w {
		f.w[i] = float32(rng.NormFloat64() * 0.5)
	}
	batch := []int{0, 1, 2, 3, 4}
	loss := func() float64 {
		l, tokens, err := f.step(batch, 0) // a rate of zero changes nothing
		if err != nil || tokens != 11 {
			t.Fatalf("%d tokens, %v", tokens, err)
		}
		return l
	}
	loss()
	grad := append([]float32(nil), f.grad...)
	const h = 1e-2
	for i := range f.w {
		at := f.w[i]
		f.w[i] = at + h
		up := loss()
		f.w[i] = at - h
		down := loss()
		f.w[i] = at
		want := (up - down) / (2 * h)
		if math.Abs(float64(grad[i])-want) > 2e-3*max(1, math.Abs(want)) {
			t.Errorf("gradient %d is %g, differences say %g", i, grad[i], want)
		}
	}
}

// TestSoftmaxGradient does the same for logistic regression, weights and penalty included.
func TestSoftmaxGradient(t *testing.T) {
	const n, dim, classes = 12, 3, 3
	rng := rand.New(rand.NewPCG(3, 4))
	x, y, weights := make([]float32, n*dim), make([]int, n), make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64()*2 + 1)
	}
	for i := range y {
		y[i], weights[i] = i%classes, float32(i%4)/2
	}
	p := &problem{ctx: t.Context(), n: n, dim: dim, k: classes, y: y, o: SoftmaxOptions{L2: 0.1, Weights: weights, Mul: Pure}}
	p.standardise(x)
	params := make([]float64, (dim+1)*classes)
	for i := range params {
		params[i] = rng.NormFloat64()
	}
	grad := make([]float64, len(params))
	p.gradient(grad, params)
	const h = 1e-2
	for i, at := range params {
		params[i] = at + h
		up := p.loss(params)
		params[i] = at - h
		want := (up - p.loss(params)) / (2 * h)
		params[i] = at
		if math.Abs(grad[i]-want) > 1e-4*max(1, math.Abs(want)) {
			t.Errorf("gradient %d is %g, differences say %g", i, grad[i], want)
		}
	}
}
