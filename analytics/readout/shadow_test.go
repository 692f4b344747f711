package readout_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"yingda/analytics/readout"
	"yingda/dialogue"
	"yingda/dialogue/experiment"
)

func TestShadows(t *testing.T) {
	s := &shop{}
	add := func(conversation string, first, second []string) {
		ev := s.event("", "shadow", start.Add(time.Duration(s.seq)*time.Minute), dialogue.Shadowed)
		ev.Shadow = &dialogue.ShadowBody{Pairs: []dialogue.ShadowPair{{
			Conversation: conversation, Seq: s.seq, ID: fmt.Sprint(s.seq), Time: ev.Time, Customer: "x", Channel: "web", Bundle: "b1", Shadow: "b2",
			First: dialogue.Reading{Intents: first, Score: .5}, Second: dialogue.Reading{Intents: second, Score: .6},
		}}}
	}
	for i := range 200 {
		c := fmt.Sprintf("c%d", i/2)
		switch {
		case i%10 == 0:
			add(c, nil, []string{"giftcard.buy"})
		case i%50 == 1:
			add(c, []string{"order.status"}, nil)
		case i%20 == 3:
			add(c, []string{"order.status"}, []string{"order.cancel"})
		case i%7 == 0:
			add(c, nil, nil)
		default:
			add(c, []string{"order.status"}, []string{"order.status"})
		}
	}
	w := MustLoad(t, s)
	ask := readout.ShadowQuestion{Tenant: "t1", Shadow: "b2", From: start, To: start.AddDate(0, 0, 7)}
	r, err := readout.Shadows(t.Context(), w, ask)
	if err != nil {
		t.Fatal(err)
	}
	u := r.Understood
	if r.Pairs != 200 || r.Conversations != 100 || u.SecondOnly != 20 || u.FirstOnly != 4 || u.Both+u.FirstOnly+u.SecondOnly+u.Neither != 200 {
		t.Errorf("%+v", r)
	}
	if r.Disagree.Num != 34 || math.Abs(*r.Disagree.Value-.17) > 1e-12 || *r.Disagree.Low > .17 || *r.Disagree.High < .17 {
		t.Errorf("disagreement %+v", r.Disagree)
	}
	if r.Difference == nil || math.Abs(r.Difference.Value-.08) > 1e-12 || r.P > .05 || r.McNemarP > .05 {
		t.Errorf("difference %+v, p %v and %v", r.Difference, r.P, r.McNemarP)
	}
	if len(r.Changes) != 3 || r.Changes[0] != (readout.Change{From: "", To: "giftcard.buy", Count: 20}) {
		t.Errorf("changes %+v", r.Changes)
	}
	rep := r.Report(ask, w.Through(), start)
	if len(rep.Rows) != 3 || len(rep.Notes) != 3 || strings.Contains(fmt.Sprint(rep.Notes), "%!") {
		t.Errorf("%+v", rep)
	}
	ask.Shadow = "b3"
	if r, err = readout.Shadows(t.Context(), w, ask); err != nil || r.Pairs != 0 || r.P != 1 || len(r.Report(ask, start, start).Notes) != 1 {
		t.Errorf("no pairs: %+v, %v", r, err)
	}
	ask.Tenant = ""
	if _, err := readout.Shadows(t.Context(), w, ask); !errors.Is(err, readout.ErrPlan) {
		t.Error(err)
	}
}

func TestFromExperiment(t *testing.T) {
	weight := func(w float64) *float64 { return &w }
	e := &experiment.Experiment{Tenant: "t1", State: experiment.Running, Started: start}
	e.Name = "tone"
	e.Variants = []experiment.Variant{{Name: "plain", Weight: weight(3)}, {Name: "softer", Weight: weight(1)}}
	e.Plan = &experiment.Plan{Metric: "csat", Guardrails: []string{"handoff"}, Margin: .02, Effect: .05, Units: 4000, Days: 14}
	now := start.AddDate(0, 0, 5)
	e.Phases = []experiment.Phase{
		{Since: start, Coverage: .1, Weights: []float64{.75, .25}}, {Since: start.AddDate(0, 0, 1), Coverage: .5, Weights: []float64{.75, .25}},
		{Since: start.AddDate(0, 0, 2), Coverage: .5, Weights: []float64{.5, .5}}, {Since: now.AddDate(0, 0, 9), Coverage: 1, Weights: []float64{.1, .9}},
	}
	p := readout.FromExperiment(e, now)
	if len(p.Phases) != 2 || p.Arms[0] != (readout.Arm{Name: "plain", Weight: .5}) || !p.Running || !p.To.Equal(now) || !p.From.Equal(start) {
		t.Errorf("%+v", p)
	}
	if p.Primary != "csat" || len(p.Guardrails) != 1 || p.Guardrails[0] != (readout.Guardrail{Metric: "handoff", Margin: .02}) || p.Units != 4000 || p.Effect != .05 {
		t.Errorf("%+v", p)
	}
	e.Plan.Looks = &experiment.Looks{Number: 2, Spending: experiment.Pocock}
	if p = readout.FromExperiment(e, now); len(p.Looks) != 2 || p.Looks[0] != .5 || p.Spending != experiment.Pocock {
		t.Errorf("looks: %+v", p)
	}
	e.State, e.Ended = experiment.Stopped, start.AddDate(0, 0, 4)
	if p = readout.FromExperiment(e, now); p.Running || !p.To.Equal(e.Ended) {
		t.Errorf("stopped: %+v", p)
	}
}
