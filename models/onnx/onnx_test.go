package onnx_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"

	"yingda/models/onnx"
)

var update = flag.Bool("update", false, "rewrite testdata/roundtrip.onnx")

// forms is testdata/forms.json: what Python's onnx package reads in forms.onnx.
type forms struct {
	IR       int64
	Producer string
	Name     string
	Opsets   [][2]any
	Metadata map[string]string
	Nodes    []struct {
		Op, Domain, Name string
		Inputs, Outputs  []string
		Attrs            []struct {
			Name  string
			Type  onnx.AttrType
			Value any
		}
	}
	Tensors []struct {
		Name string
		Type onnx.DataType
		Dims []int64
		Raw  []int
	}
	Inputs, Outputs, Values []struct {
		Name string
		Type onnx.DataType
		Dims [][2]any
	}
}

func mustRead(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustUnmarshal(tb testing.TB, data []byte) *onnx.Model {
	tb.Helper()
	m, err := onnx.Unmarshal(data)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// asJSON turns a model into the form of forms.json.
func asJSON(m *onnx.Model) any {
	value := func(vs []*onnx.Value) []any {
		out := []any{}
		for _, v := range vs {
			var dims any
			if v.Dims != nil {
				list := []any{}
				for _, d := range v.Dims {
					list = append(list, []any{d.Size, d.Param})
				}
				dims = list
			}
			out = append(out, map[string]any{"name": v.Name, "type": v.Type, "dims": dims})
		}
		return out
	}
	opsets, nodes, tensors := []any{}, []any{}, []any{}
	for _, o := range m.Opsets {
		opsets = append(opsets, []any{o.Domain, o.Version})
	}
	for _, n := range m.Graph.Nodes {
		attrs := []any{}
		for _, a := range n.Attrs {
			attrs = append(attrs, map[string]any{"name": a.Name, "type": a.Type, "value": attrValue(a)})
		}
		nodes = append(nodes, map[string]any{"op": n.Op, "domain": n.Domain, "name": n.Name,
			"inputs": append([]string{}, n.Inputs...), "outputs": append([]string{}, n.Outputs...), "attrs": attrs})
	}
	for _, t := range m.Graph.Initializers {
		raw := make([]int, len(t.Raw))
		for i, b := range t.Raw {
			raw[i] = int(b)
		}
		tensors = append(tensors, map[string]any{"name": t.Name, "type": t.Type, "dims": append([]int64{}, t.Dims...), "raw": raw})
	}
	return map[string]any{"ir": m.IRVersion, "producer": m.Producer, "opsets": opsets, "metadata": m.Metadata, "name": m.Graph.Name,
		"nodes": nodes, "tensors": tensors, "inputs": value(m.Graph.Inputs), "outputs": value(m.Graph.Outputs), "values": value(m.Graph.Values)}
}

func attrValue(a *onnx.Attr) any {
	switch a.Type {
	case onnx.AttrFloat:
		return a.F
	case onnx.AttrInt:
		return a.I
	case onnx.AttrTensor:
		return a.T.Floats()
	case onnx.AttrGraph:
		var ops []string
		for _, n := range a.G.Nodes {
			ops = append(ops, n.Op)
		}
		return ops
	case onnx.AttrFloats:
		return a.Floats
	case onnx.AttrInts:
		return a.Ints
	}
	return nil
}

func mustGeneric(tb testing.TB, v any) any {
	tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestOracle compares with what Python's onnx package reads and, written again, with what its checker has approved (make.py --check).
func TestOracle(t *testing.T) {
	m := mustUnmarshal(t, mustRead(t, "forms.onnx"))
	var want any
	if err := json.Unmarshal(mustRead(t, "forms.json"), &want); err != nil {
		t.Fatal(err)
	}
	if got := mustGeneric(t, asJSON(m)); !reflect.DeepEqual(got, want) {
		g, _ := json.MarshalIndent(got, "", " ")
		t.Errorf("got %s", g)
	}
	for _, tensor := range m.Graph.Initializers {
		if err := tensor.Check(); err != nil {
			t.Error(err)
		}
	}
	written := onnx.Marshal(m)
	if *update {
		if err := os.WriteFile("testdata/roundtrip.onnx", written, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written, mustRead(t, "roundtrip.onnx")) {
		t.Error("written otherwise than roundtrip.onnx: if that is meant, go test -update and testdata/make.py --check")
	}
}

func TestRoundTrip(t *testing.T) {
	for _, file := range []string{"testdata/forms.onnx", "../hub/testdata/classifier/model.onnx"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(data)
		m := mustUnmarshal(t, data)
		once := onnx.Marshal(m)
		again := mustUnmarshal(t, once)
		if !reflect.DeepEqual(normal(m), normal(again)) {
			t.Errorf("%s: read otherwise after writing", file)
		}
		if !bytes.Equal(once, onnx.Marshal(again)) {
			t.Errorf("%s: written otherwise the second time", file)
		}
		if !bytes.Equal(data, before) {
			t.Errorf("%s: reading changed the bytes", file)
		}
	}
}

// normal makes nil and empty slices alike.
func normal(m *onnx.Model) any {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(bytes.ReplaceAll(data, []byte("null"), []byte("[]")))
}

func TestCheck(t *testing.T) {
	raw := make([]byte, 12)
	tests := []struct {
		name string
		t    onnx.Tensor
		ok   bool
	}{
		{"OK", onnx.Tensor{Type: onnx.Float, Dims: []int64{3}, Raw: raw}, true},
		{"OKScalar", onnx.Tensor{Type: onnx.Int32, Raw: raw[:4]}, true},
		{"OKInt4", onnx.Tensor{Type: onnx.Int4, Dims: []int64{5}, Raw: raw[:3]}, true},
		{"OKEmpty", onnx.Tensor{Type: onnx.Float, Dims: []int64{0, 9}}, true},
		{"ErrShort", onnx.Tensor{Type: onnx.Float, Dims: []int64{4}, Raw: raw}, false},
		{"ErrLong", onnx.Tensor{Type: onnx.Float, Dims: []int64{2}, Raw: raw}, false},
		{"ErrInt4", onnx.Tensor{Type: onnx.Int4, Dims: []int64{5}, Raw: raw[:2]}, false},
		{"ErrNegative", onnx.Tensor{Type: onnx.Float, Dims: []int64{-1}, Raw: raw}, false},
		{"ErrOverflow", onnx.Tensor{Type: onnx.Int8, Dims: []int64{1 << 31, 1 << 31, 1 << 2}, Raw: nil}, false},
		{"ErrExternal", onnx.Tensor{Type: onnx.Float, Dims: []int64{3}, Raw: raw, External: true}, false},
		{"ErrNotEmpty", onnx.Tensor{Type: onnx.Float, Dims: []int64{0}, Raw: raw}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.t.Check(); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTensors(t *testing.T) {
	if got := onnx.NewFloats("f", []float32{1, -2.5}, 2).Floats(); !slices.Equal(got, []float32{1, -2.5}) {
		t.Errorf("floats: %v", got)
	}
	if got := onnx.NewInts("i", []int64{1, -9}, 2).Int64s(); !slices.Equal(got, []int64{1, -9}) {
		t.Errorf("ints: %v", got)
	}
	if got := onnx.NewInt8s("q", []int8{-1, 127}, 2).Raw; !bytes.Equal(got, []byte{255, 127}) {
		t.Errorf("int8s: %v", got)
	}
	if v := binary.LittleEndian.Uint32(onnx.NewFloats("f", []float32{1}, 1).Raw); v != 0x3f800000 {
		t.Errorf("1.0 is written as %x", v)
	}
}

func TestPrune(t *testing.T) {
	node := func(op string, in, out []string, attrs ...*onnx.Attr) *onnx.Node {
		return &onnx.Node{Op: op, Inputs: in, Outputs: out, Attrs: attrs}
	}
	inner := &onnx.Graph{Nodes: []*onnx.Node{node("Add", []string{"x", "outer"}, []string{"r"})}, Outputs: []*onnx.Value{{Name: "r"}}}
	through := &onnx.Graph{Outputs: []*onnx.Value{{Name: "passed"}}} // a branch that only hands an outer value on
	g := &onnx.Graph{
		Nodes: []*onnx.Node{
			node("Neg", []string{"w"}, []string{"outer"}), // read by the inner graph only
			node("Neg", []string{"w2"}, []string{"passed"}),
			node("Dropout", []string{"x"}, []string{"dead", ""}), // "" is needed by nobody, also though Clip leaves an input out
			node("If", []string{"c"}, []string{"y"}, &onnx.Attr{Name: "then_branch", Type: onnx.AttrGraph, G: inner},
				&onnx.Attr{Name: "more", Type: onnx.AttrGraphs, Graphs: []*onnx.Graph{through}}),
			node("Clip", []string{"y", "", "top"}, []string{"out"}),
			node("Exp", []string{"out"}, []string{"after"}),
		},
		Initializers: []*onnx.Tensor{{Name: "w"}, {Name: "w2"}, {Name: "top"}, {Name: "unused"}},
		Outputs:      []*onnx.Value{{Name: "out"}},
		Values:       []*onnx.Value{{Name: "y"}, {Name: "dead"}},
	}
	g.Prune()
	var ops, inits, values []string
	for _, n := range g.Nodes {
		ops = append(ops, n.Op)
	}
	for _, i := range g.Initializers {
		inits = append(inits, i.Name)
	}
	for _, v := range g.Values {
		values = append(values, v.Name)
	}
	if !slices.Equal(ops, []string{"Neg", "Neg", "If", "Clip"}) || !slices.Equal(inits, []string{"w", "w2", "top"}) || !slices.Equal(values, []string{"y"}) {
		t.Errorf("kept %v, %v, %v", ops, inits, values)
	}
}
