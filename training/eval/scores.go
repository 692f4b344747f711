package eval

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"yingda/training/corpus"
)

// NamedScores is one way to tell what is out of scope: a number for each message, higher = further from every intent.
type NamedScores struct {
	Name   string
	Values []float64
}

// ScoreTable sets several out-of-scope scores beside each other on the same messages.
type ScoreTable struct {
	Data      string `json:"data"`
	In        int    `json:"in"`   // messages with an intent
	Out       int    `json:"out"`  // messages without, near and far ones included
	Near      int    `json:"near"` // of those, the ones tagged oos_near
	Far       int    `json:"far"`  // and oos_far
	Reference string `json:"reference"`
	// Rows are in the order in which the scores were given.
	Rows []ScoreRow `json:"rows"`
}

// ScoreRow is how well one score does. Each figure carries a 95 % bootstrap interval.
type ScoreRow struct {
	Name  string   `json:"name"`
	AUROC Interval `json:"auroc"`
	FPR95 Interval `json:"fpr95"` // share of messages with an intent above the highest threshold that finds 95 % of those without
	Near  Interval `json:"near"`  // AUROC of near out of scope against all messages with an intent
	Far   Interval `json:"far"`
	// Gain is AUROC less that of the reference, its interval from the paired bootstrap: the same draws for both.
	Gain Interval `json:"gain"`
}

// Interval is a figure with its 95 % interval; NaN where there is none.
type Interval struct {
	Value Float `json:"value"`
	Low   Float `json:"low"`
	High  Float `json:"high"`
}

// CompareScores computes the table. Messages without a label for intents are left out. Every score needs a finite value for each message, and
// the reference must be among the names.
func CompareScores(examples []corpus.Example, scores []NamedScores, reference string, o Options) (*ScoreTable, error) {
	c, err := newContest(examples, scores, reference)
	if err != nil {
		return nil, fmt.Errorf("compare out-of-scope scores: %w", err)
	}
	t := &ScoreTable{Data: o.Data, Reference: reference}
	for _, s := range c.scopes {
		switch s {
		case inScope:
			t.In++
		case outNear:
			t.Near++
		case outFar:
			t.Far++
		}
	}
	t.Out = len(c.scopes) - t.In
	once := slices.Repeat([]int{1}, len(c.scopes))
	point := c.figures(once)
	drawn := c.bootstrap(o.resamples(), o.Seed)
	for s, sc := range scores {
		t.Rows = append(t.Rows, ScoreRow{Name: sc.Name,
			AUROC: point.interval(drawn, s, scoreAUROC), FPR95: point.interval(drawn, s, scoreFPR95), Near: point.interval(drawn, s, scoreNear),
			Far: point.interval(drawn, s, scoreFar), Gain: point.interval(drawn, s, scoreGain)})
	}
	return t, nil
}

// The figures of a score, by place.
const (
	scoreAUROC = iota
	scoreFPR95
	scoreNear
	scoreFar
	scoreGain
	scoreCount
)

// contest holds the labelled messages and, for each score, their order: a resample then needs no sorting, only how often each message was drawn.
type contest struct {
	scopes    []scope
	values    [][]float64 // a score, then a message
	order     [][]int     // the messages by falling score
	reference int
}

