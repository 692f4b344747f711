package decode

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"yingda/models"
	"yingda/nlu"
)

// Intent is the component that reads the intents head.
type Intent struct {
	labels []string // without the reject class
	reject int      // column of the reject class, −1 = none
	spec   models.IntentSpec
	tokens bool // there is an intent_tokens head
}

var _ nlu.Component = (*Intent)(nil)

// NewIntent makes the component for a bundle with an intents head.
func NewIntent(m *models.Manifest) (*Intent, error) {
	i := m.HeadIndex(models.HeadIntents)
	if i < 0 || m.Intents == nil {
		return nil, errors.New("decode intents: the bundle has no intents head")
	}
	d := &Intent{labels: slices.Clone(m.Heads[i].Labels), reject: -1, spec: *m.Intents, tokens: m.HeadIndex(models.HeadIntentTokens) >= 0}
	if d.spec.Reject != "" {
		d.reject = slices.Index(d.labels, d.spec.Reject)
		d.labels = slices.Delete(d.labels, d.reject, d.reject+1)
	}
	return d, nil
}

// Name implements [nlu.Component].
func (d *Intent) Name() string { return "intent@1" }

// Requires implements [nlu.Component].
func (d *Intent) Requires() []nlu.Field { return []nlu.Field{nlu.FieldLogits} }

// Assigns implements [nlu.Component].
func (d *Intent) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldIntents} }

// Annotate implements [nlu.Component].
func (d *Intent) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		logits := a.Logits[models.HeadIntents].Data
		a.OOS = d.OOS(logits)
		a.Ranking = d.Rank(logits, a.OOS)
		var tokens models.Logits
		if d.tokens {
			tokens = a.Logits[models.HeadIntentTokens]
		}
		a.Intents = d.decide(a, tokens)
	}
	return nil
}

// OOS returns the probability that no intent fits; see [models.OOSSpec]. Without a reject class only the energy counts.
func (d *Intent) OOS(logits []float32) float64 {
	energy := LogSumExp(logits, d.reject)
	margin := 0.0
	if d.reject >= 0 {
		margin = float64(logits[d.reject]) - energy
	}
	if d.spec.OOS == (models.OOSSpec{}) {
		return 0
	}
	return Sigmoid(d.spec.OOS.Bias + d.spec.OOS.Margin*margin + d.spec.OOS.Energy*energy)
}

// Scores returns the calibrated distribution over the intents given that one of them fits.
func (d *Intent) Scores(logits []float32) []float64 {
	x := logits
	if d.reject >= 0 {
		x = slices.Delete(slices.Clone(logits), d.reject, d.reject+1)
	}
	out := make([]float64, len(x))
	Softmax(x, d.spec.Temperature, out)
	return out
}

// Rank returns all intents, best first. Their scores and oos sum to 1.
func (d *Intent) Rank(logits []float32, oos float64) []nlu.Prediction {
	scores := d.Scores(logits)
	for i := range scores {
		scores[i] *= 1 - oos
	}
	return rank(d.labels, scores)
}

// decide applies the thresholds: no intent, one, or several with their clauses.
func (d *Intent) decide(a *nlu.Analysis, tokens models.Logits) []nlu.Intent {
	best := a.Ranking[0]
	if a.OOS >= d.spec.MaxOOS && d.spec.MaxOOS < 1 || best.Score < d.spec.MinScore {
		return nil
	}
	whole := nlu.Span{Start: 0, End: len(a.Text)}
	one := []nlu.Intent{{Prediction: best, Span: whole}}
	if tokens.Rows == 0 || d.spec.Clause.MinScore <= 0 {
		return one
	}
	found := d.ByClause(a.Text, a.Encoding.Tokens, tokens)
	if len(found) < 2 {
		return one
	}
	// The message as a whole has the last word on what it is about: its best intent stays, with its own score.
	for i := range found {
		if found[i].Label == best.Label {
			found[i].Score = max(found[i].Score, best.Score)
			return found
		}
	}
	return one
}

// ByClause returns the intents that clauses support on their own, in order; neighbours with the same intent are joined, a label
// appears once.
func (d *Intent) ByClause(text string, toks []nlu.Token, tokens models.Logits) []nlu.Intent {
	clauses := Clauses(text, toks, max(d.spec.Clause.MinTokens, 1))
	if len(clauses) < 2 {
		return nil
	}
	var found []nlu.Intent
	for _, c := range clauses {
		mean := MeanLogits(tokens, tokensIn(toks, c))
		oos := d.OOS(mean)
		p := d.Rank(mean, oos)[0]
		if p.Score < d.spec.Clause.MinScore {
			continue
		}
		if i := slices.IndexFunc(found, func(f nlu.Intent) bool { return f.Label == p.Label }); i >= 0 {
			if i == len(found)-1 {
				found[i].Span.End = c.End
			}
			found[i].Score = max(found[i].Score, p.Score)
			continue
		}
		found = append(found, nlu.Intent{Prediction: p, Span: c})
	}
	slices.SortStableFunc(found, func(a, b nlu.Intent) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return found
}

// MeanLogits averages the rows of some tokens: the logits of the clause they make up.
func MeanLogits(l models.Logits, tokens []int) []float32 {
	mean := make([]float32, l.Cols)
	for _, t := range tokens {
		for k, v := range l.Row(t) {
			mean[k] += v
		}
	}
	for k := range mean {
		mean[k] /= float32(max(len(tokens), 1))
	}
	return mean
}
