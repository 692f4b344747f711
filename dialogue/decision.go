package dialogue

import (
	"context"
	"encoding/json"
	"time"

	"yingda/nlu"
)

// Action is what the robot does in a turn.
type Action string

// The actions. Silent is for turns in which the robot has nothing to say because a person speaks.
const (
	Answer    Action = "answer"    // gives what was asked for, or says that it is done
	Ask       Action = "ask"       // asks for a slot or a check-back of a troubleshooting step
	Confirm   Action = "confirm"   // reads back and asks yes or no
	Clarify   Action = "clarify"   // did not understand, or two meanings are close
	Soothe    Action = "soothe"    // answers the feeling first
	Recommend Action = "recommend" // proposes products or plans
	HandOff   Action = "handoff"   // passes the conversation to people
	Silent    Action = "silent"
)

// Reason is why an action was taken, for programs; [Decision].Why is for people.
type Reason string

// The reasons of a handover. "why" of the test dialogues uses the same words.
const (
	ByRequest      Reason = "request"      // asked for a person
	ByEmotion      Reason = "emotion"      // angry for too long
	ByUnrecognised Reason = "unrecognised" // not understood twice in a row
	ByComplexity   Reason = "complexity"   // the task is for people, or its steps are used up
	ByTier         Reason = "tier"         // the customer's tier is served by people for this
	ByFailure      Reason = "failure"      // the operator's systems do not answer
	ByConfidence   Reason = "confidence"   // understood too weakly for what is at stake
)

// The other reasons.
const (
	IntentKnown   Reason = "intent"    // a task or an answer for the intent
	SlotMissing   Reason = "slot"      // something must be known first
	NeedsYes      Reason = "confirm"   // before something is changed
	Corrected     Reason = "correct"   // the customer put something right
	Ambiguous     Reason = "ambiguous" // two intents are close
	NotUnderstood Reason = "not_understood"
	NoText        Reason = "no_text" // a picture or a link alone
	Feeling       Reason = "feeling" // emotion decided
	FromKnowledge Reason = "knowledge"
	Repeated      Reason = "repeat"
	Waiting       Reason = "wait"
	Choice        Reason = "choice" // an option of a list was picked
	PersonSpeaks  Reason = "person_speaks"
	ByIdle        Reason = "idle" // closed: nothing was said for long
	ByDone        Reason = "done" // closed: what was wanted is done, and nothing was said since
)

// Decision is a turn's outcome: what to say and what to remember. It is a value; nothing has happened yet.
type Decision struct {
	Action  Action      `json:"action"`
	Reason  Reason      `json:"reason"`
	Why     string      `json:"why,omitempty"`     // one sentence for an agent or a manager, without the customer's words
	Task    string      `json:"task,omitempty"`    // that the action belongs to
	Intents []string    `json:"intents,omitempty"` // that the turn was taken to mean, context included; the task's own on slot-filling turns
	Say     []Say       `json:"say,omitempty"`     // in order; each becomes a Reply
	HandOff *HandOffAsk `json:"handoff,omitempty"`
	Follow  []FollowAsk `json:"follow,omitempty"` // what should be remembered to be said later
	State   State       `json:"-"`                // what the robot knows afterwards
}

// Say asks for a wording.
type Say struct {
	Key     string            `json:"key"`
	Vars    map[string]string `json:"vars,omitempty"`    // slots; the items of a list are separated by newlines
	Text    string            `json:"text,omitempty"`    // fixed words instead of a key, e.g. of a knowledge entry
	Buttons []Button          `json:"buttons,omitempty"` // instead of the script's own; one without Title is called by its payload, see package script
	Cards   []Card            `json:"cards,omitempty"`
	Image   string            `json:"image,omitempty"`
	Links   []string          `json:"links,omitempty"`
}

// HandOffAsk is the wish to hand over; routing makes a place in a queue of it.
type HandOffAsk struct {
	Queue  string   `json:"queue"` // e.g. "vip", "tech", "complaint", "general"
	Why    Reason   `json:"why"`
	Skills []string `json:"skills,omitempty"`
	Urgent bool     `json:"urgent,omitempty"`
}

// FollowAsk is something to come back to, if the customer does not first.
type FollowAsk struct {
	Kind  string            `json:"kind"`  // e.g. "interrupted_task"
	After time.Duration     `json:"after"` // from the turn
	Key   string            `json:"key"`   // script
	Vars  map[string]string `json:"vars,omitempty"`
}

// Turn is all that a policy may look at.
type Turn struct {
	Tracker  *Tracker // before the message; not to be changed
	Message  Message
	Analysis *nlu.Analysis // nil when there is no text
	Profile  Profile
	Variants map[string]string // by experiment: the arm this customer is in
	Calls    Caller
}

// Policy decides. It is safe for concurrent use, keeps nothing between turns and does nothing but call Turn.Calls: the same turn and
// the same results of calls give the same decision.
type Policy interface {
	Decide(ctx context.Context, t Turn) (Decision, error)
}

// Call is a request to one of the operator's systems.
type Call struct {
	Name string            `json:"name"` // e.g. "order.get"
	Args map[string]string `json:"args,omitempty"`
	Key  string            `json:"key"` // idempotency key: stable when the turn is redone

	// Whom the call is for, and the language of words in the result. The engine sets them, so that neither a task file nor what a customer
	// says can.
	Tenant   string   `json:"tenant,omitempty"`
	Customer string   `json:"customer,omitempty"` // as the channel knows them
	Lang     nlu.Lang `json:"lang,omitempty"`
}

// Result is what came back. Status is "ok", "not_found", "refused" (the system says no, Message says why) or "failed" (no answer in time).
type Result struct {
	Status  CallStatus      `json:"status"`
	Data    json.RawMessage `json:"data,omitempty"` // an object
	Message string          `json:"message,omitempty"`
	Took    time.Duration   `json:"took,omitempty"`
}

// CallStatus is how a call ended.
type CallStatus string

// The ends of a call.
const (
	CallOK       CallStatus = "ok"
	CallNotFound CallStatus = "not_found"
	CallRefused  CallStatus = "refused"
	CallFailed   CallStatus = "failed"
)

// Caller calls the operator's systems. A result, even a failed one, is never an error: the policy decides what a failure means.
type Caller interface {
	Call(ctx context.Context, c Call) Result
}

// CallRecord is a call that was made in a turn, kept for replays.
type CallRecord struct {
	Call   Call   `json:"call"`
	Result Result `json:"result"`
}
