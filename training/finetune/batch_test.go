package finetune

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func TestRateAt(t *testing.T) {
	tests := []struct {
		step, steps int
		warmup      float64
		want        float64
	}{
		{1, 10, 0, 10.0 / 11}, {2, 10, 0, 9.0 / 11}, {10, 10, 0, 1.0 / 11}, {11, 10, 0, 0},
		{1, 10, 0.2, 0.5}, {2, 10, 0.2, 1}, {3, 10, 0.2, 8.0 / 9}, {10, 10, 0.2, 1.0 / 9},
		{1, 10, 0.11, 0.5}, // 1.1 steps count as 2
		{1, 1, 0, 0.5}, {1, 1, 0.9, 1}, {2, 2, 0.5, 0.5},
		{9, 10, 0.9, 1}, {10, 10, 0.9, 0.5},
	}
	for _, tt := range tests {
		if got := rateAt(tt.step, tt.steps, tt.warmup); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("step %d of %d, warm-up %g: %g, want %g", tt.step, tt.steps, tt.warmup, got, tt.want)
		}
	}
	for steps := 1; steps < 40; steps++ { // it climbs, falls, and is never 0 within a run
		top, last := 0.0, 0.0
		for s := 1; s <= steps; s++ {
			r := rateAt(s, steps, 0.3)
			if r <= 0 || r > 1 || top == 1 && r > last {
				t.Errorf("step %d of %d: %g after %g", s, steps, r, last)
			}
			top, last = max(top, r), r
		}
		if top != 1 {
			t.Errorf("%d steps: the peak is %g", steps, top)
		}
	}
}

// TestPlan: every row once an epoch, no batch over a limit, rows of alike length together, the same for the same seed only.
func TestPlan(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		rows := make([]Row, 1+rng.IntN(100))
		for i := range rows {
			rows[i].IDs = make([]int64, 1+rng.IntN(30))
		}
		o := Options{Batch: 1 + rng.IntN(12), Tokens: 8 + rng.IntN(100), Seed: rng.Uint64()}
		batches := plan(rows, o, 3)
		seen := make([]int, len(rows))
		for _, b := range batches {
			long := 0
			for _, i := range b {
				seen[i]++
				long = max(long, len(rows[i].IDs))
			}
			if len(b) == 0 || len(b) > o.Batch || len(b) > 1 && len(b)*long > o.Tokens {
				t.Fatalf("a batch of %d rows and up to %d tokens with %+v", len(b), long, o)
			}
		}
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
			t.Fatalf("rows occur %v times", seen)
		}
		if !reflect.DeepEqual(batches, plan(rows, o, 3)) {
			t.Fatal("the same seed gave another order")
		}
		other := o
		other.Seed++
		if len(rows) > 20 && (reflect.DeepEqual(batches, plan(rows, o, 4)) || reflect.DeepEqual(batches, plan(rows, other, 3))) {
			t.Fatal("another epoch or seed gave the same order")
		}
	}
}

// TestPlanSorts: padding stays small.
func TestPlanSorts(t *testing.T) {
	rows := tinyRows(256, 1)
	for _, b := range plan(rows, Options{Batch: 16, Tokens: 2048}, 0) {
		lo, hi := math.MaxInt, 0
		for _, i := range b {
			lo, hi = min(lo, len(rows[i].IDs)), max(hi, len(rows[i].IDs))
		}
		if hi-lo > 1 {
			t.Errorf("rows of %d to %d tokens in a batch", lo, hi)
		}
	}
}

// bare is a model that lays out batches and runs nothing.
func bare() *model {
	m := &model{classes: tinyClasses, width: 4, pad: 1, words: make([]float32, 4*tinyWords), drops: []int{4, 4, 4}}
	for i := range m.words {
		m.words[i] = float32(i)
	}
	return m
}

// collated is a batch of rows with several segments, soft targets, and rows and tokens that are not labelled.
func collated() (m *model, rows []Row, b *batch) {
	m, rows = bare(), tinyRows(9, 2)
	rows[2].Segments = append(rows[2].Segments, Segment{Tokens: []int{0, 2}, Target: []Target{{1, 0.25}, {4, 0.75}}})
	rows[3].Segments, rows[3].Emotion, rows[3].Tags = nil, nil, nil
	rows[5].Tags[1] = nil
	return m, rows, m.collate(rows, []int{5, 2, 3, 8}, Options{Smoothing: 0.2, Accumulate: 2}, 0)
}

