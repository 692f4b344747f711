package demodata

import (
	"container/heap"
	"math/rand/v2"
	"strconv"
	"time"

	"yingda/dialogue"
)

// remind writes the message that follows a task which the customer left: half an hour later, with receipts, and now and then an answer.
func (g *Generator) remind(t *talk) {
	at := t.at
	t.at = t.at.Add(31*time.Minute + time.Duration(t.rng.IntN(60))*time.Second)
	t.sendOut("interrupted_task", "follow.interrupted_task")
	if t.rng.Float64() < 0.18 && t.v.channel != "voice" {
		v := t.v
		v.at, v.conv, v.again = t.at.Add(time.Duration(10+t.rng.IntN(80))*time.Minute), t.key.Conversation, false
		heap.Push(&g.due, v)
	}
	t.at, t.said = at, at
}

// sendOut writes a message of the robot's own and what became of it.
func (t *talk) sendOut(kind, key string) {
	id := "f-" + t.tag
	ref := dialogue.ScriptRef{Key: key, Variant: "a", Version: 1}
	t.emit(dialogue.Event{Kind: dialogue.SentOut, Out: &dialogue.OutBody{FollowUp: id, Kind: kind, Script: ref, Status: "sent"}})
	t.pause(0.2, 4)
	t.at = t.at.Add(time.Millisecond)
	if t.rng.Float64() < 0.04 {
		t.emit(dialogue.Event{Kind: dialogue.Receipt, Out: &dialogue.OutBody{FollowUp: id, Kind: kind, Script: ref, Status: "failed"}})
		return
	}
	t.emit(dialogue.Event{Kind: dialogue.Receipt, Out: &dialogue.OutBody{FollowUp: id, Kind: kind, Script: ref, Status: "delivered"}})
	if t.rng.Float64() < 0.6 {
		t.pause(20, 3600)
		t.emit(dialogue.Event{Kind: dialogue.Receipt, Out: &dialogue.OutBody{FollowUp: id, Kind: kind, Script: ref, Status: "read"}})
	}
}

// notices writes what the shop tells customers by itself: that something is wrong with an order.
func (g *Generator) notices(rng *rand.Rand, day int) {
	for range poisson(rng, g.perDay*0.05) {
		who := g.someone(rng, day)
		g.sessions++
		t := &talk{g: g, rng: rng, day: day, v: visit{who: who, channel: "app"}}
		t.tag = strconv.FormatUint(g.sessions, 36)
		t.key = dialogue.Key{Tenant: g.o.Tenant, Conversation: "app-" + t.tag}
		t.at = g.plan.day(day).Add(9*time.Hour + time.Duration(rng.IntN(12*3600))*time.Second)
		sent := t.at
		t.sendOut("order_exception", "follow.order_exception")
		if rng.Float64() < 0.2 && !sent.Add(time.Hour).After(g.plan.day(day+1)) { // an answer, in the same conversation
			heap.Push(&g.due, visit{at: sent.Add(time.Duration(2+rng.IntN(50)) * time.Minute), who: who, topic: &topics[1], conv: t.key.Conversation, channel: "app"})
		}
	}
}
