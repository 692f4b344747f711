package engine

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"

	"yingda/dialogue"
	"yingda/dialogue/experiment"
	"yingda/nlu"
)

// assign asks for the customer's variants and returns the bundle that one of them wants, "" if none does.
func (w *work) assign(ctx context.Context, t *dialogue.Tracker, m dialogue.Message, turn *dialogue.Turn) (bundle string) {
	w.arms = nil
	if w.e.o.Experiments == nil {
		return ""
	}
	// The language is known for sure only after the message was parsed, and who parses it may be a variant.
	lang := cmp.Or(t.Lang, m.Lang, turn.Profile.Lang, nlu.Detect(m.Text))
	w.arms = w.e.o.Experiments.Assign(ctx, experiment.Subject{Tenant: m.Tenant, Customer: m.Customer, Channel: m.Channel, Lang: string(lang), Tier: turn.Profile.Tier})
	for _, a := range w.arms {
		if turn.Variants == nil {
			turn.Variants = map[string]string{}
		}
		turn.Variants[a.Experiment] = a.Variant
		bundle = cmp.Or(bundle, a.Bundle)
	}
	return bundle
}

// Comparer is a policy that knows how to decide one turn several ways for less than each by itself.
type Comparer interface {
	// Together returns a policy for one turn, which decides as this one.
	Together() dialogue.Policy
	// Alike tells whether customers with these variants are decided for by the same policy.
	Alike(tenant string, a, b map[string]string) bool
}

// decider is the policy for this try: one that shares work where the turn is decided with other variants too.
func (w *work) decider() dialogue.Policy {
	if c, ok := w.e.o.Policy.(Comparer); ok && slices.ContainsFunc(w.arms, func(a dialogue.Arm) bool { return a.Policy && len(a.Others) > 0 }) {
		return c.Together()
	}
	return w.e.o.Policy
}

// otherwise tells with which experiments the turn is another one than with another of their variants: those that the message was understood with, and
// those with which it would be decided otherwise. The result is by experiment, nil when there are none.
//
// It depends on what is common to all variants only, not on which one the customer has: else more customers of one variant would be counted than
// of another. So every decision is compared with every other by the first one that differs, and a call of a system that only some variants make is a
// difference in all of them.
func (w *work) otherwise(ctx context.Context, t dialogue.Turn, d dialogue.Decision) map[string]string {
	var matters map[string]string
	for _, a := range w.arms {
		if a.Bundles && w.parsed != nil && !w.missing || a.Policy && w.decidesOtherwise(ctx, t, a, d) {
			matters = mark(matters, a)
		}
	}
	return matters
}

func mark(matters map[string]string, a dialogue.Arm) map[string]string {
	if matters == nil {
		matters = map[string]string{}
	}
	matters[a.Experiment] = a.Variant
	return matters
}

// decidesOtherwise has the turn decided with the other variants of an experiment. Nothing is called: what the turn has called is answered as it was.
func (w *work) decidesOtherwise(ctx context.Context, t dialogue.Turn, a dialogue.Arm, d dialogue.Decision) bool {
	if t.Tracker.Owner.Kind == dialogue.OwnerAgent {
		return false // nothing is decided
	}
	for _, other := range a.Others {
		calls := &recalled{from: &w.calls, asked: map[int]bool{}}
		alt := t
		alt.Calls, alt.Variants = calls, with(t.Variants, a.Experiment, other)
		if c, ok := w.e.o.Policy.(Comparer); ok && c.Alike(t.Message.Tenant, t.Variants, alt.Variants) {
			continue
		}
		got, err := w.policy.Decide(ctx, alt)
		if err != nil || calls.unknown || !maps.Equal(calls.asked, w.calls.asked) || !sameDecision(d, got) {
			return true
		}
	}
	return false
}

// sameDecision compares two decisions but for the sentence that explains them. What is remembered counts: it makes later turns differ.
func sameDecision(a, b dialogue.Decision) bool {
	a.Why, b.Why = "", ""
	return reflect.DeepEqual(a, b)
}

// with returns the variants with one of them changed.
func with(variants map[string]string, experiment, variant string) map[string]string {
	out := maps.Clone(variants)
	out[experiment] = variant
	return out
}

// compareWords adds to matters the experiments with another variant of which other words would be said.
func (w *work) compareWords(t dialogue.Turn, d dialogue.Decision, replies []dialogue.Reply, matters map[string]string) map[string]string {
	say := w.e.o.Scripts.Render
	if q, ok := w.e.o.Scripts.(Quiet); ok {
		say = q.Quiet
	}
	said := recent(t.Tracker)
	for _, a := range w.arms {
		if _, known := matters[a.Experiment]; known {
			continue
		}
	replies:
		for i := range replies {
			ask := wording(t, d, i, said)
			for _, other := range a.Others {
				ask.Variants = with(t.Variants, a.Experiment, other)
				if !sameReply(say(ask), replies[i]) {
					matters = mark(matters, a)
					break replies
				}
			}
		}
	}
	return matters
}

// sameReply compares what the customer gets, whatever the wording is called.
func sameReply(a, b dialogue.Reply) bool {
	a.Script, b.Script = dialogue.ScriptRef{}, dialogue.ScriptRef{}
	return reflect.DeepEqual(a, b)
}

// tell lets those know of a turn that was written who want to.
func (w *work) tell(t dialogue.Turn, ev *dialogue.Event) {
	if len(ev.Turn.Exposures) > 0 {
		w.e.o.Experiments.Exposed(t.Message.Tenant, t.Message.Customer, ev.Turn.Exposures)
	}
	if w.e.o.Taken != nil && w.own != nil {
		w.e.o.Taken(ev, w.own)
	}
}

// recalled answers calls from what a turn has called, and makes none.
type recalled struct {
	from    *recorder
	asked   map[int]bool // positions in from.known
	unknown bool         // something was asked that the turn has not called
}

// Call implements [dialogue.Caller].
func (r *recalled) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	i := r.from.find(c)
	if i < 0 {
		r.unknown = true
		return dialogue.Result{Status: dialogue.CallFailed, Message: "not called in this turn"}
	}
	r.asked[i] = true
	return r.from.known[i].Result
}
