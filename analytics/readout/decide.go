package readout

import (
	"math"

	"yingda/analytics"
	"yingda/analytics/abtest"
)

// Verdict is what may be concluded.
type Verdict string

// The verdicts.
const (
	NoData       Verdict = "no_data"       // nobody, or too few, were exposed
	Broken       Verdict = "broken"        // the split is not what was planned: nothing may be concluded
	Early        Verdict = "early"         // one look was planned and it is not over, or the first of several has not come
	Better       Verdict = "better"        // the primary metric is better and all guardrails are kept
	GuardUnclear Verdict = "guard_unclear" // it is better, or makes no difference, and a guardrail is not known to be kept
	Harm         Verdict = "guard_harmed"  // a guardrail gave way
	Worse        Verdict = "worse"         // the primary metric is worse
	NoDifference Verdict = "no_difference" // an effect worth finding is excluded
	Inconclusive Verdict = "inconclusive"
)

// Decision says what may be concluded.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	Arm     string  `json:"arm,omitempty"` // the variant it is about
	// Text is the conclusion, Reasons what it rests on, Warnings what may not be concluded or stands in the way.
	Text     analytics.Text   `json:"text"`
	Reasons  []analytics.Text `json:"reasons,omitempty"`
	Warnings []analytics.Text `json:"warnings,omitempty"`
}

// decide fills in the decision.
func (r *Result) decide() {
	d := &r.Decision
	r.warn()
	var units int64
	for _, a := range r.Arms {
		units += a.Units
	}
	switch {
	case units == 0 || len(r.Arms) < 2:
		d.Verdict, d.Text = NoData, sayNoData(len(r.Arms))
		return
	case r.Split.Broken:
		d.Verdict, d.Text = Broken, sayBroken(r)
		return
	}
	if len(r.Plan.Looks) > 0 && r.lastLook() == nil {
		d.Verdict, d.Text = Early, r.sayBefore()
		return
	}
	primary := r.primary()
	best := pickArm(primary)
	if best == nil || !best.tested {
		d.Verdict, d.Text = NoData, sayNothing(primary)
		return
	}
	d.Arm = best.Arm
	d.Verdict = r.verdictOf(best, units)
	d.Text = r.say(d.Verdict, best, primary)
	if len(r.Looks) > 0 {
		d.Reasons = append(d.Reasons, r.sayLook())
	}
	d.Reasons = append(d.Reasons, r.sayEffect(best, primary)...)
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Role == GuardrailRole {
			if c := comparisonOf(m, best.Arm); c != nil {
				d.Reasons = append(d.Reasons, sayGuard(m, c))
			}
		}
	}
	if d.Verdict != Better && d.Verdict != Worse && d.Verdict != Harm {
		d.Reasons = append(d.Reasons, r.sayPower(primary)...)
	}
}

func (r *Result) primary() *MetricResult {
	for i := range r.Metrics {
		if r.Metrics[i].Role == Primary {
			return &r.Metrics[i]
		}
	}
	return nil
}

func comparisonOf(m *MetricResult, arm string) *Comparison {
	for i := range m.Comparisons {
		if m.Comparisons[i].Arm == arm {
			return &m.Comparisons[i]
		}
	}
	return nil
}

// pickArm is the variant that the decision is about: the best of those that are better, else the one whose p-value is lowest.
func pickArm(m *MetricResult) *Comparison {
	var pick *Comparison
	gain := func(c *Comparison) float64 {
		if m.Metric.LowerIsBetter {
			return -c.Difference.Value
		}
		return c.Difference.Value
	}
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		switch {
		case pick == nil || !pick.tested:
			pick = c
		case !c.tested:
		case c.Better && (!pick.Better || gain(c) > gain(pick)), !pick.Better && c.P < pick.P:
			pick = c
		}
	}
	return pick
}

// verdictOf judges the chosen variant.
func (r *Result) verdictOf(c *Comparison, units int64) Verdict {
	if r.early(units) {
		return Early
	}
	v := r.judge(c)
	if p := &r.Plan; p.Running && r.Days < float64(p.Days) && (v == Better || v == NoDifference) {
		return Early // harm is reason enough to stop at any time, success is not before all weekdays were seen
	}
	return v
}

// judge is the verdict on effects and guardrails alone.
func (r *Result) judge(c *Comparison) Verdict {
	guard := r.guards(c.Arm)
	switch {
	case guard == abtest.Harmed:
		return Harm
	case c.Worse:
		return Worse
	case c.Better && guard == abtest.Kept:
		return Better
	case c.Better:
		return GuardUnclear
	case !r.excludes(c):
		return Inconclusive
	case guard == abtest.Kept:
		return NoDifference
	}
	return GuardUnclear
}

// early tells whether one look was planned and its time has not come: the planned customers are not there, or not all weekdays were seen.
func (r *Result) early(units int64) bool {
	p := &r.Plan
	if p.Sequential || len(p.Looks) > 0 {
		return false
	}
	if p.Units > 0 {
		return units < int64(p.Units) && p.Running
	}
	return p.Running && (r.Days < float64(p.Days) || r.Power != nil && r.Power.More != 0)
}

// guards sums the guardrails of a variant up: one that gave way is enough, and all must be kept.
func (r *Result) guards(arm string) abtest.Verdict {
	sum := abtest.Kept
	for i := range r.Metrics {
		m := &r.Metrics[i]
		if m.Role != GuardrailRole {
			continue
		}
		c := comparisonOf(m, arm)
		if c == nil || c.Guard == nil {
			sum = abtest.Unclear
			continue
		}
		switch c.Guard.Verdict {
		case abtest.Harmed:
			return abtest.Harmed
		case abtest.Unclear:
			sum = abtest.Unclear
		}
	}
	return sum
}

// excludes tells whether the interval lies within the effect worth finding, on both sides.
func (r *Result) excludes(c *Comparison) bool {
	if r.Plan.Effect <= 0 || c.Lift == nil || c.Lift.Low == nil || c.Lift.High == nil {
		return false
	}
	return math.Max(-*c.Lift.Low, *c.Lift.High) < r.Plan.Effect
}
