package demodata

import (
	"time"

	"yingda/dialogue"
)

// run writes the session.
func (t *talk) run() {
	t.decide()
	if t.rng.Float64() < 0.22 {
		t.turn(t.chat("chat.greet"), t.read("chat.greet", nil, true), answer("chat.greet"), "chat.greet")
		t.pause(4, 30)
	}
	switch {
	case t.kind == person:
		t.wantsPerson()
	case t.ask():
		t.serve()
	}
	if !t.finished {
		t.end()
	}
	t.rate()
}

// decide throws the dice that matter before anything is said, so that what is measured has known odds.
func (t *talk) decide() {
	t.mood = t.feeling()
	h := handed[t.kind]
	if t.mood == "angry" {
		h += 0.12
	}
	if t.v.who.tier == "vip" {
		h += 0.03
	}
	if t.v.again {
		h += 0.05
	}
	if h > 0.95 {
		h = 0.95
	}
	t.odds = odds{handed: h, solved: solved[t.kind]}
	var e effect
	for i := range t.g.trials {
		tr := t.g.trials[i].trial
		if t.arms[tr.name] == treatment {
			e.handed, e.solved, e.satisfied = e.handed+tr.effect.handed, e.solved+tr.effect.solved, e.satisfied+tr.effect.satisfied
		}
	}
	r := &t.result
	r.handed = t.rng.Float64() < t.odds.handed+e.handed
	if r.handed {
		r.solved = t.rng.Float64() < solvedByPerson
	} else {
		r.solved = t.rng.Float64() < t.odds.solved+e.solved
	}
	content := contentUnsolved
	if r.solved {
		content = contentSolved
	}
	happy := t.rng.Float64() < content+e.satisfied
	stars, rated := t.rng.Float64(), t.rng.Float64() < 0.2
	r.answered = t.rng.Float64() < 0.7
	if rated {
		r.score = score(happy, stars)
	}
}

// score turns a number from 0 to 1 into stars: 4.65 on average of the content, 1.95 of the others.
func score(happy bool, u float64) int {
	switch {
	case happy && u < 0.65:
		return 5
	case happy:
		return 4
	case u < 0.25:
		return 2
	case u < 0.60:
		return 3
	}
	return 1
}

func answer(intent string) dialogue.Decision {
	return dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Intents: []string{intent}}
}

var miss = dialogue.Decision{Action: dialogue.Clarify, Reason: dialogue.NotUnderstood}

// near are the intents that what is said is taken for.
func (t *talk) near() (best string, rest []string) {
	if t.v.planted != nil {
		near := t.v.planted.Near
		i := t.rng.IntN(len(near)) // not always the same: the order of near intents changes with the wording
		return near[i], near
	}
	if t.v.topic != nil {
		return t.intent, nil
	}
	return topics[t.rng.IntN(len(topics))].intent, nil
}

// missing is how likely the next wording is not understood.
func (t *talk) missing() float64 {
	m := missed[t.kind]
	if t.v.planted != nil && t.v.planted.Known {
		m = 0.62
	}
	if t.arms["bundle_next"] == treatment {
		m *= 0.6
	}
	if t.v.channel == "voice" {
		m *= 1.3
	}
	return m + t.g.dull(t.day)*0.25
}

// ask says what the customer wants until it is understood. It is false when the session took another way: given up, or with a person.
func (t *talk) ask() bool {
	best, near := t.near()
	for tries := 0; ; tries++ {
		w := t.wish()
		lost := t.rng.Float64() < t.missing()
		if tries == 0 && t.result.handed && t.kind != task && t.kind != trouble && t.kind != complaint && t.rng.Float64() < 0.6 {
			lost = true
		}
		if !lost {
			t.understood(w, best, near)
			return true
		}
		t.g.missedNew(t)
		if tries == 1 && t.result.handed {
			t.handOver(w, t.read(best, near, false), dialogue.ByUnrecognised)
			return false
		}
		key := "clarify.rephrase"
		if tries > 0 {
			key = "clarify.again"
		}
		t.turn(w, t.read(best, near, false), miss, key)
		t.pause(8, 70)
		switch u := t.rng.Float64(); {
		case t.result.handed && u < 0.35:
			t.wantsPerson()
			return false
		case !t.result.handed && (tries == 1 || t.kind == chatter || t.kind == unknown && u < 0.4 || u < 0.08):
			return false // gives up
		}
	}
}

