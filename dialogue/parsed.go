package dialogue

import (
	"time"

	"yingda/models"
	"yingda/nlu"
)

// Parsed is the note of a text that was only analysed, for a caller that talks to its customers by itself. It is no event: it belongs to no
// conversation and changes nothing. Analytics reads it, so that it holds nothing that says who wrote the text; the text as it was written is
// kept nowhere.
type Parsed struct {
	Request  string           `json:"request"` // unique; the texts of one request share it
	Place    int              `json:"place"`   // of the text in the request, from 0
	Tenant   string           `json:"tenant"`
	Customer string           `json:"customer,omitempty"` // pseudonym; empty = the caller named nobody
	Channel  string           `json:"channel"`            // the dialect of the request: parse, rasa, clu
	Time     time.Time        `json:"time"`
	Redacted string           `json:"text"` // as [TurnBody].Redacted
	Lang     nlu.Lang         `json:"lang"`
	Intents  []nlu.Prediction `json:"intents"` // what was recognised; empty = not understood
	Ranking  []nlu.Prediction `json:"ranking"` // the best five
	OOS      float64          `json:"oos"`
	Emotion  Reaction         `json:"emotion"`
	Entities []string         `json:"entities"` // types
	Bundle   models.BundleID  `json:"bundle"`
	Millis   float64          `json:"ms"`
	Share    float64          `json:"share"` // of texts like it that were kept, 0–1: the sample that it is part of
}

// Reaction is the emotion of a text by itself, without what came before it.
type Reaction struct {
	Label     string  `json:"label,omitempty"`
	Intensity float64 `json:"intensity"`
}

// ParsedCount counts texts that were only analysed, those that were kept and those that were not. It is what came since the count before: counts
// add up.
type ParsedCount struct {
	Tenant     string          `json:"tenant"`
	Channel    string          `json:"channel"`
	Lang       nlu.Lang        `json:"lang"`
	Bundle     models.BundleID `json:"bundle"`
	Time       time.Time       `json:"time"` // of the first of them
	Texts      int64           `json:"texts"`
	Understood int64           `json:"understood"` // an intent passed its threshold
	Unsure     int64           `json:"unsure"`     // of those understood: improbably, or two intents were almost as probable
	Kept       int64           `json:"kept"`       // were written as [Parsed]
	Dropped    int64           `json:"dropped"`    // were to be written, and there was no room or the log did not take them
}

// ParsedPack is what is written at once.
type ParsedPack struct {
	ID     string        `json:"id"` // unique
	Parses []Parsed      `json:"parses,omitempty"`
	Counts []ParsedCount `json:"counts,omitempty"`
}

// The bounds between which an understood text is unsure; mining and the log of parses share them.
const (
	UnsureTop    = 0.4 // the best intent is less probable
	UnsureMargin = 0.1 // the second is nearer to it
)

// Unsure tells whether the best of a ranking is improbable or has a rival.
func Unsure(ranking []nlu.Prediction) bool {
	switch {
	case len(ranking) == 0:
		return false
	case ranking[0].Score < UnsureTop:
		return true
	}
	return len(ranking) > 1 && ranking[0].Score-ranking[1].Score < UnsureMargin
}
