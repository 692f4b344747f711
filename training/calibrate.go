package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/heads"
)

// heldOut are predictions for every example by a model that has not seen it.
type heldOut struct {
	intents []([]float32)   // logits of the whole text
	tokens  []models.Logits // intent logits a token
	emotion []([]float32)
	several []([]float32)   // nil where there is no such head
	pairs   []*nlu.Analysis // answers to the dataset's pairs, ranking not filled in; nil where none were asked for
	read    reader          // of clauses by themselves; nil = they are not read again
}

func newHeldOut(n int) *heldOut {
	return &heldOut{intents: make([][]float32, n), tokens: make([]models.Logits, n), emotion: make([][]float32, n), several: make([][]float32, n)}
}

// crossValidate fits the linear heads once a fold on the other folds.
func (d *dataset) crossValidate(ctx context.Context, r Recipe, log Progress) (*heldOut, error) {
	h := newHeldOut(len(d.examples))
	for fold := range r.Folds {
		var train, held []int
		for i := range d.examples {
			if corpus.FoldOf(d.examples[i].Text, r.Folds) == fold {
				held = append(held, i)
			} else {
				train = append(train, i)
			}
		}
		stage := fmt.Sprintf("cross-validation %d/%d", fold+1, r.Folds)
		if err := h.predictFold(ctx, d, train, held, r, stage, log); err != nil {
			return nil, fmt.Errorf("%s %w", stage, err)
		}
	}
	return h, nil
}

// predictFold fits heads on some examples and answers others with them.
func (h *heldOut) predictFold(ctx context.Context, d *dataset, train, held []int, r Recipe, stage string, log Progress) error {
	if !r.Intents.Skip {
		l, err := d.fitAll(ctx, "intents", d.intents, d.intentRows(train), r.Intents, stage+" ", log)
		if err != nil {
			return err
		}
		h.predictIntents(d, l, held)
	}
	if !r.Emotion.Skip {
		l, err := d.fitAll(ctx, "emotion", d.emotions, d.emotionRows(train), r.Emotion, stage+" ", log)
		if err != nil {
			return err
		}
		for _, i := range held {
			h.emotion[i] = linearLogits(l, d.f.Row(i))
		}
	}
	if !r.Several.Skip {
		l, err := d.fitAll(ctx, "several", severalLabels, d.severalRows(train), r.Several, stage+" ", log)
		if err != nil {
			return err
		}
		h.predictSeveral(d, l, held)
	}
	return nil
}

// fitAll fits a head on rows of which every label has some.
func (d *dataset) fitAll(ctx context.Context, head string, labels []string, rows *rows, o LinearRecipe, stage string, log Progress) (*heads.Linear, error) {
	if err := complete(labels, rows.y); err != nil {
		return nil, fmt.Errorf("%s: %w", head, err)
	}
	l, err := d.fitLinear(ctx, rows, len(labels), o, log.iteration(stage+head, o.MaxIter))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", head, err)
	}
	return l, nil
}

func (h *heldOut) predictIntents(d *dataset, l *heads.Linear, held []int) {
	for _, i := range held {
		h.intents[i] = make([]float32, l.Classes)
		l.Logits(d.f.Row(i), h.intents[i])
		if d.f.States == nil {
			continue
		}
		h.tokens[i] = d.tokenLogits(l, i)
	}
}

// tokenLogits runs a head over each token of a text.
func (d *dataset) tokenLogits(l *heads.Linear, i int) models.Logits {
	t := models.Logits{Rows: len(d.f.Tokens[i]), Cols: l.Classes}
	t.Data = make([]float32, t.Rows*t.Cols)
	for k := range t.Rows {
		l.Logits(d.f.States[i][k*d.f.Dim:(k+1)*d.f.Dim], t.Row(k))
	}
	return t
}

func (d *dataset) fitLinear(ctx context.Context, r *rows, classes int, o LinearRecipe, progress func(int, float64)) (*heads.Linear, error) {
	return heads.Softmax(ctx, r.x, d.f.Dim, r.y, classes, heads.SoftmaxOptions{L2: o.L2, MaxIter: o.MaxIter, Weights: r.w, Progress: progress, Mul: d.mul})
}

