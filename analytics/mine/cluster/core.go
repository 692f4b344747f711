package cluster

import (
	"cmp"
	"context"
	"slices"
)

// What makes a core: texts in the smallest one, and neighbours that make a place dense.
const (
	coreSize    = 10
	coreSamples = 5
)

// cores finds where groups are dense: HDBSCAN looks at the same texts, moved towards their neighbours, and where a part of a group is one of its
// groups too, two methods that err in different ways agree. g are neighbours of m, 15 or more of each. Rows of the dense parts of a group have
// the number of their part, others None; parts of different groups have different numbers.
func cores(ctx context.Context, m *Matrix, g Graph, groups []int, o SmoothOptions) ([]int, error) {
	m, g, err := Smooth(ctx, m, g, o)
	if err != nil {
		return nil, err
	}
	far, g, err := m.cores(ctx, g, HDBSCANOptions{MinSamples: min(coreSamples, m.Rows-1)})
	if err != nil {
		return nil, err
	}
	dense := choose(condense(linkage(m.tree(g, far)), coreSize)).Groups
	number, out := map[[2]int]int{}, fill(m.Rows, None)
	for i, d := range dense {
		if d == None || groups[i] == None {
			continue
		}
		k := [2]int{groups[i], d}
		if _, ok := number[k]; !ok {
			number[k] = len(number)
		}
		out[i] = number[k]
	}
	return out, nil
}

// farthest is more than the distance of any two vectors of length 1.
const farthest = 2.1

// tree is the spanning tree of a graph of neighbours; parts that it does not connect are as far from each other as can be.
func (m *Matrix) tree(g Graph, core []float64) []edge {
	out, parts := forest(g, core)
	last := -1
	for i := range g {
		if parts.find(i) != i {
			continue
		}
		if last >= 0 {
			out = append(out, edge{int32(last), int32(i), farthest})
		}
		last = i
	}
	return out
}

// split gives a group with two dense parts or more to them, where the smaller ones hold at least share of its texts; texts in between go to the
// part whose centre is nearest. It returns which rows are in the core of their group: its dense part, or where there is none the half of it
// that is nearest its densest text. groups are numbered anew.
func split(m *Matrix, g Graph, groups, parts []int, share float64) []bool {
	members := map[int][]int{}
	for i, c := range groups {
		if c != None {
			members[c] = append(members[c], i)
		}
	}
	core, next := make([]bool, len(groups)), len(members)
	for c := range len(members) { // groups are numbered from 0
		rows := members[c]
		own := bigParts(rows, parts, share)
		if len(own) == 0 {
			for _, i := range m.around(densest(g, rows), rows) {
				core[i] = true
			}
			continue
		}
		to := map[int]int{own[0]: c}
		for _, p := range own[1:] {
			to[p] = next
			next++
		}
		m.share(rows, parts, own, to, groups)
		for _, i := range rows {
			_, core[i] = to[parts[i]]
		}
	}
	return core
}

// bigParts lists the dense parts of a group that are groups of their own, largest first.
func bigParts(rows, parts []int, share float64) []int {
	count := map[int]int{}
	var own []int
	for _, i := range rows {
		if p := parts[i]; p != None {
			if count[p] == 0 {
				own = append(own, p)
			}
			count[p]++
		}
	}
	slices.SortFunc(own, func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for k, p := range own {
		if k > 0 && (count[p] < coreSize || float64(count[p]) < share*float64(len(rows))) {
			return own[:k]
		}
	}
	return own
}

// share gives rows of a group to its parts.
func (m *Matrix) share(rows, parts, own []int, to map[int]int, groups []int) {
	at := make([]int, len(rows))
	for k, i := range rows {
		at[k] = slices.Index(own, parts[i]) // None where it is in no part that counts
	}
	centres := Centroids(m.Pick(rows), at, len(own))
	for k, i := range rows {
		best := at[k]
		if best == None {
			best = 0
			for p := range own {
				if Dot(m.Row(i), centres.Row(p)) > Dot(m.Row(i), centres.Row(best)) {
					best = p
				}
			}
		}
		groups[i] = to[own[best]]
	}
}

// densest is the row whose nearest neighbours are nearest.
func densest(g Graph, rows []int) int {
	best, most := rows[0], float32(-2)
	for _, i := range rows {
		if k := min(coreSamples, len(g[i])); k > 0 && g[i][k-1].Cosine > most {
			best, most = i, g[i][k-1].Cosine
		}
	}
	return best
}

// around is the half of rows that is nearest one of them.
func (m *Matrix) around(centre int, rows []int) []int {
	near := make([]Neighbour, len(rows))
	for k, i := range rows {
		near[k] = Neighbour{int32(i), Dot(m.Row(centre), m.Row(i))}
	}
	slices.SortFunc(near, better)
	out := make([]int, 0, len(rows)/2+1)
	for _, n := range near[:(len(near)+1)/2] {
		out = append(out, int(n.Row))
	}
	return out
}
