package mine

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"yingda/analytics/mine/cluster"
)

// Slice says by what rule a text was chosen to be labelled.
type Slice string

// The slices. Only those of Random say how good the bundle is: the others were chosen because it is bad, or odd, there.
const (
	Uncertain Slice = "uncertain" // the best two intents are close
	CoreSet   Slice = "core_set"  // far from all that were chosen before (k-centre greedy, Sener & Savarese 2018)
	Medoid    Slice = "medoid"    // in the middle of a group
	Random    Slice = "random"    // drawn evenly over messages
)

// slices of a batch, in percent.
var shares = []struct {
	slice   Slice
	percent int
}{{Uncertain, 40}, {CoreSet, 30}, {Medoid, 20}, {Random, 10}}

// pool is what is chosen from: texts with vectors, margins and how often each was said.
type pool struct {
	points  *cluster.Matrix
	margin  []float64 // p1 − p2
	weight  []int
	medoids []int // of groups, most important first
	taken   []bool
}

// chosen is a row of the pool and why it was chosen.
type chosen struct {
	row   int
	slice Slice
}

// choose picks n rows of the pool. Random ones are drawn first and over all rows, so that the others do not bend them; with replacement by
// weight left out, a row is drawn once.
func (p *pool) choose(n int, seed uint64) []chosen {
	n = min(n, len(p.margin))
	p.taken = make([]bool, len(p.margin))
	want := map[Slice]int{}
	left := n
	for _, s := range shares {
		want[s.slice] = n * s.percent / 100
		left -= want[s.slice]
	}
	want[Random] += left
	var out []chosen
	take := func(s Slice, rows []int) {
		for _, r := range rows {
			if want[s] == 0 {
				return
			}
			if !p.taken[r] {
				p.taken[r] = true
				want[s]--
				out = append(out, chosen{r, s})
			}
		}
	}
	take(Random, p.random(seed))
	take(Medoid, p.medoids)
	want[Uncertain] += want[Medoid] // fewer groups than places
	take(Uncertain, p.byMargin())
	take(CoreSet, p.spread(out, want[CoreSet]))
	order := map[Slice]int{Uncertain: 0, CoreSet: 1, Medoid: 2, Random: 3}
	slices.SortStableFunc(out, func(a, b chosen) int { return cmp.Compare(order[a.slice], order[b.slice]) })
	return out
}

// random is an order of rows in which a row comes early as often as it is said (Efraimidis & Spirakis 2006).
func (p *pool) random(seed uint64) []int {
	rnd := rand.New(rand.NewPCG(seed, 0x5851f42d4c957f2d))
	keys := make([]float64, len(p.margin))
	rows := make([]int, len(keys))
	for i := range keys {
		keys[i] = rnd.ExpFloat64() / float64(max(p.weight[i], 1))
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) })
	return rows
}

func (p *pool) byMargin() []int {
	rows := make([]int, len(p.margin))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.margin[a], p.margin[b]), cmp.Compare(p.weight[b], p.weight[a]), cmp.Compare(a, b))
	})
	return rows
}

// spread picks n rows, each as far as can be from those chosen before.
func (p *pool) spread(before []chosen, n int) []int {
	near := make([]float32, len(p.margin)) // cosine of the nearest chosen one
	for i := range near {
		near[i] = -2
	}
	look := func(row int) {
		x := p.points.Row(row)
		for i := range near {
			near[i] = max(near[i], cluster.Dot(x, p.points.Row(i)))
		}
	}
	for _, c := range before {
		look(c.row)
	}
	var out []int
	used := make([]bool, len(near))
	for len(out) < n {
		best := -1
		for i, c := range near {
			if !p.taken[i] && !used[i] && (best < 0 || c < near[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		out = append(out, best)
		look(best)
	}
	return out
}
