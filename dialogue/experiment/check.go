package experiment

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"yingda/dialogue/policy"
	"yingda/dialogue/script"
)

// Fault is something of a definition that does not fit the robot it is for.
type Fault struct {
	Field  string // e.g. "variants[1].settings"
	Reason string // what is wrong and what to do
}

// Error says which thing is wrong, where, and what to do.
func (f *Fault) Error() string { return f.Field + ": " + f.Reason }

// Place returns the parts of the fault, for those who cannot name the type: the server shows them one by one.
func (f *Fault) Place() (file string, line int, field, reason string) {
	return "", 0, f.Field, f.Reason
}

// Robot is what an experiment is held against before it starts. A nil field is not looked at.
type Robot struct {
	// Policy tells what is wrong with a change of the policy.
	Policy func(policy.Change) error
	// Choices tells what the script of a key leaves to which experiment, as [script.Library.Choices].
	Choices func(key string) (experiment string, choices []script.Choice, ok bool)
	// Bundle tells why a bundle, by id or role, cannot answer.
	Bundle func(name string) error
}

// Fits tells what of a definition the robot does not have. The error joins a [*Fault] for each.
func (d *Definition) Fits(r Robot) error {
	var faults []error
	addf := func(field, format string, args ...any) {
		faults = append(faults, &Fault{field, fmt.Sprintf(format, args...)})
	}
	for i, v := range d.Variants {
		if c := v.change(); r.Policy != nil && v.ChangesPolicy() {
			if err := r.Policy(c); err != nil {
				addf(fmt.Sprintf("variants[%d]", i), "%s does not fit the policy: %v", v.Name, err)
			}
		}
		if v.Bundle != "" && r.Bundle != nil {
			if err := r.Bundle(v.Bundle); err != nil {
				addf(fmt.Sprintf("variants[%d].bundle", i), "%v; load it into a role first (yingda bundle activate)", err)
			}
		}
	}
	for i, key := range d.Scripts {
		if r.Choices == nil {
			break
		}
		experiment, choices, ok := r.Choices(key)
		field := fmt.Sprintf("scripts[%d]", i)
		switch {
		case !ok:
			addf(field, "there is no script %s", key)
		case experiment != d.Name:
			addf(field, "the script %s names the experiment %q; publish it with experiment: %s first", key, experiment, d.Name)
		default:
			for _, c := range choices {
				d.fitsChoice(key, c, func(format string, args ...any) { addf(field, format, args...) })
			}
		}
	}
	return errors.Join(faults...)
}

// fitsChoice checks the texts of a language: each variant has one, and only the control's is also for those who take no part.
func (d *Definition) fitsChoice(key string, c script.Choice, addf func(string, ...any)) {
	var missing, loose []string
	for i, v := range d.Variants {
		if !slices.Contains(c.Variants, v.Name) {
			missing = append(missing, v.Name)
		}
		if i > 0 && slices.Contains(c.Others, v.Name) {
			loose = append(loose, v.Name)
		}
	}
	if len(missing) > 0 {
		addf("the script %s has no %s text with the id %s", key, c.Lang, strings.Join(missing, ", "))
	}
	if len(loose) > 0 {
		addf("the %s text %s of the script %s is also said to customers who take no part; give it weight: 0", c.Lang, strings.Join(loose, ", "), key)
	}
}

// ChangesPolicy tells whether the variant changes how the robot decides.
func (v *Variant) ChangesPolicy() bool { return len(v.Settings) > 0 || v.Tasks != "" }

func (v *Variant) change() policy.Change { return policy.Change{Settings: v.Settings, Tasks: v.Tasks} }

// Change tells what a variant changes of the policy, whatever the experiment's state: a replay asks for those that are over too. It is the
// [policy.Changes] of a service.
func (s *Service) Change(tenant, experiment, variant string) (policy.Change, bool) {
	e := s.Find(tenant, experiment)
	if e == nil {
		return policy.Change{}, false
	}
	v := e.Variant(variant)
	if v == nil || !v.ChangesPolicy() {
		return policy.Change{}, false
	}
	return v.change(), true
}
