package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Ramp sets the coverage from now on; steps, counted from now, replace what was scheduled. Customers who were exposed stay in their variants if the
// experiment is sticky. Errors: ErrState, ErrInput, dialogue.ErrConflict.
func (s *Service) Ramp(ctx context.Context, by Edit, coverage float64, steps []Step) (Experiment, error) {
	return s.change(ctx, by, "ramp", func(e *Experiment) error {
		if e.State == Stopped {
			return fmt.Errorf("%w: it is stopped", ErrState)
		}
		if !within(coverage, 0, 1) || len(steps) > maxSteps {
			return fmt.Errorf("%w: a coverage of %v with %d steps; want a share from 0 to 1 and at most %d steps", ErrInput, coverage, len(steps), maxSteps)
		}
		for i, st := range steps {
			if !within(st.Coverage, 0, 1) || st.After <= 0 || i > 0 && st.After <= steps[i-1].After {
				return fmt.Errorf("%w: step %d goes to %v after %s; want shares from 0 to 1 and rising times", ErrInput, i+1, st.Coverage, st.After.Std())
			}
		}
		e.Act = Ramped
		e.cover(s.o.Now().UTC(), coverage, steps)
		return nil
	})
}

// SetWeights sets the weights of all variants from now on, in proportion. Those of a bandit are raised to its floor, and the others lowered in
// proportion. Errors: ErrState, ErrInput, dialogue.ErrConflict.
func (s *Service) SetWeights(ctx context.Context, by Edit, weights map[string]float64) (Experiment, error) {
	return s.change(ctx, by, "weigh", func(e *Experiment) error {
		if e.State == Stopped {
			return fmt.Errorf("%w: it is stopped", ErrState)
		}
		list, sum := make([]float64, len(e.Variants)), 0.0
		for i, v := range e.Variants {
			w, ok := weights[v.Name]
			if !ok || !within(w, 0, 1e6) {
				return fmt.Errorf("%w: the weight of %s is %v; want one for each of %s, numbers from 0 on", ErrInput, v.Name, w, strings.Join(e.Names(), ", "))
			}
			list[i] = w
			sum += w
		}
		if !(sum > 0) || len(weights) != len(list) {
			return fmt.Errorf("%w: want a weight for each of %s and no other, not all 0", ErrInput, strings.Join(e.Names(), ", "))
		}
		for i := range list {
			list[i] /= sum
		}
		if e.Bandit != nil {
			list = Floor(list, e.Bandit.Floor)
		}
		e.Act = Weighted
		e.weigh(s.o.Now().UTC(), list)
		return nil
	})
}

// Floor raises shares below floor to it and lowers the others in proportion, so that each variant goes on being measured. The sum stays 1. floor is at
// most 1/len(shares).
func Floor(shares []float64, floor float64) []float64 {
	out, low := slices.Clone(shares), make([]bool, len(shares))
	for range shares { // lowering may bring another one below
		sum, kept := 0.0, 1.0
		for i := range out {
			if low[i] {
				kept -= floor
			} else {
				sum += shares[i]
			}
		}
		again := false
		for i := range out {
			if low[i] {
				out[i] = floor
				continue
			}
			if out[i] = shares[i] * kept / sum; out[i] < floor {
				low[i], again = true, true
			}
		}
		if !again {
			break
		}
	}
	return out
}
