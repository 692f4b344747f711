package abtest

import (
	"fmt"
	"math"
)

// SRMAlpha is the level below which a split counts as broken: results are then not to be trusted (Fabijan et al., KDD 2019).
const SRMAlpha = 0.001

// Split is a check of how units fell to arms.
type Split struct {
	Chi2 float64
	DF   float64
	P    float64
	// Stray counts units in arms whose weight is 0: there should be none, and one is enough to know that something is wrong.
	Stray int64
}

// Broken says whether the split is not what was planned.
func (s Split) Broken() bool { return s.Stray > 0 || s.P < SRMAlpha }

// SRM checks counts of units against the weights of their arms (Pearson's chi-square). Arms of weight 0 are left out of the statistic and of
// its degrees of freedom; gbstats leaves them out of the first only.
func SRM(counts []int64, weights []float64) (Split, error) {
	keep, total, err := positive(counts, weights)
	if err != nil {
		return Split{}, err
	}
	var n float64
	s := Split{P: 1}
	for i, c := range counts {
		if weights[i] == 0 {
			s.Stray += c
		} else {
			n += float64(c)
		}
	}
	s.DF = float64(keep - 1)
	if n == 0 || s.DF == 0 {
		return s, nil
	}
	for i, c := range counts {
		if weights[i] > 0 {
			e := n * weights[i] / total
			s.Chi2 += (float64(c) - e) * (float64(c) - e) / e
		}
	}
	s.P = chi2SF(s.Chi2, s.DF)
	return s, nil
}

// ChiSquareP is the p-value of a chi-square with df degrees of freedom, e.g. of checks that were added up; 1 without any.
func ChiSquareP(chi2, df float64) float64 { return chi2SF(chi2, df) }

func positive(counts []int64, weights []float64) (keep int, total float64, err error) {
	if len(counts) != len(weights) {
		return 0, 0, fmt.Errorf("%w: %d counts and %d weights", ErrOptions, len(counts), len(weights))
	}
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) || counts[i] < 0 {
			return 0, 0, fmt.Errorf("%w: arm %d has weight %v and count %d", ErrOptions, i, w, counts[i])
		}
		if w > 0 {
			keep++
			total += w
		}
	}
	if keep == 0 {
		return 0, 0, fmt.Errorf("%w: no arm has a weight", ErrOptions)
	}
	return keep, total, nil
}

// SequentialSRM checks the split at every look: the p-value is valid however often one looks (Lindon and Malek, "Anytime-valid inference for
// multinomial count data", NeurIPS 2022). It compares the planned weights with weights drawn from a Dirichlet distribution around them; the
// reciprocal of that Bayes factor, at its smallest so far, is the p-value.
type SequentialSRM struct {
	weights []float64 // of the arms with a weight, adding up to 1
	index   []int
	prior   float64
	seen    []float64
	p       float64
	stray   int64
}

// NewSequentialSRM starts a check for arms with weights. Concentration says how close the alternative lies to the plan: about the number of
// units at which a mismatch should be found; default 10000.
func NewSequentialSRM(weights []float64, concentration float64) (*SequentialSRM, error) {
	_, total, err := positive(make([]int64, len(weights)), weights)
	if err != nil {
		return nil, err
	}
	if concentration == 0 {
		concentration = 10000
	}
	if !(concentration > 0) {
		return nil, fmt.Errorf("%w: concentration %v", ErrOptions, concentration)
	}
	s := &SequentialSRM{index: make([]int, len(weights)), prior: concentration, p: 1}
	for i, w := range weights {
		s.index[i] = -1
		if w > 0 {
			s.index[i] = len(s.weights)
			s.weights = append(s.weights, w/total)
		}
	}
	s.seen = make([]float64, len(s.weights))
	return s, nil
}

// Add counts the units that came since the last look and returns the p-value so far.
func (s *SequentialSRM) Add(counts []int64) (float64, error) {
	if len(counts) != len(s.index) {
		return s.p, fmt.Errorf("%w: %d counts for %d arms", ErrOptions, len(counts), len(s.index))
	}
	for i, c := range counts {
		if c < 0 {
			return s.p, fmt.Errorf("%w: arm %d has count %d", ErrOptions, i, c)
		}
		if j := s.index[i]; j >= 0 {
			s.seen[j] += float64(c)
		} else {
			s.stray += c
		}
	}
	if s.stray > 0 {
		s.p = 0
	}
	s.p = math.Min(s.p, math.Exp(-s.logBayes()))
	return s.p, nil
}

// P is the p-value so far.
func (s *SequentialSRM) P() float64 { return s.p }

// logBayes is the logarithm of the Bayes factor against the plan. It depends on totals only: the predictive probabilities of a
// Dirichlet-multinomial multiply to the one of the sum.
func (s *SequentialSRM) logBayes() float64 {
	var n, sum float64
	for i, w := range s.weights {
		a, x := s.prior*w, s.seen[i]
		n += x
		sum += logRising(a, x) - x*math.Log(w)
	}
	return sum - logRising(s.prior, n)
}

// logRising is log(Γ(a + x)/Γ(a)).
func logRising(a, x float64) float64 {
	hi, _ := math.Lgamma(a + x)
	lo, _ := math.Lgamma(a)
	return hi - lo
}
