package decode

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda/models"
	"yingda/nlu"
)

// Reader reads texts by themselves; [nlu.Encoder] is one.
type Reader interface {
	// Head returns the logits of one of the bundle's heads for texts, one a text, and how long they waited and were computed.
	Head(ctx context.Context, name string, texts ...string) ([]models.Logits, nlu.Timing, error)
}

// ReadWith lets the component read clauses by themselves where the bundle says how to weigh that ([models.AgainSpec]); without a reader the
// evidence of the first reading decides.
func (d *Intent) ReadWith(r Reader) { d.reader = r }

// doubt is a message of which only another reading tells how many wishes it has.
type doubt struct {
	a  *nlu.Analysis
	cs []Candidate
}

// readAgain decides on messages whose clauses have to be read by themselves, all in one run.
func (d *Intent) readAgain(ctx context.Context, open []*doubt) error {
	var texts []string
	for _, o := range open {
		for _, s := range d.Spans(o.cs, o.a.Ranking[0].Label) {
			texts = append(texts, ClauseText(o.a.Text, s))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	logits, took, err := d.reader.Head(ctx, models.HeadIntents, texts...)
	if err != nil {
		return fmt.Errorf("read clauses: %w", err)
	}
	for _, o := range open {
		best := o.a.Ranking[0].Label
		n := len(d.Spans(o.cs, best))
		d.Reread(o.cs, best, logits[:n])
		logits = logits[n:]
		d.several(o.a, o.cs, d.EvidenceAgain, d.spec.Clause.Again.MinScore)
		o.a.Timing.Queue += took.Queue
		o.a.Timing.Inference += took.Inference
	}
	return nil
}

// Doubtful tells whether only another reading of its clause tells if a candidate is a wish.
func (d *Intent) Doubtful(c Candidate) bool {
	e := d.Evidence(c)
	return e >= d.spec.Clause.Again.From && e < d.spec.Clause.Again.To
}

// Spans are the clauses to be read again, each once, in the order they are said: those of the doubtful candidates and that of the message's best intent; nil
// when no candidate is doubtful.
func (d *Intent) Spans(cs []Candidate, best string) []nlu.Span {
	var spans []nlu.Span
	doubtful := false
	for _, c := range cs {
		doubt := c.Label != best && d.Doubtful(c)
		if (doubt || c.Label == best) && !slices.Contains(spans, c.Span) {
			spans = append(spans, c.Span)
		}
		doubtful = doubtful || doubt
	}
	if !doubtful {
		return nil
	}
	slices.SortFunc(spans, func(a, b nlu.Span) int { return a.Start - b.Start })
	return spans
}

// ClauseText is a clause as a message of its own.
func ClauseText(text string, s nlu.Span) string { return strings.TrimSpace(text[s.Start:s.End]) }

// Reread fills in what the clauses say by themselves, from the logits of [Intent.Spans]. best is the message's best intent.
func (d *Intent) Reread(cs []Candidate, best string, logits []models.Logits) {
	spans := d.Spans(cs, best)
	rankings := make([][]nlu.Prediction, len(spans))
	for i, l := range logits {
		rankings[i] = d.Rank(l.Data, d.OOS(l.Data))
	}
	of := func(s nlu.Span, label string) (float64, bool) {
		i := slices.Index(spans, s)
		if i < 0 {
			return 0, false // of a candidate that is in no doubt
		}
		at := slices.IndexFunc(rankings[i], func(p nlu.Prediction) bool { return p.Label == label })
		return rankings[i][at].Score, at == 0
	}
	home := slices.IndexFunc(cs, func(c Candidate) bool { return c.Label == best })
	for i := range cs {
		c := &cs[i]
		c.Alone, c.First = of(c.Span, c.Label)
		if home >= 0 {
			c.Home, c.Stays = of(cs[home].Span, best)
		}
	}
}

// FeaturesAgain are the features of [models.AgainSpec], in its order.
func (c Candidate) FeaturesAgain() [10]float64 {
	logit := func(p float64) float64 {
		return max(-models.AgainLimit, min(models.AgainLimit, math.Log(p)-math.Log1p(-p)))
	}
	one := map[bool]float64{true: 1}
	f := c.Features()
	return [10]float64{f[0], f[1], f[2], f[3], f[4], f[5], logit(c.Alone), logit(c.Home), one[c.First], one[c.Stays]}
}

// EvidenceAgain returns the probability that a candidate is a wish of its own, now that its clause was read by itself; 0 or 1 where there was no doubt.
func (d *Intent) EvidenceAgain(c Candidate) float64 {
	s := d.spec.Clause.Again
	switch e := d.Evidence(c); {
	case e < s.From:
		return 0
	case e >= s.To:
		return 1
	}
	x := s.Bias
	for i, w := range [10]float64{s.Score, s.Whole, s.Lead, s.Connective, s.Apart, s.Several, s.Alone, s.Home, s.First, s.Stays} {
		x += w * c.FeaturesAgain()[i]
	}
	return Sigmoid(x)
}
