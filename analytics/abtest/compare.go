package abtest

import (
	"errors"
	"math"
)

// What can be wrong with a comparison.
var (
	// ErrFewUnits is returned when an arm has fewer than two units.
	ErrFewUnits = errors.New("an arm has fewer than two units")
	// ErrNoVariance is returned when an arm does not vary at all, so that nothing can be said about chance.
	ErrNoVariance = errors.New("an arm does not vary")
	// ErrControlZero is returned when a relative lift is asked for and the control's value is 0. Ask for the difference.
	ErrControlZero = errors.New("the control's value is 0: only a difference can be given")
	// ErrOptions is returned when options are out of range.
	ErrOptions = errors.New("options are out of range")
)

// Side says which effects count against the null hypothesis.
type Side int

// The sides. The zero value is two-sided.
const (
	TwoSided Side = iota
	Greater       // only that the treatment is higher
	Less          // only that it is lower
)

// Relative says how a relative lift gets its interval.
type Relative int

// The ways. The zero value is none: a difference.
const (
	Absolute Relative = iota // the difference of the two values
	// Delta is the delta method, as gbstats: right while the control's value is many standard errors away from 0.
	Delta
	// Fieller inverts the test of B − (1 + lift)·A: right at any control value, and unbounded when the control's may be 0 (E. C. Fieller, 1954).
	Fieller
	// LogRatio is symmetric in log(B/A): for positive values, multiplicative effects and skew.
	LogRatio
	// Auto is Delta while the control's standard error is at most a tenth of its value, Fieller beyond.
	Auto
)

// String names the way, as it is shown beside a result.
func (r Relative) String() string {
	switch r {
	case Absolute:
		return "difference"
	case Delta:
		return "relative, delta method"
	case Fieller:
		return "relative, Fieller"
	case LogRatio:
		return "relative, log ratio"
	}
	return "relative"
}

// Options say how to compare. The zero value is a two-sided Welch test of the difference at 5 %.
type Options struct {
	Alpha    float64  // default 0.05
	Side     Side     // default TwoSided
	Relative Relative // default Absolute
	// Null is the effect under the null hypothesis, default 0; see [NonInferior] for margins.
	Null float64
	// Sequential makes interval and p-value valid at all looks together (a confidence sequence) instead of at one planned look.
	Sequential bool
	// Tuning is the number of units of both arms together at which a confidence sequence is tightest. Default 5000.
	Tuning float64
	// Look makes them valid at the looks of a group-sequential design, of which this is one. Default nil; not together with Sequential.
	Look *Look
}

// Result is a comparison.
type Result struct {
	Effect    float64 // difference or relative lift
	SE        float64 // its standard error
	Low, High float64 // interval at 1 − Alpha; a one-sided one has an infinite end
	P         float64
	DF        float64  // of Welch; infinite for confidence sequences and Fieller's
	Relative  Relative // the way that was used
	// Bounded is false when the control may be 0, so that no lift can be excluded (Fieller). Then show the difference.
	Bounded bool
}

// Significant says whether P is below alpha (default 0.05).
func (r Result) Significant(alpha float64) bool { return r.P < alphaOr(alpha) }

func alphaOr(a float64) float64 {
	if a == 0 {
		return 0.05
	}
	return a
}

// Compare compares a treatment with its control.
//
// The difference is judged by Welch's t with Satterthwaite's degrees of freedom (Biometrika 1947). A relative lift is (B − A)/|A| where A is
// the control's unadjusted value; its interval is as Options.Relative says, with the degrees of freedom of the difference. Note that a
// difference can be significant and the lift not, or the other way round, since the lift carries the control's uncertainty too: choose before.
func Compare(control, treatment Estimate, o Options) (Result, error) {
	o.Alpha = alphaOr(o.Alpha)
	if o.Tuning == 0 {
		o.Tuning = 5000
	}
	if !(o.Alpha > 0 && o.Alpha < 0.5) || !(o.Tuning > 0) || o.Sequential && o.Look != nil {
		return Result{}, ErrOptions
	}
	if control.N < 2 || treatment.N < 2 {
		return Result{}, ErrFewUnits
	}
	if !(control.Var > 0) || !(treatment.Var > 0) {
		return Result{}, ErrNoVariance
	}
	if o.Relative != Absolute && control.Raw == 0 {
		return Result{}, ErrControlZero
	}
	if o.Relative == Auto {
		o.Relative = Delta
		if math.Sqrt(control.RawVar/control.N) > math.Abs(control.Raw)/10 {
			o.Relative = Fieller
		}
	}
	switch o.Relative {
	case Fieller:
		return fieller(control, treatment, o)
	case LogRatio:
		return logRatio(control, treatment, o)
	}
	effect, variance := effect(control, treatment, o.Relative)
	return judge(effect, variance, control.N+treatment.N, satterthwaite(control, treatment), o), nil
}

// ValueInterval is the interval of one arm's value at 1 − alpha, by Student's t.
func ValueInterval(e Estimate, alpha float64) (low, high float64) {
	if e.N < 2 || !(e.Var >= 0) {
		return math.Inf(-1), math.Inf(1)
	}
	h := tUpper(alphaOr(alpha)/2, e.N-1) * e.SE()
	return e.Value - h, e.Value + h
}

// effect returns the difference or the lift with its variance by the delta method.
//
// For an adjusted metric the lift is relative to the unadjusted control, whose part in the numerator is correlated with it; the plain formula
// on adjusted values, which gbstats 0.8.0 has, is wrong by that covariance. The derivative is taken at the ratio B/A of unadjusted values for
// means and at 1 + lift for ratios, as later versions of gbstats do; they differ by what chance made of the time before.
func effect(a, b Estimate, rel Relative) (value, variance float64) {
	value, va, vb := b.Value-a.Value, a.Var/a.N, b.Var/b.N
	if rel == Absolute {
		return value, va + vb
	}
	y := a.Raw
	r := b.Raw / y
	if a.ofRatio {
		r = 1 + value/y
	}
	va = (a.RawVar*r*r - 2*a.Cov*r + a.CovarSq) / a.N
	return value / math.Abs(y), (vb + va) / (y * y)
}

// satterthwaite are the degrees of freedom of the difference.
func satterthwaite(a, b Estimate) float64 {
	va, vb := a.Var/a.N, b.Var/b.N
	return (va + vb) * (va + vb) / (va*va/(a.N-1) + vb*vb/(b.N-1))
}

// judge makes the result of an effect with a variance, from n units.
func judge(effect, variance, n, df float64, o Options) Result {
	r := Result{Effect: effect, SE: math.Sqrt(variance), DF: df, Relative: o.Relative, Bounded: true}
	if o.Sequential {
		r.DF = math.Inf(1)
		sequence(&r, n, o)
		return r
	}
	if o.Look != nil {
		atLook(&r, o)
		return r
	}
	z := (effect - o.Null) / r.SE
	switch o.Side {
	case TwoSided:
		r.P = 2 * tSF(math.Abs(z), df)
		h := tUpper(o.Alpha/2, df) * r.SE
		r.Low, r.High = effect-h, effect+h
	case Greater:
		r.P = tSF(z, df)
		r.Low, r.High = effect-tUpper(o.Alpha, df)*r.SE, math.Inf(1)
	case Less:
		r.P = tSF(-z, df)
		r.Low, r.High = math.Inf(-1), effect+tUpper(o.Alpha, df)*r.SE
	}
	return r
}
