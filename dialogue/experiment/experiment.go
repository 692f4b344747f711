package experiment

import "time"

// State is where an experiment is in its life. The zero value is none.
type State string

// The states. Draft → running ⇄ paused → stopped. Only in running does anybody get a variant.
const (
	Draft   State = "draft"   // may be changed in everything
	Running State = "running" // may be changed in coverage and weights
	Paused  State = "paused"  // as if it were not there; goes on with the same customers in the same variants
	Stopped State = "stopped" // for good
)

// Definition is an experiment as people write it: a YAML or JSON file, see docs/analytics/experiments.md.
type Definition struct {
	// Name is unique in the tenant: 1–64 of a–z, 0–9, _, - and ., beginning with a letter or digit.
	Name string `json:"name" yaml:"name"`
	// Note says what is to be found out.
	Note string `json:"note,omitempty" yaml:"note"`
	// Salt is what the buckets depend on besides the customer. Default: Name. Give a new one to draw new groups.
	Salt string `json:"salt" yaml:"salt"`
	// Namespace makes it exclude others. Default: it meets all.
	Namespace *Namespace `json:"namespace,omitempty" yaml:"namespace"`
	// Target says who may take part; all that is given must hold. Default: everybody.
	Target Target `json:"target,omitzero" yaml:"target"`
	// Coverage is the share of customers who take part, 0–1. Default 1. With Ramp it is that of the beginning.
	Coverage *float64 `json:"coverage" yaml:"coverage"`
	// Ramp changes the coverage by itself, counted from the start; later steps last.
	Ramp []Step `json:"ramp,omitempty" yaml:"ramp"`
	// Sticky keeps customers who were exposed in their variant when coverage or weights change. Default true. It costs one small document a
	// customer.
	Sticky *bool `json:"sticky" yaml:"sticky"`
	// Variants are the arms, at least two; the first is the control, that the others are compared with.
	Variants []Variant `json:"variants" yaml:"variants"`
	// Scripts are the keys of the scripts whose texts the variants choose. They are checked before the start.
	Scripts []string `json:"scripts,omitempty" yaml:"scripts"`
	// Bandit lets weights be set by results. Default: weights are people's.
	Bandit *Bandit `json:"bandit,omitempty" yaml:"bandit"`
	// Plan is what is to be judged, fixed before the start. The readout reads it.
	Plan *Plan `json:"plan,omitempty" yaml:"plan"`
}

// Namespace is a set of customers that experiments divide among themselves.
type Namespace struct {
	Name string `json:"name" yaml:"name"`
	// From and To are the part [From, To) of the customers, 0–1. Running experiments of a namespace may not overlap.
	From float64 `json:"from" yaml:"from"`
	To   float64 `json:"to" yaml:"to"`
}

// Target says who may take part. An empty list means everybody; the value "" stands for "not known".
type Target struct {
	Channel []string `json:"channel,omitempty" yaml:"channel"`
	Lang    []string `json:"lang,omitempty" yaml:"lang"` // zh, en
	Tier    []string `json:"tier,omitempty" yaml:"tier"`
}

// Step is one step of a ramp.
type Step struct {
	After    Duration `json:"after" yaml:"after"`       // since the start, e.g. 24h, 3d
	Coverage float64  `json:"coverage" yaml:"coverage"` // 0–1
}

// Variant is an arm. One that changes nothing is the robot as it is, or only chooses among a script's texts.
type Variant struct {
	Name string `json:"name" yaml:"name"`
	// Weight is its part in proportion to the others'. Default: all the same. 0 = gets nobody.
	Weight *float64 `json:"weight" yaml:"weight"`
	// Settings of the policy by path, e.g. understanding.accept: 0.4. See policy.yaml.
	Settings map[string]any `json:"settings,omitempty" yaml:"settings"`
	// Tasks is a file of tasks (YAML) that replaces those that serve the same intents.
	Tasks string `json:"tasks,omitempty" yaml:"tasks"`
	// Bundle is a bundle id or a role (champion, challenger) that understands the messages.
	Bundle string `json:"bundle,omitempty" yaml:"bundle"`
}

// Bandit lets weights be set by results.
type Bandit struct {
	// Floor is the least weight of a variant, over 0 and up to 1/variants. Default 0.05, or half of the equal share where that is less.
	Floor float64 `json:"floor" yaml:"floor"`
	// Apply is how often the running service asks for the results and sets the weights by itself, see [Service.Steer]. Default: never; people set them.
	Apply Duration `json:"apply,omitzero" yaml:"apply"`
}

