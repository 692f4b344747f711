package readout

import (
	"maps"
	"math"
	"slices"
	"time"

	"yingda/analytics/abtest"
)

// crossedMax is the share of customers in more than one variant above which results are not to be trusted.
const crossedMax = 0.01

// checkSplit fills in arms and split.
func (r *Result) checkSplit(a arrivals) error {
	p := &r.Plan
	place := map[string]int{}
	weights := make([]float64, len(p.Arms))
	for i, arm := range p.Arms {
		place[arm.Name], weights[i] = i, arm.Weight
		r.Arms = append(r.Arms, ArmCount{Arm: arm})
	}
	phases := p.Phases
	if len(phases) == 0 {
		phases = []Phase{{p.From, weights}}
	}
	counts := make([][]int64, len(phases))
	daily := make([]map[time.Time][]int64, len(phases))
	for i := range phases {
		counts[i], daily[i] = make([]int64, len(p.Arms)), map[time.Time][]int64{}
	}
	r.Split = Split{P: 1, SequentialP: 1, Crossed: a.crossed, Unnamed: a.unnamed, Unknown: map[string]int64{}}
	var known int64
	for _, h := range a.hours {
		i, ok := place[h.variant]
		if !ok {
			r.Split.Unknown[h.variant] += h.n
			continue
		}
		known += h.n
		r.Arms[i].Units += h.n
		ph, pure := phaseAt(phases, h.hour)
		for j, w := range phases[ph].Weights {
			r.Arms[j].Expected += float64(h.n) * w / total(phases[ph].Weights)
		}
		if !pure { // weights changed within this hour: it says nothing about either
			continue
		}
		counts[ph][i] += h.n
		day := h.hour.Truncate(24 * time.Hour)
		if daily[ph][day] == nil {
			daily[ph][day] = make([]int64, len(p.Arms))
		}
		daily[ph][day][i] += h.n
	}
	if all := float64(known + a.crossed); all > 0 {
		r.Split.CrossedRate = float64(a.crossed) / all
	}
	return r.testSplit(phases, counts, daily)
}

func total(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// phaseAt is the phase that an hour belongs to; pure is false when another one began within it.
func phaseAt(phases []Phase, hour time.Time) (i int, pure bool) {
	end, pure := hour.Add(time.Hour), true
	for k := 1; k < len(phases); k++ {
		if !phases[k].Since.After(hour) {
			i = k
		} else if phases[k].Since.Before(end) {
			pure = false
		}
	}
	return i, pure
}

// testSplit adds up the chi-squares of phases, and takes the sequential test of each, corrected for how many there are.
func (r *Result) testSplit(phases []Phase, counts [][]int64, daily []map[time.Time][]int64) error {
	var sum abtest.Split
	lowest := 1.0
	for i, ph := range phases {
		s, err := abtest.SRM(counts[i], ph.Weights)
		if err != nil {
			return err
		}
		sum.Chi2, sum.DF, sum.Stray = sum.Chi2+s.Chi2, sum.DF+s.DF, sum.Stray+s.Stray
		if s.Chi2 == 0 && total64(counts[i]) == 0 {
			sum.DF -= s.DF
		}
		seq, err := abtest.NewSequentialSRM(ph.Weights, 0)
		if err != nil {
			return err
		}
		for _, day := range sortedKeys(daily[i], time.Time.Compare) {
			if _, err := seq.Add(daily[i][day]); err != nil {
				return err
			}
			r.Split.Days++
		}
		lowest = math.Min(lowest, seq.P())
	}
	r.Split.P = abtest.ChiSquareP(sum.Chi2, sum.DF)
	r.Split.SequentialP = math.Min(1, lowest*float64(len(phases)))
	// While it runs it is looked at every day, and only the sequential test allows that.
	p := r.Split.P
	if r.Plan.Running {
		p = r.Split.SequentialP
	}
	for i, arm := range r.Plan.Arms {
		if arm.Weight == 0 && r.Arms[i].Units > 0 && len(phases) == 1 {
			r.Split.Unknown[arm.Name] = r.Arms[i].Units
		}
	}
	if len(r.Split.Unknown) == 0 {
		r.Split.Unknown = nil
	}
	r.Split.Broken = p < abtest.SRMAlpha || sum.Stray > 0
	return nil
}

func total64(xs []int64) (sum int64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
