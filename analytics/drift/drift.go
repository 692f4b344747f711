// Package drift measures how far today's data are from those of a base: what is asked, how sure the model is, how often it does not understand.
// It is pure: numbers in, numbers out.
//
// [PSI], [JensenShannon], [KullbackLeibler] compare shares of categories or bins, [Wasserstein] and [KolmogorovSmirnov] compare values,
// [ChiSquare] counts, [PChart] watches a share day by day. [Numeric], [Categorical] and [Share] choose one by the size of the data, judge it by
// the thresholds that Evidently uses, and say which.
//
// Weeks have a shape: compare a Monday with Mondays, or whole weeks with whole weeks, or every weekend is an alarm.
package drift

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"yingda/analytics/abtest"
)

// ErrInput is returned when there is nothing to compare, or when numbers are negative or not finite.
var ErrInput = errors.New("nothing to compare")

// tiny stands for a share of 0, whose logarithm would be infinite.
const tiny = 1e-4

// PSI is the population stability index of two sets of counts or shares of the same categories: Σ (now − base)·ln(now/base). Below 0.1 nothing
// happened, from 0.2 something did, see [PSILevel]. A category that one side lacks counts with a share of 0.0001, so that a new one is seen
// and not infinite.
func PSI(base, now []float64) (float64, error) {
	p, q, err := shares(base, now)
	if err != nil {
		return 0, err
	}
	var sum float64
	for i := range p {
		a, b := p[i], q[i]
		if a == 0 && b == 0 {
			continue
		}
		a, b = math.Max(a, tiny), math.Max(b, tiny)
		sum += (b - a) * math.Log(b/a)
	}
	return sum, nil
}

// KullbackLeibler is Σ now·ln(now/base), in nats; infinite when the base lacks a category that now has.
func KullbackLeibler(base, now []float64) (float64, error) {
	p, q, err := shares(base, now)
	if err != nil {
		return 0, err
	}
	return divergence(q, p), nil
}

// JensenShannon is the distance of two sets of counts or shares, 0–1 (the root of the divergence in bits).
func JensenShannon(base, now []float64) (float64, error) {
	p, q, err := shares(base, now)
	if err != nil {
		return 0, err
	}
	m := make([]float64, len(p))
	for i := range m {
		m[i] = (p[i] + q[i]) / 2
	}
	return math.Sqrt(math.Max(0, (divergence(p, m)+divergence(q, m))/(2*math.Ln2))), nil
}

// divergence is Σ p·ln(p/q).
func divergence(p, q []float64) float64 {
	var sum float64
	for i := range p {
		if p[i] > 0 {
			sum += p[i] * math.Log(p[i]/q[i])
		}
	}
	return sum
}

// shares turns counts into shares that add up to 1.
func shares(base, now []float64) (p, q []float64, err error) {
	if len(base) != len(now) || len(base) == 0 {
		return nil, nil, fmt.Errorf("%w: %d categories against %d", ErrInput, len(base), len(now))
	}
	if p, err = normalised(base); err != nil {
		return nil, nil, err
	}
	q, err = normalised(now)
	return p, q, err
}

func normalised(xs []float64) ([]float64, error) {
	var sum float64
	for _, x := range xs {
		if !(x >= 0) || math.IsInf(x, 1) {
			return nil, fmt.Errorf("%w: a count of %v", ErrInput, x)
		}
		sum += x
	}
	if sum == 0 {
		return nil, fmt.Errorf("%w: all counts are 0", ErrInput)
	}
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = x / sum
	}
	return out, nil
}

// Weighted is a value and how often it occurs, so that histograms can be compared as values are.
type Weighted struct{ Value, Weight float64 }

// Values gives each value the weight 1.
func Values(xs []float64) []Weighted {
	out := make([]Weighted, len(xs))
	for i, x := range xs {
		out[i] = Weighted{x, 1}
	}
	return out
}

