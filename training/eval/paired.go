package eval

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// shares are the figures that are a share of messages, so that each message is a hit or not; see [bench.outcome].
var shares = []int{figAccuracy, figArgmax, figTop3, figMulti, figOOSRecall, figNearRecall, figFarRecall, figFalseAlarm, figCoverage, figEmotion, figValence}

func isShare(fig int) bool { return slices.Contains(shares, fig) }

// outcome tells whether a row counts for a share and whether it is a hit there: the share is hits by those that count.
func (b *bench) outcome(fig int, r *row) (counts, hit bool) {
	switch fig {
	case figAccuracy:
		counts, hit = len(r.gold) == 1, sameSet(r.gold, r.pred)
	case figArgmax:
		counts, hit = len(r.gold) == 1, r.rank == 0
	case figTop3:
		counts, hit = len(r.gold) == 1, r.rank >= 0 && r.rank < 3
	case figMulti:
		counts, hit = len(r.gold) > 1, sameSet(r.gold, r.pred)
	case figOOSRecall:
		counts, hit = r.scope != inScope, len(r.pred) == 0
	case figNearRecall:
		counts, hit = r.scope == outNear, len(r.pred) == 0
	case figFarRecall:
		counts, hit = r.scope == outFar, len(r.pred) == 0
	case figFalseAlarm:
		counts, hit = r.scope == inScope, len(r.pred) == 0
	case figCoverage:
		counts, hit = true, len(r.pred) > 0
	case figEmotion:
		return r.emotion >= 0, r.emotion >= 0 && r.emotion == r.felt
	case figValence:
		return r.emotion >= 0 && b.o.Taxonomy != nil, r.emotion >= 0 && r.valence
	}
	counts = counts && r.labelled
	return counts, counts && hit
}

// McNemar is the two-sided p of the exact test that two systems are right equally often, given on how many messages only the first and only
// the second is right: min(1, 2·P(X ≤ min(b, c))), X binomial over b + c trials with ½. It is 1 when they never differ.
// McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages".
func McNemar(onlyFirst, onlySecond int) float64 {
	n, k := onlyFirst+onlySecond, min(onlyFirst, onlySecond)
	all, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := range k + 1 {
		in, _ := math.Lgamma(float64(i + 1))
		out, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - in - out - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// booted is what the paired bootstrap says of each figure's difference; NaN without resamples or where the figure does not exist.
type booted struct{ low, high, p [figCount]float64 }

// bootstrap draws messages with replacement, the same ones for both bundles, and takes the difference of every figure. The interval is the central
// 95 % of the differences. p is twice the share of the differences on the far side of zero (those at zero count as far), with one added
// to both sides of the ratio so that it is never 0: it is at most 5 % exactly when the interval leaves zero out, up to that correction.
// Efron and Tibshirani 1993, "An Introduction to the Bootstrap", 13.3 and 15.4; Davison and Hinkley 1997, 4.2.
func (p *pairing) bootstrap(at []int) booted {
	all := make([][figCount]float64, p.resamples)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			here, there := make([]*row, len(at)), make([]*row, len(at))
			for i := w; i < p.resamples; i += workers {
				rnd := rand.New(rand.NewPCG(p.seed, uint64(i)))
				for j := range at {
					k := at[rnd.IntN(len(at))]
					here[j], there[j] = p.here.rows[k], p.there.rows[k]
				}
				a, b := p.here.figures(here), p.there.figures(there)
				for f := range figCount {
					all[i][f] = a[f].value - b[f].value
				}
			}
		})
	}
	wg.Wait()
	var out booted
	for f := range figCount {
		values := make([]float64, 0, len(all))
		for i := range all {
			if v := all[i][f]; !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		out.p[f] = farSide(values)
		out.low[f], out.high[f] = interval(values)
	}
	return out
}

// farSide is the bootstrap's p for a list of resampled differences.
func farSide(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	below, above := 0, 0
	for _, v := range values {
		if v <= 0 {
			below++
		}
		if v >= 0 {
			above++
		}
	}
	return min(1, 2*float64(1+min(below, above))/float64(1+len(values)))
}
