package cluster

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// edge joins two rows of a spanning tree at a distance.
type edge struct {
	a, b int32
	d    float64
}

// prim finds the minimum spanning tree of the mutual reachability distances, exactly, in n² distances and n memory: the distance of two rows is
// the largest of their Euclidean distance and both cores. Rows have length 1 when unit; otherwise plain distances are taken.
func (m *Matrix) prim(ctx context.Context, core []float64, unit bool) ([]edge, error) {
	n := m.Rows
	left := make([]int32, n-1) // rows that are not in the tree
	for i := range left {
		left[i] = int32(i + 1)
	}
	near, from := make([]float64, n), make([]int32, n)
	for i := range near {
		near[i] = math.Inf(1)
	}
	edges, at := make([]edge, 0, n-1), int32(0)
	for len(left) > 0 {
		if len(left)%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		x, best := m.Row(int(at)), 0
		for k, j := range left {
			if lower := math.Max(core[at], core[j]); lower < near[j] { // otherwise no distance can be shorter
				if d := math.Max(lower, apart(x, m.Row(int(j)), unit)); d < near[j] {
					near[j], from[j] = d, at
				}
			}
			if near[j] < near[left[best]] {
				best = k
			}
		}
		at = left[best]
		edges = append(edges, edge{from[at], at, near[at]})
		left[best] = left[len(left)-1]
		left = left[:len(left)-1]
	}
	return edges, nil
}

// apart is the Euclidean distance. Of vectors of length 1 the scalar product gives it.
func apart(x, y []float32, unit bool) float64 {
	if unit {
		return distance(Dot(x, y))
	}
	sum := 0.0
	for i, v := range x {
		d := float64(v) - float64(y[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// kruskal is prim on the edges of a graph of neighbours only. Parts that the graph does not connect are joined by the distances of the rows of
// each that are nearest the other part's centre: a little too long at most.
func (m *Matrix) kruskal(ctx context.Context, g Graph, core []float64) ([]edge, error) {
	out, sets := forest(g, core)
	if len(out) == len(g)-1 {
		return out, nil
	}
	bridges, err := m.bridges(ctx, sets, core)
	if err != nil {
		return nil, err
	}
	sortEdges(bridges)
	for _, e := range bridges {
		if sets.join(int(e.a), int(e.b)) {
			out = append(out, e)
		}
	}
	return out, nil
}

// forest is the spanning trees of the parts of a graph of neighbours, and the parts.
func forest(g Graph, core []float64) ([]edge, *sets) {
	var all []edge
	for i, near := range g {
		for _, nb := range near {
			d := math.Max(distance(nb.Cosine), math.Max(core[i], core[nb.Row]))
			all = append(all, edge{int32(i), nb.Row, d})
		}
	}
	sortEdges(all)
	parts, out := newSets(len(g)), all[:0]
	for _, e := range all {
		if parts.join(int(e.a), int(e.b)) {
			out = append(out, e)
		}
	}
	return out, parts
}

// bridges lists an edge between each two parts.
func (m *Matrix) bridges(ctx context.Context, parts *sets, core []float64) ([]edge, error) {
	number, own, rows := map[int]int{}, make([]int, m.Rows), [][]int(nil)
	for i := range m.Rows {
		root := parts.find(i)
		if _, ok := number[root]; !ok {
			number[root] = len(rows)
			rows = append(rows, nil)
		}
		own[i] = number[root]
		rows[own[i]] = append(rows[own[i]], i)
	}
	centres := Centroids(m, own, len(rows))
	facing := make([][]int32, len(rows)) // [of][to] the row of a part that is nearest the other's centre
	err := parallel(ctx, len(rows), 1, func(from, to int) {
		for p := from; p < to; p++ {
			facing[p] = make([]int32, len(rows))
			for q := range rows {
				best := float32(-2)
				for _, i := range rows[p] {
					if d := Dot(m.Row(i), centres.Row(q)); d > best {
						best, facing[p][q] = d, int32(i)
					}
				}
			}
		}
	})
	var out []edge
	for p := range rows {
		for q := range p {
			a, b := facing[p][q], facing[q][p]
			d := distance(Dot(m.Row(int(a)), m.Row(int(b))))
			out = append(out, edge{a, b, math.Max(d, math.Max(core[a], core[b]))})
		}
	}
	return out, err
}

func sortEdges(es []edge) {
	slices.SortStableFunc(es, func(x, y edge) int { return cmp.Compare(x.d, y.d) })
}

// sets are disjoint sets of rows, with path halving.
type sets struct{ parent, size []int }

func newSets(n int) *sets {
	s := &sets{make([]int, n), make([]int, n)}
	for i := range s.parent {
		s.parent[i], s.size[i] = i, 1
	}
	return s
}

func (s *sets) find(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

// join reports whether the two were apart.
func (s *sets) join(a, b int) bool {
	a, b = s.find(a), s.find(b)
	if a == b {
		return false
	}
	if s.size[a] < s.size[b] {
		a, b = b, a
	}
	s.parent[b] = a
	s.size[a] += s.size[b]
	return true
}

// merge is a step of single linkage: two nodes become one. Nodes below n are rows, n+i is made by step i.
type merge struct {
	left, right, size int
	d                 float64
}

// linkage turns a spanning tree into the steps of single linkage.
func linkage(edges []edge) []merge {
	n := len(edges) + 1
	edges = slices.Clone(edges)
	sortEdges(edges)
	s := newSets(n)
	node := make([]int, n) // of a set's root
	for i := range node {
		node[i] = i
	}
	out := make([]merge, len(edges))
	for i, e := range edges {
		a, b := s.find(int(e.a)), s.find(int(e.b))
		left, right := node[a], node[b]
		s.join(a, b)
		root := s.find(a)
		node[root] = n + i
		out[i] = merge{left, right, s.size[root], e.d}
	}
	return out
}