// understood writes the turn in which the wish is taken for an intent, and what the robot does first.
func (t *talk) understood(w Wording, best string, near []string) {
	r := t.read(best, near, true)
	if t.kind == unknown || t.kind == chatter { // wrongly, and not very surely
		r.ranking[0].Score = round4(0.5 + 0.25*t.rng.Float64())
		r.intents = r.ranking[:1]
		r.oos = round4(0.2 + 0.3*t.rng.Float64())
	}
	switch t.kind {
	case task:
		t.beginTask(w, r)
	case trouble:
		ev := t.turn(w, r, dialogue.Decision{Action: dialogue.Ask, Reason: dialogue.IntentKnown, Task: t.intent}, "step."+t.intent)
		if t.v.topic != nil {
			t.call(ev, t.v.topic.call, false)
		}
	case complaint:
		d := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Task: t.intent}
		key := "answer.complaint"
		if t.mood == "angry" || t.mood == "disappointed" {
			d.Action, d.Reason, key = dialogue.Soothe, dialogue.Feeling, "soothe."+t.mood
		}
		t.turn(w, r, d, key)
	default:
		t.inform(w, r, best)
	}
}

// inform answers a question; failing systems are said so.
func (t *talk) inform(w Wording, r reading, intent string) {
	d := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Task: intent}
	call := ""
	if t.v.topic != nil {
		call = t.v.topic.call
	}
	if call == "" {
		d.Reason, d.Task = dialogue.FromKnowledge, ""
	}
	ev := t.turn(w, r, d, "answer."+intent)
	t.call(ev, call, false)
	down, up := 0.02, 0.04
	if t.kind == unknown {
		down, up = 0.30, 0
	}
	if u := t.rng.Float64(); u < down+up {
		thumb := 1
		if u < down {
			thumb = -1
		}
		about := ev.ID
		t.pause(2, 20)
		t.emit(dialogue.Event{Kind: dialogue.Rated, Rating: &dialogue.RatingBody{Thumb: thumb, About: about}})
	}
}

// beginTask asks for what is needed, or reads back.
func (t *talk) beginTask(w Wording, r reading) {
	slot := t.v.topic.slot
	if slot == "" || hasTag(w, slot) || t.rng.Float64() < 0.2 {
		t.turn(w, r, dialogue.Decision{Action: dialogue.Confirm, Reason: dialogue.NeedsYes, Task: t.intent}, "confirm."+t.intent)
		return
	}
	t.turn(w, r, dialogue.Decision{Action: dialogue.Ask, Reason: dialogue.SlotMissing, Task: t.intent}, "ask."+slot)
	if t.leaves() {
		return
	}
	t.pause(8, 60)
	t.turn(t.small(t.g.pools.Slots[slot]), reading{}, dialogue.Decision{Action: dialogue.Confirm, Reason: dialogue.NeedsYes, Task: t.intent, Intents: []string{t.intent}}, "confirm."+t.intent)
}

func hasTag(w Wording, slot string) bool {
	for _, e := range w.Entities {
		if e == slot {
			return true
		}
	}
	return false
}

// leaves tells whether the customer goes away in the middle of a task, without an answer to a question of the robot.
func (t *talk) leaves() bool {
	if !t.result.handed && !t.result.solved && t.rng.Float64() < 0.5 {
		t.finished = true
		t.g.remind(t)
		return true
	}
	return false
}

// serve goes on after the wish is understood, to the end or to a person.
func (t *talk) serve() {
	if t.finished {
		return
	}
	t.pause(6, 60)
	switch t.kind {
	case task:
		t.finishTask()
	case trouble:
		t.steps()
	case complaint:
		t.complain()
	default:
		if t.result.handed {
			t.wantsPerson()
		} else if t.result.solved && t.v.topic != nil && t.rng.Float64() < 0.18 { // one more question
			w := t.g.pools.ordinary(t.rng, t.intent, t.v.who.lang, "neutral")
			t.g.label(t, w.Text, "ordinary")
			t.inform(w, t.read(t.intent, nil, true), t.intent)
		}
	}
}

