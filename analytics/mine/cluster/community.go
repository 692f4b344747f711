package cluster

import (
	"context"
	"math/rand/v2"
	"slices"
)

// CommunityOptions say how fine communities are.
type CommunityOptions struct {
	// Resolution above 1 gives more, smaller communities. Default 1.
	Resolution float64
	Seed       uint64
}

// link is an edge of a weighted graph.
type link struct {
	to int32
	w  float64
}

// network is an undirected weighted graph: each edge is in both lists; loops are in loop, once.
type network struct {
	links  [][]link
	loop   []float64
	weight []float64 // sum of a node's edges, loops twice
	total  float64   // twice the sum of all edges
}

// newNetwork joins rows that are neighbours of each other fully, and those where only one is of the other by half; weights are the share of
// neighbours that two rows have in common (Jarvis & Patrick 1973; shared neighbours adapt to how dense a place is).
func newNetwork(ctx context.Context, g Graph, k int) (*network, error) {
	n := len(g)
	w := &network{links: make([][]link, n), loop: make([]float64, n), weight: make([]float64, n)}
	own := make([][]int32, n)
	for i, near := range g {
		for _, nb := range near[:min(k, len(near))] {
			own[i] = append(own[i], nb.Row)
		}
		slices.Sort(own[i])
	}
	half := make([][]link, n)
	err := parallel(ctx, n, queryBlock, func(from, to int) {
		for i := from; i < to; i++ {
			for _, j := range own[i] {
				shared := common(own[i], own[j])
				half[i] = append(half[i], link{j, (1 + float64(shared)) / float64(1+k) / 2})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i, ls := range half {
		for _, l := range ls {
			w.links[i] = append(w.links[i], l)
			w.links[l.to] = append(w.links[l.to], link{int32(i), l.w})
		}
	}
	w.sum()
	return w, nil
}

// common counts what two sorted lists share.
func common(a, b []int32) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n++
			a, b = a[1:], b[1:]
		}
	}
	return n
}

func (w *network) sum() {
	w.total = 0
	for i, ls := range w.links {
		w.weight[i] = 2 * w.loop[i]
		for _, l := range ls {
			w.weight[i] += l.w
		}
		w.total += w.weight[i]
	}
}

// communities is the Louvain method (Blondel et al. 2008) on modularity with a resolution (Reichardt & Bornholdt 2006).
func (w *network) communities(ctx context.Context, o CommunityOptions) ([]int, error) {
	if o.Resolution == 0 {
		o.Resolution = 1
	}
	rnd := rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))
	member := make([]int, len(w.links))
	for i := range member {
		member[i] = i
	}
	for w.total > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		groups, moved := w.move(o.Resolution, rnd)
		count := renumber(groups)
		for i, m := range member {
			member[i] = groups[m]
		}
		if !moved || count == len(w.links) {
			break
		}
		w = w.collapse(groups, count)
	}
	renumber(member)
	return member, nil
}

// move puts each node where modularity gains most, until nothing gains.
func (w *network) move(resolution float64, rnd *rand.Rand) (groups []int, moved bool) {
	n := len(w.links)
	groups = make([]int, n)
	inside := slices.Clone(w.weight) // sum of weights of a community
	for i := range groups {
		groups[i] = i
	}
	to := make([]float64, n) // weight of the node's edges to a community
	var touched []int
	order := rnd.Perm(n)
	for round, changed := 0, n; changed > n/1000 && round < 50; round++ {
		changed = 0
		for _, i := range order {
			own := groups[i]
			touched = append(touched[:0], own)
			for _, l := range w.links[i] {
				c := groups[l.to]
				if to[c] == 0 && c != own {
					touched = append(touched, c)
				}
				to[c] += l.w
			}
			inside[own] -= w.weight[i]
			best, gain := own, to[own]-resolution*w.weight[i]*inside[own]/w.total
			for _, c := range touched {
				if x := to[c] - resolution*w.weight[i]*inside[c]/w.total; x > gain+1e-12 {
					best, gain = c, x
				}
				to[c] = 0
			}
			inside[best] += w.weight[i]
			if best != own {
				groups[i] = best
				changed++
				moved = true
			}
		}
	}
	return groups, moved
}

// collapse makes one node of each community.
func (w *network) collapse(groups []int, count int) *network {
	out := &network{links: make([][]link, count), loop: make([]float64, count), weight: make([]float64, count)}
	sums := make([]map[int]float64, count)
	for i := range sums {
		sums[i] = map[int]float64{}
	}
	for i, ls := range w.links {
		g := groups[i]
		out.loop[g] += w.loop[i]
		for _, l := range ls {
			if h := groups[l.to]; h == g {
				out.loop[g] += l.w / 2
			} else {
				sums[g][h] += l.w
			}
		}
	}
	for g, s := range sums {
		for h, v := range s {
			out.links[g] = append(out.links[g], link{int32(h), v})
		}
		slices.SortFunc(out.links[g], func(a, b link) int { return int(a.to - b.to) })
	}
	out.sum()
	return out
}

// Communities finds groups of a graph of neighbours by who shares neighbours with whom: every row is in one. They suit evenly spread texts, where
// no place is denser than another and [HDBSCAN] calls most of them none. k neighbours of each are used.
func Communities(ctx context.Context, g Graph, k int, o CommunityOptions) ([]int, error) {
	w, err := newNetwork(ctx, g, k)
	if err != nil {
		return nil, err
	}
	return w.communities(ctx, o)
}
