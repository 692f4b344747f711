package grad

import (
	"yingda/models/onnx"
)

func addRule(b *backward, n *onnx.Node, dy []string) error {
	return b.each(n, func(int) string { return dy[0] })
}

func subRule(b *backward, n *onnx.Node, dy []string) error {
	return b.each(n, func(i int) string {
		if i == 0 {
			return dy[0]
		}
		return b.neg(dy[0])
	})
}

func mulRule(b *backward, n *onnx.Node, dy []string) error {
	return b.each(n, func(i int) string { return b.mul(dy[0], n.Inputs[1-i]) })
}

// divRule: d(x/y) = dx/y − (x/y)·dy/y.
func divRule(b *backward, n *onnx.Node, dy []string) error {
	d := b.div(dy[0], n.Inputs[1])
	return b.each(n, func(i int) string {
		if i == 0 {
			return d
		}
		return b.neg(b.mul(d, n.Outputs[0]))
	})
}

// powRule: dx^p/dx = p·x^(p−1), dx^p/dp = x^p·log x, which counts as 0 where x^p is. Exporters write some exponents as integers.
func powRule(b *backward, n *onnx.Node, dy []string) error {
	x, p := n.Inputs[0], n.Inputs[1]
	if b.needs[x] {
		p := b.node("Cast", []string{p}, onnx.IntAttr("to", int64(onnx.Float)))
		d := b.mul(p, b.node("Pow", []string{x, b.sub(p, b.float(1))}))
		if err := b.back(n, x, b.mul(dy[0], d)); err != nil {
			return err
		}
	}
	if b.needs[p] {
		y := n.Outputs[0]
		d := b.node("Where", []string{b.node("Equal", []string{y, b.float(0)}), b.float(0), b.mul(y, b.node("Log", []string{x}))})
		return b.back(n, p, b.mul(dy[0], d))
	}
	return nil
}

func whereRule(b *backward, n *onnx.Node, dy []string) error {
	zero := b.float(0)
	if in := n.Inputs[1]; b.needs[in] {
		if err := b.back(n, in, b.node("Where", []string{n.Inputs[0], dy[0], zero})); err != nil {
			return err
		}
	}
	if in := n.Inputs[2]; b.needs[in] {
		return b.back(n, in, b.node("Where", []string{n.Inputs[0], zero, dy[0]}))
	}
	return nil
}

func meanRule(b *backward, n *onnx.Node, dy []string) error {
	d := b.mul(dy[0], b.float(1/float64(len(n.Inputs))))
	return b.each(n, func(int) string { return d })
}

// extremeRule, for Max and Min: the gradient goes to the argument that was chosen; equal ones share it.
func extremeRule(b *backward, n *onnx.Node, dy []string) error {
	if len(n.Inputs) == 1 {
		b.give(n.Inputs[0], dy[0])
		return nil
	}
	chosen := make([]string, len(n.Inputs))
	for i, in := range n.Inputs {
		chosen[i] = b.node("Cast", []string{b.node("Equal", []string{in, n.Outputs[0]})}, onnx.IntAttr("to", int64(onnx.Float)))
	}
	share := b.div(dy[0], b.node("Sum", chosen))
	return b.each(n, func(i int) string { return b.mul(share, chosen[i]) })
}

// clipRule passes the gradient where nothing was clipped, at the bounds included.
func clipRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	if b.needs[input(n, 1)] || b.needs[input(n, 2)] {
		return errConstant("bounds")
	}
	b.give(x, b.node("Where", []string{b.node("Equal", []string{x, n.Outputs[0]}), dy[0], b.float(0)}))
	return nil
}

// castRule: the graph computes in float32.
func castRule(b *backward, n *onnx.Node, dy []string) error {
	b.give(n.Inputs[0], b.node("Cast", []string{dy[0]}, onnx.IntAttr("to", int64(onnx.Float))))
	return nil
}

// dropoutRule: exported graphs are in inference mode, where Dropout does nothing.
func dropoutRule(b *backward, n *onnx.Node, dy []string) error {
	if mode := input(n, 2); mode != "" {
		if t := constant(b.g, mode); t == nil || len(t.Raw) != 1 || t.Raw[0] != 0 {
			return errUnsupported("training_mode; drop values by a product with a mask that is an input")
		}
	}
	b.give(n.Inputs[0], dy[0])
	return nil
}
