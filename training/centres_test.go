package training

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"yingda/training/corpus"
)

// places makes messages of intents a and b (and some of both, of none and without a label) whose states are drawn around places of their own, stretched alike.
func places(n int) *dataset {
	rng := rand.New(rand.NewPCG(2, 3))
	d := &dataset{f: &Features{Dim: 2}, intents: []string{"a", "b", OutOfScope}, intentIndex: map[string]int{"a": 0, "b": 1, OutOfScope: 2}}
	for i := range n {
		eg := corpus.Example{HasIntents: i%5 != 4}
		x := []float32{float32(10 * rng.NormFloat64()), float32(rng.NormFloat64())}
		switch i % 5 {
		case 0:
			eg.Intents, x[1] = []string{"a"}, x[1]+5
		case 1:
			eg.Intents, x[1] = []string{"b"}, x[1]-5
		case 2:
			eg.Intents, x[1] = []string{"a", "b"}, x[1]+500
		default:
			x[1] += 1000 // out of scope, or not labelled
		}
		d.examples, d.f.Pooled = append(d.examples, eg), append(d.f.Pooled, x...)
	}
	return d
}

// TestCentres: centres come from messages of one intent alone, and distances weigh each direction by how much the states vary in it.
func TestCentres(t *testing.T) {
	d := places(5000)
	c, err := d.fitCentres()
	if err != nil {
		t.Fatal(err)
	}
	for class, y := range []float64{5, -5} {
		if m := c.mean[class]; math.Abs(m[0]) > 1 || math.Abs(m[1]-y) > 0.1 {
			t.Errorf("centre %d is %v", class, m)
		}
	}
	along, _ := c.mahalanobis([]float32{10, 5}) // one deviation along the stretched axis
	across, relative := c.mahalanobis([]float32{0, 15})
	if along > 1.5 || across < 20 {
		t.Errorf("squared distances: %g one deviation along, %g ten across", along, across)
	}
	if _, at := c.mahalanobis([]float32{0, 5}); relative <= at {
		t.Errorf("relative distance: %g far off, %g at a centre", relative, at)
	}
	if near, far := c.cosine([]float32{0.1, 7}), c.cosine([]float32{3, 0}); near > 0.01 || far < 0.5 {
		t.Errorf("cosine distances %g and %g", near, far)
	}
	if v := c.cosine([]float32{0, 0}); math.IsNaN(v) {
		t.Error("the cosine of nothing is not a number")
	}
}

// TestCentres_Oracle: whitened distances equal the quadratic form with the inverse covariance.
func TestCentres_Oracle(t *testing.T) {
	d := places(300)
	c, err := d.fitCentres()
	if err != nil {
		t.Fatal(err)
	}
	var inverse mat.Dense
	if err := inverse.Inverse(d.scatter(func(class int) []float64 { return c.mean[class] })); err != nil {
		t.Fatal(err)
	}
	for _, x := range [][]float32{{1, 2}, {-30, 4}, {0, 0}} {
		want := math.Inf(1)
		for _, m := range c.mean {
			diff := mat.NewVecDense(2, []float64{float64(x[0]) - m[0], float64(x[1]) - m[1]})
			want = min(want, mat.Inner(diff, &inverse, diff))
		}
		if got, _ := c.mahalanobis(x); math.Abs(got-want) > 1e-9*max(1, want) {
			t.Errorf("%v: %g, want %g", x, got, want)
		}
	}
}

func TestCentres_Errors(t *testing.T) {
	none, lonely := places(5), places(50)
	none.examples = none.examples[2:]
	for i := range lonely.examples {
		if eg := &lonely.examples[i]; len(eg.Intents) == 1 {
			eg.Intents = []string{"a"}
		}
	}
	for want, d := range map[string]*dataset{"fewer than two": none, "no message of b alone": lonely} {
		if _, err := d.fitCentres(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
