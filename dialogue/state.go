package dialogue

import (
	"maps"
	"slices"
	"time"
)

// State is the robot's memory of a conversation between turns. A policy reads the old one and writes a new one; the event of the turn
// carries it, sealed. It stays small: histories in it are bounded.
type State struct {
	Slots map[string]Slot `json:"slots,omitempty"` // what was learnt and bears on what is being talked about
	Aside map[string]Slot `json:"aside,omitempty"` // what was learnt for earlier topics; a task that needs it takes it back
	Tasks []TaskState     `json:"tasks,omitempty"` // unfinished; the last is being worked on
	Later []string        `json:"later,omitempty"` // intents said in the same message, to be taken up in turn
	Asked *Question       `json:"asked,omitempty"` // what a yes, a number or a bare value would answer

	Topic   []string          `json:"topic,omitempty"`  // intents of the latest turn that had any, for "那蓝色的呢？"
	Focus   map[string]string `json:"focus,omitempty"`  // what 它, 那个, that one refer to, by entity type
	Lists   []Listed          `json:"lists,omitempty"`  // the options shown last, for 第二个, 便宜那个
	Misses  int               `json:"misses,omitempty"` // messages in a row that were not understood
	Angry   int               `json:"angry,omitempty"`  // angry messages since the last calm stretch
	Soothed int               `json:"soothed,omitempty"`
	Tried   []string          `json:"tried,omitempty"` // steps and answers already given, so that none is given twice and an agent sees them
	Notes   []string          `json:"notes,omitempty"` // wishes said while waiting for a person; they travel with the handover
	Said    []Say             `json:"said,omitempty"`  // of the latest turn, for "please repeat"
}

// Slot is a value that was learnt.
type Slot struct {
	Value string   `json:"value"`          // as said, or as a system gave it
	Norm  string   `json:"norm,omitempty"` // normalised form when it differs, JSON for structured values
	Type  string   `json:"type,omitempty"` // entity type
	From  string   `json:"from"`           // "customer", "profile", "system"
	Turn  int      `json:"turn"`           // when
	More  []string `json:"more,omitempty"` // further values of the same slot
}

// Listed is one of the options shown.
type Listed struct {
	Slot  string  `json:"slot"`            // that choosing it fills; empty = Value is the payload of a button
	Value string  `json:"value"`           // e.g. "畅享99", "/intent refund.request"
	Title string  `json:"title,omitempty"` // when it differs
	Price float64 `json:"price,omitempty"` // 0 = not known
}

// TaskState is a task under way.
type TaskState struct {
	Task      string            `json:"task"`
	Intent    string            `json:"intent"`
	Slots     map[string]string `json:"slots,omitempty"` // bound for this task; the rest comes from State.Slots
	Step      string            `json:"step,omitempty"`  // of a troubleshooting tree
	Confirmed bool              `json:"confirmed,omitempty"`
	Asks      map[string]int    `json:"asks,omitempty"` // how often each slot was asked for
	Since     int               `json:"since"`          // turn
	Paused    bool              `json:"paused,omitempty"`
	// Doubtful says that it was begun by words that a recogniser of speech was not sure of: what is heard well afterwards counts more.
	Doubtful bool `json:"doubtful,omitempty"`
}

// Question is what the robot waits for.
type Question struct {
	Kind    QuestionKind `json:"kind"`
	Task    string       `json:"task,omitempty"`
	Slot    string       `json:"slot,omitempty"`    // of a slot question
	Options []Button     `json:"options,omitempty"` // of a choice
	Turn    int          `json:"turn"`
}

// QuestionKind is the kind of answer waited for.
type QuestionKind string

// The question kinds.
const (
	AskSlot    QuestionKind = "slot"
	AskConfirm QuestionKind = "confirm" // yes or no before something is done
	AskChoice  QuestionKind = "choice"  // one of Options
	AskStep    QuestionKind = "step"    // "did that help?"
	AskResume  QuestionKind = "resume"  // go on with an interrupted task?
)

// Clone returns a copy that shares nothing that a policy changes.
func (s State) Clone() State {
	s.Slots, s.Aside, s.Focus = maps.Clone(s.Slots), maps.Clone(s.Aside), maps.Clone(s.Focus)
	s.Tasks = slices.Clone(s.Tasks)
	for i := range s.Tasks {
		s.Tasks[i].Slots, s.Tasks[i].Asks = maps.Clone(s.Tasks[i].Slots), maps.Clone(s.Tasks[i].Asks)
	}
	s.Later, s.Topic, s.Lists = slices.Clone(s.Later), slices.Clone(s.Topic), slices.Clone(s.Lists)
	s.Tried, s.Notes, s.Said = slices.Clone(s.Tried), slices.Clone(s.Notes), slices.Clone(s.Said)
	if s.Asked != nil {
		q := *s.Asked
		s.Asked = &q
	}
	return s
}

// Emotion is one point of a conversation's emotion trend.
type Emotion struct {
	Label     string    `json:"label"`
	Valence   string    `json:"valence,omitempty"`
	Intensity float64   `json:"intensity"` // 0–1
	Time      time.Time `json:"time"`
}
