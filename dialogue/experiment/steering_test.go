package experiment_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yingda/dialogue/experiment"
)

const bandit = "name: bandit\nvariants: [{name: a}, {name: b}]\nscripts: [confirm.order.cancel]\nbandit: {floor: 0.1, apply: 1h}\nplan: {metric: containment}\n"

// results are what analytics says, and how often it was asked.
type results struct {
	advice experiment.Advice
	err    error
	asked  int
	before func() // each answer
}

func (r *results) ask(context.Context, *experiment.Experiment) (experiment.Advice, error) {
	r.asked++
	if r.before != nil {
		r.before()
	}
	return r.advice, r.err
}

func advice(a float64, through time.Time) experiment.Advice {
	return experiment.Advice{Weights: map[string]float64{"a": a, "b": 1 - a}, Best: map[string]float64{"a": a, "b": 1 - a}, Through: through, Why: "of 1000 customers"}
}

func weights(tb testing.TB, s *experiment.Service, now time.Time) []float64 {
	tb.Helper()
	p, ok := s.Find("default", "bandit").Phase(now)
	if !ok {
		tb.Fatal("it does not run")
	}
	return p.Weights
}

// TestSteering: weights follow results when they are due, never below the floor, with a version, a name and reasons; who was exposed stays.
func TestSteering(t *testing.T) {
	ctx, c := t.Context(), newClock()
	l := mustLog(t)
	s := mustOpen(t, l, experiment.Options{Now: c.now})
	mustStart(t, s, bandit)
	mustStart(t, s, two("people", "bandit: {floor: 0.1}\n")) // weights are people's
	was := map[int]string{}
	const seen, all = 60, 160
	for i := range all {
		if was[i] = arms(t, s, unit(i))["bandit"]; i < seen {
			s.Exposed("default", unit(i).Customer, map[string]string{"bandit": was[i]})
		}
	}
	s.Close() // what waits is written
	s = mustOpen(t, l, experiment.Options{Now: c.now})
	r := &results{}
	st := s.Steer(r.ask)
	pass := func(d time.Duration, want int) {
		t.Helper()
		c.forward(d)
		if st.Pass(ctx); r.asked != want {
			t.Errorf("asked %d times, want %d", r.asked, want)
		}
	}
	pass(59*time.Minute, 0) // not due
	r.advice = experiment.Advice{Why: "a variant has too few customers yet"}
	pass(time.Minute, 1)
	if w := weights(t, s, c.now()); w[0] != 0.5 {
		t.Errorf("set without results: %v", w)
	}
	pass(30*time.Minute, 1)
	r.advice = advice(0.02, c.now().Add(-time.Minute))
	pass(30*time.Minute, 2)
	if w := weights(t, s, c.now()); w[0] != 0.1 || w[1] != 0.9 {
		t.Errorf("weights %v, want the floor of 0.1 and the rest", w)
	}
	history, err := s.History(ctx, "default", "bandit", 0)
	if err != nil || history[0].By != experiment.Steerer || history[0].Act != experiment.Weighted || !strings.Contains(history[0].Reason, "a 0.500 → 0.100 (best with 2.0 %)") || !strings.Contains(history[0].Reason, "of 1000 customers") {
		t.Errorf("%v, history %+v", err, history[0])
	}
	c.forward(time.Second)
	moved := 0
	for i := range all {
		got := arms(t, s, unit(i))["bandit"]
		if i < seen && got != was[i] {
			t.Errorf("unit %d was exposed to %s and has %s now", i, was[i], got)
		}
		if i >= seen && got != was[i] {
			moved++
		}
	}
	if moved < 20 { // of a hundred, half had a, and four in five of them move
		t.Errorf("only %d moved", moved)
	}

	revision := s.Find("default", "bandit").Revision
	r.advice = advice(0.6, c.now().Add(-2*time.Hour)) // counted before the weights were set
	pass(time.Hour, 3)
	r.advice = advice(0.104, c.now()) // hardly another
	pass(time.Hour, 4)
	r.err = errors.New("connection refused") // analytics is down, and asked again sooner
	pass(time.Hour, 5)
	pass(4*time.Minute, 5)
	pass(time.Minute, 6)
	if e := s.Find("default", "bandit"); e.Revision != revision {
		t.Errorf("set by results that are old, the same or not there: %+v", e)
	}
	r.err, r.advice = nil, advice(0.8, c.now())
	pass(5*time.Minute, 7)
	if w := weights(t, s, c.now()); w[0] < 0.79 {
		t.Errorf("analytics is there again, weights %v", w)
	}
	if w := s.Find("default", "people").Weights(); w[0] != 0.5 {
		t.Errorf("the other's weights %v", w)
	}
	if _, err := s.Pause(ctx, by("bandit", 0)); err != nil {
		t.Fatal(err)
	}
	pass(3*time.Hour, 7) // nobody is served
}

// TestSteeringYields: what a person, or another replica, sets meanwhile stays.
func TestSteeringYields(t *testing.T) {
	ctx, c := t.Context(), newClock()
	l := mustLog(t)
	a, b := mustOpen(t, l, experiment.Options{Now: c.now}), mustOpen(t, mustReplica(t, l), experiment.Options{Now: c.now})
	mustStart(t, a, bandit)
	eventually(t, 5*time.Second, "the replica knows it", func() bool { x := b.Find("default", "bandit"); return x != nil && x.State == experiment.Running })
	c.forward(time.Hour)
	r := &results{advice: advice(0.9, c.now())}
	r.before = func() {
		if _, err := b.SetWeights(ctx, by("bandit", b.Find("default", "bandit").Revision), map[string]float64{"a": 3, "b": 7}); err != nil {
			t.Error(err)
		}
		eventually(t, 5*time.Second, "the replica hears of it", func() bool { return len(a.Find("default", "bandit").Phases) == 2 })
	}
	a.Steer(r.ask).Pass(ctx)
	if w := weights(t, a, c.now()); w[0] != 0.3 || r.asked != 1 {
		t.Errorf("weights %v", w)
	}
	// Both replicas are due: the second finds the weights set.
	c.forward(time.Hour)
	r.before, r.advice = nil, advice(0.7, c.now())
	a.Steer(r.ask).Pass(ctx)
	eventually(t, 5*time.Second, "the replica knows the weights", func() bool { return len(b.Find("default", "bandit").Phases) == 3 })
	asked := r.asked
	if b.Steer(r.ask).Pass(ctx); r.asked != asked {
		t.Error("the second replica asked too")
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); a.Steer(r.ask).Run(ctx, time.Millisecond) }()
	cancel()
	<-done
}
