package eval

import (
	"cmp"
	"math"
	"slices"
)

// names numbers labels in the order they are first met.
type names struct {
	list []string
	id   map[string]int
}

func (n *names) of(label string) int {
	if i, ok := n.id[label]; ok {
		return i
	}
	if n.id == nil {
		n.id = map[string]int{}
	}
	n.id[label] = len(n.list)
	n.list = append(n.list, label)
	return len(n.list) - 1
}

// counts are, for each label, how often it is in the data, predicted, and both.
type counts struct{ gold, pred, right []int }

func newCounts(labels int) *counts {
	return &counts{make([]int, labels), make([]int, labels), make([]int, labels)}
}

func (c *counts) add(gold, pred []int) {
	for _, g := range gold {
		c.gold[g]++
	}
	for _, p := range pred {
		c.pred[p]++
		if slices.Contains(gold, p) {
			c.right[p]++
		}
	}
}

// macroF1 is the mean F1 of the labels that are in the data: those predicted only are punished where they were predicted.
func (c *counts) macroF1() float64 {
	sum, n := 0.0, 0
	for l, g := range c.gold {
		if g > 0 {
			sum += 2 * float64(c.right[l]) / float64(g+c.pred[l])
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// prf computes the three figures. Without predictions precision does not exist; F1 is 0 unless there is nothing to find either.
func prf(gold, pred, right int) PRF {
	f1 := ratio(2*right, gold+pred)
	return PRF{Float(ratio(right, pred)), Float(ratio(right, gold)), Float(f1), gold, pred, right}
}

// labels returns the PRF of every label that occurs, by name.
func (c *counts) labels(n *names, group func(string) string) []Label {
	out := []Label{}
	for l, name := range n.list {
		if c.gold[l]+c.pred[l] > 0 {
			out = append(out, Label{name, group(name), prf(c.gold[l], c.pred[l], c.right[l])})
		}
	}
	sortLabels(out)
	return out
}

func sortLabels(list []Label) {
	slices.SortFunc(list, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
}
