package abtest

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// walk is the score of a group-sequential test on its way: normal, with variance t and mean drift·t at time t. What has not stopped yet lies
// at points with weights (density times quadrature weight).
type walk struct {
	oneSided bool
	drift    float64
	at       float64 // time
	points   []float64
	weights  []float64
}

func newWalk(oneSided bool, drift float64) *walk {
	return &walk{oneSided: oneSided, drift: drift, points: []float64{0}, weights: []float64{1}}
}

// reach is how many deviations from its mean the walk is followed: the rest is below 10^-18.
const reach = 9

// cross is the probability of being beyond z at time t, on the upper side, without having stopped before.
func (w *walk) cross(t, z float64) float64 {
	dt := t - w.at
	s, mean, edge := math.Sqrt(dt), w.drift*dt, z*math.Sqrt(t)
	var p float64
	for i, x := range w.points {
		p += w.weights[i] * normSF((edge-x-mean)/s)
	}
	return p
}

// bound is the z at time t that is crossed with probability p.
func (w *walk) bound(t, p float64) float64 {
	if p <= 0 {
		return math.Inf(1)
	}
	return bisect(-10, 40, func(z float64) float64 { return math.Log(p) - math.Log(w.cross(t, z)) })
}

// step goes to time t and drops what is beyond the bound z there.
func (w *walk) step(t, z float64) {
	dt := t - w.at
	s, mean := math.Sqrt(dt), w.drift*dt
	sd := math.Sqrt(t)
	hi := math.Min(z*sd, w.drift*t+reach*sd)
	lo := w.drift*t - reach*sd
	if !w.oneSided {
		lo = math.Max(lo, -z*sd)
	}
	if hi <= lo {
		w.at, w.points, w.weights = t, nil, nil
		return
	}
	// Enough points to follow a density that is smooth over s: checked against twice as many in the tests.
	n := min(2000, max(64, int(math.Ceil(8*(hi-lo)/s))))
	points, weights := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(points, weights, lo, hi)
	for j, y := range points {
		var density float64
		for i, x := range w.points {
			d := (y - x - mean) / s
			density += w.weights[i] * math.Exp(-d*d/2)
		}
		weights[j] *= density / (s * math.Sqrt(2*math.Pi))
	}
	w.at, w.points, w.weights = t, points, weights
}
