package abtest_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"yingda/analytics/abtest"
)

// refs are values that scipy 1.17.1, statsmodels 0.15.0 and gbstats computed; see testdata/README.md.
type refs struct {
	SRM         []srmRef                 `json:"srm"`
	PropZ       []propRef                `json:"prop_ztest_pooled"`
	Wilson      [][4]float64             `json:"wilson"`
	Newcombe    [][6]float64             `json:"newcombe_2indep"`
	Welch       welchRef                 `json:"welch"`
	MannWhitney [2]float64               `json:"mannwhitney_asym"`
	KS          [2]float64               `json:"ks_asymp"`
	Multi       map[string][][][]float64 `json:"multi"`
	PowerT      map[string]float64       `json:"power_t"`
	Contingency []json.RawMessage        `json:"chi2_contingency"`
	GBRel       []float64                `json:"gb_rel"`
	GBAbs       []float64                `json:"gb_abs"`
	GBSeq       []float64                `json:"gb_seq_tune1000"`
}

type srmRef struct {
	counts  []int64
	weights []float64
	chi2, p float64
}

func (r *srmRef) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&r.counts, &r.weights, &r.chi2, &r.p})
}

type propRef struct {
	yes, n [2]float64
	z, p   float64
}

func (r *propRef) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&r.yes, &r.n, &r.z, &r.p})
}

type welchRef struct {
	X, Y []float64
	T    float64    `json:"t"`
	DF   float64    `json:"df"`
	P    float64    `json:"p"`
	CI   [2]float64 `json:"ci"`
}

// MustRefs reads the vectors.
func MustRefs(tb testing.TB) refs {
	tb.Helper()
	data, err := os.ReadFile("testdata/refs.json")
	if err != nil {
		tb.Fatal(err)
	}
	var r refs
	if err := json.Unmarshal(data, &r); err != nil {
		tb.Fatal(err)
	}
	return r
}

// near fails unless got is want to a relative tolerance; below 1e-300 both count as 0.
func near(tb testing.TB, what string, got, want, tol float64) {
	tb.Helper()
	if math.Abs(got-want) > tol*math.Max(math.Abs(want), 1e-300) && !(math.IsInf(got, 1) && math.IsInf(want, 1)) || math.IsNaN(got) != math.IsNaN(want) {
		tb.Errorf("%s = %.17g, want %.17g (relative difference %.2g)", what, got, want, math.Abs(got-want)/math.Abs(want))
	}
}

const tight = 1e-9

// sums of the two arms that gbstats' own tests use.
var (
	gbControl   = abtest.Sums{N: 3407, Sum: 1396.87, Squares: 52377.9767}
	gbTreatment = abtest.Sums{N: 3461, Sum: 2422.7, Squares: 134698.29}
)

