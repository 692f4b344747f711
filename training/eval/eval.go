// Package eval measures how well a bundle understands a labelled set of utterances.
//
// [Run] feeds the utterances to a parser, [Evaluate] turns the answers into a [Report], and a report renders itself as text, JSON
// or a page of HTML. The report is a value: everything shown is in it, with the number of messages behind each figure and its
// definition. Headline figures carry bootstrap intervals.
//
// Figures are about the decision the server would give: a message that is "not understood" is wrong when it has an intent and
// right when it is out of scope. Where the decision is set aside to look at the ranking alone, the name says arg-max or top.
package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/corpus"
)

// Case is an example with the answer it got. A nil Analysis is an utterance that was refused (too long): nothing was understood.
type Case struct {
	Example  corpus.Example
	Analysis *nlu.Analysis
}

// Options say what the figures are to be compared with. The zero value works.
type Options struct {
	// Data names the data set in the report, e.g. the file.
	Data string
	// Taxonomy gives groups of intents, valence of emotions and who is to find an entity type. Nil = none of these are told apart.
	Taxonomy *corpus.Taxonomy
	// EntityTypes are the types that the bundle and its recognisers can find at all: those of [ModelTypes] and those of the rules.
	// Other types in the data are reported apart and do not count in the headline. Nil = all can be found.
	EntityTypes []string
	// Unmarked are types that the data does not mark although they occur, e.g. dates in the training corpus: what is found of them
	// is neither right nor wrong. Default none.
	Unmarked []string
	// Resamples of the bootstrap; 0 = 1,000, negative = no intervals. Cost: about 1 ms a resample for 1,000 messages.
	Resamples int
	// Seed of the bootstrap: the same seed and cases give the same intervals.
	Seed uint64
}

// batchSize is how many utterances Run sends at a time.
const batchSize = 32

// Run parses the examples in batches of 32 and returns one case each, in order. An example whose metadata holds a "reference"
// (RFC 3339) is parsed as of that time; its language is not given away. Utterances that are too long get a nil Analysis; any other error ends the
// run. progress may be nil.
func Run(ctx context.Context, parse func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error), examples []corpus.Example, progress func(done, total int)) ([]Case, error) {
	cases := make([]Case, len(examples))
	for i, eg := range examples {
		cases[i].Example = eg
	}
	for from := 0; from < len(cases); from += batchSize {
		batch := cases[from:min(from+batchSize, len(cases))]
		if err := runBatch(ctx, parse, batch); err != nil {
			return nil, fmt.Errorf("evaluate %s: %w", batch[0].Example.Origin, err)
		}
		if progress != nil {
			progress(from+len(batch), len(cases))
		}
	}
	return cases, nil
}

// runBatch fills in the analyses; utterances that are too long are taken out and the rest is tried again.
func runBatch(ctx context.Context, parse func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error), batch []Case) error {
	todo := make([]int, len(batch))
	us := make([]nlu.Utterance, len(batch))
	for i := range batch {
		todo[i], us[i] = i, nlu.Utterance{Text: batch[i].Example.Text}
		if ref, ok := batch[i].Example.Metadata["reference"].(string); ok {
			t, err := time.Parse(time.RFC3339, ref)
			if err != nil {
				return fmt.Errorf("%s: reference: %w", batch[i].Example.Origin, err)
			}
			us[i].Reference = t
		}
	}
	for len(todo) > 0 {
		as, err := parse(ctx, us)
		var long *nlu.TooLongError
		switch {
		case errors.As(err, &long) && long.Index >= 0 && long.Index < len(todo):
			todo, us = slices.Delete(todo, long.Index, long.Index+1), slices.Delete(us, long.Index, long.Index+1)
			continue
		case err != nil:
			return err
		case len(as) != len(us):
			return fmt.Errorf("the parser returned %d analyses for %d utterances", len(as), len(us))
		}
		for i, at := range todo {
			batch[at].Analysis = as[i]
		}
		return nil
	}
	return nil
}

// ModelTypes returns the entity types that the bundle's own model can find.
func ModelTypes(m *models.Manifest) []string {
	i := m.HeadIndex(models.HeadEntities)
	if i < 0 {
		return nil
	}
	var types []string
	for _, l := range m.Heads[i].Labels {
		if _, name, ok := strings.Cut(l, "-"); ok && !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	return types
}
