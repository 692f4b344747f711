package server

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/routing"
	"yingda/dialogue/routing/handover"
)

// heldAnswer is a conversation after an act of an agent.
type heldAnswer struct {
	Conversation string    `json:"conversation"`
	Seq          uint64    `json:"seq"`
	Owner        ownerView `json:"owner"`     // owner.token is what the next act needs
	Duplicate    bool      `json:"duplicate"` // it had been done before
}

// actRequest is what every act of an agent carries.
type actRequest struct {
	Token uint64 `json:"token"`
	ID    string `json:"id" most:"128"`
	Note  string `json:"note" most:"8192"`
}

// act reads who does something where.
func (s *Server) act(c *gin.Context, q *actRequest) (routing.Act, error) {
	agent, err := actor(c)
	if err != nil {
		return routing.Act{}, err
	}
	k, err := conversationKey(c)
	return routing.Act{Key: k, Agent: agent, Token: q.Token, ID: q.ID, Note: q.Note}, err
}

// perform reads a body into body, of which q is a part, has do done, and answers with who speaks then.
func (s *Server) perform(c *gin.Context, body any, q *actRequest, do func(context.Context, Routing, routing.Act) (routing.Held, error)) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	if _, err := actor(c); err != nil {
		return err
	}
	if err := s.readInto(c, body); err != nil {
		return err
	}
	act, err := s.act(c, q)
	if err != nil {
		return err
	}
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	h, err := do(ctx, r, act)
	return s.held(c, h, act.Key, act.Token, err)
}

// held answers with a conversation after an act. A stale token is told with who speaks now.
func (s *Server) held(c *gin.Context, h routing.Held, k dialogue.Key, token uint64, err error) error {
	if errors.Is(err, dialogue.ErrStaleOwner) {
		return s.stale(c.Request.Context(), k, token, err)
	}
	if err != nil {
		return err
	}
	writeJSON(c, 200, "application/json", heldAnswer{h.Tracker.Conversation, h.Tracker.Seq, viewOwner(h.Owner), h.Event == nil})
	return nil
}

func (s *Server) stale(ctx context.Context, k dialogue.Key, token uint64, err error) error {
	if s.o.Conversations == nil {
		return err
	}
	t, loadErr := s.o.Conversations.Load(ctx, k)
	if loadErr != nil {
		return fmt.Errorf("%w (%w)", err, loadErr)
	}
	owner := viewOwner(t.Owner)
	state := owner.words()
	if t.Closed {
		state = "it is closed"
	}
	f := newFault(CodeStaleOwner, "Nothing was done with token %d: %s. Claim the conversation to speak.", token, state)
	f.owner, f.cause = &owner, err
	return f
}

// postClaim answers POST …/claim: from now on the agent speaks.
func (s *Server) postClaim(c *gin.Context) error {
	var q actRequest
	return s.perform(c, &q, &q, func(ctx context.Context, r Routing, act routing.Act) (routing.Held, error) { return r.Claim(ctx, act) })
}

// claimNextRequest is the body of POST /v1/agents/{agent}/claim-next.
type claimNextRequest struct {
	Queues []string `json:"queues" most:"64"`
}

// postClaimNext answers POST /v1/agents/{agent}/claim-next.
func (s *Server) postClaimNext(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	agent, err := actor(c)
	if err != nil {
		return err
	}
	var q claimNextRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	h, err := r.ClaimNext(ctx, callerOf(c).Tenant, agent, q.Queues...)
	return s.held(c, h, dialogue.Key{}, 0, err)
}

// postDecline answers POST …/decline: an offer is not taken.
func (s *Server) postDecline(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	var q actRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	act, err := s.act(c, &q)
	if err != nil {
		return err
	}
	if err := r.Decline(c.Request.Context(), act); errors.Is(err, dialogue.ErrStaleOwner) {
		return newFault(CodeStaleOwner, "The offer is over: the customer is with someone else, or was never offered to this agent.")
	} else if err != nil {
		return err
	}
	writeJSON(c, 200, "application/json", map[string]any{"conversation": act.Conversation, "declined": true})
	return nil
}

