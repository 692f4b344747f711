package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/analytics/demodata"
	"yingda/analytics/readout"
	"yingda/analytics/report"
)

// demoDrift is a measure of the drift report.
type demoDrift struct {
	Measure, Verdict string
	PSI              float64
	Planted          bool
}

// driftMeasures are the measures of the report for those that the truth names.
var driftMeasures = map[string]string{"intent": "intent", "p1": "confidence", "oos": "out_of_scope", "fallback": "recognition"}

// readDrift sets the four weeks from the planted change on against the four before it.
func readDrift(ctx context.Context, q report.Querier, truth *demodata.Truth) ([]demoDrift, error) {
	zone := time.FixedZone("shop", 8*3600)
	from := truth.Drift.From.In(zone)
	to := from.AddDate(0, 0, 28)
	if to.After(truth.To) {
		to = truth.To.In(zone)
	}
	r, err := report.Run(ctx, q, "drift", analytics.Filter{Tenant: truth.Tenant, From: from, To: to, Zone: zone})
	if err != nil {
		return nil, fmt.Errorf("drift: %w", err)
	}
	at := map[string]int{}
	for i, c := range r.Columns {
		at[c.Name] = i
	}
	var out []demoDrift
	for _, row := range r.Rows {
		d := demoDrift{Measure: fmt.Sprint(row[at["measure"]]), Verdict: fmt.Sprint(row[at["verdict"]])}
		d.PSI, _ = row[at["psi"]].(float64)
		d.Planted = slices.ContainsFunc(truth.Drift.Metrics, func(m string) bool { return driftMeasures[m] == d.Measure })
		out = append(out, d)
	}
	return out, nil
}

// demoTrial is a metric of a planted experiment.
type demoTrial struct {
	Name, Metric     string
	Planted          float64 // difference
	Value, Low, High float64
	Measured, Inside bool
	Mismatch, Broken bool // planted, found
	Verdict          readout.Verdict
	ControlN, OtherN int64
}

// trialMetrics are the metrics of the read-out for the measures whose effect is known.
var trialMetrics = []struct{ truth, metric string }{{"handed", "handoff"}, {"resolved", "resolved"}, {"satisfied", "csat"}, {"score", "score"}}

// readTrials reads the planted experiments out.
func readTrials(ctx context.Context, q readout.Querier, truth *demodata.Truth) ([]demoTrial, error) {
	var out []demoTrial
	for _, e := range truth.Experiments {
		p := readout.Plan{Tenant: truth.Tenant, Name: e.Name, From: e.From, To: e.To, Primary: "handoff", Secondary: []string{"resolved", "csat", "score"}, Lookback: -1}
		for i, arm := range e.Arms {
			p.Arms = append(p.Arms, readout.Arm{Name: arm, Weight: e.Weights[i]})
		}
		res, err := readout.Run(ctx, q, p)
		if err != nil {
			return nil, fmt.Errorf("experiment %s: %w", e.Name, err)
		}
		base := demoTrial{Name: e.Name, Mismatch: e.Mismatch, Broken: res.Split.Broken, Verdict: res.Decision.Verdict}
		if len(res.Arms) > 1 {
			base.ControlN, base.OtherN = res.Arms[0].Units, res.Arms[1].Units
		}
		if e.Mismatch || res.Split.Broken {
			out = append(out, base)
			continue
		}
		for _, m := range trialMetrics {
			t := base
			t.Metric, t.Planted = m.metric, e.Effects[m.truth].Difference
			t.read(res)
			out = append(out, t)
		}
	}
	return out, nil
}

// read takes the metric's interval.
func (t *demoTrial) read(res *readout.Result) {
	for i := range res.Metrics {
		m := &res.Metrics[i]
		if m.Metric.Name != t.Metric || len(m.Comparisons) == 0 || m.Comparisons[0].Difference == nil {
			continue
		}
		d := m.Comparisons[0].Difference
		if d.Low == nil || d.High == nil {
			continue
		}
		t.Value, t.Low, t.High, t.Measured = d.Value, *d.Low, *d.High, true
		t.Inside = t.Planted >= t.Low && t.Planted <= t.High
	}
}
