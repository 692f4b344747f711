package server

import (
	"math"
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/nlu"
)

// eventView is an event as history, live connections and agents see it.
type eventView struct {
	Seq  uint64    `json:"seq"`
	ID   string    `json:"id"`
	Kind string    `json:"kind"` // turn, agent, outbound, receipt, queued, claimed, transferred, released, returned, rating, closed
	Time time.Time `json:"time"`
	// Erased tells that the words were made unreadable at the customer's wish.
	Erased bool `json:"erased"`

	Message  *messageView       `json:"message,omitempty"` // of the customer
	Replies  []replyView        `json:"replies"`           // to the customer
	Decision *decisionView      `json:"decision,omitempty"`
	Hand     *handView          `json:"hand,omitempty"`
	Agent    string             `json:"agent,omitempty"` // who said it
	Out      *outView           `json:"outbound,omitempty"`
	Rating   *dialogueRating    `json:"rating,omitempty"`
	Calls    []callView         `json:"calls,omitempty"`
	Millis   map[string]float64 `json:"timings_ms,omitempty"`
}

type messageView struct {
	Text        string                `json:"text"` // redacted when erased
	Language    string                `json:"language,omitempty"`
	Attachments []dialogue.Attachment `json:"attachments,omitempty"`
	Payload     string                `json:"payload,omitempty"`
	Intents     []scoredView          `json:"intents"` // recognised in the text itself
	Ranking     []scoredView          `json:"ranking"` // the best five
	OOS         float64               `json:"out_of_scope"`
	Emotion     *emotionView          `json:"emotion,omitempty"`
	Entities    []entityView          `json:"entities,omitempty"`
}

type scoredView struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

func viewScores(ps []nlu.Prediction) []scoredView {
	list := make([]scoredView, len(ps))
	for i, p := range ps {
		list[i] = scoredView{p.Label, math.Round(p.Score*1e6) / 1e6}
	}
	return list
}

type emotionView struct {
	Label     string  `json:"label"`
	Valence   string  `json:"valence,omitempty"`
	Intensity float64 `json:"intensity"`
}

type entityView struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Value any    `json:"value,omitempty"`
	Role  string `json:"role,omitempty"`
}

type decisionView struct {
	Action  string   `json:"action"`
	Reason  string   `json:"reason"`
	Why     string   `json:"why,omitempty"`
	Task    string   `json:"task,omitempty"`
	Intents []string `json:"intents"`
}

type handView struct {
	Queue string `json:"queue,omitempty"`
	Agent string `json:"agent,omitempty"`
	By    string `json:"by,omitempty"`
	Why   string `json:"why,omitempty"`
}

type outView struct {
	FollowUp string `json:"follow_up"`
	Kind     string `json:"kind"`
	Status   string `json:"status"`
}

type dialogueRating struct {
	Score    int    `json:"score,omitempty"`
	Thumb    int    `json:"thumb,omitempty"`
	About    string `json:"about,omitempty"`
	Resolved *bool  `json:"resolved,omitempty"`
	NPS      *int   `json:"nps,omitempty"`
	Text     string `json:"text,omitempty"`
}

type callView struct {
	Name   string  `json:"name"`
	Status string  `json:"status"`
	Millis float64 `json:"ms"`
}

// viewEvent shows an event.
func viewEvent(ev *dialogue.Event) eventView {
	v := eventView{Seq: ev.Seq, ID: ev.ID, Kind: string(ev.Kind), Time: ev.Time, Erased: ev.Private == nil, Replies: []replyView{}}
	if ev.Private != nil {
		v.Replies = viewReplies(ev.Private.Replies)
	}
	if b := ev.Turn; b != nil {
		v.turn(b, ev.Private)
	}
	if h := ev.Hand; h != nil {
		v.Hand = &handView{h.Queue, h.Agent, h.By, string(h.Why)}
	}
	if a := ev.Agent; a != nil {
		v.Agent = a.Agent
	}
	if o := ev.Out; o != nil {
		v.Out = &outView{o.FollowUp, o.Kind, o.Status}
	}
	if r := ev.Rating; r != nil {
		v.Rating = &dialogueRating{Score: r.Score, Thumb: r.Thumb, About: r.About, Resolved: r.Resolved, NPS: r.NPS, Text: r.Redacted}
		if ev.Private != nil && ev.Private.Text != "" {
			v.Rating.Text = ev.Private.Text
		}
	}
	return v
}

func (v *eventView) turn(b *dialogue.TurnBody, p *dialogue.Private) {
	m := &messageView{Text: b.Redacted, Language: string(b.Lang), Intents: viewScores(b.Intents), Ranking: viewScores(b.Ranking), OOS: math.Round(b.OOS*1e6) / 1e6}
	if b.Emotion.Label != "" {
		m.Emotion = &emotionView{b.Emotion.Label, b.Emotion.Valence, millis(b.Emotion.Intensity)}
	}
	if p != nil {
		m.Text, m.Attachments, m.Payload = p.Text, p.Attachments, p.Payload
		for _, e := range p.Entities {
			m.Entities = append(m.Entities, entityView{e.Type, e.Text, e.Value, e.Role})
		}
	}
	d := &b.Decision
	v.Message, v.Millis = m, b.Millis
	v.Decision = &decisionView{string(d.Action), string(d.Reason), d.Why, d.Task, texts(d.Intents)}
	for _, c := range b.Calls {
		v.Calls = append(v.Calls, callView{c.Name, string(c.Status), millis(c.Millis)})
	}
}

// historyAnswer is the JSON of GET /v1/conversations/{conversation}/messages.
type historyAnswer struct {
	Conversation string      `json:"conversation"`
	Events       []eventView `json:"events"`
	Next         uint64      `json:"next"` // give it as after for the next part
	More         bool        `json:"more"` // there is a next part now
}

// getHistory answers GET /v1/conversations/{conversation}/messages.
func (s *Server) getHistory(c *gin.Context) error {
	t, err := s.conversation(c)
	if err != nil {
		return err
	}
	after, limit, err := s.page(c)
	if err != nil {
		return err
	}
	evs, err := s.o.Conversations.Events(c.Request.Context(), t.Key, after, limit)
	if err != nil {
		return err
	}
	answer := historyAnswer{Conversation: t.Conversation, Events: []eventView{}, Next: after}
	for i := range evs {
		answer.Events = append(answer.Events, viewEvent(&evs[i]))
		answer.Next = evs[i].Seq
	}
	answer.More = len(evs) > 0 && answer.Next < t.Seq
	writeJSON(c, 200, "application/json", answer)
	return nil
}
