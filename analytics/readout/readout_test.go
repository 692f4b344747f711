package readout_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"yingda/analytics/readout"
	"yingda/dialogue"
)

func metric(tb testing.TB, r *readout.Result, name string) *readout.MetricResult {
	tb.Helper()
	for i := range r.Metrics {
		if r.Metrics[i].Metric.Name == name {
			return &r.Metrics[i]
		}
	}
	tb.Fatalf("there is no %s in the results", name)
	return nil
}

// The effect is real, and found; numbers are those that were generated.
func TestBetter(t *testing.T) {
	s := &shop{customers: 3000, effect: -0.10, crossed: 6}
	s.play(1)
	w := MustLoad(t, s)
	r := MustRun(t, w, plan())
	for i, arm := range []string{"control", "warm"} {
		truth := s.truth[arm]
		for name, want := range map[string][2]float64{
			"handoff": {truth.handed, truth.sessions}, "csat": {truth.satisfied, truth.rated}, "fallback": {truth.fallbacks, truth.turns},
			"turns": {truth.turns, truth.sessions}, "sessions": {truth.sessions, truth.units},
		} {
			v := metric(t, r, name).Arms[i]
			if v.Num != want[0] || v.Den != want[1] || float64(v.Units) != truth.units {
				t.Errorf("%s of %s: %v / %v of %d customers, generated were %v of %v", name, arm, v.Num, v.Den, v.Units, want, truth.units)
			}
		}
	}
	if r.Split.Broken || r.Split.Crossed != 6 || r.Decision.Verdict != readout.Better || r.Decision.Arm != "warm" {
		t.Errorf("split %+v, decision %+v", r.Split, r.Decision)
	}
	c := metric(t, r, "handoff").Comparisons[0]
	if !(*c.Difference.Low < -0.10 && -0.10 < *c.Difference.High) || !c.Better {
		t.Errorf("the effect of −10 pp is not inside %+v", c.Difference)
	}
	if c.CUPED == nil || c.CUPED.Cut < .01 || c.CUPED.Cut > .5 {
		t.Errorf("the past of customers is alike, but CUPED is %+v", c.CUPED)
	}
	if p95 := metric(t, r, "response_p95"); p95.Arms[0].Value == nil || math.Abs(*p95.Arms[0].Value-(5+20*math.Log(20))) > 5 || p95.Comparisons[0].Better || p95.Comparisons[0].Worse {
		t.Errorf("p95: %+v", p95)
	}
	if len(r.Cuts) != 2 || r.Cuts[0].Dimension != "channel" {
		t.Errorf("cuts %+v", r.Cuts)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("results cannot be written as JSON: %v", err)
	}
	for _, lang := range []string{"zh", "en"} {
		rep := r.Report(lang, start)
		if len(rep.Rows) != 12 || len(rep.Notes) < 5 {
			t.Errorf("%d rows, %d notes", len(rep.Rows), len(rep.Notes))
		}
		for _, n := range rep.Notes {
			for _, text := range []string{n.ZH, n.EN} {
				if text == "" || strings.Contains(text, "%!") {
					t.Errorf("note %q", text)
				}
			}
		}
	}

	// Without the past the interval is wider.
	p := plan()
	p.Lookback = -1
	plain := metric(t, MustRun(t, w, p), "handoff").Comparisons[0]
	if plain.CUPED != nil || plain.Difference.SE <= c.Difference.SE {
		t.Errorf("without CUPED the standard error is %v, with it %v", plain.Difference.SE, c.Difference.SE)
	}
	// A sequence is wider, and found it all the same.
	p = plan()
	p.Sequential, p.Running = true, true
	seq := MustRun(t, w, p)
	if seq.Decision.Verdict != readout.Better || metric(t, seq, "handoff").Comparisons[0].Difference.SE != c.Difference.SE {
		t.Errorf("sequence: %+v", seq.Decision)
	}
	// Success needs the planned days, even so.
	p.Days = 60
	if d := MustRun(t, w, p).Decision; d.Verdict != readout.Early {
		t.Errorf("before the planned days: %+v", d)
	}
	// One look was planned, and it is not over.
	p = plan()
	p.Running, p.Units = true, 1e6
	if d := MustRun(t, w, p).Decision; d.Verdict != readout.Early {
		t.Errorf("early: %+v", d)
	}
	// Nothing is known of the plan: variants are taken from the data.
	p = plan()
	p.Arms = nil
	r = MustRun(t, w, p)
	if r.Decision.Verdict != readout.Better || len(r.Decision.Warnings) == 0 || r.Arms[0].Name != "control" {
		t.Errorf("without a definition: %+v", r.Decision)
	}
	// A bandit would give nearly all to the better one.
	p = plan()
	p.Bandit = 0.05
	if r = MustRun(t, w, p); r.Next == nil || !r.Next.Ready || math.Abs(r.Next.Weights[1]-.95) > .001 || r.Next.Best[1] < .999 {
		t.Errorf("bandit: %+v", r.Next)
	}
	// A variant that the plan does not have.
	p = plan()
	p.Arms = []readout.Arm{{Name: "control", Weight: 1}, {Name: "cold", Weight: 1}}
	if r = MustRun(t, w, p); !r.Split.Broken || r.Split.Unknown["warm"] == 0 {
		t.Errorf("unknown variant: %+v", r.Split)
	}
	// Nobody was asked.
	p = plan()
	p.Name = "nothing"
	if r = MustRun(t, w, p); r.Decision.Verdict != readout.NoData {
		t.Errorf("no data: %+v", r.Decision)
	}
	p.Arms = nil
	if _, err := readout.Run(t.Context(), w, p); !errors.Is(err, readout.ErrNoData) {
		t.Errorf("neither data nor definition: %v", err)
	}
}

