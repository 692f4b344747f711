package eval

import "math"

// AUROC is the probability that a positive has a higher score than a negative, ties counted half. NaN without positives or negatives.
func AUROC(scores []float64, positive []bool) float64 {
	list := make([]scored, len(scores))
	for i, s := range scores {
		list[i] = scored{s, positive[i]}
	}
	return newCurve(list).auroc()
}

// Wilson returns the 95 % score interval of a proportion of k in n (Wilson 1927); 0 and 1 when n is 0.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	spread := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return (centre - spread) / scale, (centre + spread) / scale
}
