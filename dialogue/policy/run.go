package policy

import (
	"maps"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// run takes a task as far as it goes: to a question, a confirmation, its end, or people.
func (w *turn) run(ts *dialogue.TaskState, t *task.Task) {
	w.touch(t)
	ts.Doubtful = ts.Doubtful && !(w.heardWell() && ts.Since < w.n) // gone on with in plain words
	w.inherit(ts, t)
	several := w.bind(ts, t)
	if slot := w.unfit(ts, t); slot != "" {
		w.refuse(ts, t, slot)
		return
	}
	if slot := w.missing(ts, t); slot != "" {
		if w.choices(ts, t, slot) {
			w.run(ts, t)
			return
		}
		w.askFor(ts, t, slot, several)
		return
	}
	var fields map[string]string
	if t.Lookup != nil && !ts.Confirmed {
		var ok bool
		if fields, ok = w.lookup(ts, t); !ok {
			return
		}
	}
	switch {
	case t.People:
		w.handOff(dialogue.ByComplexity, "people do this: "+ts.Intent)
	case len(t.Steps) > 0:
		w.step(ts, t)
	case t.Confirm && !ts.Confirmed:
		w.confirm(ts, t, fields)
	default:
		w.do(ts, t, fields)
	}
}

// choices looks up what there is to choose from for a slot that is missing, so that it can be shown when it is asked for, and takes the one
// that the message points at: 换成便宜那个. It reports whether the slot is known now.
func (w *turn) choices(ts *dialogue.TaskState, t *task.Task, slot string) bool {
	if t.List == nil || t.List.Type != slot || t.Lookup == nil || ts.Asks[slot] > 0 {
		return false
	}
	res, _ := w.call(ts, t, t.Lookup)
	if res.Status != dialogue.CallOK {
		return false
	}
	w.list(t, res.Data)
	return w.referValue(ts, t, slot)
}

// refuse asks again for a value that is not acceptable.
func (w *turn) refuse(ts *dialogue.TaskState, t *task.Task, slot string) {
	vars := w.vars(ts.Slots)
	vars["value"] = ts.Slots[slot]
	delete(ts.Slots, slot)
	delete(w.s.Slots, slot)
	if count(ts, slot) > w.set.Limits.Asks {
		w.handOff(dialogue.ByComplexity, "no acceptable value for "+slot)
		return
	}
	w.act(dialogue.Ask, dialogue.SlotMissing, "the value for "+slot+" is not acceptable")
	w.say("wrong."+slot, vars)
	w.ask(dialogue.Question{Kind: dialogue.AskSlot, Task: ts.Task, Slot: slot})
}

// askFor asks for a slot; where the customer's history has several things to choose from they are shown.
func (w *turn) askFor(ts *dialogue.TaskState, t *task.Task, slot string, several []dialogue.HistoryItem) {
	w.askSlot(ts, t, slot)
	if t.List != nil && t.List.Type == slot && w.d.HandOff == nil && len(w.s.Lists) > 0 && w.s.Lists[0].Slot == slot {
		say := &w.d.Say[len(w.d.Say)-1]
		say.Cards = w.cards()
		for _, l := range w.s.Lists {
			say.Buttons = append(say.Buttons, dialogue.Button{Title: l.Value, Payload: "/slot " + slot + "=" + l.Value})
		}
	}
	if w.d.HandOff != nil || len(several) < 2 || slot != w.p.o.Tasks.SlotFor(fieldOrder) {
		return
	}
	say := &w.d.Say[len(w.d.Say)-1]
	w.s.Lists = nil
	for i := len(several) - 1; i >= 0 && len(w.s.Lists) < w.set.Limits.Options; i-- {
		it := several[i]
		if it.OrderID == "" {
			continue
		}
		title := strings.TrimSpace(it.Product + " " + it.Attribute)
		w.s.Lists = append(w.s.Lists, dialogue.Listed{Slot: slot, Value: it.OrderID, Title: title})
		say.Buttons = append(say.Buttons, dialogue.Button{Title: strings.TrimSpace(title + " " + it.OrderID), Payload: "/slot " + slot + "=" + it.OrderID})
	}
}

// askSlot asks for a slot, or hands over when it was asked for too often.
func (w *turn) askSlot(ts *dialogue.TaskState, t *task.Task, slot string) {
	if count(ts, slot) > w.set.Limits.Asks {
		w.handOff(dialogue.ByComplexity, "asked for "+slot+" too often")
		return
	}
	w.act(dialogue.Ask, dialogue.SlotMissing, ts.Intent+" needs "+slot)
	w.say("ask."+ts.Intent+"."+slot, w.vars(ts.Slots))
	w.ask(dialogue.Question{Kind: dialogue.AskSlot, Task: ts.Task, Slot: slot})
}

// confirm reads back and asks yes or no.
func (w *turn) confirm(ts *dialogue.TaskState, t *task.Task, fields map[string]string) {
	if count(ts, "confirm") > 2*w.set.Limits.Asks {
		w.handOff(dialogue.ByComplexity, "read back too often without a yes or a no")
		return
	}
	vars := w.vars(ts.Slots)
	maps.Copy(vars, missingFrom(vars, fields))
	w.act(dialogue.Confirm, dialogue.NeedsYes, ts.Intent+" changes something")
	w.say("confirm."+ts.Intent, vars, yesNo...)
	w.ask(dialogue.Question{Kind: dialogue.AskConfirm, Task: ts.Task})
}

// lookup calls what tells about the thing before it is changed. It reports false when the turn is over.
func (w *turn) lookup(ts *dialogue.TaskState, t *task.Task) (map[string]string, bool) {
	res, fields := w.call(ts, t, t.Lookup)
	if b := branch(t, fields); b != nil && t.Call != nil {
		w.branch(ts, t, b, fields)
		return nil, false
	}
	switch res.Status {
	case dialogue.CallNotFound:
		w.notFound(ts, t)
		return nil, false
	case dialogue.CallFailed:
		if t.Call == nil {
			w.failed(ts, t)
			return nil, false
		}
	}
	return fields, true
}

// do makes the task's call and says what came of it.
func (w *turn) do(ts *dialogue.TaskState, t *task.Task, fields map[string]string) {
	if t.Call != nil {
		var res dialogue.Result
		res, fields = w.call(ts, t, t.Call)
		if b := branch(t, fields); b != nil {
			w.branch(ts, t, b, fields)
			return
		}
		switch res.Status {
		case dialogue.CallNotFound:
			w.notFound(ts, t)
			return
		case dialogue.CallFailed:
			w.failed(ts, t)
			return
		case dialogue.CallRefused:
			w.refused(ts, t, res.Message, fields)
			return
		}
		if t.List != nil {
			w.list(t, res.Data)
		}
	}
	w.reply(ts, t, fields)
}

// refused says why the system says no, and offers what it names as possible instead.
func (w *turn) refused(ts *dialogue.TaskState, t *task.Task, reason string, fields map[string]string) {
	w.act(dialogue.Answer, dialogue.IntentKnown, "the system refuses "+t.Call.Name)
	vars := w.vars(ts.Slots)
	maps.Copy(vars, missingFrom(vars, fields))
	vars["reason"] = reason
	w.end(ts)
	other := w.set.Offers[fields["next"]]
	if other == "" || other == ts.Intent {
		w.say("refused."+ts.Intent, vars, dialogue.Button{Payload: "/agent"})
		return
	}
	payload := "/intent " + other
	if strings.HasPrefix(other, "/") {
		payload = other
	}
	w.say("refused."+ts.Intent, vars, dialogue.Button{Payload: payload}, dialogue.Button{Payload: "/deny"})
	w.ask(dialogue.Question{Kind: dialogue.AskChoice, Options: []dialogue.Button{{Payload: payload}}})
}

// reply says that the task is done, or what was asked for.
func (w *turn) reply(ts *dialogue.TaskState, t *task.Task, fields map[string]string) {
	w.done = ts
	vars := w.vars(ts.Slots)
	maps.Copy(vars, missingFrom(vars, fields))
	action := dialogue.Answer
	if t.Soothe && (w.mood.angry || !slices.Contains(w.in.Tracker.State.Topic, ts.Intent)) {
		action = dialogue.Soothe
		w.sootheNow()
	}
	switch t.Mode {
	case task.ModeRecommend:
		w.recommend(ts, t, vars)
		return
	case task.ModeKnowledge:
		if w.fromKnowledge(w.set.Understanding.Known, []string{ts.Intent}) {
			w.end(ts)
			return
		}
		w.say("answer."+ts.Intent, vars)
	case task.ModeDone:
		w.say("done."+ts.Intent, vars)
	default:
		w.say("answer."+ts.Intent, vars)
	}
	w.listNamed(ts, t)
	if n := len(w.d.Say) - 1; len(w.s.Lists) > 0 && t.List != nil {
		w.d.Say[n].Cards = w.cards()
	}
	w.act(action, dialogue.IntentKnown, ts.Intent+" is answered")
	w.end(ts)
	w.afterNotice(ts.Intent)
}

// afterNotice asks for what the notice asked the customer for, once they know why.
func (w *turn) afterNotice(intent string) {
	n, _ := w.notice()
	if n == nil || n.Next == "" || n.Next == intent || !slices.Contains(n.Intents, intent) || slices.Contains(w.s.Tried, n.Next) {
		return
	}
	w.s.Tried = append(w.s.Tried, n.Next)
	w.pursue(wish{n.Next, 1})
}

// end takes a finished task off the list.
func (w *turn) end(ts *dialogue.TaskState) {
	w.drop(ts)
	w.s.Misses = 0
}

// notFound says that the system does not know the thing, and asks for its first slot once more.
func (w *turn) notFound(ts *dialogue.TaskState, t *task.Task) {
	vars := w.vars(ts.Slots)
	w.say("notfound."+ts.Intent, vars, dialogue.Button{Payload: "/agent"})
	slot := ""
	for _, n := range slices.Concat(append(slices.Clone(t.Any), t.Needs)...) {
		if s := w.p.o.Tasks.Slot(n); ts.Slots[n] != "" && w.s.Slots[n].From == fromCustomer && s.Pattern != "" && !s.Free { // an id that may be mistyped
			slot = n
			break
		}
	}
	if slot == "" || count(ts, slot) > w.set.Limits.Asks {
		w.act(dialogue.Answer, dialogue.IntentKnown, "the system knows nothing of it")
		w.end(ts)
		return
	}
	delete(ts.Slots, slot)
	delete(w.s.Slots, slot)
	w.act(dialogue.Ask, dialogue.SlotMissing, "the system does not know this "+slot)
	w.ask(dialogue.Question{Kind: dialogue.AskSlot, Task: ts.Task, Slot: slot})
}

// failed says that the system does not answer; the second time people take over.
func (w *turn) failed(ts *dialogue.TaskState, t *task.Task) {
	if count(ts, "failed") >= w.set.Limits.Failed {
		w.handOff(dialogue.ByFailure, "the operator's system does not answer for "+ts.Intent)
		return
	}
	w.act(dialogue.Answer, dialogue.ByFailure, "the operator's system does not answer for "+ts.Intent)
	w.say("failed."+ts.Intent, w.vars(ts.Slots), dialogue.Button{Payload: "/intent " + ts.Intent}, dialogue.Button{Payload: "/agent"})
	ts.Confirmed = false
	if t.Confirm { // a yes tries again
		w.ask(dialogue.Question{Kind: dialogue.AskConfirm, Task: ts.Task})
	}
}

// branch returns the first branch that fits the result.
func branch(t *task.Task, fields map[string]string) *task.Branch {
	for i := range t.Branches {
		if t.Branches[i].Matches(fields) {
			return &t.Branches[i]
		}
	}
	return nil
}

// branch does what a branch says.
func (w *turn) branch(ts *dialogue.TaskState, t *task.Task, b *task.Branch, fields map[string]string) {
	vars := w.vars(ts.Slots)
	maps.Copy(vars, missingFrom(vars, fields))
	action := dialogue.Answer
	if b.Action != "" {
		action = dialogue.Action(b.Action)
	}
	key := b.Say
	if key == "" {
		key = "answer." + ts.Intent
		if t.Mode == task.ModeDone {
			key = "done." + ts.Intent
		}
	}
	w.act(action, dialogue.IntentKnown, ts.Intent+": a branch on the result")
	switch {
	case b.HandOff:
		w.handOff(dialogue.ByComplexity, "the result of "+ts.Intent+" is for people")
		return
	case len(b.Offer) > 0:
		var options []dialogue.Button
		for _, in := range b.Offer {
			options = append(options, dialogue.Button{Payload: "/intent " + in})
		}
		w.say(key, vars, append(slices.Clone(options), dialogue.Button{Payload: "/deny"})...)
		w.end(ts)
		w.ask(dialogue.Question{Kind: dialogue.AskChoice, Options: options})
		return
	}
	w.say(key, vars)
	w.end(ts)
	if b.Start != "" {
		w.pursue(wish{b.Start, 1})
	}
}
