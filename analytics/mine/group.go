package mine

import (
	"context"
	"time"

	"yingda/analytics"
	"yingda/models"
	"yingda/nlu"
)

// Engine reads texts with the newest bundle; *standard.Engine is one. Safe for concurrent use.
type Engine interface {
	// Analyse returns one analysis a message, with ranking, out-of-scope probability and embedding.
	Analyse(ctx context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error)
	// Manifest says which bundle it is.
	Manifest() *models.Manifest
}

// Embedder makes the vectors that texts are grouped by, where that is to be another model than the bundle's; an encoder that was trained for
// likeness groups better than one that was tuned for known intents.
type Embedder interface {
	// Name names the model: vectors of different ones cannot be compared.
	Name() string
	// Embed returns one vector of length 1 a text.
	Embed(ctx context.Context, texts ...string) ([][]float32, error)
}

// Kind is what a group is.
type Kind string

// The kinds of groups.
const (
	NewIntent       Kind = "new_intent"       // something that is asked and not offered
	MissingExamples Kind = "missing_examples" // an intent that exists, in words that it does not know
	Noise           Kind = "noise"            // nothing in common, or one customer's own affair
)

// Near is an intent that exists and is like a group.
type Near struct {
	Intent string  `json:"intent"`
	Cosine float64 `json:"cosine"` // of the group's centre and that of texts of the intent that were understood, −1–1; 0 = there are none
	Share  float64 `json:"share"`  // of the group's messages of which the classifier ranks it first, 0–1
	Mean   float64 `json:"mean"`   // of the classifier's probabilities over the group, 0–1
}

// Verdict says what a group is taken for, and why.
type Verdict struct {
	Kind   Kind           `json:"kind"`
	Intent string         `json:"intent,omitempty"` // of MissingExamples
	Near   []Near         `json:"near"`             // nearest first
	OOS    float64        `json:"oos"`              // mean out-of-scope probability, 0–1
	Why    analytics.Text `json:"why"`
}

// Member is a text of a group.
type Member struct {
	Item
	Strength float64 `json:"strength"` // in the group, 0–1
	Core     bool    `json:"core"`     // lies where the group is dense; the others probably belong to it too
	Top1     string  `json:"top1"`     // the newest bundle's best intent
	P1       float64 `json:"p1"`
	OOS      float64 `json:"oos"`
}

// Group is texts that mean about the same.
type Group struct {
	ID        string         `json:"id"` // stays from run to run, e.g. "u-000012"
	Name      analytics.Text `json:"name"`
	Terms     []string       `json:"terms"`
	Langs     map[string]int `json:"langs"` // messages by language
	Texts     int            `json:"texts"`
	Core      int            `json:"core"`  // texts where the group is dense: most of them mean the same
	Count     int            `json:"count"` // messages
	Customers int            `json:"customers"`
	Unnamed   int            `json:"unnamed,omitempty"` // messages of which nobody is named: texts that were only analysed
	Handed    int            `json:"handed"`            // messages that a person took over after
	Reasons   map[Reason]int `json:"reasons"`
	First     time.Time      `json:"first"`
	Last      time.Time      `json:"last"`
	Weekly    []int          `json:"weekly"` // messages by week of the period, oldest first
	Impact    float64        `json:"impact"` // minutes of people's work and customers' time in the period
	Cohesion  float64        `json:"cohesion"`
	Verdict   Verdict        `json:"verdict"`
	Examples  []string       `json:"examples"`           // of the core, nearest its centre first, of each language
	Members   []Member       `json:"members,omitempty"`  // the core first
	Centre    []float32      `json:"centre,omitempty"`   // mean direction in the embedder's space
	Embedder  string         `json:"embedder,omitempty"` // of Centre
	Since     time.Time      `json:"since"`              // of the first run that had it
}

// Pick is a text that is worth a label.
type Pick struct {
	Member
	Slice Slice  `json:"slice"`
	Group string `json:"group,omitempty"`
}

// Result is what a run found.
type Result struct {
	Tenant   string             `json:"tenant"`
	From     time.Time          `json:"from"`
	To       time.Time          `json:"to"`
	Taken    time.Time          `json:"taken"`
	Bundle   models.BundleID    `json:"bundle"`
	Embedder string             `json:"embedder"`
	Counts   Counts             `json:"counts"`
	Groups   []Group            `json:"groups"`         // largest impact first
	Queue    []Pick             `json:"queue"`          // to be labelled
	Loose    int                `json:"loose"`          // messages in no group
	Gone     []string           `json:"gone,omitempty"` // ids of groups of the last run that are not any more
	Seconds  map[string]float64 `json:"seconds"`
}

// Counts say what became of candidates.
type Counts struct {
	Candidates int            `json:"candidates"` // turns
	Texts      int            `json:"texts"`      // different ones
	Understood int            `json:"understood"` // turns that the newest bundle understands now, left out
	Grouped    int            `json:"grouped"`    // turns
	Reasons    map[Reason]int `json:"reasons"`
}
