package demodata

import (
	"math"
	"time"

	"yingda/dialogue"
)

// wantsPerson is a message that asks for a person; sessions that are not to be handed over get another offer first, and leave.
func (t *talk) wantsPerson() {
	w := t.small(t.g.pools.Person)
	if t.rng.Float64() < 0.5 {
		w = t.chat("chat.human_agent")
	}
	r := t.read("chat.human_agent", nil, true)
	if t.result.handed {
		t.handOver(w, r, dialogue.ByRequest)
		return
	}
	t.turn(w, r, dialogue.Decision{Action: dialogue.Ask, Reason: dialogue.IntentKnown, Intents: []string{"chat.human_agent"}}, "chat.human_agent")
}

// handTurn is the turn in which the robot hands over.
func (t *talk) handTurn(w Wording, r reading, why dialogue.Reason) *dialogue.Event {
	queue := t.queueFor(why)
	d := dialogue.Decision{Action: dialogue.HandOff, Reason: why, Intents: []string{t.intent}, HandOff: &dialogue.HandOffAsk{Queue: queue, Why: why, Urgent: t.mood == "angry"}}
	if t.v.planted != nil && !t.v.planted.Known || t.intent == "" { // the robot does not know what it was
		d.Intents = nil
	}
	t.queue = queue
	return t.turn(w, r, d, "handoff."+string(why))
}

func (t *talk) queueFor(why dialogue.Reason) string {
	switch {
	case t.v.who.tier == "vip":
		return "vip"
	case why == dialogue.ByEmotion:
		return "complaint"
	case t.v.topic != nil && t.v.topic.queue != "":
		return t.v.topic.queue
	}
	return "general"
}

// handOver hands over and writes the rest of the session.
func (t *talk) handOver(w Wording, r reading, why dialogue.Reason) { t.served(t.handTurn(w, r, why)) }

// served is what comes after a turn that handed over: waiting, then a person.
func (t *talk) served(ev *dialogue.Event) {
	t.finished, t.owner = true, dialogue.OwnerQueue
	asked, queue := t.at, ev.Turn.Decision.HandOff.Queue
	local := asked.In(t.g.o.Zone)
	a, slot := t.g.assign(queue, local, nil)
	if a == nil && queue != "general" { // overflows
		a, slot = t.g.assign("general", local, nil)
	}
	if a == nil {
		t.nextMorning(queue)
		return
	}
	claim := asked.Add(time.Duration(4+16*t.rng.Float64()) * time.Second)
	if a.free[slot].After(claim) {
		claim = a.free[slot]
	}
	patience := time.Minute + time.Duration(9*t.rng.ExpFloat64()*float64(time.Minute))
	if patience > 24*time.Minute {
		patience = 24 * time.Minute
	}
	if wait := claim.Sub(asked); wait > patience {
		t.abandon(asked, patience, claim)
		return
	} else if wait > 90*time.Second && t.rng.Float64() < 0.4 {
		t.at = asked.Add(wait / 2).Truncate(time.Millisecond)
		t.turn(t.small(t.g.pools.Wait), t.read("delivery.urge", nil, false), dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.Waiting}, "waiting")
	}
	t.at = claim.Truncate(time.Millisecond)
	t.emit(dialogue.Event{Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Queue: queue, Agent: a.id, By: a.id}})
	t.owner = dialogue.OwnerAgent
	t.converse(a)
	if t.rng.Float64() < 0.07 {
		a.free[slot] = t.at
		a, slot = t.transfer(a, queue)
	}
	a.free[slot] = t.at.Add(20 * time.Second)
	t.closeBy(a)
}

// converse is agent and customer in turn.
func (t *talk) converse(a *agent) {
	for i := range 1 + min(6, int(1.6*t.rng.ExpFloat64())+t.rng.IntN(2)) {
		t.pause(10*a.pace, 70*a.pace)
		b := &dialogue.AgentBody{Agent: a.id, Length: 12 + int(40*math.Abs(t.rng.NormFloat64()))}
		if t.rng.Float64() < 0.3 {
			b.Suggested = t.tag + "-s" + string(rune('0'+i%10))
		}
		t.emit(dialogue.Event{Kind: dialogue.AgentSaid, Agent: b})
		if t.rng.Float64() < 0.8 {
			t.pause(10, 90)
			t.turn(t.small(t.g.pools.Talk), t.read("chat.affirm", nil, t.rng.Float64() < 0.4), dialogue.Decision{Action: dialogue.Silent, Reason: dialogue.PersonSpeaks})
		}
	}
}

