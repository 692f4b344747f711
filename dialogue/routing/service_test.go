package routing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/routing"
)

const oneQueue = `
queues:
  - name: general
  - name: tech
`

func TestPushToAnAgentAndBack(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, oneQueue), c)
	mustAgent(t, s, routing.Member{ID: "li", Name: "李雷", Capacity: 1}, routing.Available)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}, "")
	o := spoken(t, l, "c1")
	if o.Agent != "li" {
		t.Fatalf("owner %+v", o)
	}
	ctx, act := t.Context(), routing.Act{Key: k("c1"), Agent: "li", Token: o.Token}
	act.ID = "say-1"
	words := routing.Words{Replies: []dialogue.Reply{{Text: "您好，我来处理"}}}
	if _, err := s.Say(ctx, act, words); err != nil {
		t.Fatal(err)
	}
	if h, err := s.Say(ctx, act, words); err != nil || h.Event != nil {
		t.Errorf("the same words again: event %v, error %v", h.Event, err)
	}
	act.ID = ""
	ask(t, l, c, "c2", dialogue.HandOffAsk{Queue: "general"}, "")
	eventually(t, "c2 waits", func() bool { return fmt.Sprint(waiting(s)) == "[c2]" })
	if p, err := s.Place(k("c2")); err != nil || p.Position != 1 || !p.Known || p.Expect != 6*time.Minute {
		t.Errorf("place %+v, %v", p, err)
	}
	if _, err := s.Return(ctx, act); err != nil { // frees capacity: c2 is next, at once
		t.Fatal(err)
	}
	if o := spoken(t, l, "c2"); o.Agent != "li" {
		t.Errorf("owner of c2 %+v", o)
	}
	if _, err := s.Say(ctx, act, words); !errors.Is(err, dialogue.ErrStaleOwner) {
		t.Errorf("say after return: %v", err)
	}
	want := "customer: 转人工\nrobot: 正在为您转接\nrobot: agent.joined agent=李雷\nagent: 您好，我来处理\nrobot: handoff.back"
	if got := said(t, l, "c1"); got != want {
		t.Errorf("transcript\n%s\nwant\n%s", got, want)
	}
	eventually(t, "statistics", func() bool {
		st := s.Stats("default")
		g := st.Queues["general"]
		return g.Served == 2 && g.Level == 1 && st.Speaking == 1 && st.Busy == 1 && st.Waiting == 0
	})
}

// TestSameIDFromBothSides has a customer and an agent number their messages alike: neither's is taken for the other's.
func TestSameIDFromBothSides(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, oneQueue), c)
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 1}, routing.Available)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	o := spoken(t, l, "c1")
	evs, err := l.Events(t.Context(), k("c1"), 0, 1)
	if err != nil || len(evs) != 1 {
		t.Fatal(len(evs), err)
	}
	act := routing.Act{Key: k("c1"), Agent: "li", Token: o.Token, ID: evs[0].ID}
	if h, err := s.Say(t.Context(), act, routing.Words{Replies: []dialogue.Reply{{Text: "您好"}}}); err != nil || h.Event == nil {
		t.Errorf("the agent's words are lost: event %v, error %v", h.Event, err)
	}
}

func TestTransferReleaseClose(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, oneQueue), c)
	mustAgent(t, s, routing.Member{ID: "li", Queues: []string{"general"}}, routing.Available)
	mustAgent(t, s, routing.Member{ID: "wu", Queues: []string{"tech"}}, routing.Available)
	ctx := t.Context()
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	act := routing.Act{Key: k("c1"), Agent: "li", Token: spoken(t, l, "c1").Token, Note: "路由器重启过两次"}
	for _, bad := range []routing.Destination{{}, {Queue: "sales"}, {Agent: "nobody"}, {Agent: "li"}} {
		if _, err := s.Transfer(ctx, act, bad); !errors.Is(err, routing.ErrInput) {
			t.Errorf("transfer to %+v: %v", bad, err)
		}
	}
	if _, err := s.Transfer(ctx, act, routing.Destination{Queue: "tech"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wu has it", func() bool { return owner(t, l, "c1").Agent == "wu" && spoken(t, l, "c1").Kind == dialogue.OwnerAgent })
	eventually(t, "li has no slot any more", func() bool { a, _ := s.Agent("default", "li"); return len(a.Slots) == 0 })
	act = routing.Act{Key: k("c1"), Agent: "wu", Token: spoken(t, l, "c1").Token}
	if _, err := s.Transfer(ctx, act, routing.Destination{Agent: "li"}); err != nil { // to a person, across queues
		t.Fatal(err)
	}
	eventually(t, "li has it again", func() bool { o := owner(t, l, "c1"); return o.Kind == dialogue.OwnerAgent && o.Agent == "li" })
	if _, err := s.SetPresence(ctx, "default", "wu", routing.Away, ""); err != nil {
		t.Fatal(err)
	}
	act = routing.Act{Key: k("c1"), Agent: "li", Token: spoken(t, l, "c1").Token}
	if _, err := s.Release(ctx, act); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wu is away and tech waits", func() bool { return len(waiting(s)) == 1 })
	tk, err := s.Ticket(k("c1"))
	if err != nil || !tk.Front || tk.Queue != "tech" {
		t.Errorf("ticket %+v, %v", tk, err)
	}
	h, err := s.Claim(ctx, routing.Act{Key: k("c1"), Agent: "wu", Token: tk.Token}) // away: takes no new ones by itself, but may
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Close(ctx, routing.Act{Key: k("c1"), Agent: "wu", Token: h.Owner.Token}); err != nil {
		t.Fatal(err)
	}
	tr, err := l.Load(ctx, k("c1"))
	if err != nil || !tr.Closed || tr.Owner.Kind != dialogue.OwnerRobot || tr.LastAgent != "wu" {
		t.Errorf("tracker %+v, %v", tr.Owner, err)
	}
	if _, err := s.Ticket(k("c1")); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("ticket of a closed conversation: %v", err)
	}
}