// temperature finds the T > 0 that minimises the negative log-likelihood of the labels under softmax(logits/T), by golden-section
// search on log T between 0.1 and 10. Without labels T is 1.
func temperature(logits [][]float32, labels []int) float64 {
	if len(labels) == 0 {
		return 1
	}
	nll := func(logT float64) float64 {
		t, sum := math.Exp(logT), 0.0
		for i, x := range logits {
			p := make([]float64, len(x))
			decode.Softmax(x, t, p)
			sum -= math.Log(p[labels[i]] + 1e-12)
		}
		return sum
	}
	lo, hi := math.Log(0.1), math.Log(10)
	phi := (math.Sqrt(5) - 1) / 2
	a, b := hi-phi*(hi-lo), lo+phi*(hi-lo)
	fa, fb := nll(a), nll(b)
	for hi-lo > 1e-3 {
		if fa < fb {
			hi, b, fb = b, a, fa
			a = hi - phi*(hi-lo)
			fa = nll(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + phi*(hi-lo)
			fb = nll(b)
		}
	}
	return math.Exp((lo + hi) / 2)
}

// intentSpec fits temperature, out-of-scope probability and thresholds on held-out predictions.
func (d *dataset) intentSpec(ctx context.Context, h *heldOut) (*models.IntentSpec, error) {
	spec := &models.IntentSpec{Temperature: 1, MaxOOS: 1, Clause: models.ClauseSpec{MinTokens: minClause}}
	reject := -1
	if d.intents[len(d.intents)-1] == OutOfScope {
		reject = len(d.intents) - 1
		spec.Reject = OutOfScope
	}
	var logits [][]float32
	var labels []int
	for i, eg := range d.examples {
		if eg.HasIntents && len(eg.Intents) == 1 {
			x := h.intents[i]
			if reject >= 0 {
				x = x[:reject]
			}
			logits, labels = append(logits, x), append(labels, slices.Index(d.intents, eg.Intents[0]))
		}
	}
	spec.Temperature = temperature(logits, labels)
	if reject >= 0 {
		if err := d.fitOOS(ctx, h, spec, reject); err != nil {
			return nil, err
		}
	}
	return spec, d.chooseThresholds(ctx, h, spec)
}

// scoreL2 is the penalty of the out-of-scope score: two weights from thousands of messages need next to none.
const scoreL2 = 1e-4

func (d *dataset) fitOOS(ctx context.Context, h *heldOut, spec *models.IntentSpec, reject int) error {
	r := &rows{}
	for i, eg := range d.examples {
		if !eg.HasIntents {
			continue
		}
		y := 0
		if eg.OutOfScope() {
			y = 1
		}
		energy := decode.LogSumExp(h.intents[i], reject)
		r.add([]float32{h.intents[i][reject] - float32(energy), float32(energy)}, y, float32(d.weight(&d.examples[i])))
	}
	l, err := heads.Softmax(ctx, r.x, 2, r.y, 2, heads.SoftmaxOptions{L2: scoreL2, Weights: r.w})
	if err != nil {
		return fmt.Errorf("fit out-of-scope score: %w", err)
	}
	spec.OOS = models.OOSSpec{Bias: float64(l.B[1] - l.B[0]), Margin: float64(l.W[1] - l.W[0]), Energy: float64(l.W[3] - l.W[2])}
	return nil
}

// What a decision is worth when thresholds are chosen: a right answer or a justified rejection counts 1, a needless rejection 0 (the
// bot asks again), a wrong answer costs a little: the customer can say so.
const wrongCost = 0.2

// chooseThresholds picks MaxOOS and MinScore that maximise the worth of the decisions on single intents and out of scope, then the clause
// model for messages with several wishes.
func (d *dataset) chooseThresholds(ctx context.Context, h *heldOut, spec *models.IntentSpec) error {
	dec, err := d.decoder(spec)
	if err != nil {
		return err
	}
	type case_ struct {
		oos, score, weight float64
		right, inner       bool
	}
	var cases []case_
	for i, eg := range d.examples {
		if !eg.HasIntents || len(eg.Intents) > 1 {
			continue
		}
		oos := dec.OOS(h.intents[i])
		best := dec.Rank(h.intents[i], oos)[0]
		c := case_{oos: oos, score: best.Score, inner: len(eg.Intents) == 1, weight: d.weight(&d.examples[i])}
		c.right = c.inner && best.Label == eg.Intents[0]
		cases = append(cases, c)
	}
	best := math.Inf(-1)
	for maxOOS := 0.1; maxOOS < 0.96; maxOOS += 0.05 {
		for minScore := 0.0; minScore < 0.45; minScore += 0.025 {
			worth := 0.0
			for _, c := range cases {
				rejected := c.oos >= maxOOS || c.score < minScore
				switch {
				case rejected && !c.inner, !rejected && c.right:
					worth += c.weight
				case !rejected:
					worth -= wrongCost * c.weight
				}
			}
			if worth > best+1e-9 {
				best, spec.MaxOOS, spec.MinScore = worth, math.Round(maxOOS*1e3)/1e3, math.Round(minScore*1e3)/1e3
			}
		}
	}
	return d.chooseClause(ctx, h, spec)
}

func (d *dataset) decoder(spec *models.IntentSpec) (*decode.Intent, error) {
	return decode.NewIntent(&models.Manifest{Intents: spec, Heads: []models.Head{
		{Name: models.HeadIntents, Kind: models.Sequence, Labels: d.intents},
		{Name: models.HeadIntentTokens, Kind: models.Tokens, Labels: d.intents}}})
}

// analysis presents held-out logits to the decoder, ranking included.
func (d *dataset) analysis(h *heldOut, i int, dec *decode.Intent) *nlu.Analysis {
	logits := h.intents[i]
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: d.examples[i].Text}, Encoding: nlu.Encoding{Tokens: d.f.Tokens[i]},
		Ranking: dec.Rank(logits, dec.OOS(logits)),
		Logits:  map[string]models.Logits{models.HeadIntents: {Rows: 1, Cols: len(d.intents), Data: logits}, models.HeadIntentTokens: h.tokens[i]}}
	noteSeveral(a, h.several[i])
	return a
}

