package intake

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/nlu"
)

// ChatwootMapping says what names of a Chatwoot account mean.
type ChatwootMapping struct {
	Prefix string            `yaml:"prefix"` // of conversation ids, to tell accounts apart; default "chatwoot-"
	Queues map[string]string `yaml:"queues"` // by name of the team; the others keep theirs
	Queue  string            `yaml:"queue"`  // without a team; default general
}

func (m *ChatwootMapping) defaults(at **ChatwootMapping) {
	if m == nil {
		m = &ChatwootMapping{}
		*at = m
	}
	m.Prefix = cmp.Or(m.Prefix, "chatwoot-")
	m.Queue = cmp.Or(m.Queue, "general")
}

// chatwoot makes events of conversations as Chatwoot's API gives them: with their messages.
type chatwoot struct {
	*maker
	m *Mapping
}

// cwConversation is what is read of a conversation.
type cwConversation struct {
	ID       json.Number `json:"id"`
	Status   string      `json:"status"`
	Created  json.Number `json:"created_at"`
	Activity json.Number `json:"last_activity_at"`
	Channel  string      `json:"channel"`
	Meta     struct {
		Sender  cwSender `json:"sender"`
		Channel string   `json:"channel"`
		Team    *struct {
			Name string `json:"name"`
		} `json:"team"`
	} `json:"meta"`
	Messages []cwMessage `json:"messages"`
}

type cwSender struct {
	ID   json.Number `json:"id"`
	Type string      `json:"type"` // contact, user, agent_bot
}

type cwMessage struct {
	ID         json.Number `json:"id"`
	Content    *string     `json:"content"`
	Type       any         `json:"message_type"` // 0 incoming, 1 outgoing, 2 activity, 3 template; or those words
	Created    json.Number `json:"created_at"`
	Private    bool        `json:"private"`
	Sender     cwSender    `json:"sender"`
	SenderType string      `json:"sender_type"` // Contact, User, AgentBot
	Attributes struct {
		Submitted json.RawMessage `json:"submitted_values"`
	} `json:"content_attributes"`
	Attachments []struct {
		Type string `json:"file_type"`
	} `json:"attachments"`

	at time.Time
}

// take reads a conversation, or a page of them.
func (a *chatwoot) take(r *row) (out []dialogue.Event, refused []Refusal) {
	for _, path := range []string{"data.payload", "payload"} {
		if v, ok := dig(r.values, path); ok {
			many, _ := v.([]any)
			for _, one := range many {
				values, _ := one.(map[string]any)
				evs, bad := a.take(&row{line: r.line, values: values})
				out, refused = append(out, evs...), append(refused, bad...)
			}
			return out, refused
		}
	}
	raw, err := json.Marshal(r.values)
	var c cwConversation
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		return nil, []Refusal{{Line: r.line, Reason: "it is no conversation of Chatwoot: " + kindOf(err)}}
	}
	if c.ID == "" {
		return nil, []Refusal{{Line: r.line, Field: "id", Reason: "there is none"}}
	}
	if len(c.Messages) == 0 {
		return nil, []Refusal{{Line: r.line, Field: "messages", Reason: "there are none: export conversations with their messages"}}
	}
	w := &cwWalk{chatwoot: a, c: &c, line: r.line}
	w.walk()
	return w.out, w.refused
}

// seconds reads a number of seconds since 1970, or a time as text.
func seconds(n json.Number) (time.Time, bool) {
	x, err := n.Float64()
	if err != nil || math.Abs(x) > 1e11 {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(math.Round(x * 1e6))).UTC(), true
}

// cwWalk goes through the messages of one conversation, in order.
type cwWalk struct {
	*chatwoot
	c       *cwConversation
	line    int
	out     []dialogue.Event
	refused []Refusal
	speaks  string // agent who speaks; "" = robot or nobody yet
	last    time.Time
}

func (w *cwWalk) refuse(field, reason string) {
	w.refused = append(w.refused, Refusal{Line: w.line, Field: field, Reason: reason})
}

func (w *cwWalk) walk() {
	ms := slices.DeleteFunc(w.c.Messages, func(m cwMessage) bool { return m.Private })
	kept := ms[:0]
	for _, m := range ms {
		at, ok := seconds(m.Created)
		if reason := implausible(at, w.now()); !ok || reason != "" {
			w.refuse("messages.created_at", cmp.Or(reason, "it is not a number of seconds since 1970"))
			continue
		}
		m.at = at
		kept = append(kept, m)
	}
	slices.SortStableFunc(kept, func(a, b cwMessage) int { return a.at.Compare(b.at) })
	asked := false
	for i := range kept {
		m := &kept[i]
		w.last = m.at
		switch w.kind(m) {
		case "incoming":
			w.incoming(m, kept[i+1:])
			if !asked && servedByPerson(kept) {
				asked = true
				w.hand(dialogue.Queued, m.at, "", m)
			}
		case "agent":
			w.agent(m)
		}
		w.rating(m)
	}
	if w.c.Status == "resolved" {
		at, ok := seconds(w.c.Activity)
		if !ok || at.Before(w.last) || implausible(at, w.now()) != "" {
			at = w.last
		}
		w.add(dialogue.Event{Kind: dialogue.Closed, ID: "closed-" + string(w.c.ID), Time: at, Hand: &dialogue.HandBody{Agent: w.speaks, By: cmp.Or(w.speaks, "system")}})
	}
}

