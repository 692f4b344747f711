package abtest

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Plan says what an experiment of two arms should be able to find. For more arms plan each against the control, with Tests set.
type Plan struct {
	// Control is what the control arm is expected to be: Value and Var from the past; N is not used. With CUPED give the reduced Var.
	Control Estimate
	// Effect is the smallest effect worth finding, in the terms of Relative. Its sign does not matter.
	Effect   float64
	Relative bool
	Alpha    float64 // default 0.05
	Power    float64 // default 0.8
	OneSided bool
	Share    float64 // of units that go to the treatment, of the two arms' together; default 0.5
	Tests    int     // number of comparisons alpha is divided by; default 1
	// Sequential widens the interval as a confidence sequence does, tightest at Tuning units (default 5000).
	Sequential bool
	Tuning     float64
}

func (p Plan) withDefaults() (Plan, error) {
	p.Alpha = alphaOr(p.Alpha)
	if p.Power == 0 {
		p.Power = 0.8
	}
	if p.Share == 0 {
		p.Share = 0.5
	}
	if p.Tests == 0 {
		p.Tests = 1
	}
	if p.Tuning == 0 {
		p.Tuning = 5000
	}
	p.Effect = math.Abs(p.Effect)
	if p.Relative {
		p.Effect *= math.Abs(p.Control.Value)
	}
	ok := p.Alpha > 0 && p.Alpha < 0.5 && p.Power > p.Alpha && p.Power < 1 && p.Share > 0 && p.Share < 1 && p.Tests > 0 && p.Effect > 0 && p.Control.Var > 0
	if !ok {
		return p, ErrOptions
	}
	return p, nil
}

// powerAt is the power with n units in both arms together. Both arms are taken to vary as the control.
func (p Plan) powerAt(n float64) float64 {
	se := math.Sqrt(p.Control.Var / n * (1/p.Share + 1/(1-p.Share)))
	alpha := p.Alpha / float64(p.Tests)
	if p.Sequential {
		side := TwoSided
		if p.OneSided {
			side = Greater
		}
		c := sequenceWidth(n, Options{Alpha: alpha, Side: side, Tuning: p.Tuning})
		out := normSF(c - p.Effect/se)
		if !p.OneSided {
			out += normSF(c + p.Effect/se)
		}
		return out
	}
	return tPower(p.Effect/se, n-2, alpha, p.OneSided)
}

// tPower is the power of a t-test whose statistic has the noncentrality nc, exactly.
func tPower(nc, df, alpha float64, oneSided bool) float64 {
	if oneSided {
		return 1 - noncentralT(tUpper(alpha, df), df, nc)
	}
	c := tUpper(alpha/2, df)
	return 1 - noncentralT(c, df, nc) + noncentralT(-c, df, nc)
}

// noncentralT is P(T <= t). Beyond 37 the series' first term underflows, and the normal approximation has lost nothing by then.
func noncentralT(t, df, nc float64) float64 {
	if math.Abs(nc) > 37 || df > 1e7 {
		return normCDF((t*(1-1/(4*df)) - nc) / math.Sqrt(1+t*t/(2*df)))
	}
	return clamp01(distuv.NoncentralT{Nu: df, Mu: nc}.CDF(t))
}

// Power is the power of a plan with n units in both arms together.
func Power(p Plan, n float64) (float64, error) {
	p, err := p.withDefaults()
	if err != nil || n <= 2 {
		return 0, ErrOptions
	}
	return p.powerAt(n), nil
}

// maxUnits is where a search ends: more units than any service has.
const maxUnits = 1e12

