package grad

import (
	"slices"

	"yingda/models/onnx"
)

// layerNormRule: with x̂ = (x − μ)/σ and g = dy·γ,
//
//	dx = (g − mean(g) − x̂·mean(g·x̂)) / σ,  dγ = Σ dy·x̂,  dβ = Σ dy
//
// (Ba et al. 2016); means are over the axes from the attribute axis on. The forward operator is made to give out μ and 1/σ.
func layerNormRule(b *backward, n *onnx.Node, dy []string) error {
	x := n.Inputs[0]
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	mean, inverse := b.statistics(n)
	xhat := b.mul(b.sub(x, mean), inverse)
	if in := n.Inputs[1]; b.needs[in] {
		if err := b.back(n, in, b.mul(dy[0], xhat)); err != nil {
			return err
		}
	}
	if in := input(n, 2); b.needs[in] {
		if err := b.back(n, in, dy[0]); err != nil {
			return err
		}
	}
	if b.needs[x] {
		g := b.mul(dy[0], n.Inputs[1])
		average := b.averager(n, mean, axis)
		inner := b.sub(b.sub(g, average(g)), b.mul(xhat, average(b.mul(g, xhat))))
		b.give(x, b.mul(inner, inverse))
	}
	return nil
}

// averager takes means over the axes from axis on. Their size is mostly fixed by the scale's, else it is asked for.
func (b *backward) averager(n *onnx.Node, mean string, axis int64) func(string) string {
	x, scale := n.Inputs[0], n.Inputs[1]
	var axes []int64
	size, fixed := int64(1), true
	for a := axis; a < int64(len(b.shapes[x])); a++ {
		axes = append(axes, a)
		s, ok := b.fixed(scale, a-axis)
		size, fixed = size*s, fixed && ok && s == b.shapes[x][a]
	}
	share := ""
	if fixed {
		share = b.float(1 / float64(size))
	} else {
		share = b.div(b.count(mean), b.count(x))
	}
	return func(v string) string { return b.mul(b.sum(v, true, axes...), share) }
}

// statistics names the second and third output of the norm.
func (b *backward) statistics(n *onnx.Node) (mean, inverse string) {
	c := *n
	c.Outputs = slices.Clone(n.Outputs)
	for len(c.Outputs) < 3 {
		c.Outputs = append(c.Outputs, "")
	}
	for i, stem := range []string{"mean", "inverse_deviation"} {
		if c.Outputs[i+1] == "" {
			c.Outputs[i+1] = b.name(stem)
		}
	}
	b.replace(n, &c)
	return c.Outputs[1], c.Outputs[2]
}

// skipLayerNormRule: LayerNormalization(x + skip + bias) over the last axis; inputs are x, skip, γ, β, bias. The fourth output is the sum.
func skipLayerNormRule(b *backward, n *onnx.Node, dy []string) error {
	sum := b.name("SkipLayerNormalization")
	if len(n.Outputs) > 3 && n.Outputs[3] != "" {
		sum = n.Outputs[3]
	}
	add := forward(sum, "Add", n.Inputs[0], n.Inputs[1])
	parts := []*onnx.Node{add}
	if bias := input(n, 4); bias != "" {
		both := b.name("SkipLayerNormalization")
		add.Outputs, add.Name = []string{both}, both
		parts = append(parts, forward(sum, "Add", both, bias))
	}
	norm := &onnx.Node{Op: "LayerNormalization", Name: n.Name, Inputs: []string{sum, n.Inputs[2]}, Outputs: n.Outputs[:min(len(n.Outputs), 3)],
		Attrs: []*onnx.Attr{onnx.IntAttr("axis", -1), onnx.FloatAttr("epsilon", floatAttr(n, "epsilon", 1e-12))}}
	if beta := input(n, 3); beta != "" {
		norm.Inputs = append(norm.Inputs, beta)
	}
	return b.decompose(n, append(parts, norm)...)
}

// lpNormRule: y = x/‖x‖ gives dx = (dy − u·Σ dy·y)/‖x‖ with u = y for the Euclidean norm, sign x for the sum of absolute values. Where the
// norm is 0 the operator gives 0, and so does the rule.
func lpNormRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, -1)
	if err != nil {
		return err
	}
	x, y := n.Inputs[0], n.Outputs[0]
	var length, u string
	if intAttr(n, "p", 2) == 2 {
		length, u = b.node("Sqrt", []string{b.sum(b.mul(x, x), true, axis)}), y
	} else {
		length, u = b.sum(b.node("Abs", []string{x}), true, axis), b.node("Sign", []string{x})
	}
	inner := b.sub(dy[0], b.mul(u, b.sum(b.mul(dy[0], y), true, axis)))
	b.give(x, b.mul(inner, b.over(b.float(1), length)))
	return nil
}
