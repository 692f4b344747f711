package abtest

import (
	"fmt"
	"math"
	"slices"
)

// Correction is a way to correct for many comparisons.
type Correction string

// The corrections. The first six keep the chance of any false finding below alpha, the last two the expected share of false ones among findings.
const (
	Uncorrected Correction = "none"
	Bonferroni  Correction = "bonferroni"
	Sidak       Correction = "sidak"      // independent tests
	Holm        Correction = "holm"       // always at least as strong as Bonferroni
	HolmSidak   Correction = "holm-sidak" // independent tests
	Hochberg    Correction = "hochberg"   // tests that do not depend negatively on each other
	Hommel      Correction = "hommel"     // the same, a little stronger
	BH          Correction = "bh"         // Benjamini and Hochberg 1995
	BY          Correction = "by"         // Benjamini and Yekutieli 2001: any dependence
)

// Corrections lists all, in the order of the constants.
var Corrections = []Correction{Uncorrected, Bonferroni, Sidak, Holm, HolmSidak, Hochberg, Hommel, BH, BY}

// Adjust returns the adjusted p-values in the order of ps: each can be held against alpha itself. A p of NaN (not computed) stays so and does
// not count. It fails for p-values outside 0–1 and for unknown corrections.
func Adjust(ps []float64, c Correction) ([]float64, error) {
	var order []int
	for i, p := range ps {
		if math.IsNaN(p) {
			continue
		}
		if p < 0 || p > 1 {
			return nil, fmt.Errorf("%w: p-value %v", ErrOptions, p)
		}
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if ps[a] < ps[b] {
			return -1
		} else if ps[a] > ps[b] {
			return 1
		}
		return 0
	})
	sorted := make([]float64, len(order))
	for k, i := range order {
		sorted[k] = ps[i]
	}
	adjusted, err := adjustSorted(sorted, c)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(ps)
	for k, i := range order {
		out[i] = math.Min(1, adjusted[k])
	}
	return out, nil
}

// adjustSorted adjusts rising p-values.
func adjustSorted(p []float64, c Correction) ([]float64, error) {
	m := float64(len(p))
	each := func(f func(k int, x float64) float64) []float64 {
		out := make([]float64, len(p))
		for k, x := range p {
			out[k] = f(k, x)
		}
		return out
	}
	switch c {
	case Uncorrected, "":
		return slices.Clone(p), nil
	case Bonferroni:
		return each(func(_ int, x float64) float64 { return m * x }), nil
	case Sidak:
		return each(func(_ int, x float64) float64 { return sidak(x, m) }), nil
	case Holm:
		return stepDown(each(func(k int, x float64) float64 { return (m - float64(k)) * x })), nil
	case HolmSidak:
		return stepDown(each(func(k int, x float64) float64 { return sidak(x, m-float64(k)) })), nil
	case Hochberg:
		return stepUp(each(func(k int, x float64) float64 { return (m - float64(k)) * x })), nil
	case Hommel:
		return hommel(p), nil
	case BH:
		return stepUp(each(func(k int, x float64) float64 { return x * m / float64(k+1) })), nil
	case BY:
		var h float64
		for i := range p {
			h += 1 / float64(i+1)
		}
		return stepUp(each(func(k int, x float64) float64 { return x * m * h / float64(k+1) })), nil
	}
	return nil, fmt.Errorf("%w: correction %q is not one of %v", ErrOptions, c, Corrections)
}

// sidak is 1 − (1 − p)^m, accurate for small p.
func sidak(p, m float64) float64 { return -math.Expm1(m * math.Log1p(-p)) }

// stepDown makes values rise from the first.
func stepDown(p []float64) []float64 {
	for k := 1; k < len(p); k++ {
		p[k] = math.Max(p[k], p[k-1])
	}
	return p
}

// stepUp makes values fall from the last.
func stepUp(p []float64) []float64 {
	for k := len(p) - 2; k >= 0; k-- {
		p[k] = math.Min(p[k], p[k+1])
	}
	return p
}

// hommel is G. Hommel's procedure (Biometrika 1988) by S. P. Wright's algorithm (Biometrics 1992).
func hommel(p []float64) []float64 {
	n := len(p)
	if n == 0 {
		return nil
	}
	a := slices.Clone(p)
	for m := n; m > 1; m-- {
		lowest := math.Inf(1)
		for i := n - m; i < n; i++ { // the m largest
			lowest = math.Min(lowest, float64(m)*p[i]/float64(m+i-n+1))
		}
		for i := n - m; i < n; i++ {
			a[i] = math.Max(a[i], lowest)
		}
		for i := range n - m {
			a[i] = math.Max(a[i], math.Min(lowest, float64(m)*p[i]))
		}
	}
	return a
}

// AdjustedInterval widens a two-sided interval so that it agrees with an adjusted p-value: the standard error is the one with which the effect
// would have that p-value. The corrections for the expected share of false findings have no intervals of their own; this is GrowthBook's way.
func AdjustedInterval(effect, p, alpha float64) (low, high float64) {
	if p >= 1 || effect == 0 {
		return math.Inf(-1), math.Inf(1)
	}
	h := normUpper(alphaOr(alpha)/2) * math.Abs(effect) / normUpper(p/2)
	return effect - h, effect + h
}
