package recognizer

import (
	"context"

	"yingda/nlu"
)

// Merge turns candidates into entities by [nlu.Merge], which states the precedence of sources.
type Merge struct{}

var _ nlu.Component = Merge{}

// Name returns merge@1.
func (Merge) Name() string { return "merge@1" }

// Requires candidates.
func (Merge) Requires() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Assigns entities.
func (Merge) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldEntities} }

// Annotate never fails.
func (Merge) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		a.Entities = nlu.Merge(a.Candidates)
	}
	return nil
}
