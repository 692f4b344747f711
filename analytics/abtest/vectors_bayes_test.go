package abtest_test

import (
	"math"
	"testing"

	"yingda/analytics/abtest"
)

func TestVectorsQuantileBayes(t *testing.T) {
	q := func(n, v, lo, hi float64) abtest.Estimate {
		e, ok := abtest.QuantileOf(abtest.QuantileSums{Level: .9, N: n, Value: v, Low: lo, High: hi})
		if !ok {
			t.Fatal("the quantile has no bracket")
		}
		return e
	}
	a := q(11054, 7.157987489967789, 7.098780136176828, 7.217194843758751)
	b := q(10861, 7.694499927525767, 7.64180598628119, 7.747193868770344)
	for _, tc := range []struct {
		rel          abtest.Relative
		prior        abtest.Prior
		mean, lo, hi float64
	}{
		{abtest.Absolute, abtest.Prior{}, 0.5365124375579775, 0.4572559589115422, 0.6157689162044128},
		{abtest.Absolute, abtest.Prior{SD: 1000 * a.Value}, 0.536512437540855, 0.4572559588956844, 0.6157689161860256},
		{abtest.Delta, abtest.Prior{SD: 1000}, 0.07495297222736319, 0.06341005842481906, 0.08649588602990732},
		{abtest.Delta, abtest.Prior{SD: 1}, 0.07495037261804469, 0.06340765898986044, 0.08649308624622894},
	} {
		r, err := abtest.Compare(a, b, abtest.Options{Relative: tc.rel})
		if err != nil {
			t.Fatal(err)
		}
		got, err := abtest.Posterior(r.Effect, r.SE, tc.prior, false, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "mean", got.Mean, tc.mean, tight)
		near(t, "low", got.Low, tc.lo, tight)
		near(t, "high", got.High, tc.hi, tight)
	}
}

func TestVectorsBayes(t *testing.T) {
	view := func(a, b abtest.Estimate, prior abtest.Prior) abtest.Belief {
		r, err := abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta})
		if err != nil {
			t.Fatal(err)
		}
		got, err := abtest.Posterior(r.Effect, r.SE, prior, false, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	five := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 5.1e-6 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	b := view(abtest.Proportion(100, 49), abtest.Proportion(100, 51), abtest.Prior{})
	five("mean", b.Mean, .04082)
	five("low", b.Low, -.24779)
	five("high", b.High, .32943)
	five("better", b.Better, .60918)
	five("risk of control", b.RiskControl, .0814)
	five("risk of treatment", b.RiskTreatment, .04058)

	c, d := abtest.Mean(abtest.Sums{N: 10, Sum: 100, Squares: 1002.25}), abtest.Mean(abtest.Sums{N: 10, Sum: 105, Squares: 1111.5})
	b = view(c, d, abtest.Prior{})
	five("mean", b.Mean, .05)
	five("better", b.Better, .91923)
	b = view(c, d, abtest.Prior{Mean: .1, SD: math.Sqrt(.1)})
	five("informed mean", b.Mean, .05063)
	five("informed better", b.Better, .92315)
	five("informed risk", b.RiskTreatment, .00123)

	r, err := abtest.Posterior(.1, .05, abtest.Prior{}, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "risk of control", r.RiskControl, .1004245351308, 1e-12)
	near(t, "risk of treatment", r.RiskTreatment, .0004245351308414, 1e-12)

	// Spotify's confidence, whose prior is Jeffreys's.
	s, err := abtest.BetaBinomial(42, 104, 500, 1009, abtest.BetaPrior{A: .5, B: .5}, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "share low", s.Treatment[0], .46473987, 1e-7)
	near(t, "share high", s.Treatment[1], .52636595, 1e-7)
	near(t, "control low", s.Control[0], .3132419, 1e-7)
	near(t, "control high", s.Control[1], .49971958, 1e-7)
	near(t, "better", s.Better, .962782, 1e-3) // that one is drawn, not computed
}

func TestVectorsPower(t *testing.T) {
	r := MustRefs(t)
	for effect, want := range map[float64]float64{0.2: r.PowerT["d0.2,a.05,p.8"], 0.5: r.PowerT["d0.5"]} {
		got, err := abtest.SampleSize(abtest.Plan{Control: abtest.Estimate{Value: 1, Var: 1}, Effect: effect})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "units an arm", got/2, want, 1e-8)
	}
	a := abtest.Mean(abtest.Sums{N: 500, Sum: 499.99999999999994, Squares: 1499.999999999999})
	b := abtest.Mean(abtest.Sums{N: 500, Sum: 525.0000000000008, Squares: 1551.2499999999998})
	c, err := abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta})
	if err != nil {
		t.Fatal(err)
	}
	// gbstats stops its search when the power is right to 1e-5, which is 4 digits of the factor.
	for _, tc := range []struct {
		o     abtest.Options
		prior abtest.Prior
		want  float64
	}{
		{abtest.Options{}, abtest.Prior{}, 25.45703125},
		{abtest.Options{Sequential: true}, abtest.Prior{}, 55.66796875},
		{abtest.Options{}, abtest.Prior{Mean: .05, SD: math.Sqrt(.001)}, 13.9404296875},
	} {
		got, err := abtest.Scaling(c.SE, 1000, .05, .8, tc.o, tc.prior)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "scaling", got, tc.want, 1e-4)
	}
}

func TestVectorsGroupSequential(t *testing.T) {
	// By Simpson's rule on 4001 points a look, as an independent check; R's ldbounds and gsDesign print the same to their last digit or so
	// (4.8769 3.3569 2.6803 2.2898 2.0310 and 2.4380 2.4268 2.4101 2.3966 2.3859).
	for _, tc := range []struct {
		name  string
		spend abtest.Spending
		want  []float64
	}{
		{"O'Brien-Fleming", abtest.OBrienFleming, []float64{4.876884948790762, 3.3570119215745975, 2.6802800645449008, 2.2898167677118804, 2.031032043309928}},
		{"Pocock", abtest.Pocock, []float64{2.4379766880500116, 2.426813858150089, 2.410193840271311, 2.396645400648714, 2.3859845716225094}},
	} {
		b, err := abtest.Design{Times: []float64{.2, .4, .6, .8, 1}, Spend: tc.spend}.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range tc.want {
			near(t, tc.name, b.Z[k], want, tight)
		}
	}
}
