package experiment

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
)

// clash tells what two experiments that customers could be in at once both change, "" if nothing.
func clash(a, b *Definition) string {
	if x, y := a.Namespace, b.Namespace; x != nil && y != nil && x.Name == y.Name {
		if x.From < y.To && y.From < x.To {
			return "the same part of the namespace " + x.Name
		}
		return ""
	}
	if a.ChangesBundle() && b.ChangesBundle() {
		return "the bundle"
	}
	tasks, settings := changed(a)
	others, paths := changed(b)
	if tasks && others {
		return "tasks"
	}
	for _, p := range settings {
		for _, q := range paths {
			if p == q || strings.HasPrefix(p, q+".") || strings.HasPrefix(q, p+".") {
				return "the setting " + p
			}
		}
	}
	for _, key := range a.Scripts {
		if slices.Contains(b.Scripts, key) {
			return "the script " + key
		}
	}
	return ""
}

// changed tells whether a definition changes tasks, and which settings.
func changed(d *Definition) (tasks bool, settings []string) {
	for i := range d.Variants {
		tasks = tasks || d.Variants[i].Tasks != ""
		for path := range d.Variants[i].Settings {
			settings = append(settings, path)
		}
	}
	slices.Sort(settings)
	return tasks, slices.Compact(settings)
}

// frozenFields lists what differs of what a started experiment may not change: its results would not be of one experiment.
func frozenFields(a, b *Definition) (out []string) {
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"salt", a.Salt, b.Salt}, {"namespace", a.Namespace, b.Namespace}, {"target", a.Target, b.Target}, {"coverage", a.Coverage, b.Coverage},
		{"ramp", a.Ramp, b.Ramp}, {"sticky", a.Sticky, b.Sticky}, {"variants", plainVariants(a), plainVariants(b)}, {"scripts", a.Scripts, b.Scripts}, {"plan.looks", looksOf(a), looksOf(b)},
	} {
		if !same(f.a, f.b) {
			out = append(out, f.name)
		}
	}
	return out
}

// looksOf are the planned looks, with the customers that they are shares of: to change them after the start would be to choose them by what was seen.
func looksOf(d *Definition) any {
	if d.Plan == nil || d.Plan.Looks == nil {
		return nil
	}
	return struct {
		Looks *Looks
		Units int
		Alpha float64
	}{d.Plan.Looks, d.Plan.Units, d.Plan.Alpha}
}

// plainVariants are the variants with weights as shares: 1 and 1 is the same as 0.5 and 0.5.
func plainVariants(d *Definition) []Variant {
	out, shares := slices.Clone(d.Variants), d.Weights()
	for i := range out {
		w := math.Round(shares[i]*1e9) / 1e9
		out[i].Weight = &w
	}
	return out
}

// same compares as JSON does: numbers of settings may have come as integers or not.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && (string(x) == string(y) || reflect.DeepEqual(a, b))
}
