package policy

import (
	"regexp"
	"slices"

	"yingda/dialogue/internal/strict"
)

// Hint says what words speak for, where the model is known to read them wrongly. It works from the next reload on and is meant to be dropped when a
// training has learnt the case. Like the context it multiplies shares of the ranking, so it moves messages that are in doubt, and is no rule that
// overrides everything: a weight of 100 does not lift what the model is sure against.
type Hint struct {
	Match  string   `yaml:"match"`  // in the message, RE2 over folded text
	Unless string   `yaml:"unless"` // not where this is in the message, RE2; empty = always
	Topic  []string `yaml:"topic"`  // only where one of these intents is open or was talked about in the turn before; empty = always
	Off    []string `yaml:"off"`    // not where one of these intents is
	Names  []string `yaml:"names"`  // only where the message names something of one of these types of entity; empty = always
	// Weights are factors of the score by intent pattern, above 0 and up to 100.
	Weights map[string]float64 `yaml:"weights"`
	// Also is an intent that the words ask for beside another: "also where are my earbuds". It is added where the message has a wish already and that is not it.
	Also string `yaml:"also"`
	// Outside is the factor of "none of the intents"; 0 = 1.
	Outside float64 `yaml:"outside"`

	match, unless *regexp.Regexp
	weights       []weight
}

func (s *Settings) checkHints(f *strict.File, pattern func(p string, at ...any) *regexp.Regexp) {
	for i := range s.Hints {
		h := &s.Hints[i]
		h.match = pattern(h.Match, "hints", i, "match")
		if h.Unless != "" {
			h.unless = pattern(h.Unless, "hints", i, "unless")
		}
		if len(h.Weights) == 0 && h.Outside == 0 && h.Also == "" {
			f.Addf([]any{"hints", i}, "changes nothing; give weights, also or outside")
		}
		if h.Outside < 0 || h.Outside > 100 {
			f.Addf([]any{"hints", i, "outside"}, "is %v; want a factor above 0 and up to 100", h.Outside)
		}
		h.weights = weightsOf(f, h.Weights, "hints", i, "weights")
	}
}

// hinted are the hints that apply to the message. open are the intents of what is open and of the topic.
func (w *turn) hinted(open []string) []*Hint {
	var found []*Hint
	for i := range w.set.Hints {
		h := &w.set.Hints[i]
		if len(h.Topic) > 0 && !among(h.Topic, open) || among(h.Off, open) || len(h.Names) > 0 && !w.names(h.Names) || h.match == nil || !w.heard.matches(h.match, w.r.text) || h.unless != nil && w.heard.matches(h.unless, w.r.text) {
			continue
		}
		found = append(found, h)
	}
	return found
}

// names tells whether the message names something of one of the types.
func (w *turn) names(types []string) bool {
	return slices.ContainsFunc(w.r.values, func(v value) bool { return slices.Contains(types, v.typ) })
}

// among tells whether one of the intents fits one of the patterns.
func among(patterns, intents []string) bool {
	return slices.ContainsFunc(intents, func(in string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, in) })
	})
}

// factorOf is what weights make of an intent's score.
func factorOf(weights []weight, intent string) float64 {
	f := 1.0
	for _, m := range weights {
		if matches(m.pattern, intent) {
			f *= m.factor
		}
	}
	return f
}

// hintFactor is what the hints of the message make of an intent's score.
func (w *turn) hintFactor(intent string) float64 {
	f := 1.0
	for _, h := range w.r.hints {
		f *= factorOf(h.weights, intent)
	}
	return f
}

// outside is what the hints make of the probability that no intent fits.
func (w *turn) outside() float64 {
	f := 1.0
	for _, h := range w.r.hints {
		if h.Outside > 0 {
			f *= h.Outside
		}
	}
	return f
}

// beside adds the wishes that hints find beside the message's own.
func (w *turn) beside() {
	for _, h := range w.r.hints {
		if h.Also != "" && len(w.r.wishes) == 1 && !w.replaces(w.r.wishes[0].intent, h.Also) {
			w.add(wish{h.Also, 1})
		}
	}
}
