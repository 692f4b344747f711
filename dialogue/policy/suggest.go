package policy

import (
	"slices"

	"yingda/dialogue"
)

// suggest offers below an answer what customers often ask after it, as buttons. Nothing is offered where it would lead away: while something is open or
// asked, beside buttons that are there already, to who is upset, or in small talk.
func (w *turn) suggest() {
	if w.p.o.Suggester == nil || w.set.Limits.Next == 0 || w.d.Action != dialogue.Answer || w.d.Reason != dialogue.IntentKnown || len(w.d.Say) == 0 {
		return
	}
	open := slices.ContainsFunc(w.tasks, func(ts *dialogue.TaskState) bool { return ts != w.done })
	shown := slices.ContainsFunc(w.d.Say, func(s dialogue.Say) bool { return len(s.Buttons) > 0 || len(s.Cards) > 0 })
	if open || shown || len(w.s.Later) > 0 || w.s.Asked != nil || len(w.r.wishes) != 1 || len(w.r.roles) > 0 || w.mood.angry || w.mood.uneasy {
		return
	}
	profile := w.in.Profile
	profile.Lang = w.lang
	last := &w.d.Say[len(w.d.Say)-1]
	for _, r := range w.p.o.Suggester.Next(w.ctx, w.in.Message.Tenant, profile, w.s, w.set.Limits.Next) {
		if w.p.o.Tasks.Task(r.ID) == nil {
			continue
		}
		last.Buttons = append(last.Buttons, dialogue.Button{Title: r.Title, Payload: "/intent " + r.ID})
	}
}
