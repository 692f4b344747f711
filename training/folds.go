package training

import (
	"context"
	"errors"
	"fmt"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/eval"
)

// FoldOptions say what [Folds] measures.
type FoldOptions struct {
	K int // folds, 2–20
	// Base is a bundle whose encoder is used as it is. One that was tuned on the same messages has learnt them: figures are then of the heads, not of
	// the whole training. Exactly one of Base and Encoder is given.
	Base *models.Bundle
	// Unseen leaves only the messages that the training of Base held out: its encoder knows none of them, and heads are fitted on few.
	Unseen bool
	// Encoder is a pretrained encoder that has seen none of the messages, read at the recipe's layers in float32.
	Encoder *encoder.Encoder
	Cache   string // folder in which states of texts are kept; empty = not kept
}

// Folds measures by cross-validation over the whole corpus: k times, heads, temperatures and thresholds are fitted on the other folds (thresholds
// on the recipe's held-out share of those, which the heads do not see) and answer the fold that was left out. The encoder is not refitted. Only
// the model answers: there are no recognisers, and types that rules find do not count.
func Folds(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, r Recipe, o FoldOptions, log Progress) (*eval.FoldsReport, error) {
	report, err := foldsReport(ctx, c, tax, r, o, log)
	if err != nil {
		return nil, fmt.Errorf("%d folds: %w", o.K, err)
	}
	return report, nil
}

func foldsReport(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, r Recipe, o FoldOptions, log Progress) (*eval.FoldsReport, error) {
	taken := 1 // one in how many messages was chosen by their hash already
	switch {
	case o.K < 2 || o.K > 20:
		return nil, errors.New("want 2–20")
	case (o.Base == nil) == (o.Encoder == nil):
		return nil, errors.New("either a bundle or an encoder gives the states")
	case o.Unseen && o.Base == nil:
		return nil, errors.New("a pretrained encoder has seen none of the messages: there is nothing to leave out")
	case o.Unseen:
		_, held, err := HeldOut(o.Base, c)
		if err != nil {
			return nil, err
		}
		taken = folds(o.Base.Manifest.Training["hold_out"].(float64))
		if c = held; gcd(taken, o.K) > 1 {
			return nil, fmt.Errorf("the training of %s held out one in %d by the same hash: choose another number of folds", o.Base.Manifest.ID, taken)
		}
	}
	r.Pairs = 0 // made-up messages need states of their own
	if err := r.Validate(); err != nil {
		return nil, err
	}
	r.Finetune.HoldOut = apart(r.Finetune.HoldOut, o.K*taken)
	d, refitted, err := foldStates(ctx, c, tax, r, o, log)
	if err != nil {
		return nil, err
	}
	parts := make([][]eval.Case, o.K)
	for k := range parts {
		if parts[k], err = d.foldCases(ctx, k, o.K, r, tax, log); err != nil {
			return nil, fmt.Errorf("fold %d: %w", k+1, err)
		}
	}
	types := make([]string, 0, len(d.tags)/2)
	for i := 1; i < len(d.tags); i += 2 {
		types = append(types, d.tags[i][len("B-"):])
	}
	return eval.SummariseFolds(parts, refitted, eval.Options{Data: "the corpus", Taxonomy: tax, EntityTypes: types})
}

