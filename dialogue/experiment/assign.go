package experiment

import (
	"slices"
	"time"

	"yingda/dialogue"
)

// plan is a running experiment made ready for assignments. It never changes.
type plan struct {
	e      *Experiment
	phases []allocation
	arms   []dialogue.Arm // by variant
}

// allocation is who gets what in a phase.
type allocation struct {
	since  time.Time
	ranges []Range
	moved  bool // somebody who had a variant in an earlier phase would have another or none
}

func newPlan(e *Experiment) *plan {
	p := &plan{e: e}
	for _, ph := range e.Phases {
		a := allocation{since: ph.Since, ranges: Ranges(len(e.Variants), ph.Coverage, ph.Weights)}
		for _, earlier := range p.phases {
			for i, r := range earlier.ranges {
				now := a.ranges[i]
				a.moved = a.moved || r.From < r.To && (r.From < now.From || r.To > now.To)
			}
		}
		p.phases = append(p.phases, a)
	}
	policy, bundles := e.ChangesPolicy(), e.ChangesBundle()
	for i := range e.Variants {
		v := &e.Variants[i]
		arm := dialogue.Arm{Experiment: e.Name, Variant: v.Name, Policy: policy, Bundles: bundles, Bundle: v.Bundle}
		for j := range e.Variants {
			if o := &e.Variants[j]; j != i && o.Weight != nil && *o.Weight > 0 {
				arm.Others = append(arm.Others, o.Name)
			}
		}
		p.arms = append(p.arms, arm)
	}
	return p
}

// now returns the allocation in force, nil before the first.
func (p *plan) now(now time.Time) *allocation {
	for i := len(p.phases) - 1; i >= 0; i-- {
		if !now.Before(p.phases[i].since) {
			return &p.phases[i]
		}
	}
	return nil
}

// admits tells whether the subject may take part, whatever the coverage.
func (p *plan) admits(s *Subject) bool {
	t, n := &p.e.Target, p.e.Namespace
	in := func(want []string, is string) bool { return len(want) == 0 || slices.Contains(want, is) }
	return in(t.Channel, s.Channel) && in(t.Lang, s.Lang) && in(t.Tier, s.Tier) && (n == nil || InNamespace(s.Customer, n.Name, n.From, n.To))
}

// variant returns the position of the subject's variant by hash, -1 if there is none.
func (p *plan) variant(a *allocation, s *Subject) int {
	return Choose(Bucket(p.e.Salt, s.Customer), a.ranges)
}

// pinned returns the position of the variant that the customer is pinned to, -1 if there is none or nobody is to have it any more.
func (p *plan) pinned(pins map[string]string) int {
	name, ok := pins[p.e.Name]
	if !ok {
		return -1
	}
	return slices.IndexFunc(p.e.Variants, func(v Variant) bool { return v.Name == name && v.Weight != nil && *v.Weight > 0 })
}

// Assign returns the variant of a subject in an experiment as it stands at a time, "" if it has none. pin is the variant in which the customer was
// exposed before, "" if none. It is pure; [Service.Assign] does the same for all running experiments.
func Assign(e *Experiment, s Subject, pin string, now time.Time) string {
	if e.State != Running {
		return ""
	}
	p := newPlan(e)
	if i := p.assign(&s, now, func() map[string]string { return map[string]string{e.Name: pin} }); i >= 0 {
		return e.Variants[i].Name
	}
	return ""
}

// assign returns the position of the subject's variant, -1 if it has none. pins is asked only where it matters.
func (p *plan) assign(s *Subject, now time.Time, pins func() map[string]string) int {
	a := p.now(now)
	if a == nil || !p.admits(s) {
		return -1
	}
	if a.moved && *p.e.Sticky {
		if i := p.pinned(pins()); i >= 0 {
			return i
		}
	}
	return p.variant(a, s)
}
