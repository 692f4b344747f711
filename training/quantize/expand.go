package quantize

import (
	"fmt"
	"strings"

	"yingda/models/onnx"
)

// Expand turns what [Weights] and [Static] stored as int8 back into float constants, in place: the same numbers as the runtime would compute with. Products of
// Static read floats again; what their rounding of activations cost on average stays in the bias.
func Expand(g *onnx.Graph) error {
	by := map[string]*onnx.Node{}
	for _, n := range g.Nodes {
		for _, o := range n.Outputs {
			by[o] = n
		}
	}
	var nodes []*onnx.Node
	for _, n := range g.Nodes {
		switch n.Op {
		case "DequantizeLinear":
			w, err := expandMatrix(g, n)
			if err != nil {
				return err
			}
			if w != nil {
				g.Initializers = append(g.Initializers, w)
				continue
			}
		case "MatMulIntegerToFloat":
			float, err := expandProduct(g, n, by)
			if err != nil {
				return err
			}
			nodes = append(nodes, float...)
			continue
		}
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
	g.Prune()
	return nil
}

// expandMatrix returns the constant that a DequantizeLinear of a constant makes; nil when it reads none.
func expandMatrix(g *onnx.Graph, n *onnx.Node) (*onnx.Tensor, error) {
	q, s := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[1])
	if q == nil || s == nil || q.Type != onnx.Int8 || len(q.Dims) != 2 || len(n.Inputs) > 2 && n.Inputs[2] != "" {
		return nil, nil
	}
	axis := int64(1)
	if a := n.Attr("axis"); a != nil {
		axis = a.I
	}
	scales := s.Floats()
	if axis < 0 || axis > 1 || int64(len(scales)) != q.Dims[axis] {
		return nil, fmt.Errorf("expand %q: %d scales do not fit axis %d of %v", q.Name, len(scales), axis, q.Dims)
	}
	w := make([]float32, len(q.Raw))
	for i, v := range q.Raw {
		k := int64(i)
		if axis == 1 {
			k %= q.Dims[1]
		} else {
			k /= q.Dims[1]
		}
		w[i] = float32(int8(v)) * scales[k]
	}
	return onnx.NewFloats(n.Outputs[0], w, q.Dims...), nil
}

// expandProduct returns the MatMul and the Add of floats that stand for a product of Static.
func expandProduct(g *onnx.Graph, n *onnx.Node, by map[string]*onnx.Node) ([]*onnx.Node, error) {
	if len(n.Inputs) != 7 {
		return nil, fmt.Errorf("expand %q: %d inputs: not a product of Static", n.Name, len(n.Inputs))
	}
	w, s, b, from := g.Initializer(n.Inputs[1]), g.Initializer(n.Inputs[3]), g.Initializer(n.Inputs[6]), by[n.Inputs[0]]
	if w == nil || s == nil || b == nil || from == nil || from.Op != "QuantizeLinear" || w.Type != onnx.Int8 || len(w.Dims) != 2 || int64(len(s.Floats())) != w.Dims[1] {
		return nil, fmt.Errorf("expand %q: not a product of Static", n.Name)
	}
	x, inverse := evened(g, from.Inputs[0], by)
	scales, cols := s.Floats(), int(w.Dims[1])
	if inverse != nil && int64(len(inverse)) != w.Dims[0] {
		return nil, fmt.Errorf("expand %q: %d divisors for %v", n.Name, len(inverse), w.Dims)
	}
	float := make([]float32, len(w.Raw))
	for i, v := range w.Raw {
		float[i] = float32(int8(v)) * scales[i%cols]
		if inverse != nil {
			float[i] *= inverse[i/cols]
		}
	}
	name := strings.TrimSuffix(w.Name, ".i8")
	g.Initializers = append(g.Initializers, onnx.NewFloats(name, float, w.Dims...), onnx.NewFloats(name+".bias", b.Floats(), b.Dims...))
	product := n.Outputs[0] + ".product"
	return []*onnx.Node{{Op: "MatMul", Name: n.Name, Inputs: []string{x, name}, Outputs: []string{product}},
		{Op: "Add", Name: n.Name + ".add", Inputs: []string{product, name + ".bias"}, Outputs: n.Outputs}}, nil
}

// evened finds the value whose channels were divided before it was rounded, and what they were multiplied by; nil where they were not.
func evened(g *onnx.Graph, x string, by map[string]*onnx.Node) (string, []float32) {
	m := by[x]
	if m == nil || m.Op != "Mul" || len(m.Inputs) != 2 || m.Inputs[1] != m.Inputs[0]+".inverse" || g.Initializer(m.Inputs[1]) == nil {
		return x, nil
	}
	return m.Inputs[0], g.Initializer(m.Inputs[1]).Floats()
}
