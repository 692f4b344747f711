package cluster

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Space is a linear map from embeddings to fewer directions. Pooled states of an encoder share a mean and a few strong directions that say little
// of what a text means (Mu & Viswanath 2018; Su et al. 2021): the mean goes, the strongest directions stay, and each is divided by a power of its
// strength, so that strong ones do not drown the others.
type Space struct {
	Mean []float32
	Axes *Matrix // Dim × width, scaled
}

// SpaceOptions say how a space is made.
type SpaceOptions struct {
	Dim int // directions that stay; default 64
	// Evenness is the power: 0 keeps strengths as they are (principal components), 1 makes all alike (whitening). Default 0.5; negative is 0.
	Evenness float64
}

// Fit makes the space of vectors: of those given, of one width.
func Fit(xs *Matrix, o SpaceOptions) (*Space, error) {
	if o.Dim == 0 {
		o.Dim = 64
	}
	if o.Evenness == 0 {
		o.Evenness = 0.5
	}
	n, d := xs.Rows, xs.Cols
	if n == 0 || d == 0 {
		return nil, fmt.Errorf("a space cannot be made of %d vectors of %d numbers", n, d)
	}
	s := &Space{Mean: mean(xs)}
	var eig mat.EigenSym
	if !eig.Factorize(covariance(xs, s.Mean), true) {
		return nil, fmt.Errorf("the directions of %d vectors were not found: are there infinite numbers among them?", n)
	}
	values, vectors := eig.Values(nil), mat.Dense{}
	eig.VectorsTo(&vectors)
	s.Axes = NewMatrix(min(o.Dim, d, max(n-1, 1)), d)
	for k := range s.Axes.Rows {
		at := d - 1 - k // ascending
		scale := math.Pow(math.Max(values[at], 1e-9), -math.Max(o.Evenness, 0)/2)
		for j := range d {
			s.Axes.Row(k)[j] = float32(vectors.At(j, at) * scale)
		}
	}
	return s, nil
}

func mean(xs *Matrix) []float32 {
	sum := make([]float64, xs.Cols)
	for i := range xs.Rows {
		for j, v := range xs.Row(i) {
			sum[j] += float64(v)
		}
	}
	out := make([]float32, xs.Cols)
	for j, v := range sum {
		out[j] = float32(v / float64(xs.Rows))
	}
	return out
}

// spaceSample bounds how many vectors a space is made of: a covariance settles long before.
const spaceSample = 8192

func covariance(xs *Matrix, mean []float32) *mat.SymDense {
	step := max(1, xs.Rows/spaceSample)
	rows := (xs.Rows + step - 1) / step
	centred := mat.NewDense(rows, xs.Cols, nil)
	for i := range rows {
		row := centred.RawRowView(i)
		for j, v := range xs.Row(i * step) {
			row[j] = float64(v - mean[j])
		}
	}
	var c mat.SymDense
	c.SymOuterK(1/float64(rows), centred.T())
	return &c
}

// Apply returns x in the space with length 1; all zeros when nothing of it is left.
func (s *Space) Apply(x []float32) []float32 {
	centred := make([]float32, len(x))
	for j, v := range x {
		centred[j] = v - s.Mean[j]
	}
	y := make([]float32, s.Axes.Rows)
	for k := range y {
		y[k] = Dot(s.Axes.Row(k), centred)
	}
	Unit(y)
	return y
}

// ApplyAll maps each row.
func (s *Space) ApplyAll(xs *Matrix) *Matrix {
	out := NewMatrix(xs.Rows, s.Axes.Rows)
	for i := range xs.Rows {
		copy(out.Row(i), s.Apply(xs.Row(i)))
	}
	return out
}
