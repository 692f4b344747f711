package dialogue

import (
	"time"

	"yingda/models"
	"yingda/nlu"
)

// EventKind says what an event records.
type EventKind string

// The kinds of events.
const (
	TurnTaken   EventKind = "turn"        // a customer's message and what the robot did; Event.Turn
	Queued      EventKind = "queued"      // put into a queue other than by a turn: by an agent, by the API; Event.Hand
	Claimed     EventKind = "claimed"     // an agent speaks from now on; Event.Hand
	Transferred EventKind = "transferred" // from an agent to a queue or another agent; Event.Hand
	Released    EventKind = "released"    // by an agent, back to the queue; Event.Hand
	Returned    EventKind = "returned"    // to the robot; Event.Hand
	AgentSaid   EventKind = "agent"       // Event.Agent
	SentOut     EventKind = "outbound"    // a proactive message was sent; Event.Out
	Receipt     EventKind = "receipt"     // what became of an outbound message; Event.Out
	Rated       EventKind = "rating"      // satisfaction or a thumb; Event.Rating
	Closed      EventKind = "closed"      // the conversation is over; a later message opens it again
	Shadowed    EventKind = "shadow"      // what a second bundle said of messages; in a conversation of its own, that no customer has; Event.Shadow
)

// Event is an immutable fact of one conversation. What is in Private is sealed with the customer's key before it is written; the rest is
// readable by analytics and therefore holds nothing that a customer wrote and nothing that says who they are.
type Event struct {
	ID       string    `json:"id"` // unique in the conversation; the message id of a turn
	Kind     EventKind `json:"kind"`
	Key                // tenant, conversation
	Customer string    `json:"customer"` // pseudonym; the store writes it from Private.Customer
	Channel  string    `json:"channel"`
	Time     time.Time `json:"time"`

	Turn   *TurnBody   `json:"turn,omitempty"`
	Hand   *HandBody   `json:"hand,omitempty"`
	Agent  *AgentBody  `json:"agent,omitempty"`
	Out    *OutBody    `json:"out,omitempty"`
	Rating *RatingBody `json:"rating,omitempty"`
	Shadow *ShadowBody `json:"shadow,omitempty"`

	Private *Private `json:"-"` // nil once the customer's key is destroyed

	Seq  uint64 `json:"-"`    // place in the log, from the store; 0 = not written
	Prev string `json:"prev"` // hash of the conversation's event before, hex; the store writes and checks it
}

// TurnBody is the readable part of a turn.
type TurnBody struct {
	Redacted    string            `json:"text"` // the message with personal parts replaced by their type, e.g. "查一下 <order_id>"
	Lang        nlu.Lang          `json:"lang"`
	Intents     []nlu.Prediction  `json:"intents"` // what was recognised
	Ranking     []nlu.Prediction  `json:"ranking"` // the best five
	OOS         float64           `json:"oos"`
	Emotion     Emotion           `json:"emotion"`
	Entities    []string          `json:"entities"` // types
	Attachments []AttachmentType  `json:"attachments,omitempty"`
	Bundle      models.BundleID   `json:"bundle"`
	Decision    Decision          `json:"decision"` // without Say's words: keys only
	Scripts     []ScriptRef       `json:"scripts"`
	Tier        string            `json:"tier,omitempty"`
	Owner       OwnerKind         `json:"owner"`               // who spoke when the message came
	Arms        map[string]string `json:"arms,omitempty"`      // experiment → variant that the customer had, for replays
	Exposures   map[string]string `json:"exposures,omitempty"` // of those the ones with which the turn went otherwise than with another variant
	Calls       []CallNote        `json:"calls,omitempty"`
	// Another says that somebody else than before speaks from this turn on: what was known in the conversation is not theirs. See [Tracker.Another].
	Another bool               `json:"another,omitempty"`
	Millis  map[string]float64 `json:"ms,omitempty"` // where the time went: parse, policy, calls, total
}

// CallNote is the readable part of a call record.
type CallNote struct {
	Name   string     `json:"name"`
	Status CallStatus `json:"status"`
	Millis float64    `json:"ms"`
}

