// Package training makes bundles: from a corpus and a pretrained encoder to calibrated heads, a manifest and a model card.
//
// The quick way, [Train], leaves the encoder as it is. Its hidden states are computed once, linear heads are fitted on them, their
// scores are calibrated on cross-validated predictions, and everything is written into one ONNX graph. The same data,
// encoder, recipe and library versions give the same bundle.
package training

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/quantize"
)

// Progress is told what a long job is doing: the stage, and how far it is. It may be called from several goroutines. nil is silent.
type Progress func(stage string, done, total int, detail string)

func (p Progress) call(stage string, done, total int, detail string) {
	if p != nil {
		p(stage, done, total, detail)
	}
}

func (p Progress) iteration(stage string, total int) func(int, float64) {
	return func(i int, loss float64) { p.call(stage, i, total, fmt.Sprintf("loss %.4f", loss)) }
}

// Result is a trained bundle and what was learnt on the way.
type Result struct {
	Bundle   *models.Bundle
	Matrices quantize.Report
	Table    quantize.Report
	Products quantize.Report // those computed in int8
	Elapsed  time.Duration
	// Finetuned tells how the encoder was trained; nil when it was left frozen.
	Finetuned *Finetuned
}

// Finetuned is the record of a fine-tuning run.
type Finetuned struct {
	Epochs, Best int       // made, and the one whose weights were kept, from 0
	Scores       []float64 // on the held-out examples after each epoch
	Steps        int
	Parameters   int
	Held         int // examples held out
	Resumed      int // step at which an interrupted run went on, 0 = never
}

// Train makes a bundle. The bundle is not written anywhere.
func Train(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, e *encoder.Encoder, r Recipe, run RunOptions, log Progress) (*Result, error) {
	start := time.Now()
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if len(r.Layers) == 0 {
		r.Layers = []int{e.Layers()}
	}
	e, err := r.reading(e)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	res := &Result{}
	l, err := learn(ctx, c, tax, e, r, run, res, log)
	if err != nil {
		return nil, err
	}
	m := l.manifest
	addHeads(l.model.Graph, l.dim, e.Config.HiddenSize, l.heads)
	m.Heads = l.heads.describe(l.data.intents, l.data.emotions, l.data.tags, e.Config.HiddenSize)
	m.Model = e.ModelSpec()
	m.Model.MaxTokens = min(r.MaxTokens, e.Config.MaxTokens)
	m.Model.Encoder = fmt.Sprintf("%s, %d of %d layers", e.Config.ModelType, slices.Max(r.Layers), e.Layers())
	m.Tokenizer = models.TokenizerSpec{File: "tokenizer.json", Pad: e.Config.Pad, Fold: r.Fold, Prefix: r.Prefix}
	m.Training["examples"] = len(c.Examples)
	if r.Int8 {
		m.Training["int8"] = true
	}
	if m.Training["corpus"], err = c.Fingerprint(); err != nil {
		return nil, err
	}
	res.Bundle = &models.Bundle{Manifest: m, Model: onnx.Marshal(l.model), Tokenizer: e.Tokenizer}
	res.Elapsed = time.Since(start)
	return res, nil
}

// learned is an encoder graph ready to serve, its heads, and what interprets their scores.
type learned struct {
	model    *onnx.Model
	dim      int
	heads    fitted
	manifest *models.Manifest
	data     *dataset
}

