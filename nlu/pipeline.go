package nlu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Field names a part of an [Analysis] that components read and write.
type Field string

// The fields. Text is there from the start.
const (
	FieldText       Field = "text"
	FieldNormal     Field = "normal"
	FieldLanguage   Field = "language"
	FieldLogits     Field = "logits" // and Encoding, Embedding
	FieldIntents    Field = "intents"
	FieldEmotion    Field = "emotion"
	FieldCandidates Field = "candidates"
	FieldEntities   Field = "entities"
)

// Component adds one layer to analyses. Annotate is safe for concurrent use; it may change only the fields it assigns,
// and either annotates all analyses or returns an error. It must work on any valid UTF-8 text.
type Component interface {
	Name() string      // e.g. "intent@1": what and which version of its behaviour
	Requires() []Field // must be assigned by earlier components
	Assigns() []Field
	Annotate(ctx context.Context, as []*Analysis) error
}

// Pipeline is a checked sequence of components.
type Pipeline struct {
	components []Component
	recognise  []bool // counts towards Timing.Recognise
}

// NewPipeline checks that each component's needs are met by those before it.
func NewPipeline(components ...Component) (*Pipeline, error) {
	have := []Field{FieldText}
	var faults []string
	p := &Pipeline{components: components}
	for _, c := range components {
		for _, f := range c.Requires() {
			if !slices.Contains(have, f) {
				faults = append(faults, fmt.Sprintf("%s requires %s, which no component before it assigns", c.Name(), f))
			}
		}
		have = append(have, c.Assigns()...)
		p.recognise = append(p.recognise, slices.Contains(c.Assigns(), FieldCandidates))
	}
	if faults != nil {
		return nil, fmt.Errorf("build pipeline: %s", strings.Join(faults, "; "))
	}
	return p, nil
}

// Components returns the names in order.
func (p *Pipeline) Components() []string {
	names := make([]string, len(p.components))
	for i, c := range p.components {
		names[i] = c.Name()
	}
	return names
}

// Analyse runs all components over the utterances. The result has one analysis an utterance, in order. When an utterance has
// alternatives they are analysed too, and the reading that is understood best is returned; its Text is then that alternative's.
func (p *Pipeline) Analyse(ctx context.Context, us ...Utterance) ([]*Analysis, error) {
	if len(us) == 0 {
		return nil, nil
	}
	start := time.Now()
	var all []*Analysis
	first := make([]int, len(us)+1)
	for i, u := range us {
		first[i] = len(all)
		all = append(all, &Analysis{Utterance: u})
		for _, alt := range u.Alternatives {
			v := u
			v.Text = alt.Text
			all = append(all, &Analysis{Utterance: v})
		}
	}
	first[len(us)] = len(all)
	for i, c := range p.components {
		before := time.Now()
		if err := c.Annotate(ctx, all); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name(), ofUtterance(err, first))
		}
		if p.recognise[i] {
			for _, a := range all {
				a.Timing.Recognise += time.Since(before) / time.Duration(len(all))
			}
		}
	}
	out := make([]*Analysis, len(us))
	for i, u := range us {
		out[i] = choose(u, all[first[i]:first[i+1]])
		out[i].Timing.Total = time.Since(start)
	}
	return out, nil
}

// ofUtterance makes a TooLongError about a reading speak of the utterance that it belongs to.
func ofUtterance(err error, first []int) error {
	var long *TooLongError
	if !errors.As(err, &long) {
		return err
	}
	i, ok := slices.BinarySearch(first, long.Index)
	if !ok {
		i--
	}
	return &TooLongError{Index: i, Tokens: long.Tokens, Limit: long.Limit}
}

// altPenalty is taken off for each step down the recogniser's list: its own order carries information.
const altPenalty = 0.05

// choose picks the reading with the best product of in-scope probability and best intent, less a penalty for its rank.
// The recogniser's first reading wins ties.
func choose(u Utterance, readings []*Analysis) *Analysis {
	best, bestScore := readings[0], -1.0
	for i, a := range readings {
		score := -altPenalty * float64(i)
		if len(a.Ranking) > 0 {
			score += a.Ranking[0].Score
		}
		if score > bestScore {
			best, bestScore = a, score
		}
	}
	best.Alternatives = u.Alternatives
	return best
}
