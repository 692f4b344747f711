package training

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/heads"
	"yingda/training/quantize"
)

// Recalibrate makes a bundle with the encoder and heads of another one, and fits anew what interprets their scores: temperature,
// out-of-scope probability, thresholds and the evidence for several wishes, on the share of the corpus that the base was not trained on and
// on all of fresh: examples, in the corpus or not, that were written after the base was trained; nil = there are none.
// With the recipe's Int8 the encoder's products are turned into int8 first. It is the way to a new decoder or another arithmetic
// without a new training.
func Recalibrate(ctx context.Context, c, fresh *corpus.Corpus, tax *corpus.Taxonomy, base *models.Bundle, r Recipe, log Progress) (*Result, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("recalibrate: %w", err)
	}
	if share, ok := base.Manifest.Training["hold_out"].(float64); ok {
		r.Finetune.HoldOut = share
	}
	model, dim, err := encoderOf(base)
	if err != nil {
		return nil, fmt.Errorf("recalibrate %s: %w", base.Manifest.ID, err)
	}
	fit, err := headsOf(base, dim)
	if err != nil {
		return nil, fmt.Errorf("recalibrate %s: %w", base.Manifest.ID, err)
	}
	train, held := holdOut(c, r.Finetune.HoldOut)
	outside := outsideShare(held)
	held = joined(held, fresh)
	res := &Result{}
	if inInt8(model.Graph) {
		r.Int8 = false // it was done when the base was made
	}
	if r.Int8 {
		if err := res.toInt8(ctx, model, stateBundle(base, model, dim), train); err != nil {
			return nil, err
		}
	}
	quantize.HalfScales(model.Graph)
	d := newDatasetLike(held, c, nil, entityTypes(r, tax, c))
	if err := sameLabels(base.Manifest, d); err != nil {
		return nil, fmt.Errorf("recalibrate %s: %w", base.Manifest.ID, err)
	}
	d.balance(outside)
	feat := stateBundle(base, model, dim)
	var texts []string
	texts, d.pairs = heldTexts(held, r)
	if d.f, err = Extract(ctx, feat, texts, true, func(done, total int) { log.call("encode held-out examples", done, total, "") }); err != nil {
		return nil, err
	}
	h := d.predict(fit)
	h.read = d.readerOf(feat, fit, log)
	m, err := d.manifestFrom(ctx, r, tax, h)
	if err != nil {
		return nil, err
	}
	embed := base.Manifest.Heads[base.Manifest.HeadIndex(models.HeadEmbedding)].Dim
	addHeads(model.Graph, dim, embed, fit)
	if err := inherit(m, base.Manifest, c, r.Int8); err != nil {
		return nil, err
	}
	m.Training["calibrated"] = len(d.examples)
	res.Bundle = &models.Bundle{Manifest: m, Model: onnx.Marshal(model), Tokenizer: base.Tokenizer}
	return res, nil
}

// outsideShare is the share of a corpus that is out of scope, of the messages of which it is known.
func outsideShare(c *corpus.Corpus) float64 {
	outside, all := 0.0, 0.0
	for i := range c.Examples {
		if eg := &c.Examples[i]; eg.HasIntents {
			all++
			if eg.OutOfScope() {
				outside++
			}
		}
	}
	return outside / max(all, 1)
}

// balance makes messages out of scope count as if they were the given share: examples that were written later are of a few kinds, and thresholds
// would follow them.
func (d *dataset) balance(share float64) {
	if now := outsideShare(&corpus.Corpus{Examples: d.examples}); share > 0 && now > 0 && share < 1 && now < 1 {
		d.outside = share / (1 - share) * (1 - now) / now
	}
}

// weight is what a message counts when the out-of-scope probability is fitted and thresholds are chosen.
func (d *dataset) weight(eg *corpus.Example) float64 {
	if eg.OutOfScope() && d.outside > 0 {
		return d.outside
	}
	return 1
}

