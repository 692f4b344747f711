package knowledge

import (
	_ "embed"
	"math"
	"strings"
	"sync"
)

// The sentences in reference.txt stand for what customers write. A space is fitted on them and on nothing else, so that every tenant, replica
// and restart compares vectors in the same way.
//
//go:embed reference.txt
var referenceFile string

// reference returns the sentences, one a line.
var reference = sync.OnceValue(func() []string { return strings.Split(strings.TrimSpace(referenceFile), "\n") })

// directions is how many of the strongest directions are evened out. 16 to 64 do equally well.
const directions = 32

// space takes out of embeddings what all sentences share. Pooled states of an encoder lie in a narrow cone: their mean and a few directions
// carry most of the length and little of the meaning (Mu & Viswanath 2018, "All-but-the-Top"; Su et al. 2021, "Whitening Sentence
// Representations"). The mean is subtracted, and the strongest directions are scaled down to the strength of the next one.
type space struct {
	dim  int
	mean []float32
	axes [][]float32 // of length 1, at right angles
	cut  []float32   // share of each to be taken away, 0–1
}

// fitSpace fits a space on vectors of one width. With too few of them it only centres.
func fitSpace(xs [][]float32) *space {
	s := &space{dim: len(xs[0])}
	s.mean = make([]float32, s.dim)
	for _, x := range xs {
		for j, v := range x {
			s.mean[j] += v / float32(len(xs))
		}
	}
	k := min(directions, s.dim-1, len(xs)/4)
	if k < 1 {
		return s
	}
	centred := make([][]float32, len(xs))
	for i, x := range xs {
		centred[i] = make([]float32, s.dim)
		for j, v := range x {
			centred[i][j] = v - s.mean[j]
		}
	}
	axes, strengths := strongest(centred, k+1)
	for i := range k {
		if strengths[i] <= 0 || strengths[k] <= 0 {
			break
		}
		s.axes = append(s.axes, axes[i])
		s.cut = append(s.cut, float32(1-math.Sqrt(strengths[k]/strengths[i])))
	}
	return s
}

// rounds of the iteration below; the directions that matter settle long before.
const rounds = 25

// strongest returns the k principal axes of centred vectors and their variances, by orthogonal iteration from fixed starts.
func strongest(xs [][]float32, k int) ([][]float32, []float64) {
	dim := len(xs[0])
	axes, strengths := make([][]float32, k), make([]float64, k)
	for i := range axes {
		axes[i] = make([]float32, dim)
		for j := range axes[i] {
			axes[i][j] = float32(mix(uint64(i+1), uint64(j))>>40)/(1<<23) - 1
		}
	}
	orthonormalise(axes)
	for range rounds {
		next := make([][]float32, k)
		for i := range next {
			next[i] = make([]float32, dim)
			for _, x := range xs {
				d := dot(x, axes[i])
				for j, v := range x {
					next[i][j] += d * v
				}
			}
		}
		axes = next
		for i, n := range orthonormalise(axes) {
			strengths[i] = n / float64(len(xs))
		}
	}
	return axes, strengths
}

// orthonormalise is the modified Gram–Schmidt process; it returns the lengths that were left.
func orthonormalise(axes [][]float32) []float64 {
	lengths := make([]float64, len(axes))
	for i, a := range axes {
		for range 2 { // once more: rounding
			for _, b := range axes[:i] {
				d := dot(a, b)
				for j := range a {
					a[j] -= d * b[j]
				}
			}
		}
		lengths[i] = math.Sqrt(float64(dot(a, a)))
		if lengths[i] < 1e-12 {
			clear(a)
			lengths[i] = 0
			continue
		}
		for j := range a {
			a[j] /= float32(lengths[i])
		}
	}
	return lengths
}

// apply returns x in the space with length 1, or nil for what is not a vector of a text.
func (s *space) apply(x []float32) []float32 {
	if len(x) != s.dim {
		return nil
	}
	y := make([]float32, s.dim)
	for j, v := range x {
		y[j] = v - s.mean[j]
	}
	for i, a := range s.axes { // the axes are at right angles: one can be cut after the other
		d := dot(y, a) * s.cut[i]
		for j, v := range a {
			y[j] -= d * v
		}
	}
	n := math.Sqrt(float64(dot(y, y)))
	if !(n > 1e-6) || math.IsInf(n, 0) {
		return nil
	}
	for j := range y {
		y[j] /= float32(n)
	}
	return y
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}
