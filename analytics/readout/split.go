package readout

import (
	"maps"
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
		ph, pure := phaseAt(phases, h.hour, p.step())
		for j, w := range phases[ph].Weights {
			r.Arms[j].Expected += float64(h.n) * w / total(phases[ph].Weights)
		}
		if !pure { // weights changed within this hour or minute: it says nothing about either
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

// phaseAt is the phase that an hour, or another step, belongs to; pure is false when another one began within it.
func phaseAt(phases []Phase, hour time.Time, step time.Duration) (i int, pure bool) {
	end, pure := hour.Add(step), true
	for k := 1; k < len(phases); k++ {
		if !phases[k].Since.After(hour) {
			i = k
		} else if phases[k].Since.Before(end) {
			pure = false
		}
	}
	return i, pure
}

// testSplit checks the split. Where weights changed, what was to be expected is added up over phases: each by itself may have too few customers to
// show anything, and there may be hundreds of them.
func (r *Result) testSplit(phases []Phase, counts [][]int64, daily []map[time.Time][]int64) error {
	var stray int64
	var err error
	if len(phases) == 1 {
		stray, err = r.testSteady(phases[0], counts[0], daily[0])
	} else {
		stray, err = r.testMoving(phases, counts, daily)
	}
	if err != nil {
		return err
	}
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
	r.Split.Broken = p < abtest.SRMAlpha || stray > 0
	return nil
}

// testSteady is for weights that stayed as they were.
func (r *Result) testSteady(ph Phase, counts []int64, daily map[time.Time][]int64) (stray int64, err error) {
	once, err := abtest.SRM(counts, ph.Weights)
	if err != nil {
		return 0, err
	}
	seq, err := abtest.NewSequentialSRM(ph.Weights, 0)
	if err != nil {
		return 0, err
	}
	for _, day := range sortedKeys(daily, time.Time.Compare) {
		if _, err := seq.Add(daily[day]); err != nil {
			return 0, err
		}
		r.Split.Days++
	}
	r.Split.P, r.Split.SequentialP = once.P, seq.P()
	return once.Stray, nil
}

// testMoving is for weights that changed. A look is a day, or a phase of it.
func (r *Result) testMoving(phases []Phase, counts [][]int64, daily []map[time.Time][]int64) (stray int64, err error) {
	seq := abtest.NewMovingSRM(len(r.Plan.Arms))
	var epochs []abtest.Epoch
	for i, ph := range phases {
		epochs = append(epochs, abtest.Epoch{Counts: counts[i], Weights: ph.Weights})
		for _, day := range sortedKeys(daily[i], time.Time.Compare) {
			if _, err := seq.Add(abtest.Epoch{Counts: daily[i][day], Weights: ph.Weights}); err != nil {
				return 0, err
			}
			r.Split.Days++
		}
	}
	once, err := abtest.SRMOver(epochs)
	if err != nil {
		return 0, err
	}
	r.Split.P, r.Split.SequentialP = once.P, seq.P()
	return once.Stray, nil
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
