package analytics

import (
	"slices"
	"strconv"
	"time"

	"yingda/dialogue"
)

// Fact is what each row of a fact table begins with.
type Fact struct {
	Tenant, Conversation string
	Seq                  int64
	ID                   string
	Time                 time.Time // UTC, microseconds
	Customer, Channel    string
}

// Turn is a row of turns; see schema.sql for its columns.
type Turn struct {
	Fact
	Lang, Tier, Owner, Text string
	Intent                  string
	Intents, Recognised     []string
	Top1, Top2              string
	P1, P2, OOS             *float64
	Emotion                 string
	Intensity               *float64
	Entities, Attachments   []string
	Action, Reason, Task    string
	Fallback                bool
	Handoff, Queue          string
	Scripts, Calls          []string
	CallsFailed             int32
	Bundle                  string
	Total, Parse, CallsTime *float64 // ms
}

// Hand is a row of hands.
type Hand struct {
	Fact
	Kind, Queue, Agent, By, Why string
	Urgent                      bool
}

// AgentMessage is a row of agent_messages.
type AgentMessage struct {
	Fact
	Agent     string
	Length    int32
	Suggested bool
}

// Outbound is a row of outbound.
type Outbound struct {
	Fact
	FollowUp, Kind, Script, Status string
}

// Rating is a row of ratings.
type Rating struct {
	Fact
	Score, Thumb *int32
	About        string
	Resolved     *bool
	Text         string
}

// Survey is a row of surveys.
type Survey struct {
	Fact
	NPS int32 // 0–10
}

// Exposure is a row of exposures; its unit is Fact.Customer.
type Exposure struct {
	Fact
	Experiment, Variant, Bundle string
}

// Shadow is a row of shadows.
type Shadow struct {
	Fact
	Bundle, Shadow         string
	Intents, ShadowIntents []string
	P, ShadowP             *float64
	Emotion, ShadowEmotion string
	Same                   bool
}

// Rows are the rows that events become, by table.
type Rows struct {
	Turns         []Turn
	Hands         []Hand
	AgentMessages []AgentMessage
	Outbound      []Outbound
	Ratings       []Rating
	Surveys       []Survey
	Exposures     []Exposure
	Shadows       []Shadow
}

// Add appends the rows of ev. It reads only what the log keeps readable, never ev.Private.
func (r *Rows) Add(ev *dialogue.Event) {
	f := Fact{Tenant: ev.Tenant, Conversation: ev.Conversation, Seq: int64(ev.Seq), ID: ev.ID, Time: ev.Time.UTC().Truncate(time.Microsecond), Customer: ev.Customer, Channel: ev.Channel}
	switch ev.Kind {
	case dialogue.TurnTaken:
		r.addTurn(f, ev.Turn)
	case dialogue.Queued, dialogue.Claimed, dialogue.Transferred, dialogue.Released, dialogue.Returned, dialogue.Closed:
		h := ev.Hand
		if h == nil {
			h = &dialogue.HandBody{}
		}
		r.Hands = append(r.Hands, Hand{f, string(ev.Kind), h.Queue, h.Agent, h.By, string(h.Why), h.Urgent})
	case dialogue.AgentSaid:
		r.AgentMessages = append(r.AgentMessages, AgentMessage{f, ev.Agent.Agent, int32(ev.Agent.Length), ev.Agent.Suggested != ""})
	case dialogue.SentOut, dialogue.Receipt:
		r.Outbound = append(r.Outbound, Outbound{f, ev.Out.FollowUp, ev.Out.Kind, ScriptName(ev.Out.Script), ev.Out.Status})
	case dialogue.Rated:
		r.addRating(f, ev.Rating)
	case dialogue.Shadowed:
		r.addShadows(ev)
	}
}

// addRating adds what a customer judged: what is about this conversation, and whether they would recommend the shop, in two tables.
func (r *Rows) addRating(f Fact, b *dialogue.RatingBody) {
	if b.NPS != nil {
		r.Surveys = append(r.Surveys, Survey{f, int32(*b.NPS)})
	}
	if b.NPS == nil || b.Score != 0 || b.Thumb != 0 || b.Resolved != nil || b.Redacted != "" {
		r.Ratings = append(r.Ratings, Rating{f, number(b.Score), number(b.Thumb), b.About, b.Resolved, b.Redacted})
	}
}

