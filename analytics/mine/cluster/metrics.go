package cluster

import (
	"fmt"
	"math"
)

// Agreement says how well groups match known labels.
type Agreement struct {
	NMI float64 `json:"nmi"` // normalised mutual information, arithmetic mean of the entropies, 0–1 (also called V-measure)
	ARI float64 `json:"ari"` // adjusted Rand index (Hubert & Arabie 1985), −0.5–1, 0 = by chance
	ACC float64 `json:"acc"` // share that is right when groups are given to labels as well as can be, one to one
	// Purity is the share that has the commonest label of its group.
	Purity float64 `json:"purity"`
	Groups int     `json:"groups"`
	Labels int     `json:"labels"`
	N      int     `json:"n"`
}

// Compare measures groups against labels of the same length. Any numbers may be labels; −1 is one as any other.
func Compare(labels, groups []int) (Agreement, error) {
	if len(labels) != len(groups) || len(labels) == 0 {
		return Agreement{}, fmt.Errorf("%d labels cannot be compared with %d groups", len(labels), len(groups))
	}
	li, gi := number(labels), number(groups)
	table := make([][]float64, len(gi))
	for i := range table {
		table[i] = make([]float64, len(li))
	}
	for i := range labels {
		table[gi[groups[i]]][li[labels[i]]]++
	}
	a := Agreement{Groups: len(gi), Labels: len(li), N: len(labels)}
	n := float64(a.N)
	rows, cols := make([]float64, len(gi)), make([]float64, len(li))
	var pairs, rowPairs, colPairs, mutual float64
	for i, row := range table {
		best := 0.0
		for j, c := range row {
			rows[i] += c
			cols[j] += c
			pairs += c * (c - 1) / 2
			best = max(best, c)
		}
		a.Purity += best / n
		rowPairs += rows[i] * (rows[i] - 1) / 2
	}
	for _, c := range cols {
		colPairs += c * (c - 1) / 2
	}
	for i, row := range table {
		for j, c := range row {
			if c > 0 {
				mutual += c / n * math.Log(c*n/(rows[i]*cols[j]))
			}
		}
	}
	a.NMI = 1
	if h := entropy(rows, n) + entropy(cols, n); h > 0 {
		a.NMI = math.Max(0, 2*mutual/h)
	}
	a.ARI = 1
	if expected, most := rowPairs*colPairs/math.Max(n*(n-1)/2, 1), (rowPairs+colPairs)/2; most != expected {
		a.ARI = (pairs - expected) / (most - expected)
	}
	a.ACC = matched(table) / n
	return a, nil
}

// matched is how many are right under the best assignment of groups to labels.
func matched(table [][]float64) (sum float64) {
	cost := make([][]float64, len(table))
	for i, row := range table {
		cost[i] = make([]float64, len(row))
		for j, c := range row {
			cost[i][j] = -c
		}
	}
	for i, j := range Assign(cost) {
		if j >= 0 {
			sum += table[i][j]
		}
	}
	return sum
}

func entropy(counts []float64, n float64) (h float64) {
	for _, c := range counts {
		if c > 0 {
			h -= c / n * math.Log(c/n)
		}
	}
	return h
}

// number numbers labels from 0 in the order they come.
func number(labels []int) map[int]int {
	at := map[int]int{}
	for _, l := range labels {
		if _, ok := at[l]; !ok {
			at[l] = len(at)
		}
	}
	return at
}
