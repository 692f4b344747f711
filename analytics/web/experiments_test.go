package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/analytics/web"
	"yingda/dialogue"
	"yingda/dialogue/experiment"
)

// trial is a handler on a warehouse with one experiment of 200 customers.
func trial(t *testing.T) http.Handler {
	t.Helper()
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return begin.AddDate(0, 0, 20) }
	w, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	var events []dialogue.Event
	for i := range 200 {
		name := string(rune('a'+i%20)) + strings.Repeat("x", i/20)
		ev := dialogue.Event{
			ID: name, Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "t1", Conversation: name}, Customer: name, Channel: "web",
			Time: begin.Add(time.Duration(i) * time.Hour), Seq: uint64(i + 1),
			Turn: &dialogue.TurnBody{Lang: "zh", Bundle: "b", Owner: "robot", Exposures: map[string]string{"tone": []string{"plain", "softer"}[i%2]}},
		}
		if i%3 == 0 {
			ev.Turn.Decision.HandOff = &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}
		}
		events = append(events, ev)
	}
	if err := w.Ingest(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	definition := func(tenant, name string) (*experiment.Experiment, error) {
		switch {
		case name == "broken":
			return nil, errors.New("the disk is gone")
		case tenant != "t1" || name != "tone":
			return nil, nil
		}
		e := &experiment.Experiment{Tenant: tenant, State: experiment.Stopped, Started: begin, Ended: begin.AddDate(0, 0, 14)}
		e.Name, e.Variants = name, []experiment.Variant{{Name: "plain"}, {Name: "softer"}}
		e.Plan = &experiment.Plan{Metric: "handoff"}
		return e, nil
	}
	return web.New(web.Options{Experiments: &web.Experiments{Querier: w, Definition: definition, Now: now}})
}

func TestResults(t *testing.T) {
	h := trial(t)
	for _, tc := range []struct {
		name, path, tenant string
		status             int
		want               string
	}{
		{"OK json", "/v1/experiments/tone/results", "t1", 200, `"verdict":`},
		{"OK table", "/v1/experiments/tone/results?format=table&language=zh", "t1", 200, "转人工率"},
		{"OK html", "/v1/experiments/tone/results?format=html", "t1", 200, "<html"},
		{"OK csv", "/v1/experiments/tone/results?format=csv&metric=containment&secondary=fallback,turns&guardrails=handoff:0.05&cuts=channel&arms=plain:1,softer:1&sequential=true&alpha=0.1&lookback=-1", "t1", 200, "guardrail"},
		{"OK shadows", "/v1/reports/shadows", "t1", 200, `"pairs":0`},
		{"OK shadows table", "/v1/reports/shadows?format=table&from=2026-03-01", "t1", 200, "No message"},
		{"ErrTenant", "/v1/experiments/tone/results", "", 400, "bad_query"},
		{"ErrOtherTenant", "/v1/experiments/tone/results", "t2", 404, "unknown_item"},
		{"ErrUnknown", "/v1/experiments/nothing/results", "t1", 404, "unknown_item"},
		{"ErrMetric", "/v1/experiments/tone/results?metric=happiness", "t1", 400, "happiness"},
		{"ErrWord", "/v1/experiments/tone/results?sort=up", "t1", 400, "sort"},
		{"ErrNumber", "/v1/experiments/tone/results?alpha=few", "t1", 400, "alpha"},
		{"ErrWhole", "/v1/experiments/tone/results?lookback=1.5", "t1", 400, "lookback"},
		{"ErrTruth", "/v1/experiments/tone/results?sequential=perhaps", "t1", 400, "sequential"},
		{"ErrPairs", "/v1/experiments/tone/results?guardrails=csat:much", "t1", 400, "guardrails"},
		{"ErrTime", "/v1/experiments/tone/results?from=yesterday", "t1", 400, "from"},
		{"ErrFormat", "/v1/experiments/tone/results?format=pdf", "t1", 400, "format"},
		{"ErrDefinition", "/v1/experiments/broken/results", "t1", 500, "internal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", tc.path, nil)
			r.Header.Set(web.TenantHeader, tc.tenant)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.want) {
				t.Errorf("%d %.600s", rec.Code, rec.Body)
			}
			if tc.name == "OK json" && !json.Valid(rec.Body.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
	rec := httptest.NewRecorder()
	web.New(web.Options{}).ServeHTTP(rec, httptest.NewRequest("GET", "/v1/experiments/tone/results", nil))
	if rec.Code != 404 || !strings.Contains(rec.Body.String(), "not_configured") {
		t.Errorf("not set up: %d %s", rec.Code, rec.Body)
	}
}
