// Package standard assembles the pipeline that serves a bundle: the one table of component factories, and the engine that owns
// a bundle's queue and backend.
package standard

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
)

// Options choose how an engine runs. The zero value works on one core with the built-in lists.
type Options struct {
	Queue batch.Options // Pad is taken from the bundle
	// Rules are the recognisers that come before and after the model; nil = those of [DefaultRules].
	Rules *Rules
	// Once leaves clauses unread by themselves: for who looks at rankings and vectors of many texts, and not at second wishes.
	Once bool
}

// Engine analyses utterances with one bundle. Safe for concurrent use until Close.
type Engine struct {
	manifest *models.Manifest
	backend  models.Backend
	queue    *batch.Queue
	encoder  *nlu.Encoder
	pipeline *nlu.Pipeline
}

// New makes an engine and takes over the backend, which runs the bundle's model. The bundle's probes are checked: an engine that answers
// otherwise than when the bundle was built is not returned. On an error the backend is closed.
func New(ctx context.Context, b *models.Bundle, backend models.Backend, o Options) (*Engine, error) {
	o.Queue.Pad = b.Manifest.Tokenizer.Pad
	e := &Engine{manifest: b.Manifest, backend: backend, queue: batch.New(backend, o.Queue)}
	rules := o.Rules
	var err error
	if rules == nil {
		if rules, err = DefaultRules(); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	if e.pipeline, e.encoder, err = build(b, e.queue, rules, o.Once); err != nil {
		return nil, errors.Join(fmt.Errorf("bundle %s: %w", b.Manifest.ID, err), e.Close())
	}
	if err := e.probe(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Analyse runs the pipeline; see [nlu.Pipeline.Analyse].
func (e *Engine) Analyse(ctx context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error) {
	return e.pipeline.Analyse(ctx, us...)
}

// Embed returns the embeddings of texts, one a text; see [nlu.Encoder.Embed]. They are those that Analyse gives.
func (e *Engine) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	return e.encoder.Embed(ctx, texts...)
}

// Manifest returns the manifest of the engine's bundle.
func (e *Engine) Manifest() *models.Manifest { return e.manifest }

// Components returns the names of the pipeline's components in order.
func (e *Engine) Components() []string { return e.pipeline.Components() }

// Stats returns the counters of the queue.
func (e *Engine) Stats() batch.Stats { return e.queue.Stats() }

// Close waits for requests under way and frees the model.
func (e *Engine) Close() error { return errors.Join(e.queue.Close(), e.backend.Close()) }

// probe checks the recorded answers. A wrong library, a wrong processor path or a mislabelled model shows here, not at a customer's.
func (e *Engine) probe(ctx context.Context) error {
	for _, p := range e.manifest.Probes {
		h := e.manifest.HeadIndex(p.Head)
		if h < 0 {
			return fmt.Errorf("bundle %s: %w", e.manifest.ID, &models.BundleError{File: models.ManifestName, Reason: fmt.Sprintf("probe of unknown head %q", p.Head)})
		}
		as, err := e.pipeline.Analyse(ctx, nlu.Utterance{Text: p.Text})
		if err != nil {
			return fmt.Errorf("bundle %s: probe %q: %w", e.manifest.ID, p.Text, err)
		}
		got, logit := best(e.manifest.Heads[h].Labels, as[0].Logits[p.Head].Data)
		if got != p.Label || !(math.Abs(logit-p.Logit) <= models.ProbeTolerance) { // so that not a number fails
			return fmt.Errorf("bundle %s: %w", e.manifest.ID, &models.BundleError{File: e.manifest.Model.File,
				Reason: fmt.Sprintf("answers %s (%.3f) to the probe %q, not %s (%.3f) as when it was built", got, logit, p.Text, p.Label, p.Logit)})
		}
	}
	return nil
}

// Record answers texts with the engine and returns them as probes for the head.
func (e *Engine) Record(ctx context.Context, head string, texts ...string) ([]models.Probe, error) {
	var probes []models.Probe
	h := e.manifest.HeadIndex(head)
	if h < 0 || e.manifest.Heads[h].Kind != models.Sequence || len(e.manifest.Heads[h].Labels) == 0 {
		return nil, fmt.Errorf("record probes: bundle %s has no sequence head %q with labels", e.manifest.ID, head)
	}
	for _, text := range texts {
		as, err := e.pipeline.Analyse(ctx, nlu.Utterance{Text: text})
		if err != nil {
			return nil, err
		}
		label, logit := best(e.manifest.Heads[h].Labels, as[0].Logits[head].Data)
		if label == "" {
			return nil, fmt.Errorf("record probes: bundle %s answers %q with what is not a number", e.manifest.ID, text)
		}
		probes = append(probes, models.Probe{Text: text, Head: head, Label: label, Logit: math.Round(logit*1e4) / 1e4})
	}
	return probes, nil
}

// best returns the label with the largest logit; "" and NaN when one of them is not a number.
func best(labels []string, logits []float32) (string, float64) {
	peak := slices.Max(logits)
	if math.IsNaN(float64(peak)) {
		return "", math.NaN()
	}
	return labels[slices.Index(logits, peak)], float64(peak)
}
