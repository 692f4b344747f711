package abtest

import "math"

// fieller inverts the test of N − L·|A| = 0 where N is the (adjusted) difference and A the unadjusted control: both vary and depend on each
// other. With c the critical value, all L with (N − L·D)² <= c²·(vN − 2L·vND + L²·vD) are in the interval.
func fieller(a, b Estimate, o Options) (Result, error) {
	d := math.Abs(a.Raw)
	sign := a.Raw / d
	n := b.Value - a.Value
	vn, vd := b.Var/b.N+a.Var/a.N, a.RawVar/a.N
	vnd := -sign * (a.RawVar - a.Cov) / a.N
	// The variance of N − L·D at a lift, and the result of judging one.
	variance := func(l float64) float64 { return vn - 2*l*vnd + l*l*vd }
	units := a.N + b.N
	df := satterthwaite(a, b)

	at := judge(n-o.Null*d, variance(o.Null), units, df, Options{Alpha: o.Alpha, Side: o.Side, Sequential: o.Sequential, Tuning: o.Tuning, Look: o.Look})
	r := Result{Effect: n / d, SE: math.Sqrt(variance(n/d)) / d, P: at.P, DF: at.DF, Relative: Fieller, Bounded: true}
	c := critical(units, df, o)
	qa, qb, qc := d*d-c*c*vd, n*d-c*c*vnd, n*n-c*c*vn
	if qa <= 0 { // the control may be 0: no lift is excluded, or only those between two ends
		r.Low, r.High, r.Bounded = math.Inf(-1), math.Inf(1), false
		return r, nil
	}
	root := math.Sqrt(math.Max(0, qb*qb-qa*qc))
	r.Low, r.High = (qb-root)/qa, (qb+root)/qa
	if o.Side == Greater {
		r.High = math.Inf(1)
	} else if o.Side == Less {
		r.Low = math.Inf(-1)
	}
	return r, nil
}

// critical is the half-width of the interval in standard errors.
func critical(units, df float64, o Options) float64 {
	if o.Sequential {
		return sequenceWidth(units, o)
	}
	if o.Look != nil {
		return o.Look.critical(o.Alpha, df, o.Side != TwoSided)
	}
	if o.Side == TwoSided {
		return tUpper(o.Alpha/2, df)
	}
	return tUpper(o.Alpha, df)
}

// logRatio is symmetric in the logarithm of the ratio of the two values, which must be positive.
func logRatio(a, b Estimate, o Options) (Result, error) {
	if a.Raw <= 0 || b.Raw <= 0 || 1+(b.Value-a.Value)/a.Raw <= 0 || 1+o.Null <= 0 {
		return Result{}, ErrOptions
	}
	lift, variance := effect(a, b, Delta)
	k := 1 + lift
	log := o
	log.Relative, log.Null = LogRatio, math.Log(1+o.Null)
	r := judge(math.Log(k), variance/(k*k), a.N+b.N, satterthwaite(a, b), log)
	r.Effect, r.SE = lift, math.Sqrt(variance)
	r.Low, r.High = math.Expm1(r.Low), math.Expm1(r.High)
	return r, nil
}
