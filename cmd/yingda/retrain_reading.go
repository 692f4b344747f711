package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"yingda/analytics/readout"
	"yingda/training/retrain"
)

// Read implements [retrain.Canary]: it asks for the experiment's results and takes their conclusion as it is. Analytics hears of an experiment a moment
// after it has begun, and may be down for a while: then there is nothing to conclude yet.
func (c *canaryClient) Read(ctx context.Context, name string) (retrain.Reading, error) {
	var r readout.Result
	switch err := c.call(ctx, http.MethodGet, "/v1/experiments/"+url.PathEscape(name)+"/results", nil, &r); {
	case errors.Is(err, errNotThere), errors.Is(err, errNotNow):
		return retrain.Reading{Verdict: retrain.Wait, Why: "there are no results of the experiment yet: " + strings.ReplaceAll(err.Error(), "\n", ": ")}, nil
	case err != nil:
		return retrain.Reading{}, err
	}
	if r.Plan.Assumed { // what is better than what would be a guess
		return retrain.Reading{Verdict: retrain.Wait, Why: "analytics has not been told the definition of the experiment yet"}, nil
	}
	units := map[string]any{}
	for _, a := range r.Arms {
		units[a.Name] = a.Units
	}
	return retrain.Reading{Verdict: allowed(r.Decision.Verdict), Why: r.Decision.Text.EN, Figures: map[string]any{"verdict": r.Decision.Verdict, "days": r.Days, "customers": units}}, nil
}

// allowed tells what a conclusion about the challenger means for its promotion. One that is not worse, as surely as was asked for, may be promoted: it has passed
// the gate, and knows more.
func allowed(v readout.Verdict) retrain.Verdict {
	switch v {
	case readout.Better, readout.NoDifference:
		return retrain.Allow
	case readout.Worse, readout.Harm, readout.Broken:
		return retrain.Stop
	}
	return retrain.Wait // too early, not enough customers, or a guardrail that is not known to be kept
}
