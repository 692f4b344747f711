package abtest_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"yingda/analytics/abtest"
)

func mustLook(t testing.TB, times []float64, spend abtest.Spending) *abtest.Look {
	t.Helper()
	l, err := abtest.NewLook(abtest.Design{Times: times, Spend: spend}, len(times)-1)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func evenly(n int) (times []float64) {
	for k := range n {
		times = append(times, float64(k+1)/float64(n))
	}
	return times
}

// TestVectorsLooks: bounds of many, uneven and one-sided looks by another program: Simpson's rule on 6001 points a look and Brent's root finding (scipy).
func TestVectorsLooks(t *testing.T) {
	uneven := []float64{.11, .3, .35, .8, 1}
	for _, tc := range []struct {
		name   string
		design abtest.Design
		want   []float64
	}{
		{"O'Brien-Fleming, 20", abtest.Design{Times: evenly(20)}, []float64{9.95514557746, 6.99135170453, 5.66968261672, 4.87785253006, 4.33826570555, 3.94277925671, 3.63793634549, 3.39404940034, 3.19331976164,
			3.02441081896, 2.87973836264, 2.754020328, 2.64345349108, 2.54522202677, 2.45719132812, 2.37771011835, 2.30547843946, 2.23945712974, 2.17880423655, 2.12282938983}},
		{"Pocock, 20", abtest.Design{Times: evenly(20), Spend: abtest.Pocock}, []float64{2.86873988149, 2.82932712716, 2.78731188355, 2.75140464068, 2.7211792162, 2.69551087945, 2.6734435096, 2.65424736565,
			2.63737275935, 2.62240204442, 2.60901335153, 2.59695485316, 2.58602666085, 2.57606799137, 2.56694794575, 2.55855878448, 2.55081094939, 2.54362932574, 2.53695039788, 2.53072005787}},
		{"O'Brien-Fleming, uneven, 1 %", abtest.Design{Times: uneven, Alpha: .01}, []float64{8.38234648393, 4.99272556395, 4.61257997772, 2.9293830156, 2.61355964197}},
		{"Pocock, uneven, one side", abtest.Design{Times: uneven, Spend: abtest.Pocock, OneSided: true}, []float64{2.38000960043, 2.18874398405, 2.3191544586, 1.94743064166, 2.03794888141}},
	} {
		b, err := tc.design.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range tc.want {
			near(t, tc.name, b.Z[k], want, 1e-10)
		}
	}
}

// TestVectorsTables: constant and 1/√t bounds of the tables of Jennison and Turnbull (Group Sequential Methods, 2000, tables 2.1 and 2.3, two-sided, 5 %)
// are crossed with 5 %, as exactly as their three decimals allow.
func TestVectorsTables(t *testing.T) {
	for _, tc := range []struct {
		looks          int
		pocock, obrien float64
	}{{2, 2.178, 1.977}, {3, 2.289, 2.004}, {4, 2.361, 2.024}, {5, 2.413, 2.040}, {10, 2.555, 2.087}, {20, 2.672, 2.126}} {
		var even, late []float64
		for k := range tc.looks {
			even, late = append(even, tc.pocock), append(late, tc.obrien*math.Sqrt(float64(tc.looks)/float64(k+1)))
		}
		for name, z := range map[string][]float64{"Pocock": even, "O'Brien-Fleming": late} {
			p := abtest.Bounds{Times: evenly(tc.looks), Z: z}.Cross(0)
			if got := 2 * p[len(p)-1]; math.Abs(got-.05) > 1e-4 {
				t.Errorf("%s with %d looks is crossed with %v", name, tc.looks, got)
			}
		}
	}
}

// TestVectorsRepeated: repeated p-values by the same other program.
func TestVectorsRepeated(t *testing.T) {
	for _, tc := range []struct {
		times  []float64
		z      float64
		one    bool
		obrien float64
		pocock float64
	}{
		{[]float64{.25, .5}, 2.5, false, 0.1063343459, 0.03549839819},
		{[]float64{.25, .5, 1}, 2.1, false, 0.03628514775, 0.06686457229},
		{[]float64{.25, .5, 1}, 2.1, true, 0.01814257388, 0.03343358196},
		{[]float64{.25}, 1.9, false, 1, 0.1607087155},
	} {
		for want, spend := range map[float64]abtest.Spending{tc.obrien: abtest.OBrienFleming, tc.pocock: abtest.Pocock} {
			a, b := normals(1e9, 0), normals(1e9, tc.z) // so many units that t is nearly z
			o := abtest.Options{Look: mustLook(t, tc.times, spend)}
			if tc.one {
				o.Side = abtest.Greater
			}
			near(t, "repeated p-value", mustCompare(t, a, b, o).P, want, 1e-6)
		}
	}
}

// normals are two arms' estimates whose difference has the standard error 1.
func normals(n, value float64) abtest.Estimate {
	return abtest.Estimate{N: n, Value: value, Var: n / 2, Raw: value, RawVar: n / 2}
}

// TestLook: interval and p-value say the same; a single look is a fixed test; with more looks intervals are wider; looks to come do not matter.
func TestLook(t *testing.T) {
	one := mustLook(t, []float64{1}, nil)
	for _, z := range []float64{-2.5, -1, .3, 1.9, 1.97, 2, 3.5, 8} {
		a, b := normals(50, 10), normals(50, 10+z)
		for _, o := range []abtest.Options{{}, {Side: abtest.Greater}, {Side: abtest.Less}, {Alpha: .01}} {
			fixed, looked := mustCompare(t, a, b, o), o
			looked.Look = one
			got := mustCompare(t, a, b, looked)
			near(t, "low of one look", got.Low, fixed.Low, 1e-12)
			near(t, "high of one look", got.High, fixed.High, 1e-12)
			if fixed.P < .49 && math.Abs(got.P-fixed.P) > 1e-9*fixed.P && got.P > 1e-14 {
				t.Errorf("p of one look %v, of a fixed test %v", got.P, fixed.P)
			}
			looked.Look = mustLook(t, []float64{.3, .6, 1}, abtest.Pocock)
			got = mustCompare(t, a, b, looked)
			if got.High-got.Low < fixed.High-fixed.Low || got.P < fixed.P*(1-1e-9) && got.P > 1e-14 {
				t.Errorf("the third look %+v against a fixed test %+v", got, fixed)
			}
			for _, rel := range []abtest.Relative{abtest.Absolute, abtest.Fieller} {
				looked.Relative = rel
				r := mustCompare(t, a, b, looked)
				alpha := o.Alpha
				if alpha == 0 {
					alpha = .05
				}
				if excluded := r.Low > 0 || r.High < 0; excluded != (r.P < alpha) {
					t.Errorf("z %v, %+v: interval %v … %v, p %v", z, o, r.Low, r.High, r.P)
				}
			}
		}
	}
	long, err := abtest.NewLook(abtest.Design{Times: []float64{.3, .6, 1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "level of the second of three", long.Level(.05, false), mustLook(t, []float64{.3, .6}, nil).Level(.05, false), tight)
	if _, err := abtest.NewLook(abtest.Design{Times: []float64{.3}}, 1); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("a look that was not planned: %v", err)
	}
	if _, err := abtest.NewLook(abtest.Design{Times: []float64{.3, .2}}, 1); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("looks that do not rise: %v", err)
	}
	if _, err := abtest.Compare(normals(9, 1), normals(9, 2), abtest.Options{Look: one, Sequential: true}); !errors.Is(err, abtest.ErrOptions) {
		t.Errorf("a look of a sequence: %v", err)
	}
	// So early that nothing is spent: nothing is excluded, and nothing is promised.
	none := mustLook(t, []float64{1e-4}, nil)
	r := mustCompare(t, normals(50, 0), normals(50, 30), abtest.Options{Look: none})
	if !math.IsInf(r.Low, -1) || !math.IsInf(r.High, 1) {
		t.Errorf("a look at which nothing is spent: %+v", r)
	}
	if d, err := abtest.DetectableNow(1, 100, .8, abtest.Options{Look: none}); err != nil || !math.IsInf(d, 1) {
		t.Errorf("found at a look at which nothing is spent: %v, %v", d, err)
	}
}

// TestSimulationLooks tells chance from fault with many experiments: A/A of normal numbers whose variance is estimated, so that the statistic is Student's,
// 20 looks, first of 2 × 20 units. Sums are drawn, not units: mean and squares of normal numbers are independent.
func TestSimulationLooks(t *testing.T) {
	long(t)
	const runs, looks, batch = 60_000, 20, 20
	r := rand.New(rand.NewPCG(7, 7))
	times := evenly(looks)
	bounds := map[string]abtest.Bounds{}
	levels := map[string][]float64{}
	for name, spend := range map[string]abtest.Spending{"O'Brien–Fleming": abtest.OBrienFleming, "Pocock": abtest.Pocock} {
		b, err := abtest.Design{Times: times, Spend: spend}.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		bounds[name] = b
		for k := range times {
			levels[name] = append(levels[name], mustLook(t, times[:k+1], spend).Level(.05, false))
		}
	}
	walked, z, p := map[string]int{}, map[string]int{}, map[string]int{}
	for range runs {
		var a, b abtest.Sums
		var score float64
		var hit [3]map[string]bool
		for i := range hit {
			hit[i] = map[string]bool{}
		}
		for k := range looks {
			score += r.NormFloat64()
			a, b = a.Plus(normalSums(r, batch)), b.Plus(normalSums(r, batch))
			ea, eb := abtest.Mean(a), abtest.Mean(b)
			statistic := math.Abs(eb.Value-ea.Value) / math.Sqrt((ea.Var+eb.Var)/ea.N)
			for name := range bounds {
				hit[0][name] = hit[0][name] || math.Abs(score)/math.Sqrt(float64(k+1)) > bounds[name].Z[k]
				if statistic > bounds[name].Z[k] { // else p is above the level too
					hit[1][name] = true
					hit[2][name] = hit[2][name] || mustCompare(t, ea, eb, abtest.Options{}).P < levels[name][k]
				}
			}
		}
		for name := range bounds {
			walked[name], z[name], p[name] = walked[name]+count(hit[0][name]), z[name]+count(hit[1][name]), p[name]+count(hit[2][name])
		}
	}
	for name := range bounds {
		for what, n := range map[string]int{"a normal walk": walked[name], "t taken for z (wrong, for comparison)": z[name], "p against the bound's level": p[name]} {
			got := float64(n) / runs
			t.Logf("A/A, 20 looks, %s, %s: %.3f %% ± %.3f", name, what, 100*got, 100*math.Sqrt(.05*.95/runs))
			if what != "t taken for z (wrong, for comparison)" && math.Abs(got-.05) > .003 {
				t.Errorf("%s, %s: %v, want 0.05 ± 0.003", name, what, got)
			}
		}
	}
}

// normalSums are the sums of n standard normal numbers.
func normalSums(r *rand.Rand, n int) abtest.Sums {
	sum := math.Sqrt(float64(n)) * r.NormFloat64()
	squares := sum * sum / float64(n)
	for range n - 1 {
		x := r.NormFloat64()
		squares += x * x
	}
	return abtest.Sums{N: float64(n), Sum: sum, Squares: squares}
}
