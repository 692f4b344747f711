package measure

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"yingda/dialogue/knowledge"
	"yingda/nlu"
)

// Fit fits weights on the development parts and returns new parameters. Half of the bases are for what ranks entries, together with the
// labelled pairs; the other half, which ranking has not seen, is for what turns ranks into probabilities.
func Fit(ctx context.Context, sets []Set, m *knowledge.Meaning, e knowledge.Embedder, o Options) (*knowledge.Params, error) {
	p := *knowledge.DefaultParams()
	if o.Params != nil {
		p = *o.Params
	}
	p.Weights = map[string]*knowledge.Weights{}
	var names []string
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		data, err := gather(ctx, sets, lang, m, e, o)
		if err != nil {
			return nil, err
		}
		if len(data.rank) == 0 || len(data.score) == 0 {
			return nil, fmt.Errorf("there is nothing to fit %s on: massive is for zh, banking77 and massive for en", lang)
		}
		names = append(names, data.names...)
		for _, meaning := range []bool{true, false} {
			if meaning && m == nil {
				return nil, fmt.Errorf("fitting needs a bundle that embeds")
			}
			name, method := string(lang), Fused
			if !meaning {
				name, method = name+".words", ByWords
			}
			w := data.fitRank(method, startWeights(meaning))
			for range 2 { // the hardest rivals change with the weights
				w = data.fitRank(method, w)
			}
			data.fitScore(method, w)
			p.Weights[name] = round(w)
		}
	}
	p.Fitted = "bundle " + string(m.Bundle) + ", development parts of " + strings.Join(names, ", ")
	return &p, nil
}

// startWeights are what fitting begins with.
func startWeights(meaning bool) *knowledge.Weights {
	w := &knowledge.Weights{Rank: [knowledge.EvidenceSize]float64{-4, 0, 1, 1, 3, 2, 1, 0, -1, -0.5, -0.5, 0, 0, 0}, Score: [knowledge.ScoreSize]float64{0, 1}}
	if meaning {
		w.Rank[1] = 3
	}
	return w
}

// fitData is what one language's weights are fitted on.
type fitData struct {
	v           *evaluator
	lang        nlu.Lang
	names       []string
	rank, score []Trial
	pairs       []Pair
	base        Trial // for the worth of words in pairs
}

func gather(ctx context.Context, sets []Set, lang nlu.Lang, m *knowledge.Meaning, e knowledge.Embedder, o Options) (*fitData, error) {
	d := &fitData{v: &evaluator{o: o, meaning: m, embed: e}, lang: lang}
	var all []string
	for i := range sets {
		s := &sets[i]
		if !s.Fits || s.Lang != lang || len(s.Dev.Pairs)+len(s.Dev.Asked) == 0 {
			continue
		}
		d.names = append(d.names, s.Name)
		pairs := sample(s.Dev.Pairs, o.Pairs, o.Seed)
		d.pairs = append(d.pairs, pairs...)
		for _, p := range pairs {
			all = append(all, p.A, p.B)
		}
		trials := trialsOfAnswers(s, Part{Pairs: pairs, Entries: s.Dev.Entries, Asked: s.Dev.Asked}, o.Seed)
		if len(trials) == 1 { // one base: its questions are shared out
			half := sample(trials[0].Asked, len(trials[0].Asked), o.Seed)
			half = slices.Clone(half)
			rand.New(rand.NewPCG(o.Seed, 2)).Shuffle(len(half), func(i, j int) { half[i], half[j] = half[j], half[i] })
			a, b := trials[0], trials[0]
			a.Asked, b.Asked = half[:len(half)/2], half[len(half)/2:]
			trials = []Trial{a, b}
		}
		for k, t := range trials {
			if k%2 == 0 {
				d.rank = append(d.rank, t)
			} else {
				d.score = append(d.score, t)
			}
		}
	}
	d.base = searchTrial("", lang, d.pairs)
	all = append(append(all, texts(d.rank)...), texts(d.score)...)
	return d, d.v.know(ctx, string(lang), all)
}

// maxRivals is how many wrong entries a right one is compared with.
const maxRivals = 12

// pairWeight is how much a pair counts beside a choice among rivals: finding is what the weights are for, telling pairs apart comes second.
const pairWeight = 0.3

// choice is a question with the evidence of a right entry, first, and of its hardest rivals.
type choice [][knowledge.EvidenceSize]float64

// fitRank maximises the probability of right entries among their rivals (conditional logit) and of the labels of pairs (logistic), with
// weights that no evidence argues for kept small.
func (d *fitData) fitRank(m Method, from *knowledge.Weights) *knowledge.Weights {
	choices := d.choices(m, from)
	pairs, same := d.pairFeatures(m)
	if len(pairs) == 0 { // no labelled pairs: each question with its right entry, and with the hardest rival
		for _, c := range choices {
			if len(c) > 1 {
				pairs, same = append(pairs, c[0], c[1]), append(same, 1, 0)
			}
		}
	}
	w := *from
	const step, decay = 0.05, 1e-3
	var moment, speed [knowledge.EvidenceSize]float64
	for round := 1; round <= 600; round++ {
		var grad [knowledge.EvidenceSize]float64
		for _, c := range choices {
			choiceGradient(c, &w, 1/float64(len(choices)), &grad)
		}
		for i, f := range pairs {
			r := pairWeight * (sigmoid(dotWeights(&w, &f)) - same[i]) / float64(len(pairs))
			for k := range grad {
				grad[k] += r * f[k]
			}
		}
		for k := range grad { // Adam
			g := grad[k] + decay*w.Rank[k]
			moment[k] = 0.9*moment[k] + 0.1*g
			speed[k] = 0.999*speed[k] + 0.001*g*g
			w.Rank[k] -= step * moment[k] / (1 - math.Pow(0.9, float64(round))) / (math.Sqrt(speed[k]/(1-math.Pow(0.999, float64(round)))) + 1e-8)
		}
		bound(&w, m)
	}
	return &w
}

