package abtest_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"yingda/analytics/abtest"
)

func TestCompareErrors(t *testing.T) {
	ok := abtest.Mean(abtest.Sums{N: 10, Sum: 10, Squares: 20})
	flat := abtest.Mean(abtest.Sums{N: 10, Sum: 10, Squares: 10})
	zero := abtest.Mean(abtest.Sums{N: 10, Sum: 0, Squares: 20})
	for _, tc := range []struct {
		name string
		a, b abtest.Estimate
		o    abtest.Options
		want error
	}{
		{"ErrFewUnits", abtest.Mean(abtest.Sums{N: 1, Sum: 1, Squares: 1}), ok, abtest.Options{}, abtest.ErrFewUnits},
		{"ErrFewUnits empty", ok, abtest.Proportion(0, 0), abtest.Options{}, abtest.ErrFewUnits},
		{"ErrNoVariance", flat, ok, abtest.Options{}, abtest.ErrNoVariance},
		{"ErrNoVariance share", ok, abtest.Proportion(10, 10), abtest.Options{}, abtest.ErrNoVariance},
		{"ErrControlZero", zero, ok, abtest.Options{Relative: abtest.Delta}, abtest.ErrControlZero},
		{"ErrOptions alpha", ok, ok, abtest.Options{Alpha: 0.7}, abtest.ErrOptions},
		{"ErrOptions NaN", ok, ok, abtest.Options{Alpha: math.NaN()}, abtest.ErrOptions},
		{"ErrOptions log of a negative", abtest.Mean(abtest.Sums{N: 10, Sum: -10, Squares: 20}), ok, abtest.Options{Relative: abtest.LogRatio}, abtest.ErrOptions},
		{"OK zero treatment", ok, zero, abtest.Options{Relative: abtest.Auto}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := abtest.Compare(tc.a, tc.b, tc.o); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

// arms draws two plausible arms.
func arms(t *rapid.T) (a, b abtest.Estimate) {
	arm := func(name string) abtest.Estimate {
		return abtest.Estimate{N: float64(rapid.IntRange(2, 100000).Draw(t, name+" n")), Value: rapid.Float64Range(-100, 100).Draw(t, name), Var: rapid.Float64Range(0.01, 1e4).Draw(t, name+" var")}
	}
	a, b = arm("a"), arm("b")
	a.Raw, a.RawVar, b.Raw, b.RawVar = a.Value, a.Var, b.Value, b.Var
	return a, b
}

// At the ends of an interval the p-value is alpha, whatever the kind of interval; beyond them it is smaller.
func TestCompareDuality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := arms(t)
		if math.Abs(a.Value) < 1e-3 {
			t.Skip()
		}
		o := abtest.Options{
			Alpha:      rapid.SampledFrom([]float64{.05, .01, .2}).Draw(t, "alpha"),
			Side:       rapid.SampledFrom([]abtest.Side{abtest.TwoSided, abtest.Greater, abtest.Less}).Draw(t, "side"),
			Relative:   rapid.SampledFrom([]abtest.Relative{abtest.Absolute, abtest.Delta, abtest.Fieller}).Draw(t, "relative"),
			Sequential: rapid.Bool().Draw(t, "sequential"),
		}
		r, err := abtest.Compare(a, b, o)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Bounded {
			return
		}
		if !(r.Low <= r.Effect && r.Effect <= r.High) {
			t.Fatalf("effect %v outside %v–%v", r.Effect, r.Low, r.High)
		}
		for _, end := range []float64{r.Low, r.High} {
			if math.IsInf(end, 0) {
				continue
			}
			o.Null = end
			at, err := abtest.Compare(a, b, o)
			if err != nil {
				t.Fatal(err)
			}
			// Fieller's bounds solve a quadratic; of a change close to −100 % that costs digits.
			if math.Abs(at.P-o.Alpha) > 1e-5*o.Alpha+1e-9 {
				t.Fatalf("at the end %v p is %v, want %v (%+v)", end, at.P, o.Alpha, r)
			}
		}
	})
}

func TestCompareScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := arms(t)
		k := rapid.Float64Range(0.1, 10).Draw(t, "k")
		scaled := func(e abtest.Estimate) abtest.Estimate {
			return abtest.Estimate{N: e.N, Value: e.Value * k, Var: e.Var * k * k, Raw: e.Raw * k, RawVar: e.RawVar * k * k}
		}
		x, err1 := abtest.Compare(a, b, abtest.Options{})
		y, err2 := abtest.Compare(scaled(a), scaled(b), abtest.Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if math.Abs(x.P-y.P) > 1e-9 || math.Abs(y.Effect-k*x.Effect) > 1e-9*math.Abs(k*x.Effect)+1e-12 {
			t.Fatalf("%+v and scaled by %v %+v", x, k, y)
		}
	})
}

func TestRelativeNearZero(t *testing.T) {
	near0 := abtest.Estimate{N: 1000, Value: .01, Var: 1, Raw: .01, RawVar: 1} // a third of a standard error from 0
	b := abtest.Estimate{N: 1000, Value: .5, Var: 1, Raw: .5, RawVar: 1}
	r, err := abtest.Compare(near0, b, abtest.Options{Relative: abtest.Auto})
	if err != nil || r.Bounded || r.Relative != abtest.Fieller || !math.IsInf(r.High, 1) {
		t.Errorf("%+v, %v: no lift can be excluded when the control may be 0", r, err)
	}
	far := abtest.Estimate{N: 1000, Value: 10, Var: 1, Raw: 10, RawVar: 1}
	d, _ := abtest.Compare(far, abtest.Estimate{N: 1000, Value: 10.5, Var: 1, Raw: 10.5, RawVar: 1}, abtest.Options{Relative: abtest.Auto})
	if d.Relative != abtest.Delta {
		t.Errorf("far from 0 the delta method does: %v", d.Relative)
	}
	// All three agree when the control is known well.
	for _, rel := range []abtest.Relative{abtest.Fieller, abtest.LogRatio} {
		f, err := abtest.Compare(far, abtest.Estimate{N: 1000, Value: 10.5, Var: 1, Raw: 10.5, RawVar: 1}, abtest.Options{Relative: rel})
		if err != nil || math.Abs(f.Low-d.Low) > 1e-4 || math.Abs(f.High-d.High) > 1e-4 {
			t.Errorf("%v: %v–%v, delta %v–%v (%v)", rel, f.Low, f.High, d.Low, d.High, err)
		}
	}
}

