package drift

import (
	"fmt"
	"math"
)

// Day is a share at one point of a chart.
type Day struct{ Yes, N float64 }

// Point is a day with its limits.
type Point struct {
	Share, Low, High float64 // Low and High are three standard deviations from the base
	Out              bool    // beyond the limits
	Run              bool    // the eighth or later in a row on the same side of the base
}

// Chart is a p-chart.
type Chart struct {
	Base  float64 // the base's share
	Sigma float64 // how many times as wide as the binomial distribution days really spread, at least 1
	Days  []Point
}

// runLength is how many days in a row on one side are too many: by chance one such run in 128.
const runLength = 8

// PChart watches a share day by day against those of a base (Shewhart; limits of three standard deviations, runs of eight).
// Turns of one customer depend on each other and days differ, so days spread more than the binomial distribution says and a plain chart alarms
// all the time; limits are therefore widened by how much the base's own days spread (Laney's p′-chart, Quality Engineering 2002). Days without
// observations have no limits and are never out.
func PChart(base, now []Day) (Chart, error) {
	var yes, n float64
	for _, d := range base {
		if d.N < 0 || d.Yes < 0 || d.Yes > d.N {
			return Chart{}, fmt.Errorf("%w: %v of %v", ErrInput, d.Yes, d.N)
		}
		yes, n = yes+d.Yes, n+d.N
	}
	if n == 0 {
		return Chart{}, fmt.Errorf("%w: the base is empty", ErrInput)
	}
	c := Chart{Base: yes / n, Sigma: 1, Days: make([]Point, len(now))}
	c.Sigma = math.Max(1, spread(base, c.Base))
	run, side := 0, 0
	for i, d := range now {
		if d.N < 0 || d.Yes < 0 || d.Yes > d.N {
			return Chart{}, fmt.Errorf("%w: %v of %v", ErrInput, d.Yes, d.N)
		}
		if d.N == 0 {
			c.Days[i] = Point{Share: math.NaN(), Low: math.NaN(), High: math.NaN()}
			continue
		}
		p := Point{Share: d.Yes / d.N}
		h := 3 * c.Sigma * math.Sqrt(c.Base*(1-c.Base)/d.N)
		p.Low, p.High = math.Max(0, c.Base-h), math.Min(1, c.Base+h)
		p.Out = p.Share < p.Low || p.Share > p.High
		s := sign(p.Share - c.Base)
		if s != 0 && s == side {
			run++
		} else {
			run, side = 1, s
		}
		p.Run = side != 0 && run >= runLength
		c.Days[i] = p
	}
	return c, nil
}

// spread is the mean moving range of the days' z-scores, as standard deviations (1.128 is that of a normal distribution).
func spread(days []Day, base float64) float64 {
	var last, sum, n float64
	first := true
	for _, d := range days {
		if d.N == 0 || base == 0 || base == 1 {
			continue
		}
		z := (d.Yes/d.N - base) / math.Sqrt(base*(1-base)/d.N)
		if !first {
			sum, n = sum+math.Abs(z-last), n+1
		}
		last, first = z, false
	}
	if n == 0 {
		return 1
	}
	return sum / n / 1.128
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
