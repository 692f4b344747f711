package grad

import (
	"math"

	"yingda/models/onnx"
)

// leakyReluRule: dy where x is positive, else α·dy.
func leakyReluRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	low := b.mul(dy[0], b.float(float64(floatAttr(n, "alpha", 0.01))))
	b.give(x, b.node("Where", []string{b.node("Greater", []string{x, b.float(0)}), dy[0], low}))
	return nil
}

// eluRule: y = α(exp(x) − 1) below 0 has the derivative y + α (Clevert et al. 2016).
func eluRule(b *backward, n *onnx.Node, dy []string) error {
	x, y := n.Inputs[0], n.Outputs[0]
	low := b.mul(dy[0], b.add(y, b.float(float64(floatAttr(n, "alpha", 1)))))
	b.give(x, b.node("Where", []string{b.node("Greater", []string{x, b.float(0)}), dy[0], low}))
	return nil
}

// forward is a node that takes part in the place of a bigger one.
func forward(out, op string, inputs ...string) *onnx.Node {
	return &onnx.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}}
}

// geluRule: y = x·Φ(x), dy/dx = Φ(x) + x·φ(x), with Φ(x) = (1 + erf(x/√2))/2 and φ(x) = exp(−x²/2)/√2π (Hendrycks & Gimpel 2016). The
// forward operator is taken apart, so that the backward pass finds Φ(x) computed: the error function is what costs.
func geluRule(b *backward, n *onnx.Node, dy []string) error {
	if a := n.Attr("approximate"); a != nil && string(a.S) == "tanh" {
		return geluTanh(b, n, dy[0])
	}
	x := n.Inputs[0]
	scaled, erf, half, cdf := b.name("Gelu"), b.name("Gelu"), b.name("Gelu"), b.name("Gelu")
	b.replace(n,
		forward(scaled, "Mul", x, b.float(math.Sqrt2/2)),
		forward(erf, "Erf", scaled),
		forward(half, "Mul", erf, b.float(0.5)),
		forward(cdf, "Add", half, b.float(0.5)),
		forward(n.Outputs[0], "Mul", x, cdf))
	// x·φ(x) = x·exp(−(x/√2)²)/√2π
	density := b.mul(b.exp(b.neg(b.mul(scaled, scaled))), b.float(1/math.Sqrt(2*math.Pi)))
	b.give(x, b.mul(dy[0], b.add(cdf, b.mul(x, density))))
	return nil
}

// geluTanh: y = x·h with h = (1 + t)/2, t = tanh u, u = √(2/π)·(x + a·x³), a = 0.044715, so that
//
//	dy/dx = h + x/2·(1 − t²)·√(2/π)·(1 + 3a·x²)
//
// (Hendrycks & Gimpel 2016, section 2). As above, the backward pass shares tanh with the forward one.
func geluTanh(b *backward, n *onnx.Node, dy string) error {
	const a = 0.044715
	c := math.Sqrt(2 / math.Pi)
	x := n.Inputs[0]
	names := make([]string, 7)
	for i := range names {
		names[i] = b.name("Gelu")
	}
	square, poly, slope, u, t, half, h := names[0], names[1], names[2], names[3], names[4], names[5], names[6]
	b.replace(n,
		forward(square, "Mul", x, x),
		forward(poly, "Mul", square, b.float(c*a)),
		forward(slope, "Add", poly, b.float(c)),
		forward(u, "Mul", x, slope),
		forward(t, "Tanh", u),
		forward(half, "Mul", t, b.float(0.5)),
		forward(h, "Add", half, b.float(0.5)),
		forward(n.Outputs[0], "Mul", x, h))
	du := b.add(b.mul(poly, b.float(3)), b.float(c))
	dt := b.mul(b.sub(b.float(1), b.mul(t, t)), b.float(0.5))
	b.give(x, b.mul(dy, b.add(h, b.mul(x, b.mul(dt, du)))))
	return nil
}

// biasGeluRule: Gelu(x + bias).
func biasGeluRule(b *backward, n *onnx.Node, dy []string) error {
	sum := b.name("BiasGelu")
	return b.decompose(n, forward(sum, "Add", n.Inputs...), forward(n.Outputs[0], "Gelu", sum))
}

// fastGeluRule: Gelu by tanh, of x + bias when there is one.
func fastGeluRule(b *backward, n *onnx.Node, dy []string) error {
	if input(n, 1) == "" {
		return geluTanh(b, n, dy[0])
	}
	sum := b.name("FastGelu")
	gelu := forward(n.Outputs[0], "Gelu", sum)
	gelu.Attrs = []*onnx.Attr{onnx.StringAttr("approximate", "tanh")}
	return b.decompose(n, forward(sum, "Add", n.Inputs...), gelu)
}

// quickGeluRule: x·σ(αx), with α 1.702 unless the node says otherwise.
func quickGeluRule(b *backward, n *onnx.Node, dy []string) error {
	x, scaled, gate := n.Inputs[0], b.name("QuickGelu"), b.name("QuickGelu")
	return b.decompose(n,
		forward(scaled, "Mul", x, b.float(float64(floatAttr(n, "alpha", 1.702)))),
		forward(gate, "Sigmoid", scaled),
		forward(n.Outputs[0], "Mul", x, gate))
}
