package dialogue

import (
	"context"
	"time"

	"yingda/models"
	"yingda/nlu"
)

// Wording is a request for the words of a Say.
type Wording struct {
	Say
	Tenant  string
	Lang    nlu.Lang
	Channel string
	Emotion Emotion
	Tier    string
	// Unit is what variants are chosen by where no experiment chose: the same unit gets the same variant.
	Unit string
	// Variants are the arms this customer is in, by experiment.
	Variants map[string]string
	// Nth is the place among the replies of the turn, from 0. Only the first answers the customer's feeling.
	Nth int
	// Said is what the robot said of late in this conversation, as Tracker.Lines has it: the same words are not said again where there
	// are others.
	Said []string
	// Time is that of the message, with the customer's zone, so that a date can be "tomorrow"; zero = dates are written out.
	Time time.Time
}

// Scripts puts words to what is to be said. It never fails: a key without words is said with the nearest general one and reported.
type Scripts interface {
	Render(w Wording) Reply
}

// Asked is a question to the knowledge base.
type Asked struct {
	Tenant    string
	Text      string
	Lang      nlu.Lang
	Embedding []float32       // of Text by the bundle, as the analysis carries it; nil = words only
	Bundle    models.BundleID // whose embedding it is: vectors of two bundles cannot be compared
	Intents   []string
	Limit     int // 0 = 3
	// ID names the one entry that is wanted, whatever it answers: the rest but the tenant is not looked at.
	ID string
}

// Entry is a question with its answer.
type Entry struct {
	ID        string   `json:"id"`
	Lang      nlu.Lang `json:"lang"`
	Questions []string `json:"questions"` // the first is the title
	Answer    string   `json:"answer"`
	Links     []string `json:"links,omitempty"`
	Image     string   `json:"image,omitempty"`
	Intents   []string `json:"intents,omitempty"` // that it answers without a search
	Tags      []string `json:"tags,omitempty"`
	Next      []string `json:"next,omitempty"` // ids of entries that customers often want after this one: offered as buttons
}

// Hit is an entry that was found.
type Hit struct {
	Entry
	Score float64 `json:"score"` // 0–1, calibrated: of hits with score s, a share s answers the question
}

// Knowledge finds answers.
type Knowledge interface {
	Find(ctx context.Context, q Asked) ([]Hit, error)
}

// Profiles tells who a customer is.
type Profiles interface {
	// Profile returns what is known; an unknown customer has the zero Profile. It answers in time: when the operator's system is slow the
	// last known profile, or none, is returned.
	Profile(ctx context.Context, tenant, customer string) (Profile, error)
}

// Recommendation is something proposed to a customer.
type Recommendation struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Kind  string  `json:"kind"` // product, plan, question
	Why   string  `json:"why,omitempty"`
	Link  string  `json:"link,omitempty"`
	Score float64 `json:"score"`
}

// Recommender proposes products and plans.
type Recommender interface {
	Recommend(ctx context.Context, tenant string, p Profile, s State, limit int) []Recommendation
}

// Suggester proposes what a customer may want to ask next: the intent as ID, its words as Title.
type Suggester interface {
	Next(ctx context.Context, tenant string, p Profile, s State, limit int) []Recommendation
}

// Outcome is what came of a message.
type Outcome struct {
	Key
	ID        string // of the message
	Seq       uint64 // of the event in the log
	Duplicate bool   // the message had come before: nothing was done again
	Replies   []Reply
	Decision  Decision      // State included
	Analysis  *nlu.Analysis // nil for a duplicate and without text
	Owner     Owner         // who speaks after the turn
	Tracker   *Tracker      // after the turn
}

// Robot answers messages: the engine does, and the server, the tests of dialogues and the replay call it.
//
// Errors: an *InputError, ErrLogFull, ErrUnavailable, those of the parser, the context's. After any error the conversation is as it was,
// or as if the message had been answered; sending it again with the same id is right in both cases.
type Robot interface {
	Handle(ctx context.Context, m Message) (Outcome, error)
}

// InputError says which part of a message cannot be taken and why.
type InputError struct {
	Field  string // as in JSON, e.g. "attachments[1].url"
	Reason string // what is wrong and what to send instead
}

func (e *InputError) Error() string { return e.Field + ": " + e.Reason }