// A split fault hides everything.
func TestBroken(t *testing.T) {
	s := &shop{customers: 1200, effect: -0.10, lost: 0.25}
	s.play(2)
	w := MustLoad(t, s)
	r := MustRun(t, w, plan())
	if !r.Split.Broken || r.Decision.Verdict != readout.Broken || len(r.Metrics) != 0 || r.Power != nil {
		t.Errorf("split %+v, %d metrics, decision %+v", r.Split, len(r.Metrics), r.Decision)
	}
	p := plan()
	p.ShowBroken = true
	if r = MustRun(t, w, p); len(r.Metrics) == 0 || r.Decision.Verdict != readout.Broken || len(r.Decision.Warnings) == 0 {
		t.Errorf("shown on request: %+v", r.Decision)
	}
}

// Better at the price of a guardrail; worse; nothing; too little to say.
func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name string
		shop shop
		plan func(*readout.Plan)
		want []readout.Verdict
	}{
		{"harm", shop{customers: 1600, effect: -0.12, csat: -0.25}, func(*readout.Plan) {}, []readout.Verdict{readout.Harm}},
		{"worse", shop{customers: 1000, effect: 0.15}, func(*readout.Plan) {}, []readout.Verdict{readout.Worse}},
		{"no difference", shop{customers: 1600}, func(p *readout.Plan) { p.Effect = .3 }, []readout.Verdict{readout.NoDifference}},
		{"inconclusive", shop{customers: 200}, func(*readout.Plan) {}, []readout.Verdict{readout.Inconclusive}},
		{"guard unclear", shop{customers: 1000, effect: -0.15}, func(p *readout.Plan) { p.Guardrails[0].Margin = 0.001 }, []readout.Verdict{readout.GuardUnclear, readout.Harm}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.shop.play(3)
			p := plan()
			tc.plan(&p)
			d := MustRun(t, MustLoad(t, &tc.shop), p).Decision
			for _, v := range tc.want {
				if d.Verdict == v {
					return
				}
			}
			t.Errorf("%s: %+v", d.Verdict, d)
		})
	}
}

func TestPlanFaults(t *testing.T) {
	for name, change := range map[string]func(*readout.Plan){
		"metric": func(p *readout.Plan) { p.Primary = "happiness" }, "time": func(p *readout.Plan) { p.To = p.From },
		"alpha": func(p *readout.Plan) { p.Alpha = 2 }, "cut": func(p *readout.Plan) { p.Cuts = []string{"customer"} },
		"margin": func(p *readout.Plan) { p.Guardrails[0].Margin = -1 }, "tenant": func(p *readout.Plan) { p.Tenant = "" },
		"bandit": func(p *readout.Plan) { p.Bandit = 0.6 }, "correction": func(p *readout.Plan) { p.Correction = "magic" }, "phase": func(p *readout.Plan) { p.Phases = []readout.Phase{{Since: start, Weights: []float64{1}}} },
	} {
		p := plan()
		change(&p)
		if _, err := readout.Run(t.Context(), nil, p); !errors.Is(err, readout.ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Weights that changed are expected as they were at the time.
func TestPhases(t *testing.T) {
	s := &shop{truth: map[string]*tally{}}
	for i := range 3000 {
		at := start.Add(time.Duration(i) * 6 * time.Minute) // 12.5 days
		arm := "control"
		if day := int(at.Sub(start).Hours() / 24); day < 6 && i%10 == 0 || day >= 6 && i%2 == 0 {
			arm = "warm"
		}
		ev := s.event("u"+strings.Repeat("x", i%3)+time.Duration(i).String(), "c"+time.Duration(i).String(), at, dialogue.TurnTaken)
		ev.Turn = &dialogue.TurnBody{Lang: "zh", Bundle: "b1", Owner: "robot", Exposures: map[string]string{experimentName: arm}}
	}
	w := MustLoad(t, s)
	p := plan()
	if r := MustRun(t, w, p); !r.Split.Broken {
		t.Errorf("half and half was expected all the time: %+v", r.Split)
	}
	p.Phases = []readout.Phase{{Since: start, Weights: []float64{.9, .1}}, {Since: start.AddDate(0, 0, 6), Weights: []float64{.5, .5}}}
	if r := MustRun(t, w, p); r.Split.Broken || len(r.Decision.Warnings) == 0 || math.Abs(r.Arms[1].Expected-float64(r.Arms[1].Units)) > 5 {
		t.Errorf("as it was: %+v, %+v", r.Split, r.Arms)
	}
}
