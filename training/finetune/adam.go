package finetune

import (
	"math"
	"sync"
)

// Param is a trained tensor with its gradient and AdamW's moments, all of one length.
type Param struct {
	Name  string
	Dims  []int64
	Value []float32
	Grad  []float32
	M, V  []float32
	Rate  float64 // multiplies the scheduled rate
	Decay bool    // weight decay applies
}

// AdamW's constants (Loshchilov & Hutter 2019), as BERT is usually fine-tuned.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// grain is how many elements one goroutine takes at a time.
const grain = 1 << 16

// chunks calls f for pieces of all parameters on several goroutines; piece k is always the same.
func chunks(params []*Param, threads int, f func(p *Param, lo, hi, k int)) int {
	type piece struct {
		p      *Param
		lo, hi int
	}
	var pieces []piece
	for _, p := range params {
		for lo := 0; lo < len(p.Value); lo += grain {
			pieces = append(pieces, piece{p, lo, min(lo+grain, len(p.Value))})
		}
	}
	if f == nil {
		return len(pieces)
	}
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			for k := t; k < len(pieces); k += threads {
				f(pieces[k].p, pieces[k].lo, pieces[k].hi, k)
			}
		})
	}
	wg.Wait()
	return len(pieces)
}

// Norm returns the Euclidean norm of the whole gradient. The order of additions does not depend on the number of threads.
func Norm(params []*Param, threads int) float64 {
	sums := make([]float64, chunks(params, threads, nil))
	chunks(params, threads, func(p *Param, lo, hi, k int) {
		sum := 0.0
		for _, g := range p.Grad[lo:hi] {
			sum += float64(g) * float64(g)
		}
		sums[k] = sum
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return math.Sqrt(total)
}

// AdamW updates all parameters in place from their gradients, scaled so that the norm is at most clip. step counts from 1.
func AdamW(params []*Param, threads, step int, rate, decay, norm, clip float64) {
	scale := float32(1)
	if norm > clip {
		scale = float32(clip / norm)
	}
	c1, c2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
	chunks(params, threads, func(p *Param, lo, hi, _ int) {
		lr := rate * p.Rate
		shrink := float32(1)
		if p.Decay {
			shrink = float32(1 - lr*decay)
		}
		update(p.Value[lo:hi], p.Grad[lo:hi], p.M[lo:hi], p.V[lo:hi], scale, shrink, float32(lr/c1), float32(1/math.Sqrt(c2)))
	})
}

// update is the inner loop: w = shrink·w − rate·m / (root·√v + ε).
func update(w, g, m, v []float32, scale, shrink, rate, root float32) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)] // one bounds check for all
	for i := range w {
		d := g[i] * scale
		mi := beta1*m[i] + (1-beta1)*d
		vi := beta2*v[i] + (1-beta2)*d*d
		m[i], v[i] = mi, vi
		w[i] = w[i]*shrink - rate*mi/(float32(math.Sqrt(float64(vi)))*root+epsilon)
	}
}

// rateAt is the schedule: a linear climb over the warm-up, then a linear fall to 0. step counts from 1.
func rateAt(step, steps int, warmup float64) float64 {
	w := math.Ceil(warmup * float64(steps))
	if float64(step) <= w {
		return float64(step) / w
	}
	return max(0, (float64(steps)+1-float64(step))/(float64(steps)+1-w))
}
