package bench

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"yingda/models/onnx"
)

// Expand returns the model with all stored weights as plain float32 constants and only standard float operators: DequantizeLinear of a
// constant disappears, GatherBlockQuantized becomes Gather, LpNormalization (which hugot does not know either) becomes a norm and a division. The numbers are those that ONNX Runtime computes from the stored form.
//
// Peers get this form. hugot's Go backend has no GatherBlockQuantized; and ONNX Runtime with default options would expand every
// weight again in each run (the servers of this project turn that off), which would make a peer look slower than it is.
func Expand(model []byte) ([]byte, error) {
	m, err := onnx.Unmarshal(model)
	if err != nil {
		return nil, fmt.Errorf("expand weights: %w", err)
	}
	g := m.Graph
	kept := make([]*onnx.Node, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		switch n.Op {
		case "DequantizeLinear":
			done, err := expandMatrix(g, n)
			if err != nil {
				return nil, fmt.Errorf("expand weights: %w", err)
			}
			if done {
				continue
			}
		case "GatherBlockQuantized":
			if err := expandTable(g, n); err != nil {
				return nil, fmt.Errorf("expand weights: %w", err)
			}
		case "LpNormalization":
			kept = append(kept, splitNormalization(g, n))
		}
		kept = append(kept, n)
	}
	g.Nodes = kept
	g.Prune()
	return onnx.Marshal(m), nil
}

// expandMatrix puts a constant in the place of a DequantizeLinear of a constant. It reports false when the input is not constant.
func expandMatrix(g *onnx.Graph, n *onnx.Node) (bool, error) {
	q, scale := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[1])
	if q == nil || scale == nil {
		return false, nil
	}
	if q.Type != onnx.Int8 || scale.Type != onnx.Float || len(n.Inputs) > 2 && n.Inputs[2] != "" {
		return false, fmt.Errorf("%s: only int8 without a zero point is known here", n.Name)
	}
	axis := 1
	if a := n.Attr("axis"); a != nil {
		axis = int(a.I)
	}
	if axis < 0 {
		axis += len(q.Dims)
	}
	scales := scale.Floats()
	inner := 1 // elements between two steps along the axis
	if len(scales) > 1 {
		if axis < 0 || axis >= len(q.Dims) || q.Dims[axis] != int64(len(scales)) {
			return false, fmt.Errorf("%s: %d scales for shape %v, axis %d", n.Name, len(scales), q.Dims, axis)
		}
		for _, d := range q.Dims[axis+1:] {
			inner *= int(d)
		}
	}
	out := make([]float32, len(q.Raw))
	for i, b := range q.Raw {
		out[i] = float32(int8(b)) * scales[i/inner%len(scales)]
	}
	g.Initializers = append(g.Initializers, onnx.NewFloats(n.Outputs[0], out, q.Dims...))
	return true, nil
}

// expandTable turns a GatherBlockQuantized of a constant int4 table into a Gather of floats.
func expandTable(g *onnx.Graph, n *onnx.Node) error {
	q, scale := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[2])
	if q == nil || scale == nil || q.Type != onnx.Int4 || len(q.Dims) != 2 || len(n.Inputs) > 3 {
		return fmt.Errorf("%s: only a constant int4 table without zero points is known here", n.Name)
	}
	block := n.Attr("block_size")
	if block == nil || q.Dims[1]%block.I != 0 || scale.Type != onnx.Float && scale.Type != onnx.Float16 {
		return fmt.Errorf("%s: rows of %d are not whole blocks", n.Name, q.Dims[1])
	}
	scales := widened(scale)
	out := make([]float32, q.Dims[0]*q.Dims[1])
	if len(scales) != len(out)/int(block.I) || len(q.Raw) != len(out)/2 {
		return fmt.Errorf("%s: %d scales and %d bytes for shape %v", n.Name, len(scales), len(q.Raw), q.Dims)
	}
	for i := range out {
		nibble := int8(q.Raw[i/2]<<(4*(1-i%2))) >> 4 // sign-extended; the first is in the low half
		out[i] = float32(nibble) * scales[i/int(block.I)]
	}
	name := q.Name + ".f32"
	g.Initializers = append(g.Initializers, onnx.NewFloats(name, out, q.Dims...))
	n.Op, n.Domain, n.Attrs = "Gather", "", []*onnx.Attr{onnx.IntAttr("axis", 0)}
	n.Inputs = []string{name, n.Inputs[1]}
	return nil
}

// splitNormalization turns x/‖x‖ into a division by the norm, whose node it returns: it belongs before n.
func splitNormalization(g *onnx.Graph, n *onnx.Node) *onnx.Node {
	axis := int64(-1)
	if a := n.Attr("axis"); a != nil {
		axis = a.I
	}
	op := "ReduceL2"
	if p := n.Attr("p"); p != nil && p.I == 1 {
		op = "ReduceL1"
	}
	axes, norm := n.Outputs[0]+".axes", n.Outputs[0]+".norm"
	g.Initializers = append(g.Initializers, onnx.NewInts(axes, []int64{axis}, 1))
	n.Op, n.Attrs, n.Inputs = "Div", nil, append(n.Inputs, norm)
	return &onnx.Node{Op: op, Name: norm, Inputs: []string{n.Inputs[0], axes}, Outputs: []string{norm}, Attrs: []*onnx.Attr{onnx.IntAttr("keepdims", 1)}}
}

// Keep returns the model with only the named outputs.
func Keep(model []byte, outputs ...string) ([]byte, error) {
	m, err := onnx.Unmarshal(model)
	if err != nil {
		return nil, fmt.Errorf("keep outputs %v: %w", outputs, err)
	}
	m.Graph.Outputs = slices.DeleteFunc(m.Graph.Outputs, func(v *onnx.Value) bool { return !slices.Contains(outputs, v.Name) })
	if len(m.Graph.Outputs) != len(outputs) {
		return nil, fmt.Errorf("keep outputs %v: the model has only %d of them", outputs, len(m.Graph.Outputs))
	}
	m.Graph.Prune()
	return onnx.Marshal(m), nil
}

// widened returns the elements of a tensor of 16- or 32-bit floats.
func widened(t *onnx.Tensor) []float32 {
	if t.Type == onnx.Float {
		return t.Floats()
	}
	out := make([]float32, len(t.Raw)/2)
	for i := range out {
		h := binary.LittleEndian.Uint16(t.Raw[2*i:])
		sign, exp, frac := float64(1), int(h>>10&31), float64(h&1023)
		if h&0x8000 != 0 {
			sign = -1
		}
		if exp == 0 { // subnormal
			out[i] = float32(sign * math.Ldexp(frac, -24))
		} else {
			out[i] = float32(sign * math.Ldexp(1024+frac, exp-25))
		}
	}
	return out
}
