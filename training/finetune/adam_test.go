package finetune_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"yingda/training/finetune"
)

// params makes parameters of several sizes, one of them larger than what a goroutine takes at a time.
func params(seed uint64) []*finetune.Param {
	rng := rand.New(rand.NewPCG(seed, 2))
	var all []*finetune.Param
	for i, n := range []int{1, 7, 1 << 16, 70001} {
		p := &finetune.Param{Value: make([]float32, n), Grad: make([]float32, n), M: make([]float32, n), V: make([]float32, n),
			Rate: []float64{1, 0.5, 3, 1}[i], Decay: i%2 == 1}
		for k := range p.Value {
			p.Value[k] = float32(rng.NormFloat64())
		}
		all = append(all, p)
	}
	return all
}

func draw(all []*finetune.Param, step uint64, scale float64) {
	rng := rand.New(rand.NewPCG(step, 3))
	for _, p := range all {
		for k := range p.Grad {
			p.Grad[k] = float32(rng.NormFloat64() * scale)
		}
	}
}

// TestAdamW compares three steps with the formulas of Loshchilov & Hutter 2019 in double precision, with and without clipping.
func TestAdamW(t *testing.T) {
	const rate, decay = 1e-2, 0.1
	for _, clip := range []float64{0.7, 1e9} {
		all := params(1)
		var w, m, v [][]float64
		for _, p := range all {
			x := make([]float64, len(p.Value))
			for k, f := range p.Value {
				x[k] = float64(f)
			}
			w, m, v = append(w, x), append(m, make([]float64, len(x))), append(v, make([]float64, len(x)))
		}
		for step := 1; step <= 3; step++ {
			draw(all, uint64(step), 0.1)
			square := 0.0
			for _, p := range all {
				for _, g := range p.Grad {
					square += float64(g) * float64(g)
				}
			}
			norm := finetune.Norm(all, 2)
			if math.Abs(norm-math.Sqrt(square)) > 1e-9*norm {
				t.Fatalf("norm %g, want %g", norm, math.Sqrt(square))
			}
			scale := min(1, clip/norm)
			for i, p := range all {
				lr := rate * p.Rate
				for k := range p.Grad {
					g := float64(p.Grad[k]) * scale
					m[i][k] = 0.9*m[i][k] + 0.1*g
					v[i][k] = 0.999*v[i][k] + 0.001*g*g
					if p.Decay {
						w[i][k] *= 1 - lr*decay
					}
					w[i][k] -= lr * m[i][k] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(v[i][k]/(1-math.Pow(0.999, float64(step)))) + 1e-8)
				}
			}
			finetune.AdamW(all, 2, step, rate, decay, norm, clip)
			for i, p := range all {
				d, n := 0.0, 0.0
				for k, x := range w[i] {
					d += (float64(p.Value[k]) - x) * (float64(p.Value[k]) - x)
					n += x * x
				}
				if e := math.Sqrt(d / n); e > 1e-6 {
					t.Errorf("clip %g, step %d, parameter %d: off by %.2g", clip, step, i, e)
				}
			}
		}
	}
}

// TestAdamWThreads: the number of goroutines changes nothing, not even in the last bit.
func TestAdamWThreads(t *testing.T) {
	one, four := params(2), params(2)
	for step := 1; step <= 2; step++ {
		draw(one, 9, 1)
		draw(four, 9, 1)
		a, b := finetune.Norm(one, 1), finetune.Norm(four, 4)
		if a != b {
			t.Fatalf("norms %v and %v", a, b)
		}
		finetune.AdamW(one, 1, step, 1e-3, 0.01, a, 1)
		finetune.AdamW(four, 4, step, 1e-3, 0.01, b, 1)
	}
	for i := range one {
		if !slices.Equal(one[i].Value, four[i].Value) {
			t.Errorf("parameter %d differs", i)
		}
	}
}

// TestAdamWZero: without a gradient only the decay moves a weight.
func TestAdamWZero(t *testing.T) {
	all := params(3)
	before := slices.Clone(all[0].Value)
	finetune.AdamW(all, 1, 1, 1e-2, 0.1, finetune.Norm(all, 1), 1)
	if !slices.Equal(before, all[0].Value) {
		t.Error("a weight moved without gradient")
	}
	if want := params(3)[1].Value[0] * (1 - 0.5e-2*0.1); math.Abs(float64(all[1].Value[0]-want)) > 1e-6 {
		t.Errorf("decay to %g, want %g", all[1].Value[0], want)
	}
}
