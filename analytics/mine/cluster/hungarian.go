package cluster

import "math"

// Assign finds the assignment of rows to columns of least cost, each column at most once: out[row] is the column, −1 for rows that are left over
// when there are fewer columns. cost has at least one column. The shortest augmenting path (Jonker & Volgenant 1987), O(n³).
func Assign(cost [][]float64) []int {
	rows := len(cost)
	out := make([]int, rows)
	for i := range out {
		out[i] = -1
	}
	if rows == 0 || len(cost[0]) == 0 {
		return out
	}
	cols := len(cost[0])
	if rows > cols {
		turned := make([][]float64, cols)
		for j := range turned {
			turned[j] = make([]float64, rows)
			for i := range cost {
				turned[j][i] = cost[i][j]
			}
		}
		for j, i := range Assign(turned) {
			out[i] = j
		}
		return out
	}
	owner := make([]int, cols+1) // row+1 of each column, columns counted from 1
	u, v := make([]float64, rows+1), make([]float64, cols+1)
	for i := 1; i <= rows; i++ {
		augment(cost, i, owner, u, v)
	}
	for j := 1; j <= cols; j++ {
		if owner[j] > 0 {
			out[owner[j]-1] = j - 1
		}
	}
	return out
}

// augment brings row i in by the shortest path.
func augment(cost [][]float64, i int, owner []int, u, v []float64) {
	cols := len(v) - 1
	least, way, done := make([]float64, cols+1), make([]int, cols+1), make([]bool, cols+1)
	for j := range least {
		least[j] = math.Inf(1)
	}
	owner[0] = i
	at := 0
	for owner[at] != 0 {
		done[at] = true
		row, delta, next := owner[at], math.Inf(1), 0
		for j := 1; j <= cols; j++ {
			if done[j] {
				continue
			}
			if c := cost[row-1][j-1] - u[row] - v[j]; c < least[j] {
				least[j], way[j] = c, at
			}
			if least[j] < delta {
				delta, next = least[j], j
			}
		}
		for j := 0; j <= cols; j++ {
			if done[j] {
				u[owner[j]] += delta
				v[j] -= delta
			} else {
				least[j] -= delta
			}
		}
		at = next
	}
	for at != 0 {
		owner[at] = owner[way[at]]
		at = way[at]
	}
}
