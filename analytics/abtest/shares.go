package abtest

import "math"

// Wilson is E. B. Wilson's score interval of a share at 1 − alpha (default 0.05); 0–1 without observations.
func Wilson(yes, n, alpha float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	return wilson(yes/n, n, normUpper(alphaOr(alpha)/2))
}

func wilson(p, n, z float64) (low, high float64) {
	centre := p + z*z/(2*n)
	h := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	k := 1 + z*z/n
	low, high = clamp01((centre-h)/k), clamp01((centre+h)/k)
	if p == 0 {
		low = 0 // exactly, not by rounding
	}
	if p == 1 {
		high = 1
	}
	return low, high
}

// Newcombe is the interval of the difference of two independent shares, p1 − p2, made of their Wilson intervals (Newcombe, Stat. Med. 1998,
// method 10). Unlike the plain one it holds for few units and shares near 0 or 1.
func Newcombe(yes1, n1, yes2, n2, alpha float64) (low, high float64) {
	if n1 <= 0 || n2 <= 0 {
		return -1, 1
	}
	p1, p2 := yes1/n1, yes2/n2
	l1, u1 := Wilson(yes1, n1, alpha)
	l2, u2 := Wilson(yes2, n2, alpha)
	d := p1 - p2
	return d - math.Hypot(p1-l1, u2-p2), d + math.Hypot(u1-p1, p2-l2)
}

// PooledZ is the z-test of two equal shares with the pooled variance: z and its two-sided p. Without variance it returns 0 and 1.
func PooledZ(yes1, n1, yes2, n2 float64) (z, p float64) {
	pool := (yes1 + yes2) / (n1 + n2)
	v := pool * (1 - pool) * (1/n1 + 1/n2)
	if !(v > 0) {
		return 0, 1
	}
	z = (yes1/n1 - yes2/n2) / math.Sqrt(v)
	return z, 2 * normSF(math.Abs(z))
}

// Independence is Pearson's chi-square test that the rows of a table have the same shares. Rows and columns without counts are left out.
func Independence(table [][]float64) (chi2, df, p float64) {
	var rows, cols []float64
	var n float64
	for _, r := range table {
		var sum float64
		for j, x := range r {
			if j == len(cols) {
				cols = append(cols, 0)
			}
			cols[j] += x
			sum += x
		}
		rows = append(rows, sum)
		n += sum
	}
	used := func(xs []float64) (k float64) {
		for _, x := range xs {
			if x > 0 {
				k++
			}
		}
		return k
	}
	df = (used(rows) - 1) * (used(cols) - 1)
	if n <= 0 || df <= 0 {
		return 0, 0, 1
	}
	for i, r := range table {
		for j, x := range r {
			if e := rows[i] * cols[j] / n; e > 0 {
				chi2 += (x - e) * (x - e) / e
			}
		}
	}
	return chi2, df, chi2SF(chi2, df)
}