// addShadows adds the pairs of an event. Each row is one of the turn that it is about: its conversation, sequence and time.
func (r *Rows) addShadows(ev *dialogue.Event) {
	for i := range ev.Shadow.Pairs {
		p := &ev.Shadow.Pairs[i]
		f := Fact{ev.Tenant, p.Conversation, int64(p.Seq), p.ID, p.Time.UTC().Truncate(time.Microsecond), p.Customer, p.Channel}
		first, second := p.First.Score, p.Second.Score
		r.Shadows = append(r.Shadows, Shadow{
			Fact: f, Bundle: string(p.Bundle), Shadow: string(p.Shadow), Intents: p.First.Intents, ShadowIntents: p.Second.Intents, P: &first, ShadowP: &second,
			Emotion: p.First.Emotion, ShadowEmotion: p.Second.Emotion, Same: sameSet(p.First.Intents, p.Second.Intents),
		})
	}
}

// sameSet tells whether two lists hold the same, in any order.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func (r *Rows) addTurn(f Fact, b *dialogue.TurnBody) {
	d := b.Decision
	t := Turn{
		Fact: f, Lang: string(b.Lang), Tier: b.Tier, Owner: string(b.Owner), Text: b.Redacted, Emotion: b.Emotion.Label, Entities: b.Entities,
		Intents: d.Intents, Action: string(d.Action), Reason: string(d.Reason), Task: d.Task, Bundle: string(b.Bundle),
	}
	if t.Owner == "" {
		t.Owner = "robot"
	}
	for _, p := range b.Intents {
		t.Recognised = append(t.Recognised, p.Label)
	}
	if t.Intents == nil {
		t.Intents = t.Recognised
	}
	if len(t.Intents) > 0 {
		t.Intent = t.Intents[0]
	}
	if b.Bundle != "" { // without one there was nothing to understand
		oos, intensity := b.OOS, b.Emotion.Intensity
		t.OOS, t.Intensity = &oos, &intensity
	}
	if len(b.Ranking) > 0 {
		t.Top1, t.P1 = b.Ranking[0].Label, &b.Ranking[0].Score
	}
	if len(b.Ranking) > 1 {
		t.Top2, t.P2 = b.Ranking[1].Label, &b.Ranking[1].Score
	}
	t.Fallback = d.Reason == dialogue.NotUnderstood
	if h := d.HandOff; h != nil {
		t.Handoff, t.Queue = string(h.Why), h.Queue
		t.Fallback = t.Fallback || h.Why == dialogue.ByUnrecognised || h.Why == dialogue.ByConfidence
	}
	for _, a := range b.Attachments {
		t.Attachments = append(t.Attachments, string(a))
	}
	for _, s := range b.Scripts {
		t.Scripts = append(t.Scripts, ScriptName(s))
	}
	for _, c := range b.Calls {
		t.Calls = append(t.Calls, c.Name)
		if c.Status == dialogue.CallFailed {
			t.CallsFailed++
		}
	}
	t.Total, t.Parse, t.CallsTime = millis(b.Millis, "total"), millis(b.Millis, "parse"), millis(b.Millis, "calls")
	r.Turns = append(r.Turns, t)
	r.expose(f, b)
}

// expose adds the exposures of a turn, by name.
func (r *Rows) expose(f Fact, b *dialogue.TurnBody) {
	names := make([]string, 0, len(b.Exposures))
	for name := range b.Exposures {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r.Exposures = append(r.Exposures, Exposure{f, name, b.Exposures[name], string(b.Bundle)})
	}
}

// ScriptName is how the tables name a wording: key#variant@version, without the parts that there are not.
func ScriptName(s dialogue.ScriptRef) string {
	name := s.Key
	if s.Variant != "" {
		name += "#" + s.Variant
	}
	if s.Version > 0 {
		name += "@" + strconv.Itoa(s.Version)
	}
	return name
}

func millis(m map[string]float64, key string) *float64 {
	if v, ok := m[key]; ok {
		return &v
	}
	return nil
}

func number(n int) *int32 {
	if n == 0 {
		return nil
	}
	v := int32(n)
	return &v
}
