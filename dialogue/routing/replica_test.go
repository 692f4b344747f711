package routing_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/routing"
)

// loadConfig has everything at once: push and pull, steps, overflow.
const loadConfig = `
presence: {lease: 10s}
priority: {tiers: {vip: 5m}}
queues:
  - {name: general, steps: [{for: 50ms, where: {skill: tv, level: 3}}]}
  - {name: own, pull: true}
  - {name: vip, skills: {tv: 1}, overflow: {to: general, after: 100ms}}
`

const loadAgents = 4

// work lets agents serve until ctx is done: each claims, speaks, and ends in one way or another. It counts how the conversations went.
func work(ctx context.Context, s *routing.Service, l *eventlog.Log, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil {
		for i := range loadAgents {
			id := fmt.Sprint("a", i)
			_, _ = s.Heartbeat(ctx, "default", id)
			_, _ = s.ClaimNext(ctx, "default", id, "own")
			for _, row := range s.List("default", routing.Filter{Agent: id, Speaking: true}) {
				act := routing.Act{Key: row.Key, Agent: id, Token: row.Token}
				_, _ = s.Say(ctx, act, routing.Words{Replies: []dialogue.Reply{{Text: "好的"}}})
				switch r.IntN(6) {
				case 0:
					_, _ = s.Transfer(ctx, act, routing.Destination{Queue: []string{"general", "own", "vip"}[r.IntN(3)]})
				case 1:
					_, _ = s.Release(ctx, act)
				case 2:
					_, _ = s.Close(ctx, act)
				case 3, 4:
					_, _ = s.Return(ctx, act)
				}
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// settled checks that documents and log say the same, and that no agent has more than they can take.
func settled(l *eventlog.Log, s *routing.Service, conversations []string) error {
	slots := map[string]string{}
	for _, a := range s.Agents("default") {
		if a.Used() > a.Capacity {
			return fmt.Errorf("%s uses %d of %d units", a.ID, a.Used(), a.Capacity)
		}
		for _, slot := range a.Slots {
			if slot.Token == 0 {
				continue // a claim under way, or one that a crash cut off: it ends by itself
			}
			if other := slots[slot.Conversation]; other != "" {
				return fmt.Errorf("%s is with %s and %s", slot.Conversation, other, a.ID)
			}
			slots[slot.Conversation] = a.ID
		}
	}
	for _, c := range conversations {
		tr, err := l.Load(context.Background(), k(c))
		if err != nil {
			return err
		}
		t, err := s.Ticket(k(c))
		want := routing.TicketOf(tr)
		switch {
		case want == nil && (err == nil || slots[c] != ""):
			return fmt.Errorf("%s is over, but has ticket %v and slot of %q", c, err == nil, slots[c])
		case want == nil:
		case err != nil:
			return fmt.Errorf("%s is lost: %w", c, err)
		case t.Token != want.Token || t.Agent != want.Agent || t.Speaking != want.Speaking:
			return fmt.Errorf("%s: ticket %+v, log %+v", c, t, want)
		case want.Speaking && slots[c] != want.Agent:
			return fmt.Errorf("%s is with %s, but the slot is of %q", c, want.Agent, slots[c])
		case want.Waiting() && slots[c] != "":
			return fmt.Errorf("%s waits, but %q has a slot", c, slots[c])
		}
	}
	return nil
}

// TestReplicas lets two services share a log under load. In the log every word of an agent follows a claim of theirs: never two owners.
func TestReplicas(t *testing.T) {
	l, c := mustLog(t, t.TempDir()), &clock{}
	l2, err := l.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l2.Close() })
	cfg := mustConfig(t, loadConfig)
	s1, _ := start(t, l, cfg, c)
	s2, _ := start(t, l2, cfg, c)
	team(t, s1)
	ctx, cancel := context.WithCancel(t.Context())
	var actors sync.WaitGroup
	actors.Go(func() { work(ctx, s1, l, 1) })
	actors.Go(func() { work(ctx, s2, l2, 2) })
	var names []string
	for i := range 60 {
		names = append(names, fmt.Sprint("c", i))
		ask(t, []*eventlog.Log{l, l2}[i%2], c, names[i], dialogue.HandOffAsk{Queue: []string{"general", "own", "vip"}[i%3]}, []string{"", "vip"}[i%2])
		for _, a := range s1.Agents("default") {
			if a.Used() > a.Capacity {
				t.Errorf("%s uses %d of %d units", a.ID, a.Used(), a.Capacity)
			}
		}
	}
	eventually(t, "all had an agent", func() bool {
		for _, n := range names {
			if tr, err := l.Load(ctx, k(n)); err != nil || tr.LastAgent == "" {
				return false
			}
		}
		return true
	})
	cancel()
	actors.Wait()
	for _, s := range []*routing.Service{s1, s2} {
		eventually(t, "documents and log agree", func() bool { return settled(l, s, names) == nil })
	}
	for _, n := range names {
		oneSpeaker(t, l, n)
	}
}

func team(tb testing.TB, s *routing.Service) {
	tb.Helper()
	for i := range loadAgents {
		mustAgent(tb, s, routing.Member{ID: fmt.Sprint("a", i), Capacity: 1 + i%3, Skills: map[string]int{"tv": i%3 + 1}}, routing.Available)
	}
}

// oneSpeaker reads a conversation's events: who speaks has claimed it, and nobody else has since.
func oneSpeaker(t *testing.T, l *eventlog.Log, conversation string) {
	t.Helper()
	events, err := l.Events(t.Context(), k(conversation), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	speaker := ""
	for _, ev := range events {
		switch ev.Kind {
		case dialogue.Claimed:
			if speaker != "" {
				t.Errorf("%s: %s claims while %s speaks", conversation, ev.Hand.Agent, speaker)
			}
			speaker = ev.Hand.Agent
		case dialogue.AgentSaid:
			if ev.Agent.Agent != speaker {
				t.Errorf("%s: %s speaks, but %q has the word", conversation, ev.Agent.Agent, speaker)
			}
		case dialogue.Transferred, dialogue.Released, dialogue.Returned, dialogue.Closed:
			if speaker == "" {
				t.Errorf("%s: %s by one who does not speak", conversation, ev.Kind)
			}
			speaker = ""
		}
	}
}

// TestKill runs a service under load in a process of its own and kills it without warning, again and again on the same folder: whatever
// was acknowledged is there, and documents and log come to agree.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run", "^$")
		cmd.Env = append(os.Environ(), "ROUTING_KILL_DIR="+dir, fmt.Sprint("ROUTING_KILL_ROUND=", round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(900+170*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for in := bufio.NewScanner(out); in.Scan(); {
			if name, ok := strings.CutPrefix(in.Text(), "acked "); ok {
				acked[name] = true
			}
		}
		timer.Stop()
		_ = cmd.Wait()
	}
	var names []string
	for n := range acked {
		names = append(names, n)
	}
	if len(names) < 8 {
		t.Fatalf("only %d conversations were acknowledged: the load is too small to show anything", len(names))
	}
	l, c := mustLog(t, dir), &clock{}
	s, _ := start(t, l, mustConfig(t, loadConfig), c)
	var last error
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(last)
		}
	})
	eventually(t, "documents and log agree after the crashes", func() bool { last = settled(l, s, names); return last == nil })
	c.skip(25*time.Second, s) // nobody is there any more: all go back to their queues; and reservations of claims cut off are over
	eventually(t, "no agent has a conversation", func() bool {
		for _, a := range s.Agents("default") {
			if len(a.Slots) > 0 {
				return false
			}
		}
		return settled(l, s, names) == nil
	})
	for _, n := range names {
		oneSpeaker(t, l, n)
	}
	t.Logf("%d conversations over 4 crashes; %d wait", len(names), len(waiting(s)))
}

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ROUTING_KILL_DIR"); dir != "" {
		os.Exit(victim(dir))
	}
	os.Exit(m.Run())
}

