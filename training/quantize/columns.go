package quantize

import (
	"math"

	"yingda/models/onnx"
)

// columns is a matrix in int8 with one scale a column.
type columns struct {
	rows, cols int
	q          []int8
	scale      []float32
}

// maxPair is the largest sum that two neighbouring weights of one sign may have before rounding. Processors without VNNI multiply
// in pairs (vpmaddubsw): rows 2i and 2i+1 of a column, each by an activation of up to 255, added in 16 bits that saturate at 32767.
// 255·128 fits. Weights of ±127 would not, and limiting all of them to ±63 costs a bit of each; limiting the sums costs next to
// nothing, because a column's largest weights seldom lie side by side.
const maxPair = 127.5

// newColumns rounds a matrix of rows × cols to −127…127 times a scale a column, such that no pair saturates.
func newColumns(w []float32, rows, cols int) *columns {
	c := &columns{rows: rows, cols: cols, q: make([]int8, len(w)), scale: make([]float32, cols)}
	for n := range cols {
		c.scale[n] = columnScale(w, rows, cols, n)
	}
	for i, v := range w {
		x := math.RoundToEven(float64(v) / float64(c.scale[i%cols]))
		c.q[i] = int8(max(-127, min(127, x)))
	}
	return c
}

func columnScale(w []float32, rows, cols, n int) float32 {
	var peak, pair float64
	for k := 0; k < rows; k += 2 {
		a, b := float64(w[k*cols+n]), 0.0
		if k+1 < rows {
			b = float64(w[(k+1)*cols+n])
		}
		peak = max(peak, math.Abs(a), math.Abs(b))
		pair = max(pair, max(a, 0)+max(b, 0), max(-a, 0)+max(-b, 0))
	}
	s := float32(max(peak/127, pair/maxPair))
	if s == 0 {
		return 1
	}
	// The division rounds; a scale that came out a hair too small would let a pair through.
	return math.Nextafter32(s, math.MaxFloat32)
}

// float returns weight k of column n as it is computed with.
func (c *columns) float(k, n int) float64 {
	return float64(c.q[k*c.cols+n]) * float64(c.scale[n])
}

// tensors returns the constants of the matrix: weights and scales.
func (c *columns) tensors(name string) (q, scale *onnx.Tensor) {
	return onnx.NewInt8s(name, c.q, int64(c.rows), int64(c.cols)), onnx.NewFloats(name+".scale", c.scale, int64(c.cols))
}
