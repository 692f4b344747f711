package readout

import (
	"context"
	"errors"
	"fmt"
	"math"

	"yingda/analytics"
	"yingda/analytics/abtest"
)

// cupedUnits is how many customers with a past each arm must have before the past is used.
const cupedUnits = 100

// pair is a control and a treatment ready to be compared.
type pair struct {
	a, b  abtest.Estimate
	cuped *Cuped
}

// pairOf reduces two arms, with the time before where it helps. Which is used does not depend on the effect, only on how the past relates.
func (p *Plan) pairOf(m *Metric, a, b armSums) pair {
	plain := pair{a: abtest.Ratio(a.Post), b: abtest.Ratio(b.Post)}
	if m.den == "" { // a number a customer
		plain = pair{a: abtest.Mean(a.Post.Num), b: abtest.Mean(b.Post.Num)}
	}
	if p.Lookback < 0 || !enoughPast(a) || !enoughPast(b) {
		return plain
	}
	var out pair
	var theta float64
	if m.den == "" {
		out.a, out.b, theta = abtest.CUPED(abtest.CupedSums{Post: a.Post.Num, Pre: a.Pre.Num, Cross: a.NumNum}, abtest.CupedSums{Post: b.Post.Num, Pre: b.Pre.Num, Cross: b.NumNum})
	} else {
		out.a, out.b, theta = abtest.CUPEDRatio(a, b)
	}
	before, after := plain.a.Var/plain.a.N+plain.b.Var/plain.b.N, out.a.Var/out.a.N+out.b.Var/out.b.N
	if theta == 0 || !(after > 0) || after >= before {
		return plain
	}
	out.cuped = &Cuped{Theta: theta, Cut: 1 - after/before}
	return out
}

// enoughPast tells whether so many customers had sessions before. Σq²/Σq ≥ 1 for whole numbers, so (Σq)²/Σq² is at most their number.
func enoughPast(s armSums) bool {
	q := s.Pre.Den
	if q.Squares == 0 {
		q = s.Pre.Num
	}
	return q.Squares > 0 && q.Sum*q.Sum/q.Squares >= cupedUnits
}

// compareSums compares all variants with the control.
func (p *Plan) compareSums(m *Metric, ro role, sums map[string]armSums) MetricResult {
	res := MetricResult{Metric: *m, Role: ro.role, Margin: ro.margin}
	for _, arm := range p.Arms {
		s := sums[arm.Name]
		v := ArmValue{Arm: arm.Name, Units: int64(s.Post.Num.N), Num: s.Post.Num.Sum, Den: s.Post.Den.Sum}
		e := abtest.Ratio(s.Post)
		if m.den == "" {
			e = abtest.Mean(s.Post.Num)
		}
		v.set(e, s.Post.Den.Sum > 0, p.Alpha, m)
		res.Arms = append(res.Arms, v)
	}
	for _, arm := range p.Arms[1:] {
		res.Comparisons = append(res.Comparisons, p.compare(m, ro, arm.Name, p.pairOf(m, sums[p.Arms[0].Name], sums[arm.Name])))
	}
	return res
}

// set fills in value and interval. Shares of few customers have an interval that ends at 0 and 1.
func (v *ArmValue) set(e abtest.Estimate, ok bool, alpha float64, m *Metric) {
	if !ok {
		return
	}
	value := e.Value
	v.Value = &value
	if e.N < 2 {
		return
	}
	low, high := abtest.ValueInterval(e, alpha)
	if m.Kind == analytics.Share {
		low, high = math.Max(0, low), math.Min(1, high)
	}
	v.Low, v.High = &low, &high
}

// compareQuantile does the same for quantiles.
func (p *Plan) compareQuantile(ctx context.Context, q Querier, m *Metric, ro role) (MetricResult, error) {
	res := MetricResult{Metric: *m, Role: ro.role, Margin: ro.margin}
	estimates := make([]abtest.Estimate, len(p.Arms))
	for i, arm := range p.Arms {
		e, units, ok, err := p.quantileOf(ctx, q, m, arm.Name)
		if err != nil {
			return res, err
		}
		if !ok {
			e.N = 0 // too few for an interval
		}
		estimates[i] = e
		v := ArmValue{Arm: arm.Name, Units: units, Den: e.N}
		v.set(e, ok, p.Alpha, m)
		res.Arms = append(res.Arms, v)
	}
	for i, arm := range p.Arms[1:] {
		res.Comparisons = append(res.Comparisons, p.compare(m, ro, arm.Name, pair{a: estimates[0], b: estimates[i+1]}))
	}
	return res, nil
}

// options are how effects are judged: at one look, or valid at all.
func (p *Plan) options(rel abtest.Relative) abtest.Options {
	o := abtest.Options{Alpha: p.Alpha, Relative: rel, Sequential: p.Sequential, Look: p.look}
	if p.Units > 0 {
		o.Tuning = float64(p.Units)
	}
	return o
}

