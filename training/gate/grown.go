package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yingda/training/eval"
)

// grown judges a label space that has grown. Frozen sets cannot: their labels are older than the new ones, so on them a new label is only ever wrong.
// What they can tell is what the new labels take away from the old ones; that the new ones are found is told by messages that carry them and
// were not trained on.
func (j *judge) grown() {
	if j.in.Champion == nil {
		return
	}
	fresh := map[string]bool{}
	for _, l := range j.in.Challenger.Labels["intent"] {
		fresh[l] = !slices.Contains(j.in.Champion.Labels["intent"], l)
	}
	if slices.Contains(slices.Collect(maps.Values(fresh)), true) {
		for _, r := range j.in.Sets {
			j.taken(fresh, r)
		}
		j.found(fresh)
	}
	j.kept()
}

// taken counts messages of a frozen set that get a new label. Those with an intent of their own were understood before: few may be lost. Those out of
// scope may well be what the new label is for; they stay wrong in the figures, and are told to be looked at.
func (j *judge) taken(fresh map[string]bool, r *eval.Report) {
	if r.Intents == nil {
		return
	}
	intents, outside := 0, 0
	for _, c := range r.Confusions {
		if !slices.ContainsFunc(strings.Split(c.Predicted, "+"), func(l string) bool { return fresh[l] }) {
			continue
		}
		if c.Gold == eval.NoIntent {
			outside += c.Count
		} else {
			intents += c.Count
		}
	}
	if n := r.Intents.Single + r.Intents.Multi; n > 0 {
		why := blank("labels_taken")
		why.Data, why.N, why.Challenger = r.Data, n, eval.Float(float64(intents)/float64(n))
		var faults []string
		if limit := j.policy.Labels.MaxTaken; float64(why.Challenger) > limit+slack {
			faults = append(faults, fmt.Sprintf("%d messages with another intent are answered with new labels, more than the %g %% allowed", intents, 100*limit))
		}
		j.add(why, faults, fmt.Sprintf("new labels take %d messages from old ones", intents))
	}
	if outside > 0 {
		why := blank("labels_taken")
		why.Data, why.N = r.Data, outside
		j.note(why, "%d messages labelled out of scope are answered with new labels and count as wrong; their labels are older than these intents: look at them", outside)
	}
}

// found checks that new labels are recognised in messages that were held out.
func (j *judge) found(fresh map[string]bool) {
	if j.in.Grown == nil || j.in.Grown.Intents == nil {
		if j.policy.Labels.MinNewRecall > 0 {
			j.note(blank("labels_new"), "no held-out message has a new label: whether they are recognised is not known")
		}
		return
	}
	right, n := 0, 0
	var few []string
	labels := slices.Clone(j.in.Grown.Intents.Labels)
	slices.SortFunc(labels, func(a, b eval.Label) int { return cmp.Compare(a.Name, b.Name) })
	for _, l := range labels {
		if !fresh[l.Name] || l.Support == 0 {
			continue
		}
		right, n = right+l.Right, n+l.Support
		if l.Support < j.policy.Labels.MinNew {
			few = append(few, fmt.Sprintf("%s %d of %d", l.Name, l.Right, l.Support))
			continue
		}
		j.recall("label "+l.Name, l.Right, l.Support)
	}
	if n > 0 {
		j.recall("", right, n)
	}
	if len(few) > 0 {
		why := blank("labels_new")
		why.Data = j.in.Grown.Data
		j.note(why, "new labels with fewer than %d held-out messages are not judged one by one: %s", j.policy.Labels.MinNew, strings.Join(few, ", "))
	}
}

// recall judges the share of held-out messages with new labels that are answered with them.
func (j *judge) recall(slice string, right, n int) {
	why := blank("labels_new")
	why.Data, why.Slice, why.N, why.Challenger = j.in.Grown.Data, slice, n, eval.Float(float64(right)/float64(n))
	var faults []string
	if least := j.policy.Labels.MinNewRecall; float64(why.Challenger) < least-slack {
		faults = append(faults, fmt.Sprintf("%d of %d held-out messages are recognised, fewer than the %g %% asked for: give more examples", right, n, 100*least))
	}
	j.add(why, faults, fmt.Sprintf("%d of %d held-out messages are recognised", right, n))
}

// kept checks that what people have just labelled is not understood worse than before.
func (j *judge) kept() {
	r := j.in.Grown
	if r == nil || r.Against == nil {
		return
	}
	d := r.Against.Figure("intent_accuracy")
	if d == nil || !finite(d.Against) {
		return
	}
	why := blank(d.Name)
	fill(&why, d)
	why.Data = r.Data
	if !finite(d.Value) {
		j.add(why, []string{"the challenger has no such figure, or it is not a number"}, "")
		return
	}
	none := 0.0
	rule := Rule{MaxLoss: &none}
	fault, holds := rule.losses(d, d.P)
	var faults []string
	if fault != "" {
		faults = []string{fault}
	}
	j.add(why, faults, holds)
}