func TestVectorsWelch(t *testing.T) {
	r := MustRefs(t)
	var x, y abtest.Sums
	for _, v := range r.Welch.X {
		x.Add(v)
	}
	for _, v := range r.Welch.Y {
		y.Add(v)
	}
	got, err := abtest.Compare(abtest.Mean(x), abtest.Mean(y), abtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t", got.Effect/got.SE, r.Welch.T, tight)
	near(t, "df", got.DF, r.Welch.DF, tight)
	near(t, "p", got.P, r.Welch.P, tight)
	near(t, "low", got.Low, r.Welch.CI[0], tight)
	near(t, "high", got.High, r.Welch.CI[1], tight)
}

func TestVectorsGBStats(t *testing.T) {
	r := MustRefs(t)
	check := func(name string, a, b abtest.Estimate, o abtest.Options, want []float64, tol float64) {
		t.Helper()
		got, err := abtest.Compare(a, b, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range []float64{got.Effect, got.Low, got.High, got.SE, got.P, got.DF} {
			if i < len(want) && !math.IsNaN(want[i]) {
				near(t, name+" "+[]string{"effect", "low", "high", "se", "p", "df"}[i], v, want[i], tol)
			}
		}
	}
	a, b := abtest.Mean(gbControl), abtest.Mean(gbTreatment)
	check("relative", a, b, abtest.Options{Relative: abtest.Delta}, r.GBRel, tight)
	check("absolute", a, b, abtest.Options{}, r.GBAbs, tight)

	small := abtest.Mean(abtest.Sums{N: 3000, Sum: gbControl.Sum, Squares: gbControl.Squares})
	s := r.GBSeq // effect, se, low, high, p
	check("sequence", small, b, abtest.Options{Relative: abtest.Delta, Sequential: true, Tuning: 1000}, []float64{s[0], s[2], s[3], s[1], s[4]}, tight)
	check("sequence of shares", abtest.Proportion(3000, 1396), abtest.Proportion(3461, 2422), abtest.Options{Relative: abtest.Delta, Sequential: true}, []float64{.50386, .40098, .60675, .03386}, 2e-4)
	check("shares", abtest.Proportion(28, 14), abtest.Proportion(30, 16), abtest.Options{Relative: abtest.Delta}, []float64{.06667, -.47767, .61101, .2717, .80707}, 1e-4)
	check("one-sided sequence", small, b, abtest.Options{Side: abtest.Greater, Sequential: true}, []float64{math.NaN(), -0.12656844172804982, math.Inf(1)}, tight)

	// gbstats finds the one-sided p by bisection of 1e-5 … 0.4999 to a step of about 1e-4: it prints 0.46316 where the root is 0.46305.
	got, err := abtest.Compare(small, b, abtest.Options{Side: abtest.Greater, Sequential: true})
	if err != nil || math.Abs(got.P-0.46316491943359384) > 2e-4 {
		t.Errorf("one-sided sequence: p = %v, %v", got.P, err)
	}
}

func TestVectorsOneSided(t *testing.T) {
	a, b := abtest.Mean(gbControl), abtest.Mean(gbTreatment)
	small := abtest.Mean(abtest.Sums{N: 3000, Sum: gbControl.Sum, Squares: gbControl.Squares})
	// "same sums" of gbstats' tests: relative with 3000 control units, absolute with as many.
	for _, tc := range []struct {
		name   string
		a      abtest.Estimate
		rel    abtest.Relative
		low, p float64
	}{
		{"relative", small, abtest.Delta, -0.0451366758504, 0.06558262868467746},
		{"absolute", small, abtest.Absolute, math.NaN(), 0.03554272489873023},
	} {
		got, err := abtest.Compare(tc.a, b, abtest.Options{Relative: tc.rel, Side: abtest.Greater})
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(tc.low) {
			near(t, tc.name+" low", got.Low, tc.low, 1e-6)
		}
		near(t, tc.name+" p", got.P, tc.p, tight)
	}
	up, _ := abtest.Compare(a, b, abtest.Options{Side: abtest.Greater})
	down, _ := abtest.Compare(b, a, abtest.Options{Side: abtest.Less})
	two, _ := abtest.Compare(a, b, abtest.Options{})
	near(t, "both sides", up.P*2, two.P, 1e-12)
	near(t, "turned round", down.P, up.P, 1e-12)
	near(t, "turned interval", -down.High, up.Low, 1e-12)
}

func TestVectorsCUPED(t *testing.T) {
	zero := abtest.CupedSums{Post: abtest.Sums{N: 3001, Sum: 300, Squares: 600}, Pre: abtest.Sums{N: 3001, Sum: 210, Squares: 415}, Cross: -20}
	one := abtest.CupedSums{Post: abtest.Sums{N: 3000, Sum: 222, Squares: 555}, Pre: abtest.Sums{N: 3000, Sum: 120, Squares: 405}, Cross: -10}
	a, b, theta := abtest.CUPED(zero, one)
	near(t, "theta", theta, -.07321194, 1e-7)
	got, err := abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lift", got.Effect, -.281707154, 2e-9)
	near(t, "p", got.P, .003732549, 2e-7)

	// yes/no: sums are the squares
	zero.Post.Squares, zero.Pre.Squares, zero.Binary = 300, 210, true
	one.Post.Squares, one.Pre.Squares, one.Binary = 222, 120, true
	a, b, _ = abtest.CUPED(zero, one)
	got, err = abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lift of shares", got.Effect, -.31620216, 1e-7)
	near(t, "p of shares", got.P, 3.53e-7, 3e-3)
}

func TestVectorsCUPEDRatio(t *testing.T) {
	s := func(sum, squares float64) abtest.Sums { return abtest.Sums{N: 100, Sum: sum, Squares: squares} }
	zero := abtest.CupedRatioSums{
		Post:   abtest.RatioSums{Num: s(485.112236689623, 2715.484666118136), Den: s(679.9093275844917, 4939.424001640236), Cross: 3602.146836776702},
		Pre:    abtest.RatioSums{Num: s(192.59138069991536, 460.076026390857), Den: s(290.1398399750233, 920.9461385038898), Cross: 634.239482353647},
		NumNum: 1113.6215759318352, NumDen: 1559.2878434944676, DenNum: 1460.3181079276983, DenDen: 2130.9404074446747,
	}
	one := abtest.CupedRatioSums{
		Post:   abtest.RatioSums{Num: s(514.7757826608777, 2994.897482705013), Den: s(705.4090874383759, 5291.36604146392), Cross: 3918.1561431600717},
		Pre:    abtest.RatioSums{Num: s(206.94157227402536, 514.2903702246757), Den: s(302.54389139107326, 994.4506208125663), Cross: 698.4173425817913},
		NumNum: 1237.0953021125997, NumDen: 1701.0287270040265, DenNum: 1604.075950326651, DenDen: 2292.081739775257,
	}
	a, b, _ := abtest.CUPEDRatio(zero, one)
	near(t, "unadjusted control", a.Raw, 0.713495487, 1e-8)
	near(t, "unadjusted treatment", b.Raw, 0.729754963, 1e-8)
	got, err := abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lift", got.Effect, -0.000701483, 1e-6)
	near(t, "p", got.P, 0.857710405, 2e-9)
	seq, err := abtest.Compare(a, b, abtest.Options{Relative: abtest.Delta, Sequential: true})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "sequence low", seq.Low, -.02063, 3e-4)
	near(t, "sequence high", seq.High, .01923, 3e-4)
}

func TestVectorsChecks(t *testing.T) {
	r := MustRefs(t)
	for _, v := range r.SRM {
		got, err := abtest.SRM(v.counts, v.weights)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "srm chi2", got.Chi2, v.chi2, tight)
		near(t, "srm p", got.P, v.p, tight)
	}
	for _, v := range r.PropZ {
		z, p := abtest.PooledZ(v.yes[0], v.n[0], v.yes[1], v.n[1])
		near(t, "z", z, v.z, tight)
		near(t, "p", p, v.p, tight)
	}
	for _, v := range r.Wilson {
		low, high := abtest.Wilson(v[0], v[1], 0.05)
		near(t, "wilson low", low, v[2], tight)
		near(t, "wilson high", high, v[3], tight)
	}
	for _, v := range r.Newcombe {
		low, high := abtest.Newcombe(v[0], v[1], v[2], v[3], 0.05)
		near(t, "newcombe low", low, v[4], tight)
		near(t, "newcombe high", high, v[5], tight)
	}
	u, p := abtest.MannWhitney(r.Welch.X, r.Welch.Y)
	near(t, "mann-whitney u", math.Max(u, float64(len(r.Welch.X)*len(r.Welch.Y))-u), r.MannWhitney[0], tight)
	near(t, "mann-whitney p", p, r.MannWhitney[1], tight)
	d, p := abtest.KolmogorovSmirnov(r.Welch.X, r.Welch.Y)
	near(t, "ks", d, r.KS[0], tight)
	near(t, "ks p", p, r.KS[1], tight)

	var table [][]float64
	if err := json.Unmarshal(r.Contingency[0], &table); err != nil {
		t.Fatal(err)
	}
	var want [3]float64
	for i := range want {
		if err := json.Unmarshal(r.Contingency[i+1], &want[i]); err != nil {
			t.Fatal(err)
		}
	}
	chi2, df, p := abtest.Independence(table)
	near(t, "chi2", chi2, want[0], tight)
	near(t, "chi2 p", p, want[1], tight)
	near(t, "chi2 df", df, want[2], tight)
}

func TestVectorsAdjust(t *testing.T) {
	names := map[string]abtest.Correction{
		"bonferroni": abtest.Bonferroni, "holm": abtest.Holm, "fdr_bh": abtest.BH, "fdr_by": abtest.BY,
		"simes-hochberg": abtest.Hochberg, "hommel": abtest.Hommel,
	}
	for name, cases := range MustRefs(t).Multi {
		for _, v := range cases {
			got, err := abtest.Adjust(v[0], names[name])
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				near(t, name, got[i], v[1][i], tight)
			}
		}
	}
}