func TestSRMZeroWeight(t *testing.T) {
	got, err := abtest.SRM([]int64{1000, 0, 1100}, []float64{1, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p with an arm of weight 0", got.P, 0.029096331741252267, tight)
	if got.DF != 1 || got.Broken() {
		t.Errorf("%+v", got)
	}
	got, _ = abtest.SRM([]int64{1000, 3, 1000}, []float64{1, 0, 1})
	if got.Stray != 3 || !got.Broken() {
		t.Errorf("three units in an arm that gets none: %+v", got)
	}
	for _, bad := range [][]float64{{1}, {0, 0}, {-1, 2}, {math.NaN(), 1}, {math.Inf(1), 1}} {
		if _, err := abtest.SRM([]int64{1, 1}, bad); !errors.Is(err, abtest.ErrOptions) {
			t.Errorf("weights %v: %v", bad, err)
		}
	}
	if got, err := abtest.SRM([]int64{0, 0}, []float64{1, 1}); err != nil || got.P != 1 {
		t.Errorf("nobody yet: %+v, %v", got, err)
	}
}

func TestGuard(t *testing.T) {
	arm := func(v float64) abtest.Estimate { return abtest.Estimate{N: 10000, Value: v, Var: 1, Raw: v, RawVar: 1} }
	for _, tc := range []struct {
		b      float64
		margin float64
		lower  bool
		want   abtest.Verdict
	}{
		{1.00, .05, false, abtest.Kept}, {.90, .05, false, abtest.Harmed}, {.96, .05, false, abtest.Unclear}, {1.1, 0, false, abtest.Kept},
		{1.00, .05, true, abtest.Kept}, {1.10, .05, true, abtest.Harmed}, {1.04, .05, true, abtest.Unclear}, {.9, 0, true, abtest.Kept},
	} {
		for _, rel := range []abtest.Relative{abtest.Absolute, abtest.Delta} {
			g, err := abtest.NonInferior(arm(1), arm(tc.b), tc.margin, tc.lower, abtest.Options{Relative: rel})
			if err != nil || g.Verdict != tc.want {
				t.Errorf("treatment %v, margin %v, lower is better %v: %v %v, want %v", tc.b, tc.margin, tc.lower, g.Verdict, err, tc.want)
			}
		}
	}
}

func TestBanditFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(t, "arms")
		arms := make([]abtest.Estimate, k)
		for i := range arms {
			arms[i] = abtest.Estimate{N: 200, Value: rapid.Float64Range(-3, 3).Draw(t, "value"), Var: rapid.Float64Range(.1, 50).Draw(t, "var")}
		}
		o := abtest.BanditOptions{Floor: rapid.SampledFrom([]float64{.01, .05, .1}).Draw(t, "floor"), TopTwo: rapid.Bool().Draw(t, "top two"), LowerIsBetter: rapid.Bool().Draw(t, "lower")}
		a, err := abtest.Bandit(arms, o)
		if err != nil {
			t.Fatal(err)
		}
		var sum, best float64
		for i, w := range a.Weights {
			sum, best = sum+w, best+a.Best[i]
			if w < o.Floor-1e-12 {
				t.Fatalf("weight %v below the floor %v", w, o.Floor)
			}
			if !o.TopTwo && math.Abs(w-(o.Floor+(1-float64(k)*o.Floor)*a.Best[i])) > 1e-12 {
				t.Fatalf("weight %v of %v", w, a.Best[i])
			}
		}
		if math.Abs(sum-1) > 1e-9 || math.Abs(best-1) > 1e-9 {
			t.Fatalf("weights add up to %v, probabilities to %v", sum, best)
		}
	})
	few, err := abtest.Bandit([]abtest.Estimate{{N: 5, Value: 1, Var: 1}, {N: 5000, Value: 2, Var: 1}}, abtest.BanditOptions{})
	if err != nil || few.Ready || few.Weights[0] != .5 {
		t.Errorf("an arm with few units: %+v, %v", few, err)
	}
	if _, err := abtest.Bandit(make([]abtest.Estimate, 3), abtest.BanditOptions{Floor: .4}); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("floors above 1: %v", err)
	}
}

func TestDesign(t *testing.T) {
	five := []float64{.2, .4, .6, .8, 1}
	one, err := abtest.Design{Times: []float64{1}}.Bounds()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one look is a fixed test", one.Z[0], 1.959963984540054, tight)
	for name, spend := range map[string]abtest.Spending{"obf": abtest.OBrienFleming, "pocock": abtest.Pocock, "power": abtest.PowerFamily(2), "hsd": abtest.HwangShihDeCani(-4)} {
		b, err := abtest.Design{Times: five, Spend: spend}.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		// Without an effect it stops as often as was spent; half of it on the upper side.
		for k, p := range b.Cross(0) {
			near(t, name+" spends", 2*p, b.Spent[k], 1e-8)
		}
		if i := b.Inflation(.8); i < 1 || i > 1.4 {
			t.Errorf("%s needs %v times the units", name, i)
		}
		// Bounds do not depend on looks to come.
		part, _ := abtest.Design{Times: five[:3], Spend: spend}.Bounds()
		near(t, name+" third bound", part.Z[2], b.Z[2], tight)
		up, err := abtest.Design{Times: five, Spend: spend, OneSided: true, Alpha: .025}.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" one side", up.Z[4], b.Z[4], 1e-4) // the other side hardly matters
	}
	for _, bad := range [][]float64{nil, {0}, {.5, .4}, {.5, 1.1}, {math.NaN()}} {
		if _, err := (abtest.Design{Times: bad}).Bounds(); !errors.Is(err, abtest.ErrOptions) {
			t.Errorf("looks at %v: %v", bad, err)
		}
	}
}