func TestStaleTokens(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, "queues:\n  - {name: general, pull: true}\n"), c)
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 1}, routing.Available)
	mustAgent(t, s, routing.Member{ID: "wu", Capacity: 5}, routing.Available)
	tr := ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	ctx := t.Context()
	h, err := s.Claim(ctx, routing.Act{Key: k("c1"), Agent: "li", Token: tr.Owner.Token})
	if err != nil {
		t.Fatal(err)
	}
	old := routing.Act{Key: k("c1"), Agent: "li", Token: tr.Owner.Token}
	wrong := routing.Act{Key: k("c1"), Agent: "wu", Token: h.Owner.Token}
	words := routing.Words{Replies: []dialogue.Reply{{Text: "x"}}}
	for _, act := range []routing.Act{old, wrong} {
		_, say := s.Say(ctx, act, words)
		_, pass := s.Transfer(ctx, act, routing.Destination{Queue: "general"})
		_, release := s.Release(ctx, act)
		_, back := s.Return(ctx, act)
		_, end := s.Close(ctx, act)
		for i, err := range []error{say, pass, release, back, end} {
			if !errors.Is(err, dialogue.ErrStaleOwner) {
				t.Errorf("act %d of %s with token %d: %v", i, act.Agent, act.Token, err)
			}
		}
	}
	if _, err := s.Claim(ctx, routing.Act{Key: k("c1"), Agent: "wu"}); !errors.Is(err, dialogue.ErrStaleOwner) {
		t.Errorf("second claim: %v", err)
	}
	if a, _ := s.Agent("default", "wu"); len(a.Slots) != 0 {
		t.Errorf("the loser keeps a slot: %+v", a.Slots)
	}
	if h2, err := s.Claim(ctx, routing.Act{Key: k("c1"), Agent: "li"}); err != nil || h2.Owner.Token != h.Owner.Token {
		t.Errorf("claim of what is theirs: %+v, %v", h2.Owner, err)
	}
	ask(t, l, c, "c2", dialogue.HandOffAsk{Queue: "general"}, "")
	if _, err := s.Claim(ctx, routing.Act{Key: k("c2"), Agent: "li"}); !errors.Is(err, routing.ErrBusy) {
		t.Errorf("beyond capacity: %v", err)
	}
	if _, err := s.Claim(ctx, routing.Act{Key: k("nowhere"), Agent: "wu"}); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("unknown conversation: %v", err)
	}
	if o := owner(t, l, "c1"); o.Agent != "li" || o.Token != h.Owner.Token {
		t.Errorf("owner %+v", o)
	}
}

