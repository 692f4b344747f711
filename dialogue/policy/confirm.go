package policy

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// answerConfirm takes the message as a yes, a no, or a change of what was read back.
func (w *turn) answerConfirm(ts *dialogue.TaskState, t *task.Task) bool {
	if w.in.Analysis != nil && w.elsewhere(t, w.set.Understanding.Switch) && w.r.yes == 0 && !w.cue(CueWrong) && !w.cue(CueInstead) {
		return false
	}
	if w.in.Analysis != nil && w.r.yes <= 0 && len(w.r.wishes) > 0 && w.r.wishes[0].score >= w.set.Understanding.Switch &&
		!w.restates() && w.replaces(ts.Intent, w.r.wishes[0].intent) {
		return false // the other of two ways: 还是换货吧
	}
	var changed []string
	if w.in.Analysis != nil && !(w.r.yes > 0 && w.elsewhere(t, w.set.Understanding.Accept) && !w.serves(t)) {
		changed = w.take(ts, t, cmp.Or(w.altered(t), w.rewritten(ts, t)))
		if w.referValue(ts, t, "") || len(changed) == 0 && w.replaced(ts, t) {
			changed = append(changed, "")
		}
	}
	w.weigh(ts)
	no := w.in.Analysis != nil && w.cue(CueNegation)
	wrong := w.in.Analysis != nil && (w.cue(CueWrong) || w.r.role(RoleCorrect))
	switch {
	case len(changed) > 0 && (w.r.yes <= 0 || wrong || w.vital(t, changed)):
		return w.readBack(ts, t, wrong)
	case w.r.yes > 0 && !wrong && !(no && w.restates()):
		return w.execute(ts, t)
	case wrong:
		return w.whatIsWrong(ts, t)
	case w.restates() && no:
		w.d.Intents = append([]string{w.set.first(RoleDeny)}, ts.Intent)
		w.run(ts, t)
		return true
	case w.altered(t) != "" && !w.cue(CuePast):
		return w.askAltered(ts, t)
	case w.restates() && w.r.yes == 0 && w.terse():
		return w.execute(ts, t)
	case w.r.yes < 0:
		return w.decline(ts, t)
	}
	return w.unclearConfirm(ts, t)
}

// altered returns the slot of the open task that the wish is about to change, empty when it is about none.
func (w *turn) altered(t *task.Task) string {
	for _, x := range w.r.wishes {
		if slots := t.Alters[x.intent]; len(slots) > 0 {
			return slots[0]
		}
	}
	return ""
}

// rewritten returns the slot that a bare value is meant for which takes the place of another, "make that 100", or that completes what was read
// back, "two of them".
func (w *turn) rewritten(ts *dialogue.TaskState, t *task.Task) string {
	const few = 3 // words, the value's own included
	if w.in.Analysis == nil || w.serves(t) {
		return ""
	}
	instead := w.cue(CueInstead) || w.cue(CueWrong)
	if !instead && (w.rest() > few || w.cue(CueQuestion) || !slices.ContainsFunc(w.r.bare, func(v value) bool { return v.typ == typeNumber })) {
		return ""
	}
	for _, n := range t.Declared() {
		if s := w.p.o.Tasks.Slot(n); (ts.Slots[n] != "" || !instead && slices.Contains(s.Bare, typeNumber)) && len(s.Bare) > 0 && !s.Free && !s.Tail && len(w.pick(s, true)) > 0 {
			return n
		}
	}
	return ""
}

// askAltered asks for the new value of what the customer wants to change before they say yes.
func (w *turn) askAltered(ts *dialogue.TaskState, t *task.Task) bool {
	slot := w.altered(t)
	w.resumeState(ts)
	w.touch(t)
	w.d.Intents = []string{ts.Intent}
	w.askSlot(ts, t, slot)
	return true
}

// weigh looks again at a yes or no that the words alone leave open: who says the robot's own word back says yes (关 to "shall I 关闭 it?"), and who
// names the task as plainly as they deny does not deny it.
func (w *turn) weigh(ts *dialogue.TaskState) {
	if w.in.Analysis == nil {
		return
	}
	if w.r.yes == 0 && w.echoes() {
		w.r.yes, w.r.wishes = 1, nil
	}
	if w.r.yes < 0 && !w.cue(CueNo) && !w.cue(CueWrong) && !w.cue(CueDrop) && w.r.raw[ts.Intent] > 0 && w.r.raw[ts.Intent] >= w.r.raw[w.set.first(RoleDeny)] {
		w.r.yes = 0
		w.r.wishes = append(w.r.wishes, wish{ts.Intent, w.r.raw[ts.Intent]})
	}
}

// echoes tells whether a very short message repeats a word of the robot's question.
func (w *turn) echoes() bool {
	word := strings.Trim(w.heard.without(w.set.cues[CueFiller], w.r.text), " ,.!?~。，！？")
	if n := utf8.RuneCountInString(word); n < 1 || n > 3 && !strings.ContainsFunc(word, isLatin) || n > 12 || len(w.r.values) > 0 || w.cue(CueNo) || w.cue(CueWrong) || w.cue(CueQuestion) {
		return false
	}
	for i := len(w.in.Tracker.Lines) - 1; i >= 0; i-- {
		if l := w.in.Tracker.Lines[i]; l.Who == "robot" {
			return strings.Contains(strings.ToLower(l.Text), word)
		}
	}
	return false
}