// learn fits the heads, on the frozen encoder or together with it, and everything that interprets their scores.
func learn(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, e *encoder.Encoder, r Recipe, run RunOptions, res *Result, log Progress) (*learned, error) {
	part, held := c, (*corpus.Corpus)(nil)
	start := r
	if r.Finetune.Epochs > 0 {
		if held = run.Held; held == nil {
			part, held = holdOut(c, r.Finetune.HoldOut)
		}
		if len(held.Examples) == 0 {
			return nil, errNoHeldOut
		}
		start.Quantise, start.Int8 = false, false // the encoder that is trained is the exact one
	}
	l := &learned{}
	var err error
	if l.model, l.dim, err = tap(ctx, e, start, part, res); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if l.data, err = encode(ctx, part, c, tax, featureBundle(e, l.model, l.dim, r), r, log); err != nil {
		return nil, err
	}
	gemm, err := ort.NewGemm()
	if err != nil {
		return nil, err
	}
	defer gemm.Close()
	l.data.mul = gemm.Mul
	if held != nil {
		t := &tuning{r: r, tax: tax, e: e, log: log, dim: l.dim, run: run, train: l.data, held: held}
		return t.tuneAndCalibrate(ctx, res)
	}
	h, err := l.data.crossValidate(ctx, r, log)
	if err != nil {
		return nil, err
	}
	if l.manifest, err = l.data.manifestFrom(ctx, r, tax, h); err != nil {
		return nil, err
	}
	l.manifest.Training["recipe"] = "linear heads on a frozen encoder"
	if l.heads, err = l.data.fit(ctx, r, log); err == nil && l.heads.entities != nil {
		l.manifest.Entities = l.data.entitySpec(l.heads.entities)
	}
	return l, err
}

// featureBundle wraps an encoder graph so that [Extract] reads texts as the recipe says.
func featureBundle(e *encoder.Encoder, model *onnx.Model, dim int, r Recipe) *models.Bundle {
	b := e.Bundle(model, dim)
	b.Manifest.Tokenizer.Fold, b.Manifest.Tokenizer.Prefix = r.Fold, r.Prefix
	b.Manifest.Model.MaxTokens = min(r.MaxTokens, e.Config.MaxTokens)
	return b
}

// encode computes the states of a part of the corpus and of the pairs made from it.
func encode(ctx context.Context, c, whole *corpus.Corpus, tax *corpus.Taxonomy, feat *models.Bundle, r Recipe, log Progress) (*dataset, error) {
	var pairs []pair
	if !r.Intents.Skip && !r.Entities.Skip { // pairs need token states
		pairs = makePairs(c, r.Pairs, r.Folds, r.Seed)
	}
	var texts []string
	for _, eg := range c.Examples {
		texts = append(texts, eg.Text)
	}
	for _, p := range pairs {
		texts = append(texts, p.text)
	}
	f, err := Extract(ctx, feat, texts, !r.Entities.Skip, func(done, total int) { log.call("encode", done, total, "") })
	if err != nil {
		return nil, fmt.Errorf("encode corpus: %w", err)
	}
	d := newDatasetLike(c, whole, f, entityTypes(r, tax, whole))
	d.pairs = pairs
	return d, d.check()
}

// calibrationTexts is how many messages of the corpus tell the ranges of the values that int8 products read.
const calibrationTexts = 400

// tap cuts and quantises the encoder. The heads see the states of the rounded weights, which are those they will see in service.
func tap(ctx context.Context, e *encoder.Encoder, r Recipe, c *corpus.Corpus, res *Result) (*onnx.Model, int, error) {
	model, dim, err := e.Tap(r.Layers...)
	if err != nil {
		return nil, 0, err
	}
	if r.Int8 {
		if res.Products, err = static(ctx, model, featureBundle(e, model, dim, r), c); err != nil {
			return nil, 0, err
		}
	}
	if r.Quantise {
		if res.Matrices, err = quantize.Weights(model.Graph); err != nil {
			return nil, 0, err
		}
		if res.Table, err = quantize.Embedding(model, e.ModelSpec().IDs); err != nil {
			return nil, 0, err
		}
		res.Table.After -= quantize.HalfScales(model.Graph)
	}
	return model, dim, nil
}

