package policy

import (
	"maps"
	"slices"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// step gives the next step of a troubleshooting tree that was not given yet, or hands over after the last. What was given is in
// State.Tried, where an agent sees it.
func (w *turn) step(ts *dialogue.TaskState, t *task.Task) {
	for i := range t.Steps {
		st := &t.Steps[i]
		id := t.Name() + "." + st.Name
		if slices.Contains(w.s.Tried, id) {
			continue
		}
		if len(st.When) > 0 && !st.Applies(ts.Slots) {
			continue
		}
		if w.in.Analysis != nil && st.TriedIn(w.r.text) || w.knownAlready(ts, st) {
			w.s.Tried = append(w.s.Tried, id)
			continue
		}
		w.give(ts, t, st, id)
		return
	}
	w.handOff(dialogue.ByComplexity, "all steps of "+t.Name()+" were tried")
}

// knownAlready tells whether what a step asks for is known: all of it.
func (w *turn) knownAlready(ts *dialogue.TaskState, st *task.Step) bool {
	if len(st.Ask) == 0 {
		return false
	}
	for _, n := range st.Ask {
		v, ok := w.s.Slots[n]
		if !ok && ts.Slots[n] == "" || ok && v.Turn < w.n && slices.Contains(w.adds(ts), n) {
			return false
		}
	}
	return true
}

func (w *turn) adds(ts *dialogue.TaskState) []string {
	if t := w.p.o.Tasks.Task(ts.Intent); t != nil {
		return t.Adds
	}
	return nil
}

// give says a step.
func (w *turn) give(ts *dialogue.TaskState, t *task.Task, st *task.Step, id string) {
	w.s.Tried = append(w.s.Tried, id)
	ts.Step = st.Name
	vars := w.vars(ts.Slots)
	if st.Call != nil {
		res, fields := w.call(ts, t, st.Call)
		maps.Copy(vars, missingFrom(vars, fields))
		if b := branch(t, fields); b != nil {
			w.branch(ts, t, b, fields)
			return
		}
		if res.Status == dialogue.CallFailed {
			vars["failed"] = string(res.Status)
		}
	}
	if t.Soothe {
		w.sootheNow()
	}
	key := "step." + t.Name() + "." + st.Name
	if len(st.Ask) > 0 {
		w.act(dialogue.Ask, dialogue.SlotMissing, "a step of "+t.Name()+" needs to know more")
		w.say(key, vars)
		w.ask(dialogue.Question{Kind: dialogue.AskStep, Task: ts.Task, Slot: st.Ask[0]})
		return
	}
	w.act(dialogue.Answer, dialogue.IntentKnown, "the next step of "+t.Name())
	w.say(key, vars, yesNo...)
	w.ask(dialogue.Question{Kind: dialogue.AskStep, Task: ts.Task})
}

// answerStep takes the message as the answer to "did that help?", or to what a step asked.
func (w *turn) answerStep(ts *dialogue.TaskState, t *task.Task) bool {
	asked := w.asked.Slot
	if w.in.Analysis != nil && w.leaves(t, asked) {
		return false
	}
	w.touch(t)
	w.d.Intents = []string{ts.Intent}
	if w.in.Analysis != nil {
		changed := w.take(ts, t, asked)
		if len(changed) > 0 || asked != "" && (w.r.image || w.restates()) {
			w.s.Misses = 0
			w.run(ts, t)
			w.pursueOthers(t, w.set.Understanding.Switch)
			return true
		}
	}
	helped := w.in.Analysis != nil && w.cue(CueHelped)
	still := w.in.Analysis != nil && (w.cue(CueStill) || w.restates() || w.triedThis(ts, t))
	switch {
	case still || w.r.yes < 0:
		w.s.Misses = 0
		w.run(ts, t)
	case helped || w.r.yes > 0:
		w.solved(ts, t)
	case asked != "" && w.in.Analysis != nil && w.in.Analysis.OOS < w.set.Understanding.Strange && len(w.r.wishes) == 0 && len(w.r.spoken) == 0:
		w.run(ts, t) // an answer in words of their own: people will see it
	default:
		w.d.Intents = nil
		return false
	}
	return true
}

// triedThis tells whether the customer says that they tried what the step that was given asks for.
func (w *turn) triedThis(ts *dialogue.TaskState, t *task.Task) bool {
	for i := range t.Steps {
		if t.Steps[i].Name == ts.Step {
			return t.Steps[i].TriedIn(w.r.text) && !w.cue(CueHelped)
		}
	}
	return false
}

// leaves tells whether the message is about something else than the step.
func (w *turn) leaves(t *task.Task, asked string) bool {
	if w.r.role(RolePerson) || w.r.role(RoleGoodbye) && !w.reports(w.asked) {
		return true
	}
	if len(w.r.wishes) == 0 || w.restates() {
		return false
	}
	x := w.r.wishes[0]
	if asked != "" && len(w.pick(w.p.o.Tasks.Slot(asked), true)) > 0 && x.score < 0.9 {
		return false
	}
	if w.cue(CueStill) && x.score < w.set.Understanding.Switch {
		return false
	}
	return x.score >= w.set.Understanding.Accept
}

// solved ends a tree that helped.
func (w *turn) solved(ts *dialogue.TaskState, t *task.Task) {
	w.done = ts
	vars := w.vars(ts.Slots)
	w.act(dialogue.Answer, dialogue.IntentKnown, t.Name()+" is solved")
	w.say("solved."+ts.Intent, vars)
	w.end(ts)
	w.goOn()
}
