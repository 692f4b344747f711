package grad

import (
	"fmt"

	"yingda/models/onnx"
)

// axes returns the axes a reduction works on, counted from the front; the operator sets moved them from an attribute to an input.
func (b *backward) axes(n *onnx.Node) ([]int64, error) {
	r, err := b.rank(n.Inputs[0])
	if err != nil {
		return nil, err
	}
	var axes []int64
	if a := n.Attr("axes"); a != nil {
		axes = append(axes, a.Ints...)
	} else if len(n.Inputs) > 1 && n.Inputs[1] != "" {
		t := b.g.Initializer(n.Inputs[1])
		if t == nil {
			return nil, errConstant("list of axes")
		}
		axes = t.Int64s()
	}
	if len(axes) == 0 {
		for i := range r {
			axes = append(axes, int64(i))
		}
	}
	for i, a := range axes {
		if a < 0 {
			axes[i] = a + int64(r)
		}
		if axes[i] < 0 || axes[i] >= int64(r) {
			return nil, fmt.Errorf("axis %d of a value with %d axes", a, r)
		}
	}
	return axes, nil
}

// reduceSumRule hands the gradient of a sum to every term.
func reduceSumRule(b *backward, n *onnx.Node, dy []string) error {
	return b.spread(n, dy[0])
}

// reduceMeanRule is that of the sum, divided by the number of terms.
func reduceMeanRule(b *backward, n *onnx.Node, dy []string) error {
	size := func(v string) string {
		return b.node("Cast", []string{b.node("Size", []string{v})}, onnx.IntAttr("to", int64(onnx.Float)))
	}
	return b.spread(n, b.mul(dy[0], b.div(size(n.Outputs[0]), size(n.Inputs[0]))))
}

func (b *backward) spread(n *onnx.Node, dy string) error {
	axes, err := b.axes(n)
	if err != nil {
		return err
	}
	if intAttr(n, "keepdims", 1) == 0 {
		dy = b.node("Unsqueeze", []string{dy, b.ints(axes...)})
	}
	b.give(n.Inputs[0], b.node("Expand", []string{dy, b.shape(n.Inputs[0])}))
	return nil
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

// layerNormRule, for the last axis: with x̂ = (x − μ)/σ and g = dy·γ,
//
//	dx = (g − mean(g) − x̂·mean(g·x̂)) / σ,  dγ = Σ dy·x̂,  dβ = Σ dy
//
// (Ba et al. 2016). The forward operator is made to give out μ and 1/σ.
func layerNormRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	if r := len(b.shapes[x]); axis != int64(r-1) {
		return errUnsupported("a norm over several axes")
	}
	mean, inverse := b.statistics(n)
	xhat := b.mul(b.sub(x, mean), inverse)
	if in := n.Inputs[1]; b.needs[in] {
		if err := b.back(n, in, b.mul(dy[0], xhat)); err != nil {
			return err
		}
	}
	if len(n.Inputs) > 2 && b.needs[n.Inputs[2]] {
		if err := b.back(n, n.Inputs[2], dy[0]); err != nil {
			return err
		}
	}
	if b.needs[x] {
		g := b.mul(dy[0], n.Inputs[1])
		width := float64(b.shapes[x][axis])
		average := func(v string) string { return b.mul(b.sum(v, true, axis), b.float(1/width)) }
		inner := b.sub(b.sub(g, average(g)), b.mul(xhat, average(b.mul(g, xhat))))
		b.give(x, b.mul(inner, inverse))
	}
	return nil
}

// statistics names the second and third output of the norm.
func (b *backward) statistics(n *onnx.Node) (mean, inverse string) {
	c := *n
	c.Outputs = []string{n.Outputs[0], b.name("mean"), b.name("inverse_deviation")}
	b.replace(n, &c)
	return c.Outputs[1], c.Outputs[2]
}

// lpNormRule: y = x/‖x‖ gives dx = (dy − y·Σ dy·y)/‖x‖.
func lpNormRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	if intAttr(n, "p", 2) != 2 {
		return errUnsupported("a norm other than the Euclidean")
	}
	x, y := n.Inputs[0], n.Outputs[0]
	length := b.node("Sqrt", []string{b.sum(b.mul(x, x), true, axis)})
	b.give(x, b.div(b.sub(dy[0], b.mul(y, b.sum(b.mul(dy[0], y), true, axis))), length))
	return nil
}
