package main

import (
	"context"
	"fmt"

	"yingda/models"
	"yingda/nlu/standard"
	"yingda/training/corpus"
	"yingda/training/eval"
	"yingda/training/gate"
)

// measure loads both bundles, lets them answer every data set, and times them in turn.
func (p *promotion) measure(ctx context.Context) (in gate.Input, err error) {
	if err := p.initORT(ctx, p.std.err); err != nil {
		return in, err
	}
	rules, err := p.loadRules()
	if err != nil {
		return in, err
	}
	bundles := []*models.Bundle{p.challenger}
	in.Challenger = gate.Describe(p.challenger.Manifest)
	if p.champion != "" {
		b, err := p.store.Open(p.champion)
		if err != nil {
			return in, fmt.Errorf("the champion cannot be opened: %w; 'yingda bundle rollback' goes back to the one before", err)
		}
		described := gate.Describe(b.Manifest)
		bundles, in.Champion = append(bundles, b), &described
	}
	texts, err := p.measureSets(ctx, bundles, patient(rules), &in)
	if err != nil {
		return in, err
	}
	times, err := measureLatency(ctx, bundles, patient(rules), pickTexts(texts, latencyTexts), p.progress)
	if err != nil {
		return in, err
	}
	in.Challenger.Latency = times[0]
	if in.Champion != nil {
		in.Champion.Latency = times[1]
	}
	return in, nil
}

// measureSets evaluates each data set by itself and returns all their texts. The first bundle is the challenger.
func (p *promotion) measureSets(ctx context.Context, bundles []*models.Bundle, o standard.Options, in *gate.Input) (texts []string, err error) {
	var engines []*standard.Engine
	for _, b := range bundles {
		e, err := buildEngine(b, o)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		engines = append(engines, e)
	}
	for _, path := range p.data {
		var c *corpus.Corpus
		if c, err = readData(multi{path}, p.std); err != nil {
			return nil, err
		}
		var report *eval.Report
		var cases []eval.Case
		if report, cases, err = measure(ctx, engines[0], c, path, p.progress); err != nil {
			return nil, err
		}
		if len(engines) > 1 {
			if report.Against, err = compare(ctx, engines[0], engines[1], c, cases, p.progress); err != nil {
				return nil, err
			}
		}
		in.Sets = append(in.Sets, report)
		for i := range c.Examples {
			texts = append(texts, c.Examples[i].Text)
		}
	}
	return texts, nil
}

// figures are what the log of promotions keeps of a decision: each judged figure as [challenger, champion], and what spoke against.
func figures(d *gate.Decision, report string) map[string]any {
	sets := map[string]map[string][2]eval.Float{}
	var against []string
	for i := range d.Reasons {
		r := &d.Reasons[i]
		if r.Verdict == gate.Refuse {
			against = append(against, r.Sentence())
		}
		if r.Slice != "" || r.Verdict == gate.Note || !r.Challenger.Valid() {
			continue
		}
		if sets[r.Data] == nil {
			sets[r.Data] = map[string][2]eval.Float{}
		}
		sets[r.Data][r.Metric] = [2]eval.Float{r.Challenger, r.Champion}
	}
	own := sets[""]
	delete(sets, "")
	out := map[string]any{"gate": map[bool]string{true: "passed", false: "refused"}[d.Promote], "report": report, "bundle": own, "data": sets}
	if len(against) > 0 {
		out["against"] = against
	}
	return out
}
