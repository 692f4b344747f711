package server

import (
	"math"
	"strconv"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// ownerView is how the API shows who speaks.
type ownerView struct {
	Kind  string     `json:"kind"` // robot, queue, agent
	Queue string     `json:"queue,omitempty"`
	Agent string     `json:"agent,omitempty"`
	Why   string     `json:"why,omitempty"`
	Token uint64     `json:"token"`
	Since *time.Time `json:"since,omitempty"`
}

func viewOwner(o dialogue.Owner) ownerView {
	v := ownerView{Kind: string(o.Kind), Queue: o.Queue, Agent: o.Agent, Why: string(o.Why), Token: o.Token}
	if v.Kind == "" {
		v.Kind = "robot"
	}
	if !o.Since.IsZero() {
		v.Since = &o.Since
	}
	return v
}

// words says who speaks, for a message.
func (v ownerView) words() string {
	switch v.Kind {
	case "agent":
		return "agent " + quote(v.Agent) + " speaks"
	case "queue":
		return "it waits in queue " + quote(v.Queue) + " and no agent has claimed it"
	}
	return "the robot speaks"
}

// replyView is a bubble.
type replyView struct {
	Text    string              `json:"text,omitempty"`
	Image   string              `json:"image,omitempty"`
	Links   []string            `json:"links,omitempty"`
	Buttons []dialogue.Button   `json:"buttons,omitempty"`
	Cards   []dialogue.Card     `json:"cards,omitempty"`
	Script  *dialogue.ScriptRef `json:"script,omitempty"`
}

func viewReplies(rs []dialogue.Reply) []replyView {
	list := make([]replyView, len(rs))
	for i, r := range rs {
		list[i] = replyView{Text: r.Text, Image: r.Image, Links: r.Links, Buttons: r.Buttons, Cards: r.Cards}
		if r.Script != (dialogue.ScriptRef{}) {
			list[i].Script = &rs[i].Script
		}
	}
	return list
}

// slotView is a value that was learnt.
type slotView struct {
	Value string   `json:"value"`
	Norm  string   `json:"norm,omitempty"`
	Type  string   `json:"type,omitempty"`
	From  string   `json:"from"`
	Turn  int      `json:"turn"`
	More  []string `json:"more,omitempty"`
}

func viewSlots(slots map[string]dialogue.Slot) map[string]slotView {
	m := make(map[string]slotView, len(slots))
	for name, v := range slots {
		m[name] = slotView(v)
	}
	return m
}

// outcome writes what came of a message.
func (w *jsonWriter) outcome(o *dialogue.Outcome, u unit, took time.Duration) {
	d := &o.Decision
	w.open('{')
	w.textField("conversation", o.Conversation)
	w.textField("id", o.ID)
	w.uintField("seq", o.Seq)
	w.boolField("duplicate", o.Duplicate)
	w.anyField("replies", viewReplies(o.Replies))
	w.textField("action", string(d.Action))
	w.textField("reason", string(d.Reason))
	if d.Why != "" {
		w.textField("why", d.Why)
	}
	if d.Task != "" {
		w.textField("task", d.Task)
	}
	w.anyField("intents", texts(d.Intents))
	w.understanding(o.Analysis, u)
	slots := d.State.Slots
	if o.Tracker != nil {
		slots = o.Tracker.State.Slots
	}
	w.anyField("slots", viewSlots(slots))
	w.anyField("owner", viewOwner(o.Owner))
	w.key("handoff")
	if h := d.HandOff; h == nil {
		w.null()
	} else {
		w.open('{')
		w.textField("queue", h.Queue)
		w.textField("why", string(h.Why))
		w.anyField("skills", texts(h.Skills))
		w.boolField("urgent", h.Urgent)
		w.close('}')
	}
	w.key("timings_ms")
	w.open('{')
	if o.Analysis != nil {
		w.msField("parse", o.Analysis.Timing.Total)
	}
	w.msField("total", took)
	w.close('}')
	w.close('}')
}

// understanding writes what the text was taken to mean, null without a text.
func (w *jsonWriter) understanding(a *nlu.Analysis, u unit) {
	if a == nil {
		for _, name := range []string{"understood", "emotion", "entities"} {
			w.key(name)
			w.null()
		}
		return
	}
	w.spans.reset(a.Text, u)
	w.key("understood")
	w.open('{')
	w.textField("text", a.Text)
	w.textField("language", string(a.Language))
	w.textField("bundle", string(a.Bundle))
	w.key("intents")
	w.open('[')
	for i := range a.Intents {
		in := &a.Intents[i]
		w.open('{')
		w.textField("name", in.Label)
		w.scoreField("score", in.Score)
		w.span(in.Span)
		w.close('}')
	}
	w.close(']')
	w.ranking("ranking", "name", a.Ranking[:min(len(a.Ranking), defaultTop)])
	w.scoreField("out_of_scope", a.OOS)
	w.textField("span_unit", u.String())
	w.close('}')
	w.emotion(&a.Emotion)
	w.entities("entities", a.Entities)
}

func (w *jsonWriter) null() { w.b = append(w.b, "null"...) }

func (w *jsonWriter) uintField(name string, value uint64) {
	w.key(name)
	w.b = strconv.AppendUint(w.b, value, 10)
}

// texts makes an empty list of none, so that callers always find one.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// millis rounds to microseconds.
func millis(ms float64) float64 { return math.Round(ms*1000) / 1000 }
