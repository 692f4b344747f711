package task

import (
	"regexp"
	"time"
)

// Slot is something that tasks need to know. It is declared once, under its name, and means the same in every task.
type Slot struct {
	Name string `yaml:"-"`
	// Types are the entity types whose values fill the slot. Default: the slot's name; none for a local slot.
	Types []string `yaml:"types"`
	// Bare are the types of values that fill it only where it was asked for: "8832" is an order number after "which order?".
	Bare []string `yaml:"bare"`
	// Free takes the customer's whole message where it was asked for and nothing else in it fits.
	Free bool `yaml:"free"`
	// Find is searched in the message (RE2) where the analysis found no value: forms of ids and names that only this deployment has.
	// The first group that matched is the value, or the whole find.
	Find string `yaml:"find"`
	// Trim is cut off a value's text (RE2), e.g. "starting" off "starting next month".
	Trim string `yaml:"trim"`
	// Local keeps the value within its task: it is neither shown among what was learnt nor offered to other tasks.
	Local bool `yaml:"local"`
	// Keep says how long the value counts without being asked for again.
	Keep Keep `yaml:"keep"`
	// Many takes several values of one message, as in a comparison. Without it the last one counts.
	Many bool `yaml:"many"`
	// Join are types whose values are joined with this one's where they stand side by side: city, street and house number of an address.
	Join []string `yaml:"join"`
	// Tail lets the customer name the value by its last characters ("ending in 8832"), where the history has one that ends so.
	Tail bool `yaml:"tail"`
	// Pattern is what a value must match as a whole (RE2). Values not matching are asked for again.
	Pattern string `yaml:"pattern"`
	// Values are the only ones allowed, compared without regard to case.
	Values []string `yaml:"values"`
	// Exclude are kinds of typed values that do not fill the slot, e.g. "duration" where a point in time is wanted.
	Exclude []string `yaml:"exclude"`
	// Mask says how it is read back: "" in full, "id", "card", "phone", "email".
	Mask Mask `yaml:"mask"`
	// Field is the field of a history item that holds the value ("order_id", "product", "attribute", "plan", "ticket_id", "topic"); empty = none.
	Field string `yaml:"field"`

	pattern, find, trim *regexp.Regexp
}

// Keep says how long a value counts.
type Keep string

// The lengths. With the zero value a value counts within its task.
const (
	KeepTask     Keep = ""
	KeepTopic    Keep = "topic"    // for the tasks that follow directly and have a use for it
	KeepDialogue Keep = "dialogue" // for every later task
)

// Mask says how a value is read back.
type Mask string

// The masks. The zero value shows everything.
const (
	MaskNone  Mask = ""
	MaskID    Mask = "id"    // 330***********7419
	MaskCard  Mask = "card"  // **** 7419
	MaskPhone Mask = "phone" // 135****0021
	MaskEmail Mask = "email" // l***@mail.example
)

// Task is something that the robot does. See docs/conversation/tasks.md for the format with examples.
type Task struct {
	// Intents that it serves; the first is its name.
	Intents []string `yaml:"intents"`
	// Needs are slots that must be known, in the order in which they are asked for.
	Needs []string `yaml:"needs"`
	// Any are groups of slots one of which must be known; the first of a group is asked for.
	Any [][]string `yaml:"any"`
	// Takes are slots that are taken when the customer says them, and never asked for.
	Takes []string `yaml:"takes"`
	// Fresh are slots that only the customer's words within this task fill: a new address, not the old one.
	Fresh []string `yaml:"fresh"`
	// Adds are slots to which a later value is added instead of replacing the earlier one.
	Adds []string `yaml:"adds"`
	// About says which thing of the customer's history it is about.
	About *About `yaml:"about"`
	// Checks compare values before anything is done.
	Checks []Check `yaml:"checks"`
	// Lookup is called before the customer is asked to confirm, so that what is read back is what the system knows.
	Lookup *Call `yaml:"lookup"`
	// Confirm asks yes or no before Call.
	Confirm bool `yaml:"confirm"`
	// Call is what is done.
	Call *Call `yaml:"call"`
	// Branches are tried in order on the result of Call (of Lookup where there is no Call); the first that fits decides.
	Branches []Branch `yaml:"branches"`
	// Steps make it a troubleshooting tree.
	Steps []Step `yaml:"steps"`
	// Mode says what kind of reply ends it. Default: ModeDone with Confirm, else ModeAnswer.
	Mode Mode `yaml:"mode"`
	// Soothe answers the feeling first, also that of a calm customer: for complaints.
	Soothe bool `yaml:"soothe"`
	// People hands over as soon as what is needed is known: the task is not for robots.
	People bool `yaml:"people"`
	// Queue serves it when it is handed over; empty = as policy.yaml says.
	Queue string `yaml:"queue"`
	// Urgent handovers go first.
	Urgent bool `yaml:"urgent"`
	// Toward are intents that are steps towards the goal of a troubleshooting tree: after them the robot comes back to it. Other wishes end it.
	Toward []string `yaml:"toward"`
	// Then are intents that are likely to come next; they count more when a message is unclear.
	Then []string `yaml:"then"`
	// Alters are intents that, while this task is open, mean one of its own slots: "another address, please" before the order is placed.
	Alters map[string][]string `yaml:"alters"`
	// List says what the items of the result are, so that "the second one" and "the cheap one" can be understood.
	List *List `yaml:"list"`
	// Follow is what to come back to when the customer leaves in the middle.
	Follow *Follow `yaml:"follow"`

	name     string
	declared []string
}

