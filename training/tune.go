package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/finetune"
	"yingda/training/heads"
)

// tuning is one run that trains encoder and heads together: heads are fitted on the frozen encoder, both are trained on, and what
// interprets the scores is fitted on examples that were held out from all of it.
type tuning struct {
	r     Recipe
	tax   *corpus.Taxonomy
	e     *encoder.Encoder
	log   Progress
	dim   int
	run   RunOptions
	train *dataset // with the frozen encoder's features
	held  *corpus.Corpus
}

// RunOptions say how a run is carried out; they do not change what it makes.
type RunOptions struct {
	// Checkpoint is a folder in which an interrupted fine-tuning is kept and from which it goes on; empty = not kept.
	Checkpoint string
	// Every is the time between two writings of the checkpoint; 0 = 2 minutes.
	Every time.Duration
	// Threads of ONNX Runtime and optimiser while fine-tuning; 0 = all cores. Results depend on it in the last bits.
	Threads int
	// Held are examples for choosing the epoch and for calibration, where the data comes with such a part. nil = a share of the corpus, as the recipe says.
	Held *corpus.Corpus
}

// holdOut divides a corpus by a hash of the text, so that equal texts are on one side.
func holdOut(c *corpus.Corpus, share float64) (train, held *corpus.Corpus) {
	return c.Split(folds(share), 0)
}

// folds is one in how many a share is.
func folds(share float64) int { return int(math.Round(1 / share)) }

// finetuned trains encoder and heads, and returns the tuned encoder with its heads.
func (t *tuning) finetuned(ctx context.Context) (*encoder.Encoder, fitted, *finetune.Result, error) {
	fit, err := t.train.fit(ctx, t.r, t.log)
	if err != nil {
		return nil, fit, nil, err
	}
	rows, err := t.rows(fit)
	if err != nil {
		return nil, fit, nil, err
	}
	if t.r.Finetune.Teacher != "" {
		if err := t.teach(ctx, rows); err != nil {
			return nil, fit, nil, err
		}
	}
	check, err := t.validator()
	if err != nil {
		return nil, fit, nil, err
	}
	model, _, err := t.e.Tap(t.r.Layers...)
	if err != nil {
		return nil, fit, nil, err
	}
	spec := finetune.Spec{Model: model, Hidden: encoder.Hidden, Width: t.dim, IDs: t.e.ModelSpec().IDs, Mask: t.e.ModelSpec().Mask, Pad: t.e.Config.Pad,
		Layer: t.e.LayerOf, Layers: slices.Max(t.r.Layers), Start: map[string][]float32{}}
	fit.store(&spec)
	t.train.f.States, t.train.f.Pooled = nil, nil // the frozen encoder's states have done their work; they are most of the memory
	res, err := finetune.Run(ctx, spec, rows, t.options(), check)
	if err != nil {
		return nil, fit, nil, err
	}
	tuned := *t.e
	tuned.Model = res.Apply(t.e.Model)
	fit.load(res)
	return &tuned, fit, res, nil
}

func (t *tuning) options() finetune.Options {
	f := t.r.Finetune
	return finetune.Options{Epochs: f.Epochs, Batch: f.Batch, Rate: f.Rate, HeadRate: f.HeadRate, LayerDecay: f.LayerDecay, Warmup: f.Warmup, Decay: f.Decay,
		Dropout: f.Dropout, Smoothing: f.Smoothing, Freeze: f.Freeze, Average: f.Average, Patience: f.Patience, Intents: f.Intents, Emotion: f.Emotion,
		Entities: f.Entities, Several: f.Several, Words: f.Words, Seed: t.r.Seed, Threads: t.run.Threads, Checkpoint: t.run.Checkpoint, Every: t.run.Every,
		Progress: func(u finetune.Update) {
			detail := fmt.Sprintf("epoch %d/%d loss %.3f %.0f texts/s eta %v", u.Epoch, u.Epochs, u.Loss, u.Rows, u.ETA)
			if !math.IsNaN(u.Validation) {
				detail += fmt.Sprintf(" held-out %.4f", u.Validation)
			}
			t.log.call("fine-tune", u.Step, u.Steps, detail)
		}}
}

