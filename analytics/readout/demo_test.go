package readout_test

import (
	"math"
	"os"
	"testing"
	"time"

	"yingda/analytics/demodata"
	"yingda/analytics/readout"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// demoMetrics names the planted effects as metrics.
var demoMetrics = map[string]string{"handed": "handoff", "resolved": "resolved", "satisfied": "csat", "score": "score"}

// TestDemo reads the experiments of a made-up year and holds them against its truth. It takes a minute: YINGDA_STRESS=1.
func TestDemo(t *testing.T) {
	if os.Getenv("YINGDA_STRESS") == "" {
		t.Skip("YINGDA_STRESS is not set: make check-stats")
	}
	g, err := demodata.New(demodata.Options{TurnsPerDay: 600})
	if err != nil {
		t.Fatal(err)
	}
	w, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir(), Now: func() time.Time { return time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := g.Run(t.Context(), func(_ int, evs []dialogue.Event) error { return w.Ingest(t.Context(), evs) }); err != nil {
		t.Fatal(err)
	}
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range g.Truth().Experiments {
		p := readout.Plan{
			Tenant: g.Truth().Tenant, Name: e.Name, From: e.From, To: e.To, Primary: "csat", Secondary: []string{"handoff", "resolved", "score"},
			Arms: []readout.Arm{{Name: e.Arms[0], Weight: e.Weights[0]}, {Name: e.Arms[1], Weight: e.Weights[1]}},
		}
		r := MustRun(t, w, p)
		t.Logf("%s: %s; split p = %.2g", e.Name, r.Decision.Text.EN, r.Split.P)
		for i, arm := range e.Arms {
			if got := int(r.Arms[i].Units); got != e.Observed[arm].Units {
				t.Errorf("%s: %d customers in %s, there were %d", e.Name, got, arm, e.Observed[arm].Units)
			}
		}
		if r.Split.Broken != e.Mismatch {
			t.Errorf("%s: broken %v, planted %v", e.Name, r.Split.Broken, e.Mismatch)
		}
		if e.Mismatch {
			continue
		}
		for name, effect := range e.Effects {
			holds(t, r, e.Name, demoMetrics[name], effect.Difference)
		}
	}
}

// holds fails when an effect is outside its interval; one that was not planted may be outside one interval in twenty, but not by far.
func holds(t *testing.T, r *readout.Result, experiment, name string, want float64) {
	t.Helper()
	c := metric(t, r, name).Comparisons[0]
	d := c.Difference
	inside := *d.Low <= want && want <= *d.High
	t.Logf("%-12s %-9s planted %+.4f, found %+.4f (%+.4f to %+.4f)%s", experiment, name, want, d.Value, *d.Low, *d.High, map[bool]string{false: "  outside"}[inside])
	if far := math.Abs(d.Value-want) / d.SE; want != 0 && !inside || far > 3.3 {
		t.Errorf("%s: %s is off by %.1f standard errors", experiment, name, far)
	}
}
