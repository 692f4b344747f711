package grad

import (
	"math"

	"yingda/models/onnx"
)

// rules is the one table of operators a gradient can pass. Each rule states the derivative it writes.
var rules map[string]rule

func init() { // not a literal: rules refer to the table through visit
	rules = map[string]rule{
		"Add": addRule, "Sub": subRule, "Mul": mulRule, "Div": divRule, "Pow": powRule, "Where": whereRule, "Sum": sumRule,
		"Identity": unary(func(b *backward, x, y, dy string) string { return dy }),
		"Neg":      unary(func(b *backward, x, y, dy string) string { return b.neg(dy) }),
		"Exp":      unary(func(b *backward, x, y, dy string) string { return b.mul(dy, y) }),
		"Log":      unary(func(b *backward, x, y, dy string) string { return b.div(dy, x) }),
		// d√x = 1 / 2√x
		"Sqrt": unary(func(b *backward, x, y, dy string) string { return b.div(b.mul(dy, b.float(0.5)), y) }),
		// d(1/x) = −(1/x)²
		"Reciprocal": unary(func(b *backward, x, y, dy string) string { return b.neg(b.mul(dy, b.mul(y, y))) }),
		// dtanh = 1 − tanh²
		"Tanh": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.sub(b.float(1), b.mul(y, y))) }),
		// dσ = σ(1 − σ)
		"Sigmoid":  unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.mul(y, b.sub(b.float(1), y))) }),
		"Softplus": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.node("Sigmoid", []string{x})) }),
		"Relu": unary(func(b *backward, x, y, dy string) string {
			return b.node("Where", []string{b.node("Greater", []string{x, b.float(0)}), dy, b.float(0)})
		}),
		"Abs": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.node("Sign", []string{x})) }),
		// derf = 2/√π · exp(−x²)
		"Erf": unary(func(b *backward, x, y, dy string) string {
			return b.mul(dy, b.mul(b.float(2/math.Sqrt(math.Pi)), b.exp(b.neg(b.mul(x, x)))))
		}),
		"Gelu": geluRule, "Cast": castRule, "Dropout": dropoutRule,
		"MatMul": matMulRule, "Gemm": gemmRule,
		"Transpose": transposeRule, "Reshape": reshapeRule, "Squeeze": reshapeRule, "Unsqueeze": reshapeRule, "Flatten": reshapeRule,
		"Expand": expandRule, "Concat": concatRule, "Split": splitRule, "Slice": sliceRule, "Gather": gatherRule, "Pad": padRule,
		"ReduceSum": reduceSumRule, "ReduceMean": reduceMeanRule,
		"Softmax": softmaxRule, "LogSoftmax": logSoftmaxRule, "LayerNormalization": layerNormRule, "LpNormalization": lpNormRule,
	}
}

// unary makes a rule of an operator with one input.
func unary(dx func(b *backward, x, y, dy string) string) rule {
	return func(b *backward, n *onnx.Node, dy []string) error {
		b.give(n.Inputs[0], dx(b, n.Inputs[0], n.Outputs[0], dy[0]))
		return nil
	}
}

func addRule(b *backward, n *onnx.Node, dy []string) error {
	return b.each(n, func(int) string { return dy[0] })
}

func sumRule(b *backward, n *onnx.Node, dy []string) error {
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
	return b.each(n, func(i int) string {
		d := b.div(dy[0], n.Inputs[1])
		if i == 1 {
			d = b.neg(b.mul(d, n.Outputs[0]))
		}
		return d
	})
}

// powRule: dx^p/dx = p·x^(p−1). The exponent is a constant here.
func powRule(b *backward, n *onnx.Node, dy []string) error {
	x, p := n.Inputs[0], n.Inputs[1]
	if b.needs[p] {
		return errConstant("exponent")
	}
	d := b.mul(p, b.node("Pow", []string{x, b.sub(p, b.float(1))}))
	return b.back(n, x, b.mul(dy[0], d))
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

// each gives every input that needs one its gradient, summed down to its shape.
func (b *backward) each(n *onnx.Node, d func(i int) string) error {
	for i, in := range n.Inputs {
		if b.needs[in] {
			if err := b.back(n, in, d(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// geluRule: y = x·Φ(x), dy/dx = Φ(x) + x·φ(x), with Φ(x) = (1 + erf(x/√2))/2 and φ(x) = exp(−x²/2)/√2π. The forward operator
// is taken apart, so that the backward pass finds Φ(x) computed: the error function is what costs.
func geluRule(b *backward, n *onnx.Node, dy []string) error {
	if a := n.Attr("approximate"); a != nil && string(a.S) == "tanh" {
		return errUnsupported("the tanh approximation")
	}
	x := n.Inputs[0]
	scaled, erf, half, cdf := b.name("Gelu"), b.name("Gelu"), b.name("Gelu"), b.name("Gelu")
	b.replace(n,
		&onnx.Node{Op: "Mul", Name: scaled, Inputs: []string{x, b.float(math.Sqrt2 / 2)}, Outputs: []string{scaled}},
		&onnx.Node{Op: "Erf", Name: erf, Inputs: []string{scaled}, Outputs: []string{erf}},
		&onnx.Node{Op: "Mul", Name: half, Inputs: []string{erf, b.float(0.5)}, Outputs: []string{half}},
		&onnx.Node{Op: "Add", Name: cdf, Inputs: []string{half, b.float(0.5)}, Outputs: []string{cdf}},
		&onnx.Node{Op: "Mul", Name: n.Name, Inputs: []string{x, cdf}, Outputs: n.Outputs})
	// x·φ(x) = x·exp(−(x/√2)²)/√2π
	density := b.mul(b.exp(b.neg(b.mul(scaled, scaled))), b.float(1/math.Sqrt(2*math.Pi)))
	b.give(x, b.mul(dy[0], b.add(cdf, b.mul(x, density))))
	return nil
}

func castRule(b *backward, n *onnx.Node, dy []string) error {
	b.give(n.Inputs[0], b.node("Cast", []string{dy[0]}, onnx.IntAttr("to", int64(onnx.Float))))
	return nil
}

// dropoutRule: exported graphs are in inference mode, where Dropout does nothing.
func dropoutRule(b *backward, n *onnx.Node, dy []string) error {
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		return errUnsupported("training_mode; drop values by a product with a mask that is an input")
	}
	b.give(n.Inputs[0], dy[0])
	return nil
}
