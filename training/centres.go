package training

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// centres are the intents' places in the space of pooled states, and how states scatter around them.
type centres struct {
	dim        int
	mean       [][]float64 // an intent
	unit       [][]float64 // mean at length 1
	white      [][]float64 // mean, whitened by within
	whole      []float64   // mean of all, whitened by background
	within     mat.TriDense
	background mat.TriDense
}

// shrinkage is the part of a covariance that is replaced by one alike in all directions, of the same trace: with a few thousand messages in
// hundreds of dimensions the smallest directions are noise, and a distance divides by them. Ledoit and Wolf 2004, with a fixed share.
const shrinkage = 0.05

// fitCentres takes the mean state of each intent's messages, and the covariance around their own centre (shared by all intents) and around the
// common one. Messages of several intents or none are left out.
func (d *dataset) fitCentres() (*centres, error) {
	labels := d.inner()
	c := &centres{dim: d.f.Dim, whole: make([]float64, d.f.Dim)}
	count := make([]float64, len(labels))
	for range labels {
		c.mean = append(c.mean, make([]float64, c.dim))
	}
	total := 0.0
	d.single(func(i, class int) {
		count[class]++
		total++
		for k, v := range d.f.Row(i) {
			c.mean[class][k] += float64(v)
			c.whole[k] += float64(v)
		}
	})
	if total < 2 {
		return nil, errors.New("fit class centres: fewer than two messages with one intent")
	}
	scale(c.whole, 1/total)
	for class, m := range c.mean {
		if count[class] == 0 {
			return nil, fmt.Errorf("fit class centres: no message of %s alone", labels[class])
		}
		scale(m, 1/count[class])
		unit := append([]float64(nil), m...)
		scale(unit, 1/math.Max(norm(m), 1e-12))
		c.unit = append(c.unit, unit)
	}
	if err := whitener(&c.within, d.scatter(func(class int) []float64 { return c.mean[class] })); err != nil {
		return nil, err
	}
	if err := whitener(&c.background, d.scatter(func(int) []float64 { return c.whole })); err != nil {
		return nil, err
	}
	for _, m := range c.mean {
		c.white = append(c.white, whiten(&c.within, m))
	}
	c.whole = whiten(&c.background, c.whole)
	return c, nil
}

// whitener sets l to the inverse of the lower Cholesky factor of a covariance: what it is multiplied with scatters alike in all directions.
func whitener(l *mat.TriDense, covariance *mat.SymDense) error {
	var chol mat.Cholesky
	if !chol.Factorize(covariance) {
		return errors.New("fit class centres: the states do not vary in all directions")
	}
	var factor mat.TriDense
	chol.LTo(&factor)
	if err := l.InverseTri(&factor); err != nil {
		return fmt.Errorf("fit class centres: %w", err)
	}
	return nil
}

func whiten(l *mat.TriDense, x []float64) []float64 {
	out := mat.NewVecDense(len(x), nil)
	out.MulVec(l, mat.NewVecDense(len(x), x))
	return out.RawVector().Data
}

// inner are the intents without the reject class.
func (d *dataset) inner() []string {
	if n := len(d.intents); n > 0 && d.intents[n-1] == OutOfScope {
		return d.intents[:n-1]
	}
	return d.intents
}

// single calls f with every message of exactly one intent.
func (d *dataset) single(f func(i, class int)) {
	for i := range d.examples {
		if eg := &d.examples[i]; eg.HasIntents && len(eg.Intents) == 1 {
			f(i, d.intentIndex[eg.Intents[0]])
		}
	}
}

// scatter is the covariance around a centre for each message, shrunk.
func (d *dataset) scatter(centre func(class int) []float64) *mat.SymDense {
	const block = 512 // messages a product: few enough to stay small, enough to be quick
	s := mat.NewSymDense(d.f.Dim, nil)
	rows := mat.NewDense(block, d.f.Dim, nil)
	n, filled := 0, 0
	flush := func() {
		if filled > 0 {
			part := rows.Slice(0, filled, 0, d.f.Dim)
			s.SymRankK(s, 1, part.T())
			filled = 0
		}
	}
	d.single(func(i, class int) {
		at := rows.RawRowView(filled)
		m := centre(class)
		for k, v := range d.f.Row(i) {
			at[k] = float64(v) - m[k]
		}
		n++
		if filled++; filled == block {
			flush()
		}
	})
	flush()
	s.ScaleSym((1-shrinkage)/float64(max(n, 1)), s)
	even := shrinkage / (1 - shrinkage) * mat.Trace(s) / float64(d.f.Dim)
	for k := range d.f.Dim {
		s.SetSym(k, k, s.At(k, k)+even+1e-12)
	}
	return s
}

// cosine is 1 less the largest cosine between a state and a centre.
func (c *centres) cosine(x []float32) float64 {
	v := doubles(x)
	best := math.Inf(-1)
	for _, u := range c.unit {
		best = max(best, dot(u, v))
	}
	return 1 - best/math.Max(norm(v), 1e-12)
}

// mahalanobis is the smallest squared distance to a centre in units of the shared covariance: Lee et al. 2018, "A Simple Unified Framework for
// Detecting Out-of-Distribution Samples". relative is the same less the squared distance to the common centre in units of the common
// covariance: Ren et al. 2021, "A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection".
func (c *centres) mahalanobis(x []float32) (nearest, relative float64) {
	v := doubles(x)
	white := whiten(&c.within, v)
	nearest = math.Inf(1)
	for _, m := range c.white {
		nearest = min(nearest, squared(white, m))
	}
	return nearest, nearest - squared(whiten(&c.background, v), c.whole)
}

func squared(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return sum
}

func doubles(x []float32) []float64 {
	v := make([]float64, len(x))
	for i, f := range x {
		v[i] = float64(f)
	}
	return v
}

func scale(x []float64, by float64) {
	for i := range x {
		x[i] *= by
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func norm(x []float64) float64 { return math.Sqrt(dot(x, x)) }