func (p *Plan) method() string {
	if p.Sequential {
		return "confidence sequence"
	}
	if p.look != nil {
		return "group-sequential"
	}
	return "Welch"
}

// compare compares one variant with the control.
func (p *Plan) compare(m *Metric, ro role, arm string, pr pair) Comparison {
	c := Comparison{Arm: arm, P: 1, PAdjusted: 1, CUPED: pr.cuped}
	diff, err := abtest.Compare(pr.a, pr.b, p.options(abtest.Absolute))
	if err != nil {
		c.Note = noteOf(err)
		return c
	}
	c.tested, c.P, c.PAdjusted = true, diff.P, diff.P
	c.Difference = effectOf(diff, p.method())
	view := diff
	if lift, err := abtest.Compare(pr.a, pr.b, p.options(abtest.Auto)); err == nil && lift.Bounded {
		c.Lift, view = effectOf(lift, p.method()+", "+lift.Relative.String()), lift
	}
	prior := p.Prior
	if c.Lift == nil {
		prior = abtest.Prior{} // it is about lifts
	}
	if b, err := abtest.Posterior(view.Effect, view.SE, prior, m.LowerIsBetter, p.Alpha); err == nil {
		c.Bayes = &Bayes{b.Better, b.Low, b.High, b.RiskTreatment, b.RiskControl, c.Lift != nil}
	}
	if ro.role == GuardrailRole {
		c.Guard = p.guard(m, ro, pr)
	}
	return c
}

// guard judges a guardrail by its relative margin; without one, or where the control is 0, by the difference.
func (p *Plan) guard(m *Metric, ro role, pr pair) *Guard {
	g, err := abtest.NonInferior(pr.a, pr.b, ro.margin, m.LowerIsBetter, p.options(abtest.Auto))
	if err != nil {
		return &Guard{Verdict: abtest.Unclear, Margin: ro.margin, P: 1}
	}
	bound := g.Result.Low
	if m.LowerIsBetter {
		bound = g.Result.High
	}
	return &Guard{Verdict: g.Verdict, Margin: ro.margin, P: g.Result.P, Bound: open(bound)}
}

func noteOf(err error) *analytics.Text {
	switch {
	case errors.Is(err, abtest.ErrFewUnits):
		return &analytics.Text{ZH: "某个分组的客户太少，无法比较。", EN: "A variant has too few customers to compare."}
	case errors.Is(err, abtest.ErrNoVariance):
		return &analytics.Text{ZH: "某个分组的数值全都相同，无法判断偶然性。", EN: "All values of a variant are the same, so nothing can be said about chance."}
	}
	return &analytics.Text{ZH: "无法比较：" + err.Error(), EN: "Cannot be compared: " + err.Error() + "."}
}

// planAhead says what could have been found by now and what is still needed.
func (r *Result) planAhead(sums map[string]armSums) {
	p := &r.Plan
	m := metricOf(p.Primary)
	if len(p.Arms) < 2 {
		return
	}
	pr := p.pairOf(m, sums[p.Arms[0].Name], sums[p.Arms[1].Name])
	diff, err := abtest.Compare(pr.a, pr.b, p.options(abtest.Absolute))
	if err != nil {
		return
	}
	n := pr.a.N + pr.b.N
	o := p.options(abtest.Absolute)
	o.Alpha /= float64(len(p.Arms) - 1)
	out := &PowerSoFar{Units: int64(n)}
	if d, err := abtest.DetectableNow(diff.SE, n, p.Power, o); err == nil {
		out.Detectable = d
		if pr.a.Raw != 0 {
			out.Lift = d / math.Abs(pr.a.Raw)
		}
	}
	if p.Effect > 0 && pr.a.Raw != 0 && p.look == nil {
		more, err := abtest.Scaling(diff.SE, n, p.Effect*math.Abs(pr.a.Raw), p.Power, o, abtest.Prior{})
		switch {
		case err != nil:
		case math.IsInf(more, 1):
			out.More = -1
		default:
			out.More, out.MoreDays = math.Ceil(more*n), more*r.Days
		}
	}
	r.Power = out
}

// allocate says how a bandit would divide customers from now on. It takes the values as they are: the past of customers is left out, so that arms
// that began at different times are treated alike.
func (r *Result) allocate(m *Metric, sums map[string]armSums) error {
	if r.Plan.Bandit == 0 {
		return nil
	}
	var arms []abtest.Estimate
	for _, arm := range r.Plan.Arms {
		e := abtest.Ratio(sums[arm.Name].Post)
		if m.den == "" {
			e = abtest.Mean(sums[arm.Name].Post.Num)
		}
		arms = append(arms, e)
	}
	a, err := abtest.Bandit(arms, abtest.BanditOptions{Floor: r.Plan.Bandit, LowerIsBetter: m.LowerIsBetter})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPlan, err)
	}
	r.Next = &Next{a.Weights, a.Best, a.Ready}
	return nil
}