// ranked fills in the ranking as the decoder sees it now.
func ranked(a *nlu.Analysis, dec *decode.Intent) *nlu.Analysis {
	logits := a.Logits[models.HeadIntents].Data
	a.Ranking = dec.Rank(logits, dec.OOS(logits))
	return a
}

// pairIntents are the wishes of a pair.
func (d *dataset) pairIntents(j int) []string {
	p := d.pairs[j]
	return []string{d.examples[p.first].Intents[0], d.examples[p.second].Intents[0]}
}

// predictPairs runs the intents head over the dataset's pairs.
func (h *heldOut) predictPairs(d *dataset, fit fitted) {
	l := fit.intents
	for j, p := range d.pairs {
		i := len(d.examples) + j
		whole := models.Logits{Rows: 1, Cols: l.Classes, Data: make([]float32, l.Classes)}
		l.Logits(d.f.Row(i), whole.Data)
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: p.text}, Encoding: nlu.Encoding{Tokens: d.f.Tokens[i]},
			Logits: map[string]models.Logits{models.HeadIntents: whole, models.HeadIntentTokens: d.tokenLogits(l, i)}}
		if fit.several != nil {
			noteSeveral(a, linearLogits(fit.several, d.f.Row(i)))
		}
		h.pairs = append(h.pairs, a)
	}
}

func sameIntents(got []nlu.Intent, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for _, g := range got {
		if !slices.Contains(want, g.Label) {
			return false
		}
	}
	return true
}

// emotionSpec fits the temperature on held-out predictions.
func (d *dataset) emotionSpec(h *heldOut, tax *corpus.Taxonomy) *models.EmotionSpec {
	var logits [][]float32
	var labels []int
	for i, eg := range d.examples {
		if eg.Emotion != "" {
			logits, labels = append(logits, h.emotion[i]), append(labels, slices.Index(d.emotions, eg.Emotion))
		}
	}
	spec := &models.EmotionSpec{Temperature: temperature(logits, labels), Neutral: "neutral", Valence: map[string]string{}}
	if !slices.Contains(d.emotions, spec.Neutral) {
		spec.Neutral = d.emotions[0]
	}
	for _, e := range d.emotions {
		if v := tax.Valence(e); v != "" {
			spec.Valence[e] = v
		}
	}
	return spec
}

func all(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}
