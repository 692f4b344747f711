package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"yingda/models"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/eval"
	"yingda/training/heads"
)

// OOSParts are the data that out-of-scope scores are compared on. None may share messages with another.
type OOSParts struct {
	Train *corpus.Corpus // what the bundle was trained on: centres of classes come from it
	Held  *corpus.Corpus // combinations are fitted on it, and the choice between scores belongs here
	Test  *corpus.Corpus // only judged; nil = none
}

// The shipped score: margin of the reject class and energy; see [models.OOSSpec].
const shippedScore = "reject + energy"

// CompareOOS measures ways to tell what is out of scope with one bundle: those that read the logits, those that read the distance of the
// encoder's pooled state to the intents' centres, and logistic combinations. On the held-out part a combination's score of a message comes from a fit
// on the other folds; on the test part from a fit on the whole held-out part. The first table is that of the held-out part.
func CompareOOS(ctx context.Context, base *models.Bundle, parts OOSParts, cacheDir string, log Progress) ([]*eval.ScoreTable, error) {
	tables, err := compareOOS(ctx, base, parts, cacheDir, log)
	if err != nil {
		return nil, fmt.Errorf("compare out-of-scope scores of %s: %w", base.Manifest.ID, err)
	}
	return tables, nil
}

func compareOOS(ctx context.Context, base *models.Bundle, parts OOSParts, cacheDir string, log Progress) ([]*eval.ScoreTable, error) {
	p, err := newOOSPlace(base)
	if err != nil {
		return nil, err
	}
	whole := corpus.Corpus{Examples: slices.Concat(parts.Train.Examples, parts.Held.Examples)}
	if parts.Test != nil {
		whole.Examples = append(whole.Examples, parts.Test.Examples...)
	}
	d, err := p.read(ctx, &whole, cacheDir, log)
	if err != nil {
		return nil, err
	}
	inTrain, inHeld := len(parts.Train.Examples), len(parts.Train.Examples)+len(parts.Held.Examples)
	log.call("centres of classes", 0, 1, "")
	if p.centres, err = d.stretch(0, inTrain).fitCentres(); err != nil {
		return nil, err
	}
	held := d.stretch(inTrain, inHeld)
	features := p.features(held)
	scores, err := crossScores(ctx, held, features)
	if err != nil {
		return nil, err
	}
	t, err := eval.CompareScores(held.examples, scores, shippedScore, eval.Options{Data: "the held-out part"})
	if err != nil || parts.Test == nil {
		return []*eval.ScoreTable{t}, err
	}
	test := d.stretch(inHeld, len(d.examples))
	if scores, err = testScores(ctx, held, features, p.features(test)); err != nil {
		return nil, err
	}
	last, err := eval.CompareScores(test.examples, scores, shippedScore, eval.Options{Data: "the test part"})
	return []*eval.ScoreTable{t, last}, err
}

// stretch is the dataset of the examples [from, to), with pooled states only.
func (d *dataset) stretch(from, to int) *dataset {
	p := *d
	p.examples, p.f = d.examples[from:to], &Features{Dim: d.f.Dim, Pooled: d.f.Pooled[from*d.f.Dim : to*d.f.Dim]}
	return &p
}

// oosPlace is a bundle taken apart: states, the intents head, and the centres.
type oosPlace struct {
	base    *models.Bundle
	states  *models.Bundle // gives pooled states
	dim     int
	head    *heads.Linear
	labels  []string
	reject  int
	centres *centres
}

func newOOSPlace(base *models.Bundle) (*oosPlace, error) {
	model, dim, err := encoderOf(base)
	if err != nil {
		return nil, err
	}
	fit, err := headsOf(base, dim)
	if err != nil {
		return nil, err
	}
	i := base.Manifest.HeadIndex(models.HeadIntents)
	if fit.intents == nil || i < 0 || base.Manifest.Intents == nil || base.Manifest.Intents.Reject == "" {
		return nil, fmt.Errorf("it has no class for what is out of scope")
	}
	labels := base.Manifest.Heads[i].Labels
	return &oosPlace{base: base, states: stateBundle(base, model, dim), dim: dim, head: fit.intents, labels: labels, reject: slices.Index(labels, base.Manifest.Intents.Reject)}, nil
}

// read encodes a part of the data, with the labels of the bundle.
func (p *oosPlace) read(ctx context.Context, c *corpus.Corpus, cacheDir string, log Progress) (*dataset, error) {
	f, err := cachedStates(ctx, p.states, p.dim, c, cacheDir, log)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	f.States = nil // pooled ones are enough
	d := &dataset{examples: c.Examples, f: f, intents: p.labels, intentIndex: map[string]int{}}
	for i, l := range p.labels {
		d.intentIndex[l] = i
	}
	for i := range d.examples {
		for _, l := range d.examples[i].Intents {
			if _, known := d.intentIndex[l]; !known {
				return nil, fmt.Errorf("%s: the bundle does not know the intent %s", d.examples[i].Origin, l)
			}
		}
	}
	return d, nil
}

// What is known of a message, by column; all are higher further from the intents.
const (
	colProbability = iota
	colLogit
	colEnergy
	colReject
	colCosine
	colMahalanobis
	colRelative
	colCount
)

// single are the scores that are one column.
var singleScores = []struct {
	name   string
	column int
}{{"largest probability", colProbability}, {"largest logit", colLogit}, {"energy", colEnergy}, {"reject head", colReject},
	{"cosine to centres", colCosine}, {"Mahalanobis", colMahalanobis}, {"relative Mahalanobis", colRelative}}

