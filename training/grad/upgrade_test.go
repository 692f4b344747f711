package grad_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/grad"
)

// old is a graph of an older operator set, from x [2, 3, 1, 4] to y.
type old struct {
	name  string
	opset int64
	dims  []int64 // of y
	nodes []*onnx.Node
}

func call(op, out string, inputs []string, attrs ...*onnx.Attr) *onnx.Node {
	return &onnx.Node{Op: op, Name: "the " + op, Inputs: inputs, Outputs: []string{out}, Attrs: attrs}
}

var x = []string{"x"}

// graphs are of operators that changed between the sets, and of some that did not.
var graphs = []old{
	{"Squeeze", 11, []int64{2, 3, 4}, []*onnx.Node{call("Squeeze", "y", x, onnx.IntsAttr("axes", 2))}},
	{"SqueezeNegative", 12, []int64{2, 3, 4}, []*onnx.Node{call("Squeeze", "y", x, onnx.IntsAttr("axes", -2))}},
	{"SqueezeAll", 11, []int64{2, 3, 4}, []*onnx.Node{call("Squeeze", "y", x)}},
	{"Unsqueeze", 12, []int64{1, 2, 1, 3, 1, 4}, []*onnx.Node{call("Unsqueeze", "y", x, onnx.IntsAttr("axes", 0, 2))}},
	{"ReduceSum", 11, []int64{2, 1, 1, 4}, []*onnx.Node{call("ReduceSum", "y", x, onnx.IntsAttr("axes", 1, -2))}},
	{"ReduceSumAll", 12, []int64{1, 1, 1, 1}, []*onnx.Node{call("ReduceSum", "y", x)}},
	{"ReduceMean", 13, []int64{2, 3, 4}, []*onnx.Node{call("ReduceMean", "y", x, onnx.IntsAttr("axes", 2), onnx.IntAttr("keepdims", 0))}},
	{"Split", 11, []int64{2, 2, 1, 4}, []*onnx.Node{
		{Op: "Split", Inputs: x, Outputs: []string{"a", "y"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 1), onnx.IntsAttr("split", 1, 2)}}}},
	{"SplitEqual", 12, []int64{1, 3, 1, 4}, []*onnx.Node{{Op: "Split", Inputs: x, Outputs: []string{"a", "y"}}}},
	{"Softmax", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("Softmax", "y", x)}},
	{"Softmax3", 12, []int64{2, 3, 1, 4}, []*onnx.Node{call("Softmax", "y", x, onnx.IntAttr("axis", 3))}},
	{"SoftmaxLast", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("Softmax", "y", x, onnx.IntAttr("axis", -1))}},
	{"Softmax0", 12, []int64{2, 3, 1, 4}, []*onnx.Node{call("Softmax", "y", x, onnx.IntAttr("axis", 0))}},
	{"LogSoftmax2", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("LogSoftmax", "y", x, onnx.IntAttr("axis", -2))}},
	{"Hardmax", 12, []int64{2, 3, 1, 4}, []*onnx.Node{call("Hardmax", "y", x)}},
	{"SoftmaxNew", 13, []int64{2, 3, 1, 4}, []*onnx.Node{call("Softmax", "y", x, onnx.IntAttr("axis", 1))}},
	{"SoftmaxInner", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("Neg", "a", x), call("Softmax", "y", []string{"a"}, onnx.IntAttr("axis", 2))}},
	{"Dropout", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("Dropout", "y", x, onnx.FloatAttr("ratio", 0.3))}},
	{"Dropout12", 12, []int64{2, 3, 1, 4}, []*onnx.Node{call("Dropout", "y", x)}},
	{"Clip", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("Clip", "y", []string{"x", "", "half"})}},
	{"Pad", 11, []int64{2, 3, 1, 6}, []*onnx.Node{call("Pad", "y", []string{"x", "pads"})}},
	{"BatchNormalization", 11, []int64{2, 3, 1, 4}, []*onnx.Node{call("BatchNormalization", "y", []string{"x", "three", "three", "three", "three"})}},
	{"Branch", 11, []int64{2, 3, 4}, []*onnx.Node{call("If", "y", []string{"true"}, branch("then_branch", "Squeeze"), branch("else_branch", "Softmax"))}},
	{"TakenNames", 12, []int64{2, 3, 4}, []*onnx.Node{
		call("Squeeze", "upgrade/ints_0", x, onnx.IntsAttr("axes", 2)), call("Neg", "upgrade/Flatten_1", []string{"upgrade/ints_0"}),
		call("Softmax", "y", []string{"upgrade/Flatten_1"})}},
}