// transfer passes the customer on to an agent of another queue, or back if there is none.
func (t *talk) transfer(from *agent, queue string) (*agent, int) {
	to := "tech"
	if queue == "tech" {
		to = "general"
	}
	t.pause(5, 30)
	t.emit(dialogue.Event{Kind: dialogue.Transferred, Hand: &dialogue.HandBody{Queue: to, By: from.id}})
	a, slot := t.g.assign(to, t.at.In(t.g.o.Zone), from)
	if a == nil || a.free[slot].Sub(t.at) > 20*time.Minute {
		a, slot, to = from, 0, queue
	} else if a.free[slot].After(t.at) {
		t.at = a.free[slot].Truncate(time.Millisecond)
	}
	t.pause(4, 40)
	t.emit(dialogue.Event{Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Queue: to, Agent: a.id, By: a.id}})
	t.converse(a)
	return a, slot
}

// closeBy ends a session with an agent: closed, given back to the robot, or left open where the customer does not come back to it.
func (t *talk) closeBy(a *agent) {
	switch u := t.rng.Float64(); {
	case u < 0.76 || u > 0.90 && t.v.channel == "wechat":
		t.pause(10, 240)
		t.emit(dialogue.Event{Kind: dialogue.Closed, Hand: &dialogue.HandBody{Agent: a.id, By: a.id}})
	case u < 0.90:
		t.pause(5, 60)
		t.emit(dialogue.Event{Kind: dialogue.Returned, Hand: &dialogue.HandBody{Agent: a.id, By: a.id}})
		t.owner = dialogue.OwnerRobot
		if t.rng.Float64() < 0.5 {
			t.pause(10, 120)
			t.turn(t.chat("chat.thank"), t.read("chat.thank", nil, true), answer("chat.thank"), "chat.thank")
		}
	}
}

// abandon is a customer who does not wait. The place in the queue goes when the session is closed, before anybody takes it.
func (t *talk) abandon(asked time.Time, patience time.Duration, claim time.Time) {
	t.at = asked.Add(patience * 2 / 3).Truncate(time.Millisecond)
	if t.rng.Float64() < 0.5 {
		t.mood = "angry"
		t.turn(t.small(t.g.pools.Wait), t.read("delivery.urge", nil, false), dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.Waiting}, "waiting")
	}
	t.at = asked.Add(min(patience, claim.Sub(asked)-time.Second)).Truncate(time.Millisecond)
	t.emit(dialogue.Event{Kind: dialogue.Closed, Hand: &dialogue.HandBody{By: "system"}})
}

// nextMorning is a handover when nobody is there: an agent takes it up when the desk opens, and writes.
func (t *talk) nextMorning(queue string) {
	left := t.at
	local := t.at.In(t.g.o.Zone)
	open := time.Date(local.Year(), local.Month(), local.Day(), 8, 0, 0, 0, t.g.o.Zone)
	if !open.After(local) {
		open = open.AddDate(0, 0, 1)
	}
	for range 3 {
		if a, _ := t.g.assign(queue, open, nil); a != nil {
			t.at = open.Add(time.Duration(t.rng.IntN(1500)+20) * time.Second)
			t.emit(dialogue.Event{Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Queue: queue, Agent: a.id, By: a.id}})
			t.pause(20, 200)
			t.emit(dialogue.Event{Kind: dialogue.AgentSaid, Agent: &dialogue.AgentBody{Agent: a.id, Length: 60 + t.rng.IntN(80)}})
			t.pause(60, 600)
			t.emit(dialogue.Event{Kind: dialogue.Closed, Hand: &dialogue.HandBody{Agent: a.id, By: a.id}})
			break
		}
		open = open.Add(2 * time.Hour)
	}
	t.at, t.said = left, left // the customer left; whether they rate is up to the evening
}