func newContest(examples []corpus.Example, scores []NamedScores, reference string) (*contest, error) {
	c := &contest{reference: slices.IndexFunc(scores, func(s NamedScores) bool { return s.Name == reference })}
	if c.reference < 0 {
		return nil, fmt.Errorf("there is no score %q to compare with", reference)
	}
	var at []int
	for i := range examples {
		if !examples[i].HasIntents {
			continue
		}
		r := row{eg: &examples[i]}
		if len(examples[i].Intents) > 0 {
			r.gold = []int{0} // any: only its being there counts
		}
		at, c.scopes = append(at, i), append(c.scopes, scopeOf(&r))
	}
	for _, s := range scores {
		if len(s.Values) != len(examples) {
			return nil, fmt.Errorf("%s has %d values for %d messages", s.Name, len(s.Values), len(examples))
		}
		values, order := make([]float64, len(at)), make([]int, len(at))
		for k, i := range at {
			if values[k], order[k] = s.Values[i], k; math.IsNaN(s.Values[i]) || math.IsInf(s.Values[i], 0) {
				return nil, fmt.Errorf("%s of %s is not a finite number", s.Name, examples[i].Origin)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
		c.values, c.order = append(c.values, values), append(c.order, order)
	}
	return c, nil
}

// scoreFigures are the figures of every score on one draw.
type scoreFigures [][scoreCount]float64

// figures computes all scores' figures when message k counts times[k] times.
func (c *contest) figures(times []int) scoreFigures {
	out := make(scoreFigures, len(c.values))
	for s := range out {
		all, near, far := c.curve(s, times, nil), c.curve(s, times, kindIs(outNear)), c.curve(s, times, kindIs(outFar))
		out[s] = [scoreCount]float64{scoreAUROC: all.auroc(), scoreFPR95: all.falseAlarmAt(0.95), scoreNear: near.auroc(), scoreFar: far.auroc()}
	}
	for s := range out {
		out[s][scoreGain] = out[s][scoreAUROC] - out[c.reference][scoreAUROC]
	}
	return out
}

func kindIs(want scope) func(scope) bool { return func(s scope) bool { return s == want } }

// curve is that of [newCurve] for weighted messages; positives are those out of scope, or of one kind of it.
func (c *contest) curve(s int, times []int, positive func(scope) bool) *curve {
	cv := &curve{}
	tp, fp := 0, 0
	for k, i := range c.order[s] {
		switch {
		case c.scopes[i] == inScope:
			fp += times[i]
		case positive == nil || positive(c.scopes[i]):
			tp += times[i]
		}
		if k+1 == len(c.order[s]) || c.values[s][c.order[s][k+1]] != c.values[s][i] {
			cv.threshold, cv.tp, cv.fp = append(cv.threshold, c.values[s][i]), append(cv.tp, tp), append(cv.fp, fp)
		}
	}
	return cv
}

// bootstrap draws the messages with replacement, the same ones for all scores; each resample has a random source of its own.
func (c *contest) bootstrap(resamples int, seed uint64) []scoreFigures {
	all := make([]scoreFigures, resamples)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			times := make([]int, len(c.scopes))
			for i := w; i < resamples; i += workers {
				rnd := rand.New(rand.NewPCG(seed, uint64(i)))
				clear(times)
				for range times {
					times[rnd.IntN(len(times))]++
				}
				all[i] = c.figures(times)
			}
		})
	}
	wg.Wait()
	return all
}

// interval is one figure of one score with the central 95 % of its resamples.
func (f scoreFigures) interval(drawn []scoreFigures, score, figure int) Interval {
	var values []float64
	for _, d := range drawn {
		if v := d[score][figure]; !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	low, high := interval(values)
	return Interval{Float(f[score][figure]), Float(low), Float(high)}
}

// Text writes the table for a terminal.
func (t *ScoreTable) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Out-of-scope scores on %s: %d messages with an intent, %d without (%d near, %d far)\n", orDash(t.Data), t.In, t.Out, t.Near, t.Far)
	out := table{left: 1, rows: [][]string{{"score", "AUROC", "FPR at 95 % TPR", "near", "far", "AUROC less " + t.Reference}}}
	for _, r := range t.Rows {
		out.rows = append(out.rows, []string{r.Name, r.AUROC.show(decimal), r.FPR95.show(percent), r.Near.show(decimal), r.Far.show(decimal), r.Gain.show(signed)})
	}
	out.write(&b)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write table of scores: %w", err)
	}
	return nil
}

// show writes a figure with its interval in brackets.
func (i Interval) show(number func(Float) string) string {
	if !i.Value.Valid() || !i.Low.Valid() {
		return number(i.Value)
	}
	return fmt.Sprintf("%s (%s to %s)", number(i.Value), number(i.Low), number(i.High))
}

func signed(v Float) string {
	if !v.Valid() {
		return "-"
	}
	return fmt.Sprintf("%+.4f", float64(v))
}
