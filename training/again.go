package training

import (
	"context"
	"fmt"
	"slices"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

// Between these evidences of the first reading clauses are read again: in one message of 20 or 30. From 0.1 to 1 it would be one in six, for as many right
// decisions; what it costs shows most in long messages, whose answers take longest anyway.
const (
	againFrom = 0.3
	againTo   = 0.6
)

// againGain is by how much more exact decisions reading again must bring, cross-validated, to be worth its time. Where the bundle has no head that tells
// messages of several wishes it brought 1.8 points, where it has one 0.1 to 1.5.
const againGain = 0.01

// againFolds are the parts of the cross-validation that judges it.
const againFolds = 5

// reader answers texts by themselves with the heads of the bundle that is being made.
type reader func(ctx context.Context, texts []string) ([]models.Logits, error)

// readerOf runs heads over the encoder of states, a bundle with one Tokens head.
func (d *dataset) readerOf(states *models.Bundle, fit fitted, log Progress) reader {
	if fit.intents == nil {
		return nil
	}
	return func(ctx context.Context, texts []string) ([]models.Logits, error) {
		f, err := Extract(ctx, states, texts, false, func(done, total int) { log.call("read clauses by themselves", done, total, "") })
		if err != nil {
			return nil, fmt.Errorf("read clauses: %w", err)
		}
		out := make([]models.Logits, len(texts))
		for i := range texts {
			out[i] = models.Logits{Rows: 1, Cols: fit.intents.Classes, Data: make([]float32, fit.intents.Classes)}
			fit.intents.Logits(f.Row(i), out[i].Data)
		}
		return out, nil
	}
}

// rereading is a held-out message whose candidates were read again.
type rereading struct {
	a       *nlu.Analysis
	best    nlu.Prediction
	cs      []decode.Candidate
	intents []string
}

// chooseAgain fits the evidence of clauses that are read by themselves, and its threshold. Without a reader nothing is read again, nor where it gains too little over the share once
// of exact decisions by the first evidence.
func (d *dataset) chooseAgain(ctx context.Context, h *heldOut, spec *models.IntentSpec, once float64) error {
	if h.read == nil {
		return nil
	}
	spec.Clause.Again = &models.AgainSpec{From: againFrom, To: againTo}
	dec, err := d.decoder(spec)
	if err != nil {
		return err
	}
	all, err := d.reread(ctx, h, dec)
	if err != nil {
		return err
	}
	share, err := d.againShare(ctx, spec, all)
	if err != nil {
		return err
	}
	ok, err := d.fitAgain(ctx, spec.Clause.Again, dec, all)
	if err != nil || !ok || share < once+againGain {
		spec.Clause.Again = nil
		return err
	}
	spec.Clause.Again.MinScore, _, err = bestShare(exactBy(all, func(int) *decode.Intent { return dec }))
	return err
}

// fitAgain fits the weights of the second reading, into s, which dec reads; not ok where there is too little to learn from.
func (d *dataset) fitAgain(ctx context.Context, s *models.AgainSpec, dec *decode.Intent, from []*rereading) (ok bool, err error) {
	var e evidence
	for _, r := range from {
		doubtful := slices.DeleteFunc(slices.Clone(r.cs), func(c decode.Candidate) bool { return !dec.Doubtful(c) })
		e.learn(r.best.Label, r.intents, doubtful, func(c decode.Candidate) []float64 {
			f := c.FeaturesAgain()
			return f[:]
		})
	}
	w, ok, err := e.fit(ctx)
	if err != nil || !ok {
		return false, err
	}
	for i, to := range []*float64{&s.Bias, &s.Score, &s.Whole, &s.Lead, &s.Connective, &s.Apart, &s.Several, &s.Alone, &s.Home, &s.First, &s.Stays} {
		*to = w[i]
	}
	return true, nil
}

// againShare is the share of exact decisions when each message is judged by weights that were fitted on others; 0 where there is too little to fit them on.
func (d *dataset) againShare(ctx context.Context, spec *models.IntentSpec, all []*rereading) (float64, error) {
	var decs []*decode.Intent
	for k := range againFolds {
		part := *spec
		again := *spec.Clause.Again
		part.Clause.Again = &again
		dec, err := d.decoder(&part)
		if err != nil {
			return 0, err
		}
		var others []*rereading
		for i, r := range all {
			if i%againFolds != k {
				others = append(others, r)
			}
		}
		if ok, err := d.fitAgain(ctx, &again, dec, others); err != nil || !ok {
			return 0, err
		}
		decs = append(decs, dec)
	}
	_, share, err := bestShare(exactBy(all, func(i int) *decode.Intent { return decs[i%againFolds] }))
	return share, err
}

// exactBy counts the messages that are decided as they should be, each by its decoder.
func exactBy(all []*rereading, by func(i int) *decode.Intent) func(least float64) (*tally, error) {
	return func(least float64) (*tally, error) {
		t := &tally{}
		for i, r := range all {
			t.count(r.intents, r.exact(by(i), least))
		}
		return t, nil
	}
}

// reread collects the held-out messages and reads the doubtful clauses of all of them in one go.
func (d *dataset) reread(ctx context.Context, h *heldOut, dec *decode.Intent) (all []*rereading, err error) {
	var texts []string
	d.messages(h, dec, func(a *nlu.Analysis, intents []string) {
		r := &rereading{a: a, best: a.Ranking[0], intents: intents, cs: dec.Candidates(a, a.Logits[models.HeadIntentTokens])}
		for _, s := range dec.Spans(r.cs, r.best.Label) {
			texts = append(texts, decode.ClauseText(a.Text, s))
		}
		all = append(all, r)
	})
	logits, err := h.read(ctx, texts)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		n := len(dec.Spans(r.cs, r.best.Label))
		dec.Reread(r.cs, r.best.Label, logits[:n])
		logits = logits[n:]
	}
	return all, nil
}

// exact tells whether a message is decided as it should be with a threshold.
func (r *rereading) exact(dec *decode.Intent, least float64) bool {
	if dec.Best(r.a) == nil {
		return false
	}
	got := []string{r.best.Label}
	for _, c := range r.cs {
		if c.Label != r.best.Label && dec.EvidenceAgain(c) >= least {
			got = append(got, c.Label)
		}
	}
	want := slices.Sorted(slices.Values(r.intents))
	return slices.Equal(slices.Sorted(slices.Values(got)), want)
}