// HandBody is a change of who speaks. What one agent notes for another is in Private.Note.
type HandBody struct {
	Queue string `json:"queue,omitempty"`
	Agent string `json:"agent,omitempty"` // who speaks from now on, or whom it is for
	By    string `json:"by,omitempty"`    // who did it: an agent's id, "robot", "system"
	Why   Reason `json:"why,omitempty"`
	// Skills and Urgent are those of HandOffAsk; a transfer without Skills keeps the ones that were asked for.
	Skills []string `json:"skills,omitempty"`
	Urgent bool     `json:"urgent,omitempty"`
}

// AgentBody is the readable part of what an agent said.
type AgentBody struct {
	Agent     string `json:"agent"`
	Length    int    `json:"length"`              // code points
	Suggested string `json:"suggested,omitempty"` // id of the suggestion that was used, if one was
}

// OutBody is a message that the robot sent by itself, or a receipt for one.
type OutBody struct {
	FollowUp string    `json:"follow_up"` // id
	Kind     string    `json:"kind"`      // e.g. "order_exception"
	Script   ScriptRef `json:"script"`
	Status   string    `json:"status"` // sent, delivered, read, failed, expired, stopped
	// Context says that Private.State is what the robot knows from here on, so that the answer to the message is understood.
	Context bool `json:"context,omitempty"`
}

// MostNPS is the highest answer to "how likely are you to recommend us?".
const MostNPS = 10

// RatingBody is a customer's judgement.
type RatingBody struct {
	Score    int    `json:"score"`              // 1–5; 0 = a thumb
	Thumb    int    `json:"thumb,omitempty"`    // +1, −1
	About    string `json:"about,omitempty"`    // id of the turn that a thumb is about
	Resolved *bool  `json:"resolved,omitempty"` // "was your question answered?"
	NPS      *int   `json:"nps,omitempty"`      // "how likely are you to recommend us?", 0–10; nil = not said
	Redacted string `json:"text,omitempty"`
}

// ShadowBody holds what two bundles said of the same messages.
type ShadowBody struct {
	Pairs []ShadowPair `json:"pairs"`
}

// ShadowPair is one message that two bundles understood, the second without anybody noticing.
type ShadowPair struct {
	Conversation string          `json:"conversation"`
	Seq          uint64          `json:"seq"` // of the turn
	ID           string          `json:"id"`
	Time         time.Time       `json:"time"`
	Customer     string          `json:"customer"` // pseudonym
	Channel      string          `json:"channel"`
	Bundle       models.BundleID `json:"bundle"` // that answered
	Shadow       models.BundleID `json:"shadow"`
	First        Reading         `json:"first"`  // of Bundle
	Second       Reading         `json:"second"` // of Shadow
}

// Reading is what a bundle said of a message.
type Reading struct {
	Intents []string `json:"intents"` // that passed its thresholds
	Score   float64  `json:"p"`       // of the one it ranks first, passed or not
	Emotion string   `json:"emotion,omitempty"`
}

// Private is the part of an event that only the conversation may know.
type Private struct {
	Customer     string            `json:"customer"` // as the channel knows them; "anonymous:<conversation>" when it does not
	Text         string            `json:"text,omitempty"`
	Alternatives []nlu.Alternative `json:"alternatives,omitempty"`
	Heard        string            `json:"heard,omitempty"`      // what the recogniser of speech took it for, where another reading was understood
	Confidence   float64           `json:"confidence,omitempty"` // of the recogniser
	Attachments  []Attachment      `json:"attachments,omitempty"`
	Payload      string            `json:"payload,omitempty"`
	Entities     []Entity          `json:"entities,omitempty"`
	Profile      *Profile          `json:"profile,omitempty"` // as given by the caller with the message
	Replies      []Reply           `json:"replies,omitempty"` // to the customer: of the robot, the agent, the follow-up
	Calls        []CallRecord      `json:"calls,omitempty"`
	Say          []Say             `json:"say,omitempty"`
	Follow       []FollowAsk       `json:"follow,omitempty"` // of the decision, with what its texts need
	State        State             `json:"state,omitzero"`   // after the turn, or after an outbound message with [OutBody].Context
	Note         string            `json:"note,omitempty"`
}

// Entity is an entity of a logged message.
type Entity struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Start int    `json:"start"` // byte offset into Private.Text
	Value any    `json:"value,omitempty"`
	Role  string `json:"role,omitempty"`
}
