package cluster

import (
	"context"
	"fmt"
	"math"
)

// None is the group of rows that belong to none.
const None = -1

// HDBSCANOptions are those of the original.
type HDBSCANOptions struct {
	MinClusterSize int // smallest group; default 5
	MinSamples     int // neighbours, itself left out, that make a dense place; default MinClusterSize
	// Exact is up to how many rows the spanning tree is exact: n² distances, of which 20,000 rows take some ten seconds of a core. Above it is that
	// of the graph of neighbours. Default 20,000.
	Exact int
	// Raw takes Euclidean distances of the rows as they are. Otherwise rows must have length 1.
	Raw bool
}

func (o HDBSCANOptions) withDefaults() HDBSCANOptions {
	if o.MinClusterSize == 0 {
		o.MinClusterSize = 5
	}
	if o.MinSamples == 0 {
		o.MinSamples = o.MinClusterSize
	}
	if o.Exact == 0 {
		o.Exact = 20_000
	}
	return o
}

// Density is what HDBSCAN says of each row.
type Density struct {
	Groups      []int     // from 0 in the order of the tree; None = between groups
	Probability []float64 // how deep in its group a row lies, 0–1
	Count       int       // groups
}

// HDBSCAN finds groups of whatever number and density: the most stable branches of the tree of single linkage under mutual reachability (Campello,
// Moulavi & Sander 2013; McInnes & Healy 2017), chosen by excess of mass; all rows as one group is not an answer. g are neighbours of m, at least
// MinSamples of each; nil = they are found here.
func HDBSCAN(ctx context.Context, m *Matrix, g Graph, o HDBSCANOptions) (*Density, error) {
	o = o.withDefaults()
	if o.MinClusterSize < 2 || o.MinSamples < 1 {
		return nil, fmt.Errorf("the smallest group must be 2 or more and have 1 neighbour or more, not %d and %d", o.MinClusterSize, o.MinSamples)
	}
	if m.Rows < 2 {
		return &Density{Groups: fill(m.Rows, None), Probability: make([]float64, m.Rows)}, nil
	}
	core, g, err := m.cores(ctx, g, o)
	if err != nil {
		return nil, err
	}
	var edges []edge
	if m.Rows <= o.Exact || o.Raw {
		edges, err = m.prim(ctx, core, !o.Raw)
	} else {
		edges, err = m.kruskal(ctx, g, core)
	}
	if err != nil {
		return nil, err
	}
	return choose(condense(linkage(edges), o.MinClusterSize)), nil
}

// cores returns the distance of each row to its neighbour number MinSamples.
func (m *Matrix) cores(ctx context.Context, g Graph, o HDBSCANOptions) ([]float64, Graph, error) {
	core := make([]float64, m.Rows)
	k := min(o.MinSamples, m.Rows-1)
	if o.Raw {
		return core, nil, parallel(ctx, m.Rows, queryBlock, func(from, to int) {
			for i := from; i < to; i++ {
				core[i] = m.rawCore(i, k)
			}
		})
	}
	if g == nil {
		var err error
		if g, err = m.Neighbours(ctx, max(k, 2*o.MinSamples)); err != nil {
			return nil, nil, err
		}
	}
	for i, near := range g {
		if len(near) < k {
			return nil, nil, fmt.Errorf("row %d has %d neighbours, %d are wanted", i, len(near), k)
		}
		core[i] = distance(near[k-1].Cosine)
	}
	return core, g, nil
}

// rawCore finds the distance of the k-th neighbour by insertion.
func (m *Matrix) rawCore(i, k int) float64 {
	best := make([]float64, k)
	for j := range best {
		best[j] = math.Inf(1)
	}
	for j := range m.Rows {
		if j == i {
			continue
		}
		d := apart(m.Row(i), m.Row(j), false)
		for at := k - 1; at >= 0 && d < best[at]; at-- {
			if at+1 < k {
				best[at+1] = best[at]
			}
			best[at] = d
		}
	}
	return best[k-1]
}

func fill(n, v int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = v
	}
	return out
}
