package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Figure is a value with its 95 % interval and what it was counted on.
type Figure struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	N     int     `json:"n"`
}

func (f Figure) String() string {
	if f.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f (%.3f–%.3f)", f.Value, f.Low, f.High)
}

const z95 = 1.959964

// share is k of n with Wilson's interval.
func share(k, n int) Figure {
	if n == 0 {
		return Figure{}
	}
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	return Figure{p, max(0, mid-half), min(1, mid+half), n}
}

// mean is that of values in 0–1 with a normal interval.
func mean(xs []float64) Figure {
	if len(xs) == 0 {
		return Figure{}
	}
	sum, squares := 0.0, 0.0
	for _, x := range xs {
		sum += x
		squares += x * x
	}
	n := float64(len(xs))
	m := sum / n
	half := z95 * math.Sqrt(max(0, squares/n-m*m)/n)
	return Figure{m, max(0, m-half), min(1, m+half), len(xs)}
}

// scoredPair is a score with the truth.
type scoredPair struct {
	score float64
	same  bool
}

// auc is the share of (same, different) couples in which the same ones score higher, ties counting half, with the interval of DeLong et al. 1988.
func auc(ps []scoredPair) Figure {
	var pos, neg []float64
	for _, p := range ps {
		if p.same {
			pos = append(pos, p.score)
		} else {
			neg = append(neg, p.score)
		}
	}
	if len(pos) < 2 || len(neg) < 2 {
		return Figure{}
	}
	over := placements(pos, neg)  // of each positive: share of negatives below
	under := placements(neg, pos) // of each negative: share of positives below
	a, v1 := moments(over)
	_, v0 := moments(under)
	half := z95 * math.Sqrt(v1/float64(len(pos))+v0/float64(len(neg)))
	return Figure{a, max(0, a-half), min(1, a+half), len(ps)}
}

func placements(of, among []float64) []float64 {
	sorted := slices.Sorted(slices.Values(among))
	out := make([]float64, len(of))
	for i, x := range of {
		lo, _ := slices.BinarySearch(sorted, x)
		hi, _ := slices.BinarySearchFunc(sorted, x, func(e, t float64) int {
			if e <= t {
				return -1
			}
			return 1
		})
		out[i] = (float64(lo) + float64(hi)) / 2 / float64(len(sorted))
	}
	return out
}

func moments(xs []float64) (mean, variance float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		variance += (x - mean) * (x - mean) / float64(len(xs)-1)
	}
	return mean, variance
}

// bestCut is the threshold with the highest accuracy.
func bestCut(ps []scoredPair) float64 {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b scoredPair) int { return cmp.Compare(a.score, b.score) })
	right := 0
	for _, p := range ps {
		if p.same {
			right++ // with a threshold below everything
		}
	}
	best, cut := right, math.Inf(-1)
	for i, p := range ps {
		if p.same {
			right--
		} else {
			right++
		}
		if i+1 < len(ps) && ps[i+1].score > p.score && right > best {
			best, cut = right, (p.score+ps[i+1].score)/2
		}
	}
	return cut
}

// accuracy is the share that a threshold puts right.
func accuracy(ps []scoredPair, cut float64) Figure {
	k := 0
	for _, p := range ps {
		if (p.score >= cut) == p.same {
			k++
		}
	}
	return share(k, len(ps))
}

// calibrationError is the mean distance between score and share right over ten bins of equal numbers.
func calibrationError(ps []scoredPair) float64 {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b scoredPair) int { return cmp.Compare(a.score, b.score) })
	sum := 0.0
	for b := range 10 {
		bin := ps[b*len(ps)/10 : (b+1)*len(ps)/10]
		gap := 0.0
		for _, p := range bin {
			gap += p.score
			if p.same {
				gap--
			}
		}
		sum += math.Abs(gap)
	}
	return sum / float64(max(len(ps), 1))
}
