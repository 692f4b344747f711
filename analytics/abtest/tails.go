package abtest

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// normSF is P(Z > x). gonum's Normal.Survival is 1 − CDF, which has no digits left beyond x = 8.
func normSF(x float64) float64 { return 0.5 * math.Erfc(x/math.Sqrt2) }

// normCDF is P(Z <= x).
func normCDF(x float64) float64 { return normSF(-x) }

// normPDF is the density of Z.
func normPDF(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// normUpper is the z with P(Z > z) = p.
func normUpper(p float64) float64 { return -mathext.NormalQuantile(p) }

// tSF is P(T > x) for df degrees of freedom; an infinite df is the normal distribution.
func tSF(x, df float64) float64 {
	if math.IsInf(df, 1) {
		return normSF(x)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Survival(x)
}

// tUpper is the t with P(T > t) = p, accurate for small p. gonum's quantile is right to ten digits for many degrees of freedom; a step of
// Newton's method finds the others.
func tUpper(p, df float64) float64 {
	if math.IsInf(df, 1) {
		return normUpper(p)
	}
	d := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}
	t := -d.Quantile(p)
	if slope := d.Prob(t); slope > 0 && !math.IsInf(t, 0) {
		t += (d.Survival(t) - p) / slope
	}
	return t
}

// chi2SF is P(X > x) for df degrees of freedom.
func chi2SF(x, df float64) float64 {
	if df <= 0 {
		return 1
	}
	return distuv.ChiSquared{K: df}.Survival(x)
}

// betaQuantile is the x with P(B <= x) = p.
func betaQuantile(p, a, b float64) float64 { return mathext.InvRegIncBeta(a, b, p) }

// bisect returns x in lo … hi with f(x) = 0 for a rising f, to the last digits.
func bisect(lo, hi float64, f func(float64) float64) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid == lo || mid == hi {
			break
		}
		if f(mid) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}

func clamp01(p float64) float64 { return math.Min(1, math.Max(0, p)) }
