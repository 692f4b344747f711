package routing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yingda/dialogue"
	"yingda/dialogue/routing"
	"yingda/nlu"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func ticket(id string, asked time.Duration, change func(*routing.Ticket)) *routing.Ticket {
	t := &routing.Ticket{Key: k(id), Queue: "general", Asked: noon.Add(asked), Since: noon.Add(asked), Channel: "web", Lang: "zh"}
	if change != nil {
		change(t)
	}
	return t
}

func there(m routing.Member) *routing.Agent {
	if m.Capacity == 0 {
		m.Capacity = 1
	}
	return &routing.Agent{Member: m, Status: routing.Available, Until: noon.Add(1000 * time.Hour)}
}

// matches runs a board over tickets and agents and writes who gets whom.
func matches(cfg *routing.Config, now time.Duration, agents []*routing.Agent, tickets ...*routing.Ticket) string {
	b := routing.NewBoard(cfg)
	for _, a := range agents {
		b.PutAgent(a)
	}
	for _, t := range tickets {
		b.Put(t)
	}
	var out []string
	for _, m := range b.Match(noon.Add(now)) {
		out = append(out, m.Ticket.Conversation+"→"+m.Agent)
	}
	return strings.Join(out, " ")
}

func TestMatch(t *testing.T) {
	const min, sec = time.Minute, time.Second
	steps := mustConfig(t, `
priority: {cap: 10m, tiers: {vip: 5m}, emotions: {angry: 4m}, urgent: 3m}
channels: {voice: {units: 3}}
presence: {hold: 2m}
queues:
  - name: general
    always: {language: customer}
    pick: ablest
    steps: [{for: 30s, where: {asked: 3}}, {for: 30s, where: {any: [{asked: 1}, {agent: boss}]}}]
    last_agent: {for: 20s}
    overflow: {to: backup, after: 5m, unmanned: true}
  - {name: backup, skills: {backup: 1}}
  - {name: own, pull: true}
`)
	zh := routing.Member{ID: "zh", Languages: []nlu.Lang{nlu.Chinese}, Queues: []string{"general"}}
	expert := routing.Member{ID: "expert", Skills: map[string]int{"tv": 4}, Queues: []string{"general"}}
	novice := routing.Member{ID: "novice", Skills: map[string]int{"tv": 1}, Queues: []string{"general"}}
	helper := routing.Member{ID: "helper", Skills: map[string]int{"backup": 2}, Queues: []string{"backup"}}
	big := routing.Member{ID: "big", Capacity: 3, Queues: []string{"general"}}
	tv := func(t *routing.Ticket) { t.Skills = []string{"tv"} }
	team := func(ms ...routing.Member) (out []*routing.Agent) {
		for _, m := range ms {
			out = append(out, there(m))
		}
		return out
	}
	busy := there(big)
	busy.Slots = []routing.Slot{{Conversation: "x", Units: 1, Token: 1}}
	cases := []struct {
		name    string
		now     time.Duration
		agents  []*routing.Agent
		tickets []*routing.Ticket
		want    string
	}{
		{"first come", 0, team(zh), []*routing.Ticket{ticket("b", -2*sec, nil), ticket("a", -1*sec, nil)}, "b→zh"},
		{"tier goes first", 0, team(zh), []*routing.Ticket{ticket("b", -2*min, nil), ticket("a", 0, func(t *routing.Ticket) { t.Tier = "vip" })}, "a→zh"},
		{"but not for ever", 0, team(zh), []*routing.Ticket{ticket("b", -6*min, nil), ticket("a", 0, func(t *routing.Ticket) { t.Tier = "vip" })}, "b→zh"},
		{"anger counts", 0, team(zh), []*routing.Ticket{ticket("b", -2*min, nil), ticket("a", 0, func(t *routing.Ticket) {
			t.Emotions = []dialogue.Emotion{{Label: "angry", Intensity: 1}}
		})}, "a→zh"},
		{"mild anger counts less", 0, team(zh), []*routing.Ticket{ticket("b", -2*min, nil), ticket("a", 0, func(t *routing.Ticket) {
			t.Emotions = []dialogue.Emotion{{Label: "angry", Intensity: 0.2}}
		})}, "b→zh"},
		{"urgent", 0, team(zh), []*routing.Ticket{ticket("b", -2*min, nil), ticket("a", 0, func(t *routing.Ticket) { t.Urgent = true })}, "a→zh"},
		{"language always", time.Hour, team(zh), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Lang = "en" })}, ""},
		{"unknown language", 0, team(zh), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Lang = "" })}, "a→zh"},
		{"skilled first", 0, team(expert, novice), []*routing.Ticket{ticket("a", 0, tv)}, "a→expert"},
		{"waits for the skilled", 29 * sec, team(novice), []*routing.Ticket{ticket("a", 0, tv)}, ""},
		{"relaxes", 30 * sec, team(novice), []*routing.Ticket{ticket("a", 0, tv)}, "a→novice"},
		{"relaxes to anybody", 60 * sec, team(zh), []*routing.Ticket{ticket("a", 0, tv)}, "a→zh"},
		{"the next is not held up", 0, team(novice), []*routing.Ticket{ticket("a", -sec, tv), ticket("b", 0, nil)}, "b→novice"},
		{"unmanned queue", 0, team(helper), []*routing.Ticket{ticket("a", 0, nil)}, "a→helper"},
		{"helpers come late", 4 * min, append(team(helper), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, nil)}, ""},
		{"helpers come", 5 * min, append(team(helper), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, nil)}, "a→helper"},
		{"last agent", 0, team(expert, zh), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.LastAgent = "zh" })}, "a→zh"},
		{"last agent is busy", 19 * sec, append(team(expert), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.LastAgent = "zh" })}, ""},
		{"last agent stays busy", 20 * sec, append(team(expert), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.LastAgent = "zh" })}, "a→expert"},
		{"last agent is gone", 0, team(expert), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.LastAgent = "zh" })}, "a→expert"},
		{"transferred to one", 119 * sec, append(team(expert), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Agent = "zh" })}, ""},
		{"transferred, hold over", 120 * sec, append(team(expert), busyAgent(zh)), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Agent = "zh" })}, "a→expert"},
		{"transferred, other queue", 0, team(helper, zh), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Agent = "helper" })}, "a→helper"},
		{"pulled queue", time.Hour, team(routing.Member{ID: "any"}), []*routing.Ticket{ticket("a", 0, func(t *routing.Ticket) { t.Queue = "own" })}, ""},
		{"capacity", 0, team(big), []*routing.Ticket{ticket("a", -4*sec, nil), ticket("b", -3*sec, nil), ticket("c", -2*sec, nil), ticket("d", -sec, nil)}, "a→big b→big c→big"},
		{"a call takes all", 0, team(big), []*routing.Ticket{ticket("a", -sec, func(t *routing.Ticket) { t.Channel = "voice" }), ticket("b", 0, nil)}, "a→big"},
		{"a call keeps its agent free", 0, []*routing.Agent{busy}, []*routing.Ticket{ticket("a", -sec, func(t *routing.Ticket) { t.Channel = "voice" }), ticket("b", 0, nil)}, ""},
		{"limit of a channel", 0, team(routing.Member{ID: "l", Capacity: 3, Limits: map[string]int{"web": 1}}), []*routing.Ticket{ticket("a", -sec, nil), ticket("b", 0, nil)}, "a→l"},
		{"back from an agent", 0, team(zh), []*routing.Ticket{ticket("a", -2*sec, func(t *routing.Ticket) { t.Tier = "vip" }), ticket("b", -sec, func(t *routing.Ticket) { t.Front = true })}, "b→zh"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := matches(steps, tc.now, tc.agents, tc.tickets...); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func busyAgent(m routing.Member) *routing.Agent {
	a := there(m)
	a.Slots = []routing.Slot{{Conversation: "other", Channel: "web", Units: a.Capacity, Token: 1}}
	return a
}

func TestFeelingRises(t *testing.T) {
	cfg := mustConfig(t, "priority: {cap: 1h, emotions: {angry: 4m, anxious: 2m}, complexity: {step: 10s, most: 1m}}\nqueues: [{name: general}]\n")
	angry, calm, anxious := dialogue.Emotion{Label: "angry", Intensity: 1}, dialogue.Emotion{Label: "neutral"}, dialogue.Emotion{Label: "anxious", Intensity: 0.5}
	cases := []struct {
		trend []dialogue.Emotion
		want  time.Duration
	}{
		{nil, 0}, {[]dialogue.Emotion{calm}, 0}, {[]dialogue.Emotion{angry}, 4 * time.Minute}, {[]dialogue.Emotion{calm, calm, angry}, 4 * time.Minute},
		{[]dialogue.Emotion{angry, calm}, time.Minute}, {[]dialogue.Emotion{angry, calm, calm}, 30 * time.Second}, {[]dialogue.Emotion{anxious}, time.Minute},
	}
	for _, tc := range cases {
		tk := ticket("a", 0, func(t *routing.Ticket) { t.Emotions = tc.trend })
		if got := cfg.Head(tk); got != tc.want {
			t.Errorf("%v: head start %v, want %v", tc.trend, got, tc.want)
		}
	}
	tk := ticket("a", 0, func(t *routing.Ticket) { t.Tried, t.Tasks = 2, 2 })
	if got := cfg.Head(tk); got != 40*time.Second {
		t.Errorf("complexity gives %v", got)
	}
}

// TestBoundedOvertaking is the proof against starvation: over any course of arrivals, ends and delays, an agent never takes a customer
// who asked more than the cap later than one who waits, whom the agent may serve and whose steps are over.
func TestBoundedOvertaking(t *testing.T) {
	cfg := mustConfig(t, `
priority: {cap: 10m, tiers: {vip: 9m}, emotions: {angry: 9m}, urgent: 5m}
queues:
  - {name: general, steps: [{for: 1m, where: {asked: 3}}], last_agent: {for: 30s}}
  - {name: vip, head_start: 8m, steps: [{for: 2m, where: {skill: vip, level: 2}}], overflow: {to: general, after: 1m}}
`)
	const waited = 3 * time.Minute // longer than any steps and preferences
	rapid.Check(t, func(t *rapid.T) {
		b := routing.NewBoard(cfg)
		now := noon
		agents := rapid.IntRange(1, 4).Draw(t, "agents")
		for i := range agents {
			a := there(routing.Member{ID: fmt.Sprint("a", i), Capacity: rapid.IntRange(1, 3).Draw(t, "capacity"), Skills: map[string]int{"vip": i % 4, "tv": 3 - i%4}})
			b.PutAgent(a)
		}
		open := map[string]bool{}
		for n := range rapid.IntRange(1, 120).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "gap")) * time.Second)
			if rapid.Bool().Draw(t, "arrives") {
				b.Put(drawTicket(t, fmt.Sprint("c", n), now))
			} else {
				freeOne(b, open, rapid.IntRange(0, 20).Draw(t, "ends"))
			}
			before := b.Waiting()
			for _, m := range b.Match(now) {
				a := *b.Agent(m.Agent)
				for _, w := range before {
					overtaken := b.Ticket(w.Conversation).Waiting() && w.Conversation != m.Ticket.Conversation
					if overtaken && now.Sub(w.Asked) > waited && m.Ticket.Asked.Sub(w.Asked) > cfg.Priority.Cap && a.Serves(cfg.Queue(w.Queue)) {
						t.Fatalf("at %v %s, who asked at %v, is overtaken by %s, who asked at %v", now, w.Conversation, w.Asked, m.Ticket.Conversation, m.Ticket.Asked)
					}
				}
				serve(b, m, now)
				open[m.Ticket.Conversation] = true
				if a := b.Agent(m.Agent); a.Used() > a.Capacity {
					t.Fatalf("%s uses %d of %d units", a.ID, a.Used(), a.Capacity)
				}
			}
			if again := b.Match(now); len(again) > 0 {
				t.Fatalf("a second look finds %d more", len(again))
			}
		}
	})
}

