package experiment

import (
	"context"
	"fmt"
)

// The variants of a canary.
const (
	Champion   = "champion"
	Challenger = "challenger"
)

// Canary is a trial of a new bundle on a part of the customers. Beside the part that the challenger serves, one of the same size is served by the
// champion and counted with it: the two are compared, the rest of the customers takes no part. So the share can be stepped up, to a half, without
// moving anybody.
type Canary struct {
	Name       string
	Note       string
	Champion   string  // bundle id or role; default "champion", whichever that is
	Challenger string  // bundle id or role; required
	Share      float64 // of the customers that the challenger serves, over 0 to 0.5
	Target     Target
	Plan       *Plan
}

// Definition returns the canary as an experiment.
func (c Canary) Definition() (Definition, error) {
	if c.Challenger == "" || !(c.Share > 0 && c.Share <= 0.5) {
		return Definition{}, fmt.Errorf("canary %s: %w: challenger %q at a share of %v; want a bundle and a share over 0 to 0.5", c.Name, ErrInput, c.Challenger, c.Share)
	}
	if c.Champion == "" {
		c.Champion = Champion
	}
	if c.Note == "" {
		c.Note = "canary of " + c.Challenger
	}
	coverage := 2 * c.Share
	d := Definition{
		Name: c.Name, Note: c.Note, Target: c.Target, Plan: c.Plan, Coverage: &coverage,
		Variants: []Variant{{Name: Champion, Bundle: c.Champion}, {Name: Challenger, Bundle: c.Challenger}},
	}
	d.fill()
	return d, nil
}

// StartCanary writes a canary down and starts it. by.Name and by.Revision are not used. Errors: those of Save and Start.
func (s *Service) StartCanary(ctx context.Context, by Edit, c Canary) (Experiment, error) {
	d, err := c.Definition()
	if err != nil {
		return Experiment{}, err
	}
	by.Name, by.Revision = c.Name, 0
	e, err := s.Save(ctx, by, d)
	if err != nil {
		return e, err
	}
	by.Revision = e.Revision
	return s.Start(ctx, by)
}

// StepCanary lets the challenger serve another share of the customers, over 0 to 0.5. More keeps everybody where they are. Errors: those of Ramp.
func (s *Service) StepCanary(ctx context.Context, by Edit, share float64) (Experiment, error) {
	if !(share > 0 && share <= 0.5) {
		return Experiment{}, fmt.Errorf("step canary %s: %w: a share of %v; want over 0 to 0.5", by.Name, ErrInput, share)
	}
	return s.Ramp(ctx, by, 2*share, nil)
}

// Share is the part of all customers that a variant serves by its weight and the coverage now in force; 0 for one that does not run.
func (e *Experiment) Share(variant string, p Phase) float64 {
	for i, v := range e.Variants {
		if v.Name == variant && e.State == Running {
			return p.Coverage * p.Weights[i] * e.part()
		}
	}
	return 0
}

// part is the part of the customers that the namespace leaves.
func (e *Experiment) part() float64 {
	if e.Namespace == nil {
		return 1
	}
	return e.Namespace.To - e.Namespace.From
}
