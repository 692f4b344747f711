package abtest

import "math"

// Estimate is one arm's metric, reduced to what a comparison needs. The estimate Value has the variance Var/N.
type Estimate struct {
	N     float64 // units
	Value float64 // the metric, adjusted by the time before if it was
	Var   float64 // of one unit

	// What a relative lift of an adjusted metric needs; for others Raw is Value, RawVar is Var, and the rest is 0.
	Raw     float64 // the metric without adjustment: lifts are relative to it
	RawVar  float64 // its variance
	Cov     float64 // θ · covariance of the metric with the one before
	CovarSq float64 // θ² · variance of the metric before: Var = RawVar − 2 Cov + CovarSq

	// ofRatio chooses where the derivative of a lift is taken, see effect.
	ofRatio bool
}

// SE is the standard error of Value.
func (e Estimate) SE() float64 { return math.Sqrt(e.Var / e.N) }

// plain makes an estimate that was not adjusted.
func plain(n, value, variance float64) Estimate {
	variance = math.Max(0, variance) // below 0 only by rounding
	return Estimate{N: n, Value: value, Var: variance, Raw: value, RawVar: variance}
}

// Sums are the sufficient sums of a number per unit.
type Sums struct {
	N       float64 `json:"n"`   // units, those with 0 too
	Sum     float64 `json:"sum"` // of the number
	Squares float64 `json:"sum_squares"`
}

// Add counts a unit.
func (s *Sums) Add(x float64) { s.N++; s.Sum += x; s.Squares += x * x }

// Plus returns the sums of both.
func (s Sums) Plus(o Sums) Sums { return Sums{s.N + o.N, s.Sum + o.Sum, s.Squares + o.Squares} }

func (s Sums) mean() float64 {
	if s.N == 0 {
		return 0
	}
	return s.Sum / s.N
}

// variance is that of a sample (n − 1).
func (s Sums) variance() float64 { return covariance(s.N, s.Sum, s.Sum, s.Squares) }

// covariance is that of a sample (n − 1) from sums.
func covariance(n, x, y, xy float64) float64 {
	if n <= 1 {
		return 0
	}
	return (xy - x*y/n) / (n - 1)
}

// Mean is the average of a number per unit.
func Mean(s Sums) Estimate { return plain(s.N, s.mean(), s.variance()) }

// Proportion is the share of units for which something holds; the variance is the population's, p(1 − p), as in gbstats.
func Proportion(n, yes float64) Estimate {
	if n == 0 {
		return Estimate{}
	}
	p := yes / n
	return plain(n, p, p*(1-p))
}

// RatioSums are the sums of a numerator and a denominator per unit.
type RatioSums struct {
	Num   Sums    `json:"num"`
	Den   Sums    `json:"den"`
	Cross float64 `json:"cross"` // sum of numerator · denominator
}

// Add counts a unit.
func (r *RatioSums) Add(num, den float64) { r.Num.Add(num); r.Den.Add(den); r.Cross += num * den }

// Plus returns the sums of both.
func (r RatioSums) Plus(o RatioSums) RatioSums {
	return RatioSums{r.Num.Plus(o.Num), r.Den.Plus(o.Den), r.Cross + o.Cross}
}

// Ratio is Σ numerators / Σ denominators, e.g. fallbacks a turn of customers. Its variance is the delta method's: that of the mean of
// (num − R·den)/mean(den) over units, which is right however many turns a unit has (Deng et al., KDD 2018).
func Ratio(r RatioSums) Estimate {
	m, d := r.Num.mean(), r.Den.mean()
	if d == 0 || r.Num.N <= 1 {
		return Estimate{N: r.Num.N}
	}
	v := ratioVariance(m, d, r.Num.variance(), r.Den.variance(), covariance(r.Num.N, r.Num.Sum, r.Den.Sum, r.Cross))
	return plain(r.Num.N, m/d, v)
}

// ratioVariance is the variance of a unit's contribution to m/d.
func ratioVariance(m, d, vm, vd, c float64) float64 {
	return vm/(d*d) - 2*c*m/(d*d*d) + m*m*vd/(d*d*d*d)
}
