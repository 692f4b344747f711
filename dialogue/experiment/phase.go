package experiment

import (
	"slices"
	"time"
)

// schedule works out the phases from a start on.
func (d *Definition) schedule(start time.Time) []Phase {
	phases := []Phase{{start, *d.Coverage, d.Weights()}}
	for _, s := range d.Ramp {
		phases = append(phases, Phase{start.Add(s.After.Std()), s.Coverage, d.Weights()})
	}
	return phases
}

// Phase returns the one in force, false before the start.
func (e *Experiment) Phase(now time.Time) (Phase, bool) {
	if i := phaseAt(e.Phases, now); i >= 0 {
		return e.Phases[i], true
	}
	return Phase{}, false
}

// phaseAt returns the position of the phase in force, -1 before the first.
func phaseAt(phases []Phase, now time.Time) int {
	i := len(phases) - 1
	for i >= 0 && now.Before(phases[i].Since) {
		i--
	}
	return i
}

// cover sets the coverage from now on; what was scheduled is void, and steps (counted from now) come instead.
func (e *Experiment) cover(now time.Time, coverage float64, steps []Step) {
	e.Coverage, e.Ramp = &coverage, steps
	if e.Started.IsZero() {
		return
	}
	e.Phases = append(past(e.Phases, now), e.schedule(now)...)
}

// weigh sets the weights from now on, also in what is scheduled.
func (e *Experiment) weigh(now time.Time, weights []float64) {
	for i := range e.Variants {
		w := weights[i]
		e.Variants[i].Weight = &w
	}
	if e.Started.IsZero() {
		return
	}
	phases, shares := past(e.Phases, now), e.Weights()
	if at := phaseAt(e.Phases, now); at >= 0 {
		phases = append(phases, Phase{now, e.Phases[at].Coverage, shares})
	}
	for _, p := range e.Phases {
		if p.Since.After(now) {
			phases = append(phases, Phase{p.Since, p.Coverage, shares})
		}
	}
	e.Phases = phases
}

// past returns the phases that have begun. They share nothing with the slice.
func past(phases []Phase, now time.Time) []Phase {
	return slices.DeleteFunc(slices.Clone(phases), func(p Phase) bool { return !p.Since.Before(now) })
}

// resume goes on after a pause: what was scheduled is later by as much as the pause was long, so that nobody finds a step taken that they did not
// see.
func (e *Experiment) resume(now time.Time) {
	phases := slices.Clone(e.Phases)
	for i := range phases {
		if phases[i].Since.After(e.Held) {
			phases[i].Since = phases[i].Since.Add(now.Sub(e.Held))
		}
	}
	e.Phases, e.Held = phases, time.Time{}
}
