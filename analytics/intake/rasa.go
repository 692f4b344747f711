package intake

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// RasaMapping says what names of a Rasa assistant mean.
type RasaMapping struct {
	FallbackIntents []string `yaml:"fallback_intents"` // default nlu_fallback, out_of_scope
	FallbackActions []string `yaml:"fallback_actions"` // default action_default_fallback and Rasa's two-stage ones
	HandoffActions  []string `yaml:"handoff_actions"`  // default action_human_handoff, action_handoff
	Queue           string   `yaml:"queue"`            // of handovers; default general
	PlainSenders    bool     `yaml:"plain_senders"`    // sender ids say nothing about who the customer is: keep them as conversations
}

func (m *RasaMapping) defaults(at **RasaMapping) {
	if m == nil {
		m = &RasaMapping{}
		*at = m
	}
	if m.FallbackIntents == nil {
		m.FallbackIntents = []string{"nlu_fallback", "out_of_scope"}
	}
	if m.FallbackActions == nil {
		m.FallbackActions = []string{"action_default_fallback", "action_two_stage_fallback", "action_default_ask_rephrase", "action_default_ask_affirmation"}
	}
	if m.HandoffActions == nil {
		m.HandoffActions = []string{"action_human_handoff", "action_handoff"}
	}
	if m.Queue == "" {
		m.Queue = "general"
	}
}

// rasa follows the senders of an export. A turn is complete when the next one begins: what the assistant does comes as events after the user's.
type rasa struct {
	*maker
	m    *Mapping
	open map[string]*dialogue.Event // by sender
	line map[string]int
}

// maxOpen bounds how many senders are followed at once; beyond it, what is known of the others is taken as all there is.
const maxOpen = 100_000

// rasaEvent is one event of the tracker store, as `rasa export` publishes it and as GET /conversations/ID/tracker lists it.
type rasaEvent struct {
	Event     string          `json:"event"`
	Sender    string          `json:"sender_id"`
	Timestamp json.Number     `json:"timestamp"`
	Text      *string         `json:"text"`
	Name      *string         `json:"name"`
	Channel   *string         `json:"input_channel"`
	MessageID *string         `json:"message_id"`
	Metadata  map[string]any  `json:"metadata"`
	Parse     *rasaParse      `json:"parse_data"`
	Events    json.RawMessage `json:"events"` // of a whole tracker
}

type rasaParse struct {
	Intent   rasaIntent   `json:"intent"`
	Ranking  []rasaIntent `json:"intent_ranking"`
	Entities []struct {
		Entity string `json:"entity"`
		Start  *int   `json:"start"` // code points
		End    *int   `json:"end"`
	} `json:"entities"`
}

type rasaIntent struct {
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence"`
}

// take reads an event, or a tracker with its events.
func (a *rasa) take(r *row) (out []dialogue.Event, refused []Refusal) {
	raw, err := json.Marshal(r.values)
	var re rasaEvent
	if err == nil {
		err = json.Unmarshal(raw, &re)
	}
	if err != nil {
		return nil, []Refusal{{Line: r.line, Reason: "it is no event of Rasa: " + kindOf(err)}}
	}
	if re.Event != "" {
		return a.event(&re, r.line)
	}
	var all []rasaEvent
	if len(re.Events) == 0 || json.Unmarshal(re.Events, &all) != nil {
		return nil, []Refusal{{Line: r.line, Field: "event", Reason: "it is neither an event nor a tracker with events"}}
	}
	for i := range all {
		if all[i].Sender == "" {
			all[i].Sender = re.Sender
		}
		evs, bad := a.event(&all[i], r.line)
		out, refused = append(out, evs...), append(refused, bad...)
	}
	evs, bad := a.end(re.Sender)
	return append(out, evs...), append(refused, bad...)
}

// kindOf is an error of JSON without the values in it.
func kindOf(err error) string {
	if t, ok := err.(*json.UnmarshalTypeError); ok {
		return "the field " + t.Field + " is of another type"
	}
	return "it does not have its form"
}

func (a *rasa) event(re *rasaEvent, line int) ([]dialogue.Event, []Refusal) {
	if re.Sender == "" {
		return nil, []Refusal{{Line: line, Field: "sender_id", Reason: "there is none"}}
	}
	x, err := re.Timestamp.Float64()
	at := time.UnixMicro(int64(math.Round(x * 1e6))).UTC()
	if reason := implausible(at, a.now()); err != nil || reason != "" {
		if err != nil {
			reason = "it is not a number of seconds since 1970"
		}
		return nil, []Refusal{{Line: line, Field: "timestamp", Reason: reason}}
	}
	switch re.Event {
	case "user":
		out, bad := a.end(re.Sender)
		if len(a.open) >= maxOpen {
			more, worse := a.flush()
			out, bad = append(out, more...), append(bad, worse...)
		}
		a.open[re.Sender], a.line[re.Sender] = a.turn(re, at), line
		return out, bad
	case "restart", "session_ended":
		out, bad := a.end(re.Sender)
		ev := a.about(re, dialogue.Closed, at)
		ev.Hand = &dialogue.HandBody{By: "system"}
		if fault := a.finish(ev, line); fault != nil {
			return out, append(bad, *fault)
		}
		return append(out, *ev), bad
	}
	a.did(re, at)
	return nil, nil
}

// about is an event of a sender.
func (a *rasa) about(re *rasaEvent, kind dialogue.EventKind, at time.Time) *dialogue.Event {
	ev := &dialogue.Event{Kind: kind, Customer: a.pseudonym("customer", re.Sender), Time: at}
	ev.Conversation = re.Sender
	if !a.m.Rasa.PlainSenders {
		ev.Conversation = "import-" + a.pseudonym("conversation", re.Sender)
	}
	if re.Channel != nil {
		ev.Channel = *re.Channel
	}
	if to, ok := a.m.Channels[ev.Channel]; ok {
		ev.Channel = to
	}
	return ev
}

