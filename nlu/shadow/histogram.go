package shadow

import (
	"math"
	"time"
)

// The buckets of a histogram: from 0.1 ms on each is 10 % wider than the one before, up to over 10 s.
const (
	firstBound = 100 * time.Microsecond
	growth     = 1.1
	buckets    = 122
)

// histogram counts durations in buckets of equal ratio, so that quantiles are off by the same share everywhere.
type histogram struct {
	n      int64
	sum    time.Duration
	counts [buckets]int64
}

func (h *histogram) add(d time.Duration) {
	h.n++
	h.sum += d
	i := 0
	if d > firstBound {
		i = min(int(math.Log(float64(d)/float64(firstBound))/math.Log(growth))+1, buckets-1)
	}
	h.counts[i]++
}

// quantile returns the middle of the bucket that holds it, in milliseconds; 0 without durations.
func (h *histogram) quantile(q float64) float64 {
	rank, seen := q*float64(h.n), int64(0)
	for i, c := range h.counts {
		if seen += c; c > 0 && float64(seen) >= rank {
			upper := float64(firstBound) * math.Pow(growth, float64(i))
			return upper / math.Sqrt(growth) / float64(time.Millisecond)
		}
	}
	return 0
}

func (h *histogram) latency() Latency {
	l := Latency{N: h.n, Median: h.quantile(0.5), P95: h.quantile(0.95)}
	if h.n > 0 {
		l.Mean = float64(h.sum) / float64(h.n) / float64(time.Millisecond)
	}
	return l
}
