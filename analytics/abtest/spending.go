package abtest

import (
	"fmt"
	"math"
)

// Spending says how much of alpha may be spent by the time that a share t of the planned information is there (Lan and DeMets, Biometrika 1983).
// It rises from 0 at t = 0 to alpha at t = 1.
type Spending func(alpha, t float64) float64

// OBrienFleming spends almost nothing early: the last look is hardly stricter than a fixed test. The default.
func OBrienFleming(alpha, t float64) float64 {
	if t <= 0 {
		return 0
	}
	return 2 * normSF(normUpper(alpha/2)/math.Sqrt(math.Min(1, t)))
}

// Pocock spends evenly, so that early stops are easier and the last look is stricter.
func Pocock(alpha, t float64) float64 { return alpha * math.Log1p((math.E-1)*math.Min(1, t)) }

// PowerFamily spends alpha·t^rho; rho 1 is even, 3 is close to O'Brien and Fleming.
func PowerFamily(rho float64) Spending {
	return func(alpha, t float64) float64 { return alpha * math.Pow(math.Min(1, t), rho) }
}

// HwangShihDeCani spends alpha·(1 − e^(−γt))/(1 − e^(−γ)); −4 is close to O'Brien and Fleming, 1 to Pocock.
func HwangShihDeCani(gamma float64) Spending {
	return func(alpha, t float64) float64 {
		if gamma == 0 {
			return alpha * math.Min(1, t)
		}
		return alpha * math.Expm1(-gamma*math.Min(1, t)) / math.Expm1(-gamma)
	}
}

// Design is a group-sequential test: looks at chosen times, each with its bound, together at level Alpha. It finds effects with fewer units than
// a confidence sequence when the number of units can be foreseen and data come in batches.
type Design struct {
	// Times of the looks as shares of the planned information (units, for means), rising, 0 < t <= 1. They need not be evenly spaced, and those
	// still to come may be left out: bounds depend on the looks so far only.
	Times    []float64
	Alpha    float64 // default 0.05
	OneSided bool    // stops only when the treatment is higher
	Spend    Spending
}

// Bounds are the bounds of a design.
type Bounds struct {
	Times    []float64
	Z        []float64 // of each look: stop when the statistic is beyond it (two-sided: its absolute value)
	Spent    []float64 // alpha spent by each look, all sides
	OneSided bool
}

// Bounds integrates the joint distribution of the looks (Armitage, McPherson and Rowe, JRSS A 1969): the score is a normal random walk, its
// density after a look that did not stop is carried to the next one by Gauss–Legendre quadrature.
func (d Design) Bounds() (Bounds, error) {
	d.Alpha = alphaOr(d.Alpha)
	if d.Spend == nil {
		d.Spend = OBrienFleming
	}
	if len(d.Times) == 0 || !(d.Alpha > 0 && d.Alpha < 0.5) {
		return Bounds{}, fmt.Errorf("%w: %d looks, alpha %v", ErrOptions, len(d.Times), d.Alpha)
	}
	side := d.Alpha
	if !d.OneSided {
		side /= 2
	}
	b := Bounds{Times: d.Times, OneSided: d.OneSided}
	w := newWalk(d.OneSided, 0)
	var last, before float64
	for _, t := range d.Times {
		if !(t > before && t <= 1) {
			return Bounds{}, fmt.Errorf("%w: looks at %v must rise and end at 1 or before", ErrOptions, d.Times)
		}
		spent := d.Spend(side, t)
		if !(spent >= last) || spent > side*(1+1e-12) {
			return Bounds{}, fmt.Errorf("%w: spending of %v at %v", ErrOptions, spent, t)
		}
		z := w.bound(t, spent-last)
		w.step(t, z)
		total := spent
		if !d.OneSided {
			total *= 2
		}
		b.Z, b.Spent = append(b.Z, z), append(b.Spent, total)
		last, before = spent, t
	}
	return b, nil
}

// Cross is the probability of having stopped by each look, on the upper side, when the statistic's mean at full information is drift.
func (b Bounds) Cross(drift float64) []float64 {
	w := newWalk(b.OneSided, drift)
	out := make([]float64, len(b.Z))
	var sum float64
	for k, z := range b.Z {
		sum += w.cross(b.Times[k], z)
		out[k] = sum
		w.step(b.Times[k], z)
	}
	return out
}

// Drift is the drift at which the test stops on the upper side with a probability by its last look.
func (b Bounds) Drift(power float64) float64 {
	return bisect(0, 20, func(d float64) float64 { p := b.Cross(d); return p[len(p)-1] - power })
}

// Inflation is how many times the units of a fixed test the design needs at most for the same power; on average it needs fewer.
func (b Bounds) Inflation(power float64) float64 {
	alpha := b.Spent[len(b.Spent)-1]
	if !b.OneSided {
		alpha /= 2
	}
	fixed := normUpper(alpha) + normUpper(1-power)
	d := b.Drift(power)
	return d * d / (fixed * fixed)
}

// Interval is the repeated confidence interval of look k (from 0): valid together with those of the other looks (Jennison and Turnbull 1989).
func (b Bounds) Interval(k int, effect, se float64) (low, high float64) {
	h := b.Z[k] * se
	if b.OneSided {
		return effect - h, math.Inf(1)
	}
	return effect - h, effect + h
}