// sayRequest is the body of POST …/say: text, or replies where more is to be shown.
type sayRequest struct {
	actRequest
	Text      string         `json:"text" most:"-"`
	Replies   []replyRequest `json:"replies"`
	Suggested string         `json:"suggested" most:"128"`
}

type replyRequest struct {
	Text    string            `json:"text"`
	Image   string            `json:"image"`
	Links   []string          `json:"links"`
	Buttons []dialogue.Button `json:"buttons"`
	Cards   []dialogue.Card   `json:"cards"`
}

// Bounds of what an agent says at a time.
const (
	maxReplies = 10
	maxButtons = 10
	// maxTitleRunes bounds the titles of buttons and cards.
	maxTitleRunes = 200
)

// postSay answers POST …/say.
func (s *Server) postSay(c *gin.Context) error {
	var q sayRequest
	return s.perform(c, &q, &q.actRequest, func(ctx context.Context, r Routing, act routing.Act) (routing.Held, error) {
		w, err := q.words(&s.limits)
		if err != nil {
			return routing.Held{}, err
		}
		return r.Say(ctx, act, w)
	})
}

func (q *sayRequest) words(limits *Limits) (routing.Words, error) {
	w := routing.Words{Suggested: q.Suggested}
	ck := &checker{limits: limits}
	switch {
	case q.Text != "" && q.Replies != nil:
		return w, newFault(CodeConflictingFields, "The body has text and replies: give only one of them.")
	case q.Text != "":
		q.Replies = []replyRequest{{Text: q.Text}}
		ck.runes("text", q.Text, limits.Characters)
	case len(q.Replies) == 0:
		return w, fieldFault(CodeEmptyText, "text", "is missing: send text or replies")
	case len(q.Replies) > maxReplies:
		return w, fieldFault(CodeBadValue, "replies", "has %d replies, at most %d are allowed", len(q.Replies), maxReplies)
	}
	for i, r := range q.Replies {
		ck.reply(fmt.Sprintf("replies[%d]", i), &r)
		w.Replies = append(w.Replies, dialogue.Reply{Text: r.Text, Image: r.Image, Links: r.Links, Buttons: r.Buttons, Cards: r.Cards})
	}
	return w, joinFaults(ck.faults)
}

func (ck *checker) reply(field string, r *replyRequest) {
	ck.runes(field+".text", r.Text, ck.limits.Characters)
	if blank(r.Text) && r.Image == "" && len(r.Links) == 0 && len(r.Cards) == 0 {
		ck.fault(CodeEmptyText, field+".text", "is empty, and there is nothing else to show")
	}
	if len(r.Links) > maxButtons || len(r.Buttons) > maxButtons || len(r.Cards) > maxButtons {
		ck.fault(CodeBadValue, field, "has more than %d links, buttons or cards", maxButtons)
		return
	}
	if r.Image != "" {
		ck.url(field+".image", r.Image)
	}
	for i, l := range r.Links {
		ck.url(fmt.Sprintf("%s.links[%d]", field, i), l)
	}
	for i, b := range r.Buttons {
		ck.required(fmt.Sprintf("%s.buttons[%d].title", field, i), b.Title)
		ck.runes(fmt.Sprintf("%s.buttons[%d].title", field, i), b.Title, maxTitleRunes)
		ck.bytes(fmt.Sprintf("%s.buttons[%d].payload", field, i), b.Payload, maxPayloadBytes)
	}
	for i, card := range r.Cards {
		at := fmt.Sprintf("%s.cards[%d]", field, i)
		ck.required(at+".title", card.Title)
		ck.runes(at+".title", card.Title, maxTitleRunes)
		ck.runes(at+".subtitle", card.Subtitle, maxNoteRunes)
		ck.bytes(at+".id", card.ID, maxIDBytes)
		if card.Image != "" {
			ck.url(at+".image", card.Image)
		}
		if card.Link != "" {
			ck.url(at+".link", card.Link)
		}
	}
}

