package server

import (
	"cmp"
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
)

// conversationAnswer is the JSON of GET /v1/conversations/{conversation}.
type conversationAnswer struct {
	Conversation string              `json:"conversation"`
	Seq          uint64              `json:"seq"`
	Events       int                 `json:"events"`
	Turns        int                 `json:"turns"`
	Customer     string              `json:"customer"`
	Channel      string              `json:"channel"`
	Language     string              `json:"language,omitempty"`
	Tier         string              `json:"tier,omitempty"`
	Started      time.Time           `json:"started"`
	Updated      time.Time           `json:"updated"`
	Closed       bool                `json:"closed"`
	Owner        ownerView           `json:"owner"`
	Slots        map[string]slotView `json:"slots"`
	Tasks        []taskView          `json:"tasks"`
	Asked        *askedView          `json:"asked"`
	Later        []string            `json:"later"`
	Tried        []string            `json:"tried"`
	Notes        []string            `json:"notes"`
	Emotions     []dialogue.Emotion  `json:"emotions"`
	Ratings      int                 `json:"ratings"`
}

// taskView is a task under way; the last of a list is being worked on.
type taskView struct {
	Task   string            `json:"task"`
	Intent string            `json:"intent"`
	Slots  map[string]string `json:"slots,omitempty"`
	Step   string            `json:"step,omitempty"`
	Paused bool              `json:"paused"`
}

// askedView is what the robot waits for.
type askedView struct {
	Kind string `json:"kind"` // slot, confirm, choice, step, resume
	Task string `json:"task,omitempty"`
	Slot string `json:"slot,omitempty"`
}

// conversation loads the conversation that the path names. One without events is not known.
func (s *Server) conversation(c *gin.Context) (*dialogue.Tracker, error) {
	if s.o.Conversations == nil {
		return nil, notConfigured("conversations")
	}
	k, err := conversationKey(c)
	if err != nil {
		return nil, err
	}
	t, err := s.o.Conversations.Load(c.Request.Context(), k)
	if err != nil {
		return nil, err
	}
	if t.Events == 0 {
		return nil, unknownConversation(k)
	}
	return t, nil
}

func unknownConversation(k dialogue.Key) error {
	return newFault(CodeUnknownConversation, "There is no conversation %s: one begins with its first message.", quote(k.Conversation))
}

// getConversation answers GET /v1/conversations/{conversation}.
func (s *Server) getConversation(c *gin.Context) error {
	t, err := s.conversation(c)
	if err != nil {
		return err
	}
	st := &t.State
	answer := conversationAnswer{Conversation: t.Conversation, Seq: t.Seq, Events: t.Events, Turns: t.Turns, Customer: t.Customer,
		Channel: t.Channel, Language: string(t.Lang), Tier: t.Tier, Started: t.Started, Updated: t.Updated, Closed: t.Closed, Owner: viewOwner(t.Owner),
		Slots: viewSlots(st.Slots), Tasks: []taskView{}, Later: texts(st.Later), Tried: texts(st.Tried), Notes: texts(st.Notes),
		Emotions: t.Emotions, Ratings: t.Ratings}
	if answer.Emotions == nil {
		answer.Emotions = []dialogue.Emotion{}
	}
	for _, task := range st.Tasks {
		answer.Tasks = append(answer.Tasks, taskView{task.Task, task.Intent, task.Slots, task.Step, task.Paused})
	}
	if q := st.Asked; q != nil {
		answer.Asked = &askedView{string(q.Kind), q.Task, q.Slot}
	}
	writeJSON(c, 200, "application/json", answer)
	return nil
}

// changed is the answer to a change that makes one event.
type changed struct {
	Conversation string `json:"conversation"`
	ID           string `json:"id"`
	Seq          uint64 `json:"seq"`       // of the event; of the latest one when nothing was to be done
	Duplicate    bool   `json:"duplicate"` // it had been done before: nothing was done again
}

// change appends what event makes of a conversation that exists, once an id.
func (s *Server) change(c *gin.Context, id string, event func(*dialogue.Tracker) *dialogue.Event) error {
	if s.o.Conversations == nil {
		return notConfigured("conversations")
	}
	k, err := conversationKey(c)
	if err != nil {
		return err
	}
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	id = cmp.Or(id, newID())
	var before uint64
	t, ev, err := s.o.Conversations.Update(ctx, k, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		if t.Events == 0 {
			return nil, unknownConversation(k)
		}
		if before = t.Saw(id); before > 0 {
			return nil, nil
		}
		ev := event(t)
		if ev != nil {
			ev.ID = id
		}
		return ev, nil
	})
	if err != nil {
		return err
	}
	answer := changed{Conversation: k.Conversation, ID: id, Seq: cmp.Or(before, t.Seq), Duplicate: ev == nil}
	writeJSON(c, 200, "application/json", answer)
	return nil
}

// ratingRequest is the body of POST …/rating.
type ratingRequest struct {
	ID       string `json:"id"`
	Score    int    `json:"score"`
	Thumb    int    `json:"thumb"`
	About    string `json:"about"`
	Resolved *bool  `json:"resolved"`
	NPS      *int   `json:"nps"`
	Text     string `json:"text"`
}

// postRating answers POST /v1/conversations/{conversation}/rating.
func (s *Server) postRating(c *gin.Context) error {
	var q ratingRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	ck.bytes("id", q.ID, maxIDBytes)
	ck.bytes("about", q.About, maxIDBytes)
	ck.runes("text", q.Text, s.limits.Characters)
	if q.Score < 0 || q.Score > 5 {
		ck.fault(CodeBadValue, "score", "is %d: send 1 to 5, or a thumb", q.Score)
	}
	if q.Thumb < -1 || q.Thumb > 1 {
		ck.fault(CodeBadValue, "thumb", "is %d: send 1 or -1", q.Thumb)
	}
	if q.NPS != nil && (*q.NPS < 0 || *q.NPS > dialogue.MostNPS) {
		ck.fault(CodeBadValue, "nps", "is %d: send 0 to %d", *q.NPS, dialogue.MostNPS)
	}
	if q.Score == 0 && q.Thumb == 0 && q.Resolved == nil && q.NPS == nil {
		ck.fault(CodeBadValue, "score", "is missing: send a score from 1 to 5, a thumb (1 or -1), resolved or nps")
	}
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	return s.change(c, q.ID, func(*dialogue.Tracker) *dialogue.Event {
		ev := &dialogue.Event{Kind: dialogue.Rated, Rating: &dialogue.RatingBody{Score: q.Score, Thumb: q.Thumb, About: q.About, Resolved: q.Resolved, NPS: q.NPS}}
		if q.Text != "" {
			ev.Private = &dialogue.Private{Text: q.Text} // what a customer wrote is for the conversation only
		}
		return ev
	})
}

// postClose answers POST /v1/conversations/{conversation}/close.
func (s *Server) postClose(c *gin.Context) error {
	return s.change(c, "", func(t *dialogue.Tracker) *dialogue.Event {
		if t.Closed {
			return nil
		}
		return &dialogue.Event{Kind: dialogue.Closed}
	})
}
