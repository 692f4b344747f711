// Package handover makes what an agent sees on taking over a conversation: everything that the customer would otherwise have to repeat.
//
// [New] is a pure function of the conversation's tracker, the customer's profile and what knowledge was found. The summary is put
// together from structured facts by fixed sentences, in Chinese or English; nothing in it is guessed.
package handover

import (
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Package is what the agent gets.
type Package struct {
	dialogue.Key
	Lang        nlu.Lang               `json:"lang"` // of the summary and the names
	Summary     Summary                `json:"summary"`
	Customer    Customer               `json:"customer"`
	Why         dialogue.Reason        `json:"why"`
	Queue       string                 `json:"queue"`
	Skills      []string               `json:"skills,omitempty"`
	Urgent      bool                   `json:"urgent,omitempty"`
	Owner       dialogue.Owner         `json:"owner"`
	Waited      float64                `json:"waited_s"`
	Tasks       []Task                 `json:"tasks"`    // open, the present one first
	Later       []Named                `json:"later"`    // wishes said in passing, not begun
	Slots       []Fact                 `json:"slots"`    // what is known, by name
	Entities    []Entity               `json:"entities"` // as the customer said them, the latest first
	Emotion     Trend                  `json:"emotion"`
	Tried       []Named                `json:"tried"` // steps and answers already given
	Calls       []Call                 `json:"calls"` // of the operator's systems, the latest first
	Notes       []string               `json:"notes"` // said while waiting
	Transcript  []dialogue.Line        `json:"transcript"`
	Cut         bool                   `json:"cut,omitempty"` // the transcript begins later than the conversation
	Suggestions []Suggestion           `json:"suggestions"`
	History     []dialogue.HistoryItem `json:"history"` // of the customer, newest first
}

// Customer is who it is.
type Customer struct {
	ID          string            `json:"id"` // as the channel knows them
	Name        string            `json:"name,omitempty"`
	Tier        string            `json:"tier,omitempty"`
	Lang        nlu.Lang          `json:"lang,omitempty"`
	Channel     string            `json:"channel"`
	Preferences map[string]string `json:"preferences,omitempty"`
}

// Named is a name of the service pack and what people call it.
type Named struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// Task is an unfinished task.
type Task struct {
	Named
	Slots   map[string]string `json:"slots,omitempty"`
	Step    *Named            `json:"step,omitempty"`    // of a troubleshooting tree
	Waiting *Named            `json:"waiting,omitempty"` // the slot that was asked for last
	Paused  bool              `json:"paused,omitempty"`
}

// Fact is a value that is known.
type Fact struct {
	Named
	Value string   `json:"value"`
	Norm  string   `json:"norm,omitempty"`
	More  []string `json:"more,omitempty"`
	From  string   `json:"from"` // customer, profile, system
}

// Entity is something the customer mentioned.
type Entity struct {
	Named
	Text  string `json:"text"`
	Value any    `json:"value,omitempty"`
}

// Trend is how the customer feels and how that moved.
type Trend struct {
	Now    Named              `json:"now"`
	Level  float64            `json:"level"` // −1 pleased … 1 furious
	Moves  Move               `json:"moves"`
	Points []dialogue.Emotion `json:"points"`
}

// Move is where a trend goes.
type Move string

// The moves. The zero value is for a conversation without emotions.
const (
	Rising  Move = "rising" // getting worse
	Steady  Move = "steady"
	Falling Move = "falling" // calming down
)

// Call is a call of the operator's systems.
type Call struct {
	Named
	Status dialogue.CallStatus `json:"status"`
	Time   time.Time           `json:"time"`
}

// Suggestion is a reply the agent may send as it is.
type Suggestion struct {
	ID     string         `json:"id"`     // goes into AgentBody.Suggested when it is used
	Source string         `json:"source"` // knowledge, script or the operator's own
	Title  string         `json:"title,omitempty"`
	Reply  dialogue.Reply `json:"reply"`
	Score  float64        `json:"score,omitempty"`
}

// Input is what a package is made of.
type Input struct {
	Tracker     *dialogue.Tracker
	Profile     dialogue.Profile
	Hits        []dialogue.Hit
	Suggestions []Suggestion
	// Events are the latest of the conversation, oldest first; calls and entities are taken from them. May be nil.
	Events []dialogue.Event
	// Lang of the summary; empty = that of the conversation, or else Chinese.
	Lang nlu.Lang
	// Name tells what people call an intent, a slot, an emotion, a step; "" when it has no name. May be nil.
	Name func(name string, lang nlu.Lang) string
	Now  time.Time
}

// New makes the package of a conversation.
func New(in Input) Package {
	t := in.Tracker
	b := &builder{in: in, lang: language(in)}
	p := Package{
		Key: t.Key, Lang: b.lang, Why: t.Owner.Why, Queue: t.Owner.Queue, Skills: t.Owner.Skills, Urgent: t.Owner.Urgent, Owner: t.Owner,
		Customer: b.customer(), Tasks: b.tasks(), Later: b.named(t.State.Later), Slots: b.slots(), Entities: b.entities(), Emotion: b.trend(),
		Tried: b.named(t.State.Tried), Calls: b.calls(), Notes: slices.Clone(t.State.Notes), Transcript: t.Lines,
		Cut: len(t.Lines) == dialogue.MaxLines, Suggestions: b.suggestions(), History: newestFirst(in.Profile.History),
	}
	if !t.Owner.Asked.IsZero() {
		p.Waited = max(0, in.Now.Sub(t.Owner.Asked).Seconds())
	}
	p.Summary = summarise(&p, b)
	return p
}

// builder turns state into named facts.
type builder struct {
	in   Input
	lang nlu.Lang
}

func language(in Input) nlu.Lang {
	for _, l := range []nlu.Lang{in.Lang, in.Tracker.Lang, in.Profile.Lang} {
		if l == nlu.Chinese || l == nlu.English {
			return l
		}
	}
	return nlu.Chinese
}

func (b *builder) name(name string) Named {
	n := Named{Name: name, Title: name}
	if b.in.Name != nil {
		if title := b.in.Name(name, b.lang); title != "" {
			n.Title = title
		}
	}
	return n
}

func (b *builder) named(names []string) []Named {
	out := make([]Named, len(names))
	for i, n := range names {
		out[i] = b.name(n)
	}
	return out
}

func (b *builder) customer() Customer {
	t, p := b.in.Tracker, b.in.Profile
	c := Customer{ID: t.Customer, Name: p.Name, Tier: t.Tier, Lang: t.Lang, Channel: t.Channel, Preferences: p.Preferences}
	if c.Tier == "" {
		c.Tier = p.Tier
	}
	if c.Lang == "" {
		c.Lang = p.Lang
	}
	return c
}

func (b *builder) tasks() []Task {
	st := b.in.Tracker.State
	out := make([]Task, 0, len(st.Tasks))
	for _, ts := range slices.Backward(st.Tasks) {
		task := Task{Named: b.name(ts.Intent), Slots: ts.Slots, Paused: ts.Paused}
		if ts.Step != "" {
			step := b.name(ts.Step)
			task.Step = &step
		}
		if q := st.Asked; q != nil && q.Task == ts.Task && q.Slot != "" {
			slot := b.name(q.Slot)
			task.Waiting = &slot
		}
		out = append(out, task)
	}
	return out
}

func (b *builder) slots() []Fact {
	st := b.in.Tracker.State
	out := make([]Fact, 0, len(st.Slots))
	for name, s := range st.Slots {
		out = append(out, Fact{Named: b.name(name), Value: s.Value, Norm: s.Norm, More: s.More, From: s.From})
	}
	slices.SortFunc(out, func(x, y Fact) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// maxEntities and maxCalls bound what is listed; the transcript has the rest.
const (
	maxEntities = 30
	maxCalls    = 20
)

func (b *builder) entities() []Entity {
	out := []Entity{}
	seen := map[string]bool{}
	for _, ev := range slices.Backward(b.in.Events) {
		if ev.Private == nil {
			continue
		}
		for _, e := range ev.Private.Entities {
			if id := e.Type + "\x00" + e.Text; !seen[id] && len(out) < maxEntities {
				seen[id] = true
				out = append(out, Entity{Named: b.name(e.Type), Text: e.Text, Value: e.Value})
			}
		}
	}
	return out
}

func (b *builder) calls() []Call {
	out := []Call{}
	for _, ev := range slices.Backward(b.in.Events) {
		if ev.Turn == nil {
			continue
		}
		for _, c := range slices.Backward(ev.Turn.Calls) {
			if len(out) < maxCalls {
				out = append(out, Call{b.name(c.Name), c.Status, ev.Time})
			}
		}
	}
	return out
}

func (b *builder) suggestions() []Suggestion {
	out := slices.Clone(b.in.Suggestions)
	for _, h := range b.in.Hits {
		s := Suggestion{ID: "knowledge/" + h.ID, Source: "knowledge", Score: h.Score, Reply: dialogue.Reply{Text: h.Answer, Image: h.Image, Links: h.Links}}
		if len(h.Questions) > 0 {
			s.Title = h.Questions[0]
		}
		out = append(out, s)
	}
	if out == nil {
		out = []Suggestion{}
	}
	return out
}

func newestFirst(items []dialogue.HistoryItem) []dialogue.HistoryItem {
	out := slices.Clone(items)
	slices.Reverse(out)
	if out == nil {
		out = []dialogue.HistoryItem{}
	}
	return out
}
