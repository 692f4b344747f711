package abtest

import "math"

// kolmogorovSF is P(D_n > d) of the two-sided one-sample Kolmogorov–Smirnov statistic. Ranges of methods are those of R. Simard and P. L'Ecuyer,
// "Computing the two-sided Kolmogorov–Smirnov distribution", J. Stat. Softw. 39(11), 2011: exact where it is cheap, else to about ten digits.
func kolmogorovSF(n, d float64) float64 {
	switch {
	case math.IsNaN(d):
		return math.NaN()
	case d >= 1:
		return 0
	case n*d <= 0.5:
		return 1
	case d >= 0.5 || n <= 140 && n*d*d > 4 || n > 140 && n*d*d >= 2.2:
		return math.Min(1, 2*smirnovSF(n, d)) // both sides at once are impossible, or as good as
	case n <= 140 || n <= 1e5 && n*math.Pow(d, 1.5) <= 1.4:
		return clamp01(1 - durbin(int(n), d))
	}
	return clamp01(1 - pelzGood(n, d))
}

// smirnovSF is P(D+_n > d), exactly (Smirnov 1944; Dwass 1959): d·Σ C(n, j)(d + j/n)^(j−1)(1 − d − j/n)^(n−j).
func smirnovSF(n, d float64) float64 {
	if n*d*d > 370 {
		return 0
	}
	lgn, _ := math.Lgamma(n + 1)
	var sum float64
	for j := 0.0; j <= math.Floor(n*(1-d)); j++ {
		rest := 1 - d - j/n
		if rest <= 0 {
			if j == n && d == 0 {
				sum++
			}
			continue
		}
		lj, _ := math.Lgamma(j + 1)
		lr, _ := math.Lgamma(n - j + 1)
		sum += math.Exp(lgn - lj - lr + (j-1)*math.Log(d+j/n) + (n-j)*math.Log(rest))
	}
	return d * sum
}

// durbin is P(D_n <= d) by Durbin's matrix (Marsaglia, Tsang and Wang, J. Stat. Softw. 8(18), 2003): n!/n^n · (H^n)[k−1][k−1].
func durbin(n int, d float64) float64 {
	k := int(math.Ceil(float64(n) * d))
	h := float64(k) - float64(n)*d
	m := 2*k - 1
	a := make([]float64, m*m)
	for i := range m {
		for j := range m {
			if i-j+1 >= 0 {
				a[i*m+j] = 1
			}
		}
	}
	for i := range m {
		a[i*m] -= math.Pow(h, float64(i+1))
		a[(m-1)*m+i] -= math.Pow(h, float64(m-i))
	}
	a[(m-1)*m] += math.Pow(math.Max(0, 2*h-1), float64(m))
	for i := range m {
		for j := range m {
			for g := 2; g <= i-j+1; g++ {
				a[i*m+j] /= float64(g)
			}
		}
	}
	q, scale := matrixPower(a, m, n)
	p := q[(k-1)*m+k-1]
	for i := 1; i <= n; i++ {
		p *= float64(i) / float64(n)
		if p < 1e-140 {
			p *= 1e140
			scale -= 140
		}
	}
	return p * math.Pow(10, float64(scale))
}

// matrixPower is a^n of an m×m matrix, and the power of ten that was taken out.
func matrixPower(a []float64, m, n int) ([]float64, int) {
	result := make([]float64, m*m)
	for i := range m {
		result[i*m+i] = 1
	}
	var scale, scaleA int
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			result = multiply(result, a, m)
			scale += scaleA
			scale += shrink(result, m)
		}
		a = multiply(a, a, m)
		scaleA = 2*scaleA + shrink(a, m)
	}
	return result, scale
}

// shrink keeps a matrix in range and returns the power of ten that it took out.
func shrink(a []float64, m int) int {
	if a[(m/2)*m+m/2] < 1e140 {
		return 0
	}
	for i := range a {
		a[i] *= 1e-140
	}
	return 140
}

func multiply(a, b []float64, m int) []float64 {
	c := make([]float64, m*m)
	for i := range m {
		for k := range m {
			x := a[i*m+k]
			if x == 0 {
				continue
			}
			for j := range m {
				c[i*m+j] += x * b[k*m+j]
			}
		}
	}
	return c
}

// pelzGood is P(D_n <= d) by the series of W. Pelz and I. J. Good, JRSS B 38, 1976: K0 + K1/√n + K2/n + K3/n^(3/2), in the form for small z.
func pelzGood(n, d float64) float64 {
	z := math.Sqrt(n) * d
	z2, z4, z6 := z*z, math.Pow(z, 4), math.Pow(z, 6)
	p2, p4, p6 := math.Pow(math.Pi, 2), math.Pow(math.Pi, 4), math.Pow(math.Pi, 6)
	var k0, k1, k2, k3 float64
	terms := int(math.Ceil(16 * z / math.Pi))
	for k := terms; k > 0; k-- { // smallest first
		o := float64(2*k - 1)
		o2, o4, o6 := o*o, math.Pow(o, 4), math.Pow(o, 6)
		e := math.Exp(-p2 * o2 / (8 * z2))
		k0 += e
		k1 += e * (p2/4*o2 - z2)
		k2 += e * (6*z6 + 2*z4 + (2*z4-5*z2)*p2/4*o2 + p4*(1-2*z2)/16*o4)
		k3 += e * (-30*z6 - 90*math.Pow(z, 8) + p2*(135*z4-96*z6)/4*o2 + p4*(212*z4-60*z2)/16*o4 + p6*(5-30*z2)/64*o6)
	}
	root := math.Sqrt(2 * math.Pi)
	k0 *= root / z
	k1 *= root / (6 * z4)
	k2 *= root / (72 * math.Pow(z, 7))
	k3 *= root / (6480 * math.Pow(z, 10))
	for k := terms; k > 0; k-- {
		q := float64(k * k)
		e := q * math.Exp(-p2*q/(2*z2))
		k2 -= e * p2 * root / (36 * z * z2)
		k3 += e * (3*z2 - p2*q) * p2 * root / (216 * z6)
	}
	return k0 + k1/math.Sqrt(n) + k2/n + k3/(n*math.Sqrt(n))
}
