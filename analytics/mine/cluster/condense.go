package cluster

import (
	"math"
	"slices"
)

// branch is a cluster of the condensed tree.
type branch struct {
	parent   int
	birth    float64 // λ = 1/distance at which it splits off
	children []int
	rows     []leave
	size     int
}

// leave is a row that falls out of a branch.
type leave struct {
	row    int
	lambda float64
}

// condense keeps those splits of single linkage of which both sides have at least least rows; smaller sides fall out of their branch. Branch 0 is
// the root; children come after their parents.
func condense(steps []merge, least int) []branch {
	n := len(steps) + 1
	size := func(node int) int {
		if node < n {
			return 1
		}
		return steps[node-n].size
	}
	type visit struct{ node, branch int }
	tree := []branch{{parent: -1, size: n}}
	todo := []visit{{2*n - 2, 0}}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if v.node < n { // only when a branch is one row, which least forbids
			continue
		}
		s := steps[v.node-n]
		lambda := inverse(s.d)
		left, right := size(s.left) >= least, size(s.right) >= least
		for _, side := range []struct {
			node int
			big  bool
		}{{s.right, right}, {s.left, left}} {
			switch {
			case left && right:
				tree[v.branch].children = append(tree[v.branch].children, len(tree))
				todo = append(todo, visit{side.node, len(tree)})
				tree = append(tree, branch{parent: v.branch, birth: lambda, size: size(side.node)})
			case side.big:
				todo = append(todo, visit{side.node, v.branch})
			default:
				tree[v.branch].rows = appendRows(tree[v.branch].rows, steps, side.node, lambda)
			}
		}
	}
	return tree
}

// inverse is 1/d; rows at the same place are at the largest λ that sums stand.
func inverse(d float64) float64 {
	if d < 1e-9 {
		return 1e9
	}
	return 1 / d
}

// appendRows adds all rows below a node.
func appendRows(dst []leave, steps []merge, node int, lambda float64) []leave {
	n := len(steps) + 1
	todo := []int{node}
	for len(todo) > 0 {
		node = todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if node < n {
			dst = append(dst, leave{node, lambda})
			continue
		}
		todo = append(todo, steps[node-n].right, steps[node-n].left)
	}
	return dst
}

// stability is the excess of mass of a branch: how long its rows stay in it.
func (b *branch) stability(tree []branch) (sum float64) {
	for _, l := range b.rows {
		sum += l.lambda - b.birth
	}
	for _, c := range b.children {
		sum += (tree[c].birth - b.birth) * float64(tree[c].size)
	}
	return sum
}

// choose picks the branches whose stability exceeds that of what they split into, and labels rows by them.
func choose(tree []branch) *Density {
	best, taken := make([]float64, len(tree)), make([]bool, len(tree))
	for i := len(tree) - 1; i > 0; i-- {
		below := 0.0
		for _, c := range tree[i].children {
			below += best[c]
		}
		best[i] = tree[i].stability(tree)
		if taken[i] = len(tree[i].children) == 0 || best[i] >= below; !taken[i] {
			best[i] = below
		}
	}
	d := &Density{Groups: fill(tree[0].size, None), Probability: make([]float64, tree[0].size)}
	group := fill(len(tree), None) // of a branch; parents come first
	for i := range tree {
		switch p := tree[i].parent; {
		case p >= 0 && group[p] != None:
			group[i] = group[p]
		case taken[i]:
			group[i] = d.Count
			d.Count++
		}
	}
	d.label(tree, group)
	return d
}

// label writes group and probability of each row: how far it comes of what the group's deepest row does.
func (d *Density) label(tree []branch, group []int) {
	deepest := make([]float64, d.Count)
	head := fill(d.Count, None) // the branch that was taken for a group
	for i := range tree {
		if g := group[i]; g != None && head[g] == None {
			head[g] = i
			deepest[g] = tree[i].last(tree)
		}
	}
	for i := range tree {
		for _, l := range tree[i].rows {
			g := group[i]
			d.Groups[l.row] = g
			switch {
			case g == None:
			case deepest[g] == 0 || math.IsInf(deepest[g], 0):
				d.Probability[l.row] = 1
			default:
				d.Probability[l.row] = math.Min(l.lambda, deepest[g]) / deepest[g]
			}
		}
	}
}

// last is the largest λ at which something leaves the branch itself.
func (b *branch) last(tree []branch) (most float64) {
	for _, l := range b.rows {
		most = math.Max(most, l.lambda)
	}
	for _, c := range b.children {
		most = math.Max(most, tree[c].birth)
	}
	return most
}

// renumber orders groups by size, largest first, and returns how many there are.
func renumber(groups []int) int {
	count := map[int]int{}
	for _, g := range groups {
		if g != None {
			count[g]++
		}
	}
	ids := make([]int, 0, len(count))
	for g := range count {
		ids = append(ids, g)
	}
	slices.SortFunc(ids, func(a, b int) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return a - b
	})
	to := map[int]int{None: None}
	for i, g := range ids {
		to[g] = i
	}
	for i, g := range groups {
		groups[i] = to[g]
	}
	return len(ids)
}
