package report

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"yingda/analytics"
)

// z is the 97.5 % quantile of the normal distribution.
const z = 1.959963984540054

// NewRate makes a rate with Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927). It refuses a numerator that is not a part of the
// denominator: such a rate would be of two cohorts.
func NewRate(num, n int64) (*analytics.Rate, error) {
	if num < 0 || num > n {
		return nil, fmt.Errorf("%d of %d is not a share: numerator and denominator are of different cohorts", num, n)
	}
	r := &analytics.Rate{Num: num, N: n}
	if n == 0 {
		return r, nil
	}
	p, m := float64(num)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	r.Value, r.Low, r.High = p, max(0, centre-half), min(1, centre+half)
	if num == 0 {
		r.Low = 0 // what rounding leaves
	}
	if num == n {
		r.High = 1
	}
	return r, nil
}

// NewMean makes an average with Student's 95 % interval from the number of observations, their sum and the sum of their squares. The interval
// of fewer than two observations is the value alone.
func NewMean(n int64, sum, squares float64) *analytics.Mean {
	if n == 0 {
		return &analytics.Mean{}
	}
	m := float64(n)
	v := sum / m
	r := &analytics.Mean{Value: v, N: n, Low: v, High: v}
	if n < 2 {
		return r
	}
	variance := max(0, (squares-sum*sum/m)/(m-1))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}.Quantile(0.975) * math.Sqrt(variance/m)
	r.Low, r.High = v-half, v+half
	return r
}