func branch(name, op string) *onnx.Attr {
	g := &onnx.Graph{Name: name, Nodes: []*onnx.Node{call("Squeeze", name+"/y", x, onnx.IntsAttr("axes", 2))}, Outputs: []*onnx.Value{{Name: name + "/y", Type: onnx.Float}}}
	if op == "Softmax" {
		g.Nodes = append(g.Nodes, call("Softmax", name+"/z", []string{name + "/y"}))
		g.Outputs[0].Name = name + "/z"
	}
	return &onnx.Attr{Name: name, Type: onnx.AttrGraph, G: g}
}

func (o old) model(ranks bool) *onnx.Model {
	v := &onnx.Value{Name: "x", Type: onnx.Float, Dims: make([]onnx.Dim, 4)}
	if !ranks {
		v.Dims = nil
	}
	return &onnx.Model{IRVersion: 6, Opsets: []onnx.Opset{{Version: o.opset}, {Domain: "com.microsoft", Version: 1}}, Graph: &onnx.Graph{Name: "old", Nodes: o.nodes,
		Inputs: []*onnx.Value{v}, Outputs: []*onnx.Value{{Name: "y", Type: onnx.Float}},
		Initializers: []*onnx.Tensor{onnx.NewFloats("half", []float32{0.5}), onnx.NewFloats("three", []float32{0.5, 1, 2}, 3),
			onnx.NewInts("pads", []int64{0, 0, 0, 1, 0, 0, 0, 1}, 8), {Name: "true", Type: onnx.Bool, Raw: []byte{1}, Dims: []int64{1}}}}}
}

// run computes y.
func run(t *testing.T, m *onnx.Model, in []float32, dims []int64) []float32 {
	t.Helper()
	p, err := ort.Compile(m, []string{"x"}, []string{"y"}, ort.ProgramOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out := make([]float32, count(dims))
	for _, err := range []error{ort.BindInput(p, "x", in, 2, 3, 1, 4), ort.BindOutput(p, "y", out, dims...), p.Run()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestUpgrade runs graphs of old operator sets before and after, with the ranks of values known and not.
func TestUpgrade(t *testing.T) {
	testenv.MustORT(t)
	rng := rand.New(rand.NewPCG(3, 4))
	in := make([]float32, 24)
	for i := range in {
		in[i] = float32(rng.NormFloat64())
	}
	for _, tt := range graphs {
		for _, ranks := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				m := tt.model(ranks)
				original, before := m.Graph, onnx.Marshal(tt.model(ranks))
				want := run(t, m, in, tt.dims)
				if err := grad.Upgrade(m); err != nil {
					t.Fatal(err)
				}
				if m.Opsets[0].Version != 17 || m.Opsets[1].Version != 1 || m.IRVersion < 8 {
					t.Fatalf("opsets %v, IR %d", m.Opsets, m.IRVersion)
				}
				for i, v := range run(t, m, in, tt.dims) {
					if math.Abs(float64(v-want[i])) > 1e-6 {
						t.Fatalf("element %d is %g, was %g\n%s", i, v, want[i], describe(m.Graph))
					}
				}
				m.Graph, m.Opsets, m.IRVersion = original, tt.model(ranks).Opsets, 6
				if !bytes.Equal(before, onnx.Marshal(m)) {
					t.Error("the nodes of the old graph were changed")
				}
			})
		}
	}
	t.Run("OKNewer", func(t *testing.T) {
		m := old{opset: 21, nodes: []*onnx.Node{call("Neg", "y", x)}}.model(true)
		before := onnx.Marshal(m)
		if err := grad.Upgrade(m); err != nil || !bytes.Equal(before, onnx.Marshal(m)) {
			t.Errorf("a newer model was changed: %v", err)
		}
	})
	t.Run("OKRoiAlign", func(t *testing.T) { // 16 changed the default
		m := old{opset: 15, nodes: []*onnx.Node{call("RoiAlign", "y", x)}}.model(true)
		if err := grad.Upgrade(m); err != nil || string(m.Graph.Nodes[0].Attr("coordinate_transformation_mode").S) != "output_half_pixel" {
			t.Errorf("%+v, %v", m.Graph.Nodes[0], err)
		}
	})
	t.Run("OKConstantInputs", func(t *testing.T) { // as files before IR version 4 have them
		m := old{opset: 11, nodes: []*onnx.Node{call("Clip", "y", []string{"x", "", "half"})}}.model(true)
		m.IRVersion = 3
		m.Graph.Inputs = append(m.Graph.Inputs, &onnx.Value{Name: "half", Type: onnx.Float, Dims: []onnx.Dim{}})
		if err := grad.Upgrade(m); err != nil || len(m.Graph.Inputs) != 1 {
			t.Errorf("inputs %v, %v", m.Graph.Inputs, err)
		}
	})
}

