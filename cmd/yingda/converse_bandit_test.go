package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/analytics/readout"
	"yingda/analytics/web"
	"yingda/dialogue/experiment"
)

// banditResults are results that weights may be set by.
func banditResults() *readout.Result {
	return &readout.Result{
		Plan:    readout.Plan{Primary: "containment", Arms: []readout.Arm{{Name: "a", Weight: 1}, {Name: "b", Weight: 1}}},
		Arms:    []readout.ArmCount{{Arm: readout.Arm{Name: "a"}, Units: 400}, {Arm: readout.Arm{Name: "b"}, Units: 500}},
		Split:   readout.Split{P: 1, SequentialP: 1},
		Next:    &readout.Next{Weights: []float64{.2, .8}, Best: []float64{.1, .9}, Ready: true},
		Through: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
	}
}

// TestAdvice: weights are moved by results that are there and to be trusted, by no others.
func TestAdvice(t *testing.T) {
	a := adviceOf(banditResults())
	if a.Weights["b"] != .8 || a.Best["a"] != .1 || !strings.Contains(a.Why, "containment of 900 customers, events up to 2026-03-02T08:00:00Z") {
		t.Errorf("%+v", a)
	}
	for why, change := range map[string]func(*readout.Result){
		"the split is not":  func(r *readout.Result) { r.Split.Broken, r.Split.SequentialP = true, 1e-6 },
		"a guardrail":       func(r *readout.Result) { r.Decision.Verdict, r.Decision.Text.EN = readout.Harm, "a guardrail is worse" },
		"too few customers": func(r *readout.Result) { r.Next.Ready = false },
	} {
		r := banditResults()
		change(r)
		if a := adviceOf(r); a.Weights != nil || !strings.Contains(a.Why, why) {
			t.Errorf("%s: %+v", why, a)
		}
	}
	r := banditResults()
	r.Next = nil // a quantile decides, or nothing was measured
	if a := adviceOf(r); a.Weights != nil {
		t.Errorf("without weights: %+v", a)
	}
}

// TestAdvise asks over the socket as a server does, for the tenant; where nobody answers or something else than results comes that is an error.
func TestAdvise(t *testing.T) {
	dir := t.TempDir()
	a := &analyst{client: socketClient(dir)}
	e := &experiment.Experiment{Tenant: "shop"}
	e.Name = "tone"
	if _, err := a.advise(t.Context(), e); err == nil || !strings.Contains(err.Error(), "results of tone") {
		t.Errorf("nobody is there: %v", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", filepath.Join(dir, socketName))
	if err != nil {
		t.Fatal(err)
	}
	status, body := http.StatusOK, []byte(nil)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/experiments/tone/results" || r.Header.Get(web.TenantHeader) != "shop" {
			t.Errorf("asked %s for %q", r.URL, r.Header.Get(web.TenantHeader))
		}
		rw.WriteHeader(status)
		rw.Write(body)
	}))
	s.Listener.Close()
	s.Listener = ln
	s.Start()
	defer s.Close()
	if body, err = json.Marshal(banditResults()); err != nil {
		t.Fatal(err)
	}
	if got, err := a.advise(t.Context(), e); err != nil || got.Weights["b"] != .8 {
		t.Errorf("%+v, %v", got, err)
	}
	status, body = http.StatusBadGateway, []byte("<html>")
	if _, err := a.advise(t.Context(), e); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("a fault: %v", err)
	}
	status = http.StatusOK
	if _, err := a.advise(t.Context(), e); err == nil {
		t.Error("no results were taken for some")
	}
}
