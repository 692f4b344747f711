package cluster

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// Shares of the cells that [Matrix.NeighboursNear] searches, and rounds in which their centres settle.
const (
	cellShare  = 0.15
	cellRounds = 3
)

// NeighboursNear finds k near rows of each, almost always the nearest: rows are put into √n cells (k-means), only the nearest cells are searched
// (Jégou et al. 2011, an inverted file), and neighbours of neighbours are looked at once. For n above some 20,000, where n² is too many.
func (m *Matrix) NeighboursNear(ctx context.Context, k int, seed uint64) (Graph, error) {
	n := m.Rows
	if n < 1000 {
		return m.Neighbours(ctx, k)
	}
	centres, cells, err := m.cells(ctx, int(math.Sqrt(float64(n))), seed)
	if err != nil {
		return nil, err
	}
	probes := max(10, int(cellShare*float64(centres.Rows)))
	near, err := centres.nearCells(ctx, probes)
	if err != nil {
		return nil, err
	}
	g := make(Graph, n)
	err = parallel(ctx, len(cells), 1, func(from, to int) {
		for c := from; c < to; c++ {
			m.searchCell(g, cells[c], near[c], cells, k)
		}
	})
	if err != nil {
		return nil, err
	}
	return m.refine(ctx, g, k)
}

// nearCells lists for each cell the nearest ones, itself first.
func (m *Matrix) nearCells(ctx context.Context, probes int) ([][]int, error) {
	g, err := m.Neighbours(ctx, probes-1)
	if err != nil {
		return nil, err
	}
	out := make([][]int, m.Rows)
	for c := range out {
		out[c] = []int{c}
		for _, nb := range g[c] {
			out[c] = append(out[c], int(nb.Row))
		}
	}
	return out, nil
}

// searchCell compares the rows of a cell with those of the near cells. Rows of a cell search together, so that what they are compared with stays
// in the cache.
func (m *Matrix) searchCell(g Graph, rows []int32, near []int, cells [][]int32, k int) {
	tops := make([]top, len(rows))
	for i := range tops {
		tops[i] = top{k: k, least: -2}
	}
	for _, c := range near {
		for at := 0; at < len(rows); at += 4 {
			if at+4 > len(rows) {
				for i := at; i < len(rows); i++ {
					for _, j := range cells[c] {
						if j != rows[i] {
							tops[i].add(j, Dot(m.Row(int(rows[i])), m.Row(int(j))))
						}
					}
				}
				break
			}
			four := rows[at : at+4]
			p, q, r, s := m.Row(int(four[0])), m.Row(int(four[1])), m.Row(int(four[2])), m.Row(int(four[3]))
			for _, j := range cells[c] {
				w, x, y, z := dot4(p, q, r, s, m.Row(int(j)))
				for i, v := range [4]float32{w, x, y, z} {
					if v > tops[at+i].least && four[i] != j {
						tops[at+i].add(j, v)
					}
				}
			}
		}
	}
	for i, row := range rows {
		tops[i].cut()
		g[row] = slices.Clip(tops[i].list)
	}
}

// cells puts rows into count cells by the nearest of as many centres.
func (m *Matrix) cells(ctx context.Context, count int, seed uint64) (*Matrix, [][]int32, error) {
	rnd := rand.New(rand.NewPCG(seed, 0xda3e39cb94b95bdb))
	pick := rnd.Perm(m.Rows)[:count]
	slices.SortFunc(pick, func(a, b int) int { return cmp.Compare(a, b) })
	centres := m.Pick(pick)
	own := make([]int, m.Rows)
	for round := range cellRounds {
		err := parallel(ctx, m.Rows, queryBlock, func(from, to int) {
			for i := from; i < to; i++ {
				best := float32(-2)
				for c := range centres.Rows {
					if d := Dot(m.Row(i), centres.Row(c)); d > best {
						best, own[i] = d, c
					}
				}
			}
		})
		if err != nil {
			return nil, nil, err
		}
		if round+1 < cellRounds {
			centres = Centroids(m, own, count)
		}
	}
	cells := make([][]int32, count)
	for i, c := range own {
		cells[c] = append(cells[c], int32(i))
	}
	return centres, cells, nil
}
