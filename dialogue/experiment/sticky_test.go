package experiment_test

import (
	"errors"
	"testing"
	"time"

	"yingda/dialogue/experiment"
)

// TestSticky: who was exposed at one replica keeps the variant at the other one after the weights changed and after a restart; who was not follows the
// new weights; who was erased is forgotten.
func TestSticky(t *testing.T) {
	ctx, l, c := t.Context(), mustLog(t), newClock()
	a := mustOpen(t, l, experiment.Options{Now: c.now})
	b := mustOpen(t, mustReplica(t, l), experiment.Options{Now: c.now})
	e := mustStart(t, a, two("sticky", ""))
	was := map[int]string{}
	const seen, all = 60, 120
	for i := range all {
		if was[i] = arms(t, a, unit(i))["sticky"]; i < seen {
			a.Exposed("default", unit(i).Customer, map[string]string{"sticky": was[i]})
		}
	}
	a.Close() // what waits is written
	a = mustOpen(t, l, experiment.Options{Now: c.now})
	c.forward(time.Hour)
	if _, err := a.SetWeights(ctx, by("sticky", e.Revision), map[string]float64{"a": 1, "b": 9}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the replica knows the weights", func() bool { return len(b.Find("default", "sticky").Phases) == 2 })
	c.forward(time.Minute)
	moved := 0
	for i := range all {
		for _, s := range []*experiment.Service{a, b} {
			got := arms(t, s, unit(i))["sticky"]
			if i < seen && got != was[i] {
				t.Errorf("unit %d was exposed to %s and has %s now", i, was[i], got)
			}
			if i >= seen && got != was[i] {
				moved++
			}
		}
	}
	if moved < 2*(all-seen)/5 { // of half in a four fifths move
		t.Errorf("only %d of %d moved: the weights do not work", moved, 2*(all-seen))
	}
	gone := 0
	for was[gone] != "a" || experiment.Assign(b.Find("default", "sticky"), unit(gone), "", c.now()) == "a" {
		gone++
	}
	stop := l.OnErase(a.Erased)
	defer stop()
	if _, err := l.Erase(ctx, "default", unit(gone).Customer); err != nil {
		t.Fatal(err)
	}
	if got := arms(t, a, unit(gone))["sticky"]; got != "b" {
		t.Errorf("an erased customer is still pinned to %s", got)
	}
}

// TestFirstExposureCounts: of two replicas that expose one customer to different variants the first is remembered.
func TestFirstExposureCounts(t *testing.T) {
	l, c := mustLog(t), newClock()
	a, b := mustOpen(t, l, experiment.Options{Now: c.now}), mustOpen(t, mustReplica(t, l), experiment.Options{Now: c.now})
	e := mustStart(t, a, two("first", ""))
	eventually(t, 5*time.Second, "the replica knows it", func() bool { x := b.Find("default", "first"); return x != nil && x.State == experiment.Running })
	a.Exposed("default", "u", map[string]string{"first": "a"})
	time.Sleep(20 * time.Millisecond)
	a.Close()
	b.Exposed("default", "u", map[string]string{"first": "b"})
	c.forward(time.Minute)
	if _, err := b.SetWeights(t.Context(), by("first", e.Revision), map[string]float64{"a": 0.001, "b": 1}); err != nil {
		t.Fatal(err)
	}
	c.forward(time.Minute)
	if got := arms(t, b, experiment.Subject{Tenant: "default", Customer: "u"})["first"]; got != "a" {
		t.Errorf("has %q", got)
	}
}

// TestCanary: the challenger's share is what was asked for, the champion's control has the same size, and a step moves nobody.
func TestCanary(t *testing.T) {
	ctx, c := t.Context(), newClock()
	s := mustOpen(t, mustLog(t), experiment.Options{Now: c.now})
	e, err := s.StartCanary(ctx, by("", 0), experiment.Canary{Name: "canary-1", Challenger: "default-0a1b2c3d", Share: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	share := func() (n map[string]int, first map[int]string) {
		n, first = map[string]int{}, map[int]string{}
		for i := range 20000 {
			v := arms(t, s, unit(i))["canary-1"]
			n[v]++
			if v != "" {
				first[i] = v
			}
		}
		return n, first
	}
	n, first := share()
	if n["challenger"] < 850 || n["challenger"] > 1150 || n["champion"] < 850 || n["champion"] > 1150 {
		t.Errorf("%v of 20000 at 5 %%", n)
	}
	if p, _ := e.Phase(c.now()); e.Share("challenger", p) != .05 {
		t.Errorf("share %v", e.Share("challenger", p))
	}
	c.forward(time.Hour)
	if _, err = s.StepCanary(ctx, by("canary-1", e.Revision), 0.25); err != nil {
		t.Fatal(err)
	}
	n, after := share()
	if n["challenger"] < 4700 || n["challenger"] > 5300 {
		t.Errorf("%v of 20000 at 25 %%", n)
	}
	for i, v := range first {
		if after[i] != v {
			t.Fatalf("unit %d moved from %s to %q", i, v, after[i])
		}
	}
	for _, bad := range []float64{0, 0.6, -1} {
		if _, err := s.StepCanary(ctx, by("canary-1", 0), bad); !errors.Is(err, experiment.ErrInput) {
			t.Errorf("a share of %v: %v", bad, err)
		}
	}
	for _, a := range s.Assign(ctx, unit(firstOf(first))) {
		if !a.Bundles || a.Bundle == "" || len(a.Others) != 1 {
			t.Errorf("%+v", a)
		}
	}
}

func firstOf(m map[int]string) int {
	for i := range m {
		return i
	}
	return -1
}
