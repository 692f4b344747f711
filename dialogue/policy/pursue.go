package policy

import (
	"maps"
	"slices"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// pursued follows the wishes of the message, or answers what it does in the conversation. It reports false when there is neither.
func (w *turn) pursued() bool {
	if len(w.r.close) == 2 && len(w.tasks) == 0 {
		w.choice(w.r.close)
		return true
	}
	if len(w.r.wishes) == 0 {
		return len(w.r.spoken) > 0 && w.chat()
	}
	if w.referent(w.r.wishes[0].intent) {
		return true
	}
	w.pursueAll(w.r.wishes)
	w.courtesy()
	return true
}

// courtesy answers thanks, praise and the like that come with a wish, after it.
func (w *turn) courtesy() {
	for _, in := range w.r.spoken {
		if w.set.role(in) == RoleChat && w.d.Action == dialogue.Answer {
			w.say(chatKey(in), w.vars(nil))
		}
	}
}

// pursueAll takes up wishes one after the other. Once the robot has to ask something the rest waits.
func (w *turn) pursueAll(list []wish) {
	w.s.Misses = 0
	for i, x := range list {
		if w.offered(x.intent) { // the message has chosen already
			w.s.Asked = nil
		}
		if w.s.Asked != nil || w.d.HandOff != nil {
			for _, later := range list[i:] {
				if !slices.Contains(w.s.Later, later.intent) {
					w.s.Later = append(w.s.Later, later.intent)
				}
			}
			return
		}
		w.pursue(x)
	}
	w.goOn()
}

// offered tells whether the question that was just asked offers an intent.
func (w *turn) offered(intent string) bool {
	return w.s.Asked != nil && w.s.Asked.Kind == dialogue.AskChoice && slices.ContainsFunc(w.s.Asked.Options, func(b dialogue.Button) bool { return b.Payload == "/intent "+intent })
}

// pursue takes up one wish.
func (w *turn) pursue(x wish) {
	if w.depth++; w.depth > 6 { // tasks that begin each other
		return
	}
	w.s.Later = slices.DeleteFunc(w.s.Later, func(in string) bool { return in == x.intent })
	t := w.p.o.Tasks.Task(x.intent)
	if t == nil {
		w.plain(x.intent)
		return
	}
	if ts := w.top(); ts != nil && !ts.Paused && w.alters(ts, x.intent) {
		return
	}
	if w.unsure(x, t) {
		return
	}
	ts := w.begin(t, x.intent)
	w.take(ts, t, "")
	w.run(ts, t)
}

// unsure asks before something is done that was understood too weakly and that is not confirmed anyway.
func (w *turn) unsure(x wish, t *task.Task) bool {
	if x.score >= w.set.Understanding.Act || t.Confirm || t.Mode != task.ModeDone || len(w.d.Say) > 0 {
		return false
	}
	w.choice([]wish{x})
	w.d.Reason, w.d.Why = dialogue.ByConfidence, "understood too weakly to change something"
	return true
}

// top returns the task that is worked on, nil when there is none.
func (w *turn) top() *dialogue.TaskState {
	if n := len(w.tasks); n > 0 {
		return w.tasks[n-1]
	}
	return nil
}

// current returns the declaration of the task that is worked on.
func (w *turn) current() *task.Task {
	if ts := w.top(); ts != nil {
		return w.p.o.Tasks.Task(ts.Intent)
	}
	return nil
}

// begin makes a task the one that is worked on: a new one, or an unfinished one again. What was worked on is interrupted, or dropped when
// the customer wants only one of the two.
func (w *turn) begin(t *task.Task, intent string) *dialogue.TaskState {
	w.replaceAlternatives(intent)
	ts := &dialogue.TaskState{Task: t.Name(), Intent: intent, Since: w.n, Doubtful: !w.heardWell()}
	for i := range w.tasks {
		if w.tasks[i].Task == t.Name() {
			ts = w.tasks[i]
			ts.Intent, ts.Paused, ts.Confirmed = intent, false, false
			w.tasks = slices.Delete(w.tasks, i, i+1)
			break
		}
	}
	if old := w.top(); old != nil && !old.Paused {
		w.interrupt(old, intent)
	}
	w.tasks = append(w.tasks, ts)
	w.touch(t)
	w.reset = true
	w.inherit(ts, t)
	return ts
}

// undo returns a function that brings tasks and slots back to how they are now, for a reading of the message that may turn out wrong.
func (w *turn) undo() func() {
	s := w.s.Clone()
	tasks := make([]dialogue.TaskState, len(w.tasks))
	for i, ts := range w.tasks {
		tasks[i] = *ts
		tasks[i].Slots, tasks[i].Asks = maps.Clone(ts.Slots), maps.Clone(ts.Asks)
	}
	touched, reset, follow := slices.Clone(w.touched), w.reset, w.d.Follow
	return func() {
		w.s, w.touched, w.reset, w.d.Follow, w.tasks = s, touched, reset, follow, nil
		for i := range tasks {
			w.tasks = append(w.tasks, &tasks[i])
		}
	}
}

// interrupt puts a task aside for another one. A troubleshooting tree is left for good, unless the new wish is a step towards its goal.
func (w *turn) interrupt(old *dialogue.TaskState, intent string) {
	t := w.p.o.Tasks.Task(old.Intent)
	if t == nil || len(t.Steps) > 0 && !slices.Contains(t.Toward, intent) {
		w.tasks = w.tasks[:len(w.tasks)-1]
		return
	}
	old.Paused = true
	if t.Follow != nil {
		w.followUp(t, old)
	}
}

// replaceAlternatives drops open tasks that the new wish takes the place of: 换成换货.
func (w *turn) replaceAlternatives(intent string) {
	for _, set := range w.set.Alternatives {
		if !slices.Contains(set, intent) {
			continue
		}
		w.tasks = slices.DeleteFunc(w.tasks, func(ts *dialogue.TaskState) bool { return ts.Intent != intent && slices.Contains(set, ts.Intent) })
	}
}

// touch notes that the turn is about a task.
func (w *turn) touch(t *task.Task) {
	if !slices.Contains(w.touched, t) {
		w.touched = append(w.touched, t)
	}
}

// alters takes a wish as a change of the open task's own slots: 换个地址 before the order is placed.
func (w *turn) alters(ts *dialogue.TaskState, intent string) bool {
	t := w.p.o.Tasks.Task(ts.Intent)
	if t == nil {
		return false
	}
	slots, ok := t.Alters[intent]
	if !ok {
		return false
	}
	changed := w.take(ts, t, w.altered(t))
	if len(changed) == 0 && w.r.yes == 0 && len(slots) > 0 && !(w.in.Analysis != nil && w.cue(CuePast)) {
		delete(ts.Slots, slots[0])
		w.askSlot(ts, t, slots[0])
		return true
	}
	if len(changed) == 0 && w.r.yes > 0 {
		ts.Confirmed = true
	}
	w.run(ts, t)
	return true
}

// plain answers an intent that has no task: from the knowledge base, else with the intent's own script.
func (w *turn) plain(intent string) {
	w.reset = true
	if w.fromKnowledge(w.set.Understanding.Known, []string{intent}) {
		return
	}
	w.act(dialogue.Answer, dialogue.IntentKnown, "the intent has a standing answer")
	w.say("answer."+intent, w.vars(nil))
}

// goOn takes up what waits once the present wish is done: wishes said before, then an interrupted task.
func (w *turn) goOn() {
	for w.s.Asked == nil && w.d.HandOff == nil && len(w.s.Later) > 0 && w.depth < 6 {
		next := w.s.Later[0]
		w.s.Later = w.s.Later[1:]
		w.pursue(wish{next, 1})
	}
	if w.s.Asked == nil && w.d.HandOff == nil {
		w.offerResume()
	}
}

// offerResume comes back to an interrupted task: what it waited for can be answered at once.
func (w *turn) offerResume() {
	ts := w.top()
	if ts == nil || ts.Asks["resume"] >= 1 && !w.interrupting(ts) || w.in.Tracker.Owner.Kind != dialogue.OwnerRobot {
		return
	}
	t := w.p.o.Tasks.Task(ts.Intent)
	if t == nil {
		w.tasks = w.tasks[:len(w.tasks)-1]
		return
	}
	interrupted := w.interrupting(ts)
	count(ts, "resume")
	vars := w.vars(ts.Slots)
	if slot := w.missing(ts, t); slot != "" {
		vars["missing"] = slot
	}
	if interrupted {
		ts.Paused = false
		w.touch(t)
		w.ask(*w.asked)
	} else {
		w.ask(dialogue.Question{Kind: dialogue.AskResume, Task: ts.Task})
	}
	w.say("resume."+ts.Intent, vars, yesNo...)
}

// interrupting tells whether the task was interrupted in this very turn: its question stands.
func (w *turn) interrupting(ts *dialogue.TaskState) bool {
	return w.asked != nil && w.asked.Task == ts.Task && w.asked.Kind != dialogue.AskResume
}

var yesNo = []dialogue.Button{{Payload: "/affirm"}, {Payload: "/deny"}}

// count adds one to how often a task asked for something.
func count(ts *dialogue.TaskState, what string) int {
	if ts.Asks == nil {
		ts.Asks = map[string]int{}
	}
	ts.Asks[what]++
	return ts.Asks[what]
}

// followUp asks for a message to a customer who does not come back.
func (w *turn) followUp(t *task.Task, ts *dialogue.TaskState) {
	vars := w.vars(ts.Slots)
	vars["task"] = ts.Intent
	w.d.Follow = append(w.d.Follow, dialogue.FollowAsk{Kind: t.Follow.Kind, After: t.Follow.After, Key: t.Follow.Key(), Vars: vars})
}
