package drift_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yingda/analytics/drift"
)

type refs struct {
	Drift struct {
		P, Q                 []float64
		JSNats               float64 `json:"js_base_e_distance"`
		JSBits               float64 `json:"js_base_2_distance"`
		KL, PSI, Wasserstein float64
	}
	Welch struct{ X, Y []float64 }
	KS    [2]float64 `json:"ks_asymp"`
}

func near(tb testing.TB, what string, got, want float64) {
	tb.Helper()
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		tb.Errorf("%s = %.17g, want %.17g", what, got, want)
	}
}

func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/refs.json")
	if err != nil {
		t.Fatal(err)
	}
	var r refs
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	must := func(v float64, err error) float64 {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	near(t, "psi", must(drift.PSI(r.Drift.Q, r.Drift.P)), r.Drift.PSI)
	near(t, "kl", must(drift.KullbackLeibler(r.Drift.Q, r.Drift.P)), r.Drift.KL)
	near(t, "js", must(drift.JensenShannon(r.Drift.P, r.Drift.Q)), r.Drift.JSBits)
	near(t, "js in nats", must(drift.JensenShannon(r.Drift.P, r.Drift.Q))*math.Sqrt(math.Ln2), r.Drift.JSNats)
	near(t, "wasserstein", must(drift.Wasserstein(drift.Values([]float64{0, 1, 3}), drift.Values([]float64{5, 6, 8}))), r.Drift.Wasserstein)
	d, p, err := drift.KolmogorovSmirnov(r.Welch.X, r.Welch.Y)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ks", d, r.KS[0])
	near(t, "ks p", p, r.KS[1])
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Float64Range(0, 1000), 2, 12)
		p := counts.Draw(t, "p")
		q := rapid.SliceOfN(rapid.Float64Range(0, 1000), len(p), len(p)).Draw(t, "q")
		if slices.Max(p) == 0 || slices.Max(q) == 0 {
			t.Skip()
		}
		js, err := drift.JensenShannon(p, q)
		if err != nil || js < 0 || js > 1+1e-12 {
			t.Fatalf("js %v, %v", js, err)
		}
		back, _ := drift.JensenShannon(q, p)
		psi, _ := drift.PSI(p, q)
		same, _ := drift.PSI(p, p)
		if math.Abs(js-back) > 1e-9 || psi < -1e-12 || same != 0 {
			t.Fatalf("js %v and back %v, psi %v, of itself %v", js, back, psi, same)
		}
		// Weights are counts: a histogram is as far away as its values.
		var values []float64
		var weights []drift.Weighted
		for i, c := range p {
			k := int(c) % 7
			weights = append(weights, drift.Weighted{Value: float64(i), Weight: float64(k)})
			for range k {
				values = append(values, float64(i))
			}
		}
		if len(values) == 0 {
			t.Skip()
		}
		other := drift.Values([]float64{1, 2.5})
		a, err1 := drift.Wasserstein(weights, other)
		b, err2 := drift.Wasserstein(drift.Values(values), other)
		if err1 != nil || err2 != nil || math.Abs(a-b) > 1e-9 {
			t.Fatalf("histogram %v (%v), values %v (%v)", a, err1, b, err2)
		}
		moved := make([]float64, len(values))
		for i := range moved {
			moved[i] = values[i] + 3
		}
		if c, _ := drift.Wasserstein(drift.Values(values), drift.Values(moved)); math.Abs(c-3) > 1e-9 {
			t.Fatalf("moved by 3, distance %v", c)
		}
	})
}