func TestPlanInverse(t *testing.T) {
	p := abtest.Plan{Control: abtest.Proportion(100, 40), Effect: .03}
	n, err := abtest.SampleSize(p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := abtest.DetectableEffect(p, n)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "detectable effect", e, .03, 1e-6)
	lift := p
	lift.Effect, lift.Relative = .03/.4, true
	m, _ := abtest.SampleSize(lift)
	near(t, "units by lift", m, n, 1e-9)
	more := p
	more.Tests = 5
	if k, _ := abtest.SampleSize(more); k <= n {
		t.Errorf("five comparisons need %v units, one %v", k, n)
	}
	seq := p
	seq.Sequential = true
	if k, _ := abtest.SampleSize(seq); k <= n {
		t.Errorf("a sequence needs %v units, a fixed test %v", k, n)
	}
	if _, err := abtest.SampleSize(abtest.Plan{Control: abtest.Proportion(100, 100), Effect: .1}); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("no variance: %v", err)
	}
}

func TestPaired(t *testing.T) {
	if r := abtest.McNemar(abtest.Pairs{Both: 50, Neither: 50}, .05); r.P != 1 || r.Difference != 0 {
		t.Errorf("no disagreement: %+v", r)
	}
	// The example of Newcombe's paper on paired shares, by its method 10.
	r := abtest.McNemar(abtest.Pairs{Both: 20, FirstOnly: 2, SecondOnly: 12, Neither: 16}, .05)
	near(t, "difference", r.Difference, .2, 1e-12)
	if math.Abs(r.Low-.0562) > 6e-5 || math.Abs(r.High-.3292) > 6e-5 {
		t.Errorf("interval %v–%v", r.Low, r.High)
	}
	var s abtest.RatioSums
	for range 50 {
		s.Add(2, 10)
		s.Add(0, 10)
	}
	d, err := abtest.PairedDifference(s, .05)
	if err != nil || math.Abs(d.Effect-.1) > 1e-12 || !d.Significant(.05) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAdjustEdges(t *testing.T) {
	for _, c := range abtest.Corrections {
		got, err := abtest.Adjust([]float64{.02, math.NaN(), .5}, c)
		if err != nil || !math.IsNaN(got[1]) || got[0] < .02-1e-12 || got[2] > 1 || got[2] < .5-1e-12 {
			t.Errorf("%s: %v, %v", c, got, err)
		}
		if got, err := abtest.Adjust(nil, c); err != nil || len(got) != 0 {
			t.Errorf("%s of nothing: %v, %v", c, got, err)
		}
	}
	if _, err := abtest.Adjust([]float64{.1}, "tukey"); !errors.Is(err, abtest.ErrOptions) {
		t.Error(err)
	}
	if _, err := abtest.Adjust([]float64{1.1}, abtest.Holm); !errors.Is(err, abtest.ErrOptions) {
		t.Error(err)
	}
	low, high := abtest.AdjustedInterval(.1, .05, .05)
	near(t, "low", low, 0, math.Inf(1))
	near(t, "high", high, .2, 1e-12)
}

// Ranges of methods meet without a step.
func TestKolmogorovContinuous(t *testing.T) {
	for _, n := range []int{50, 140, 141, 1000, 20000} {
		last := 1.0
		for d := 0.3; d < 2.4; d += 0.05 {
			k := int(math.Round(d * math.Sqrt(float64(n)) * 2))
			x, y := make([]float64, 2*n), make([]float64, 2*n)
			for i := range x {
				x[i], y[i] = float64(i), float64(i+k)
			}
			_, p := abtest.KolmogorovSmirnov(x, y)
			if p > last+1e-9 || p < 0 {
				t.Fatalf("n %d, shift %d: p = %v after %v", n, k, p, last)
			}
			last = p
		}
	}
}
