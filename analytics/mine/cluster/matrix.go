package cluster

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Matrix is a list of vectors of one width, row after row.
type Matrix struct {
	Rows, Cols int
	Data       []float32
}

// NewMatrix makes a matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows, cols, make([]float32, rows*cols)}
}

// FromRows copies vectors, which must all have one width.
func FromRows(xs [][]float32) *Matrix {
	if len(xs) == 0 {
		return &Matrix{}
	}
	m := NewMatrix(len(xs), len(xs[0]))
	for i, x := range xs {
		copy(m.Row(i), x)
	}
	return m
}

// Row returns row i; it is not a copy.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Pick returns a new matrix of some rows.
func (m *Matrix) Pick(rows []int) *Matrix {
	out := NewMatrix(len(rows), m.Cols)
	for i, r := range rows {
		copy(out.Row(i), m.Row(r))
	}
	return out
}

// Normalise brings all rows to length 1. Rows of zeros stay.
func (m *Matrix) Normalise() {
	for i := range m.Rows {
		Unit(m.Row(i))
	}
}

// Unit brings x to length 1. Zeros stay.
func Unit(x []float32) {
	n := math.Sqrt(float64(Dot(x, x)))
	if n < 1e-12 || math.IsInf(n, 0) || math.IsNaN(n) {
		return
	}
	f := float32(1 / n)
	for i := range x {
		x[i] *= f
	}
}

// Dot is the scalar product. Eight sums run side by side: an addition takes four cycles, and two can begin in each.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	i := 0
	for ; i+8 <= len(a); i += 8 {
		x, y := a[i:i+8:i+8], b[i:i+8:i+8]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s4) + (s1 + s5) + (s2 + s6) + (s3 + s7)
}

// dot4 is the scalar product of x with four rows: each number of x is loaded once.
func dot4(a, b, c, d, x []float32) (float32, float32, float32, float32) {
	n := len(x)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	var a0, a1, b0, b1, c0, c1, d0, d1 float32
	i := 0
	for ; i+2 <= n; i += 2 {
		x0, x1 := x[i], x[i+1]
		a0 += a[i] * x0
		a1 += a[i+1] * x1
		b0 += b[i] * x0
		b1 += b[i+1] * x1
		c0 += c[i] * x0
		c1 += c[i+1] * x1
		d0 += d[i] * x0
		d1 += d[i+1] * x1
	}
	if i < n {
		a0 += a[i] * x[i]
		b0 += b[i] * x[i]
		c0 += c[i] * x[i]
		d0 += d[i] * x[i]
	}
	return a0 + a1, b0 + b1, c0 + c1, d0 + d1
}

// distance is the Euclidean distance of two vectors of length 1, from their scalar product.
func distance(cosine float32) float64 {
	return math.Sqrt(math.Max(0, 2-2*float64(cosine)))
}

// parallel calls fn for parts of [0, n) on all cores until all are done or ctx is. fn gets half-open ranges of at most step.
func parallel(ctx context.Context, n, step int, fn func(from, to int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+step-1)/step) {
		wg.Go(func() {
			for ctx.Err() == nil {
				to := int(next.Add(int64(step)))
				if to-step >= n {
					return
				}
				fn(to-step, min(to, n))
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
