// Package onnx reads and writes ONNX model files as plain Go structs: enough to check what a model would run before a
// runtime sees it, and to cut, extend and quantise graphs. It follows onnx.proto3 of ONNX 1.21 (IR version 13); fields
// it has no use for (documentation strings, training info, sparse tensors) are dropped when a model is written again.
//
// It computes nothing; package ort runs models.
package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// DataType is the element type of a tensor, as numbered by TensorProto.DataType.
type DataType int32

// The data types this project handles by name.
const (
	Float   DataType = 1
	Uint8   DataType = 2
	Int8    DataType = 3
	Int32   DataType = 6
	Int64   DataType = 7
	String  DataType = 8
	Bool    DataType = 9
	Float16 DataType = 10
	Double  DataType = 11
	Uint4   DataType = 21 // two to a byte, the first in the low half
	Int4    DataType = 22
)

// Size returns the bytes an element takes in RawData, or 0 when it is not fixed or not known here.
func (t DataType) Size() int {
	switch t {
	case Uint8, Int8, Bool:
		return 1
	case Float16, 4, 5, 16: // 4 uint16, 5 int16, 16 bfloat16
		return 2
	case Float, Int32, 12: // 12 uint32
		return 4
	case Int64, Double, 13: // 13 uint64
		return 8
	}
	return 0
}

// Model is a whole file.
type Model struct {
	IRVersion int64
	Producer  string
	Opsets    []Opset
	Graph     *Graph
	Metadata  map[string]string
	Functions int // number of model-local functions; they are not read
}

// Opset is an imported operator set; Domain "" is ai.onnx.
type Opset struct {
	Domain  string
	Version int64
}

// Graph is a list of nodes in topological order.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*Tensor
	Inputs       []*Value
	Outputs      []*Value
	Values       []*Value // shapes of inner values
	Sparse       int      // number of sparse initialisers; they are not read
}

// Node is one operator call.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string // "" for an omitted optional one
	Attrs            []*Attr
}

// Attr is a named constant of a node. Which field holds it depends on Type.
type Attr struct {
	Name    string
	Type    AttrType
	F       float32
	I       int64
	S       []byte
	T       *Tensor
	G       *Graph
	Floats  []float32
	Ints    []int64
	Strings [][]byte
	Tensors []*Tensor
	Graphs  []*Graph
	Sparse  int // number of sparse tensors; they are not read
}

// AttrType is AttributeProto.AttributeType.
type AttrType int32

// The attribute types this package reads and writes.
const (
	AttrFloat   AttrType = 1
	AttrInt     AttrType = 2
	AttrString  AttrType = 3
	AttrTensor  AttrType = 4
	AttrGraph   AttrType = 5
	AttrFloats  AttrType = 6
	AttrInts    AttrType = 7
	AttrStrings AttrType = 8
	AttrTensors AttrType = 9
	AttrGraphs  AttrType = 10
)

// Tensor is a constant. Raw holds little-endian elements, also when the file used a typed field.
type Tensor struct {
	Name     string
	Type     DataType
	Dims     []int64
	Raw      []byte
	External bool // the data lies in another file; Raw is empty
}

// Value is a graph input, output or inner value.
type Value struct {
	Name string
	Type DataType // 0 when it is not a tensor
	Dims []Dim    // nil when the rank is unknown
}

// Dim is a fixed size, or a symbolic one when Param is set, or unknown when both are zero.
type Dim struct {
	Size  int64
	Param string
}

// Elems returns the number of elements, or an error when it is negative or absurd.
func (t *Tensor) Elems() (int, error) {
	n := int64(1)
	for _, d := range t.Dims {
		if d < 0 || (d > 0 && n > math.MaxInt32/d) {
			return 0, fmt.Errorf("tensor %q has impossible shape %v", t.Name, t.Dims)
		}
		n *= d
	}
	return int(n), nil
}

