package recommend

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Step is one thing that a customer did: a product bought or asked about, an intent.
type Step struct {
	ID   string
	Time time.Time
}

// Sequence is what one customer did, or what one conversation was about, oldest first.
type Sequence struct {
	Unit  string
	Steps []Step
}

// EvaluateOptions say how to evaluate.
type EvaluateOptions struct {
	// K is how many are proposed. Default 3.
	K int
	// Split is the share of all steps, by time, that is counted; the later ones are predicted. Default 0.8.
	Split float64
	// Memory is how many of the latest steps before a prediction speak for it. Default 8.
	Memory int
	// Again tells which things may be proposed to who has them. Default: none.
	Again func(id string) bool
	// Both counts pairs in both directions, as for products; one-way is right for questions.
	Both bool
	// Bootstrap is how many samples the interval is made of. Default 1000.
	Bootstrap int
	// Seed of the samples.
	Seed uint64
}

// Report is the result of an evaluation: a share of predictions of which one of the first K was what came next.
type Report struct {
	Counted   int // steps
	Predicted int // steps
	Units     int // that the predictions are of
	K         int
	HitRate   float64
	Popular   float64 // of proposing what is most popular, under the same rules
	Lift      float64 // HitRate over Popular
	Low, High float64 // 95 % interval of Lift, sampled by unit
}

// String writes the report in one line.
func (r Report) String() string {
	return fmt.Sprintf("hit rate@%d %.3f against %.3f by popularity: lift %.2f [%.2f, %.2f] (95 %%, bootstrap by unit); %d predictions of %d units, %d steps counted",
		r.K, r.HitRate, r.Popular, r.Lift, r.Low, r.High, r.Predicted, r.Units, r.Counted)
}

// outcome is what became of the predictions of one unit.
type outcome struct{ n, hits, popular float64 }

// Evaluate counts the earlier part of the sequences and predicts each later step from those before it. The counts are not changed while
// predicting: what is measured is a model that is as old as the split.
func Evaluate(seqs []Sequence, o EvaluateOptions) (Report, error) {
	o.K, o.Memory, o.Bootstrap, o.Split = cmp.Or(o.K, 3), cmp.Or(o.Memory, sessionItems), cmp.Or(o.Bootstrap, 1000), cmp.Or(o.Split, 0.8)
	if o.K < 1 || o.Memory < 1 || o.Bootstrap < 1 || !(o.Split > 0 && o.Split < 1) {
		return Report{}, fmt.Errorf("evaluate: K %d, Memory %d and Bootstrap %d must be positive and Split %g between 0 and 1", o.K, o.Memory, o.Bootstrap, o.Split)
	}
	var times []time.Time
	for _, s := range seqs {
		for _, st := range s.Steps {
			times = append(times, st.Time)
		}
	}
	if len(times) < 10 {
		return Report{}, fmt.Errorf("evaluate: %d steps are too few to tell anything", len(times))
	}
	slices.SortFunc(times, time.Time.Compare)
	split := times[int(o.Split*float64(len(times)))]
	r := Report{K: o.K}
	var t Table
	for _, s := range seqs {
		r.Counted += t.learn(s.Steps, split, o)
	}
	popular := t.popular(topPopular)
	var outs []outcome
	for _, s := range seqs {
		if out := t.predict(s.Steps, split, popular, o); out.n > 0 {
			outs = append(outs, out)
			r.Predicted += int(out.n)
		}
	}
	r.Units = len(outs)
	r.HitRate, r.Popular, r.Lift = rates(outs, nil)
	r.Low, r.High = interval(outs, o)
	return r, nil
}

// learn counts the steps before the split.
func (t *Table) learn(steps []Step, split time.Time, o EvaluateOptions) int {
	n := 0
	var past []string
	for _, st := range steps {
		if !st.Time.Before(split) {
			break
		}
		from := past
		if !o.Both {
			from = past[max(0, len(past)-1):]
		}
		t.add(st.ID, from, 1)
		if o.Both {
			for _, p := range past {
				t.pair(st.ID, p, 1)
			}
		}
		past = remember(past, st.ID, o.Memory)
		n++
	}
	return n
}

func remember(past []string, id string, memory int) []string {
	past = append(slices.DeleteFunc(slices.Clone(past), func(p string) bool { return p == id }), id)
	return past[max(0, len(past)-memory):]
}

// predict proposes before each step after the split and looks whether it was right. Steps that repeat what the customer has are no
// question of recommendation and are passed over.
func (t *Table) predict(steps []Step, split time.Time, popular []string, o EvaluateOptions) outcome {
	var out outcome
	var past []string
	for _, st := range steps {
		again := o.Again != nil && o.Again(st.ID)
		if !st.Time.Before(split) && len(past) > 0 && (again || !slices.Contains(past, st.ID)) {
			only := func(id string) bool { return !slices.Contains(past, id) || o.Again != nil && o.Again(id) }
			weighted := make([]Weighted, len(past))
			for i, p := range past {
				weighted[i] = Weighted{p, float64(i + 1)}
			}
			if !o.Both {
				weighted = weighted[len(weighted)-1:]
			}
			out.n++
			for i, s := range t.next(weighted, popular, only) {
				if i < o.K && s.ID == st.ID {
					out.hits++
				}
			}
			left := o.K
			for _, id := range popular {
				if left > 0 && only(id) {
					if left--; id == st.ID {
						out.popular++
					}
				}
			}
		}
		past = remember(past, st.ID, o.Memory)
	}
	return out
}

// rates returns hit rates and lift over the units that pick names, all when it is nil.
func rates(outs []outcome, pick []int) (hit, popular, lift float64) {
	var sum outcome
	add := func(o outcome) { sum.n, sum.hits, sum.popular = sum.n+o.n, sum.hits+o.hits, sum.popular+o.popular }
	if pick == nil {
		for _, o := range outs {
			add(o)
		}
	}
	for _, i := range pick {
		add(outs[i])
	}
	if sum.n == 0 {
		return 0, 0, 0
	}
	// Half a hit more on both sides keeps the ratio finite where popularity never hits.
	return sum.hits / sum.n, sum.popular / sum.n, (sum.hits + 0.5) / (sum.popular + 0.5)
}

// interval draws units with replacement: the steps of one customer are not independent of each other.
func interval(outs []outcome, o EvaluateOptions) (low, high float64) {
	if len(outs) == 0 {
		return 0, 0
	}
	rng := rand.New(rand.NewPCG(o.Seed, 77))
	lifts, pick := make([]float64, o.Bootstrap), make([]int, len(outs))
	for b := range lifts {
		for i := range pick {
			pick[i] = rng.IntN(len(outs))
		}
		_, _, lifts[b] = rates(outs, pick)
	}
	slices.Sort(lifts)
	return lifts[int(0.025*float64(len(lifts)))], lifts[int(0.975*float64(len(lifts)-1))]
}
