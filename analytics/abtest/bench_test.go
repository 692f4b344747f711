package abtest_test

import (
	"testing"

	"yingda/analytics/abtest"
)

// BenchmarkCompare is one comparison of a ratio: lift with its interval and p-value.
func BenchmarkCompare(b *testing.B) {
	var s abtest.RatioSums
	for i := range 1000 {
		s.Add(float64(i%7), float64(1+i%5))
	}
	t := s
	t.Num.Sum *= 1.05
	for b.Loop() {
		if _, err := abtest.Compare(abtest.Ratio(s), abtest.Ratio(t), abtest.Options{Relative: abtest.Auto}); err != nil {
			b.Fatal(err)
		}
	}
}
