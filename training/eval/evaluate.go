package eval

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"yingda/training/corpus"
)

// Evaluate compares answers with labels. It fails only when an example cannot be written as JSON, which a corpus reader
// never lets through.
func Evaluate(cases []Case, o Options) (*Report, error) {
	b := newBench(cases, o)
	data := corpus.Corpus{}
	for i := range cases {
		data.Examples = append(data.Examples, cases[i].Example)
	}
	fingerprint, err := data.Fingerprint()
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	r := &Report{Format: ReportFormat, Data: o.Data, Fingerprint: fingerprint, Cases: len(cases), Bundle: bundles(b.rows)}
	r.Headline = b.headline()
	r.Intents, r.OutOfScope, r.Emotion = b.intentSection(), b.oosSection(), b.emotionSection()
	r.Entities = b.entities.report(o)
	r.Breakdown = b.breakdown()
	r.Confusions, r.Wrong = b.confusions(), b.wrong()
	r.Notes = b.notes()
	return r, nil
}

func bundles(rows []*row) string {
	met := map[string]bool{}
	for _, r := range rows {
		if r.a.Bundle != "" {
			met[string(r.a.Bundle)] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(met)), ", ")
}

func (b *bench) headline() []Metric {
	values := b.figures(b.rows)
	low, high := b.bootstrap(b.o.resamples(), b.o.Seed)
	out := []Metric{}
	for f, m := range definitions {
		if math.IsNaN(values[f].value) {
			continue
		}
		m.Value, m.N, m.Low, m.High = Float(values[f].value), values[f].n, Float(low[f]), Float(high[f])
		out = append(out, m)
	}
	return out
}

func (b *bench) group(intent string) string {
	if b.o.Taxonomy != nil {
		if d := b.o.Taxonomy.Intent(intent); d != nil {
			return d.Group
		}
	}
	return ""
}

func (b *bench) intentSection() *Intents {
	s := &Intents{}
	c := newCounts(len(b.intents.list))
	var labelled, best, extra, gold, pred, right int
	for _, r := range b.rows {
		if !r.labelled {
			continue
		}
		labelled++
		c.add(r.gold, r.pred)
		switch {
		case len(r.gold) == 1:
			s.Single++
			if r.best == r.gold[0] {
				best++
			}
			if len(r.pred) > 1 {
				extra++
			}
		case len(r.gold) > 1:
			s.Multi++
			gold, pred = gold+len(r.gold), pred+len(r.pred)
			for _, p := range r.pred {
				if slices.Contains(r.gold, p) {
					right++
				}
			}
		}
	}
	if labelled == 0 {
		return nil
	}
	s.BestAccuracy, s.SuperfluousRate = Float(ratio(best, s.Single)), Float(ratio(extra, s.Single))
	s.MacroF1All, s.Multiple = Float(c.macroF1()), prf(gold, pred, right)
	s.Labels = c.labels(&b.intents, b.group)
	s.Calibration = calibration(intentAnswers(b.rows))
	return s
}

func calibration(list []answer, brier float64) Calibration {
	bins := reliability(list, eceBins)
	c := Calibration{N: len(list), ECE: Float(ece(bins)), Brier: Float(math.NaN()), Bins: bins}
	if len(list) > 0 {
		c.Brier = Float(brier / float64(len(list)))
	}
	return c
}

// histBins is the number of bars in the histogram of out-of-scope scores.
const histBins = 20

func (b *bench) oosSection() *OutOfScope {
	list := oosScores(b.rows)
	if len(list) == 0 {
		return nil
	}
	s := &OutOfScope{InHist: make([]int, histBins), OutHist: make([]int, histBins)}
	for _, x := range list {
		bin := min(max(int(x.score*histBins), 0), histBins-1)
		if x.positive {
			s.Out++
			s.OutHist[bin]++
		} else {
			s.In++
			s.InHist[bin]++
		}
	}
	refused, rightly := 0, 0
	for _, r := range b.rows {
		if r.labelled && len(r.pred) == 0 {
			refused++
			if len(r.gold) == 0 {
				rightly++
			}
		}
	}
	s.Precision = Float(ratio(rightly, refused))
	s.ROC, s.Kinds = newCurve(list).points(200), b.oosKinds()
	return s
}

func (b *bench) emotionSection() *Emotion {
	s := &Emotion{Names: b.emotions.list}
	k := len(s.Names)
	c := newCounts(k)
	for range k {
		s.Matrix = append(s.Matrix, make([]int, k))
	}
	for _, r := range b.rows {
		if r.emotion < 0 {
			continue
		}
		s.N++
		c.addOne(r.emotion, r.felt)
		if r.felt >= 0 {
			s.Matrix[r.emotion][r.felt]++
		}
	}
	if s.N == 0 {
		return nil
	}
	s.Labels = c.labels(&b.emotions, func(name string) string {
		if b.o.Taxonomy != nil {
			return b.o.Taxonomy.Valence(name)
		}
		return ""
	})
	s.Calibration = calibration(emotionAnswers(b.rows))
	return s
}

// breakdown computes the headline figures of each slice.
func (b *bench) breakdown() []Slice {
	out := []Slice{}
	for _, p := range b.parts() {
		rows := p.of(b.rows)
		s := Slice{By: p.by, Name: p.name, N: len(rows), Figures: map[string]Figure{}}
		for f, v := range b.figures(rows) {
			if !math.IsNaN(v.value) {
				s.Figures[definitions[f].Name] = Figure{Float(v.value), v.n}
			}
		}
		out = append(out, s)
	}
	return out
}
