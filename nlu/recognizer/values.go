package recognizer

import (
	"context"

	"yingda/nlu"
)

// ValueFinder finds typed values: dates, numbers, money, quantities. It appends entities with span, type, text, value and score, and
// with Source where that is not [nlu.SourceValue]; it must be safe for concurrent use. Relative dates are resolved against the utterance's Reference.
type ValueFinder interface {
	FindValues(dst []nlu.Entity, a *nlu.Analysis) []nlu.Entity
}

// Values is the place of typed values in a pipeline: it runs finders and assigns candidates with SourceValue, so that [nlu.Merge] knows
// their rank. Without finders it does nothing.
type Values struct{ finders []ValueFinder }

var _ nlu.Component = (*Values)(nil)

// NewValues returns a component that runs the finders in order.
func NewValues(finders ...ValueFinder) *Values { return &Values{finders} }

// Name returns values@1.
func (v *Values) Name() string { return "values@1" }

// Requires the folded text and its language.
func (v *Values) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal, nlu.FieldLanguage} }

// Assigns candidates.
func (v *Values) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate never fails.
func (v *Values) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		for _, f := range v.finders {
			from := len(a.Candidates)
			a.Candidates = f.FindValues(a.Candidates, a)
			for i := from; i < len(a.Candidates); i++ {
				if a.Candidates[i].Source == "" {
					a.Candidates[i].Source = nlu.SourceValue
				}
			}
		}
	}
	return nil
}
