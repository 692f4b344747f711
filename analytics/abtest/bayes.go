package abtest

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
)

// Prior is a normal prior on an effect, in the same terms: on the lift when the effect is a lift. The zero value is flat.
type Prior struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"` // 0 = flat
}

// Belief is what is believed about an effect after the data.
type Belief struct {
	Mean, SD  float64
	Low, High float64 // credible interval
	// Better is the probability that the treatment is better.
	Better float64
	// RiskTreatment and RiskControl are what is lost on average by choosing that arm, in terms of the effect, counted as 0 when it is the better one.
	RiskTreatment, RiskControl float64
}

// Posterior combines an effect and its standard error with a prior, both normal. lowerIsBetter turns probability and risks round. The interval
// is at 1 − alpha (default 0.05).
func Posterior(effect, se float64, prior Prior, lowerIsBetter bool, alpha float64) (Belief, error) {
	alpha = alphaOr(alpha)
	if !(se > 0) || !(prior.SD >= 0) || !(alpha > 0 && alpha < 1) {
		return Belief{}, ErrOptions
	}
	precision, weighted := 1/(se*se), effect/(se*se)
	if prior.SD > 0 {
		w := 1 / (prior.SD * prior.SD)
		precision, weighted = precision+w, weighted+prior.Mean*w
	}
	b := Belief{Mean: weighted / precision, SD: math.Sqrt(1 / precision)}
	h := normUpper(alpha/2) * b.SD
	b.Low, b.High = b.Mean-h, b.Mean+h
	z := b.Mean / b.SD
	b.Better = normCDF(z)
	b.RiskTreatment, b.RiskControl = b.SD*expectedBelow(z), b.SD*expectedBelow(-z)
	if lowerIsBetter {
		b.Better = normCDF(-z)
		b.RiskTreatment, b.RiskControl = b.RiskControl, b.RiskTreatment
	}
	return b, nil
}

// expectedBelow is E[max(0, −X)] for X normal with mean z and deviation 1. Far out, where density and tail cancel, it uses their asymptotic
// series.
func expectedBelow(z float64) float64 {
	if z > 30 {
		w := 1 / (z * z)
		return normPDF(z) * w * (1 - w*(3-w*(15-w*(105-w*945))))
	}
	return normPDF(z) - z*normSF(z)
}

// BetaPrior is a beta prior on a share. The zero value is uniform (1, 1).
type BetaPrior struct{ A, B float64 }

// ShareBelief is what is believed about the shares of two arms.
type ShareBelief struct {
	Control, Treatment [2]float64 // credible intervals at 1 − alpha
	// Better is the probability that the treatment's share is higher.
	Better float64
	// RiskTreatment and RiskControl are the shares lost on average by choosing that arm.
	RiskTreatment, RiskControl float64
}

// BetaBinomial compares two shares with beta posteriors, which is exact for few units where a normal one is not. Probability and risks are
// integrated numerically, right to about 1e-10.
func BetaBinomial(yesA, nA, yesB, nB float64, prior BetaPrior, alpha float64) (ShareBelief, error) {
	alpha = alphaOr(alpha)
	if prior == (BetaPrior{}) {
		prior = BetaPrior{1, 1}
	}
	if !(prior.A > 0 && prior.B > 0) || yesA < 0 || yesB < 0 || yesA > nA || yesB > nB || !(alpha > 0 && alpha < 1) {
		return ShareBelief{}, ErrOptions
	}
	a, b := betaDist{prior.A + yesA, prior.B + nA - yesA}, betaDist{prior.A + yesB, prior.B + nB - yesB}
	s := ShareBelief{
		Control:   [2]float64{betaQuantile(alpha/2, a.a, a.b), betaQuantile(1-alpha/2, a.a, a.b)},
		Treatment: [2]float64{betaQuantile(alpha/2, b.a, b.b), betaQuantile(1-alpha/2, b.a, b.b)},
	}
	s.Better = expect(b, a, a.cdf)
	gain := func(p, q betaDist) float64 { // E[max(0, P − Q)], where E[Q; Q < x] = E[Q]·F(x) with one more a
		more := betaDist{q.a + 1, q.b}
		return expect(p, q, func(x float64) float64 { return x*q.cdf(x) - q.mean()*more.cdf(x) })
	}
	s.RiskTreatment, s.RiskControl = gain(a, b), gain(b, a)
	return s, nil
}

type betaDist struct{ a, b float64 }

func (d betaDist) mean() float64 { return d.a / (d.a + d.b) }

func (d betaDist) cdf(x float64) float64 {
	if x <= 0 {
		return 0
	} else if x >= 1 {
		return 1
	}
	return mathext.RegIncBeta(d.a, d.b, x)
}

// expect is the expectation of f(X) for X of d, where f bends as the distribution of other does: Gauss–Legendre between quantiles of both.
// With x = sin²φ the density has no poles at the ends as long as a and b are at least ½.
func expect(d, other betaDist, f func(float64) float64) float64 {
	cuts := []float64{0, math.Pi / 2}
	for _, q := range []betaDist{d, other} {
		for _, level := range []float64{1e-14, 1e-8, 1e-4, 0.02, 0.2, 0.5, 0.8, 0.98, 1 - 1e-4, 1 - 1e-8, 1 - 1e-14} {
			cuts = append(cuts, math.Asin(math.Sqrt(betaQuantile(level, q.a, q.b))))
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	scale := mathext.Lbeta(d.a, d.b)
	var sum float64
	for i, lo := range cuts[:len(cuts)-1] {
		sum += quad.Fixed(func(phi float64) float64 {
			sin, cos := math.Sincos(phi)
			if sin <= 0 || cos <= 0 {
				return 0
			}
			return f(sin*sin) * 2 * math.Exp((2*d.a-1)*math.Log(sin)+(2*d.b-1)*math.Log(cos)-scale)
		}, lo, cuts[i+1], 40, quad.Legendre{}, 0)
	}
	return sum
}
