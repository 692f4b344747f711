package eval

import (
	"cmp"
	"math"
	"slices"
)

// scored is a score and whether it should be high.
type scored struct {
	score    float64
	positive bool
}

// curve holds, for each distinct threshold from the highest down, how many positives and negatives lie at or above it.
type curve struct {
	threshold []float64
	tp, fp    []int
}

// newCurve sorts list in place.
func newCurve(list []scored) *curve {
	slices.SortFunc(list, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	c := &curve{}
	tp, fp := 0, 0
	for i, s := range list {
		if s.positive {
			tp++
		} else {
			fp++
		}
		if i+1 == len(list) || list[i+1].score != s.score {
			c.threshold, c.tp, c.fp = append(c.threshold, s.score), append(c.tp, tp), append(c.fp, fp)
		}
	}
	return c
}

// totals returns the number of positives and negatives.
func (c *curve) totals() (pos, neg int) {
	if len(c.tp) == 0 {
		return 0, 0
	}
	return c.tp[len(c.tp)-1], c.fp[len(c.fp)-1]
}

// auroc is the area under the ROC curve by trapezoids: the probability that a positive has a higher score than a negative,
// ties counted half. NaN without positives or negatives.
func (c *curve) auroc() float64 {
	pos, neg := c.totals()
	if pos == 0 || neg == 0 {
		return math.NaN()
	}
	twice, lastT, lastF := 0, 0, 0
	for i := range c.tp {
		twice += (c.fp[i] - lastF) * (c.tp[i] + lastT)
		lastT, lastF = c.tp[i], c.fp[i]
	}
	return float64(twice) / 2 / float64(pos) / float64(neg)
}

// aupr is the average precision: precision at each threshold, weighted with the recall it adds. No interpolation.
func (c *curve) aupr() float64 {
	pos, neg := c.totals()
	if pos == 0 || neg == 0 {
		return math.NaN()
	}
	sum, last := 0.0, 0
	for i, tp := range c.tp {
		if tp > last {
			sum += float64(tp-last) * float64(tp) / float64(tp+c.fp[i])
		}
		last = tp
	}
	return sum / float64(pos)
}

// falseAlarmAt is the share of negatives at or above the highest threshold that finds the given share of positives.
func (c *curve) falseAlarmAt(recall float64) float64 {
	pos, neg := c.totals()
	if pos == 0 || neg == 0 {
		return math.NaN()
	}
	for i, tp := range c.tp {
		if float64(tp)/float64(pos) >= recall {
			return float64(c.fp[i]) / float64(neg)
		}
	}
	return 1
}

// points thins the ROC curve to about n points, the ends included.
func (c *curve) points(n int) []Point {
	pos, neg := c.totals()
	if pos == 0 || neg == 0 {
		return nil
	}
	out := []Point{{Threshold: Float(math.NaN())}} // nothing is flagged
	for i := range c.tp {
		last := out[len(out)-1]
		p := Point{Float(float64(c.fp[i]) / float64(neg)), Float(float64(c.tp[i]) / float64(pos)), Float(c.threshold[i])}
		if i+1 == len(c.tp) || math.Abs(float64(p.FalseAlarm-last.FalseAlarm))+math.Abs(float64(p.Recall-last.Recall)) >= 2/float64(n) {
			out = append(out, p)
		}
	}
	return out
}

// answer is a score and whether what it was given to is right.
type answer struct {
	score float64
	right bool
}

// eceBins is the number of bins of equal mass in a reliability table.
const eceBins = 15

// reliability sorts answers (in place) into bins of equal mass. Bin edges are quantiles, and equal scores stay together, so
// there may be fewer bins and the order of the answers does not matter.
func reliability(list []answer, bins int) []Bin {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b answer) int { return cmp.Compare(a.score, b.score) })
	var out []Bin
	from := 0
	for b := 1; b <= bins; b++ {
		edge := list[len(list)-1].score
		if b < bins {
			edge = quantile(len(list), b, bins, func(i int) float64 { return list[i].score })
		}
		to := from
		score, right := 0.0, 0
		for to < len(list) && (b == bins || list[to].score <= edge) {
			score += list[to].score
			if list[to].right {
				right++
			}
			to++
		}
		if n := to - from; n > 0 {
			out = append(out, Bin{N: n, Low: Float(list[from].score), High: Float(list[to-1].score), Score: Float(score / float64(n)), Accuracy: Float(float64(right) / float64(n))})
		}
		from = to
	}
	return out
}

// ece is the expected calibration error of a reliability table: Σ share of the bin × |accuracy − mean score|.
// Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning".
func ece(bins []Bin) float64 {
	n, sum := 0, 0.0
	for _, b := range bins {
		n += b.N
		sum += float64(b.N) * math.Abs(float64(b.Accuracy-b.Score))
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// quantile returns the num/den quantile of n sorted values, with linear interpolation (the default of numpy.percentile).
func quantile(n, num, den int, at func(int) float64) float64 {
	lo, rest := (n-1)*num/den, (n-1)*num%den
	a := at(lo)
	if rest == 0 {
		return a
	}
	b := at(lo + 1)
	return a + (b-a)*float64(rest)/float64(den)
}

// ratio is a/b, NaN when b is 0.
func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}
