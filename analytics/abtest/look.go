package abtest

import (
	"fmt"
	"math"
	"sync"
)

// Look is one of the looks of a group-sequential design, for [Options].Look: a comparison at it has the repeated confidence interval and the repeated
// p-value of Jennison and Turnbull (JRSS B 1989). The least p-value of the looks so far is at most alpha with probability alpha when there is no effect,
// so p-values of several comparisons at a look can be adjusted as others are. It is safe for concurrent use.
//
// Bounds are for normal statistics. A comparison's statistic is Student's, so its own p-value is held against the level of the bound, not its t against
// z: at looks with few units more would be stopped than was planned (Jennison and Turnbull, Group Sequential Methods, 2000, 3.8).
type Look struct {
	times []float64 // of this look and those before
	spend Spending

	mu     sync.Mutex
	bounds map[bound]float64
}

type bound struct {
	alpha    float64
	oneSided bool
}

// NewLook returns the k-th look of a design, from 0; its Alpha and OneSided are not used, the comparison's are.
func NewLook(d Design, k int) (*Look, error) {
	if k < 0 || k >= len(d.Times) {
		return nil, fmt.Errorf("%w: look %d of %d", ErrOptions, k+1, len(d.Times))
	}
	if d.Spend == nil {
		d.Spend = OBrienFleming
	}
	d.Times, d.Alpha, d.OneSided = d.Times[:k+1], 0, false
	if _, err := d.Bounds(); err != nil {
		return nil, err
	}
	return &Look{times: d.Times, spend: d.Spend, bounds: map[bound]float64{}}, nil
}

// Level is the p-value, on the comparison's side or sides, from which on a comparison at this look is significant at alpha.
func (l *Look) Level(alpha float64, oneSided bool) float64 {
	p := normSF(l.bound(alphaOr(alpha), oneSided))
	if !oneSided {
		p *= 2
	}
	return p
}

// bound is the z of this look.
func (l *Look) bound(alpha float64, oneSided bool) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := bound{alpha, oneSided}
	z, known := l.bounds[key]
	if !known {
		b, err := Design{Times: l.times, Alpha: alpha, OneSided: oneSided, Spend: l.spend}.Bounds()
		z = math.Inf(1) // an alpha for which the spending function makes no sense is never crossed
		if err == nil {
			z = b.Z[len(b.Z)-1]
		}
		l.bounds[key] = z
	}
	return z
}

// critical is the half-width of the interval in standard errors, for df degrees of freedom.
func (l *Look) critical(alpha, df float64, oneSided bool) float64 {
	z := l.bound(alpha, oneSided)
	if math.IsInf(z, 1) {
		return z
	}
	return tUpper(normSF(z), df)
}

// Levels between which repeated p-values are looked for: bounds are found for less than a half.
const (
	leastLevel = 1e-15
	mostLevel  = 0.499
)

// repeated turns the p-value of a fixed test, on the comparison's side or sides, into the repeated one: the least alpha whose bound at this look is
// crossed. 1 from a half on.
func (l *Look) repeated(p float64, oneSided bool) float64 {
	tail := p
	if !oneSided {
		tail /= 2
	}
	z := normUpper(tail)
	over := func(log float64) float64 { return l.fresh(math.Exp(log), oneSided) - z } // falls with alpha
	lo, hi := math.Log(leastLevel), math.Log(mostLevel)
	flo, fhi := over(lo), over(hi)
	switch {
	case !(fhi < 0):
		return 1
	case flo <= 0:
		return leastLevel
	}
	// Regula falsi with the Illinois step: z falls nearly straight with log alpha, in places.
	side := 0
	for range 100 {
		at := lo + (hi-lo)/2
		if !math.IsInf(flo, 0) {
			at = (lo*fhi - hi*flo) / (fhi - flo)
		}
		f := over(at)
		if math.Abs(f) < 1e-12 || hi-lo < 1e-12 {
			return math.Exp(at)
		}
		if f > 0 {
			lo, flo = at, f
			if side > 0 {
				fhi /= 2
			}
			side = 1
		} else {
			hi, fhi = at, f
			if side < 0 {
				flo /= 2
			}
			side = -1
		}
	}
	return math.Exp(hi)
}

// fresh is bound without keeping it: a search tries many.
func (l *Look) fresh(alpha float64, oneSided bool) float64 {
	b, err := Design{Times: l.times, Alpha: alpha, OneSided: oneSided, Spend: l.spend}.Bounds()
	if err != nil {
		return math.Inf(1)
	}
	return b.Z[len(b.Z)-1]
}

// atLook fills in interval and p-value of a comparison at a look.
func atLook(r *Result, o Options) {
	one := o.Side != TwoSided
	z := (r.Effect - o.Null) / r.SE
	h := o.Look.critical(o.Alpha, r.DF, one) * r.SE
	r.Low, r.High = r.Effect-h, r.Effect+h
	switch o.Side {
	case TwoSided:
		r.P = o.Look.repeated(2*tSF(math.Abs(z), r.DF), false)
	case Greater:
		r.High, r.P = math.Inf(1), o.Look.repeated(tSF(z, r.DF), true)
	case Less:
		r.Low, r.P = math.Inf(-1), o.Look.repeated(tSF(-z, r.DF), true)
	}
}
