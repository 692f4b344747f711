package dialog

import (
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Dialog is a conversation with what is expected of it.
type Dialog struct {
	File  string // it was read from
	Line  int    // of the title
	Title string
	// Customer is their id. One of the demo shop has that one's orders; others have what Profile says. Empty = nobody is known.
	Customer string
	Profile  *dialogue.Profile // nil = what the demo shop knows of Customer
	Channel  string            // empty = web
	Start    time.Time         // of the clock; zero = [DefaultStart]
	// Known says why the dialog is known to fail; empty = it must pass. One that is known to fail and passes is a fault too: the line is
	// to be removed.
	Known string
	Steps []Step
}

// DefaultStart is when dialogs begin that do not say: a Monday morning in Beijing.
var DefaultStart = time.Date(2025, 11, 3, 10, 0, 0, 0, zone)

var zone = time.FixedZone("", 8*3600)

// StepKind says what a step does.
type StepKind string

// The kinds of steps.
const (
	Customer StepKind = "customer" // sends a message
	Press    StepKind = "press"    // presses a button: Text is its title or its payload
	Wait     StepKind = "wait"     // nothing happens for a while; what is due meanwhile is sent
	System   StepKind = "system"   // from here on a system answers otherwise
	Event    StepKind = "event"    // something happens to an order, and the shop tells the robot
	Claim    StepKind = "claim"    // an agent takes the conversation
	Say      StepKind = "agent"    // the agent says something
	Return   StepKind = "return"   // the agent gives the conversation back to the robot
	Release  StepKind = "release"  // the agent puts it back into the queue
	Transfer StepKind = "transfer" // to another queue: Text
	Close    StepKind = "close"    // the conversation is over
)

// Step is one thing that happens.
type Step struct {
	Line int
	Kind StepKind
	Text string // message, button, order of an event, words or name of an agent, queue
	Name string // kind of an event

	// Of messages.
	ID          string    // empty = made up
	At          time.Time // sets the clock; zero = a minute after the step before
	Confidence  float64   // of the speech recogniser, 0 = typed
	Heard       []nlu.Alternative
	Attachments []dialogue.Attachment

	Wait   time.Duration
	System *Answers
	Expect Expect
}

// Answers is what a system answers from a step on.
type Answers struct {
	Call   string           // name; "*" = all
	Result *dialogue.Result // nil = as the demo shop does
}

// Expect is what is expected of a step. What is empty is not checked.
type Expect struct {
	Action  dialogue.Action
	Reason  dialogue.Reason
	Intents *[]string  // in any order; empty = none
	Slots   *Values    // exactly these
	Has     Values     // these among others
	Queue   *Queue     // zero = the customer is not handed over
	Says    [][]string // of each at least one: words in the replies of the step; "…" stands for anything between
	Lacks   []string
	Scripts []string // keys; a key stands for more special ones, too
	Task    *string  // under way afterwards; empty = none
	Speaker *dialogue.OwnerKind
	Calls   []string // made in the step
	Buttons []string // titles or payloads
	Agent   []string // words in what an agent sees who takes over
	Silent  bool     // no reply
	Twice   bool     // the message came before and changed nothing
}

// Values are slots with what they hold: one value, or several in order.
type Values map[string][]string

// Queue is where the customer waits.
type Queue struct {
	Name string
	Why  dialogue.Reason // empty = not checked
}

// checks tells whether anything is expected.
func (e *Expect) checks() bool {
	return e.Action != "" || e.Reason != "" || e.Intents != nil || e.Slots != nil || len(e.Has) > 0 || e.Queue != nil || len(e.Says) > 0 || len(e.Lacks) > 0 ||
		len(e.Scripts) > 0 || e.Task != nil || e.Speaker != nil || len(e.Calls) > 0 || len(e.Buttons) > 0 || len(e.Agent) > 0 || e.Silent || e.Twice
}

// message tells whether a step sends a message.
func (s *Step) message() bool { return s.Kind == Customer || s.Kind == Press }
