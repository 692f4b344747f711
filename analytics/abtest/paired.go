package abtest

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Pairs counts messages that two models saw both, by whether each was right (or accepted, or whatever is compared).
type Pairs struct {
	Both, FirstOnly, SecondOnly, Neither float64
}

// McNemarResult is a test of whether the two are right equally often.
type McNemarResult struct {
	// Difference is the second's share less the first's, with Newcombe's interval for paired shares.
	Difference, Low, High float64
	P                     float64
	Exact                 bool // binomial; else chi-square with continuity correction
}

// McNemar compares paired shares: only pairs that differ say anything. Up to 1000 of those the test is exact (binomial, two-sided). Pairs are
// taken to be independent: for several messages of one customer use [PairedDifference].
func McNemar(p Pairs, alpha float64) McNemarResult {
	n := p.Both + p.FirstOnly + p.SecondOnly + p.Neither
	r := McNemarResult{P: 1}
	b, c := p.FirstOnly, p.SecondOnly
	switch d := b + c; {
	case d == 0:
	case d <= 1000:
		r.Exact = true
		k := math.Min(b, c)
		if b != c {
			r.P = math.Min(1, 2*mathext.RegIncBeta(d-k, k+1, 0.5)) // 2·P(X <= k), X binomial(d, 1/2)
		}
	default:
		x := math.Max(0, math.Abs(b-c)-1)
		r.P = chi2SF(x*x/d, 1)
	}
	if n > 0 {
		r.Difference = (c - b) / n
		r.Low, r.High = pairedNewcombe(p, n, alpha)
	}
	return r
}

// pairedNewcombe is method 10 of Newcombe, Stat. Med. 1998 (paired), for the second's share less the first's.
func pairedNewcombe(p Pairs, n, alpha float64) (low, high float64) {
	first, second := p.Both+p.FirstOnly, p.Both+p.SecondOnly
	l1, u1 := Wilson(second, n, alpha)
	l2, u2 := Wilson(first, n, alpha)
	p1, p2 := second/n, first/n
	phi := 0.0
	if m := first * (n - first) * second * (n - second); m > 0 {
		x := p.Both*p.Neither - p.FirstOnly*p.SecondOnly
		if x > n/2 {
			x -= n / 2
		} else if x >= 0 {
			x = 0
		}
		phi = x / math.Sqrt(m)
	}
	d := p1 - p2
	lo := (p1-l1)*(p1-l1) - 2*phi*(p1-l1)*(u2-p2) + (u2-p2)*(u2-p2)
	hi := (u1-p1)*(u1-p1) - 2*phi*(u1-p1)*(p2-l2) + (p2-l2)*(p2-l2)
	return math.Max(-1, d-math.Sqrt(math.Max(0, lo))), math.Min(1, d+math.Sqrt(math.Max(0, hi)))
}

// PairedDifference judges differences summed per unit, so that several messages of one customer do not count as independent: Num is the sum of
// differences of a unit (second less first), Den how many messages it had. The effect is the mean difference of a message.
func PairedDifference(r RatioSums, alpha float64) (Result, error) {
	e := Ratio(r)
	alpha = alphaOr(alpha)
	if e.N < 2 {
		return Result{}, ErrFewUnits
	}
	if !(e.Var > 0) {
		return Result{}, ErrNoVariance
	}
	return judge(e.Value, e.Var/e.N, e.N, e.N-1, Options{Alpha: alpha}), nil
}