// joined adds the examples of more whose texts are not in c.
func joined(c, more *corpus.Corpus) *corpus.Corpus {
	if more == nil {
		return c
	}
	out := *c
	out.Examples = slices.Clone(c.Examples)
	known := map[string]bool{}
	for _, eg := range c.Examples {
		known[eg.Text] = true
	}
	for _, eg := range more.Examples {
		if !known[eg.Text] {
			known[eg.Text] = true
			out.Examples = append(out.Examples, eg)
		}
	}
	return &out
}

// toInt8 turns the encoder's products into int8, with ranges measured on texts that were trained on.
func (res *Result) toInt8(ctx context.Context, model *onnx.Model, states *models.Bundle, train *corpus.Corpus) (err error) {
	if err := quantize.Expand(model.Graph); err != nil {
		return err
	}
	if res.Products, err = static(ctx, model, states, train); err != nil {
		return err
	}
	res.Matrices, err = quantize.Weights(model.Graph)
	return err
}

// inherit takes over from the base what was not fitted anew, and says how the bundle came about.
func inherit(m, base *models.Manifest, c *corpus.Corpus, int8 bool) (err error) {
	m.Heads, m.Model, m.Tokenizer, m.Licences = base.Heads, base.Model, base.Tokenizer, base.Licences
	m.Training = maps.Clone(base.Training)
	m.Training["examples"] = len(c.Examples)
	if int8 {
		m.Training["int8"] = true
	}
	if m.Entities != nil && base.Entities != nil {
		m.Entities.Transitions = base.Entities.Transitions
	}
	m.Training["corpus"], err = c.Fingerprint()
	return err
}

// inInt8 tells whether a graph computes in integers already.
func inInt8(g *onnx.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n *onnx.Node) bool { return n.Op == "MatMulIntegerToFloat" })
}

// stateBundle wraps the encoder of a bundle so that [Extract] reads its states.
func stateBundle(base *models.Bundle, model *onnx.Model, dim int) *models.Bundle {
	return &models.Bundle{Model: onnx.Marshal(model), Tokenizer: base.Tokenizer, Manifest: &models.Manifest{Format: models.FormatVersion, ID: base.Manifest.ID,
		Model: base.Manifest.Model, Tokenizer: base.Manifest.Tokenizer, Heads: []models.Head{{Name: encoder.Hidden, Kind: models.Tokens, Output: encoder.Hidden, Dim: dim}}}}
}

// headsOf reads the heads back out of a bundle's graph.
func headsOf(b *models.Bundle, dim int) (fitted, error) {
	var f fitted
	m, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return f, err
	}
	floats := func(name string) []float32 {
		if t := m.Graph.Initializer("head." + name); t != nil {
			return t.Floats()
		}
		return nil
	}
	if bias := floats("intents.bias"); bias != nil {
		f.intents = &heads.Linear{Dim: dim, Classes: len(bias), W: floats("intents.weight"), B: bias}
	}
	if bias := floats("emotion.bias"); bias != nil {
		f.emotion = &heads.Linear{Dim: dim, Classes: len(bias), W: floats("emotion.weight"), B: bias}
	}
	if bias := floats("several.bias"); bias != nil {
		f.several = &heads.Linear{Dim: dim, Classes: len(bias), W: floats("several.weight"), B: bias}
	}
	if bias := floats("entities.bias"); bias != nil {
		f.entities = &heads.Tagger{Dim: dim, Tags: len(bias), B: bias, W: [3][]float32{floats("entities.weight0"), floats("entities.weight1"), floats("entities.weight2")}}
	}
	return f, nil
}

// sameLabels checks that a bundle says what the corpus is labelled with.
func sameLabels(m *models.Manifest, d *dataset) error {
	for head, labels := range map[string][]string{models.HeadIntents: d.intents, models.HeadEmotion: d.emotions, models.HeadEntities: d.tags} {
		if i := m.HeadIndex(head); i >= 0 && !slices.Equal(m.Heads[i].Labels, labels) {
			return fmt.Errorf("its %s labels are not those of the corpus", head)
		}
	}
	return nil
}
