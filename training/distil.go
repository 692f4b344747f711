package training

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"yingda/models"
	"yingda/models/ort"
	"yingda/nlu/decode"
	"yingda/training/finetune"
)

// teacher is a bundle whose answers a smaller one learns to give (Hinton et al. 2015).
type teacher struct {
	b     *models.Bundle
	share float64 // of each target that is the teacher's answer, the rest is the label's
	heat  float64 // temperature that its probabilities are softened with
}

// openTeacher loads the bundle of the recipe and checks that it reads and says the same things.
func (t *tuning) openTeacher() (*teacher, error) {
	f := t.r.Finetune
	b, err := models.OpenPath(f.Teacher)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	if !bytes.Equal(b.Tokenizer, t.e.Tokenizer) || !slices.Equal(b.Manifest.Tokenizer.Fold, t.r.Fold) || b.Manifest.Tokenizer.Prefix != t.r.Prefix {
		return nil, fmt.Errorf("teacher %s reads text in another way: tokenizer, fold and prefix must be the same", b.Manifest.ID)
	}
	d := t.train
	for head, labels := range map[string][]string{models.HeadIntents: d.intents, models.HeadEmotion: d.emotions, models.HeadEntities: d.tags} {
		i := b.Manifest.HeadIndex(head)
		if i >= 0 && !slices.Equal(b.Manifest.Heads[i].Labels, labels) {
			return nil, fmt.Errorf("teacher %s has other %s labels than the corpus", b.Manifest.ID, head)
		}
	}
	return &teacher{b: b, share: f.TeacherShare, heat: max(f.TeacherHeat, 1)}, nil
}

// teach mixes the teacher's answers into the targets of all rows.
func (t *tuning) teach(ctx context.Context, rows []finetune.Row) error {
	te, err := t.openTeacher()
	if err != nil {
		return err
	}
	backend, err := ort.Open(te.b, ort.Options{Slots: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	defer backend.Close()
	ids := make([][]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].IDs
	}
	return forEach(ctx, backend, te.b.Manifest.Tokenizer.Pad, ids, func(i int, heads []models.Logits) { te.mix(&rows[i], heads) },
		func(done, total int) { t.log.call("ask the teacher", done, total, "") })
}

// mix changes the targets of one row.
func (te *teacher) mix(row *finetune.Row, out []models.Logits) {
	m := te.b.Manifest
	if i := m.HeadIndex(models.HeadIntentTokens); i >= 0 {
		for g := range row.Segments {
			s := &row.Segments[g]
			tokens := s.Tokens
			if tokens == nil {
				tokens = all(len(row.IDs))
			}
			s.Target = te.blend(s.Target, decode.MeanLogits(out[i], tokens))
		}
	}
	if i := m.HeadIndex(models.HeadEmotion); i >= 0 {
		row.Emotion = te.blend(row.Emotion, out[i].Row(0))
	}
	if i := m.HeadIndex(models.HeadEntities); i >= 0 {
		for k := range row.Tags {
			row.Tags[k] = te.blend(row.Tags[k], out[i].Row(k))
		}
	}
}

// rare is the probability below which a class is left out of a soft target.
const rare = 2e-3

// blend keeps the weight of a target and gives the teacher's share of it to the classes as the teacher sees them. What has no label stays so.
func (te *teacher) blend(gold []finetune.Target, logits []float32) []finetune.Target {
	weight := float32(0)
	for _, g := range gold {
		weight += g.Weight
	}
	if weight == 0 {
		return gold
	}
	p := make([]float64, len(logits))
	decode.Softmax(logits, te.heat, p)
	var out []finetune.Target
	for _, g := range gold {
		out = append(out, finetune.Target{Class: g.Class, Weight: g.Weight * float32(1-te.share)})
	}
	kept := 0.0
	for _, v := range p {
		if v >= rare {
			kept += v
		}
	}
	for k, v := range p {
		if v >= rare && !math.IsNaN(v) {
			out = append(out, finetune.Target{Class: int32(k), Weight: weight * float32(te.share*v/kept)})
		}
	}
	return out
}
