package abtest

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/integrate/quad"
)

// BanditOptions say how to move traffic to what works.
type BanditOptions struct {
	// Floor is the least share of traffic an arm keeps, so that it can still be judged. Default 0.01; arms · Floor may be 1 at most.
	Floor float64
	// MinUnits is how many units each arm needs before weights move. Default 100.
	MinUnits float64
	// TopTwo gives an arm the probability of being among the best two, halved: it learns faster which is best, and costs a little more meanwhile.
	TopTwo bool
	// LowerIsBetter turns the metric round.
	LowerIsBetter bool
	Prior         Prior // of each arm's value; default flat
}

// Allocation is what a bandit decides.
type Allocation struct {
	Weights []float64 // share of traffic of each arm, adding up to 1
	Best    []float64 // probability of being the best arm
	Ready   bool      // false while an arm has too few units: weights are even
}

// Bandit is Thompson sampling on normal posteriors with a floor: an arm's weight is Floor + (1 − arms·Floor)·w with w its probability of being
// best. That probability is what the share of draws tends to with ever more of them; it is integrated here, so that the same data always give
// the same weights.
func Bandit(arms []Estimate, o BanditOptions) (Allocation, error) {
	if o.Floor == 0 {
		o.Floor = 0.01
	}
	if o.MinUnits == 0 {
		o.MinUnits = 100
	}
	k := float64(len(arms))
	if len(arms) < 2 || !(o.Floor >= 0) || o.Floor*k > 1+1e-9 || !(o.Prior.SD >= 0) {
		return Allocation{}, fmt.Errorf("%w: %d arms, floor %v", ErrOptions, len(arms), o.Floor)
	}
	a := Allocation{Ready: true}
	even := slices.Repeat([]float64{1 / k}, len(arms))
	beliefs := make([]normal, len(arms))
	for i, e := range arms {
		if e.N < max(2, o.MinUnits) || !(e.Var > 0) {
			a.Ready = false
			break
		}
		b, err := Posterior(e.Value, e.SE(), o.Prior, false, 0.05)
		if err != nil {
			return Allocation{}, err
		}
		beliefs[i] = normal{b.Mean, b.SD}
		if o.LowerIsBetter {
			beliefs[i].mean = -b.Mean
		}
	}
	if !a.Ready {
		a.Weights, a.Best = even, slices.Clone(even)
		return a, nil
	}
	first, second := ranks(beliefs)
	a.Best = first
	a.Weights = make([]float64, len(arms))
	for i := range arms {
		w := first[i]
		if o.TopTwo {
			w = (first[i] + second[i]) / 2
		}
		a.Weights[i] = o.Floor + (1-k*o.Floor)*w
	}
	return a, nil
}

type normal struct{ mean, sd float64 }

func (n normal) cdf(x float64) float64 { return normCDF((x - n.mean) / n.sd) }

// ranks returns the probabilities of being first and second among independent normals.
func ranks(xs []normal) (first, second []float64) {
	first, second = make([]float64, len(xs)), make([]float64, len(xs))
	for i, x := range xs {
		cuts := cutsFor(xs, x)
		for c := 1; c < len(cuts); c++ {
			at := func(pick int) float64 {
				return quad.Fixed(func(v float64) float64 { return normPDF((v-x.mean)/x.sd) / x.sd * others(xs, i, v)[pick] }, cuts[c-1], cuts[c], 20, quad.Legendre{}, 0)
			}
			first[i] += at(0)
			second[i] += at(1)
		}
	}
	normalise(first)
	normalise(second)
	return first, second
}

// others returns the probabilities that none, and that exactly one, of the others is above v.
func others(xs []normal, i int, v float64) [2]float64 {
	none, one := 1.0, 0.0
	for j, x := range xs {
		if j == i {
			continue
		}
		p := x.cdf(v)
		one = one*p + none*(1-p)
		none *= p
	}
	return [2]float64{none, one}
}

// cutsFor cuts the range of x where other arms' distributions bend, so that each piece is smooth.
func cutsFor(xs []normal, x normal) []float64 {
	lo, hi := x.mean-reach*x.sd, x.mean+reach*x.sd
	cuts := []float64{lo, hi}
	for _, y := range xs {
		for _, k := range []float64{-6, -3, -1, 0, 1, 3, 6} {
			if c := y.mean + k*y.sd; c > lo && c < hi {
				cuts = append(cuts, c)
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// normalise takes out what quadrature missed.
func normalise(p []float64) {
	var sum float64
	for _, x := range p {
		sum += x
	}
	for i := range p {
		p[i] = math.Max(0, p[i]/sum)
	}
}
