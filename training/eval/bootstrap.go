package eval

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// bootstrap draws the rows with replacement and returns the 2.5 % and 97.5 % quantiles of every headline figure. Each resample
// has a random source of its own, so the result does not depend on how many run at a time. Efron 1979, percentile method.
// A resample repeats messages and leaves some labels out, so intervals of calibration errors lie a little high and those of
// macro-F1 a little wide.
func (b *bench) bootstrap(resamples int, seed uint64) (low, high [figCount]float64) {
	all := make([][figCount]figure, resamples)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			drawn := make([]*row, len(b.rows))
			for i := w; i < resamples; i += workers {
				rnd := rand.New(rand.NewPCG(seed, uint64(i)))
				for j := range drawn {
					drawn[j] = b.rows[rnd.IntN(len(b.rows))]
				}
				all[i] = b.figures(drawn)
			}
		})
	}
	wg.Wait()
	for f := range figCount {
		values := make([]float64, 0, resamples)
		for i := range all {
			if v := all[i][f].value; !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		low[f], high[f] = interval(values)
	}
	return low, high
}

// interval returns the central 95 % of the values (sorted in place), NaN without values.
func interval(values []float64) (low, high float64) {
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(values)
	at := func(i int) float64 { return values[i] }
	return quantile(len(values), 25, 1000, at), quantile(len(values), 975, 1000, at)
}