// store hands the fitted heads over as start weights.
func (f *fitted) store(s *finetune.Spec) {
	if f.intents != nil {
		s.Intents = f.intents.Classes
		s.Start[finetune.IntentWeight], s.Start[finetune.IntentBias] = f.intents.W, f.intents.B
	}
	if f.emotion != nil {
		s.Emotion = f.emotion.Classes
		s.Start[finetune.EmotionWeight], s.Start[finetune.EmotionBias] = f.emotion.W, f.emotion.B
	}
	if f.several != nil {
		s.Several = f.several.Classes
		s.Start[finetune.SeveralWeight], s.Start[finetune.SeveralBias] = f.several.W, f.several.B
	}
	if f.entities != nil {
		s.Tags = f.entities.Tags
		for i, w := range f.entities.W {
			s.Start[fmt.Sprint(finetune.TagWeight, i)] = w
		}
		s.Start[finetune.TagBias] = f.entities.B
	}
}

// load takes the trained heads back.
func (f *fitted) load(r *finetune.Result) {
	if f.intents != nil {
		f.intents = &heads.Linear{Dim: f.intents.Dim, Classes: f.intents.Classes, W: r.Weights(finetune.IntentWeight), B: r.Weights(finetune.IntentBias)}
	}
	if f.emotion != nil {
		f.emotion = &heads.Linear{Dim: f.emotion.Dim, Classes: f.emotion.Classes, W: r.Weights(finetune.EmotionWeight), B: r.Weights(finetune.EmotionBias)}
	}
	if f.several != nil {
		f.several = &heads.Linear{Dim: f.several.Dim, Classes: f.several.Classes, W: r.Weights(finetune.SeveralWeight), B: r.Weights(finetune.SeveralBias)}
	}
	if f.entities != nil {
		n := &heads.Tagger{Dim: f.entities.Dim, Tags: f.entities.Tags, B: r.Weights(finetune.TagBias)}
		for i := range n.W {
			n.W[i] = r.Weights(fmt.Sprint(finetune.TagWeight, i))
		}
		f.entities = n
	}
}

// validator scores a model on the held-out examples: the mean of the accuracies of intents and emotion and the token-wise F1 of the
// entities, weighed as their losses are.
func (t *tuning) validator() (func(context.Context, *finetune.Model) (float64, error), error) {
	tok, err := t.tokeniser()
	if err != nil {
		return nil, err
	}
	ids, tokens := make([][]int64, len(t.held.Examples)), make([][]nlu.Token, len(t.held.Examples))
	for i, eg := range t.held.Examples {
		id, enc, err := tok.Encode(eg.Text)
		if err != nil {
			return nil, err
		}
		ids[i], tokens[i] = id, enc.Tokens
	}
	return func(ctx context.Context, m *finetune.Model) (float64, error) {
		out, err := m.Predict(ctx, ids)
		if err != nil {
			return 0, err
		}
		var hits, total [3]float64
		for i := range t.held.Examples {
			t.train.count(&t.held.Examples[i], tokens[i], &out[i], &hits, &total)
		}
		score, weight := 0.0, 0.0
		for k, w := range []float64{t.r.Finetune.Intents, t.r.Finetune.Emotion, t.r.Finetune.Entities} {
			if total[k] > 0 {
				score += w * hits[k] / total[k]
				weight += w
			}
		}
		return score / max(weight, 1e-9), nil
	}, nil
}

// count counts what a prediction gets right of intents, emotion and entity tokens. For tokens the ratio of hits to total is F1: 2·tp of
// 2·tp + fp + fn.
func (d *dataset) count(eg *corpus.Example, tokens []nlu.Token, out *finetune.Output, hits, total *[3]float64) {
	if len(eg.Intents) < 2 && eg.HasIntents && len(out.Intents) > 0 {
		label := OutOfScope
		if len(eg.Intents) == 1 {
			label = eg.Intents[0]
		}
		total[0]++
		if d.intents[argmax(out.Intents)] == label {
			hits[0]++
		}
	}
	if eg.Emotion != "" && len(out.Emotion) > 0 {
		total[1]++
		if d.emotions[argmax(out.Emotion)] == eg.Emotion {
			hits[1]++
		}
	}
	if !eg.HasEntities || len(out.Tags) == 0 {
		return
	}
	for i, want := range d.bio(eg, tokens) {
		got := argmax(out.Tags[i*len(d.tags) : (i+1)*len(d.tags)])
		switch {
		case want < 0:
		case want == got && want > 0:
			hits[2] += 2
			total[2] += 2
		default:
			total[2] += float64(min(want, 1) + min(got, 1))
		}
	}
}

