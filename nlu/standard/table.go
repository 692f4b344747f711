package standard

import (
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

// factory makes a component for a bundle, or nil when the bundle has no head for it.
type factory struct {
	head string // the head it needs; "" = none
	make func(b *models.Bundle, enc *nlu.Encoder) (nlu.Component, error)
}

// table lists the components around the model in the order they run. Each is handed the encoder, which is one of them.
var table = []factory{
	{"", func(*models.Bundle, *nlu.Encoder) (nlu.Component, error) { return nlu.Normaliser{}, nil }},
	{"", func(_ *models.Bundle, enc *nlu.Encoder) (nlu.Component, error) { return enc, nil }},
	{models.HeadIntents, func(b *models.Bundle, _ *nlu.Encoder) (nlu.Component, error) { return decode.NewIntent(b.Manifest) }},
	{models.HeadEmotion, func(b *models.Bundle, _ *nlu.Encoder) (nlu.Component, error) { return decode.NewEmotion(b.Manifest) }},
	{models.HeadEntities, func(b *models.Bundle, _ *nlu.Encoder) (nlu.Component, error) { return decode.NewEntity(b.Manifest) }},
}

// build makes the pipeline; the encoder is one of its components. once = doubtful clauses are not read again.
func build(b *models.Bundle, run nlu.Runner, rules *Rules, once bool) (*nlu.Pipeline, *nlu.Encoder, error) {
	enc, err := nlu.NewEncoder(b, run)
	if err != nil {
		return nil, nil, err
	}
	var cs []nlu.Component
	for _, f := range table {
		if f.head != "" && b.Manifest.HeadIndex(f.head) < 0 {
			continue
		}
		c, err := f.make(b, enc)
		if err != nil {
			return nil, nil, err
		}
		if d, ok := c.(*decode.Intent); ok && !once {
			d.ReadWith(enc)
		}
		cs = append(cs, c)
	}
	cs = append(cs, rules.Find...)
	p, err := nlu.NewPipeline(append(cs, rules.Finish...)...)
	return p, enc, err
}
