package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"yingda/analytics/readout"
	"yingda/analytics/web"
	"yingda/dialogue/experiment"
)

// steerTick is how often it is looked whether a bandit is due.
const steerTick = 20 * time.Second

// steerExperiments sets the weights of bandits by what the analytics process says, until the analyst is closed. Conversations never wait for it.
func (a *analyst) steerExperiments(s *experiment.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	before := a.cancel
	a.cancel = func() { before(); cancel() }
	a.wg.Go(func() { s.Steer(a.advise).Run(ctx, steerTick) })
}

// advise asks the analytics process for the results of an experiment.
func (a *analyst) advise(ctx context.Context, e *experiment.Experiment) (experiment.Advice, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, socketURL+"/v1/experiments/"+url.PathEscape(e.Name)+"/results", nil)
	if err != nil {
		return experiment.Advice{}, err
	}
	r.Header.Set(web.TenantHeader, e.Tenant)
	answer, err := a.client.Do(r)
	if err != nil {
		return experiment.Advice{}, fmt.Errorf("ask analytics for the results of %s: %w", e.Name, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 16<<20))
	if err != nil {
		return experiment.Advice{}, fmt.Errorf("ask analytics for the results of %s: %w", e.Name, err)
	}
	if answer.StatusCode != http.StatusOK {
		return experiment.Advice{}, fmt.Errorf("ask analytics for the results of %s: status %s: %.200s", e.Name, answer.Status, body)
	}
	var res readout.Result
	if err := json.Unmarshal(body, &res); err != nil {
		return experiment.Advice{}, fmt.Errorf("results of %s: %w", e.Name, err)
	}
	return adviceOf(&res), nil
}

// adviceOf turns results into weights. Nothing is moved by results that are not to be trusted, towards what does harm, or by few customers.
func adviceOf(res *readout.Result) experiment.Advice {
	out := experiment.Advice{Through: res.Through}
	switch {
	case res.Split.Broken:
		out.Why = "the split is not what was planned (p = " + fmt.Sprintf("%.2g", min(res.Split.P, res.Split.SequentialP)) + "), so results are not to be trusted"
	case res.Decision.Verdict == readout.Harm:
		out.Why = res.Decision.Text.EN
	case res.Next == nil || !res.Next.Ready || len(res.Next.Weights) != len(res.Plan.Arms):
		out.Why = "a variant has too few customers yet"
	default:
		out.Weights, out.Best = map[string]float64{}, map[string]float64{}
		var units int64
		for i, arm := range res.Plan.Arms {
			out.Weights[arm.Name], out.Best[arm.Name] = res.Next.Weights[i], res.Next.Best[i]
		}
		for _, arm := range res.Arms {
			units += arm.Units
		}
		out.Why = fmt.Sprintf("Thompson sampling on %s of %d customers, events up to %s", res.Plan.Primary, units, res.Through.UTC().Format(time.RFC3339))
	}
	return out
}
