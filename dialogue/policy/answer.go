package policy

import (
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// answered takes the message as the answer to what was asked, if it is one.
func (w *turn) answered() bool {
	q := w.asked
	if q == nil {
		return false
	}
	if w.resumes(q) {
		return true
	}
	waits := w.r.role(RoleWait) && !(w.r.yes > 0 && w.rest() == 0) && !(len(w.r.wishes) > 0 && (w.cue(CueInstead) || w.cue(CueDrop)))
	if (waits || w.r.role(RoleRepeat) || w.r.role(RoleGoodbye) && !w.restates()) && !w.fits(q) && !w.reports(q) {
		return w.chat()
	}
	if w.chose(q) {
		return true
	}
	var ts *dialogue.TaskState
	var t *task.Task
	if q.Task != "" {
		if ts = w.state(q.Task); ts != nil {
			t = w.p.o.Tasks.Task(ts.Intent)
		}
		if t == nil {
			return false
		}
	}
	switch q.Kind {
	case dialogue.AskSlot:
		return w.answerSlot(ts, t, q.Slot)
	case dialogue.AskConfirm:
		return w.answerConfirm(ts, t)
	case dialogue.AskStep:
		return w.answerStep(ts, t)
	case dialogue.AskResume:
		return w.answerResume(ts, t)
	case dialogue.AskChoice:
		return w.answerChoice(q)
	}
	return false
}

// resumes goes on with the task of the question when the customer says so in as many words: 接着办, "let's carry on". What was to be confirmed is read
// back once more.
func (w *turn) resumes(q *dialogue.Question) bool {
	const most = 6 // words beside the yes
	if q.Kind == dialogue.AskConfirm && !w.comingBack() {
		return false // "yes, go on" is a yes
	}
	ts := w.state(q.Task)
	if ts == nil || q.Kind == dialogue.AskChoice || q.Kind == dialogue.AskStep || !w.cue(CueResume) || w.cue(CueDrop) || w.cue(CueNo) || w.rest() > most || len(w.r.values) > 0 {
		return false
	}
	t := w.p.o.Tasks.Task(ts.Intent)
	if t == nil {
		return false
	}
	w.d.Intents = []string{ts.Intent}
	if q.Kind == dialogue.AskResume {
		w.d.Intents = []string{w.set.first(RoleAffirm)}
	}
	w.s.Misses = 0
	w.r.wishes = nil
	w.resumeState(ts)
	w.reset = true
	w.restore(ts, t)
	w.run(ts, t)
	return true
}

// comingBack tells whether the robot has just offered to go on with an interrupted task.
func (w *turn) comingBack() bool {
	return slices.ContainsFunc(w.in.Tracker.State.Said, func(s dialogue.Say) bool { return strings.HasPrefix(s.Key, "resume.") })
}

// reports tells whether the message says what came of a troubleshooting step.
func (w *turn) reports(q *dialogue.Question) bool {
	ts := w.top()
	if q.Kind != dialogue.AskStep || ts == nil || w.in.Analysis == nil {
		return false
	}
	t := w.p.o.Tasks.Task(ts.Intent)
	return t != nil && (w.cue(CueStill) || w.cue(CueHelped) || w.triedThis(ts, t))
}

// fits tells whether the message holds a value for the slot that was asked for.
func (w *turn) fits(q *dialogue.Question) bool {
	if s := w.p.o.Tasks.Slot(q.Slot); s != nil {
		return len(w.pick(s, true)) > 0
	}
	t := w.current()
	return q.Kind == dialogue.AskConfirm && t != nil && w.serves(t)
}

// state returns the unfinished task of a name as the one that is worked on, nil when there is none.
func (w *turn) state(name string) *dialogue.TaskState {
	for i := range w.tasks {
		if w.tasks[i].Task == name {
			ts := w.tasks[i]
			w.tasks = append(slices.Delete(w.tasks, i, i+1), ts)
			return w.top()
		}
	}
	return nil
}

// restates tells whether the main wish is the task that is worked on.
func (w *turn) restates() bool {
	ts := w.top()
	if ts == nil {
		return false
	}
	t := w.p.o.Tasks.Task(ts.Intent)
	for _, x := range w.r.wishes {
		if t != nil && w.p.o.Tasks.Task(x.intent) == t {
			return true
		}
	}
	return false
}

// clear is the score from which a wish is taken as said plainly.
const clear = 0.9

// elsewhere tells whether the message clearly wants something other than the open task, in words of its own besides the values in it.
func (w *turn) elsewhere(t *task.Task, least float64) bool {
	if len(w.r.wishes) == 0 {
		return false
	}
	x := w.r.wishes[0]
	if w.p.o.Tasks.Task(x.intent) == t || t.Alters[x.intent] != nil {
		return false
	}
	return x.score >= least && w.rest() >= 2 || x.score >= clear && w.rest() >= 1
}

// answerSlot takes the message as the value that was asked for, with whatever else it tells.
func (w *turn) answerSlot(ts *dialogue.TaskState, t *task.Task, slot string) bool {
	u := w.set.Understanding
	if w.helpedBefore(ts, slot) {
		return true
	}
	if (w.cue(CueDrop) || w.r.role(RoleDeny) && w.rest() == 0) && !w.cue(CueWrong) && len(w.pick(w.p.o.Tasks.Slot(slot), true)) == 0 {
		return false // dropped takes it
	}
	before := len(w.r.wishes) > 0 && w.elsewhere(t, u.Switch)
	if before && ts.Doubtful && w.heardWell() {
		return false // the question itself was a guess
	}
	if before && (!w.supplies(ts, t, slot) || w.mixed(t)) {
		return false
	}
	changed := w.take(ts, t, slot)
	if len(changed) == 0 && w.referValue(ts, t, slot) {
		changed = []string{slot}
	}
	if len(changed) > 0 {
		w.resumeState(ts)
		w.d.Intents = append([]string{ts.Intent}, w.others(t, u.Switch)...)
		if w.r.role(RoleCorrect) {
			w.d.Intents = append([]string{w.set.first(RoleCorrect)}, w.others(t, u.Switch)...)
		}
		w.s.Misses = 0
		w.run(ts, t)
		w.pursueOthers(t, u.Switch)
		w.goOn()
		return true
	}
	return w.answerNothing(ts, t, slot)
}

// helpedBefore ends the tree that led to this task when the customer says that all is well, instead of what was asked for.
func (w *turn) helpedBefore(ts *dialogue.TaskState, slot string) bool {
	if !w.cue(CueHelped) || w.cue(CueStill) || len(w.pick(w.p.o.Tasks.Slot(slot), true)) > 0 {
		return false
	}
	for _, tree := range w.tasks {
		t := w.p.o.Tasks.Task(tree.Intent)
		if tree == ts || t == nil || len(t.Steps) == 0 || !slices.Contains(t.Toward, ts.Intent) {
			continue
		}
		w.drop(ts)
		w.touch(t)
		w.d.Intents = []string{tree.Intent}
		w.s.Misses = 0
		w.solved(tree, t)
		return true
	}
	return false
}

// supplies tells whether the message holds a value for something that is missing: what was asked for, or what would do as well.
func (w *turn) supplies(ts *dialogue.TaskState, t *task.Task, slot string) bool {
	wanted := append([]string{slot}, t.Needs...)
	for _, g := range t.Any {
		wanted = append(wanted, g...)
	}
	plainly := w.r.wishes[0].score >= clear // then a bare number is no answer: 买一个
	return slices.ContainsFunc(wanted, func(n string) bool {
		return (n == slot || known(ts, n) == "") && len(w.pick(w.p.o.Tasks.Slot(n), n == slot && !plainly)) > 0
	})
}

// mixed tells whether values of the message belong to the other wish as much as to the open task.
func (w *turn) mixed(t *task.Task) bool {
	other := w.p.o.Tasks.Task(w.r.wishes[0].intent)
	if other == nil || w.r.wishes[0].score < 0.9 {
		return false
	}
	for _, v := range w.r.values {
		if w.uses(t, v.typ) && !w.uses(other, v.typ) {
			return false
		}
	}
	return w.rest() >= 4
}

// answerNothing handles an answer without a value: other wishes are followed, the rest is asked again in other words.
func (w *turn) answerNothing(ts *dialogue.TaskState, t *task.Task, slot string) bool {
	u := w.set.Understanding
	if w.restates() || w.r.image || w.r.yes > 0 && len(w.r.wishes) == 0 {
		w.resumeState(ts)
		w.d.Intents = []string{ts.Intent}
		w.run(ts, t)
		return true
	}
	if len(w.r.wishes) > 0 && (w.r.wishes[0].score >= u.Accept || w.r.yes != 0) || len(w.r.spoken) > 0 || w.cue(CueAnd) {
		return false
	}
	if w.in.Analysis.OOS >= u.Strange {
		return false
	}
	if w.fromKnowledge(u.Knowledge, nil) {
		w.goOn()
		return true
	}
	w.resumeState(ts)
	w.d.Intents = []string{ts.Intent}
	w.s.Misses++
	if w.s.Misses >= w.set.tier(w.in.Profile.Tier).Miss {
		w.handOff(dialogue.ByUnrecognised, "the answers to a question were not understood")
		return true
	}
	w.askSlot(ts, t, slot)
	return true
}

// resumeState makes a task the one that is worked on again.
func (w *turn) resumeState(ts *dialogue.TaskState) { ts.Paused = false }

// others are the further wishes of the message, as intents.
func (w *turn) others(t *task.Task, least float64) []string {
	var out []string
	for _, x := range w.r.wishes {
		if w.p.o.Tasks.Task(x.intent) != t && x.score >= least && t.Alters[x.intent] == nil && w.rest() >= 4 && w.apart(t) {
			out = append(out, x.intent)
		}
	}
	return out
}

// apart tells whether the message has a wish besides giving values: a question, or a clause without values.
func (w *turn) apart(t *task.Task) bool {
	return w.cue(CueQuestion) && !slices.ContainsFunc(w.r.values, func(v value) bool { return !w.uses(t, v.typ) }) && len(w.r.wishes) > 0 && w.r.wishes[0].score >= 0.9
}

func (w *turn) pursueOthers(t *task.Task, least float64) {
	for _, in := range w.others(t, least) {
		if w.s.Asked == nil && w.d.HandOff == nil {
			w.pursue(wish{in, 1})
		} else if !slices.Contains(w.s.Later, in) {
			w.s.Later = append(w.s.Later, in)
		}
	}
}

// serves tells whether the open task has a use for every value of the message.
func (w *turn) serves(t *task.Task) bool {
	return len(w.r.values) > 0 && !slices.ContainsFunc(w.r.values, func(v value) bool { return !w.uses(t, v.typ) })
}

// answerResume goes on with an interrupted task, or forgets it. What the customer says beyond yes and no goes its own way.
func (w *turn) answerResume(ts *dialogue.TaskState, t *task.Task) bool {
	switch {
	case w.r.yes > 0 && (len(w.r.wishes) == 0 || w.restates()):
		w.d.Intents = []string{w.set.first(RoleAffirm)}
		w.resumeState(ts)
		w.reset = true
		w.restore(ts, t)
		w.run(ts, t)
		return true
	case w.r.yes < 0 && len(w.r.wishes) == 0:
		w.d.Intents = []string{w.set.first(RoleDeny)}
		w.drop(ts)
		w.cancelled(ts)
		return true
	case w.in.Analysis != nil && len(w.r.wishes) == 0:
		if slot := w.missing(ts, t); slot != "" && len(w.pick(w.p.o.Tasks.Slot(slot), true)) > 0 {
			w.reset = true
			w.restore(ts, t)
			return w.answerSlot(ts, t, slot)
		}
	}
	ts.Paused = true
	return false
}

// restore brings a task's own values back among what is talked about.
func (w *turn) restore(ts *dialogue.TaskState, t *task.Task) {
	for n, v := range ts.Slots {
		if s := w.p.o.Tasks.Slot(n); s != nil && !s.Local && v != "" && w.s.Slots[n].Value != v {
			old, ok := w.s.Aside[n]
			if !ok || old.Value != v {
				old = dialogue.Slot{Value: v, From: fromCustomer, Turn: ts.Since}
			}
			w.learn(ts, s, old)
		}
	}
	w.touch(t)
}

// answerChoice understands a yes to a single option; numbers and titles were understood before.
func (w *turn) answerChoice(q *dialogue.Question) bool {
	switch {
	case w.r.yes > 0 && len(q.Options) == 1 && len(w.r.wishes) == 0:
		w.d.Intents = []string{w.set.first(RoleAffirm)}
		return w.press(q.Options[0].Payload)
	case w.r.yes < 0 && len(w.r.wishes) == 0:
		w.d.Intents = []string{w.set.first(RoleDeny)}
		w.act(dialogue.Answer, dialogue.IntentKnown, "none of the options")
		w.say("cancelled", w.vars(nil))
		w.goOn()
		return true
	}
	return false
}
