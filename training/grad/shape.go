package grad

import (
	"fmt"
	"slices"

	"yingda/models/onnx"
)

// transposeRule moves the axes back.
func transposeRule(b *backward, n *onnx.Node, dy []string) error {
	r, err := b.rank(n.Inputs[0])
	if err != nil {
		return err
	}
	perm := make([]int64, r)
	for i := range perm {
		perm[i] = int64(r - 1 - i) // what a missing attribute means
	}
	if a := n.Attr("perm"); a != nil {
		perm = a.Ints
	}
	b.give(n.Inputs[0], b.transpose(dy[0], inverse(perm)))
	return nil
}

func inverse(perm []int64) []int64 {
	inv := make([]int64, len(perm))
	for i, p := range perm {
		inv[p] = int64(i)
	}
	return inv
}

// reshapeRule serves every operator that only renames axes.
func reshapeRule(b *backward, n *onnx.Node, dy []string) error {
	b.give(n.Inputs[0], b.like(dy[0], n.Inputs[0]))
	return nil
}

func expandRule(b *backward, n *onnx.Node, dy []string) error { return b.back(n, n.Inputs[0], dy[0]) }

// tileRule sums over the copies: axis i of dy, of r·d elements, is r copies of d.
func tileRule(b *backward, n *onnx.Node, dy []string) error {
	r, err := b.rank(n.Inputs[0])
	if err != nil {
		return err
	}
	column := func(v string) string { return b.node("Unsqueeze", []string{v, b.ints(1)}) }
	pairs := b.node("Concat", []string{column(n.Inputs[1]), column(b.shape(n.Inputs[0]))}, onnx.IntAttr("axis", 1))
	d := b.node("Reshape", []string{dy[0], b.node("Reshape", []string{pairs, b.ints(-1)})})
	copies := make([]int64, r)
	for i := range copies {
		copies[i] = int64(2 * i)
	}
	b.give(n.Inputs[0], b.sum(d, false, copies...))
	return nil
}

// concatRule cuts the gradient into the parts that were put side by side.
func concatRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, 0)
	if err != nil {
		return err
	}
	var sizes []string
	for _, in := range n.Inputs {
		sizes = append(sizes, b.dim(in, axis))
	}
	for i, part := range b.nodes("Split", len(n.Inputs), []string{dy[0], b.concat(sizes...)}, onnx.IntAttr("axis", axis)) {
		if b.needs[n.Inputs[i]] {
			b.give(n.Inputs[i], part)
		}
	}
	return nil
}

// splitRule puts the gradients of the parts side by side; a part without one counts as zero.
func splitRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, 0)
	if err != nil {
		return err
	}
	parts := make([]string, len(dy))
	for i, d := range dy {
		if parts[i] = d; d == "" {
			parts[i] = b.filled(b.shape(n.Outputs[i]), 0)
		}
	}
	b.give(n.Inputs[0], b.node("Concat", parts, onnx.IntAttr("axis", axis)))
	return nil
}

// sliceRule pads the gradient with zeros where the slice left something out. Only steps of 1 are cut out of models.
func sliceRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	if err := b.unitSteps(input(n, 4)); err != nil {
		return err
	}
	r, err := b.rank(x)
	if err != nil {
		return err
	}
	starts := b.int64s(n.Inputs[1])
	axes := b.sliceAxes(n, r)
	sizes := b.node("Gather", []string{b.shape(x), axes})
	starts = b.wrapped(starts, sizes)
	before := b.node("Min", []string{b.node("Max", []string{starts, b.ints(0)}), sizes})
	after := b.sub(b.sub(sizes, b.node("Gather", []string{b.shape(n.Outputs[0]), axes})), before)
	b.give(x, b.node("Pad", []string{dy[0], b.padsOf(b.concat(before, after), axes, r), b.float(0)}))
	return nil
}

// sliceAxes lists the axes a slice works on, counted from the front. A slice that names none works on the first ones, one for each start.
func (b *backward) sliceAxes(n *onnx.Node, rank int) string {
	if axes := input(n, 3); axes != "" {
		return b.wrapped(b.int64s(axes), b.ints(int64(rank)))
	}
	count := int64(rank)
	if t := constant(b.g, n.Inputs[1]); t != nil && len(t.Dims) == 1 {
		count = t.Dims[0]
	} else if s := b.shapes[n.Inputs[1]]; len(s) == 1 {
		count = s[0]
	}
	all := make([]int64, count)
	for i := range all {
		all[i] = int64(i)
	}
	return b.ints(all...)
}

// wrapped counts places that are below 0 from the end of size.
func (b *builder) wrapped(places, size string) string {
	return b.node("Where", []string{b.node("Less", []string{places, b.ints(0)}), b.add(places, size), places})
}

// padsOf spreads the pads of some axes over all: Pad knows its axes input only since operator set 18.
func (b *backward) padsOf(pads, axes string, rank int) string {
	both := b.concat(axes, b.add(axes, b.ints(int64(rank))))
	column := b.node("Unsqueeze", []string{both, b.ints(-1)})
	none := b.ints(make([]int64, 2*rank)...)
	return b.node("ScatterND", []string{none, column, pads})
}

func (b *backward) unitSteps(name string) error {
	if name == "" {
		return nil
	}
	t := constant(b.g, name)
	if t == nil {
		return errConstant("step of a slice")
	}
	steps := integers(t)
	if i := slices.IndexFunc(steps, func(s int64) bool { return s != 1 }); i >= 0 {
		return errUnsupported(fmt.Sprintf("a slice with step %d", steps[i]))
	}
	return nil
}

// padRule pads by the opposite: zeros that were added are cut off, and what negative pads cut off gets zeros.
func padRule(b *backward, n *onnx.Node, dy []string) error {
	if a := n.Attr("mode"); a != nil && len(a.S) > 0 && string(a.S) != "constant" {
		return errUnsupported("padding with mode " + string(a.S))
	}
	if b.needs[input(n, 2)] {
		return errConstant("value to pad with")
	}
	inputs := []string{dy[0], b.neg(n.Inputs[1]), b.float(0)}
	if axes := input(n, 3); axes != "" {
		inputs = append(inputs, axes)
	}
	b.give(n.Inputs[0], b.node("Pad", inputs))
	return nil
}

// triluRule: what was set to zero has no gradient.
func triluRule(b *backward, n *onnx.Node, dy []string) error {
	inputs := slices.Clone(n.Inputs)
	inputs[0] = dy[0]
	b.give(n.Inputs[0], b.node("Trilu", inputs, n.Attrs...))
	return nil
}

// cumSumRule sums from the other side: x_j is a term of every sum from j on.
func cumSumRule(b *backward, n *onnx.Node, dy []string) error {
	b.give(n.Inputs[0], b.node("CumSum", []string{dy[0], n.Inputs[1]},
		onnx.IntAttr("exclusive", intAttr(n, "exclusive", 0)), onnx.IntAttr("reverse", 1-intAttr(n, "reverse", 0))))
	return nil
}
