package experiment_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yingda/dialogue/experiment"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// running is an experiment that was started at start.
func running(tb testing.TB, source string) *experiment.Experiment {
	tb.Helper()
	d, err := experiment.Parse("test.yaml", []byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	e := &experiment.Experiment{Tenant: "default", Definition: *d, State: experiment.Running, Started: start}
	e.Phases = []experiment.Phase{{Since: start, Coverage: *d.Coverage, Weights: d.Weights()}}
	for _, s := range d.Ramp {
		e.Phases = append(e.Phases, experiment.Phase{Since: start.Add(s.After.Std()), Coverage: s.Coverage, Weights: d.Weights()})
	}
	return e
}

// two is a definition with two variants that change something.
func two(name, more string) string {
	return fmt.Sprintf("name: %s\n%svariants:\n  - name: a\n  - {name: b, settings: {understanding.accept: 0.5}}\n", name, more)
}

func unit(i int) experiment.Subject {
	return experiment.Subject{Tenant: "default", Customer: fmt.Sprint("用户-", i), Channel: "web", Lang: "zh"}
}

const units = 40000

// TestUniform: each variant gets its share, within four standard errors.
func TestUniform(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         map[string]float64
	}{
		{"halves", two("u1", ""), map[string]float64{"a": .5, "b": .5}},
		{"coverage", two("u2", "coverage: 0.3\n"), map[string]float64{"a": .15, "b": .15}},
		{"weights", "name: u3\nscripts: [x]\nvariants: [{name: a, weight: 6}, {name: b, weight: 3}, {name: c, weight: 1}, {name: none, weight: 0}]", map[string]float64{"a": .6, "b": .3, "c": .1, "none": 0}},
		{"namespace", two("u4", "namespace: {name: n, from: 0.25, to: 0.75}\ncoverage: 0.5\n"), map[string]float64{"a": .125, "b": .125}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, n := running(t, tt.source), map[string]int{}
			for i := range units {
				n[experiment.Assign(e, unit(i), "", start)]++
			}
			for name, p := range tt.want {
				if got, slack := float64(n[name])/units, 4*math.Sqrt(p*(1-p)/units); math.Abs(got-p) > slack {
					t.Errorf("%s: %.4f, want %.4f ± %.4f", name, got, p, slack)
				}
			}
		})
	}
}

// TestIndependent: who is in which variant of one experiment says nothing about another one (chi-square of the 2×2 table, one degree of freedom; over
// 10.83 once in a thousand). With the same salt it says everything.
func TestIndependent(t *testing.T) {
	chi := func(a, b string) float64 {
		x, y := running(t, a), running(t, b)
		var n [2][2]float64
		for i := range units {
			u := unit(i)
			r, c := 0, 0
			if experiment.Assign(x, u, "", start) == "b" {
				r = 1
			}
			if experiment.Assign(y, u, "", start) == "b" {
				c = 1
			}
			n[r][c]++
		}
		sum := 0.0
		for r := range n {
			for c := range n[r] {
				want := (n[r][0] + n[r][1]) * (n[0][c] + n[1][c]) / units
				sum += (n[r][c] - want) * (n[r][c] - want) / want
			}
		}
		return sum
	}
	for _, names := range [][2]string{{"one", "other"}, {"wording-1", "wording-2"}, {"甲", "乙"}} {
		if got := chi(two("x", "salt: "+names[0]+"\n"), two("y", "salt: "+names[1]+"\n")); got > 10.83 {
			t.Errorf("%v: chi-square %.1f", names, got)
		}
	}
	if got := chi(two("x", "salt: same\n"), two("y", "salt: same\n")); got < units/2 {
		t.Errorf("the same salt gives chi-square %.1f: the test shows nothing", got)
	}
}

