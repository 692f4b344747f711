package readout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/analytics/abtest"
	"yingda/dialogue/experiment"
)

// What can be wrong with a plan.
var (
	// ErrPlan is returned when a plan cannot be followed; the text says why.
	ErrPlan = errors.New("the plan of the experiment cannot be followed")
	// ErrNoData is returned when there is no exposure and no definition either: there is no such experiment.
	ErrNoData = errors.New("there is no such experiment")
)

// Arm is a variant with its planned share.
type Arm struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
}

// Guardrail is a metric that must not get worse by more than a margin.
type Guardrail struct {
	Metric string  `json:"metric"`
	Margin float64 `json:"margin"` // relative to the control, e.g. 0.02; 0 = not worse at all
}

// Phase is a time during which weights stayed as they were.
type Phase struct {
	Since   time.Time `json:"since"`
	Weights []float64 `json:"weights"` // by arm
}

// Plan is what is to be judged. The zero value of a field means its default.
type Plan struct {
	Tenant string    `json:"tenant"`
	Name   string    `json:"name"`
	From   time.Time `json:"from"` // of the first exposure that counts
	To     time.Time `json:"to"`   // sessions that begin before it count; results have the last exposure where that was earlier
	// Arms are the variants, the control first. Default: those that were seen, in order of name ("control" first), of the same weight.
	Arms   []Arm   `json:"arms"`
	Phases []Phase `json:"phases,omitempty"` // when weights changed; default: never

	Primary    string      `json:"primary"` // default containment
	Secondary  []string    `json:"secondary,omitempty"`
	Guardrails []Guardrail `json:"guardrails,omitempty"`

	Alpha      float64 `json:"alpha"`                // default 0.05
	Power      float64 `json:"power"`                // default 0.8
	Effect     float64 `json:"effect,omitempty"`     // least lift worth finding, relative; 0 = not said
	Units      int     `json:"units,omitempty"`      // customers planned; 0 = not said
	Days       int     `json:"days,omitempty"`       // least duration; default 7, so that every weekday counts; negative = none
	Sequential bool    `json:"sequential,omitempty"` // valid at every look; else one look, when it is over
	// Looks are those of a group-sequential plan, as shares of Units, rising; Spending is how alpha is spent over them: obrien-fleming (default) or pocock.
	Looks      []float64         `json:"looks,omitempty"`
	Spending   string            `json:"spending,omitempty"`
	Running    bool              `json:"running"`          // it goes on after To
	Correction abtest.Correction `json:"correction"`       // of secondary metrics; default bh
	Lookback   int               `json:"lookback"`         // days before the first exposure for CUPED; default 14, negative = none
	Window     time.Duration     `json:"window,omitempty"` // sessions count for so long after the first exposure; default: until To
	Prior      abtest.Prior      `json:"prior,omitzero"`   // of lifts, for the Bayesian view; default flat
	Cuts       []string          `json:"cuts,omitempty"`   // dimensions to look into: channel, lang, tier
	ShowBroken bool              `json:"show_broken,omitempty"`
	Bandit     float64           `json:"bandit,omitempty"` // least share of an arm of a bandit; 0 = weights are people's

	Assumed bool         `json:"assumed,omitempty"` // no definition was found: arms were taken from the data, by name, and the metric is the default
	look    *abtest.Look // that is being judged
}

