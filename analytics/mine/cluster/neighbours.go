package cluster

import (
	"cmp"
	"context"
	"slices"
)

// Neighbour is a row that is near another one.
type Neighbour struct {
	Row    int32
	Cosine float32
}

// Graph lists the nearest rows of each row, nearest first, itself left out.
type Graph [][]Neighbour

// first keeps the k nearest of each row.
func (g Graph) first(k int) Graph {
	out := make(Graph, len(g))
	for i, near := range g {
		out[i] = near[:min(k, len(near))]
	}
	return out
}

// top keeps the k best of what it is given.
type top struct {
	k     int
	least float32 // cosine that the next one has to exceed
	list  []Neighbour
}

func better(a, b Neighbour) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Row, b.Row))
}

func (t *top) add(row int32, c float32) {
	if c <= t.least {
		return
	}
	t.list = append(t.list, Neighbour{row, c})
	if len(t.list) >= 4*t.k { // sorting now and then is cheaper than a heap
		t.cut()
	}
}

func (t *top) cut() {
	slices.SortFunc(t.list, better)
	if len(t.list) >= t.k {
		t.list = t.list[:t.k]
		t.least = t.list[t.k-1].Cosine
	}
}

// Blocks of rows that are compared with each other while they lie in the cache.
const (
	queryBlock = 64
	baseBlock  = 512
)

// Neighbours finds the k nearest rows of each by cosine, exactly: n²·d multiplications on all cores. Rows must have length 1.
func (m *Matrix) Neighbours(ctx context.Context, k int) (Graph, error) {
	k = min(k, m.Rows-1)
	g := make(Graph, m.Rows)
	if k < 1 {
		return g, ctx.Err()
	}
	return g, parallel(ctx, m.Rows, queryBlock, func(from, to int) {
		tops := make([]top, to-from)
		for i := range tops {
			tops[i] = top{k: k, least: -2}
		}
		for at := 0; at < m.Rows; at += baseBlock {
			m.compareBlock(from, to, at, min(at+baseBlock, m.Rows), tops)
		}
		for i := range tops {
			tops[i].cut()
			g[from+i] = slices.Clip(tops[i].list)
		}
	})
}

// compareBlock offers the rows [at, end) to the lists of rows [from, to).
func (m *Matrix) compareBlock(from, to, at, end int, tops []top) {
	i := from
	for ; i+4 <= to; i += 4 {
		a, b, c, d := m.Row(i), m.Row(i+1), m.Row(i+2), m.Row(i+3)
		ta, tb, tc, td := &tops[i-from], &tops[i-from+1], &tops[i-from+2], &tops[i-from+3]
		for j := at; j < end; j++ {
			w, x, y, z := dot4(a, b, c, d, m.Row(j))
			if w > ta.least && j != i {
				ta.add(int32(j), w)
			}
			if x > tb.least && j != i+1 {
				tb.add(int32(j), x)
			}
			if y > tc.least && j != i+2 {
				tc.add(int32(j), y)
			}
			if z > td.least && j != i+3 {
				td.add(int32(j), z)
			}
		}
	}
	for ; i < to; i++ {
		for j := at; j < end; j++ {
			if j != i {
				tops[i-from].add(int32(j), Dot(m.Row(i), m.Row(j)))
			}
		}
	}
}

// refine finds neighbours anew after rows moved a little: among a row's old neighbours and theirs (Dong et al. 2011, "NN-descent").
func (m *Matrix) refine(ctx context.Context, old Graph, k int) (Graph, error) {
	g := make(Graph, m.Rows)
	return g, parallel(ctx, m.Rows, queryBlock, func(from, to int) {
		seen := make([]int32, m.Rows) // row+1 of the last that looked at it
		for i := from; i < to; i++ {
			t := top{k: min(k, m.Rows-1), least: -2}
			seen[i] = int32(i + 1)
			offer := func(j int32) {
				if seen[j] != int32(i+1) {
					seen[j] = int32(i + 1)
					t.add(j, Dot(m.Row(i), m.Row(int(j))))
				}
			}
			for _, n := range old[i] {
				offer(n.Row)
				for _, o := range old[n.Row] {
					offer(o.Row)
				}
			}
			t.cut()
			g[i] = slices.Clip(t.list)
		}
	})
}