// kind tells what a message is: incoming, agent, bot or nothing of interest.
func (w *cwWalk) kind(m *cwMessage) string {
	t := ""
	switch v := m.Type.(type) {
	case string:
		t = v
	case float64:
		t = map[float64]string{0: "incoming", 1: "outgoing"}[v]
	}
	switch {
	case t == "incoming":
		return t
	case t != "outgoing":
		return ""
	case isPerson(m):
		return "agent"
	}
	return "bot"
}

func isPerson(m *cwMessage) bool {
	return strings.EqualFold(m.Sender.Type, "user") || m.SenderType == "User"
}

func servedByPerson(ms []cwMessage) bool {
	return slices.ContainsFunc(ms, func(m cwMessage) bool { return isPerson(&m) })
}

// add finishes an event of the conversation.
func (w *cwWalk) add(ev dialogue.Event) {
	ev.Conversation = w.m.Chatwoot.Prefix + string(w.c.ID)
	who := string(w.c.Meta.Sender.ID)
	if who == "" {
		who = "conversation " + string(w.c.ID)
	}
	ev.Customer = w.pseudonym("customer", who)
	ev.Channel = w.channel()
	if fault := w.finish(&ev, w.line); fault != nil {
		w.refused = append(w.refused, *fault)
		return
	}
	w.out = append(w.out, ev)
}

// channel is e.g. web of Channel::WebWidget.
func (w *cwWalk) channel() string {
	name := strings.TrimPrefix(cmp.Or(w.c.Meta.Channel, w.c.Channel), "Channel::")
	if to, ok := w.m.Channels[name]; ok {
		return to
	}
	if name == "WebWidget" {
		return "web"
	}
	return strings.ToLower(name)
}

func (w *cwWalk) queue() string {
	if t := w.c.Meta.Team; t != nil && t.Name != "" {
		return cmp.Or(w.m.Chatwoot.Queues[t.Name], t.Name)
	}
	return w.m.Chatwoot.Queue
}

func (w *cwWalk) hand(kind dialogue.EventKind, at time.Time, agent string, m *cwMessage) {
	w.add(dialogue.Event{Kind: kind, ID: string(kind) + "-" + string(m.ID), Time: at, Hand: &dialogue.HandBody{Queue: w.queue(), Agent: agent, By: cmp.Or(agent, "system")}})
}

// incoming is a message of the customer; what comes next tells whether the robot answered.
func (w *cwWalk) incoming(m *cwMessage, rest []cwMessage) {
	raw := ""
	if m.Content != nil {
		raw = *m.Content
	}
	if len(raw) > maxText {
		raw = strings.ToValidUTF8(raw[:maxText], "")
	}
	b := &dialogue.TurnBody{Lang: language(raw), Intents: []nlu.Prediction{}, Ranking: []nlu.Prediction{}, Entities: []string{}, Scripts: []dialogue.ScriptRef{}}
	b.Redacted = w.redact(raw, b.Lang, nil)
	for _, at := range m.Attachments {
		b.Attachments = append(b.Attachments, dialogue.AttachmentType(at.Type))
	}
	if w.speaks != "" {
		b.Owner, b.Decision = dialogue.OwnerAgent, dialogue.Decision{Action: dialogue.Silent, Reason: dialogue.PersonSpeaks}
	} else if len(rest) > 0 && w.kind(&rest[0]) == "bot" {
		b.Decision.Action = dialogue.Answer
		if ms := rest[0].at.Sub(m.at).Seconds() * 1000; ms < 60_000 {
			b.Millis = map[string]float64{"total": ms}
		}
	}
	w.add(dialogue.Event{Kind: dialogue.TurnTaken, ID: string(m.ID), Time: m.at, Turn: b})
}

func (w *cwWalk) agent(m *cwMessage) {
	agent := "agent-" + cmp.Or(string(m.Sender.ID), "unknown")
	if agent != w.speaks {
		w.speaks = agent
		w.hand(dialogue.Claimed, m.at, agent, m)
	}
	n := 0
	if m.Content != nil {
		n = utf8.RuneCountInString(*m.Content)
	}
	w.add(dialogue.Event{Kind: dialogue.AgentSaid, ID: string(m.ID), Time: m.at, Agent: &dialogue.AgentBody{Agent: agent, Length: n}})
}

// rating is what the customer said of the service, in the survey that Chatwoot puts at the end.
func (w *cwWalk) rating(m *cwMessage) {
	var s struct {
		Survey *struct {
			Rating   float64 `json:"rating"`
			Feedback string  `json:"feedback_message"`
		} `json:"csat_survey_response"`
	}
	if len(m.Attributes.Submitted) == 0 || json.Unmarshal(m.Attributes.Submitted, &s) != nil || s.Survey == nil {
		return // other forms have other values
	}
	if r := s.Survey.Rating; r != math.Trunc(r) || r < 1 || r > 5 {
		w.refuse("messages.content_attributes.submitted_values.csat_survey_response.rating", "it is not a whole number from 1 to 5")
		return
	}
	b := &dialogue.RatingBody{Score: int(s.Survey.Rating)}
	if f := s.Survey.Feedback; f != "" && len(f) <= maxText {
		b.Redacted = w.maker.redact(f, language(f), nil)
	}
	w.add(dialogue.Event{Kind: dialogue.Rated, ID: "rating-" + string(m.ID), Time: m.at, Rating: b})
}