func (t *talk) finishTask() {
	d := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Task: t.intent, Intents: []string{t.intent}}
	if !t.result.handed {
		if !t.result.solved && t.rng.Float64() < 0.5 {
			t.turn(t.small(t.g.pools.No), t.read("chat.deny", nil, true), d, "cancelled")
			return
		}
		ev := t.turn(t.small(t.g.pools.Yes), t.read("chat.affirm", nil, true), d, "done."+t.intent)
		t.call(ev, t.v.topic.call, false)
		return
	}
	switch u := t.rng.Float64(); {
	case u < 0.35:
		ev := t.handTurn(t.small(t.g.pools.Yes), t.read("chat.affirm", nil, true), dialogue.ByFailure)
		t.call(ev, t.v.topic.call, true)
		t.served(ev)
	case u < 0.55:
		t.handOver(t.small(t.g.pools.Yes), t.read("chat.affirm", nil, true), dialogue.ByComplexity)
	case u < 0.65 && t.v.who.tier == "vip":
		t.handOver(t.small(t.g.pools.Yes), t.read("chat.affirm", nil, true), dialogue.ByTier)
	default:
		t.wantsPerson()
	}
}

// steps tries what can be tried.
func (t *talk) steps() {
	again := dialogue.Decision{Action: dialogue.Ask, Reason: dialogue.IntentKnown, Task: t.intent, Intents: []string{t.intent}}
	for range 1 + t.rng.IntN(2) {
		if !t.result.handed && t.result.solved {
			break
		}
		t.turn(t.small(t.g.pools.Tried), t.read("chat.deny", nil, true), again, "step."+t.intent)
		t.pause(30, 240)
	}
	switch u := t.rng.Float64(); {
	case t.result.handed && t.mood == "angry" && u < 0.5:
		t.handOver(t.small(t.g.pools.Tried), t.read("chat.deny", nil, true), dialogue.ByEmotion)
	case t.result.handed && u < 0.6:
		t.handOver(t.small(t.g.pools.Tried), t.read("chat.deny", nil, true), dialogue.ByComplexity)
	case t.result.handed:
		t.wantsPerson()
	case t.result.solved:
		t.turn(t.small(t.g.pools.Yes), t.read("chat.affirm", nil, true), answer(t.intent), "solved")
	}
}

func (t *talk) complain() {
	if !t.result.handed {
		ev := t.turn(t.wish(), t.read(t.intent, nil, true), answer(t.intent), "answer."+t.intent)
		t.call(ev, t.v.topic.call, false)
		return
	}
	switch u := t.rng.Float64(); {
	case t.mood == "angry" && u < 0.7:
		t.handOver(t.wish(), t.read(t.intent, nil, true), dialogue.ByEmotion)
	case u < 0.75:
		t.handOver(t.wish(), t.read(t.intent, nil, true), dialogue.ByComplexity)
	default:
		t.wantsPerson()
	}
}

// end is how robot-only sessions end: with thanks, with a goodbye, or with silence.
func (t *talk) end() {
	if t.result.solved && t.rng.Float64() < 0.35 {
		t.pause(4, 40)
		t.mood = "positive"
		t.turn(t.chat("chat.thank"), t.read("chat.thank", nil, true), answer("chat.thank"), "chat.thank")
	}
	if t.rng.Float64() < 0.3 {
		t.pause(30, 600)
		t.emit(dialogue.Event{Kind: dialogue.Closed, Hand: &dialogue.HandBody{By: "system"}})
	}
	t.finished = true
}

// rate writes the stars, if the customer gives any, soon after the end.
func (t *talk) rate() {
	r := t.result
	if r.score == 0 {
		return
	}
	b := &dialogue.RatingBody{Score: r.score, NPS: t.g.recommends(t.tag, r.score)}
	if r.answered {
		yes := r.solved
		b.Resolved = &yes
	}
	if t.rng.Float64() < 0.25 {
		of := t.g.pools.Grudge
		if r.score >= 4 {
			of = t.g.pools.Score
		}
		b.Redacted = pick(t.rng, of.In(t.v.who.lang))
	}
	if t.at.Before(t.said) {
		t.at = t.said
	}
	t.pause(5, 120)
	t.at = t.at.Add(time.Millisecond)
	t.emit(dialogue.Event{Kind: dialogue.Rated, Rating: b})
}
