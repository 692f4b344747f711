package abtest_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"yingda/analytics/abtest"
)

func TestSRMOver(t *testing.T) {
	counts, weights := []int64{5300, 2500, 2600, 0}, []float64{2, 1, 1, 0}
	one, err := abtest.SRM(counts, weights)
	if err != nil {
		t.Fatal(err)
	}
	all, err := abtest.SRMOver([]abtest.Epoch{{counts, weights}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "chi-square of one epoch", all.Chi2, one.Chi2, 1e-9)
	near(t, "degrees of freedom", all.DF, one.DF, tight)
	// The same weights in two epochs are one epoch.
	parts, err := abtest.SRMOver([]abtest.Epoch{{[]int64{300, 100, 200, 0}, weights}, {[]int64{5000, 2400, 2400, 0}, []float64{1, .5, .5, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "chi-square of two epochs alike", parts.Chi2, one.Chi2, 1e-9)
	// By hand: 520 of 1,000 at a half, 950 of 1,000 at 0.9: 70 more than expected, with variance 250 + 90.
	two, err := abtest.SRMOver([]abtest.Epoch{{[]int64{520, 480}, []float64{1, 1}}, {[]int64{950, 50}, []float64{9, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "two epochs by hand", two.Chi2, 70.0*70/340, 1e-9)
	if s, err := abtest.SRMOver([]abtest.Epoch{{[]int64{10, 1}, []float64{1, 0}}}); err != nil || s.Stray != 1 || !s.Broken() {
		t.Errorf("a unit where nobody should be: %+v, %v", s, err)
	}
	if s, err := abtest.SRMOver(nil); err != nil || s.P != 1 {
		t.Errorf("nothing: %+v, %v", s, err)
	}
	for _, bad := range [][]abtest.Epoch{{{[]int64{1}, []float64{1, 1}}}, {{[]int64{1, 1}, []float64{0, 0}}}, {{[]int64{1, 1}, []float64{1, 1}}, {[]int64{1}, []float64{1}}}} {
		if _, err := abtest.SRMOver(bad); !errors.Is(err, abtest.ErrOptions) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := abtest.NewMovingSRM(3).Add(abtest.Epoch{Counts: []int64{1, 1}, Weights: []float64{1, 1}}); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("arms that do not fit: %v", err)
	}
}

// TestSimulationMovingSRM: a bandit moves weights every hour, by how units of the hours before went. Looking every hour raises no false alarms; an arm that
// loses units is found.
func TestSimulationMovingSRM(t *testing.T) {
	long(t)
	const runs, hours, units = 4000, 14 * 24, 40
	r := rand.New(rand.NewPCG(8, 8))
	var alarms, once, found int
	for run := range runs {
		lossy := run%4 == 0
		s, w, good := abtest.NewMovingSRM(2), 0.5, 0
		var epochs []abtest.Epoch
		for range hours {
			n := binomial(r, units, w)
			n = min(max(n, 0), units)
			e := abtest.Epoch{Counts: []int64{n, units - n}, Weights: []float64{w, 1 - w}}
			if lossy {
				e.Counts[1] -= int64(float64(e.Counts[1])*.1 + r.Float64())
			}
			if _, err := s.Add(e); err != nil {
				t.Fatal(err)
			}
			epochs = append(epochs, e)
			good += int(n) - units/2
			w = min(max(.5+float64(good)/2000+.1*r.NormFloat64(), .1), .9) // depends on what came
		}
		if lossy {
			found += count(s.P() < abtest.SRMAlpha)
			continue
		}
		all, err := abtest.SRMOver(epochs)
		if err != nil {
			t.Fatal(err)
		}
		alarms, once = alarms+count(s.P() < abtest.SRMAlpha), once+count(all.P < .05)
	}
	t.Logf("moving weights, %d runs: false alarms at 0.001 looking every hour %.3f %%, once at 5 %% %.2f %%; an arm that loses a tenth found in %.1f %%",
		runs, 100*float64(alarms)/(.75*runs), 100*float64(once)/(.75*runs), 100*float64(found)/(.25*runs))
	if float64(alarms) > .003*.75*runs || float64(once) > .065*.75*runs || float64(found) < .65*.25*runs {
		t.Errorf("%d false alarms, %d at one look, %d found", alarms, once, found)
	}
}
