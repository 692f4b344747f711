package abtest

import "math"

// sequence fills in interval and p-value of an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform
// central limit theory and asymptotic confidence sequences", arXiv 2103.06476v7): however often one looks and whenever one stops, the interval
// misses the effect in at most a share Alpha of experiments.
//
// The interval of a look may lie outside that of an earlier one; each is valid, and so is what they have in common.
func sequence(r *Result, n float64, o Options) {
	w := sequenceWidth(n, o) * r.SE
	r.Low, r.High = r.Effect-w, r.Effect+w
	z := (r.Effect - o.Null) / r.SE
	switch o.Side {
	case TwoSided:
		r.P = sequenceP(z, n, o)
	case Greater:
		r.High, r.P = math.Inf(1), sequenceP(z, n, o)
	case Less:
		r.Low, r.P = math.Inf(-1), sequenceP(-z, n, o)
	}
}

// sequenceRho is the tuning that is tightest at o.Tuning units (eq. 161); one-sided with twice the alpha (eq. 134).
func sequenceRho(o Options) float64 {
	a := o.Alpha
	if o.Side != TwoSided {
		a *= 2
	}
	l := -2 * math.Log(a)
	return math.Sqrt((l + math.Log1p(l)) / o.Tuning)
}

// sequenceWidth is the half-width in standard errors: eq. 9 two-sided, eq. 134 one-sided.
func sequenceWidth(n float64, o Options) float64 {
	rho := sequenceRho(o)
	t := n*rho*rho + 1
	log := math.Log(math.Sqrt(t) / o.Alpha)
	if o.Side != TwoSided {
		log = math.Log1p(math.Sqrt(t) / (2 * o.Alpha))
	}
	return math.Sqrt(n * 2 * t * log / (n * n * rho * rho))
}

// sequenceP is the smallest alpha whose sequence excludes the null, at the same rho: in closed form, where gbstats searches to 1e-4 one-sided
// and stops at 0.4999.
func sequenceP(z, n float64, o Options) float64 {
	rho := sequenceRho(o)
	t := n*rho*rho + 1
	half := z * z * n * rho * rho / (2 * t)
	if o.Side == TwoSided {
		return math.Min(1, math.Sqrt(t)*math.Exp(-half))
	}
	if z <= 0 {
		return 1
	}
	return math.Min(1, math.Sqrt(t)/(2*math.Expm1(half)))
}