func TestJudge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, mean float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = mean + r.NormFloat64()
		}
		return out
	}
	check := func(f drift.Finding, err error, method string, level drift.Level) {
		t.Helper()
		if err != nil || f.Method != method || f.Level != level {
			t.Errorf("%+v, %v: want %s %s", f, err, method, level)
		}
	}
	numeric := func(n int, shift float64) (drift.Finding, error) {
		return drift.Numeric("p1", draw(n, 0), draw(n, shift))
	}
	f, err := numeric(500, 0)
	check(f, err, "ks", drift.Stable)
	f, err = numeric(500, 0.5)
	check(f, err, "ks", drift.Alarm)
	f, err = numeric(20000, 0.03)
	check(f, err, "wasserstein", drift.Stable) // significant, and too small to matter
	f, err = numeric(20000, 0.3)
	check(f, err, "wasserstein", drift.Alarm)

	base := map[string]float64{"order": 6000, "refund": 3000, "invoice": 1000}
	f, err = drift.Categorical("intent", base, map[string]float64{"order": 590, "refund": 310, "invoice": 100})
	check(f, err, "jensenshannon", drift.Stable)
	f, err = drift.Categorical("intent", base, map[string]float64{"order": 590, "refund": 310, "new product": 300})
	check(f, err, "jensenshannon", drift.Alarm)
	if drift.PSILevel(f.PSI) != drift.Alarm {
		t.Errorf("a new intent with a quarter of the traffic has PSI %v", f.PSI)
	}
	f, err = drift.Categorical("intent", map[string]float64{"a": 50, "b": 50}, map[string]float64{"a": 90, "b": 10})
	check(f, err, "chi2", drift.Alarm)
	f, err = drift.Share("fallback", 50, 1000, 51, 1000)
	check(f, err, "z", drift.Stable)
	f, err = drift.Share("fallback", 500, 10000, 2500, 10000)
	check(f, err, "jensenshannon", drift.Alarm)
	for psi, want := range map[float64]drift.Level{0: drift.Stable, .0999: drift.Stable, .1: drift.Moderate, .2: drift.Alarm} {
		if got := drift.PSILevel(psi); got != want {
			t.Errorf("%v is %s, want %s", psi, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, err := range map[string]error{
		"lengths":  second(drift.PSI([]float64{1}, []float64{1, 2})),
		"zeros":    second(drift.PSI([]float64{0, 0}, []float64{1, 2})),
		"negative": second(drift.JensenShannon([]float64{-1, 2}, []float64{1, 2})),
		"NaN":      second(drift.KullbackLeibler([]float64{math.NaN(), 2}, []float64{1, 2})),
		"empty":    second(drift.Wasserstein(nil, drift.Values([]float64{1}))),
		"inf":      second(drift.Wasserstein(drift.Values([]float64{math.Inf(1)}), drift.Values([]float64{1}))),
		"numeric":  third(drift.Numeric("x", []float64{1, math.NaN()}, []float64{1})),
		"chart":    fourth(drift.PChart(nil, nil)),
		"chart n":  fourth(drift.PChart([]drift.Day{{Yes: 2, N: 1}}, nil)),
	} {
		if !errors.Is(err, drift.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ float64, err error) error      { return err }
func third(_ drift.Finding, err error) error { return err }
func fourth(_ drift.Chart, err error) error  { return err }

func TestPChart(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	days := func(n int, extra float64, p float64) []drift.Day { // extra: how much days differ beyond chance
		out := make([]drift.Day, n)
		for i := range out {
			q := p + extra*r.NormFloat64()
			out[i] = drift.Day{Yes: math.Round(1000 * q), N: 1000}
		}
		return out
	}
	c, err := drift.PChart(days(28, 0.02, .1), append(days(6, 0.02, .1), drift.Day{}, drift.Day{Yes: 250, N: 1000}))
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range c.Days[:6] {
		if d.Out {
			t.Errorf("day %d is out: %+v", i, d)
		}
	}
	if c.Sigma < 1.3 || !c.Days[7].Out || c.Days[6].Out || !math.IsNaN(c.Days[6].Share) {
		t.Errorf("%+v", c)
	}
	up := make([]drift.Day, 9)
	for i := range up {
		up[i] = drift.Day{Yes: 105, N: 1000}
	}
	c, err = drift.PChart([]drift.Day{{Yes: 1000, N: 10000}}, up)
	if err != nil || c.Days[6].Run || !c.Days[7].Run || c.Days[7].Out {
		t.Errorf("%+v, %v", c, err)
	}
}
