package routing_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/routing"
	"yingda/dialogue/standard"
	"yingda/nlu"
)

func TestWatch(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, oneQueue), c)
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 1}, routing.Away)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan routing.Update, 100)
	done := make(chan error, 1)
	go func() {
		done <- s.Watch(ctx, "default", func(u routing.Update) error { got <- u; return nil })
	}()
	if u := <-got; u.AgentID != "li" || u.Agent.Status != routing.Away {
		t.Errorf("first update %+v", u)
	}
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	if u := <-got; u.Conversation != "c1" || !u.Ticket.Waiting() {
		t.Errorf("second update %+v", u)
	}
	write(t, l, k("c1"), dialogue.Event{Kind: dialogue.Closed, Time: c.now()})
	if u := <-got; u.Conversation != "c1" || u.Ticket != nil {
		t.Errorf("third update %+v", u)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRunAgain stops the background half and begins it anew in the same process: what was deleted meanwhile is gone.
func TestRunAgain(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, stop := start(t, l, mustConfig(t, oneQueue), c)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	eventually(t, "c1 waits", func() bool { return len(waiting(s)) == 1 })
	stop()
	if err := l.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := l.Get(t.Context(), "ticket/default/c1")
	if err != nil {
		t.Fatal(err)
	}
	write(t, l, k("c1"), dialogue.Event{Kind: dialogue.Closed, Time: c.now()})
	if _, err := l.Put(t.Context(), dialogue.Document{Name: d.Name, Revision: d.Revision}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	mustAgent(t, s, routing.Member{ID: "li"}, routing.Available)
	ask(t, l, c, "c2", dialogue.HandOffAsk{Queue: "general"}, "")
	spoken(t, l, "c2")
	eventually(t, "nobody waits", func() bool { return len(waiting(s)) == 0 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestRestart stops everything without warning and starts again on the same folder: tickets and agents are as they were, and what only
// the log knew is found.
func TestRestart(t *testing.T) {
	dir, c := t.TempDir(), &clock{}
	l := mustLog(t, dir)
	s, stop := start(t, l, mustConfig(t, oneQueue), c)
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 1}, routing.Available)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	o := spoken(t, l, "c1")
	ask(t, l, c, "c2", dialogue.HandOffAsk{Queue: "general"}, "vip")
	eventually(t, "c2 waits", func() bool { return fmt.Sprint(waiting(s)) == "[c2]" })
	before := s.List("default", routing.Filter{})
	stop()
	ask(t, l, c, "c3", dialogue.HandOffAsk{Queue: "general"}, "") // written while no one routes
	write(t, l, k("c1"), dialogue.Event{Kind: dialogue.Returned, Time: c.now(), Hand: &dialogue.HandBody{By: "li"}})
	s2, _ := start(t, l, mustConfig(t, oneQueue), c)
	if o2 := spoken(t, l, "c2"); o2.Agent != "li" || o.Agent != "li" {
		t.Errorf("owner of c2 %+v", o2)
	}
	eventually(t, "c3 waits", func() bool { return fmt.Sprint(waiting(s2)) == "[c3]" })
	if a, err := s2.Agent("default", "li"); err != nil || len(a.Slots) != 1 || a.Slots[0].Conversation != "c2" {
		t.Errorf("agent %+v, %v", a, err)
	}
	for _, r := range before {
		if r.Conversation == "c2" && !reflect.DeepEqual(r.Asked.UTC(), owner(t, l, "c2").Asked.UTC()) {
			t.Errorf("c2 asked at %v, now %v", r.Asked, owner(t, l, "c2").Asked)
		}
	}
}

// TestDefaultScripts asks the default pack for everything that routing says: words of its own in both languages, and no general fallback.
func TestDefaultScripts(t *testing.T) {
	pack, err := standard.Load(standard.Files())
	if err != nil {
		t.Fatal(err)
	}
	for key, vars := range routing.Keys() {
		say := dialogue.Say{Key: key, Vars: map[string]string{}}
		for _, v := range vars {
			say.Vars[v] = "3"
		}
		for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
			r := pack.Scripts.Render(dialogue.Wording{Say: say, Tenant: "default", Lang: lang, Channel: "web", Unit: "u"})
			if r.Script.Key != key || r.Text == "" {
				t.Errorf("%s in %s is said as %q by %s", key, lang, r.Text, r.Script.Key)
			}
		}
	}
}