// SampleSize is the number of units in both arms together that a plan needs, not rounded; infinite beyond 10^12. The effect is worth its share
// of attention: an effect half as large needs four times the units.
func SampleSize(p Plan) (float64, error) {
	p, err := p.withDefaults()
	if err != nil {
		return 0, err
	}
	if p.powerAt(maxUnits) < p.Power {
		return math.Inf(1), nil
	}
	lo, hi := 4.0, 8.0
	for p.powerAt(hi) < p.Power {
		lo, hi = hi, hi*2
	}
	if p.powerAt(lo) >= p.Power {
		return lo, nil
	}
	return bisect(lo, hi, func(n float64) float64 { return p.powerAt(n) - p.Power }), nil
}

// DetectableEffect is the smallest difference that a plan finds with n units in both arms together; p.Effect is not used. Divide by the
// control's value for the lift.
func DetectableEffect(p Plan, n float64) (float64, error) {
	p.Effect, p.Relative = 1, false
	p, err := p.withDefaults()
	if err != nil || n <= 2 {
		return 0, ErrOptions
	}
	at := func(e float64) float64 { p.Effect = e; return p.powerAt(n) - p.Power }
	hi := math.Sqrt(p.Control.Var / n)
	for at(hi) < 0 {
		hi *= 2
	}
	return bisect(0, hi, at), nil
}

// Scaling says, during an experiment, by which multiple of the units so far more units are needed until an effect is found with the wanted
// power, given the standard error so far: 0 when that is so already, infinite beyond 2^27. The prior is the one of the Bayesian view; leave it
// flat otherwise.
func Scaling(se, n, effect, power float64, o Options, prior Prior) (float64, error) {
	o.Alpha = alphaOr(o.Alpha)
	if o.Tuning == 0 {
		o.Tuning = 5000
	}
	effect = math.Abs(effect)
	if !(se > 0) || !(n > 0) || !(effect > 0) || !(power > 0 && power < 1) || !(o.Alpha > 0 && o.Alpha < 0.5) {
		return 0, ErrOptions
	}
	at := func(more float64) float64 {
		return powerSoFar(se/math.Sqrt(1+more), n*(1+more), effect, o, prior) - power
	}
	if at(0) >= 0 {
		return 0, nil
	}
	hi := 1.0
	for at(hi) < 0 {
		if hi *= 2; hi > 1<<27 {
			return math.Inf(1), nil
		}
	}
	return bisect(0, hi, at), nil
}

// DetectableNow is the smallest effect that is found with the wanted power at a standard error and n units, which [Scaling] turns round.
func DetectableNow(se, n, power float64, o Options) (float64, error) {
	o.Alpha = alphaOr(o.Alpha)
	if o.Tuning == 0 {
		o.Tuning = 5000
	}
	if !(se > 0) || !(n > 0) || !(power > o.Alpha && power < 1) || !(o.Alpha > 0 && o.Alpha < 0.5) {
		return 0, ErrOptions
	}
	if o.Look != nil && math.IsInf(o.Look.bound(o.Alpha, o.Side != TwoSided), 1) {
		return math.Inf(1), nil // nothing is spent at this look
	}
	at := func(e float64) float64 { return powerSoFar(se, n, e, o, Prior{}) - power }
	hi := se
	for at(hi) < 0 {
		hi *= 2
	}
	return bisect(0, hi, at), nil
}

// powerSoFar is the chance that an interval of a standard error excludes 0 when the effect is as given.
func powerSoFar(se, n, effect float64, o Options, prior Prior) float64 {
	two := o.Side == TwoSided
	tail := o.Alpha
	if two {
		tail /= 2
	}
	c, shift := normUpper(tail), 0.0
	switch {
	case prior.SD > 0: // the posterior mean must be c posterior deviations from 0
		v, w := se*se, prior.SD*prior.SD
		c *= se * math.Sqrt(1/w+1/v)
		shift = se * prior.Mean / w
	case o.Sequential:
		c = sequenceWidth(n, o)
	case o.Look != nil:
		c = o.Look.bound(o.Alpha, !two)
	}
	p := normSF(c - shift - effect/se)
	if two {
		p += normSF(c + shift + effect/se)
	}
	return p
}
