package policy

import (
	"regexp"
	"slices"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// handOff passes the conversation to people, with the words that the customer is told.
func (w *turn) handOff(why dialogue.Reason, because string) {
	h := &dialogue.HandOffAsk{Why: why, Urgent: why == dialogue.ByEmotion}
	h.Queue, h.Skills = w.queue(why)
	if t := w.current(); t != nil && t.Urgent {
		h.Urgent = true
	}
	w.d.HandOff = h
	w.d.Action, w.d.Reason, w.d.Why = dialogue.HandOff, why, because
	w.s.Asked = nil
	key := "handoff." + h.Queue
	switch why {
	case dialogue.ByUnrecognised, dialogue.ByFailure, dialogue.ByConfidence:
		key = "handoff." + string(why)
	}
	w.say(key, w.vars(map[string]string{"queue": h.Queue, "why": string(why)}))
}

// queue chooses who takes over, and the skills that are needed: the tier's queue, else the open task's, else that of the group of what is
// talked about. Whoever is served by their tier's queue takes the other queue's name along as a skill.
func (w *turn) queue(why dialogue.Reason) (string, []string) {
	q := ""
	if t := w.current(); t != nil {
		q = t.Queue
	}
	if q == "" {
		q = w.groupQueue()
	}
	if q == "" && why == dialogue.ByEmotion {
		q = w.set.Queues.Emotion
	}
	if tier := w.set.Tiers[w.in.Profile.Tier].Queue; tier != "" {
		if q != "" && q != tier {
			return tier, []string{q}
		}
		return tier, nil
	}
	if q == "" {
		q = w.set.Queues.Default
	}
	return q, nil
}

// groupQueue returns the queue of the group of this message's wishes, or of what was talked about.
func (w *turn) groupQueue() string {
	intents := append(w.r.names(), w.s.Topic...)
	for i := len(w.tasks) - 1; i >= 0; i-- {
		intents = append(intents, w.tasks[i].Intent)
	}
	groups := make([]string, 0, len(w.set.Queues.Groups))
	for g := range w.set.Queues.Groups {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	for _, in := range intents {
		for _, g := range groups {
			if w.set.in(g, in) {
				return w.set.Queues.Groups[g]
			}
		}
	}
	return ""
}

// wait answers a customer who waits for a person: what is said is noted and travels along, what needs nothing is answered, and nobody is
// handed over twice.
func (w *turn) wait() {
	if len(w.r.wishes) > 0 && w.r.wishes[0].score < w.set.Understanding.Switch && len(w.r.spoken) == 0 {
		w.r.wishes = nil // for people to read
	}
	w.d.Intents = w.r.names()
	w.gather()
	note := "waiting.noted"
	switch {
	case w.r.role(RolePerson):
		note = "waiting.position"
	case len(w.r.wishes) == 0 && len(w.r.spoken) > 0 && len(w.r.values) == 0:
		note = w.chatKey()
	case len(w.r.wishes) > 0 && w.answerWaiting(w.r.wishes[0].intent):
		return
	}
	if note == "waiting.noted" {
		if len(w.r.wishes) == 0 {
			w.d.Intents = []string{w.set.first(RolePerson)}
		}
		for _, in := range w.d.Intents {
			if !slices.Contains(w.s.Notes, in) {
				w.s.Notes = append(w.s.Notes, in)
			}
		}
	}
	w.act(dialogue.Answer, dialogue.Waiting, "the customer waits for a person; what was said goes along")
	w.say(note, w.vars(nil))
}

// gather learns what the message tells about its wishes without pursuing them, for the person who takes over.
func (w *turn) gather() {
	if len(w.r.wishes) == 0 {
		w.note()
	}
	for _, x := range w.r.wishes {
		t := w.p.o.Tasks.Task(x.intent)
		if t == nil {
			continue
		}
		ts := &dialogue.TaskState{Task: t.Name(), Intent: x.intent}
		w.touch(t)
		w.reset = true
		w.inherit(ts, t)
		w.take(ts, t, "")
		w.bind(ts, t)
	}
}

// note learns values that come without a wish.
func (w *turn) note() {
	for _, v := range w.r.values {
		for _, n := range w.p.o.Tasks.SlotsOf(v.typ) {
			s := w.p.o.Tasks.Slot(n)
			if !v.negated && s.Accepts(v.text) && !slices.Contains(s.Exclude, v.kind) && s.Keep != task.KeepTask {
				w.learn(nil, s, dialogue.Slot{Value: v.text, Norm: v.norm, Type: v.typ, From: fromCustomer, Turn: w.n})
				break
			}
		}
	}
}

// answerWaiting answers a wish that needs nothing and changes nothing.
func (w *turn) answerWaiting(intent string) bool {
	t := w.p.o.Tasks.Task(intent)
	if t != nil && (t.Confirm || t.Soothe || t.People || len(t.Steps) > 0 || len(t.Needs)+len(t.Any) > 0 || t.Mode == "done") {
		return false
	}
	w.pursue(wish{intent: intent, score: 1})
	return w.d.Action != ""
}

// intentForm is how names of intents look: a payload comes from outside and may hold anything.
var intentForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// press does what a button stands for. It reports false for a payload that it does not know.
func (w *turn) press(payload string) bool {
	name, arg := cut(payload)
	if w.in.Analysis != nil { // a button's title, sent along as text, says nothing more
		w.r.text = w.in.Analysis.Normal.Text
	}
	switch name {
	case "/intent":
		if !intentForm.MatchString(arg) { // it would stand where reports can read it
			return false
		}
		w.d.Intents = []string{arg}
		w.pursueAll([]wish{{arg, 1}})
	case "/agent":
		if w.in.Tracker.Owner.Kind == dialogue.OwnerQueue {
			w.act(dialogue.Answer, dialogue.Waiting, "the customer waits for a person already")
			w.say("waiting.position", w.vars(nil))
			return true
		}
		w.r.spoken = []string{w.set.first(RolePerson)}
		w.handOff(dialogue.ByRequest, "the customer pressed the button for a person")
	case "/affirm", "/deny":
		w.r.yes = 1
		role := RoleAffirm
		if name == "/deny" {
			w.r.yes, role = -1, RoleDeny
		}
		w.r.roles, w.r.spoken = []Role{role}, []string{w.set.first(role)}
		if !w.answered() {
			w.chat()
		}
	case "/slot":
		w.pressSlot(arg)
	case "/option":
		w.pressOption(arg)
	case entryPayload:
		return w.pressEntry(arg)
	case "/rate", "/nps": // package proactive notes the rating
		w.act(dialogue.Answer, dialogue.IntentKnown, "the customer rated the conversation")
		w.say("rated", w.vars(nil))
	default:
		return false
	}
	return true
}