func TestUpgradeErrors(t *testing.T) {
	tests := []struct {
		name, want string
		change     func(m *onnx.Model)
	}{
		{"ErrTooOld", "operator set 9 is too old", func(m *onnx.Model) { m.Opsets[0].Version = 9 }},
		{"ErrNoOpset", "does not say which operator set", func(m *onnx.Model) { m.Opsets = m.Opsets[1:] }},
		{"ErrFunctions", "functions of its own", func(m *onnx.Model) { m.Functions = 1 }},
		{"ErrAxis", `operator Softmax (node "the Softmax", output "y"): axis 5 of a value with 4 axes`, func(m *onnx.Model) {
			m.Graph.Nodes = []*onnx.Node{call("Squeeze", "a", x, onnx.IntsAttr("axes", 2)), call("Softmax", "y", x, onnx.IntAttr("axis", 5))}
		}},
		{"ErrInputs", `operator ReduceSum (node "the ReduceSum", output "y"): 2 inputs in operator set 11`, func(m *onnx.Model) {
			m.Graph.Nodes = []*onnx.Node{call("ReduceSum", "y", []string{"x", "pads"})}
		}},
		{"ErrTraining", `operator BatchNormalization (node "b", output "y"): it is in training mode`, func(m *onnx.Model) {
			m.Graph.Nodes = []*onnx.Node{{Op: "BatchNormalization", Name: "b", Inputs: x, Outputs: []string{"y", "mean", "var"}}}
		}},
		{"ErrEmpty", "operator Softmax (node \"\") lacks inputs", func(m *onnx.Model) { m.Graph.Nodes = []*onnx.Node{{Op: "Softmax"}} }},
		{"ErrInside", "axis 9", func(m *onnx.Model) {
			inner := &onnx.Graph{Nodes: []*onnx.Node{call("Softmax", "z", x, onnx.IntAttr("axis", 9))}}
			m.Graph.Nodes = []*onnx.Node{call("If", "y", []string{"true"}, &onnx.Attr{Name: "then_branch", Type: onnx.AttrGraph, G: inner})}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := old{opset: 11, nodes: []*onnx.Node{call("Neg", "y", x)}}.model(true)
			tt.change(m)
			before := onnx.Marshal(m)
			err := grad.Upgrade(m)
			if err == nil || !strings.HasPrefix(err.Error(), "upgrade: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if !bytes.Equal(before, onnx.Marshal(m)) {
				t.Error("the model was changed")
			}
		})
	}
}
