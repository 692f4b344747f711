package retrain

import (
	"context"
	"fmt"
	"strings"

	"yingda/models"
)

// CanaryName is the file of the step "canary".
const CanaryName = "canary.json"

// CanaryPlan says how the new bundle is tried on customers.
type CanaryPlan struct {
	Share float64 `json:"share"` // of the customers that the challenger serves, over 0 to 0.5; default 0.05
	// Metric decides, by the names of the server's read-out; default "containment". Guardrails must not get worse; default "resolved" and "csat", which
	// need customers who say and rate: without them nothing is known, and nothing is promoted. Empty but not nil = none.
	Metric     string   `json:"metric,omitempty"`
	Guardrails []string `json:"guardrails"`
	Effect     float64  `json:"effect,omitempty"` // relative difference of the metric that is worth finding; default 0.05
	Margin     float64  `json:"margin,omitempty"` // relative loss of a guardrail that is accepted; default 0.05
	Days       int      `json:"days,omitempty"`   // at least; default 3; -1 = as soon as the numbers suffice
	Skip       bool     `json:"skip,omitempty"`   // no canary: the run ends with a challenger
}

func (p CanaryPlan) defaults() CanaryPlan {
	if !(p.Share > 0) {
		p.Share = 0.05
	}
	if p.Days == 0 {
		p.Days = 3
	}
	if p.Metric == "" {
		p.Metric = "containment"
	}
	if p.Guardrails == nil {
		p.Guardrails = []string{"resolved", "csat"}
	}
	if !(p.Effect > 0) {
		p.Effect = 0.05
	}
	if !(p.Margin > 0) {
		p.Margin = 0.05
	}
	return p
}

// Trial is an experiment of two bundles.
type Trial struct {
	Name       string          `json:"name"`
	Champion   models.BundleID `json:"champion"`
	Challenger models.BundleID `json:"challenger"`
	CanaryPlan
}

// Verdict is what an experiment's read-out says of the challenger. The zero value is invalid.
type Verdict string

// The verdicts.
const (
	Wait  Verdict = "wait"  // too early, or no customers yet
	Allow Verdict = "allow" // it is better, or not worse within the margin, and no guardrail is hurt
	Stop  Verdict = "stop"  // it is worse, a guardrail is hurt, or the counts cannot be trusted
)

// Reading is a look at a running trial.
type Reading struct {
	Verdict Verdict        `json:"verdict"`
	Why     string         `json:"why"` // in words, as the read-out says them
	Figures map[string]any `json:"figures,omitempty"`
}

// Canary runs trials on a server.
type Canary interface {
	// Start begins a trial, or finds the one of that name.
	Start(ctx context.Context, t Trial) error
	// Read looks at the results.
	Read(ctx context.Context, name string) (Reading, error)
	// End stops it.
	End(ctx context.Context, name, why string) error
}

// canaryFile is what the step keeps.
type canaryFile struct {
	Trial   Trial   `json:"trial"`
	Reading Reading `json:"reading"`
}

// trialName is that of the run's experiment.
func (r *Run) trialName() string { return "retrain-" + strings.ToLower(r.f.state.ID) }

// canary is the seventh step.
func (r *Run) canary(ctx context.Context) (outcome, error) {
	t, _, _, err := r.trained()
	if err != nil {
		return outcome{}, err
	}
	plan := r.f.state.Plan
	c := canaryFile{Trial: Trial{Name: r.trialName(), Champion: t.Champion, Challenger: t.Bundle, CanaryPlan: plan.Canary}}
	switch {
	case plan.Canary.Skip:
		return outcome{status: Done, note: "left out, as asked: 'yingda promote' gives the next role"}, nil
	case r.o.Canary == nil:
		return outcome{status: Waiting, note: fmt.Sprintf("no server was named: go on with 'yingda retrain resume --server URL', which starts the experiment %s "+
			"with %g %% of the customers for each of %s and %s, or without one by 'yingda promote %s'", c.Trial.Name, 100*plan.Canary.Share, t.Champion, t.Bundle, t.Bundle)}, nil
	}
	if err := r.o.Canary.Start(ctx, c.Trial); err != nil {
		return outcome{}, err
	}
	if c.Reading, err = r.o.Canary.Read(ctx, c.Trial.Name); err != nil {
		return outcome{}, err
	}
	data, err := indented(&c)
	if err != nil {
		return outcome{}, err
	}
	if err := r.f.write(CanaryName, data); err != nil {
		return outcome{}, err
	}
	out := outcome{outputs: []string{CanaryName}, note: c.Reading.Why}
	switch c.Reading.Verdict {
	case Allow:
		out.status = Done
	case Wait:
		out.status = Waiting
	case Stop:
		out.status = Refused
		err = r.o.Canary.End(ctx, c.Trial.Name, "the read-out speaks against the challenger: "+c.Reading.Why)
	default:
		err = fmt.Errorf("the read-out of %s has the verdict %q, which is none", c.Trial.Name, c.Reading.Verdict)
	}
	return out, err
}

// promote is the last step. The canary is the stronger form of what a shadow tells, so the bundle passes through that role.
func (r *Run) promote(ctx context.Context) (outcome, error) {
	t, _, _, err := r.trained()
	if err != nil {
		return outcome{}, err
	}
	if r.f.state.Plan.Canary.Skip {
		return outcome{status: Done, note: fmt.Sprintf("%s stays challenger until 'yingda promote %s' gives it the next role", t.Bundle, t.Bundle)}, nil
	}
	var c canaryFile
	if err := r.f.read(CanaryName, &c); err != nil {
		return outcome{}, err
	}
	if c.Reading.Verdict != Allow || c.Trial.Challenger != t.Bundle {
		return outcome{}, fmt.Errorf("%s does not allow %s", CanaryName, t.Bundle)
	}
	figures := map[string]any{"canary": c.Trial.Name, "why": c.Reading.Why, "run": r.f.state.ID, "figures": c.Reading.Figures}
	for {
		state, err := r.o.Store.State()
		if err != nil {
			return outcome{}, err
		}
		role := state.RoleOf(t.Bundle)
		if role == models.Champion {
			break
		}
		if _, err := r.o.Store.Promote(models.Promotion{Bundle: t.Bundle, To: models.NextRole(role), Against: t.Champion, Figures: figures}); err != nil {
			return outcome{}, err
		}
	}
	if r.o.Canary != nil {
		if err := r.o.Canary.End(ctx, c.Trial.Name, string(t.Bundle)+" is the champion"); err != nil {
			return outcome{}, err
		}
	}
	return outcome{status: Done, note: fmt.Sprintf("%s is the champion in place of %s; 'yingda bundle rollback' goes back", t.Bundle, t.Champion)}, nil
}
