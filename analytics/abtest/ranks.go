package abtest

import (
	"cmp"
	"math"
	"slices"
)

// MannWhitney tests whether values of y tend to be higher or lower than those of x: U of x and the two-sided p by the normal approximation with
// corrections for ties and continuity (good from about eight values each). Values that are not numbers are refused by returning p = NaN.
func MannWhitney(x, y []float64) (u, p float64) {
	n, m := float64(len(x)), float64(len(y))
	if n == 0 || m == 0 {
		return 0, 1
	}
	if slices.ContainsFunc(x, math.IsNaN) || slices.ContainsFunc(y, math.IsNaN) {
		return math.NaN(), math.NaN()
	}
	rankSum, ties := rankSum(x, y)
	u = rankSum - n*(n+1)/2
	total := n + m
	s := math.Sqrt(n * m / 12 * (total + 1 - ties/(total*(total-1))))
	if !(s > 0) {
		return u, 1
	}
	z := (math.Max(u, n*m-u) - n*m/2 - 0.5) / s
	return u, math.Min(1, 2*normSF(z))
}

// rankSum adds up the ranks of x among both, equal values sharing theirs, and t³ − t over groups of t equal values.
func rankSum(x, y []float64) (sum, ties float64) {
	type value struct {
		v     float64
		first bool
	}
	all := make([]value, 0, len(x)+len(y))
	for _, v := range x {
		all = append(all, value{v, true})
	}
	for _, v := range y {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(a, b value) int { return cmp.Compare(a.v, b.v) })
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		t, rank := float64(j-i), float64(i+j+1)/2
		ties += t*t*t - t
		for ; i < j; i++ {
			if all[i].first {
				sum += rank
			}
		}
	}
	return sum, ties
}

// KolmogorovSmirnov tests whether two samples come from one distribution: the largest distance of their distribution functions and the
// two-sided p from Kolmogorov's distribution for round(nm/(n + m)) values, which is right for large samples and careful for small ones. Many
// equal values make it more careful still.
func KolmogorovSmirnov(x, y []float64) (d, p float64) {
	if len(x) == 0 || len(y) == 0 {
		return 0, 1
	}
	x, y = slices.Clone(x), slices.Clone(y)
	slices.Sort(x)
	slices.Sort(y)
	n, m := float64(len(x)), float64(len(y))
	for i, j := 0, 0; i < len(x) && j < len(y); {
		v := math.Min(x[i], y[j])
		for i < len(x) && x[i] <= v {
			i++
		}
		for j < len(y) && y[j] <= v {
			j++
		}
		if !(v == v) { // NaN sorts first
			return math.NaN(), math.NaN()
		}
		d = math.Max(d, math.Abs(float64(i)/n-float64(j)/m))
	}
	return d, kolmogorovSF(math.Max(1, math.RoundToEven(n*m/(n+m))), d)
}
