package standard

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"yingda/dialogue/policy"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
)

// check reports what does not fit together: names in one file that another should have.
func (p *Pack) check() error {
	decides, err := policy.New(policy.Options{Tasks: p.Tasks, Settings: p.Settings})
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range decides.Queues() {
		if p.Routing.Queue(name) == nil {
			faults = append(faults, fmt.Errorf("queue %q, which policy.yaml or a task hands over to, is not in routing.yaml", name))
		}
	}
	needs := needsOf(p.Tasks.Keys(), decides.Keys(), routing.Keys())
	faults = append(faults, p.Scripts.Check(needs))
	p.Scripts = p.Scripts.Offering(needs)
	return errors.Join(faults...)
}

// needsOf lists what the scripts must be able to say. A key that several parts say offers the variables of each.
func needsOf(parts ...map[string][]string) []script.Need {
	all := map[string][]string{}
	for _, keys := range parts {
		for key, slots := range keys {
			all[key] = append(all[key], slots...)
		}
	}
	var needs []script.Need
	for _, key := range slices.Sorted(maps.Keys(all)) {
		needs = append(needs, script.Need{Key: key, Vars: all[key]})
	}
	return needs
}

// Calls lists the calls of the operator's systems that the tasks make, by name.
func (p *Pack) Calls() []string {
	var names []string
	for _, t := range p.Tasks.Tasks() {
		if t.Lookup != nil {
			names = append(names, t.Lookup.Name)
		}
		if t.Call != nil {
			names = append(names, t.Call.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
