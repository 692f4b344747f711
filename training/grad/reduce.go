package grad

import (
	"yingda/models/onnx"
)

// kept gives a value of a reduction's output shape the axes back that the reduction removed, each with size 1, so that it broadcasts
// against the input. The operator sets moved the axes from an attribute to an input.
func (b *backward) kept(n *onnx.Node, v string) string {
	if intAttr(n, "keepdims", 1) != 0 {
		return v
	}
	if a := n.Attr("axes"); a != nil && len(a.Ints) > 0 {
		return b.node("Unsqueeze", []string{v, b.ints(a.Ints...)})
	}
	axes := input(n, 1)
	if t := constant(b.g, axes); axes == "" || t != nil && len(t.Raw) == 0 {
		return v // of all axes: a scalar
	}
	return b.node("Unsqueeze", []string{v, axes})
}

// reducesNothing tells a reduction that has no axes and takes this for an instruction to do nothing.
func (b *backward) reducesNothing(n *onnx.Node) bool {
	if intAttr(n, "noop_with_empty_axes", 0) == 0 || n.Attr("axes") != nil {
		return false
	}
	t := constant(b.g, input(n, 1))
	return input(n, 1) == "" || t != nil && len(t.Raw) == 0
}

// spread hands the gradient of a reduction's output to every term.
func (b *backward) spread(n *onnx.Node, dy string) {
	b.give(n.Inputs[0], b.node("Expand", []string{b.kept(n, dy), b.shape(n.Inputs[0])}))
}

func reduceSumRule(b *backward, n *onnx.Node, dy []string) error {
	if b.reducesNothing(n) {
		b.give(n.Inputs[0], dy[0])
		return nil
	}
	b.spread(n, dy[0])
	return nil
}

// reduceMeanRule is that of the sum, divided by the number of terms.
func reduceMeanRule(b *backward, n *onnx.Node, dy []string) error {
	if b.reducesNothing(n) {
		b.give(n.Inputs[0], dy[0])
		return nil
	}
	b.spread(n, b.mul(dy[0], b.div(b.count(n.Outputs[0]), b.count(n.Inputs[0]))))
	return nil
}

// reduced makes a rule of a reduction whose derivative d depends on the term. y and dy have the axes that were reduced.
func (b *backward) reduced(n *onnx.Node, dy string, d func(x, y, dy string) string) error {
	if b.reducesNothing(n) {
		return errUnsupported("a reduction of no axes")
	}
	b.give(n.Inputs[0], d(n.Inputs[0], b.kept(n, n.Outputs[0]), b.kept(n, dy)))
	return nil
}

// reduceSumSquareRule: dΣx² = 2x.
func reduceSumSquareRule(b *backward, n *onnx.Node, dy []string) error {
	return b.reduced(n, dy[0], func(x, y, dy string) string { return b.mul(b.mul(dy, b.float(2)), x) })
}

// reduceL1Rule: dΣ|x| = sign x.
func reduceL1Rule(b *backward, n *onnx.Node, dy []string) error {
	return b.reduced(n, dy[0], func(x, y, dy string) string { return b.mul(dy, b.node("Sign", []string{x})) })
}

// reduceL2Rule: d‖x‖ = x/‖x‖, 0 at the origin.
func reduceL2Rule(b *backward, n *onnx.Node, dy []string) error {
	return b.reduced(n, dy[0], func(x, y, dy string) string { return b.mul(b.over(dy, y), x) })
}

// reduceLogSumExpRule: d log Σ exp x = exp(x − y).
func reduceLogSumExpRule(b *backward, n *onnx.Node, dy []string) error {
	return b.reduced(n, dy[0], func(x, y, dy string) string { return b.mul(dy, b.exp(b.sub(x, y))) })
}

// over is x/y, and 0 where y is 0.
func (b *backward) over(x, y string) string {
	return b.node("Where", []string{b.node("Equal", []string{y, b.float(0)}), b.float(0), b.div(x, y)})
}

// softmaxRule: dx = y·(dy − Σ dy·y).
func softmaxRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	y := n.Outputs[0]
	b.give(n.Inputs[0], b.mul(y, b.sub(dy[0], b.sum(b.mul(dy[0], y), true, axis))))
	return nil
}

// logSoftmaxRule: dx = dy − softmax(x)·Σ dy.
func logSoftmaxRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	b.give(n.Inputs[0], b.sub(dy[0], b.mul(b.exp(n.Outputs[0]), b.sum(dy[0], true, axis))))
	return nil
}