// combined are logistic models of several columns.
var combinedScores = []struct {
	name    string
	columns []int
}{
	{shippedScore, []int{colReject, colEnergy}},
	{"reject + energy + probability", []int{colReject, colEnergy, colProbability}},
	{"reject + energy + cosine", []int{colReject, colEnergy, colCosine}},
	{"reject + energy + Mahalanobis", []int{colReject, colEnergy, colMahalanobis}},
	{"reject + energy + relative M.", []int{colReject, colEnergy, colRelative}},
	{"all", []int{colProbability, colLogit, colEnergy, colReject, colCosine, colMahalanobis, colRelative}},
}

// features works out the columns of every message.
func (p *oosPlace) features(d *dataset) [][colCount]float64 {
	out := make([][colCount]float64, len(d.examples))
	logits, probability := make([]float32, p.head.Classes), make([]float64, p.head.Classes-1)
	for i := range out {
		x := d.f.Row(i)
		p.head.Logits(x, logits)
		inner := slices.Delete(slices.Clone(logits), p.reject, p.reject+1)
		decode.Softmax(inner, p.base.Manifest.Intents.Temperature, probability)
		energy := decode.LogSumExp(logits, p.reject)
		nearest, relative := p.centres.mahalanobis(x)
		out[i] = [colCount]float64{colProbability: 1 - slices.Max(probability), colLogit: -float64(slices.Max(inner)), colEnergy: -energy,
			colReject: float64(logits[p.reject]) - energy, colCosine: p.centres.cosine(x), colMahalanobis: math.Sqrt(nearest), colRelative: relative}
	}
	return out
}

// scoreFolds of the fits on the held-out part, by place: that part was chosen by the hash of its texts, which cannot divide it once more. A handful
// of weights cannot learn a message by heart that resembles another one.
const scoreFolds = 5

// crossScores judges the held-out part: a combination is fitted on the other folds.
func crossScores(ctx context.Context, d *dataset, features [][colCount]float64) ([]eval.NamedScores, error) {
	out := singles(features)
	for _, c := range combinedScores {
		values := make([]float64, len(features))
		for fold := range scoreFolds {
			w, err := fitScore(ctx, d, features, c.columns, func(i int) bool { return i%scoreFolds != fold })
			if err != nil {
				return nil, fmt.Errorf("%s, fold %d: %w", c.name, fold+1, err)
			}
			for i := range features {
				if i%scoreFolds == fold {
					values[i] = w.of(features[i])
				}
			}
		}
		out = append(out, eval.NamedScores{Name: c.name, Values: values})
	}
	return out, nil
}

// testScores judges other messages by fits on the whole held-out part.
func testScores(ctx context.Context, held *dataset, fit, features [][colCount]float64) ([]eval.NamedScores, error) {
	out := singles(features)
	for _, c := range combinedScores {
		w, err := fitScore(ctx, held, fit, c.columns, func(int) bool { return true })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		values := make([]float64, len(features))
		for i := range features {
			values[i] = w.of(features[i])
		}
		out = append(out, eval.NamedScores{Name: c.name, Values: values})
	}
	return out, nil
}

func singles(features [][colCount]float64) []eval.NamedScores {
	var out []eval.NamedScores
	for _, s := range singleScores {
		values := make([]float64, len(features))
		for i, f := range features {
			values[i] = f[s.column]
		}
		out = append(out, eval.NamedScores{Name: s.name, Values: values})
	}
	return out
}

// scoreModel is a logistic model of some columns.
type scoreModel struct {
	columns []int
	weights []float64
	bias    float64
}

func (m *scoreModel) of(f [colCount]float64) float64 {
	sum := m.bias
	for k, c := range m.columns {
		sum += m.weights[k] * f[c]
	}
	return sum
}

// fitScore fits the model as [models.OOSSpec] is fitted: penalty and all.
func fitScore(ctx context.Context, d *dataset, features [][colCount]float64, columns []int, in func(i int) bool) (*scoreModel, error) {
	r := &rows{}
	for i := range d.examples {
		if !d.examples[i].HasIntents || !in(i) {
			continue
		}
		y := 0
		if d.examples[i].OutOfScope() {
			y = 1
		}
		x := make([]float32, len(columns))
		for k, c := range columns {
			x[k] = float32(features[i][c])
		}
		r.add(x, y, 1)
	}
	l, err := heads.Softmax(ctx, r.x, len(columns), r.y, 2, heads.SoftmaxOptions{L2: scoreL2, Weights: r.w})
	if err != nil {
		return nil, err
	}
	m := &scoreModel{columns: columns, bias: float64(l.B[1] - l.B[0])}
	for k := range columns {
		m.weights = append(m.weights, float64(l.W[2*k+1]-l.W[2*k]))
	}
	return m, nil
}

// HeldOut divides a corpus as the training of a bundle did: what its encoder and heads learnt from, and the share that was held out from them.
func HeldOut(base *models.Bundle, c *corpus.Corpus) (train, held *corpus.Corpus, err error) {
	share, ok := base.Manifest.Training["hold_out"].(float64)
	if !ok || !(share > 0 && share <= 0.5) {
		return nil, nil, fmt.Errorf("%s says of no share of its corpus that it was held out: it was not made by a training that holds one out", base.Manifest.ID)
	}
	train, held = holdOut(c, share)
	return train, held, nil
}