// victim routes under load until it is killed. It writes a line for each conversation that the log has taken.
func victim(dir string) int {
	t := &childTB{}
	ctx := context.Background()
	l, err := eventlog.Open(ctx, logOptions(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		return 1
	}
	cfg, err := routing.Parse("test.yaml", []byte("version: 1\n"+loadConfig))
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		return 1
	}
	s, err := routing.New(routing.Options{Config: cfg, Log: l, Documents: l, Conversations: conversations{l}, Scripts: echo{}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		return 1
	}
	go func() { t.fail(s.Run(ctx)) }()
	<-s.Ready()
	for i := range loadAgents {
		_, err := s.PutAgent(ctx, "default", routing.Member{ID: fmt.Sprint("a", i), Capacity: 1 + i%3, Skills: map[string]int{"tv": i%3 + 1}}, "victim")
		_, err2 := s.SetPresence(ctx, "default", fmt.Sprint("a", i), routing.Available, "")
		t.fail(errors.Join(err, err2))
	}
	go work(ctx, s, l, 3)
	for i := 0; ; i++ {
		name := fmt.Sprintf("r%s-%d", os.Getenv("ROUTING_KILL_ROUND"), i)
		_, _, err := conversations{l}.Update(ctx, k(name), func(*dialogue.Tracker) (*dialogue.Event, error) {
			return &dialogue.Event{ID: "m", Key: k(name), Kind: dialogue.TurnTaken, Channel: "web", Time: time.Now(), Private: &dialogue.Private{Customer: name},
				Turn: &dialogue.TurnBody{Decision: dialogue.Decision{HandOff: &dialogue.HandOffAsk{Queue: []string{"general", "own", "vip"}[i%3]}}}}, nil
		})
		t.fail(err)
		fmt.Println("acked", name)
		time.Sleep(15 * time.Millisecond)
	}
}

// childTB ends the process on an error.
type childTB struct{}

func (*childTB) fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
}
