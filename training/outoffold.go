package training

import (
	"context"
	"fmt"
	"slices"

	"yingda/models"
	"yingda/models/ort"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/noise"
)

// OutOfFold predicts the intent of every example with at most one by heads that were fitted on the other folds, for [noise.Find]. Classes
// are the corpus's intents, [OutOfScope] last; probabilities sum to 1. States come from the encoder of base and from the cache, as in
// [TrainHeads]. An encoder that was tuned on the same examples has partly learnt their labels, wrong ones too: the list is then shorter
// than it could be.
func OutOfFold(ctx context.Context, c *corpus.Corpus, tax *corpus.Taxonomy, base *models.Bundle, r Recipe, cacheDir string, log Progress) ([]string, []noise.Example, error) {
	r.Emotion.Skip, r.Pairs = true, 0
	d, _, err := statesOf(ctx, c, tax, base, r, cacheDir, log)
	if err != nil {
		return nil, nil, fmt.Errorf("out-of-fold predictions with %s: %w", base.Manifest.ID, err)
	}
	gemm, err := ort.NewGemm()
	if err != nil {
		return nil, nil, err
	}
	defer gemm.Close()
	d.mul = gemm.Mul
	h, err := d.crossValidate(ctx, r, log)
	if err != nil {
		return nil, nil, err
	}
	var out []noise.Example
	for i, eg := range d.examples {
		if !eg.HasIntents || len(eg.Intents) > 1 {
			continue
		}
		label := OutOfScope
		if len(eg.Intents) == 1 {
			label = eg.Intents[0]
		}
		p := make([]float64, len(d.intents))
		decode.Softmax(h.intents[i], 1, p)
		out = append(out, noise.Example{Origin: eg.Origin, Text: eg.Text, Lang: eg.Lang, Label: slices.Index(d.intents, label), Probabilities: p})
	}
	return d.intents, out, nil
}