// TestCollate: ids, mask and words of every row come out again.
func TestCollate(t *testing.T) {
	m, rows, b := collated()
	if b.rows != 4 || b.segments != 2 {
		t.Fatalf("%d rows, %d segments", b.rows, b.segments)
	}
	if !slices.IsSorted(b.words) || len(slices.Compact(slices.Clone(b.words))) != len(b.words) {
		t.Errorf("words %v", b.words)
	}
	for r, i := range b.texts {
		for c := range b.cols {
			want, mask := m.pad, int64(0)
			if c < len(rows[i].IDs) {
				want, mask = rows[i].IDs[c], 1
			}
			at := r*b.cols + c
			word := b.words[b.ids[at]]
			if word != want || b.mask[at] != mask {
				t.Errorf("row %d, place %d: word %d, mask %d; want %d, %d", r, c, word, b.mask[at], want, mask)
			}
			if got := b.table[int(b.ids[at])*m.width]; got != float32(want)*4 {
				t.Errorf("row %d, place %d: the table has word %g", r, c, got/4)
			}
		}
	}
}

// TestCollateTargets: pools are means, and targets sum to what the rows ask for.
func TestCollateTargets(t *testing.T) {
	_, rows, b := collated()
	const scale = 1.0 / (4 * 2) // rows, accumulated batches
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	total := func(x []float32) (s float64) {
		for _, v := range x {
			s += float64(v)
		}
		return s
	}
	for r, i := range b.texts {
		for g := range b.segments {
			used := 0.0
			if g < max(1, len(rows[i].Segments)) {
				used = 1
			}
			near("pool", total(b.pool[(r*2+g)*b.cols:][:b.cols]), used)
		}
		labelled := min(1.0, float64(len(rows[i].Emotion)))
		near("emotion", total(b.emotion[r*2*3:][:6]), labelled*scale)
		near("intents", total(b.intents[r*2*5:][:10]), float64(len(rows[i].Segments))*scale)
		marked := 0
		for _, tag := range rows[i].Tags {
			marked += len(tag)
		}
		near("tags", total(b.tags[r*b.cols*4:][:b.cols*4]), float64(marked)*scale*tagScale/float64(max(1, len(rows[i].Tags))))
	}
	second := b.intents[(1*2+1)*5:][:5]
	near("a soft target, smoothed", float64(second[4]), scale*(0.75*0.8+0.2/5))
	near("a class that is not meant", float64(second[0]), scale*0.2/5)
}

// TestDropoutMasks: the mean stays 1, about the asked share is 0, and a step's masks follow from seed and step.
func TestDropoutMasks(t *testing.T) {
	m := bare()
	b := &batch{rows: 64, cols: 128}
	for _, p := range []float64{0.1, 0.25, 0.5} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			o := Options{Dropout: p, Seed: 7}
			masks := m.dropoutMasks(b, o, 3)
			if len(masks) != 3 {
				t.Fatalf("%d masks", len(masks))
			}
			zero, sum, n := 0.0, 0.0, 0.0
			values := map[float32]bool{}
			for _, mask := range masks {
				for _, v := range mask {
					if v == 0 {
						zero++
					}
					sum += float64(v)
					n++
					values[v] = true
				}
			}
			deviation := math.Sqrt(p * (1 - p) / n) // of the share that is dropped
			if share := zero / n; math.Abs(share-p) > 1.0/512+4*deviation {
				t.Errorf("%g of the elements are dropped", share)
			}
			if mean := sum / n; math.Abs(mean-1) > 4*deviation/(1-p) {
				t.Errorf("the mean is %g", mean)
			}
			if len(values) != 2 {
				t.Errorf("values %v", values)
			}
			if !reflect.DeepEqual(masks, m.dropoutMasks(b, o, 3)) {
				t.Error("the same step gave other masks")
			}
			if reflect.DeepEqual(masks, m.dropoutMasks(b, o, 4)) || slices.Equal(masks[0], masks[1]) {
				t.Error("two masks are equal")
			}
		})
	}
	if m.dropoutMasks(b, Options{}, 0) != nil {
		t.Error("masks without dropout")
	}
}