// TestTarget: only those take part who are meant.
func TestTarget(t *testing.T) {
	e := running(t, two("t", "target: {channel: [web, app], lang: [zh, ''], tier: [gold]}\n"))
	for _, tt := range []struct {
		channel, lang, tier string
		in                  bool
	}{{"web", "zh", "gold", true}, {"app", "", "gold", true}, {"voice", "zh", "gold", false}, {"web", "en", "gold", false}, {"web", "zh", "", false}} {
		s := experiment.Subject{Customer: "u", Channel: tt.channel, Lang: tt.lang, Tier: tt.tier}
		if got := experiment.Assign(e, s, "", start) != ""; got != tt.in {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	for _, state := range []experiment.State{experiment.Draft, experiment.Paused, experiment.Stopped} {
		if e.State = state; experiment.Assign(e, experiment.Subject{Customer: "u", Channel: "web", Tier: "gold"}, "", start) != "" {
			t.Errorf("a %s experiment gives variants", state)
		}
	}
	if e.State = experiment.Running; experiment.Assign(e, experiment.Subject{Customer: "u", Channel: "web", Tier: "gold"}, "", start.Add(-time.Second)) != "" {
		t.Error("variants before the start")
	}
}

// TestRamp: a growing coverage moves nobody who takes part; a shrinking one and other weights move nobody who is pinned.
func TestRamp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coverages := rapid.SliceOfN(rapid.Float64Range(0, 1), 2, 6).Draw(t, "coverages")
		weights := rapid.SliceOfN(rapid.Float64Range(0.1, 1), 3, 3).Draw(t, "weights")
		other := rapid.SliceOfN(rapid.Float64Range(0.1, 1), 3, 3).Draw(t, "other weights")
		share := func(w []float64) []float64 {
			sum := w[0] + w[1] + w[2]
			return []float64{w[0] / sum, w[1] / sum, w[2] / sum}
		}
		yes, one := true, 1.0
		e := &experiment.Experiment{State: experiment.Running, Started: start, Definition: experiment.Definition{Name: "r", Salt: "r", Sticky: &yes, Coverage: &one,
			Variants: []experiment.Variant{{Name: "a", Weight: &one}, {Name: "b", Weight: &one}, {Name: "c", Weight: &one}}}}
		for i, c := range coverages {
			w := weights
			if i == len(coverages)-1 {
				w = other
			}
			e.Phases = append(e.Phases, experiment.Phase{Since: start.Add(time.Duration(i) * time.Hour), Coverage: c, Weights: share(w)})
		}
		u := unit(rapid.IntRange(0, 1e6).Draw(t, "unit"))
		pin, before := "", ""
		for i := range e.Phases {
			now := e.Phases[i].Since.Add(time.Minute)
			got := experiment.Assign(e, u, pin, now)
			if pin != "" && got != pin {
				t.Fatalf("phase %d: moved from %s to %q", i, pin, got)
			}
			free := experiment.Assign(e, u, "", now)
			if i > 0 && i < len(e.Phases)-1 && coverages[i] >= coverages[i-1] && before != "" && free != before {
				t.Fatalf("phase %d: a growing coverage moved from %s to %q", i, before, free)
			}
			if before = free; pin == "" {
				pin = got
			}
		}
	})
}

// TestPinned: who was exposed stays, except in a variant that nobody is to have any more, or that is gone.
func TestPinned(t *testing.T) {
	e := running(t, two("p", ""))
	e.Phases = append(e.Phases, experiment.Phase{Since: start.Add(time.Hour), Coverage: 1, Weights: []float64{0, 1}})
	zero, now := 0.0, start.Add(2*time.Hour)
	u := unit(1)
	if got := experiment.Assign(e, u, "a", now); got != "a" {
		t.Errorf("pinned to a, got %q", got)
	}
	if got := experiment.Assign(e, u, "gone", now); got != "b" {
		t.Errorf("pinned to what is gone, got %q", got)
	}
	if e.Variants[0].Weight = &zero; experiment.Assign(e, u, "a", now) != "b" {
		t.Error("pinned to a variant that nobody is to have")
	}
	no := false
	if e.Variants[0].Weight, e.Sticky = e.Variants[1].Weight, &no; experiment.Assign(e, u, "a", now) != "b" {
		t.Error("pinned although the experiment is not sticky")
	}
}

// TestExclusive: nobody is in two experiments of a namespace, and together they take their parts of it.
func TestExclusive(t *testing.T) {
	es := []*experiment.Experiment{
		running(t, two("n1", "namespace: {name: wording, from: 0, to: 0.3}\n")), running(t, two("n2", "namespace: {name: wording, from: 0.3, to: 0.6}\n")),
		running(t, two("n3", "namespace: {name: wording, from: 0.6, to: 1}\n")),
	}
	for i := range units {
		in := 0
		for _, e := range es {
			if experiment.Assign(e, unit(i), "", start) != "" {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("unit %d is in %d of three experiments that fill the namespace", i, in)
		}
	}
}

// TestFloor: shares stay shares, none is below the floor, and the order stays.
func TestFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "variants")
		w := rapid.SliceOfN(rapid.Float64Range(0, 1), n, n).Draw(t, "weights")
		floor := rapid.Float64Range(0.001, 1/float64(n)).Draw(t, "floor")
		sum := 0.0
		for _, v := range w {
			sum += v
		}
		if sum == 0 {
			t.Skip()
		}
		for i := range w {
			w[i] /= sum
		}
		got := experiment.Floor(w, floor)
		sum = 0
		for i, v := range got {
			sum += v
			if v < floor-1e-12 {
				t.Fatalf("%v below %v in %v of %v", v, floor, got, w)
			}
			for j := range got {
				if w[i] < w[j] && got[i] > got[j]+1e-12 {
					t.Fatalf("the order changed: %v of %v", got, w)
				}
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("%v of %v sums to %v", got, w, sum)
		}
		for i, v := range experiment.Floor(got, floor) {
			if math.Abs(v-got[i]) > 1e-9 {
				t.Fatalf("a second time changes %v", got)
			}
		}
	})
}
