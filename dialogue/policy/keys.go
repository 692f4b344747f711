package policy

import (
	"maps"
	"slices"

	"yingda/dialogue"
)

// Keys returns every script key that the policy uses by itself with the variables that its words may hold; those of the tasks are in
// task.Set.Keys. Besides these variables all words may hold the slots that were learnt and {name}, the customer's.
func (p *Policy) Keys() map[string][]string {
	out := map[string][]string{
		"clarify.rephrase": nil, "clarify.again": nil, "clarify.choice": nil, "clarify.image": nil, "clarify.link": nil, "clarify.location": nil, "clarify.file": nil,
		"waiting.noted": nil, "waiting.position": {"position", "wait"}, "corrected": nil, "correct.what": nil, "cancelled": nil, "chat": nil, "chat.sticker": nil, "recommend": nil,
		"chosen": {"option"}, "knowledge": nil,
	}
	for _, role := range slices.Sorted(maps.Keys(p.s.Roles)) {
		for _, in := range p.s.Roles[role] {
			out[chatKey(in)] = nil
		}
	}
	for _, label := range slices.Concat(p.s.Moods.Angry, p.s.Moods.Uneasy, p.s.Moods.Gentle) {
		for _, suffix := range []string{"", ".strong", ".again"} {
			out["soothe."+label+suffix] = nil
		}
	}
	out["soothe.calm"], out["soothe.calm.again"] = nil, nil
	for _, q := range p.Queues() {
		out["handoff."+q] = []string{"queue", "why"}
	}
	for _, why := range []dialogue.Reason{dialogue.ByUnrecognised, dialogue.ByFailure, dialogue.ByConfidence} {
		out["handoff."+string(why)] = []string{"queue", "why"}
	}
	return out
}

// Queues returns the names of the queues that the settings and the tasks hand over to, sorted, so that they can be compared with those that exist.
func (p *Policy) Queues() []string {
	all := []string{p.s.Queues.Default}
	if p.s.Queues.Emotion != "" {
		all = append(all, p.s.Queues.Emotion)
	}
	for _, q := range p.s.Queues.Groups {
		all = append(all, q)
	}
	for _, t := range p.s.Tiers {
		if t.Queue != "" {
			all = append(all, t.Queue)
		}
	}
	for _, t := range p.o.Tasks.Tasks() {
		if t.Queue != "" {
			all = append(all, t.Queue)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
