package policy

import (
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/task"
	"yingda/nlu/norm"
)

// corrected takes a message that puts something right outside a confirmation: another order, another name. The task that the value
// belongs to is done again with it.
func (w *turn) corrected() bool {
	if !w.r.role(RoleCorrect) && !w.cue(CueWrong) {
		return false
	}
	if len(w.r.wishes) > 0 && w.r.wishes[0].score >= w.set.Understanding.Switch && !w.restates() && !slices.Contains(w.s.Topic, w.r.wishes[0].intent) {
		return false
	}
	t, intent := w.correctable()
	if t == nil {
		return false
	}
	back := w.undo()
	ts := w.begin(t, intent)
	changed := w.take(ts, t, "")
	if len(changed) == 0 && (w.referValue(ts, t, "") || w.replaced(ts, t)) {
		changed = []string{""}
	}
	if len(changed) == 0 {
		if !w.r.role(RoleCorrect) || len(w.r.wishes) > 0 {
			back()
			return false
		}
		return w.askAnew(ts, t)
	}
	w.d.Intents = []string{w.set.first(RoleCorrect)}
	w.say("corrected", w.vars(ts.Slots))
	w.run(ts, t)
	if w.d.Action == dialogue.Answer || w.d.Action == dialogue.Confirm {
		w.d.Reason, w.d.Why = dialogue.Corrected, "the customer put a value right"
	}
	w.goOn()
	return true
}

// replaced understands "not 90 but 190" as a change of part of a value that is known: the first slot whose value holds the old part.
func (w *turn) replaced(ts *dialogue.TaskState, t *task.Task) bool {
	if w.in.Analysis == nil {
		return false
	}
	for _, m := range w.set.cues[CueReplace].all(w.in.Analysis.Text) {
		var parts []string
		for _, g := range m {
			if g = strings.Trim(g, " ,，。.!！吧啊了的"); g != "" {
				parts = append(parts, g)
			}
		}
		if len(parts) != 2 || parts[0] == parts[1] {
			continue
		}
		for _, n := range t.Declared() {
			s, old := w.p.o.Tasks.Slot(n), ts.Slots[n]
			if i := strings.LastIndex(strings.ToLower(old), strings.ToLower(parts[0])); old != "" && i >= 0 && i+len(parts[0]) <= len(old) {
				return w.put(ts, t, s, []value{{typ: s.Name, text: old[:i] + parts[1] + old[i+len(parts[0]):]}})
			}
		}
	}
	return false
}

// correctable returns the task whose values can be meant: the open one, else the one talked about last.
func (w *turn) correctable() (*task.Task, string) {
	if ts := w.top(); ts != nil && !ts.Paused {
		if t := w.p.o.Tasks.Task(ts.Intent); t != nil {
			return t, ts.Intent
		}
	}
	for _, in := range w.s.Topic {
		if t := w.p.o.Tasks.Task(in); t != nil && len(t.Declared()) > 0 {
			return t, in
		}
	}
	return nil, ""
}

// askAnew asks what was meant.
func (w *turn) askAnew(ts *dialogue.TaskState, t *task.Task) bool {
	w.d.Intents = []string{w.set.first(RoleCorrect)}
	w.act(dialogue.Ask, dialogue.Corrected, "the customer says that something is wrong, not what")
	w.say("correct.what", w.vars(ts.Slots))
	slot := w.missing(ts, t)
	if slot == "" && len(t.Needs) > 0 {
		slot = t.Needs[0]
	}
	if slot == "" && len(t.Any) > 0 {
		slot = t.Any[0][0]
	}
	if slot == "" {
		w.tasks = w.tasks[:len(w.tasks)-1]
		return true
	}
	w.ask(dialogue.Question{Kind: dialogue.AskSlot, Task: ts.Task, Slot: slot})
	return true
}

// dropped takes a change of mind: what is open is given up, and the other wish is followed if the message has one.
func (w *turn) dropped() bool {
	ts := w.top()
	if ts == nil || ts.Paused {
		return false
	}
	plain := w.r.yes < 0 && len(w.r.wishes) == 0 && !w.cue(CueWrong)
	if !w.cue(CueDrop) && !plain {
		return false
	}
	t := w.p.o.Tasks.Task(ts.Intent)
	var other []wish
	for _, x := range w.r.wishes {
		if w.p.o.Tasks.Task(x.intent) != t && x.score >= w.set.Understanding.Accept {
			other = append(other, x)
		}
	}
	if rest := w.besideDrop(); len(rest) > 0 {
		if t != nil {
			w.touch(t)
		}
		w.drop(ts)
		w.s.Misses = 0
		w.say("cancelled."+ts.Intent, w.vars(ts.Slots))
		w.pursueAll(rest)
		w.d.Intents = []string{w.set.first(RoleDeny)}
		for _, x := range rest {
			w.d.Intents = append(w.d.Intents, x.intent)
		}
		return true
	}
	if len(other) > 0 && !w.replaces(ts.Intent, other[0].intent) && !w.short(12) && !w.cue(CueInstead) {
		return false // a wish of its own that only sounds like giving up: 不想用了怎么注销
	}
	if t != nil {
		w.touch(t)
	}
	w.drop(ts)
	if len(other) > 0 && w.replaces(ts.Intent, other[0].intent) || len(other) > 0 && w.cue(CueInstead) {
		w.pursueAll(other)
		return true
	}
	w.d.Intents = []string{w.set.first(RoleDeny)}
	w.cancelled(ts)
	return true
}

// replaces tells whether a wish is an alternative to the one that is open.
func (w *turn) replaces(open, intent string) bool {
	for _, set := range w.set.Alternatives {
		if slices.Contains(set, open) && slices.Contains(set, intent) {
			return true
		}
	}
	return false
}

// besideDrop returns the wishes of a message that gives up what is open in one clause and wants something else in another: 算了不退了，另外帮我查下积分. What
// the first clause is taken for is no wish.
func (w *turn) besideDrop() (rest []wish) {
	if w.in.Analysis == nil || len(w.in.Analysis.Intents) < 2 {
		return nil
	}
	m, given := w.set.cues[CueDrop], false
	for _, in := range w.in.Analysis.Intents {
		clause := norm.Fold(w.in.Analysis.Text[in.Span.Start:in.Span.End], norm.Matching).Text
		switch {
		case m != nil && m.has(clause):
			given = true
		case w.set.role(in.Label) == "":
			rest = append(rest, wish{in.Label, in.Score})
		}
	}
	if !given {
		return nil
	}
	return rest
}

// drop takes a task off the list.
func (w *turn) drop(ts *dialogue.TaskState) {
	w.tasks = slices.DeleteFunc(w.tasks, func(x *dialogue.TaskState) bool { return x == ts })
}

// cancelled says that a task was dropped.
func (w *turn) cancelled(ts *dialogue.TaskState) {
	w.s.Misses = 0
	w.act(dialogue.Answer, dialogue.IntentKnown, ts.Intent+" is dropped at the customer's wish")
	w.say("cancelled."+ts.Intent, w.vars(ts.Slots))
	w.goOn()
}
