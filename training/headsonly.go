package training

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/corpus"
	"yingda/training/encoder"
)

// TrainHeads makes a bundle with the encoder of another one and new heads, in seconds: the way to new labels and corrected examples between
// two full trainings. The encoder's states of texts seen before come from a cache in cacheDir; empty = none.
//
// An encoder that was fine-tuned knows the examples it was tuned on. What interprets the scores is therefore fitted on the same share of
// the corpus, by hash of the text, that was held out then.
func TrainHeads(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, base *models.Bundle, r Recipe, cacheDir string, log Progress) (*Result, error) {
	start := time.Now()
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train heads: %w", err)
	}
	whole, model, err := statesOf(ctx, c, tax, base, r, cacheDir, log)
	if err != nil {
		return nil, fmt.Errorf("train heads on %s: %w", base.Manifest.ID, err)
	}
	dim := whole.f.Dim
	if share, ok := base.Manifest.Training["hold_out"].(float64); ok {
		r.Finetune.HoldOut = share
	}
	fit, m, err := whole.fitHeld(ctx, r, tax, log)
	if err != nil {
		return nil, err
	}
	res := &Result{}
	embed := base.Manifest.Heads[base.Manifest.HeadIndex(models.HeadEmbedding)].Dim
	addHeads(model.Graph, dim, embed, fit)
	m.Heads = fit.describe(whole.intents, whole.emotions, whole.tags, embed)
	if inInt8(model.Graph) {
		m.Training["int8"] = true
	}
	m.Model, m.Tokenizer, m.Parent, m.Licences = base.Manifest.Model, base.Manifest.Tokenizer, base.Manifest.ID, base.Manifest.Licences
	m.Training["recipe"] = "new heads on the encoder of " + string(base.Manifest.ID)
	if m.Training["corpus"], err = c.Fingerprint(); err != nil {
		return nil, err
	}
	res.Bundle = &models.Bundle{Manifest: m, Model: onnx.Marshal(model), Tokenizer: base.Tokenizer}
	res.Elapsed = time.Since(start)
	return res, nil
}

// statesOf runs the encoder of a bundle over a corpus, or reads the states from the cache.
func statesOf(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, base *models.Bundle, r Recipe, cacheDir string, log Progress) (*dataset, *onnx.Model, error) {
	model, dim, err := encoderOf(base)
	if err != nil {
		return nil, nil, err
	}
	d, err := readStates(ctx, c, tax, stateBundle(base, model, dim), dim, r, cacheDir, log)
	if err != nil {
		return nil, nil, err
	}
	return d, model, nil
}

// readStates makes a dataset of a corpus with an encoder's states.
func readStates(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, states *models.Bundle, dim int, r Recipe, cacheDir string, log Progress) (*dataset, error) {
	f, err := cachedStates(ctx, states, dim, c, cacheDir, log)
	if err != nil {
		return nil, fmt.Errorf("encode corpus: %w", err)
	}
	d := newDataset(c, f, entityTypes(r, tax, c))
	return d, d.check()
}

// cachedStates runs an encoder over the texts of a corpus, or reads the states from the cache.
func cachedStates(ctx context.Context, states *models.Bundle, dim int, c *corpus.Corpus, cacheDir string, log Progress) (*Features, error) {
	texts := make([]string, len(c.Examples))
	for i, eg := range c.Examples {
		texts[i] = eg.Text
	}
	id, err := encoderHash(states)
	if err != nil {
		return nil, err
	}
	cache := &featureCache{dir: cacheDir, id: id, dim: dim}
	return cache.extract(ctx, states, texts, func(done, total int) { log.call("encode", done, total, "") })
}

// encoderOf cuts the heads off a bundle's graph.
func encoderOf(b *models.Bundle) (*onnx.Model, int, error) {
	m, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return nil, 0, err
	}
	w := m.Graph.Initializer("head.intents.weight")
	if w == nil {
		w = m.Graph.Initializer("head.emotion.weight")
	}
	if w == nil || len(w.Dims) != 2 || b.Manifest.HeadIndex(models.HeadEmbedding) < 0 {
		return nil, 0, errors.New("it was not made by 'yingda train': the place where its heads begin is not known")
	}
	m.Graph.Outputs = []*onnx.Value{{Name: encoder.Hidden, Type: onnx.Float, Dims: []onnx.Dim{{Param: "batch"}, {Param: "seq"}, {Size: w.Dims[0]}}}}
	m.Graph.Prune()
	return m, int(w.Dims[0]), nil
}

// fitHeld fits the heads on the training part of the corpus and what interprets their scores on the rest.
func (d *dataset) fitHeld(ctx context.Context, r Recipe, tax *corpus.Taxonomy, log Progress) (fitted, *models.Manifest, error) {
	gemm, err := ort.NewGemm()
	if err != nil {
		return fitted{}, nil, err
	}
	defer gemm.Close()
	train, held := d.divide(r.Finetune.HoldOut)
	if len(held.examples) == 0 || len(train.examples) == 0 {
		return fitted{}, nil, errNoHeldOut
	}
	train.mul, held.mul = gemm.Mul, gemm.Mul
	fit, err := train.fit(ctx, r, log)
	if err != nil {
		return fit, nil, err
	}
	m, err := held.manifestFrom(ctx, r, tax, held.predict(fit))
	if err != nil {
		return fit, nil, err
	}
	if m.Entities != nil {
		m.Entities = d.entitySpec(fit.entities)
	}
	m.Training["hold_out"], m.Training["examples"] = r.Finetune.HoldOut, len(d.examples)
	return fit, m, nil
}

// divide splits a dataset as holdOut splits a corpus. Features are shared, not copied.
func (d *dataset) divide(share float64) (train, held *dataset) {
	c, h := holdOut(&corpus.Corpus{Examples: d.examples}, share)
	parts := [2]*dataset{}
	for k, part := range []*corpus.Corpus{c, h} {
		p := *d
		p.examples, p.pairs = part.Examples, nil
		p.f = &Features{Dim: d.f.Dim}
		parts[k] = &p
	}
	at := [2]int{}
	for i := range d.examples {
		k := 0
		if at[1] < len(h.Examples) && h.Examples[at[1]].Origin == d.examples[i].Origin && h.Examples[at[1]].Text == d.examples[i].Text {
			k = 1
		}
		f := parts[k].f
		f.Pooled = append(f.Pooled, d.f.Row(i)...)
		f.States = append(f.States, d.f.States[i])
		f.Tokens = append(f.Tokens, d.f.Tokens[i])
		at[k]++
	}
	return parts[0], parts[1]
}
