package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/engine"
)

// slow is a system that answers when it is let.
type slow struct{ asked, let chan struct{} }

func (s slow) Call(context.Context, dialogue.Call) dialogue.Result {
	s.asked <- struct{}{}
	<-s.let
	return dialogue.Result{Status: dialogue.CallOK}
}

// TestAgentDoesNotWaitForASlowSystem has an agent take a conversation over while the robot's turn waits for the operator's system: the agent
// is not held up, the robot does not speak beside them, and what the robot did meanwhile is on record.
func TestAgentDoesNotWaitForASlowSystem(t *testing.T) {
	sys := slow{make(chan struct{}, 1), make(chan struct{})}
	e := mustEngine(t, engine.Options{Calls: sys})
	must(t, e, message("c", "m1", "a:1"))
	turn := make(chan dialogue.Outcome, 1)
	go func() {
		out, err := e.Handle(context.Background(), message("c", "m2", "call:2"))
		if err != nil {
			t.Error(err)
		}
		turn <- out
	}()
	<-sys.asked
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	k := dialogue.Key{Tenant: "default", Conversation: "c"}
	tr, _, err := e.Update(ctx, k, func(*dialogue.Tracker) (*dialogue.Event, error) {
		return &dialogue.Event{ID: "claim-1", Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Agent: "li"}}, nil
	})
	close(sys.let)
	out := <-turn
	if err != nil || tr.Owner.Kind != dialogue.OwnerAgent {
		t.Fatalf("the agent waits for the system: %v", err)
	}
	if out.Decision.Action != dialogue.Silent || len(out.Replies) != 0 {
		t.Errorf("the robot speaks beside the agent: %+v", out)
	}
	evs, err := e.Events(t.Context(), k, out.Seq-1, 1)
	if err != nil || len(evs) != 1 {
		t.Fatal(len(evs), err)
	}
	if len(evs[0].Turn.Calls) != 1 || len(evs[0].Private.Calls) != 1 || evs[0].Private.Calls[0].Call.Name != "order.get" {
		t.Errorf("a call that was made is not on record: %+v %+v", evs[0].Turn.Calls, evs[0].Private.Calls)
	}
}

// TestAnotherCustomer tells that what a caller said of one customer is not used for the next one in the same conversation.
func TestAnotherCustomer(t *testing.T) {
	seen := &profiles{}
	e := mustEngine(t, engine.Options{Policy: seen})
	say := func(id, customer string, p *dialogue.Profile) {
		m := message("c", id, "a:1")
		m.Customer, m.Profile = customer, p
		must(t, e, m)
	}
	say("m1", "", &dialogue.Profile{Name: "Lin"})
	say("m2", "lin", nil)  // signed in meanwhile
	say("m3", "", nil)     // the channel does not say it each time
	say("m4", "wang", nil) // somebody else at the same screen
	say("m5", "wang", &dialogue.Profile{Name: "Wang"})
	if got := strings.Join(seen.names, ","); got != "Lin,Lin,Lin,,Wang" {
		t.Errorf("profiles %s, want Lin,Lin,Lin,,Wang", got)
	}
}

// profiles is a policy that notes whose profile it is given.
type profiles struct{ names []string }

func (p *profiles) Decide(_ context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	p.names = append(p.names, t.Profile.Name)
	return dialogue.Decision{Action: dialogue.Answer, State: t.Tracker.State}, nil
}