// transferRequest is the body of POST …/transfer.
type transferRequest struct {
	actRequest
	Queue  string   `json:"queue" most:"64"`
	To     string   `json:"to" most:"64"` // an agent
	Skills []string `json:"skills" most:"64"`
	Urgent bool     `json:"urgent"`
}

// postTransfer answers POST …/transfer.
func (s *Server) postTransfer(c *gin.Context) error {
	var q transferRequest
	return s.perform(c, &q, &q.actRequest, func(ctx context.Context, r Routing, act routing.Act) (routing.Held, error) {
		return r.Transfer(ctx, act, routing.Destination{Queue: q.Queue, Agent: q.To, Skills: q.Skills, Urgent: q.Urgent})
	})
}

// leave answers POST …/release, …/return and …/close.
func (s *Server) leave(do func(Desk, context.Context, routing.Act) (routing.Held, error)) func(*gin.Context) error {
	return func(c *gin.Context) error {
		var q actRequest
		return s.perform(c, &q, &q, func(ctx context.Context, r Routing, act routing.Act) (routing.Held, error) { return do(r, ctx, act) })
	}
}

// enqueueRequest is the body of POST /v1/conversations/{conversation}/enqueue.
type enqueueRequest struct {
	ID     string   `json:"id" most:"128"`
	Queue  string   `json:"queue" most:"64"`
	Why    string   `json:"why"`
	Skills []string `json:"skills" most:"64"`
	Urgent bool     `json:"urgent"`
	Note   string   `json:"note"`
}

// postEnqueue answers POST /v1/conversations/{conversation}/enqueue: someone besides the robot wants a person to take over.
func (s *Server) postEnqueue(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	k, err := conversationKey(c)
	if err != nil {
		return err
	}
	var q enqueueRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	if q.Why == "" {
		q.Why = string(dialogue.ByRequest)
	}
	ck := &checker{limits: &s.limits}
	if !reasonForm.MatchString(q.Why) { // reports show it: no place for words about a customer
		ck.fault(CodeBadValue, "why", "is %s: send a reason of 1 to 64 of a–z, 0–9, _ and ., such as request or complexity", quote(q.Why))
	}
	ck.required("queue", q.Queue)
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	act := routing.Act{Key: k, ID: q.ID, Note: q.Note, Agent: callerOf(c).Agent}
	h, err := r.Enqueue(ctx, act, dialogue.HandOffAsk{Queue: q.Queue, Why: dialogue.Reason(q.Why), Skills: q.Skills, Urgent: q.Urgent})
	return s.held(c, h, k, 0, err)
}

// reasonForm is what a reason looks like.
var reasonForm = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)

// packageAnswer is the JSON of GET /v1/conversations/{conversation}/package.
type packageAnswer struct {
	handover.Package
	Owner ownerView `json:"owner"`
}

// getPackage answers GET /v1/conversations/{conversation}/package: all that an agent must know.
func (s *Server) getPackage(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	k, err := conversationKey(c)
	if err != nil {
		return err
	}
	lang, ok := primaryLanguage(c.Query("language"))
	if !ok {
		return fieldFault(CodeBadQuery, "language", "is %s: send zh or en, or leave it out", quote(c.Query("language")))
	}
	p, err := r.Package(c.Request.Context(), k, lang)
	if errors.Is(err, dialogue.ErrUnknown) {
		return unknownConversation(k)
	}
	return answer(c, err, func() any {
		p.Notes, p.Transcript, p.Suggestions, p.History = texts(p.Notes), listed(p.Transcript), listed(p.Suggestions), listed(p.History)
		return packageAnswer{p, viewOwner(p.Owner)}
	})
}
