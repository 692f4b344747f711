package readout

import (
	"context"
	"fmt"
	"strings"
	"time"

	"yingda/analytics/abtest"
)

// Run asks the warehouse for the results of a plan. Errors: ErrPlan, ErrNoData, and what the querier returns.
func Run(ctx context.Context, q Querier, p Plan) (*Result, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := p.arrive(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(p.Arms) == 0 {
		for _, name := range a.variants() {
			p.Arms = append(p.Arms, Arm{name, 1})
		}
		p.Assumed = true
		if len(p.Arms) == 0 {
			return nil, fmt.Errorf("%w: %q has no definition and no customer was exposed to it between %s and %s",
				ErrNoData, p.Name, p.From.Format("2006-01-02 15:04"), p.To.Format("2006-01-02 15:04"))
		}
	}
	// After the last exposure of anybody nobody is treated any more: sessions that began later would only dilute what there was.
	if end := a.last.Add(time.Microsecond); !a.last.IsZero() && end.Before(p.To) {
		p.To = end
	}
	r := &Result{Plan: p, Through: q.Through()}
	if len(p.Looks) > 0 {
		if err := r.takeLooks(a); err != nil {
			return nil, err
		}
		p.To = r.Plan.To
	}
	if len(a.hours) > 0 {
		end := p.To
		if r.Through.Before(end) {
			end = r.Through
		}
		r.Days = max(0, end.Sub(a.hours[0].hour).Hours()/24)
	}
	if err := r.checkSplit(a); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if waits := len(p.Looks) > 0 && r.lastLook() == nil; !waits && (!r.Split.Broken || p.ShowBroken) {
		if err := r.measure(ctx, q); err != nil {
			return nil, err
		}
	}
	r.decide()
	return r, nil
}

// measure fills in metrics, power and cuts.
func (r *Result) measure(ctx context.Context, q Querier) error {
	p := &r.Plan
	roles := p.roles()
	bySource := map[source][]*Metric{}
	for _, ro := range roles {
		if m := metricOf(ro.metric); m.quantile == 0 {
			bySource[m.source] = append(bySource[m.source], m)
		}
	}
	sums := map[string]map[string]armSums{} // by metric and variant
	for src, ms := range bySource {
		got, err := p.sums(ctx, q, src, ms, "")
		if err != nil {
			return err
		}
		for variant, list := range got[""] {
			for i, m := range ms {
				if sums[m.Name] == nil {
					sums[m.Name] = map[string]armSums{}
				}
				sums[m.Name][variant] = list[i]
			}
		}
	}
	for _, ro := range roles {
		m := metricOf(ro.metric)
		var res MetricResult
		var err error
		if m.quantile > 0 {
			res, err = p.compareQuantile(ctx, q, m, ro)
		} else {
			res = p.compareSums(m, ro, sums[m.Name])
		}
		if err != nil {
			return err
		}
		r.Metrics = append(r.Metrics, res)
	}
	if err := r.lookBack(ctx, q); err != nil {
		return err
	}
	if err := r.correct(); err != nil {
		return err
	}
	if m := metricOf(p.Primary); m.quantile == 0 {
		r.planAhead(sums[p.Primary])
		if err := r.allocate(m, sums[p.Primary]); err != nil {
			return err
		}
	}
	return r.cut(ctx, q)
}

// correct adjusts p-values: the primary metric's over variants by Holm, the secondary ones' over metrics and variants as the plan says.
// Guardrails are each held on their own: one that gives way is enough to stop.
func (r *Result) correct() error {
	for role, method := range map[Role]abtest.Correction{Primary: abtest.Holm, Secondary: r.Plan.Correction, GuardrailRole: abtest.Uncorrected} {
		var list []*Comparison
		var lower []bool
		for i := range r.Metrics {
			if r.Metrics[i].Role != role {
				continue
			}
			for k := range r.Metrics[i].Comparisons {
				if c := &r.Metrics[i].Comparisons[k]; c.tested {
					list, lower = append(list, c), append(lower, r.Metrics[i].Metric.LowerIsBetter)
				}
			}
		}
		if err := adjust(list, lower, method, r.Plan.Alpha); err != nil {
			return err
		}
	}
	return nil
}

// adjust fills in adjusted p-values and what they say.
func adjust(list []*Comparison, lower []bool, method abtest.Correction, alpha float64) error {
	ps := make([]float64, len(list))
	for i, c := range list {
		ps[i] = c.P
	}
	adjusted, err := abtest.Adjust(ps, method)
	if err != nil {
		return err
	}
	for i, c := range list {
		c.PAdjusted = adjusted[i]
		if adjusted[i] < alpha && c.Difference.Value != 0 {
			up := c.Difference.Value > 0
			if c.Look > 0 {
				up = c.up
			}
			good := up != lower[i]
			c.Better, c.Worse = good, !good
		}
	}
	return nil
}

// cut looks into dimensions, corrected over all cuts by Holm.
func (r *Result) cut(ctx context.Context, q Querier) error {
	p := &r.Plan
	m := metricOf(p.Primary)
	if m.quantile > 0 {
		return nil
	}
	for _, dimension := range p.Cuts {
		got, err := p.sums(ctx, q, m.source, []*Metric{m}, dimension)
		if err != nil {
			return err
		}
		for _, value := range sortedKeys(got, strings.Compare) {
			if value == "" {
				continue // customers without a session yet
			}
			one := map[string]armSums{}
			var units float64
			for variant, s := range got[value] {
				one[variant] = s[0]
				units += s[0].Post.Num.N
			}
			res := p.compareSums(m, role{m.Name, Secondary, 0}, one)
			for _, c := range res.Comparisons {
				r.Cuts = append(r.Cuts, Cut{Dimension: dimension, Value: value, Units: int64(units), Comparison: c})
			}
		}
	}
	var list []*Comparison
	var lower []bool
	for i := range r.Cuts {
		if c := &r.Cuts[i].Comparison; c.tested {
			list, lower = append(list, c), append(lower, m.LowerIsBetter)
		}
	}
	return adjust(list, lower, abtest.Holm, p.Alpha)
}