func TestClaimNext(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, `
priority: {tiers: {vip: 10m}}
queues:
  - {name: general, pull: true}
  - {name: tech, pull: true, skills: {tech: 1}}
`), c)
	ctx := t.Context()
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 2}, routing.Available)
	if _, err := s.ClaimNext(ctx, "default", "li"); !errors.Is(err, routing.ErrNothingWaits) {
		t.Errorf("empty: %v", err)
	}
	ask(t, l, c, "plain", dialogue.HandOffAsk{Queue: "general"}, "")
	ask(t, l, c, "tech", dialogue.HandOffAsk{Queue: "tech"}, "vip")
	ask(t, l, c, "vip", dialogue.HandOffAsk{Queue: "general"}, "vip")
	eventually(t, "three wait", func() bool { return fmt.Sprint(waiting(s)) == "[tech vip plain]" })
	for _, want := range []string{"vip", "plain"} {
		if h, err := s.ClaimNext(ctx, "default", "li"); err != nil || h.Tracker.Conversation != want {
			t.Fatalf("next %+v, %v; want %s", h.Owner, err, want)
		}
	}
	if _, err := s.ClaimNext(ctx, "default", "li"); !errors.Is(err, routing.ErrNothingWaits) {
		t.Errorf("only tech waits: %v", err)
	}
	if _, err := s.SetPresence(ctx, "default", "li", routing.Offline, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimNext(ctx, "default", "li"); !errors.Is(err, routing.ErrNotThere) {
		t.Errorf("offline: %v", err)
	}
	if _, err := s.ClaimNext(ctx, "default", "nobody"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
}

func TestVanishedAgent(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, "presence: {lease: 60s}\nqueues:\n  - {name: general, last_agent: {for: 60s}}\n"), c)
	mustAgent(t, s, routing.Member{ID: "li", Capacity: 1}, routing.Available)
	first := ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	spoken(t, l, "c1")
	ask(t, l, c, "c2", dialogue.HandOffAsk{Queue: "general"}, "vip")
	c.skip(40 * time.Second)
	if a, err := s.Heartbeat(t.Context(), "default", "li"); err != nil || !a.Until.After(c.now().Add(50*time.Second)) {
		t.Fatalf("heartbeat %+v, %v", a, err)
	}
	c.skip(40*time.Second, s)
	time.Sleep(50 * time.Millisecond)
	if o := owner(t, l, "c1"); o.Agent != "li" || o.Kind != dialogue.OwnerAgent {
		t.Fatalf("lost in spite of a sign of life: %+v", o)
	}
	c.skip(21*time.Second, s)
	eventually(t, "c1 waits again, first", func() bool { return fmt.Sprint(waiting(s)) == "[c1 c2]" })
	o := owner(t, l, "c1")
	if !o.Front || !o.Asked.Equal(first.Owner.Asked) {
		t.Errorf("owner %+v", o)
	}
	if got := said(t, l, "c1"); !strings.HasSuffix(got, "robot: agent.lost") {
		t.Errorf("the customer is not told:\n%s", got)
	}
	if _, err := s.Heartbeat(t.Context(), "default", "li"); !errors.Is(err, routing.ErrNotThere) {
		t.Errorf("heartbeat after the lease: %v", err)
	}
	mustAgent(t, s, routing.Member{ID: "wu", Capacity: 1}, routing.Available)
	if o := spoken(t, l, "c1"); o.Agent != "wu" {
		t.Errorf("owner %+v", o)
	}
}

