package onnx

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Marshal writes a model. The same model gives the same bytes.
func Marshal(m *Model) []byte {
	var b []byte
	b = appendVarint(b, 1, uint64(m.IRVersion))
	b = appendString(b, 2, m.Producer)
	b = appendBytes(b, 7, encodeGraph(m.Graph))
	for _, o := range m.Opsets {
		b = appendBytes(b, 8, appendVarint(appendString(nil, 1, o.Domain), 2, uint64(o.Version)))
	}
	keys := make([]string, 0, len(m.Metadata))
	for k := range m.Metadata {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = appendBytes(b, 14, appendString(appendString(nil, 1, k), 2, m.Metadata[k]))
	}
	return b
}

func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

// appendString leaves empty strings out, as proto3 does; element 0 of a repeated field needs appendBytes.
func appendString(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func encodeGraph(g *Graph) []byte {
	var b []byte
	for _, n := range g.Nodes {
		b = appendBytes(b, 1, encodeNode(n))
	}
	b = appendString(b, 2, g.Name)
	for _, t := range g.Initializers {
		b = appendBytes(b, 5, encodeTensor(t))
	}
	for _, v := range g.Inputs {
		b = appendBytes(b, 11, encodeValue(v))
	}
	for _, v := range g.Outputs {
		b = appendBytes(b, 12, encodeValue(v))
	}
	for _, v := range g.Values {
		b = appendBytes(b, 13, encodeValue(v))
	}
	return b
}

func encodeNode(n *Node) []byte {
	var b []byte
	for _, s := range n.Inputs {
		b = appendBytes(b, 1, []byte(s))
	}
	for _, s := range n.Outputs {
		b = appendBytes(b, 2, []byte(s))
	}
	b = appendString(b, 3, n.Name)
	b = appendString(b, 4, n.Op)
	for _, a := range n.Attrs {
		b = appendBytes(b, 5, encodeAttr(a))
	}
	return appendString(b, 7, n.Domain)
}

func encodeAttr(a *Attr) []byte {
	b := appendString(nil, 1, a.Name)
	switch a.Type {
	case AttrFloat:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(a.F))
	case AttrInt:
		b = appendVarint(b, 3, uint64(a.I))
	case AttrString:
		b = appendBytes(b, 4, a.S)
	case AttrTensor:
		b = appendBytes(b, 5, encodeTensor(a.T))
	case AttrGraph:
		b = appendBytes(b, 6, encodeGraph(a.G))
	case AttrFloats:
		for _, f := range a.Floats {
			b = protowire.AppendFixed32(protowire.AppendTag(b, 7, protowire.Fixed32Type), math.Float32bits(f))
		}
	case AttrInts:
		for _, v := range a.Ints {
			b = appendVarint(b, 8, uint64(v))
		}
	case AttrStrings:
		for _, s := range a.Strings {
			b = appendBytes(b, 9, s)
		}
	case AttrTensors:
		for _, t := range a.Tensors {
			b = appendBytes(b, 10, encodeTensor(t))
		}
	case AttrGraphs:
		for _, g := range a.Graphs {
			b = appendBytes(b, 11, encodeGraph(g))
		}
	}
	return appendVarint(b, 20, uint64(a.Type))
}

func encodeTensor(t *Tensor) []byte {
	b := make([]byte, 0, len(t.Raw)+64)
	for _, d := range t.Dims {
		b = appendVarint(b, 1, uint64(d))
	}
	b = appendVarint(b, 2, uint64(t.Type))
	b = appendString(b, 8, t.Name)
	return appendBytes(b, 9, t.Raw)
}

func encodeValue(v *Value) []byte {
	var shape []byte
	for _, d := range v.Dims {
		var dim []byte
		switch {
		case d.Param != "":
			dim = appendString(nil, 2, d.Param)
		case d.Size > 0:
			dim = appendVarint(nil, 1, uint64(d.Size))
		}
		shape = appendBytes(shape, 1, dim)
	}
	if v.Type == 0 { // a sequence or another type that is not read
		return appendString(nil, 1, v.Name)
	}
	tensor := appendVarint(nil, 1, uint64(v.Type))
	if v.Dims != nil {
		tensor = appendBytes(tensor, 2, shape)
	}
	return appendBytes(appendString(nil, 1, v.Name), 2, appendBytes(nil, 1, tensor))
}