func argmax(x []float32) int { return slices.Index(x, slices.Max(x)) }

func (t *tuning) tokeniser() (*nlu.Tokeniser, error) { return nlu.NewTokeniser(t.bundle()) }

// bundle carries what the tokeniser needs to know.
func (t *tuning) bundle() *models.Bundle {
	b := &models.Bundle{Manifest: &models.Manifest{Model: t.e.ModelSpec(),
		Tokenizer: models.TokenizerSpec{Pad: t.e.Config.Pad, Fold: t.r.Fold, Prefix: t.r.Prefix}}, Tokenizer: t.e.Tokenizer}
	b.Manifest.Model.MaxTokens = min(t.r.MaxTokens, t.e.Config.MaxTokens)
	return b
}

// tuneAndCalibrate trains encoder and heads, quantises the encoder as it will serve, and fits everything that interprets scores on that
// model's answers to the examples that were held out.
func (t *tuning) tuneAndCalibrate(ctx context.Context, res *Result) (*learned, error) {
	e, fit, run, err := t.finetuned(ctx)
	if err != nil {
		return nil, err
	}
	res.Finetuned = &Finetuned{Epochs: len(run.Scores), Best: run.Best, Scores: run.Scores, Steps: run.Steps, Parameters: run.Parameters, Held: len(t.held.Examples), Resumed: run.Resumed}
	if err := run.Close(); err != nil {
		return nil, err
	}
	l := &learned{heads: fit, data: t.train}
	if l.model, l.dim, err = tap(ctx, e, t.r, &corpus.Corpus{Examples: t.train.examples}, res); err != nil {
		return nil, err
	}
	texts, pairs := heldTexts(t.held, t.r)
	states := featureBundle(e, l.model, l.dim, t.r)
	f, err := Extract(ctx, states, texts, true, func(done, total int) { t.log.call("encode held-out examples", done, total, "") })
	if err != nil {
		return nil, fmt.Errorf("encode held-out examples: %w", err)
	}
	d := *t.train
	d.examples, d.f, d.pairs = t.held.Examples, f, pairs
	h := d.predict(fit)
	h.read = d.readerOf(states, fit, t.log)
	if l.manifest, err = d.manifestFrom(ctx, t.r, t.tax, h); err != nil {
		return nil, err
	}
	l.manifest.Training["recipe"] = "encoder and heads trained together"
	l.manifest.Training["hold_out"] = t.r.Finetune.HoldOut
	l.manifest.Training["finetuned"] = map[string]any{"epochs": res.Finetuned.Epochs, "steps": res.Finetuned.Steps, "parameters": res.Finetuned.Parameters,
		"held_out": res.Finetuned.Held, "scores": res.Finetuned.Scores}
	if l.manifest.Entities != nil {
		l.manifest.Entities.Transitions = t.train.transitions()
	}
	return l, nil
}

// heldTexts are the held-out messages, followed by pairs put together from them: about as many as there are messages of several wishes, which
// are few and hard.
func heldTexts(held *corpus.Corpus, r Recipe) ([]string, []pair) {
	var texts []string
	several := 0
	for _, eg := range held.Examples {
		texts = append(texts, eg.Text)
		if len(eg.Intents) > 1 {
			several++
		}
	}
	pairs := makePairs(held, several, r.Folds, r.Seed)
	for _, p := range pairs {
		texts = append(texts, p.text)
	}
	return texts, pairs
}

// predict runs heads over the dataset's states.
func (d *dataset) predict(fit fitted) *heldOut {
	n := len(d.examples)
	h := newHeldOut(n)
	if fit.intents != nil {
		h.predictIntents(d, fit.intents, all(n))
		h.predictPairs(d, fit)
	}
	if fit.several != nil {
		h.predictSeveral(d, fit.several, all(n))
	}
	if fit.emotion != nil {
		for i := range d.examples {
			h.emotion[i] = make([]float32, fit.emotion.Classes)
			fit.emotion.Logits(d.f.Row(i), h.emotion[i])
		}
	}
	return h
}

var errNoHeldOut = errors.New("train: nothing is held out; the corpus is too small to fine-tune on")
