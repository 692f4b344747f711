package abtest

// Verdict is what is known about a guardrail.
type Verdict string

// The verdicts.
const (
	Kept    Verdict = "kept"    // worse by more than the margin is excluded
	Harmed  Verdict = "harmed"  // better than the margin allows is excluded
	Unclear Verdict = "unclear" // neither, yet
)

// Guard is a check that a treatment does no more harm than a margin allows.
type Guard struct {
	Verdict Verdict
	// Result is the comparison with a one-sided interval: for metrics of which more is better, the lowest effect that is not excluded.
	Result Result
	Margin float64
}

// NonInferior checks that a treatment is worse than its control by less than a margin (>= 0, in the terms of o.Relative), one-sided at o.Alpha.
// With margin 0 it is a plain one-sided check for harm: kept then means proven better or equal, and unclear is the rule when nothing changes,
// so guardrails should have a margin. o.Side and o.Null are set here.
func NonInferior(control, treatment Estimate, margin float64, lowerIsBetter bool, o Options) (Guard, error) {
	if !(margin >= 0) {
		return Guard{}, ErrOptions
	}
	keep, harm := o, o
	keep.Side, keep.Null, harm.Side, harm.Null = Greater, -margin, Less, -margin
	if lowerIsBetter {
		keep.Side, keep.Null, harm.Side, harm.Null = Less, margin, Greater, margin
	}
	r, err := Compare(control, treatment, keep)
	if err != nil {
		return Guard{}, err
	}
	g := Guard{Unclear, r, margin}
	bad, err := Compare(control, treatment, harm)
	if err != nil {
		return Guard{}, err
	}
	if alpha := alphaOr(o.Alpha); r.P < alpha {
		g.Verdict = Kept
	} else if bad.P < alpha {
		g.Verdict = Harmed
	}
	return g, nil
}