func drawTicket(t *rapid.T, id string, now time.Time) *routing.Ticket {
	tk := &routing.Ticket{Key: k(id), Asked: now, Since: now, Channel: "web",
		Queue: rapid.SampledFrom([]string{"general", "vip"}).Draw(t, "queue"), Tier: rapid.SampledFrom([]string{"", "vip"}).Draw(t, "tier"),
		Urgent: rapid.Bool().Draw(t, "urgent"), LastAgent: rapid.SampledFrom([]string{"", "a0", "gone"}).Draw(t, "last")}
	if rapid.Bool().Draw(t, "angry") {
		tk.Emotions = []dialogue.Emotion{{Label: "angry", Intensity: rapid.Float64Range(0, 1).Draw(t, "intensity")}}
	}
	if rapid.Bool().Draw(t, "skilled") {
		tk.Skills = []string{"tv"}
	}
	return tk
}

// serve puts a match on the board.
func serve(b *routing.Board, m routing.Match, now time.Time) {
	a := *b.Agent(m.Agent)
	a.Slots = append(append([]routing.Slot{}, a.Slots...), routing.Slot{Conversation: m.Ticket.Conversation, Channel: "web", Units: 1, Token: 1})
	a.Free = now
	b.PutAgent(&a)
	t := *m.Ticket
	t.Speaking, t.Agent, t.Since = true, a.ID, now
	b.Put(&t)
}