func TestOffer(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, "queues:\n  - {name: general, offer: 20s}\n"), c)
	ctx := t.Context()
	mustAgent(t, s, routing.Member{ID: "a"}, routing.Available)
	mustAgent(t, s, routing.Member{ID: "b"}, routing.Available)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	offered := func(to string) func() bool {
		return func() bool {
			tk, err := s.Ticket(k("c1"))
			return err == nil && tk.Offer != nil && tk.Offer.Agent == to
		}
	}
	eventually(t, "a is asked", offered("a"))
	if err := s.Decline(ctx, routing.Act{Key: k("c1"), Agent: "b"}); !errors.Is(err, dialogue.ErrStaleOwner) {
		t.Errorf("decline of what was not offered: %v", err)
	}
	if err := s.Decline(ctx, routing.Act{Key: k("c1"), Agent: "a"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b is asked", offered("b"))
	if err := s.Decline(ctx, routing.Act{Key: k("c1"), Agent: "a"}); !errors.Is(err, dialogue.ErrStaleOwner) {
		t.Errorf("declined twice: %v", err)
	}
	c.skip(21*time.Second, s)
	eventually(t, "b is away", func() bool { a, _ := s.Agent("default", "b"); return a.Status == routing.Away && len(a.Slots) == 0 })
	if a, _ := s.Agent("default", "a"); a.Status != routing.Available || len(a.Slots) != 0 {
		t.Errorf("a: %+v", a)
	}
	c.skip(50*time.Second, s) // a minute after they declined, a is asked again
	eventually(t, "a is asked again", offered("a"))
	if _, err := s.Claim(ctx, routing.Act{Key: k("c1"), Agent: "a"}); err != nil {
		t.Fatal(err)
	}
	if o := spoken(t, l, "c1"); o.Agent != "a" {
		t.Errorf("owner %+v", o)
	}
}

func TestCustomersAreToldTheirPlace(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, `
zone: Asia/Shanghai
hours: {never: {days: [{date: 2027-05-04, open: "09:00-18:00"}]}, all: {week: {mon-sun: "00:00-24:00"}}}
queues:
  - {name: general, hours: all, announce: 2m}
  - {name: tech, hours: never}
`), c)
	ask(t, l, c, "shut", dialogue.HandOffAsk{Queue: "tech"}, "")
	ask(t, l, c, "open", dialogue.HandOffAsk{Queue: "general"}, "")
	eventually(t, "both wait", func() bool { return len(waiting(s)) == 2 })
	c.skip(4*time.Second, s)
	eventually(t, "told that it is closed", func() bool {
		return strings.HasSuffix(said(t, l, "shut"), "robot: handoff.closed hours=5月4日（周二）09:00–18:00")
	})
	if got := said(t, l, "open"); strings.Contains(got, "waiting") {
		t.Errorf("told too early: %s", got)
	}
	c.skip(2*time.Minute, s)
	eventually(t, "told the place", func() bool { return strings.HasSuffix(said(t, l, "open"), "robot: waiting.position") })
	c.skip(2*time.Minute+time.Second, s)
	eventually(t, "told again", func() bool { return strings.Count(said(t, l, "open"), "waiting.position") == 2 })
	if n := strings.Count(said(t, l, "shut"), "handoff.closed"); n != 1 {
		t.Errorf("told %d times that it is closed", n)
	}
	tr, _ := l.Load(t.Context(), k("open"))
	says := []dialogue.Say{{Key: "soothe.angry"}, {Key: "handoff.tech"}}
	if got := s.Admit(tr, dialogue.HandOffAsk{Queue: "tech"}, says); len(got) != 2 || got[0].Key != "soothe.angry" || got[1].Key != "handoff.closed" {
		t.Errorf("admission to a closed queue %+v", got)
	}
	if got := s.Admit(tr, dialogue.HandOffAsk{Queue: "general"}, says); len(got) != 3 || got[2].Key != "waiting.position" || got[2].Vars["position"] != "1" {
		t.Errorf("admission %+v", got)
	}
	if got := fmt.Sprint(waiting(s)); got != "[shut open]" {
		t.Errorf("admission left something behind: %s", got)
	}
}

// TestLastAgentIsRemembered comes back in another conversation.
func TestLastAgentIsRemembered(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, "queues:\n  - {name: general, last_agent: {for: 60s}}\n"), c)
	ctx := t.Context()
	mustAgent(t, s, routing.Member{ID: "a", Capacity: 1}, routing.Available)
	ask(t, l, c, "c1", dialogue.HandOffAsk{Queue: "general"}, "")
	o := spoken(t, l, "c1")
	eventually(t, "noted who speaks", func() bool { docs, err := l.List(ctx, "lastagent/"); return err == nil && len(docs) == 1 })
	if _, err := s.Return(ctx, routing.Act{Key: k("c1"), Agent: "a", Token: o.Token}); err != nil {
		t.Fatal(err)
	}
	mustAgent(t, s, routing.Member{ID: "b", Capacity: 9}, routing.Available)
	again := dialogue.Event{Kind: dialogue.TurnTaken, Channel: "web", Time: c.now(), Private: &dialogue.Private{Customer: "u-c1"},
		Turn: &dialogue.TurnBody{Decision: dialogue.Decision{HandOff: &dialogue.HandOffAsk{Queue: "general"}}}}
	write(t, l, k("c9"), again)
	if o := spoken(t, l, "c9"); o.Agent != "a" {
		t.Errorf("owner %+v, want a, who knows the customer", o)
	}
}

// TestAnotherCustomerLeavesTheQueue takes the place in the queue away with the customer whose it was.
func TestAnotherCustomerLeavesTheQueue(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	s, _ := start(t, l, mustConfig(t, "queues: [{name: general}]"), c)
	ask(t, l, c, "shared", dialogue.HandOffAsk{Queue: "general"}, "vip")
	eventually(t, "the first waits", func() bool { return len(waiting(s)) == 1 })
	tr := write(t, l, k("shared"), dialogue.Event{Kind: dialogue.TurnTaken, Channel: "web", Time: c.now(),
		Turn:    &dialogue.TurnBody{Lang: "zh", Another: true, Decision: dialogue.Decision{Action: dialogue.Answer}},
		Private: &dialogue.Private{Customer: "somebody-else", Text: "你好"}})
	if tr.Owner.Kind != dialogue.OwnerRobot || tr.Tier != "" {
		t.Errorf("owner %+v, tier %q", tr.Owner, tr.Tier)
	}
	eventually(t, "nobody waits", func() bool { return len(waiting(s)) == 0 })
}