// Wasserstein is the earth mover's distance of two samples: how far values moved on average, in their own unit.
func Wasserstein(base, now []Weighted) (float64, error) {
	type point struct{ value, p, q float64 }
	var all []point
	var sums [2]float64
	for side, xs := range [][]Weighted{base, now} {
		for _, x := range xs {
			if !(x.Weight >= 0) || math.IsInf(x.Weight, 1) || math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
				return 0, fmt.Errorf("%w: %v with weight %v", ErrInput, x.Value, x.Weight)
			}
			sums[side] += x.Weight
			if side == 0 {
				all = append(all, point{x.Value, x.Weight, 0})
			} else {
				all = append(all, point{x.Value, 0, x.Weight})
			}
		}
	}
	if sums[0] == 0 || sums[1] == 0 {
		return 0, fmt.Errorf("%w: %v values against %v", ErrInput, sums[0], sums[1])
	}
	slices.SortFunc(all, func(a, b point) int {
		if a.value < b.value {
			return -1
		} else if a.value > b.value {
			return 1
		}
		return 0
	})
	var p, q, distance float64 // distribution functions
	for i, x := range all[:len(all)-1] {
		p += x.p / sums[0]
		q += x.q / sums[1]
		distance += math.Abs(p-q) * (all[i+1].value - x.value)
	}
	return distance, nil
}

// NormedWasserstein is [Wasserstein] in standard deviations of the base.
func NormedWasserstein(base, now []Weighted) (float64, error) {
	d, err := Wasserstein(base, now)
	if err != nil {
		return 0, err
	}
	var n, sum float64
	for _, x := range base {
		n, sum = n+x.Weight, sum+x.Weight*x.Value
	}
	mean, v := sum/n, 0.0
	for _, x := range base {
		v += x.Weight * (x.Value - mean) * (x.Value - mean) / n
	}
	return d / math.Max(math.Sqrt(v), 0.001), nil // Evidently's floor
}

// KolmogorovSmirnov is the two-sample test: distance and p-value. See [abtest.KolmogorovSmirnov].
func KolmogorovSmirnov(base, now []float64) (d, p float64, err error) {
	if len(base) == 0 || len(now) == 0 {
		return 0, 0, fmt.Errorf("%w: %d values against %d", ErrInput, len(base), len(now))
	}
	d, p = abtest.KolmogorovSmirnov(base, now)
	if math.IsNaN(d) {
		return 0, 0, fmt.Errorf("%w: a value is not a number", ErrInput)
	}
	return d, p, nil
}

// ChiSquare tests whether two sets of counts of the same categories have the same shares (Pearson's test of homogeneity).
func ChiSquare(base, now []float64) (chi2, p float64, err error) {
	if _, _, err := shares(base, now); err != nil {
		return 0, 0, err
	}
	chi2, _, p = abtest.Independence([][]float64{base, now})
	return chi2, p, nil
}

// Bins cuts the base into k bins of the same number of values and counts both sides: for PSI of numbers. The outer bins are open. Equal values
// share a bin, so there may be fewer.
func Bins(base, now []float64, k int) (b, n []float64, err error) {
	if len(base) == 0 || len(now) == 0 || k < 2 {
		return nil, nil, fmt.Errorf("%w: %d values against %d in %d bins", ErrInput, len(base), len(now), k)
	}
	if slices.ContainsFunc(base, math.IsNaN) || slices.ContainsFunc(now, math.IsNaN) {
		return nil, nil, fmt.Errorf("%w: a value is not a number", ErrInput)
	}
	sorted := slices.Clone(base)
	slices.Sort(sorted)
	var edges []float64
	for i := 1; i < k; i++ {
		if e := sorted[i*len(sorted)/k]; len(edges) == 0 || e > edges[len(edges)-1] {
			edges = append(edges, e)
		}
	}
	count := func(xs []float64) []float64 {
		out := make([]float64, len(edges)+1)
		for _, x := range xs {
			i, at := slices.BinarySearch(edges, x) // bin i holds edges[i−1] <= x < edges[i]
			if at {
				i++
			}
			out[i]++
		}
		return out
	}
	return count(base), count(now), nil
}
