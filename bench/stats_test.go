package bench

import (
	"encoding/json"
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, tc := range []struct {
		name   string
		sorted []float64
		q      float64
		want   float64
	}{
		{"One", []float64{7}, 0.99, 7},
		{"MedianOdd", []float64{1, 2, 10}, 0.5, 2},
		{"MedianEven", []float64{1, 2, 4, 10}, 0.5, 3},
		{"Lowest", []float64{1, 2, 3}, 0, 1},
		{"Highest", []float64{1, 2, 3}, 1, 3},
		{"Between", []float64{0, 10}, 0.99, 9.9},
		{"NumPy", []float64{1, 2, 3, 4, 5, 6}, 0.3, 2.5}, // numpy.quantile gives the same
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Quantile(tc.sorted, tc.q); math.Abs(got-tc.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

func TestSummarise(t *testing.T) {
	if got, want := Summarise([]float64{3, math.NaN(), 1, 2, math.Inf(1)}), (Summary{N: 3, Median: 2, Min: 1, Max: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := Summarise([]float64{math.NaN()}); got != (Summary{}) {
		t.Errorf("of nothing: %+v", got)
	}
	for _, tc := range []struct {
		s    Summary
		want string
	}{{Summary{}, "null"}, {Summary{2, 1.5, 1, 2}, `{"max":2,"median":1.5,"min":1,"rounds":2}`}} {
		if got, err := json.Marshal(tc.s); err != nil || string(got) != tc.want {
			t.Errorf("%s, %v, want %s", got, err, tc.want)
		}
	}
}

func TestSteady(t *testing.T) {
	short, long := []float64{1, 1, 1, 1, 1, 1}, []float64{50, 50, 50, 50, 50, 50}
	if got := steady([][]float64{short, long}); got != 1 {
		t.Errorf("texts that always take the same give %v, want 1", got)
	}
	if got := steady([][]float64{{1, 1, 1, 1, 1, 9}}); got < 8 {
		t.Errorf("an outlier gives %v", got)
	}
	if got := steady([][]float64{short, {1}}); got != 0 {
		t.Errorf("too few latencies give %v, want 0", got)
	}
	if got := steady(nil); got != 0 {
		t.Errorf("nothing gives %v", got)
	}
}

func TestRatio(t *testing.T) {
	a := &Result{rounds: []round{{perSecond: 10, cpu: 3}, {perSecond: 30, cpu: 2}, {perSecond: 20, cpu: 1}}}
	b := &Result{rounds: []round{{perSecond: 10, cpu: 1}, {perSecond: 10, cpu: 1}, {perSecond: 10, cpu: 1}}}
	if got, want := Ratio(a, b, Speed), (Summary{3, 2, 1, 3}); got != want {
		t.Errorf("speed: %+v, want %+v", got, want)
	}
	if got, want := Ratio(a, b, CPU), (Summary{3, 2, 1, 3}); got != want {
		t.Errorf("CPU: %+v, want %+v", got, want)
	}
	for _, pair := range [][2]*Result{{a, nil}, {nil, b}, {a, {Failed: "x"}}} {
		if got := Ratio(pair[0], pair[1], Speed); got.N != 0 {
			t.Errorf("ratio to nothing: %+v", got)
		}
	}
}

func TestNewTarget(t *testing.T) {
	two := Summary{1, 2, 2, 2}
	for _, tc := range []struct {
		name    string
		value   Summary
		atLeast bool
		limit   float64
		want    string
	}{
		{"AtLeastMet", two, true, 2, Met},
		{"AtLeastMissed", two, true, 2.01, NotMet},
		{"AtMostMet", two, false, 2, Met},
		{"AtMostMissed", two, false, 1.99, NotMet},
		{"NotRun", Summary{}, true, 2, NotRun},
		{"Told", two, true, 0, Told},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := NewTarget("x", tc.value, tc.atLeast, tc.limit, "").Verdict; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
