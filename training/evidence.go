package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/training/heads"
)

// chooseClause fits the evidence model on the clauses' best intents other than the message's, then the threshold.
func (d *dataset) chooseClause(ctx context.Context, h *heldOut, spec *models.IntentSpec) error {
	dec, err := d.decoder(spec)
	if err != nil {
		return err
	}
	var e evidence
	d.messages(h, dec, func(a *nlu.Analysis, intents []string) {
		e.learn(a.Ranking[0].Label, intents, dec.Candidates(a, a.Logits[models.HeadIntentTokens]), func(c decode.Candidate) []float64 {
			f := c.Features()
			return f[:]
		})
	})
	w, ok, err := e.fit(ctx)
	if err != nil || !ok {
		return err // not ok: too little to learn from, one intent a message
	}
	spec.Clause = models.ClauseSpec{MinTokens: minClause, Bias: w[0], Score: w[1], Whole: w[2], Lead: w[3], Connective: w[4], Apart: w[5], Several: w[6]}
	once, err := d.chooseEvidence(h, spec)
	if err != nil {
		return err
	}
	return d.chooseAgain(ctx, h, spec, once)
}

// enoughSeveral is from how many written messages of several wishes on pairs are not needed to learn what a second wish is: what is put together from two
// messages falls apart more clearly than what people write.
const enoughSeveral = 100

// messages calls f with every held-out message that has intents, with its ranking and the intents it has; pairs are included where few
// messages of several wishes were written.
func (d *dataset) messages(h *heldOut, dec *decode.Intent, f func(a *nlu.Analysis, intents []string)) {
	several := 0
	for i, eg := range d.examples {
		if h.tokens[i].Rows > 0 && len(eg.Intents) > 0 {
			f(d.analysis(h, i, dec), eg.Intents)
			several += min(len(eg.Intents)-1, 1)
		}
	}
	if several >= enoughSeveral {
		return
	}
	for j, a := range h.pairs {
		f(ranked(a, dec), d.pairIntents(j))
	}
}

// evidence is what a model of second wishes learns from.
type evidence struct {
	rows
	width, positive int
}

// learn takes the candidates of one message besides its best intent. A misunderstood message teaches nothing: what is right beside a wrong answer is no
// second wish.
func (e *evidence) learn(best string, intents []string, cs []decode.Candidate, features func(decode.Candidate) []float64) {
	if !slices.Contains(intents, best) {
		return
	}
	for _, c := range cs {
		if c.Label == best {
			continue
		}
		y := 0
		if slices.Contains(intents, c.Label) {
			y = 1
			e.positive++
		}
		var x []float32
		for _, f := range features(c) {
			x = append(x, float32(f))
		}
		e.add(x, y, 1)
		e.width = len(x)
	}
}

// fit returns the bias and the weights of a logistic model; not ok where there is too little to learn from.
func (e *evidence) fit(ctx context.Context) (weights []float64, ok bool, err error) {
	if e.positive < 10 || e.positive == len(e.y) {
		return nil, false, nil
	}
	l, err := heads.Softmax(ctx, e.x, e.width, e.y, 2, heads.SoftmaxOptions{L2: 1e-3})
	if err != nil {
		return nil, false, fmt.Errorf("fit clause evidence: %w", err)
	}
	weights = []float64{float64(l.B[1] - l.B[0])}
	for k := range e.width {
		weights = append(weights, float64(l.W[2*k+1]-l.W[2*k]))
	}
	return weights, true, nil
}

// severalShare is the share of messages with several wishes for which the thresholds of second wishes are chosen.
const severalShare = 0.15

// chooseEvidence picks the threshold of the first evidence, and returns the share of exact decisions with it.
func (d *dataset) chooseEvidence(h *heldOut, spec *models.IntentSpec) (share float64, err error) {
	spec.Clause.MinScore, share, err = bestShare(func(least float64) (*tally, error) {
		spec.Clause.MinScore = least
		dec, err := d.decoder(spec)
		if err != nil {
			return nil, err
		}
		t := &tally{}
		d.messages(h, dec, func(a *nlu.Analysis, intents []string) {
			if err == nil {
				err = dec.Annotate(context.Background(), []*nlu.Analysis{a})
				t.count(intents, sameIntents(a.Intents, intents))
			}
		})
		return t, err
	})
	return share, err
}

// tally counts messages of one wish and of several, and those that are decided exactly as they should be.
type tally struct{ right, total [2]float64 }

func (t *tally) count(intents []string, right bool) {
	kind := min(len(intents), 2) - 1
	t.total[kind]++
	if right {
		t.right[kind]++
	}
}

// plateau is how much less than the best a threshold may score and count as good as it: three messages in two thousand are chance.
const plateau = 0.0015

// bestShare tries thresholds and returns the one with most exact decisions in a traffic of which severalShare have several wishes, and their share. The curve is flat around its top, and
// which point is highest there is chance: the middle of those as good as the best is taken.
func bestShare(decide func(least float64) (*tally, error)) (least, share float64, err error) {
	var tried, scores []float64
	for least := 0.1; least < 0.96; least += 0.025 {
		t, err := decide(least)
		if err != nil {
			return 0, 0, err
		}
		tried = append(tried, math.Round(least*1e3)/1e3)
		scores = append(scores, (1-severalShare)*t.right[0]/max(t.total[0], 1)+severalShare*t.right[1]/max(t.total[1], 1))
	}
	var good []float64
	for i, s := range scores {
		if s >= slices.Max(scores)-plateau {
			good = append(good, tried[i])
		}
	}
	return good[(len(good)-1)/2], slices.Max(scores), nil
}
