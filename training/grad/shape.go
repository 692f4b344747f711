package grad

import (
	"fmt"

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

// dim is the size of a value along an axis, as a list of one.
func (b *backward) dim(value string, axis int64) string {
	return b.node("Gather", []string{b.shape(value), b.ints(axis)})
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
	split := b.node("Concat", sizes, onnx.IntAttr("axis", 0))
	for i, part := range b.nodes("Split", len(n.Inputs), []string{dy[0], split}, onnx.IntAttr("axis", axis)) {
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
			parts[i] = b.zeros(b.shape(n.Outputs[i]))
		}
	}
	b.give(n.Inputs[0], b.node("Concat", parts, onnx.IntAttr("axis", axis)))
	return nil
}

func (b *backward) zeros(shape string) string {
	return b.node("ConstantOfShape", []string{shape}, onnx.TensorAttr("value", onnx.NewFloats("", []float32{0}, 1)))
}

// sliceRule pads the gradient with zeros where the slice left something out. Only steps of 1 are cut out of models.
func sliceRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	if len(n.Inputs) > 4 && n.Inputs[4] != "" {
		if err := b.unitSteps(n.Inputs[4]); err != nil {
			return err
		}
	}
	axes := ""
	if len(n.Inputs) > 3 {
		axes = n.Inputs[3]
	}
	r, err := b.rank(x)
	if err != nil {
		return err
	}
	if axes == "" {
		all := make([]int64, r)
		for i := range all {
			all[i] = int64(i)
		}
		axes = b.ints(all...)
	} else {
		axes = b.node("Cast", []string{axes}, onnx.IntAttr("to", int64(onnx.Int64)))
	}
	starts := b.node("Cast", []string{n.Inputs[1]}, onnx.IntAttr("to", int64(onnx.Int64)))
	sizes := b.node("Gather", []string{b.shape(x), axes})
	negative := b.node("Less", []string{starts, b.ints(0)})
	starts = b.node("Where", []string{negative, b.add(starts, sizes), starts}) // counted from the end
	before := b.node("Min", []string{b.node("Max", []string{starts, b.ints(0)}), sizes})
	after := b.sub(b.sub(sizes, b.node("Gather", []string{b.shape(n.Outputs[0]), axes})), before)
	pads := b.node("Concat", []string{before, after}, onnx.IntAttr("axis", 0))
	b.give(x, b.node("Pad", []string{dy[0], b.padsOf(pads, axes, r), b.float(0)}))
	return nil
}

// padsOf spreads the pads of some axes over all: Pad knows its axes input only since operator set 18.
func (b *backward) padsOf(pads, axes string, rank int) string {
	both := b.node("Concat", []string{axes, b.add(axes, b.ints(int64(rank)))}, onnx.IntAttr("axis", 0))
	column := b.node("Unsqueeze", []string{both, b.ints(-1)})
	none := b.ints(make([]int64, 2*rank)...)
	return b.node("ScatterND", []string{none, column, pads})
}

func (b *backward) unitSteps(name string) error {
	t := b.g.Initializer(name)
	if t == nil {
		return errConstant("step of a slice")
	}
	for _, s := range t.Int64s() {
		if s != 1 {
			return errUnsupported(fmt.Sprintf("a slice with step %d", s))
		}
	}
	return nil
}

// padRule pads by the opposite: zeros that were added are cut off, and what negative pads cut off gets zeros.
func padRule(b *backward, n *onnx.Node, dy []string) error {
	if a := n.Attr("mode"); a != nil && len(a.S) > 0 && string(a.S) != "constant" {
		return errUnsupported("padding with mode " + string(a.S))
	}
	if len(n.Inputs) > 3 && n.Inputs[3] != "" {
		return errUnsupported("padding of chosen axes")
	}
	b.give(n.Inputs[0], b.node("Pad", []string{dy[0], b.neg(n.Inputs[1]), b.float(0)}))
	return nil
}

// gatherRule adds each gathered row's gradient back to where the row came from.
func gatherRule(b *backward, n *onnx.Node, dy []string) error {
	x, index := n.Inputs[0], n.Inputs[1]
	axis, err := b.axis(n, 0)
	if err != nil {
		return err
	}
	rx := len(b.shapes[x])
	ri, err := b.rank(index)
	if err != nil {
		return err
	}
	// Bring the gathered axis of x, and the axes of the index in dy, to the front.
	front := []int64{axis}
	lead := make([]int64, 0, rx+ri)
	for i := range int64(ri) {
		lead = append(lead, axis+i)
	}
	for i := range int64(rx) {
		if i == axis {
			continue
		}
		front = append(front, i)
		if i < axis {
			lead = append(lead, i)
		} else {
			lead = append(lead, i+int64(ri)-1)
		}
	}
	d := dy[0]
	shape := b.shape(x)
	if axis != 0 {
		d = b.transpose(d, lead)
		shape = b.node("Gather", []string{shape, b.ints(front...)})
	}
	dx := b.scatter(shape, index, d)
	if axis != 0 {
		dx = b.transpose(dx, inverse(front))
	}
	b.give(x, dx)
	return nil
}

// scatter adds rows of d to zeros of a shape, at the places on the first axis that index names.
func (b *backward) scatter(shape, index, d string) string {
	size := b.node("Gather", []string{shape, b.ints(0)})
	index = b.node("Cast", []string{index}, onnx.IntAttr("to", int64(onnx.Int64)))
	negative := b.node("Less", []string{index, b.ints(0)})
	index = b.node("Where", []string{negative, b.add(index, size), index})
	column := b.node("Unsqueeze", []string{index, b.ints(-1)})
	return b.node("ScatterND", []string{b.zeros(shape), column, d}, onnx.StringAttr("reduction", "add"))
}
