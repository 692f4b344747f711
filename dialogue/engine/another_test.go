package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/engine"
)

// people knows one person of two ids, and a VIP.
type people struct{}

func (people) Profile(_ context.Context, _, customer string) (dialogue.Profile, error) {
	return map[string]dialogue.Profile{"ann": {Tier: "vip", Name: "Ann"}, "bob": {Name: "Bob"}}[customer], nil
}

func samePerson(_ context.Context, _, a, b string) (bool, error) {
	return a == "ann" && b == "ann-app" || a == "ann-app" && b == "ann", nil
}

func from(customer, id, text string) dialogue.Message {
	m := message("shared", id, text)
	m.Customer = customer
	return m
}

// TestAnotherCustomerSpeaks has two people write in one conversation, as on a shared device: the second finds nothing of the first.
func TestAnotherCustomerSpeaks(t *testing.T) {
	for _, tt := range []struct {
		name, first, second string
		kept                bool
	}{
		{"another", "ann", "bob", false},
		{"the same", "ann", "ann", true},
		{"another id of the same person", "ann", "ann-app", true},
		{"logs in", "", "ann", true},
		{"does not say who", "ann", "", true},
		{"an anonymous id of elsewhere", "ann", "anonymous:else", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := mustLog(t)
			e := mustEngine(t, engine.Options{Store: store, Profiles: people{}, Same: samePerson})
			m := from(tt.first, "m1", "agent:")
			if tt.first == "ann" {
				m.Profile = &dialogue.Profile{Tier: "vip", Name: "Ann"}
			}
			first := must(t, e, m)
			if first.Owner.Kind != dialogue.OwnerQueue {
				t.Fatalf("owner %+v", first.Owner)
			}
			out := must(t, e, from(tt.second, "m2", "hello"))
			tr, counted := out.Tracker, out.Decision.State.Slots["n"].Value
			if kept := counted == "2"; kept != tt.kept || (tr.Owner.Kind == dialogue.OwnerQueue) != tt.kept || (len(tr.Lines) == 4) != tt.kept {
				t.Errorf("counted %s, owner %+v, %d lines; want kept %v", counted, tr.Owner, len(tr.Lines), tt.kept)
			}
			if tt.first == "ann" && !tt.kept && (tr.Tier != "" || tr.Profile != nil || len(tr.Emotions) != 1) {
				t.Errorf("inherited: tier %q, profile %+v, %d emotions", tr.Tier, tr.Profile, len(tr.Emotions))
			}
			if tr.Turns != 2 || tr.Events != 2 {
				t.Errorf("%d turns, %d events: they go on", tr.Turns, tr.Events)
			}
			evs, err := e.Events(t.Context(), out.Key, 0, 10)
			if err != nil || len(evs) != 2 || evs[1].Turn.Another == tt.kept {
				t.Fatalf("events %+v, %v", evs, err)
			}
			folded := &dialogue.Tracker{Key: out.Key}
			for i := range evs {
				folded = folded.Apply(&evs[i], "")
			}
			if folded.Owner.Kind != tr.Owner.Kind || len(folded.Lines) != len(tr.Lines) || folded.Tier != tr.Tier {
				t.Errorf("the log folds to %+v, the engine has %+v", folded, tr)
			}
		})
	}
}

// TestAnotherCustomerWhileAnAgentSpeaks leaves the agent where they are, with the conversation of the one who writes.
func TestAnotherCustomerWhileAnAgentSpeaks(t *testing.T) {
	e := mustEngine(t, engine.Options{})
	must(t, e, from("ann", "m1", "agent:"))
	_, _, err := e.Update(t.Context(), message("shared", "", "").Key, func(*dialogue.Tracker) (*dialogue.Event, error) {
		return &dialogue.Event{ID: "c", Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Agent: "li"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := must(t, e, from("bob", "m2", "hello"))
	if out.Tracker.Owner.Agent != "li" || out.Decision.Action != dialogue.Silent || len(out.Tracker.Lines) != 1 || len(out.Tracker.State.Slots) != 0 {
		t.Errorf("owner %+v, %s, lines %+v, state %+v", out.Tracker.Owner, out.Decision.Action, out.Tracker.Lines, out.Tracker.State)
	}
}

// TestMessageIDOfAnother keeps what one was answered from another who sends the same id.
func TestMessageIDOfAnother(t *testing.T) {
	e := mustEngine(t, engine.Options{Same: samePerson})
	must(t, e, from("ann", "m1", "secret"))
	if out := must(t, e, from("ann-app", "m1", "secret")); !out.Duplicate {
		t.Error("the same person's message is not recognised")
	}
	out, err := e.Handle(t.Context(), from("bob", "m1", "x"))
	var in *dialogue.InputError
	if !errors.As(err, &in) || in.Field != "id" || len(out.Replies) != 0 || strings.Contains(err.Error(), "secret") {
		t.Errorf("%+v, %v", out, err)
	}
}
