// Package nlu turns an utterance into an analysis: what the customer wants, what the message is about, how they feel.
//
// A [Pipeline] runs [Component]s in order over a slice of analyses; one text and a batch take the same path. The model's forward
// pass is one component among others: normalisation before it, decoding of each head, recognisers and the merging of
// their entities after it. Components annotate, they never change what an earlier one wrote.
//
// All spans are half-open byte ranges into the raw text ([Utterance].Text). The HTTP layer converts them to what a caller counts in.
package nlu

import (
	"time"

	"yingda/models"
	"yingda/nlu/norm"
)

// Lang is a language of the product: a BCP 47 primary tag.
type Lang string

// The languages. The zero value means "not known".
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Utterance is what came in. Text is the best reading; Alternatives are the others that a speech recogniser considered.
type Utterance struct {
	Text         string        // raw, valid UTF-8
	Alternatives []Alternative // ASR n-best without Text itself; may be empty
	Lang         Lang          // hint from the channel; empty = detect
	Reference    time.Time     // "now" for relative times, with the customer's zone; zero = the time of the request
}

// Alternative is another reading of the same speech.
type Alternative struct {
	Text       string
	Confidence float64 // 0–1 as the recogniser says, 0 = unknown
}

// Span is a half-open byte range [Start, End).
type Span struct{ Start, End int }

// Len returns the number of bytes.
func (s Span) Len() int { return s.End - s.Start }

// Overlaps tells whether the two share a byte.
func (s Span) Overlaps(o Span) bool { return s.Start < o.End && o.Start < s.End }

// Contains tells whether o lies within s.
func (s Span) Contains(o Span) bool { return s.Start <= o.Start && o.End <= s.End }

// Prediction is a label with a calibrated probability.
type Prediction struct {
	Label string  // e.g. "order.cancel"
	Score float64 // 0–1; over many predictions with score s, a share s is right
}

// Intent is one wish of the message and the clause that carries it.
type Intent struct {
	Prediction
	Span Span // the clause, or the whole text
}

// Emotion is how the customer feels.
type Emotion struct {
	Prediction
	Valence   string       // neutral | positive | anxious | negative; empty when the bundle does not say
	Intensity float64      // 0–1: probability mass off neutral, raised by shouting (!!, CAPITALS, repeated characters, emoji)
	Ranking   []Prediction // all emotions, best first
}

// Source tells which kind of component found an entity. Where two claim the same text the higher one wins; see [Merge].
type Source string

// The sources, from the strongest to the weakest.
const (
	SourceRegex  Source = "regex"  // an id with a form of its own, checksum included where it has one
	SourceValue  Source = "value"  // dates, numbers, money, quantities
	SourceLookup Source = "lookup" // a name from a list of the deployment
	SourceModel  Source = "model"  // the bundle's entity head
	SourceFuzzy  Source = "fuzzy"  // a name from a list, misspelt or misheard
	// SourceSlot is a value that means something only where it was asked for: a bare number, a rank, yes or no. It stays a candidate and never
	// becomes an entity by itself.
	SourceSlot Source = "slot"
)

// Entity is a span with a meaning.
type Entity struct {
	Span
	Type   string  // e.g. "order_id"
	Text   string  // the surface, raw text [Start, End)
	Value  any     // normalised: a string, or a structure for typed values; nil = the surface itself
	Role   string  // which part it plays, e.g. "old" and "new" for two addresses; empty = none
	Score  float64 // 0–1; 1 for exact rules
	Source Source
	Rule   string // the rule or list that matched; empty for the model
}

// Analysis is everything found in one utterance.
type Analysis struct {
	Utterance
	Bundle models.BundleID // whose model did it

	Normal   norm.Text // written by the normaliser: the text as matchers see it
	Encoding Encoding  // written by the encoder
	Logits   map[string]models.Logits
	// Embedding is the text as one vector of length 1, from the same model run: texts that mean the same are close by cosine. Nil when the
	// bundle has no such head. Not to be changed.
	Embedding []float32

	Language Lang
	Intents  []Intent     // recognised wishes in the order they are said; empty = not understood
	Ranking  []Prediction // all intents by the whole message, best first; probabilities of one distribution with OOS
	OOS      float64      // probability that no intent fits
	Emotion  Emotion
	Entities []Entity // merged, by position, without overlap

	Candidates []Entity // all finds before merging, for debugging and for slots that ask for a type

	Timing Timing
}

// Encoding is the utterance as the model reads it.
type Encoding struct {
	Tokens []Token // one a row of the Tokens heads' logits
	Cut    int     // tokens that did not fit and were not read; the server refuses such texts
}

// Token is a piece of the text. Special tokens and prefixes have an empty span.
type Token struct {
	Span
	Special bool
}

// Timing is where the time went.
type Timing struct {
	Tokenise, Queue, Inference, Recognise, Total time.Duration
	BatchRows                                    int // texts that shared the model run
}