// terse tells whether the message says nothing but the wish: 关, "cancel it".
func (w *turn) terse() bool {
	return !w.cue(CueQuestion) && !w.cue(CueDrop) && w.rest() <= 5 && len(w.r.values) == 0 && !slices.ContainsFunc(w.r.bare, func(v value) bool { return v.typ != typeBoolean })
}

// vital tells whether one of the changed slots is one that the task cannot do without.
func (w *turn) vital(t *task.Task, changed []string) bool {
	for _, n := range changed {
		if slices.Contains(t.Needs, n) || slices.ContainsFunc(t.Any, func(g []string) bool { return slices.Contains(g, n) }) {
			return true
		}
	}
	return false
}

// readBack asks for a yes again, after a change.
func (w *turn) readBack(ts *dialogue.TaskState, t *task.Task, corrected bool) bool {
	w.resumeState(ts)
	w.s.Misses = 0
	w.d.Intents = []string{ts.Intent}
	if corrected {
		w.d.Intents = []string{w.set.first(RoleCorrect)}
		w.say("corrected", w.vars(ts.Slots))
	}
	w.run(ts, t)
	if corrected && w.d.Action == dialogue.Confirm {
		w.d.Reason, w.d.Why = dialogue.Corrected, "the customer put something right; read back again"
	}
	return true
}

// execute does what was confirmed, then takes up what else the message wants.
func (w *turn) execute(ts *dialogue.TaskState, t *task.Task) bool {
	w.resumeState(ts)
	w.s.Misses = 0
	ts.Confirmed = true
	w.reset = true
	w.d.Intents = []string{w.set.first(RoleAffirm)}
	further := w.r.wishes
	if w.in.Analysis != nil && w.rest() < 2 {
		further = nil
	}
	for _, x := range further {
		if w.p.o.Tasks.Task(x.intent) != t && t.Alters[x.intent] == nil {
			w.d.Intents = append(w.d.Intents, x.intent)
		}
	}
	w.run(ts, t)
	for _, x := range further {
		if w.p.o.Tasks.Task(x.intent) == t || t.Alters[x.intent] != nil || w.serves(t) {
			continue
		}
		if w.s.Asked != nil || w.d.HandOff != nil {
			w.s.Later = append(w.s.Later, x.intent)
			continue
		}
		w.pursue(x)
	}
	w.courtesy()
	w.goOn()
	return true
}

// decline drops what was not confirmed, and follows the other wish if there is one.
func (w *turn) decline(ts *dialogue.TaskState, t *task.Task) bool {
	w.drop(ts)
	if w.r.role(RoleDeny) || len(w.r.wishes) == 0 {
		w.d.Intents = append([]string{w.set.first(RoleDeny)}, w.r.names()...)
		w.d.Intents = slices.Compact(w.d.Intents)
	}
	var other []wish
	for _, x := range w.r.wishes {
		if w.p.o.Tasks.Task(x.intent) != t {
			other = append(other, x)
		}
	}
	w.touch(t)
	if len(other) > 0 && w.rest() >= 2 {
		w.pursueAll(other)
		return true
	}
	w.cancelled(ts)
	return true
}

// whatIsWrong asks which part is wrong.
func (w *turn) whatIsWrong(ts *dialogue.TaskState, t *task.Task) bool {
	w.resumeState(ts)
	w.touch(t)
	w.d.Intents = []string{w.set.first(RoleCorrect)}
	var buttons []dialogue.Button
	for _, n := range t.Declared() {
		if ts.Slots[n] != "" && len(buttons) < w.set.Limits.Options {
			buttons = append(buttons, dialogue.Button{Payload: "/slot " + n + "="})
		}
	}
	w.act(dialogue.Ask, dialogue.Corrected, "the customer says that it is wrong, not what")
	w.say("correct.what", w.vars(ts.Slots), buttons...)
	w.ask(dialogue.Question{Kind: dialogue.AskConfirm, Task: ts.Task})
	return true
}

// unclearConfirm handles what is neither yes nor no: other wishes and questions are followed, the rest is read back once more.
func (w *turn) unclearConfirm(ts *dialogue.TaskState, t *task.Task) bool {
	if len(w.r.wishes) > 0 || len(w.r.spoken) > 0 || w.in.Analysis.OOS >= w.set.Understanding.Strange {
		return false
	}
	if w.fromKnowledge(w.set.Understanding.Knowledge, nil) {
		w.goOn()
		return true
	}
	w.s.Misses++
	if w.s.Misses >= w.set.tier(w.in.Profile.Tier).Miss {
		w.handOff(dialogue.ByUnrecognised, "neither yes nor no, twice")
		return true
	}
	w.d.Intents = []string{ts.Intent}
	w.resumeState(ts)
	w.run(ts, t)
	return true
}
