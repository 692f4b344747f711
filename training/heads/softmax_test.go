package heads_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/ort"
	"yingda/training/heads"
)

// optimum is scikit-learn's answer in testdata/softmax.json.
type optimum struct {
	Probabilities []float64
	Loss          float64 // with the penalty
}

type golden struct {
	Dim, Classes    int
	L2              float64
	X               []float32
	Y               []int
	Weights         []float32
	Plain, Weighted optimum
}

func mustGolden(tb testing.TB) golden {
	tb.Helper()
	data, err := os.ReadFile("testdata/softmax.json")
	if err != nil {
		tb.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil || len(g.Y) == 0 {
		tb.Fatalf("%d rows, %v", len(g.Y), err)
	}
	return g
}

// MustGemm is ONNX Runtime's product.
func MustGemm(tb testing.TB) heads.Mul {
	tb.Helper()
	testenv.MustORT(tb)
	g, err := ort.NewGemm()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(); err != nil {
			tb.Error(err)
		}
	})
	return g.Mul
}

// TestOracle: the same optimum as scikit-learn's, in Go and by ONNX Runtime.
func TestOracle(t *testing.T) {
	g := mustGolden(t)
	for name, mul := range map[string]heads.Mul{"Go": heads.Pure, "ONNX Runtime": MustGemm(t)} {
		for i, want := range []optimum{g.Plain, g.Weighted} {
			o := heads.SoftmaxOptions{L2: g.L2, MaxIter: 1000, Mul: mul}
			if i == 1 {
				o.Weights = g.Weights
			}
			l, err := heads.Softmax(t.Context(), g.X, g.Dim, g.Y, g.Classes, o)
			if err != nil {
				t.Fatal(err)
			}
			worst, logits := 0.0, make([]float32, g.Classes)
			for r := range g.Y {
				l.Logits(g.X[r*g.Dim:(r+1)*g.Dim], logits)
				sum := 0.0
				for _, v := range logits {
					sum += math.Exp(float64(v))
				}
				for k, v := range logits {
					worst = max(worst, math.Abs(math.Exp(float64(v))/sum-want.Probabilities[r*g.Classes+k]))
				}
			}
			// The fit is in float32 and stops when the loss no longer falls.
			if t.Logf("%s, weights %v: probabilities differ by %.1e at most", name, i == 1, worst); worst > 5e-4 {
				t.Errorf("%s: probabilities differ by %v", name, worst)
			}
		}
	}
}

func TestSoftmaxDeterministic(t *testing.T) {
	g := mustGolden(t)
	fit := func() *heads.Linear {
		l, err := heads.Softmax(t.Context(), g.X, g.Dim, g.Y, g.Classes, heads.SoftmaxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if a, b := fit(), fit(); !reflect.DeepEqual(a, b) {
		t.Error("the same data give other weights")
	}
}

func TestSoftmaxFaults(t *testing.T) {
	x := []float32{0, 1, 1, 0}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		ctx  context.Context
		x    []float32
		y    []int
		o    heads.SoftmaxOptions
		want string
	}{
		{"ErrClass", t.Context(), x, []int{0, 2}, heads.SoftmaxOptions{}, "class 2 of 2"},
		{"ErrNegative", t.Context(), x, []int{0, -1}, heads.SoftmaxOptions{}, "class -1"},
		{"ErrEmptyClass", t.Context(), x, []int{0, 0}, heads.SoftmaxOptions{}, "no example"},
		{"ErrCancelled", cancelled, x, []int{0, 1}, heads.SoftmaxOptions{}, "canceled"},
		{"ErrMul", t.Context(), x, []int{0, 1}, heads.SoftmaxOptions{Mul: func(bool, int, int, int, []float32, []float32, []float32) error { return broken }}, "broken"},
		{"ErrNaN", t.Context(), []float32{float32(math.NaN()), 1, 1, 0}, []int{0, 1}, heads.SoftmaxOptions{}, "check the features"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := heads.Softmax(tt.ctx, tt.x, 2, tt.y, 2, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	// A constant feature says nothing, and a separable problem has a finite optimum because of the penalty.
	l, err := heads.Softmax(t.Context(), []float32{7, 0, 7, 1}, 2, []int{0, 1}, 2, heads.SoftmaxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 2)
	if l.Logits([]float32{7, 0}, out); !(out[0] > out[1]) {
		t.Errorf("logits %v", out)
	}
}

func TestProgress(t *testing.T) {
	g := mustGolden(t)
	var losses []float64
	_, err := heads.Softmax(t.Context(), g.X, g.Dim, g.Y, g.Classes, heads.SoftmaxOptions{Progress: func(_ int, loss float64) { losses = append(losses, loss) }})
	if err != nil || len(losses) < 3 || losses[len(losses)-1] >= losses[0] {
		t.Errorf("losses %v, %v", losses, err)
	}
}

// TestMul: ONNX Runtime multiplies like Go, and both like the definition.
func TestMul(t *testing.T) {
	gemm := MustGemm(t)
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	for _, shape := range [][3]int{{1, 1, 1}, {3, 5, 2}, {64, 33, 17}, {1, 100, 7}, {200, 1, 3}} {
		for _, trans := range []bool{false, true} {
			rows, cols, n := shape[0], shape[1], shape[2]
			m, k := rows, cols
			if trans {
				m, k = cols, rows
			}
			a, b := random(rows*cols), random(k*n)
			pure, fast := random(m*n), random(m*n) // what was there before must not matter
			if err := errors.Join(heads.Pure(trans, rows, cols, n, a, b, pure), gemm(trans, rows, cols, n, a, b, fast)); err != nil {
				t.Fatal(err)
			}
			for i := range m {
				for j := range n {
					want := 0.0
					for x := range k {
						at := i*cols + x
						if trans {
							at = x*cols + i
						}
						want += float64(a[at]) * float64(b[x*n+j])
					}
					for name, got := range map[string]float32{"Go": pure[i*n+j], "ONNX Runtime": fast[i*n+j]} {
						if math.Abs(float64(got)-want) > 1e-4 {
							t.Fatalf("%s, %v, transposed %v: [%d,%d] is %v, want %v", name, shape, trans, i, j, got, want)
						}
					}
				}
			}
		}
	}
	g := mustGolden(t)
	fit := func(mul heads.Mul) *heads.Linear {
		l, err := heads.Softmax(t.Context(), g.X, g.Dim, g.Y, g.Classes, heads.SoftmaxOptions{L2: g.L2, MaxIter: 1000, Mul: mul})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	p, q := fit(heads.Pure), fit(gemm)
	for i := range p.W {
		if math.Abs(float64(p.W[i]-q.W[i])) > 2e-3*max(1, math.Abs(float64(p.W[i]))) {
			t.Errorf("weight %d: %v in Go, %v by ONNX Runtime", i, p.W[i], q.W[i])
		}
	}
}