// static turns the encoder's products into int8, with ranges seen on messages spread over the corpus.
func static(ctx context.Context, model *onnx.Model, b *models.Bundle, c *corpus.Corpus) (quantize.Report, error) {
	tok, err := nlu.NewTokeniser(b)
	if err != nil {
		return quantize.Report{}, err
	}
	var texts [][]int64
	for i := 0; i < len(c.Examples); i += max(1, len(c.Examples)/calibrationTexts) {
		ids, _, err := tok.Encode(c.Examples[i].Text)
		if err != nil {
			return quantize.Report{}, err
		}
		if len(ids) <= b.Manifest.Model.MaxTokens {
			texts = append(texts, ids)
		}
	}
	quantize.Fuse(model, b.Manifest.Model.Mask)
	ranges, err := quantize.Calibrate(ctx, model, b.Manifest.Model, texts)
	if err != nil {
		return quantize.Report{}, err
	}
	return quantize.Static(model, ranges, quantize.StaticOptions{})
}

// entityTypes are those the recipe names, or those that the taxonomy gives to models and the corpus shows.
func entityTypes(r Recipe, tax *corpus.Taxonomy, c *corpus.Corpus) []string {
	if r.Entities.Skip {
		return nil
	}
	if len(r.Entities.Types) > 0 {
		return r.Entities.Types
	}
	seen := map[string]bool{}
	for _, eg := range c.Examples {
		for _, ent := range eg.Entities {
			seen[ent.Type] = true
		}
	}
	var types []string
	for _, def := range tax.Entities {
		if def.By == "model" && seen[def.Name] {
			types = append(types, def.Name)
		}
	}
	if len(tax.Entities) == 0 { // a label space that says nothing about entities: the model finds them all
		types = slices.Sorted(maps.Keys(seen))
	}
	return types
}

// manifestFrom fits everything that interprets scores, on predictions for examples that the heads have not seen.
func (d *dataset) manifestFrom(ctx context.Context, r Recipe, tax *corpus.Taxonomy, h *heldOut) (m *models.Manifest, err error) {
	m = &models.Manifest{Format: models.FormatVersion, Name: r.Name, Version: r.Version, Languages: r.Languages,
		Training: map[string]any{"seed": r.Seed, "layers": r.Layers}}
	if !r.Intents.Skip {
		if m.Intents, err = d.intentSpec(ctx, h); err != nil {
			return nil, err
		}
		m.Intents.Groups = map[string]string{}
		for _, l := range d.intents {
			if def := tax.Intent(l); def != nil {
				m.Intents.Groups[l] = def.Group
			}
		}
	}
	if !r.Emotion.Skip {
		m.Emotion = d.emotionSpec(h, tax)
	}
	if len(d.tags) > 1 {
		m.Entities = d.entitySpec(nil)
	}
	return m, nil
}

// fit trains the heads on everything.
func (d *dataset) fit(ctx context.Context, r Recipe, log Progress) (fitted, error) {
	var fit fitted
	var err error
	every := all(len(d.examples))
	if !r.Intents.Skip {
		if fit.intents, err = d.fitLinear(ctx, d.intentRows(every), len(d.intents), r.Intents, log.iteration("intents", r.Intents.MaxIter)); err != nil {
			return fit, fmt.Errorf("intents: %w", err)
		}
	}
	if !r.Emotion.Skip {
		if fit.emotion, err = d.fitLinear(ctx, d.emotionRows(every), len(d.emotions), r.Emotion, log.iteration("emotion", r.Emotion.MaxIter)); err != nil {
			return fit, fmt.Errorf("emotion: %w", err)
		}
	}
	if !r.Several.Skip {
		if fit.several, err = d.fitAll(ctx, "several", severalLabels, d.severalRows(every), r.Several, "", log); err != nil {
			return fit, err
		}
	}
	if len(d.tags) > 1 {
		if fit.entities, err = d.fitTagger(ctx, every, r, log); err != nil {
			return fit, fmt.Errorf("entities: %w", err)
		}
	}
	if fit.intents == nil && fit.emotion == nil && fit.entities == nil {
		return fit, errors.New("train: the recipe skips every head")
	}
	return fit, nil
}