// freeOne ends the i-th conversation.
func freeOne(b *routing.Board, open map[string]bool, i int) {
	for _, a := range b.Agents() {
		for j, slot := range a.Slots {
			if i--; i > 0 {
				continue
			}
			c := *a
			c.Slots = append(append([]routing.Slot{}, a.Slots[:j]...), a.Slots[j+1:]...)
			b.PutAgent(&c)
			b.Drop(slot.Conversation)
			delete(open, slot.Conversation)
			return
		}
	}
}

func TestPlace(t *testing.T) {
	cfg := mustConfig(t, "queues:\n  - {name: general, handle: 60s}\n  - {name: tech, skills: {tech: 1}}\n  - {name: far, skills: {far: 1}}\n")
	b := routing.NewBoard(cfg)
	b.PutAgent(busyAgent(routing.Member{ID: "a", Capacity: 2, Skills: map[string]int{"tech": 1}}))
	far := ticket("far", -9*time.Second, func(t *routing.Ticket) { t.Queue = "far" })
	b.Put(far)
	b.Put(ticket("tech", -3*time.Second, func(t *routing.Ticket) { t.Queue = "tech" }))
	b.Put(ticket("late", 0, nil))
	p, ok := b.Place("late", noon)
	if !ok || p.Position != 2 || !p.Known || p.Expect != time.Minute { // two to be served by two places, a minute each
		t.Errorf("place %+v", p)
	}
	b.Handled("general", 3*time.Minute)
	if p, _ := b.Place("late", noon); p.Expect != 3*time.Minute {
		t.Errorf("after a long conversation %+v", p)
	}
	if p, ok := b.Place("far", noon); !ok || p.Known || p.Position != 1 {
		t.Errorf("nobody serves: %+v", p)
	}
	if _, ok := b.Place("nobody", noon); ok {
		t.Error("a place for nobody")
	}
}