// FromExperiment is the plan of a defined experiment, as of now.
func FromExperiment(e *experiment.Experiment, now time.Time) Plan {
	p := Plan{Tenant: e.Tenant, Name: e.Name, From: e.Started, To: e.Ended, Running: e.State == experiment.Running || e.State == experiment.Paused}
	if p.To.IsZero() || p.To.After(now) {
		p.To = now
	}
	for i, w := range e.Weights() {
		p.Arms = append(p.Arms, Arm{e.Variants[i].Name, w})
	}
	for _, ph := range e.Phases {
		if len(p.Phases) > 0 && slices.Equal(p.Phases[len(p.Phases)-1].Weights, ph.Weights) || ph.Since.After(p.To) {
			continue // only the coverage changed, or it is still to come
		}
		p.Phases = append(p.Phases, Phase{ph.Since, ph.Weights})
	}
	if n := len(p.Phases); n > 0 {
		for i, w := range p.Phases[n-1].Weights {
			p.Arms[i].Weight = w
		}
	}
	if e.Bandit != nil {
		p.Bandit = e.Bandit.Floor
		if p.Bandit == 0 { // as the definition's default
			p.Bandit = min(0.05, 0.5/float64(len(p.Arms)))
		}
	}
	if e.Plan == nil {
		return p
	}
	pl := e.Plan
	p.Primary, p.Secondary, p.Alpha, p.Power, p.Effect = pl.Metric, pl.Secondary, pl.Alpha, pl.Power, pl.Effect
	p.Units, p.Days, p.Sequential = pl.Units, pl.Days, pl.Sequential
	if pl.Looks != nil {
		p.Looks, p.Spending = pl.Looks.Times(), pl.Looks.Spending
	}
	for _, g := range pl.Guardrails {
		p.Guardrails = append(p.Guardrails, Guardrail{g, pl.Margin})
	}
	return p
}

// withDefaults checks a plan and fills in what was not said.
func (p Plan) withDefaults() (Plan, error) {
	if p.Primary == "" {
		p.Primary = "containment"
	}
	if p.Alpha == 0 {
		p.Alpha = 0.05
	}
	if p.Power == 0 {
		p.Power = 0.8
	}
	if p.Days == 0 {
		p.Days = 7
	}
	if p.Correction == "" {
		p.Correction = abtest.BH
	}
	if p.Lookback == 0 {
		p.Lookback = 14
	}
	return p, p.check()
}

func (p *Plan) check() error {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if p.Tenant == "" || p.Name == "" {
		fault("tenant and name are required")
	}
	if !p.From.Before(p.To) {
		fault("from %s is not before to %s", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))
	}
	if !(p.Alpha > 0 && p.Alpha < 0.5) || !(p.Power > p.Alpha && p.Power < 1) {
		fault("alpha %v and power %v are out of range", p.Alpha, p.Power)
	}
	p.checkLooks(fault)
	names := append([]string{p.Primary}, p.Secondary...)
	for _, g := range p.Guardrails {
		names = append(names, g.Metric)
		if !(g.Margin >= 0 && g.Margin < 1) {
			fault("the margin %v of %s is not within 0–1", g.Margin, g.Metric)
		}
	}
	for _, n := range names {
		if !Known(n) {
			fault("there is no metric %q", n)
		}
	}
	for _, c := range p.Cuts {
		if !slices.Contains(cuts, c) {
			fault("there is no cut by %q: %s", c, strings.Join(cuts, ", "))
		}
	}
	if !(p.Bandit >= 0) || p.Bandit*float64(len(p.Arms)) > 1+1e-9 {
		fault("the least share %v of a bandit leaves nothing to %d arms", p.Bandit, len(p.Arms))
	}
	if !slices.Contains(abtest.Corrections, p.Correction) {
		fault("there is no correction %q", p.Correction)
	}
	for _, ph := range p.Phases {
		if len(ph.Weights) != len(p.Arms) {
			fault("the phase of %s has %d weights for %d arms", ph.Since.Format(time.RFC3339), len(ph.Weights), len(p.Arms))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %s", ErrPlan, strings.Join(faults, "; "))
	}
	return nil
}

// roles lists the metrics to be computed, each once, in order.
func (p *Plan) roles() []role {
	out := []role{{p.Primary, Primary, 0}}
	add := func(r role) {
		if !slices.ContainsFunc(out, func(o role) bool { return o.metric == r.metric && o.role == r.role }) {
			out = append(out, r)
		}
	}
	for _, g := range p.Guardrails {
		add(role{g.Metric, GuardrailRole, g.Margin})
	}
	for _, s := range p.Secondary {
		if s != p.Primary {
			add(role{s, Secondary, 0})
		}
	}
	return out
}

type role struct {
	metric string
	role   Role
	margin float64
}

// Role is what a metric is there for.
type Role string

// The roles.
const (
	Primary       Role = "primary"   // decides
	GuardrailRole Role = "guardrail" // must not get worse
	Secondary     Role = "secondary" // is looked at, corrected for how many there are
)