// apart changes a held-out share a little, so that it is taken from every fold alike: all divide by the same hash.
func apart(share float64, k int) float64 {
	n := folds(share)
	for gcd(n, k) > 1 {
		n++
	}
	return 1 / float64(n)
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// foldStates brings the states of all messages and says what a fold fits anew.
func foldStates(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, r Recipe, o FoldOptions, log Progress) (*dataset, string, error) {
	if o.Base != nil {
		d, _, err := statesOf(ctx, c, tax, o.Base, r, o.Cache, log)
		refitted := "heads and thresholds; the encoder is that of " + string(o.Base.Manifest.ID)
		if _, tuned := o.Base.Manifest.Training["hold_out"]; o.Unseen {
			refitted += ", which was tuned on none of these messages"
		} else if tuned {
			refitted += ", which was itself tuned on most of these messages: expect less on new ones"
		}
		return d, refitted, err
	}
	if len(r.Layers) == 0 {
		r.Layers = []int{o.Encoder.Layers()}
	}
	e, err := r.reading(o.Encoder)
	if err != nil {
		return nil, "", err
	}
	model, dim, err := e.Tap(r.Layers...)
	if err != nil {
		return nil, "", err
	}
	d, err := readStates(ctx, c, tax, featureBundle(e, model, dim, r), dim, r, o.Cache, log)
	return d, fmt.Sprintf("heads and thresholds; the encoder is the pretrained one, layers %v", r.Layers), err
}

// foldCases fits on the other folds and answers fold k.
func (d *dataset) foldCases(ctx context.Context, k, of int, r Recipe, tax *corpus.Taxonomy, log Progress) ([]eval.Case, error) {
	var others, own []int
	for i := range d.examples {
		if corpus.FoldOf(d.examples[i].Text, of) == k {
			own = append(own, i)
		} else {
			others = append(others, i)
		}
	}
	stage := func(name string, done, total int, detail string) {
		log.call(fmt.Sprintf("fold %d/%d %s", k+1, of, name), done, total, detail)
	}
	fit, m, err := d.part(others).fitHeld(ctx, r, tax, stage)
	if err != nil {
		return nil, err
	}
	m.Heads = fit.describe(d.intents, d.emotions, d.tags, d.f.Dim)
	return d.part(own).answer(ctx, fit, m)
}

// part is a dataset of some of the examples. Features are shared, not copied; pairs are left out.
func (d *dataset) part(which []int) *dataset {
	p := *d
	p.examples, p.pairs, p.f = nil, nil, &Features{Dim: d.f.Dim}
	for _, i := range which {
		p.examples = append(p.examples, d.examples[i])
		p.f.Pooled = append(p.f.Pooled, d.f.Row(i)...)
		p.f.States = append(p.f.States, d.f.States[i])
		p.f.Tokens = append(p.f.Tokens, d.f.Tokens[i])
	}
	return &p
}

// judged leaves out the labels that no head answers.
func judged(eg corpus.Example, fit fitted) corpus.Example {
	if fit.intents == nil {
		eg.HasIntents, eg.Intents = false, nil
	}
	if fit.emotion == nil {
		eg.Emotion = ""
	}
	if fit.entities == nil {
		eg.HasEntities, eg.Entities = false, nil
	}
	return eg
}

// answer decodes what the heads say of every example.
func (d *dataset) answer(ctx context.Context, fit fitted, m *models.Manifest) ([]eval.Case, error) {
	h := d.predict(fit)
	var steps []nlu.Component
	add := func(c nlu.Component, err error) error {
		steps = append(steps, c)
		return err
	}
	var errs []error
	if fit.intents != nil {
		dec, err := decode.NewIntent(m)
		errs = append(errs, add(dec, err))
	}
	if fit.emotion != nil {
		dec, err := decode.NewEmotion(m)
		errs = append(errs, add(dec, err))
	}
	if fit.entities != nil {
		dec, err := decode.NewEntity(m)
		errs = append(errs, add(dec, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	cases := make([]eval.Case, len(d.examples))
	for i := range cases {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: d.examples[i].Text}, Encoding: nlu.Encoding{Tokens: d.f.Tokens[i]}, Logits: map[string]models.Logits{}}
		if fit.intents != nil {
			a.Logits[models.HeadIntents] = models.Logits{Rows: 1, Cols: len(h.intents[i]), Data: h.intents[i]}
			a.Logits[models.HeadIntentTokens] = h.tokens[i]
			noteSeveral(a, h.several[i])
		}
		if fit.emotion != nil {
			a.Logits[models.HeadEmotion] = models.Logits{Rows: 1, Cols: len(h.emotion[i]), Data: h.emotion[i]}
		}
		if fit.entities != nil {
			a.Logits[models.HeadEntities] = models.Logits{Rows: len(d.f.Tokens[i]), Cols: fit.entities.Tags, Data: fit.entities.Logits(d.f.States[i])}
		}
		for _, s := range steps {
			if err := s.Annotate(ctx, []*nlu.Analysis{a}); err != nil {
				return nil, err
			}
		}
		a.Entities = nlu.Merge(a.Candidates)
		cases[i] = eval.Case{Example: judged(d.examples[i], fit), Analysis: a}
	}
	return cases, nil
}
