package training

import (
	"context"
	"math"

	"yingda/models"
	"yingda/training/heads"
)

// How entities are decoded, chosen on the development set. The tagger sees its neighbours and knows most of what transitions say: in full they
// count it twice and swallow short names (73.5 % F1; none at all 74.9, a third 76.8, with the least score 77.5).
const (
	minEntity        = 0.4
	transitionWeight = 0.35
	// minChainEntity is the least score of a span where transitions were fitted with the tags: a token's own probability says less then.
	minChainEntity = 0
)

// legalTags tells which tag may follow which in a list of O and then B-x, I-x for each type: I-x only after B-x or I-x.
func legalTags(n int) [][]bool {
	legal := make([][]bool, n)
	for a := range legal {
		legal[a] = make([]bool, n)
		for b := range legal[a] {
			inside := b > 0 && b%2 == 0
			legal[a][b] = !inside || a == b || a == b-1
		}
	}
	return legal
}

// entitySpec says how the tags are decoded. Transitions are those of the tagger (nil = not known), where it was fitted with any.
func (d *dataset) entitySpec(t *heads.Tagger) *models.EntitySpec {
	if t == nil || t.Transitions == nil {
		return &models.EntitySpec{Temperature: 1, MinScore: minEntity, Transitions: d.transitions(), TransitionWeight: transitionWeight}
	}
	spec := &models.EntitySpec{Temperature: 1, MinScore: minChainEntity, TransitionWeight: 1}
	for a := range t.Tags {
		row := make([]float64, t.Tags)
		for b := range row {
			row[b] = math.Round(float64(t.Transitions[a*t.Tags+b])*1e4) / 1e4
		}
		spec.Transitions = append(spec.Transitions, row)
	}
	return spec
}

func (d *dataset) fitTagger(ctx context.Context, which []int, r Recipe, log Progress) (*heads.Tagger, error) {
	o := heads.TaggerOptions{Epochs: r.Entities.Epochs, Rate: r.Entities.Rate, L2: r.Entities.L2, Outside: r.Entities.Outside, Seed: r.Seed,
		Progress: log.iteration("entities", r.Entities.Epochs), Mul: d.mul}
	if r.Entities.CRF {
		o.Legal = legalTags(len(d.tags))
	}
	return heads.FitTagger(ctx, d.sentences(which), d.f.Dim, len(d.tags), o)
}

// transitions are smoothed log frequencies of neighbouring tags, less the log frequency of the second: what one tag says about the next.
func (d *dataset) transitions() [][]float64 {
	n := len(d.tags)
	pair := make([][]float64, n)
	for i := range pair {
		pair[i] = make([]float64, n)
		for j := range pair[i] {
			pair[i][j] = 0.1
		}
	}
	single := make([]float64, n)
	for _, s := range d.sentences(all(len(d.examples))) {
		prev := -1
		for _, t := range s.Tags {
			if t < 0 {
				prev = -1
				continue
			}
			if prev >= 0 {
				pair[prev][t]++
				single[t]++
			}
			prev = t
		}
	}
	total := 0.0
	for i := range single {
		single[i] += 0.1 * float64(n)
		total += single[i]
	}
	out := make([][]float64, n)
	for i := range out {
		sum := 0.0
		for _, v := range pair[i] {
			sum += v
		}
		out[i] = make([]float64, n)
		for j := range out[i] {
			v := math.Log(pair[i][j]/sum) - math.Log(single[j]/total)
			out[i][j] = math.Round(max(-4, min(4, v))*1e4) / 1e4
		}
	}
	return out
}
