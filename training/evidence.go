package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/heads"
)

// chooseClause fits the evidence model on the clauses' best intents other than the message's, then the threshold.
func (d *dataset) chooseClause(ctx context.Context, h *heldOut, spec *models.IntentSpec) error {
	dec, err := d.decoder(spec)
	if err != nil {
		return err
	}
	r := &rows{}
	positive := 0
	learn := func(a *nlu.Analysis, intents []string) {
		if !slices.Contains(intents, a.Ranking[0].Label) {
			return // the message is misunderstood: what is right beside that answer is no second wish
		}
		for _, c := range dec.Candidates(a, a.Logits[models.HeadIntentTokens]) {
			if c.Label == a.Ranking[0].Label {
				continue
			}
			y := 0
			if slices.Contains(intents, c.Label) {
				y = 1
				positive++
			}
			f := c.Features()
			r.add([]float32{float32(f[0]), float32(f[1]), float32(f[2]), float32(f[3]), float32(f[4])}, y, 1)
		}
	}
	for i, eg := range d.examples {
		if h.tokens[i].Rows > 0 && len(eg.Intents) > 0 {
			learn(d.analysis(h, i, dec), eg.Intents)
		}
	}
	for j, a := range h.pairs {
		learn(ranked(a, dec), d.pairIntents(j))
	}
	if positive < 10 || positive == len(r.y) {
		return nil // too little to learn from: one intent a message
	}
	l, err := heads.Softmax(ctx, r.x, 5, r.y, 2, heads.SoftmaxOptions{L2: 1e-3})
	if err != nil {
		return fmt.Errorf("fit clause evidence: %w", err)
	}
	weight := func(k int) float64 { return float64(l.W[2*k+1] - l.W[2*k]) }
	spec.Clause = models.ClauseSpec{MinTokens: minClause, Bias: float64(l.B[1] - l.B[0]), Score: weight(0), Whole: weight(1), Lead: weight(2), Connective: weight(3), Apart: weight(4)}
	return d.chooseEvidence(h, spec)
}

// severalShare is the share of messages with several wishes for which the clause threshold is chosen.
const severalShare = 0.15

func (d *dataset) chooseEvidence(h *heldOut, spec *models.IntentSpec) error {
	best, bestScore := 0.0, -1.0
	for least := 0.1; least < 0.96; least += 0.025 {
		spec.Clause.MinScore = least
		dec, err := d.decoder(spec)
		if err != nil {
			return err
		}
		var right, total [2]float64 // one wish, several
		judge := func(a *nlu.Analysis, intents []string) error {
			kind := min(len(intents), 2) - 1
			total[kind]++
			err := dec.Annotate(context.Background(), []*nlu.Analysis{a})
			if sameIntents(a.Intents, intents) {
				right[kind]++
			}
			return err
		}
		for i, eg := range d.examples {
			if len(eg.Intents) > 0 && eg.HasIntents {
				if err := judge(d.analysis(h, i, dec), eg.Intents); err != nil {
					return err
				}
			}
		}
		for j, a := range h.pairs {
			if err := judge(ranked(a, dec), d.pairIntents(j)); err != nil {
				return err
			}
		}
		score := (1-severalShare)*right[0]/total[0] + severalShare*right[1]/total[1]
		if score > bestScore {
			best, bestScore = least, score
		}
	}
	spec.Clause.MinScore = math.Round(best*1e3) / 1e3
	return nil
}