// Plan is what is to be judged.
type Plan struct {
	Metric     string   `json:"metric" yaml:"metric"`                   // the one that decides
	Guardrails []string `json:"guardrails,omitempty" yaml:"guardrails"` // that must not get worse
	Secondary  []string `json:"secondary,omitempty" yaml:"secondary"`   // looked at with correction
	Alpha      float64  `json:"alpha,omitempty" yaml:"alpha"`           // default 0.05
	Power      float64  `json:"power,omitempty" yaml:"power"`           // default 0.8
	Effect     float64  `json:"effect,omitempty" yaml:"effect"`         // least effect worth finding, relative, e.g. 0.05; 0 = not said
	Margin     float64  `json:"margin,omitempty" yaml:"margin"`         // of guardrails: relative loss that is accepted; 0 = none
	Units      int      `json:"units,omitempty" yaml:"units"`           // customers planned, all variants together; 0 = not said
	Days       int      `json:"days,omitempty" yaml:"days"`             // least duration; 0 = 7, so that every weekday counts; -1 = none
	Sequential bool     `json:"sequential,omitempty" yaml:"sequential"` // looked at all the time, not once at the end
	Looks      *Looks   `json:"looks,omitempty" yaml:"looks"`           // looked at some times, planned ahead; needs Units
}

// Looks are those of a group-sequential test: so many, at so many customers.
type Looks struct {
	Number int       `json:"number,omitempty" yaml:"number"` // evenly spaced, 2 to 20; or
	At     []float64 `json:"at,omitempty" yaml:"at"`         // shares of the planned customers, rising, the last is 1
	// Spending says how the chance of a false alarm is spent over the looks: obrien-fleming, the default, spends little early and so leaves the last
	// look nearly as it would be alone; pocock spends evenly and stops earlier.
	Spending string `json:"spending,omitempty" yaml:"spending"`
}

// The ways of spending.
const (
	OBrienFleming = "obrien-fleming"
	Pocock        = "pocock"
)

// Times are the looks as shares of the planned customers.
func (l *Looks) Times() []float64 {
	if len(l.At) > 0 {
		return l.At
	}
	times := make([]float64, l.Number)
	for k := range times {
		times[k] = float64(k+1) / float64(l.Number)
	}
	return times
}

// Phase is a time during which weights and coverage stayed as they were.
type Phase struct {
	Since    time.Time `json:"since"`
	Coverage float64   `json:"coverage"`
	Weights  []float64 `json:"weights"` // by variant, sum 1
}

// Experiment is a definition with what has become of it.
type Experiment struct {
	Tenant string `json:"tenant"`
	Definition
	State   State     `json:"state"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// Phases are the times with different weights or coverage since the start, oldest first; a ramp's steps are worked out, those to come too.
	// Counts of customers are to be expected by them.
	Phases []Phase `json:"phases,omitempty"`
	// Held is when it was paused.
	Held time.Time `json:"held,omitzero"`

	Revision uint64    `json:"revision"` // for the next change
	Time     time.Time `json:"time,omitzero"`
	By       string    `json:"by,omitempty"` // who did the latest act
	Act      Act       `json:"act,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why
}

// Act is what was done to an experiment.
type Act string

// The acts.
const (
	Saved    Act = "saved"   // the definition was written
	Started  Act = "started" // also after a pause
	Held     Act = "paused"
	Ended    Act = "stopped"
	Ramped   Act = "ramped"   // the coverage was set
	Weighted Act = "weighted" // the weights were set, by a person or by a bandit
)

// Exposure is that a customer met a variant where it mattered.
type Exposure struct {
	Tenant     string
	Customer   string // as the channel knows them
	Experiment string
	Variant    string
}

// Subject is whom a variant is asked for.
type Subject struct {
	Tenant   string
	Customer string
	Channel  string
	Lang     string // "" = not known yet
	Tier     string
}

// Names lists the variants in order.
func (d *Definition) Names() []string {
	names := make([]string, len(d.Variants))
	for i := range d.Variants {
		names[i] = d.Variants[i].Name
	}
	return names
}

// Variant returns the variant of that name, nil if there is none.
func (d *Definition) Variant(name string) *Variant {
	for i := range d.Variants {
		if d.Variants[i].Name == name {
			return &d.Variants[i]
		}
	}
	return nil
}

// Control is the variant that the others are compared with.
func (d *Definition) Control() string { return d.Variants[0].Name }

// Weights returns the shares of the variants, sum 1.
func (d *Definition) Weights() []float64 {
	out, sum := make([]float64, len(d.Variants)), 0.0
	for i := range d.Variants {
		out[i] = 1
		if w := d.Variants[i].Weight; w != nil {
			out[i] = *w
		}
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// ChangesPolicy tells whether a variant changes how the robot decides.
func (d *Definition) ChangesPolicy() bool {
	for i := range d.Variants {
		if d.Variants[i].ChangesPolicy() {
			return true
		}
	}
	return false
}

// ChangesBundle tells whether a variant changes who understands.
func (d *Definition) ChangesBundle() bool {
	for i := range d.Variants {
		if d.Variants[i].Bundle != "" {
			return true
		}
	}
	return false
}
