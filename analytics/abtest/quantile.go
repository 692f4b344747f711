package abtest

import "math"

// QuantileSums are a quantile and what its variance needs.
type QuantileSums struct {
	Level float64 `json:"level"` // 0 < level < 1, e.g. 0.95
	N     float64 `json:"n"`     // observations
	Value float64 `json:"value"` // the sample's quantile
	// Low and High are the sample's quantiles at the levels of [QuantileLevels]: the interval of order statistics for NStar observations, which
	// is N unless levels were computed for a rounder number.
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	NStar float64 `json:"n_star,omitempty"` // 0 = N

	// Units holds observations a unit when a unit has several: Num counts those not above Value, Den all of them.
	// Without it observations are taken to be independent.
	Units *RatioSums `json:"units,omitempty"`
}

// QuantileLevels are the levels whose sample quantiles bracket the one at level with 95 % for n observations: level ± z·sqrt(level(1−level)/n).
func QuantileLevels(level, n float64) (low, high float64) {
	h := z95 * math.Sqrt(level*(1-level)/n)
	return math.Max(0, level-h), math.Min(1, level+h)
}

// z95 is the 97.5 % quantile of the normal distribution.
var z95 = normUpper(0.025)

// QuantileOf reduces a quantile (Deng et al., KDD 2018 §4). Its variance comes from the width of the interval of order statistics; with Units
// it is widened by the design effect: the clustered variance of the share below the quantile over that of independent observations.
// ok is false when the sample is too small to bracket the quantile: then use another metric.
func QuantileOf(q QuantileSums) (e Estimate, ok bool) {
	nu := q.Level
	if nu <= 0 || nu >= 1 || q.N <= z95*z95*nu/(1-nu) || q.N <= z95*z95*(1-nu)/nu {
		return Estimate{N: q.N, Value: q.Value, Raw: q.Value}, false
	}
	star := q.NStar
	if star == 0 {
		star = q.N
	}
	width := (q.High - q.Low) / (2 * z95)
	v := star / q.N * (q.N - 1) * width * width
	if q.Units != nil {
		if q.Units.Num.N <= 1 || q.Units.Den.Sum <= 0 {
			return Estimate{N: q.N, Value: q.Value, Raw: q.Value}, false
		}
		v *= Ratio(*q.Units).Var / q.Units.Num.N / (nu * (1 - nu) / q.N)
	}
	if q.N >= 100 { // so many equal values that the bracket has no width
		v = math.Max(v, 1e-5)
	}
	return plain(q.N, q.Value, v), v > 0
}
