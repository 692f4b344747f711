package quantize

import (
	"fmt"

	"yingda/models/onnx"
)

// Expand turns what [Weights] stored as int8 back into float constants, in place: the same numbers as the runtime would compute with.
func Expand(g *onnx.Graph) error {
	var nodes []*onnx.Node
	for _, n := range g.Nodes {
		if n.Op != "DequantizeLinear" {
			nodes = append(nodes, n)
			continue
		}
		q, s := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[1])
		if q == nil || s == nil || q.Type != onnx.Int8 || len(q.Dims) != 2 || len(n.Inputs) > 2 && n.Inputs[2] != "" {
			nodes = append(nodes, n)
			continue
		}
		axis := int64(1)
		if a := n.Attr("axis"); a != nil {
			axis = a.I
		}
		scales := s.Floats()
		if axis < 0 || axis > 1 || int64(len(scales)) != q.Dims[axis] {
			return fmt.Errorf("expand %q: %d scales do not fit axis %d of %v", q.Name, len(scales), axis, q.Dims)
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
		g.Initializers = append(g.Initializers, onnx.NewFloats(n.Outputs[0], w, q.Dims...))
	}
	g.Nodes = nodes
	g.Prune()
	return nil
}