// Check reports whether the data of the tensor has the length its shape promises.
func (t *Tensor) Check() error {
	if t.External {
		return fmt.Errorf("tensor %q lies in another file; save the model with its data inside", t.Name)
	}
	n, err := t.Elems()
	if err != nil {
		return err
	}
	want := n * t.Type.Size()
	if t.Type == Uint4 || t.Type == Int4 {
		want = (n + 1) / 2
	}
	if (want > 0 || n == 0) && len(t.Raw) != want && t.Type != String {
		return fmt.Errorf("tensor %q of shape %v has %d bytes, want %d: the file is damaged", t.Name, t.Dims, len(t.Raw), want)
	}
	return nil
}

// Floats returns the elements of a Float tensor.
func (t *Tensor) Floats() []float32 {
	out := make([]float32, len(t.Raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Raw[4*i:]))
	}
	return out
}

// Int64s returns the elements of an Int64 tensor.
func (t *Tensor) Int64s() []int64 {
	out := make([]int64, len(t.Raw)/8)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(t.Raw[8*i:]))
	}
	return out
}

// NewFloats makes a Float tensor.
func NewFloats(name string, data []float32, dims ...int64) *Tensor {
	raw := make([]byte, 0, 4*len(data))
	for _, f := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return &Tensor{Name: name, Type: Float, Dims: dims, Raw: raw}
}

// NewInts makes an Int64 tensor.
func NewInts(name string, data []int64, dims ...int64) *Tensor {
	raw := make([]byte, 0, 8*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return &Tensor{Name: name, Type: Int64, Dims: dims, Raw: raw}
}

// NewInt8s makes an Int8 tensor.
func NewInt8s(name string, data []int8, dims ...int64) *Tensor {
	raw := make([]byte, len(data))
	for i, v := range data {
		raw[i] = byte(v)
	}
	return &Tensor{Name: name, Type: Int8, Dims: dims, Raw: raw}
}

// Initializer returns the constant with that name, or nil.
func (g *Graph) Initializer(name string) *Tensor {
	for _, t := range g.Initializers {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Attr returns the attribute with that name, or nil.
func (n *Node) Attr(name string) *Attr {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// IntAttr makes an integer attribute.
func IntAttr(name string, v int64) *Attr { return &Attr{Name: name, Type: AttrInt, I: v} }

// IntsAttr makes an attribute of several integers.
func IntsAttr(name string, v ...int64) *Attr { return &Attr{Name: name, Type: AttrInts, Ints: v} }

// FloatAttr makes a float attribute.
func FloatAttr(name string, v float32) *Attr { return &Attr{Name: name, Type: AttrFloat, F: v} }

// StringAttr makes a string attribute.
func StringAttr(name, v string) *Attr { return &Attr{Name: name, Type: AttrString, S: []byte(v)} }

// TensorAttr makes an attribute that holds a tensor.
func TensorAttr(name string, t *Tensor) *Attr { return &Attr{Name: name, Type: AttrTensor, T: t} }

// Prune removes the nodes and initialisers that no output needs. Nodes keep their order.
func (g *Graph) Prune() {
	needed := map[string]bool{}
	for _, o := range g.Outputs {
		needed[o.Name] = true
	}
	var kept []*Node
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n, use := g.Nodes[i], false
		for _, o := range n.Outputs {
			use = use || o != "" && needed[o] // "" is an output left out
		}
		if !use {
			continue
		}
		kept = append(kept, n)
		n.reads(needed)
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	g.Nodes = kept
	var inits []*Tensor
	for _, t := range g.Initializers {
		if needed[t.Name] {
			inits = append(inits, t)
		}
	}
	g.Initializers = inits
	var values []*Value
	for _, v := range g.Values {
		if needed[v.Name] {
			values = append(values, v)
		}
	}
	g.Values = values
}

// reads notes the names a node refers to. Graphs inside it (branches, loop bodies) may read outer values without saying so.
func (n *Node) reads(names map[string]bool) {
	for _, in := range n.Inputs {
		names[in] = true
	}
	for _, a := range n.Attrs {
		graphs := a.Graphs
		if a.G != nil {
			graphs = append([]*Graph{a.G}, graphs...)
		}
		for _, g := range graphs {
			for _, inner := range g.Nodes {
				inner.reads(names)
			}
			for _, o := range g.Outputs {
				names[o.Name] = true
			}
		}
	}
}
