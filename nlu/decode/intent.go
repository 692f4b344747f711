package decode

import (
	"cmp"
	"context"
	"errors"
	"math"
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
	reader Reader
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
func (d *Intent) Annotate(ctx context.Context, as []*nlu.Analysis) error {
	var open []*doubt
	for _, a := range as {
		logits := a.Logits[models.HeadIntents].Data
		a.OOS = d.OOS(logits)
		a.Ranking = d.Rank(logits, a.OOS)
		a.Intents = d.Best(a)
		tokens := a.Logits[models.HeadIntentTokens]
		if a.Intents == nil || !d.tokens || tokens.Rows == 0 || d.spec.Clause.MinScore <= 0 {
			continue
		}
		cs := d.Candidates(a, tokens)
		switch again := d.spec.Clause.Again; {
		case d.reader == nil || again == nil:
			d.several(a, cs, d.Evidence, d.spec.Clause.MinScore)
		case d.Spans(cs, a.Ranking[0].Label) == nil:
			d.several(a, cs, d.Evidence, again.To)
		default:
			open = append(open, &doubt{a, cs})
		}
	}
	return d.readAgain(ctx, open)
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

// Best applies the thresholds: no intent, or the best one by the whole message.
func (d *Intent) Best(a *nlu.Analysis) []nlu.Intent {
	best := a.Ranking[0]
	if a.OOS >= d.spec.MaxOOS && d.spec.MaxOOS < 1 || best.Score < d.spec.MinScore {
		return nil
	}
	return []nlu.Intent{{Prediction: best, Span: nlu.Span{Start: 0, End: len(a.Text)}}}
}

// several adds to the message's best intent the candidates that their clauses bear out, in the order they are said.
func (d *Intent) several(a *nlu.Analysis, cs []Candidate, evidence func(Candidate) float64, least float64) {
	found := a.Intents
	for _, c := range cs {
		switch {
		case c.Label == found[0].Label:
			found[0].Span = c.Span
		case evidence(c) >= least:
			found = append(found, nlu.Intent{Prediction: nlu.Prediction{Label: c.Label, Score: max(c.Score, c.Whole, c.Alone)}, Span: c.Span})
		}
	}
	if len(found) == 1 {
		found[0].Span = nlu.Span{Start: 0, End: len(a.Text)}
	}
	slices.SortStableFunc(found, func(x, y nlu.Intent) int { return cmp.Compare(x.Span.Start, y.Span.Start) })
	a.Intents = found
}

// Candidate is an intent that may be a wish of its own.
type Candidate struct {
	nlu.Prediction         // in the clause where it is likeliest
	Whole          float64 // its probability in the whole message
	Top            float64 // probability of the message's best intent in that clause
	Span           nlu.Span
	Joined         bool    // a connective opens that clause, or the one where the message's best intent is likeliest
	Several        float64 // log-odds that the message has several wishes at all; 0 where no head tells
	Apart          bool    // these are two clauses

	// What [Intent.Reread] fills in: the clauses by themselves.
	Alone, Home  float64 // probability of the intent in its clause, and of the message's best intent in its own
	First, Stays bool    // these are the best intents there
}

// runnersUp is how many of the message's best intents are candidates even where no clause puts them first.
const runnersUp = 3

// Candidates returns the message's best intents and the best one of each clause, a label once, with the clause where it is
// likeliest. A message of one clause is cut in two where that makes most sense; one that is too short has none.
func (d *Intent) Candidates(a *nlu.Analysis, tokens models.Logits) []Candidate {
	clauses := Clauses(a.Text, a.Encoding.Tokens, max(d.spec.Clause.MinTokens, 1))
	if len(clauses) < 2 {
		if clauses = d.cut(a.Text, a.Encoding.Tokens, tokens, max(d.spec.Clause.MinTokens, 1)); clauses == nil {
			return nil
		}
	}
	scores := make([][]float64, len(clauses))
	var labels []int
	for i, c := range clauses {
		mean := MeanLogits(tokens, tokensIn(a.Encoding.Tokens, c))
		scores[i] = d.Scores(mean)
		oos := d.OOS(mean)
		for k := range scores[i] {
			scores[i][k] *= 1 - oos
		}
		labels = append(labels, slices.Index(scores[i], slices.Max(scores[i])))
	}
	top := slices.Index(d.labels, a.Ranking[0].Label)
	for _, r := range a.Ranking[:min(runnersUp, len(a.Ranking))] {
		labels = append(labels, slices.Index(d.labels, r.Label))
	}
	slices.Sort(labels)
	home := 0 // the clause where the message's best intent is likeliest
	for i := range clauses {
		if scores[i][top] > scores[home][top] {
			home = i
		}
	}
	var found []Candidate
	several := severalOdds(a.Logits[models.HeadSeveral].Data)
	for _, k := range slices.Compact(labels) {
		c := Candidate{Several: several}
		for i := range clauses {
			if p := scores[i][k]; p > c.Score {
				c.Prediction, c.Span, c.Top = nlu.Prediction{Label: d.labels[k], Score: p}, clauses[i], scores[i][top]
			}
		}
		c.Apart = c.Span != clauses[home]
		c.Joined = opens(a.Text, c.Span.Start) || opens(a.Text, clauses[home].Start)
		if w := slices.IndexFunc(a.Ranking, func(r nlu.Prediction) bool { return r.Label == c.Label }); w >= 0 {
			c.Whole = a.Ranking[w].Score
			found = append(found, c)
		}
	}
	return found
}

// Features are the evidence for a candidate as [models.ClauseSpec] defines it: logit(c), log(w), log(c/t), k, a, logit(s).
func (c Candidate) Features() [6]float64 {
	p := min(max(c.Score, 1e-6), 1-1e-6)
	k, apart := 0.0, 0.0
	if c.Joined {
		k = 1
	}
	if c.Apart {
		apart = 1
	}
	lead := math.Log(p) - math.Log(max(c.Top, 1e-6))
	return [6]float64{math.Log(p / (1 - p)), math.Log(max(c.Whole, 1e-6)), max(-6, min(6, lead)), k, apart, c.Several}
}

// severalOdds are the log-odds of the second class of two, cut off; 0 where there are no logits.
func severalOdds(logits []float32) float64 {
	if len(logits) != 2 {
		return 0
	}
	return max(-models.AgainLimit, min(models.AgainLimit, float64(logits[1])-float64(logits[0])))
}

// Evidence returns the probability that a candidate is a wish of its own.
func (d *Intent) Evidence(c Candidate) float64 {
	f, s := c.Features(), d.spec.Clause
	return Sigmoid(s.Bias + s.Score*f[0] + s.Whole*f[1] + s.Lead*f[2] + s.Connective*f[3] + s.Apart*f[4] + s.Several*f[5])
}

// MeanLogits averages the rows of some tokens: the logits of the clause they make up.
func MeanLogits(l models.Logits, tokens []int) []float32 {
	sum, mean := make([]float64, l.Cols), make([]float32, l.Cols)
	for _, t := range tokens {
		for k, v := range l.Row(t) {
			sum[k] += float64(v)
		}
	}
	for k, v := range sum {
		mean[k] = float32(v / float64(max(len(tokens), 1)))
	}
	return mean
}
