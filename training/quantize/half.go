package quantize

import (
	"encoding/binary"
	"math"

	"yingda/models/onnx"
)

// HalfScales stores the scales of a table in 4-bit blocks as 16-bit floats, in place, where that loses nothing; and it loses nothing where the
// table was stored in one of the common 4-bit formats before, for their scales have 16 bits. Rows are then gathered as
// 16-bit floats and widened. It returns the number of bytes saved.
func HalfScales(g *onnx.Graph) int {
	saved := 0
	var nodes []*onnx.Node
	for _, n := range g.Nodes {
		nodes = append(nodes, n)
		if n.Op != "GatherBlockQuantized" || len(n.Inputs) < 3 {
			continue
		}
		t := g.Initializer(n.Inputs[2])
		if t == nil || t.Type != onnx.Float {
			continue
		}
		raw, ok := halves(t.Floats())
		if !ok {
			continue
		}
		saved += len(t.Raw) - len(raw)
		t.Type, t.Raw = onnx.Float16, raw
		out := n.Outputs[0]
		n.Outputs = []string{out + ".f16"}
		nodes = append(nodes, &onnx.Node{Op: "Cast", Name: out + ".f32", Inputs: []string{out + ".f16"}, Outputs: []string{out}, Attrs: []*onnx.Attr{onnx.IntAttr("to", int64(onnx.Float))}})
	}
	g.Nodes = nodes
	return saved
}

// halves converts to 16-bit floats, or reports that a value is none.
func halves(x []float32) ([]byte, bool) {
	raw := make([]byte, 0, 2*len(x))
	for _, v := range x {
		h, ok := half(v)
		if !ok {
			return nil, false
		}
		raw = binary.LittleEndian.AppendUint16(raw, h)
	}
	return raw, true
}

// half returns v as an IEEE 754 binary16 number if it is one.
func half(v float32) (uint16, bool) {
	bits := math.Float32bits(v)
	sign, exp, frac := uint16(bits>>16&0x8000), int(bits>>23&0xff)-127, bits&0x7fffff
	switch {
	case v == 0:
		return sign, true
	case exp >= -14 && exp <= 15 && frac&0x1fff == 0:
		return sign | uint16(exp+15)<<10 | uint16(frac>>13), true
	case exp < -14 && exp >= -24: // subnormal: a whole number of 2^-24
		n := math.Ldexp(math.Abs(float64(v)), 24)
		return sign | uint16(n), n == math.Trunc(n)
	}
	return 0, false
}