func (a *rasa) turn(re *rasaEvent, at time.Time) *dialogue.Event {
	ev := a.about(re, dialogue.TurnTaken, at)
	if re.MessageID != nil {
		ev.ID = *re.MessageID
	}
	b := &dialogue.TurnBody{Intents: []nlu.Prediction{}, Ranking: []nlu.Prediction{}, Entities: []string{}, Scripts: []dialogue.ScriptRef{}, Bundle: "rasa"}
	ev.Turn = b
	raw := ""
	if re.Text != nil && !strings.HasPrefix(*re.Text, "/") { // else a button's payload
		raw = *re.Text
	}
	if len(raw) > maxText {
		raw = strings.ToValidUTF8(raw[:maxText], "")
	}
	b.Lang = language(raw)
	if re.Parse == nil {
		b.Redacted = a.redact(raw, b.Lang, nil)
		return ev
	}
	b.Redacted = a.redact(raw, b.Lang, spans(raw, re.Parse, b))
	for _, in := range append([]rasaIntent{re.Parse.Intent}, re.Parse.Ranking...) {
		known := slices.ContainsFunc(b.Ranking, func(p nlu.Prediction) bool { return p.Label == in.Name })
		if in.Name == "" || known || slices.Contains(a.m.Rasa.FallbackIntents, in.Name) || math.IsNaN(in.Confidence) || len(b.Ranking) == 5 {
			continue
		}
		b.Ranking = append(b.Ranking, nlu.Prediction{Label: in.Name, Score: in.Confidence})
	}
	if name := re.Parse.Intent.Name; slices.Contains(a.m.Rasa.FallbackIntents, name) {
		b.Decision.Reason = dialogue.NotUnderstood
	} else if name != "" {
		b.Intents = append(b.Intents, nlu.Prediction{Label: name, Score: re.Parse.Intent.Confidence})
		b.Decision.Intents = []string{name}
	}
	return ev
}

// spans turns Rasa's code points into bytes, and notes the types.
func spans(raw string, p *rasaParse, b *dialogue.TurnBody) []nlu.Entity {
	at := make([]int, 0, len(raw)+1) // byte offset of each code point
	for i := range raw {
		at = append(at, i)
	}
	at = append(at, len(raw))
	var ents []nlu.Entity
	for _, e := range p.Entities {
		if e.Entity != "" && !slices.Contains(b.Entities, e.Entity) {
			b.Entities = append(b.Entities, e.Entity)
		}
		if e.Start == nil || e.End == nil || *e.Start < 0 || *e.Start >= *e.End || *e.End >= len(at) {
			continue
		}
		from, to := at[*e.Start], at[*e.End]
		ents = append(ents, nlu.Entity{Span: nlu.Span{Start: from, End: to}, Type: e.Entity, Text: raw[from:to], Source: nlu.SourceModel})
	}
	slices.SortFunc(ents, func(x, y nlu.Entity) int { return x.Start - y.Start })
	return ents
}

// did adds what the assistant did to the open turn of a sender.
func (a *rasa) did(re *rasaEvent, at time.Time) {
	ev := a.open[re.Sender]
	if ev == nil {
		return
	}
	b := ev.Turn
	name := ""
	if re.Name != nil {
		name = *re.Name
	}
	if re.Event == "bot" {
		if ms := at.Sub(ev.Time).Seconds() * 1000; ms >= 0 && ms < 60_000 && b.Millis == nil {
			b.Millis = map[string]float64{"total": ms}
		}
		if b.Decision.Action == "" {
			b.Decision.Action = dialogue.Answer
		}
		name, _ = re.Metadata["utter_action"].(string)
	} else if re.Event != "action" {
		return
	}
	switch {
	case slices.Contains(a.m.Rasa.HandoffActions, name):
		b.Decision.Action = dialogue.HandOff
		why := dialogue.ByRequest
		if b.Decision.Reason == dialogue.NotUnderstood {
			why = dialogue.ByUnrecognised
		}
		b.Decision.HandOff = &dialogue.HandOffAsk{Queue: a.m.Rasa.Queue, Why: why}
	case slices.Contains(a.m.Rasa.FallbackActions, name):
		b.Decision.Action, b.Decision.Reason = dialogue.Clarify, dialogue.NotUnderstood
	case strings.HasPrefix(name, "utter_"):
		if !slices.ContainsFunc(b.Scripts, func(s dialogue.ScriptRef) bool { return s.Key == name }) && len(b.Scripts) < 16 {
			b.Scripts = append(b.Scripts, dialogue.ScriptRef{Key: name})
		}
	}
}

// end takes the open turn of a sender as complete.
func (a *rasa) end(sender string) ([]dialogue.Event, []Refusal) {
	ev := a.open[sender]
	if ev == nil {
		return nil, nil
	}
	line := a.line[sender]
	delete(a.open, sender)
	delete(a.line, sender)
	if fault := a.finish(ev, line); fault != nil {
		return nil, []Refusal{*fault}
	}
	return []dialogue.Event{*ev}, nil
}

// flush ends all, by sender so that each run gives the same order.
func (a *rasa) flush() (out []dialogue.Event, refused []Refusal) {
	senders := make([]string, 0, len(a.open))
	for s := range a.open {
		senders = append(senders, s)
	}
	slices.Sort(senders)
	for _, s := range senders {
		evs, bad := a.end(s)
		out, refused = append(out, evs...), append(refused, bad...)
	}
	return out, refused
}
