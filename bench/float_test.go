package bench

import (
	"slices"
	"testing"

	"yingda/models/onnx"
)

// stored is a graph with weights in the forms that bundles store.
func stored() *onnx.Model {
	f32 := func(name string) *onnx.Value {
		return &onnx.Value{Name: name, Type: onnx.Float, Dims: []onnx.Dim{{Param: "n"}, {Size: 2}}}
	}
	return &onnx.Model{IRVersion: 10, Opsets: []onnx.Opset{{Version: 21}, {Domain: "com.microsoft", Version: 1}}, Graph: &onnx.Graph{Name: "g",
		Inputs:  []*onnx.Value{{Name: "ids", Type: onnx.Int64, Dims: []onnx.Dim{{Param: "n"}}}},
		Outputs: []*onnx.Value{f32("a"), f32("b"), f32("c")},
		Initializers: []*onnx.Tensor{
			{Name: "table.q", Type: onnx.Int4, Dims: []int64{2, 2}, Raw: []byte{0x8f, 0x71}}, // −1 −8; 1 7
			onnx.NewFloats("table.scale", []float32{0.5, 2}, 2, 1),
			onnx.NewInt8s("w.q", []int8{1, 2, -3, 4}, 2, 2),
			onnx.NewFloats("w.scale", []float32{10, 0.5}, 2),
			onnx.NewInt8s("r.q", []int8{1, 2, -3, 4}, 2, 2),
			onnx.NewFloats("r.scale", []float32{10, 0.5}, 2),
		},
		Nodes: []*onnx.Node{
			{Op: "GatherBlockQuantized", Domain: "com.microsoft", Inputs: []string{"table.q", "ids", "table.scale"}, Outputs: []string{"x"},
				Attrs: []*onnx.Attr{onnx.IntAttr("gather_axis", 0), onnx.IntAttr("quantize_axis", 1), onnx.IntAttr("block_size", 2)}},
			{Op: "DequantizeLinear", Inputs: []string{"w.q", "w.scale"}, Outputs: []string{"w"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 1)}},
			{Op: "DequantizeLinear", Inputs: []string{"r.q", "r.scale"}, Outputs: []string{"r"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 0)}},
			{Op: "MatMul", Inputs: []string{"x", "w"}, Outputs: []string{"a"}},
			{Op: "MatMul", Inputs: []string{"x", "r"}, Outputs: []string{"b"}},
			{Op: "LpNormalization", Inputs: []string{"x"}, Outputs: []string{"c"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 1), onnx.IntAttr("p", 2)}},
		}}}
}

func TestExpand(t *testing.T) {
	data, err := Expand(onnx.Marshal(stored()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	g := m.Graph
	for name, want := range map[string][]float32{
		"table.q.f32": {-0.5, -4, 2, 14},
		"w":           {10, 1, -30, 2},
		"r":           {10, 20, -1.5, 2},
	} {
		if c := g.Initializer(name); c == nil || !slices.Equal(c.Floats(), want) {
			t.Errorf("%s is %v, want %v", name, c, want)
		}
	}
	var ops []string
	for _, n := range g.Nodes {
		ops = append(ops, n.Domain+n.Op)
	}
	if want := []string{"Gather", "MatMul", "MatMul", "ReduceL2", "Div"}; !slices.Equal(ops, want) {
		t.Errorf("operators %v, want %v", ops, want)
	}
	if g.Initializer("w.q") != nil || g.Initializer("table.q") != nil {
		t.Error("stored weights are still there")
	}
}

func TestExpandRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*onnx.Graph)
	}{
		{"ZeroPoint", func(g *onnx.Graph) { g.Nodes[1].Inputs = append(g.Nodes[1].Inputs, "r.q") }},
		{"Scales", func(g *onnx.Graph) { g.Nodes[1].Attrs[0].I = 7 }},
		{"Block", func(g *onnx.Graph) { g.Nodes[0].Attrs[2].I = 3 }},
		{"Table", func(g *onnx.Graph) { g.Nodes[0].Inputs[0] = "ids" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := stored()
			tc.spoil(m.Graph)
			if _, err := Expand(onnx.Marshal(m)); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := Expand([]byte("not a model")); err == nil {
		t.Error("no error for rubbish")
	}
}

func TestKeep(t *testing.T) {
	data, err := Keep(onnx.Marshal(stored()), "b")
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Unmarshal(data)
	if err != nil || len(m.Graph.Outputs) != 1 || len(m.Graph.Nodes) != 3 {
		t.Errorf("%d outputs, %d nodes, %v", len(m.Graph.Outputs), len(m.Graph.Nodes), err)
	}
	if _, err := Keep(data, "a"); err == nil {
		t.Error("an output that is not there was kept")
	}
}