// signs says which way evidence may count: what speaks for two questions being the same never counts against it, nor the other way round,
// whatever the chances of a data set.
var signs = [knowledge.EvidenceSize]float64{0, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, 0, 1, 1}

// least is how much evidence against counts at least. The pairs hardly ever turn on 能 and 不能 or on a number, the entries of a knowledge base do.
var least = map[int]float64{8: 0.5, 9: 0.3, 10: 0.1} // Turned, Numbers, Asks

// bound keeps weights to their signs, and what needs vectors at nothing where there are none.
func bound(w *knowledge.Weights, m Method) {
	for k, s := range signs {
		if s != 0 && w.Rank[k]*s < least[k] {
			w.Rank[k] = s * least[k]
		}
	}
	if m == ByWords {
		w.Rank[1], w.Rank[11], w.Rank[12] = 0, 0, 0 // Meaning, Meaning × words, Topic
	}
}

func choiceGradient(c choice, w *knowledge.Weights, weight float64, grad *[knowledge.EvidenceSize]float64) {
	peak := math.Inf(-1)
	z := make([]float64, len(c))
	for i := range c {
		z[i] = dotWeights(w, &c[i])
		peak = max(peak, z[i])
	}
	sum := 0.0
	for i := range z {
		z[i] = math.Exp(z[i] - peak)
		sum += z[i]
	}
	for i := range c {
		p := z[i] / sum
		if i == 0 {
			p--
		}
		for k := range grad {
			grad[k] += weight * p * c[i][k]
		}
	}
}

func dotWeights(w *knowledge.Weights, f *[knowledge.EvidenceSize]float64) float64 {
	sum := 0.0
	for k := range f {
		sum += w.Rank[k] * f[k]
	}
	return sum
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// with returns parameters in which all languages have the weights.
func (d *fitData) with(w *knowledge.Weights) *knowledge.Params {
	p := *knowledge.DefaultParams()
	p.Weights = map[string]*knowledge.Weights{"zh": w, "en": w, "zh.words": w, "en.words": w}
	return &p
}

// rankings asks all questions of trials and hands over what each finds.
func (d *fitData) rankings(trials []Trial, m Method, w *knowledge.Weights, limit int, fn func(q *Question, found []knowledge.Match)) {
	d.v.o.Params = d.with(w)
	for i := range trials {
		t := &trials[i]
		x := d.v.index(t, m)
		for k := range t.Asked {
			fn(&t.Asked[k], x.Rank(d.v.query(t.Asked[k].Text, t, m), limit))
		}
	}
}

func (d *fitData) choices(m Method, w *knowledge.Weights) []choice {
	var out []choice
	d.rankings(d.rank, m, w, 0, func(q *Question, found []knowledge.Match) {
		at := slices.IndexFunc(found, func(f knowledge.Match) bool { return slices.Contains(q.Right, f.ID) })
		if at < 0 {
			return
		}
		c := choice{found[at].Evidence.Features()}
		for i, f := range found {
			if i != at && len(c) <= maxRivals && !slices.Contains(q.Right, f.ID) {
				c = append(c, f.Evidence.Features())
			}
		}
		out = append(out, c)
	})
	return out
}

func (d *fitData) pairFeatures(m Method) ([][knowledge.EvidenceSize]float64, []float64) {
	x := d.v.index(&d.base, m)
	features, same := make([][knowledge.EvidenceSize]float64, len(d.pairs)), make([]float64, len(d.pairs))
	for i, p := range d.pairs {
		e := x.Compare(d.v.query(p.A, &d.base, m), d.v.query(p.B, &d.base, m))
		features[i] = e.Features()
		if p.Same {
			same[i] = 1
		}
	}
	return features, same
}

// fitScore fits the probability that a hit is right, on the first three hits of every question, by Newton's method.
func (d *fitData) fitScore(m Method, w *knowledge.Weights) {
	var xs [][]float64
	var ys []float64
	d.rankings(d.score, m, w, 0, func(q *Question, found []knowledge.Match) {
		for i := range found[:min(3, len(found))] {
			f := knowledge.ScoreFeatures(found, i)
			y := 0.0
			if slices.Contains(q.Right, found[i].ID) {
				y = 1
			}
			xs, ys = append(xs, f[:]), append(ys, y)
		}
	})
	copy(w.Score[:], logistic(xs, ys))
}

// round keeps four digits: the file is read by people.
func round(w *knowledge.Weights) *knowledge.Weights {
	for i, v := range w.Rank {
		w.Rank[i] = math.Round(v*1e4)/1e4 + 0 // no −0
	}
	for i, v := range w.Score {
		w.Score[i] = math.Round(v*1e4)/1e4 + 0
	}
	return w
}
