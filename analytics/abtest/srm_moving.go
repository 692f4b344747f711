package abtest

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Epoch is a time during which weights stayed as they were, with the units that came in it.
type Epoch struct {
	Counts  []int64
	Weights []float64
}

// SRMOver checks a split whose weights changed, as those of a bandit do: what came to each arm less what was to be expected at the weights of the time,
// added up over epochs, against the covariance of that sum. So a mismatch that is too small to be seen in any epoch is seen in all together, and
// epochs may have few units. With one epoch it is [SRM].
func SRMOver(epochs []Epoch) (Split, error) {
	s := Split{P: 1}
	var score []float64
	var cov *mat.SymDense
	for _, e := range epochs {
		_, total, err := positive(e.Counts, e.Weights)
		if err != nil {
			return s, err
		}
		if cov == nil {
			score, cov = make([]float64, len(e.Weights)), mat.NewSymDense(len(e.Weights), nil)
		}
		if len(e.Weights) != len(score) {
			return s, fmt.Errorf("%w: epochs of %d and of %d arms", ErrOptions, len(score), len(e.Weights))
		}
		s.Stray += addEpoch(score, cov, e, total)
	}
	if cov == nil {
		return s, nil
	}
	// The covariance has no inverse, since counts add up: its eigenvectors without variance are left out.
	var eigen mat.EigenSym
	if !eigen.Factorize(cov, true) {
		return s, fmt.Errorf("%w: the covariance of counts has no eigenvalues", ErrOptions)
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	most := values[len(values)-1]
	for j, v := range values {
		if !(v > 1e-9*most) {
			continue
		}
		var along float64
		for i := range score {
			along += score[i] * vectors.At(i, j)
		}
		s.Chi2, s.DF = s.Chi2+along*along/v, s.DF+1
	}
	if s.DF > 0 {
		s.P = chi2SF(s.Chi2, s.DF)
	}
	return s, nil
}

// addEpoch adds counts less what was expected, and their covariance; it returns the units in arms of weight 0.
func addEpoch(score []float64, cov *mat.SymDense, e Epoch, total float64) (stray int64) {
	var n float64
	for i, c := range e.Counts {
		if e.Weights[i] > 0 {
			n += float64(c)
		} else {
			stray += c
		}
	}
	for i, c := range e.Counts {
		w := e.Weights[i] / total
		if w == 0 {
			continue
		}
		score[i] += float64(c) - n*w
		for j := i; j < len(score); j++ {
			v := -n * w * e.Weights[j] / total
			if i == j {
				v += n * w
			}
			cov.SetSym(i, j, cov.At(i, j)+v)
		}
	}
	return stray
}

// MovingSRM is [SequentialSRM] for weights that change: its p-value is valid at every look. The sum of what came to an arm less what was to be expected is a
// martingale, whatever moved the weights, and is judged by a normal mixture (Robbins, Annals of Mathematical Statistics 1970), asymptotically: from
// some tens of units on. Arms are corrected for by Bonferroni.
type MovingSRM struct {
	score, variance []float64
	p               float64
}

// NewMovingSRM starts a check of so many arms.
func NewMovingSRM(arms int) *MovingSRM {
	return &MovingSRM{make([]float64, arms), make([]float64, arms), 1}
}

// Variances of an arm's sum: below the first nothing is judged yet, at the second the test is at its best, as SequentialSRM with 10,000 units in two arms.
const (
	leastVariance = 10
	bestVariance  = 2500
)

// Add counts the units that came since the last look, at the weights of that time, and returns the p-value so far.
func (s *MovingSRM) Add(e Epoch) (float64, error) {
	_, total, err := positive(e.Counts, e.Weights)
	if err != nil || len(e.Weights) != len(s.score) {
		return s.p, fmt.Errorf("%w: %d weights for %d arms", ErrOptions, len(e.Weights), len(s.score))
	}
	var n float64
	for i, c := range e.Counts {
		if e.Weights[i] > 0 {
			n += float64(c)
		} else if c > 0 {
			s.p = 0
		}
	}
	arms := 0.0
	for i, c := range e.Counts {
		if w := e.Weights[i] / total; w > 0 {
			s.score[i] += float64(c) - n*w
			s.variance[i] += n * w * (1 - w)
		}
		if s.variance[i] > 0 {
			arms++
		}
	}
	l := -2 * math.Log(SRMAlpha)
	rho := (l + math.Log1p(l)) / bestVariance
	for i, v := range s.variance {
		if v >= leastVariance {
			log := rho*s.score[i]*s.score[i]/(2*(1+v*rho)) - math.Log1p(v*rho)/2
			s.p = math.Min(s.p, arms*math.Exp(-log))
		}
	}
	return s.p, nil
}

// P is the p-value so far.
func (s *MovingSRM) P() float64 { return s.p }
