package drift

import (
	"maps"
	"slices"

	"yingda/analytics/abtest"
)

// Level says how much happened.
type Level string

// The levels.
const (
	Stable   Level = "stable"
	Moderate Level = "moderate" // worth a look
	Alarm    Level = "alarm"
)

// Finding is one comparison.
type Finding struct {
	Name      string  `json:"name"`
	Method    string  `json:"method"`    // ks, chi2, z, wasserstein, jensenshannon, psi
	Value     float64 `json:"value"`     // distance, or p-value of the tests
	Threshold float64 `json:"threshold"` // alarm from here; for p-values, below it
	Level     Level   `json:"level"`
	PSI       float64 `json:"psi"` // beside it, for those who know it; 0 for shares
	BaseN     float64 `json:"base_n"`
	N         float64 `json:"n"`
}

// Evidently's thresholds: tests up to so many rows, distances beyond, where every difference would be significant.
const (
	manyRows  = 1000
	testLevel = 0.05
	distance  = 0.1
)

// PSILevel judges a population stability index: 0.1 and 0.2.
func PSILevel(psi float64) Level {
	switch {
	case psi >= 0.2:
		return Alarm
	case psi >= 0.1:
		return Moderate
	}
	return Stable
}

// Numeric compares numbers, e.g. the model's confidence: by Kolmogorov–Smirnov up to 1000 values of the base, by the normed Wasserstein
// distance beyond. PSI is over ten bins of the base.
func Numeric(name string, base, now []float64) (Finding, error) {
	b, n, err := Bins(base, now, 10)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{Name: name, BaseN: float64(len(base)), N: float64(len(now))}
	if f.PSI, err = PSI(b, n); err != nil {
		return Finding{}, err
	}
	if len(base) <= manyRows {
		_, p, err := KolmogorovSmirnov(base, now)
		return f.test("ks", p), err
	}
	d, err := NormedWasserstein(Values(base), Values(now))
	return f.measure("wasserstein", d), err
}

// Categorical compares counts of categories, e.g. of intents: by chi-square up to 1000 rows of the base, by the Jensen–Shannon distance beyond.
func Categorical(name string, base, now map[string]float64) (Finding, error) {
	union := maps.Clone(base)
	maps.Copy(union, now)
	keys := slices.Sorted(maps.Keys(union))
	b, n := make([]float64, len(keys)), make([]float64, len(keys))
	f := Finding{Name: name}
	for i, k := range keys {
		b[i], n[i] = base[k], now[k]
		f.BaseN, f.N = f.BaseN+b[i], f.N+n[i]
	}
	psi, err := PSI(b, n)
	if err != nil {
		return Finding{}, err
	}
	f.PSI = psi
	if f.BaseN <= manyRows {
		_, p, err := ChiSquare(b, n)
		return f.test("chi2", p), err
	}
	d, err := JensenShannon(b, n)
	return f.measure("jensenshannon", d), err
}

// Share compares a share, e.g. of turns that were not understood: by a z-test up to 1000 rows of the base, by the Jensen–Shannon distance beyond.
func Share(name string, baseYes, baseN, yes, n float64) (Finding, error) {
	b, w := []float64{baseYes, baseN - baseYes}, []float64{yes, n - yes}
	d, err := JensenShannon(b, w)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{Name: name, BaseN: baseN, N: n}
	if baseN <= manyRows {
		_, p := abtest.PooledZ(baseYes, baseN, yes, n)
		return f.test("z", p), nil
	}
	return f.measure("jensenshannon", d), nil
}

func (f Finding) test(method string, p float64) Finding {
	f.Method, f.Value, f.Threshold, f.Level = method, p, testLevel, Stable
	if p < testLevel {
		f.Level = Alarm
	}
	return f
}

func (f Finding) measure(method string, d float64) Finding {
	f.Method, f.Value, f.Threshold, f.Level = method, d, distance, Stable
	if d >= distance {
		f.Level = Alarm
	}
	return f
}
