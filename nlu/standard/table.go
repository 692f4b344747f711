package standard

import (
	"sync"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/nlu/recognizer"
)

// Rules are the components that work without a model.
type Rules struct {
	Find   []nlu.Component // append candidates
	Finish []nlu.Component // merge candidates into entities, give them values and roles
	Types  []string        // entity types they find
}

// factory makes a component for a bundle, or nil when the bundle has no head for it.
type factory struct {
	head string // the head it needs; "" = none
	make func(b *models.Bundle, run nlu.Runner) (nlu.Component, error)
}

// table lists the components around the model in the order they run.
var table = []factory{
	{"", func(*models.Bundle, nlu.Runner) (nlu.Component, error) { return nlu.Normaliser{}, nil }},
	{"", func(b *models.Bundle, run nlu.Runner) (nlu.Component, error) { return nlu.NewEncoder(b, run) }},
	{models.HeadIntents, func(b *models.Bundle, _ nlu.Runner) (nlu.Component, error) { return decode.NewIntent(b.Manifest) }},
	{models.HeadEmotion, func(b *models.Bundle, _ nlu.Runner) (nlu.Component, error) { return decode.NewEmotion(b.Manifest) }},
	{models.HeadEntities, func(b *models.Bundle, _ nlu.Runner) (nlu.Component, error) { return decode.NewEntity(b.Manifest) }},
}

func build(b *models.Bundle, run nlu.Runner, rules *Rules) (*nlu.Pipeline, error) {
	var cs []nlu.Component
	for _, f := range table {
		if f.head != "" && b.Manifest.HeadIndex(f.head) < 0 {
			continue
		}
		c, err := f.make(b, run)
		if err != nil {
			return nil, err
		}
		cs = append(cs, c)
	}
	cs = append(cs, rules.Find...)
	return nlu.NewPipeline(append(cs, rules.Finish...)...)
}

// DefaultRules returns the built-in recognisers. They are read once and shared: all of them are immutable.
var DefaultRules = sync.OnceValues(func() (*Rules, error) {
	rules, err := recognizer.DefaultRules()
	if err != nil {
		return nil, err
	}
	lists, err := recognizer.DefaultLists()
	if err != nil {
		return nil, err
	}
	synonyms, err := recognizer.DefaultSynonyms()
	if err != nil {
		return nil, err
	}
	roles, err := recognizer.DefaultRoles()
	if err != nil {
		return nil, err
	}
	index := recognizer.NewIndex(lists...)
	return &Rules{
		Find:   []nlu.Component{recognizer.NewRegex(rules), recognizer.NewLookup(index), recognizer.NewFuzzy(index, recognizer.FuzzyOptions{}), recognizer.NewValues()},
		Finish: []nlu.Component{recognizer.Merge{}, recognizer.ListSynonyms(lists...).With(synonyms), recognizer.NewRoles(roles)},
		Types:  append(rules.Types(), index.Types()...),
	}, nil
})
