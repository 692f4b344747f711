package standard

import (
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

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

// build makes the pipeline; the encoder is one of its components.
func build(b *models.Bundle, run nlu.Runner, rules *Rules) (*nlu.Pipeline, *nlu.Encoder, error) {
	var cs []nlu.Component
	var enc *nlu.Encoder
	for _, f := range table {
		if f.head != "" && b.Manifest.HeadIndex(f.head) < 0 {
			continue
		}
		c, err := f.make(b, run)
		if err != nil {
			return nil, nil, err
		}
		if e, ok := c.(*nlu.Encoder); ok {
			enc = e
		}
		cs = append(cs, c)
	}
	cs = append(cs, rules.Find...)
	p, err := nlu.NewPipeline(append(cs, rules.Finish...)...)
	return p, enc, err
}
