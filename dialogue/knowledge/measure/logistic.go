package measure

import "math"

// logistic fits weights of a logistic model by Newton's method with a small ridge. The first column of xs is 1.
func logistic(xs [][]float64, ys []float64) []float64 {
	k := len(xs[0])
	w := make([]float64, k)
	for range 30 {
		grad, hess := make([]float64, k), make([][]float64, k)
		for i := range hess {
			hess[i] = make([]float64, k)
			hess[i][i] = 1e-3
			grad[i] = -1e-3 * w[i]
		}
		for n, x := range xs {
			z := 0.0
			for i, v := range x {
				z += w[i] * v
			}
			p := sigmoid(z)
			for i, v := range x {
				grad[i] += (ys[n] - p) * v
				for j, u := range x {
					hess[i][j] += p * (1 - p) * v * u
				}
			}
		}
		moved := 0.0
		for i, d := range solve(hess, grad) {
			w[i] += d
			moved += math.Abs(d)
		}
		if moved < 1e-8 {
			break
		}
	}
	return w
}

// solve solves a·x = b by Gauss elimination with pivots; a and b are used up. a is positive definite here.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[p][c]) {
				p = r
			}
		}
		a[c], a[p], b[c], b[p] = a[p], a[c], b[p], b[c]
		for r := c + 1; r < n; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < n; k++ {
				a[r][k] -= f * a[c][k]
			}
			b[r] -= f * b[c]
		}
	}
	for c := n - 1; c >= 0; c-- {
		for k := c + 1; k < n; k++ {
			b[c] -= a[c][k] * b[k]
		}
		b[c] /= a[c][c]
	}
	return b
}