// Mode is the kind of reply that ends a task.
type Mode string

// The modes.
const (
	ModeAnswer    Mode = "answer"    // script answer.<intent>
	ModeDone      Mode = "done"      // script done.<intent>
	ModeRecommend Mode = "recommend" // products or plans are proposed
	ModeKnowledge Mode = "knowledge" // the knowledge base first, then answer.<intent>
)

// About binds a task to a thing of the customer's history.
type About struct {
	// Kind of history item, e.g. "order".
	Kind string `yaml:"kind"`
	// Fits is matched against the item's status (RE2, lower case): of several, those that fit are meant, and the intent is likelier when one does.
	Fits string `yaml:"fits"`
	// Unfit is matched against the status: an item that matches is not meant, and the intent is less likely.
	Unfit string `yaml:"unfit"`
	// Referred takes an item only when the customer points to the past: 上次那个, "the one I bought".
	Referred bool `yaml:"referred"`

	fits, unfit *regexp.Regexp
}

// Check is a condition on a slot.
type Check struct {
	Slot string `yaml:"slot"`
	// Is is "future", "past", "different", "same", "at_least" or "at_most".
	Is Relation `yaml:"is"`
	// Than is the slot or the number that it is compared with.
	Than string `yaml:"than"`
}

// Relation is what a check compares.
type Relation string

// The relations.
const (
	IsFuture    Relation = "future" // a time, one reading of which is not over
	IsPast      Relation = "past"   // a time, one reading of which has begun
	IsDifferent Relation = "different"
	IsSame      Relation = "same"
	IsAtLeast   Relation = "at_least"
	IsAtMost    Relation = "at_most"
)

// Call names a call of the operator's systems.
type Call struct {
	Name string `yaml:"name"`
	// Args are added to the task's slots, which all go along under their names. Values may hold {slot} and {text} (the customer's message).
	Args map[string]string `yaml:"args"`
}

// Branch is what to do when a result looks a certain way.
type Branch struct {
	// When maps fields of the result to patterns (RE2, lower case, searched in the value); "result" is the call's status. All must fit.
	When map[string]string `yaml:"when"`
	// Say is the script; empty = as without the branch.
	Say string `yaml:"say"`
	// Action is reported instead of the usual one, e.g. "ask" when the script asks for something. Empty = as usual.
	Action string `yaml:"action"`
	// Start begins the task of an intent, with what is known.
	Start string `yaml:"start"`
	// Offer are intents that the script offers, the first for number 1. Of a single one a yes starts it.
	Offer []string `yaml:"offer"`
	// HandOff hands over.
	HandOff bool `yaml:"handoff"`

	when map[string]*regexp.Regexp
}

// Step is one step of a troubleshooting tree.
type Step struct {
	// Name, unique in the tree. The script is step.<tree>.<name>.
	Name string `yaml:"name"`
	// When maps slots to patterns; the step is left out unless all fit. An unknown slot fits nothing.
	When map[string]string `yaml:"when"`
	// Ask are slots that the step asks for; it is over when one of them was learnt since, and left out when the last one is known before.
	Ask []string `yaml:"ask"`
	// Tried is matched against the customer's message: who says that it was tried is not told to try it.
	Tried string `yaml:"tried"`
	// Call is made when the step is given.
	Call *Call `yaml:"call"`

	when  map[string]*regexp.Regexp
	tried *regexp.Regexp
}

// List says what the items of a result are.
type List struct {
	Type  string `yaml:"type"`  // slot that choosing one fills
	Value string `yaml:"value"` // field of the item that is the value
	Price string `yaml:"price"` // field of the item that tells cheap from dear; may be empty
	Note  string `yaml:"note"`  // field shown under the title; may be empty
}

// Follow is a message to send when the customer does not come back.
type Follow struct {
	Kind  string        `yaml:"kind"`
	After time.Duration `yaml:"after"`
	Say   string        `yaml:"say"` // default follow.<kind>
}

// Name returns the task's name: its first intent.
func (t *Task) Name() string { return t.name }

// Declared returns the names of all slots that the task knows: needed, alternative, taken, asked for by steps. It must not be changed.
func (t *Task) Declared() []string { return t.declared }
