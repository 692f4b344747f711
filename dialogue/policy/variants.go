package policy

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"yingda/dialogue"
)

// Change is what a variant of an experiment changes of a policy.
type Change struct {
	Settings map[string]any // by path, as [Settings.With] takes them
	Tasks    string         // a file of tasks, as [task.Set.With] takes it; empty = none
}

// Changes tells what a variant of an experiment changes; false when it changes nothing of the policy. It must be quick.
type Changes func(tenant, experiment, variant string) (Change, bool)

// Variants decides by the policy of the variants that the customer has. Without any it is the policy that it was made of. Policies are built when they
// are first needed and kept. It is safe for concurrent use.
type Variants struct {
	plain   *Policy
	changes Changes
	log     *slog.Logger

	mu   sync.Mutex
	made map[string]*Policy // by the variants' names; one that cannot be built is the plain one
}

// maxVariants bounds how many combinations of variants are kept.
const maxVariants = 1024

var _ dialogue.Policy = (*Variants)(nil)

// NewVariants makes a policy that experiments change. log takes what cannot be built; nil = slog.Default().
func NewVariants(plain *Policy, changes Changes, log *slog.Logger) *Variants {
	if log == nil {
		log = slog.Default()
	}
	return &Variants{plain: plain, changes: changes, log: log, made: map[string]*Policy{}}
}

// Decide implements [dialogue.Policy].
func (v *Variants) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	return v.of(t.Message.Tenant, t.Variants).Decide(ctx, t)
}

// Check tells what is wrong with a change.
func (v *Variants) Check(c Change) error {
	_, err := v.plain.with(c)
	return err
}

// of returns the policy for a customer's variants.
func (v *Variants) of(tenant string, variants map[string]string) *Policy {
	if len(variants) == 0 {
		return v.plain
	}
	var key strings.Builder
	var apply []Change
	for _, experiment := range slices.Sorted(maps.Keys(variants)) {
		if c, ok := v.changes(tenant, experiment, variants[experiment]); ok {
			fmt.Fprintf(&key, "%s/%s=%s\n", tenant, experiment, variants[experiment])
			apply = append(apply, c)
		}
	}
	if len(apply) == 0 {
		return v.plain
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.made[key.String()]; p != nil {
		return p
	}
	p, err := v.plain, error(nil)
	for _, c := range apply {
		if p, err = p.with(c); err != nil {
			v.log.Error("a variant's policy cannot be built; for its customers it is decided as without it", "variants", strings.TrimSpace(key.String()), "error", err)
			p = v.plain
			break
		}
	}
	if len(v.made) >= maxVariants {
		v.made = map[string]*Policy{}
	}
	v.made[key.String()] = p
	return p
}

// with returns the policy with a change.
func (p *Policy) with(c Change) (*Policy, error) {
	o := p.o
	var err error
	if len(c.Settings) > 0 {
		if o.Settings, err = o.Settings.With(c.Settings); err != nil {
			return nil, err
		}
	}
	if c.Tasks != "" {
		if o.Tasks, err = o.Tasks.With("tasks", []byte(c.Tasks)); err != nil {
			return nil, err
		}
	}
	return New(o)
}
