package bench

import (
	"encoding/json"
	"math"
	"slices"
)

// Summary is a figure over several rounds.
type Summary struct {
	N                int // rounds that gave a number; 0 = not measured
	Median, Min, Max float64
}

// Summarise returns the median and the range of the values, leaving out those that are not numbers.
func Summarise(values []float64) Summary {
	var v []float64
	for _, x := range values {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return Summary{}
	}
	slices.Sort(v)
	return Summary{N: len(v), Median: Quantile(v, 0.5), Min: v[0], Max: v[len(v)-1]}
}

// MarshalJSON writes null for what was not measured.
func (s Summary) MarshalJSON() ([]byte, error) {
	if s.N == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]float64{"rounds": float64(s.N), "median": s.Median, "min": s.Min, "max": s.Max})
}

// Quantile returns the q-quantile (0–1) of sorted values, interpolating linearly between neighbours (Hyndman and Fan 1996, type 7).
// Without values it is NaN.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	lo := int(at)
	if lo >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[lo] + (at-float64(lo))*(sorted[lo+1]-sorted[lo])
}

// steady divides each latency by the median of its text and returns p99 over p50 of what comes out.
// It is 0 with fewer than 5 latencies a text: a median of so few is no yardstick.
func steady(byText [][]float64) float64 {
	var all []float64
	for _, latencies := range byText {
		if len(latencies) < 5 {
			return 0
		}
		sorted := slices.Sorted(slices.Values(latencies))
		median := Quantile(sorted, 0.5)
		for _, x := range latencies {
			all = append(all, x/median)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return Quantile(all, 0.99) / Quantile(all, 0.5)
}
