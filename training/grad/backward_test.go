package grad_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/grad"
)

// solve checks one problem, not closed yet, and the same structure on other sizes.
func solve(t *testing.T, seed uint64, f func(p *problem)) {
	t.Helper()
	testenv.MustORT(t)
	p := solved(seed, 1, f)
	s := p.compile(t)
	s.check(t, p, tolerance)
	if q := solved(seed, 2, f); sameStructure(p, q) {
		s.check(t, q, tolerance)
	}
}

// TestSeveralWays adds up the gradients that reach a value by several ways.
func TestSeveralWays(t *testing.T) {
	solve(t, 1, func(p *problem) {
		x := p.param([]size{p.free(), p.fixed()}, -1, 1)
		square := p.node("Mul", []string{x, x})
		twice := p.node("Concat", []string{x, square, x}, onnx.IntAttr("axis", 0))
		p.end(p.node("Tanh", []string{square}), twice, p.node("Sum", []string{x, x, square}), x)
	})
}

// TestUnwanted leaves out what no parameter reaches and what does not reach the loss.
func TestUnwanted(t *testing.T) {
	solve(t, 2, func(p *problem) {
		shape := []size{p.free(), p.fixed()}
		x, c := p.param(shape, -1, 1), p.data(shape, func() float64 { return p.d.Float64() })
		p.node("NonZero", []string{x}) // no rule, and not on the way
		p.nodes("TopK", 2, []string{c, p.ints(1)})
		steps := p.node("Floor", []string{x}) // flat
		p.end(p.node("Mul", []string{p.node("Add", []string{x, steps}), p.node("Exp", []string{c})}))
	})
	p := solved(3, 1, func(p *problem) {
		p.end(p.node("Exp", []string{p.param([]size{p.fixed()}, -1, 1)}))
		p.node("Exp", []string{p.param([]size{p.fixed()}, -1, 1)})
	})
	before := onnx.Marshal(&onnx.Model{Graph: p.g})
	for _, tt := range []struct {
		wrt  []string
		want string
	}{
		{p.wrt, `the loss does not depend on "` + p.wrt[1] + `"`},
		{p.wrt[1:], `the loss "loss" depends on none of the parameters`},
		{[]string{"nothing"}, `the loss "loss" depends on none of the parameters`},
	} {
		if _, err := grad.Backward(p.g, p.shapes(), loss, tt.wrt); err == nil || err.Error() != "differentiate: "+tt.want {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
	if !bytes.Equal(before, onnx.Marshal(&onnx.Model{Graph: p.g})) {
		t.Error("the graph was changed")
	}
}

// square is a parameter of a problem that is refused.
func square(p *problem) string { return p.param([]size{{n: 4}, {n: 4}}, 0.2, 1) }

// negated is the body of a branch that reads an outer value.
func negated(value string) *onnx.Graph {
	return &onnx.Graph{Nodes: []*onnx.Node{{Op: "Neg", Inputs: []string{value}, Outputs: []string{"branch"}}}, Outputs: []*onnx.Value{{Name: "branch", Type: onnx.Float}}}
}

// refused makes values that have no gradient.
var refused = []struct {
	name, want string
	value      func(p *problem) string
}{
	{"Einsum", `operator Einsum (node "the node", output "y") has no gradient rule`, func(p *problem) string { return p.node("Einsum", []string{square(p)}) }},
	{"TopK", "operator TopK", func(p *problem) string { return p.nodes("TopK", 2, []string{square(p), p.ints(1)})[0] }},
	{"Branches", "operator If", func(p *problem) string {
		return p.node("If", []string{"condition"}, &onnx.Attr{Name: "then_branch", Type: onnx.AttrGraph, G: negated(square(p))})
	}},
	{"Domain", "operator com.microsoft.Attention", func(p *problem) string {
		y := p.node("Attention", []string{square(p)})
		p.g.Nodes[0].Domain = "com.microsoft"
		return y
	}},
	{"Statistics", `has no gradient rule for its output`, func(p *problem) string {
		return p.nodes("LayerNormalization", 3, []string{square(p), p.param([]size{{n: 4}}, 0.5, 1)})[1]
	}},
	{"Step", "a slice with step 2", func(p *problem) string {
		return p.node("Slice", []string{square(p), p.ints(0), p.ints(4), p.ints(0), p.ints(2)})
	}},
	{"Training", "training_mode", func(p *problem) string { return p.node("Dropout", []string{square(p), "", "mode"}) }},
	{"Reflection", "padding with mode reflect", func(p *problem) string {
		return p.node("Pad", []string{square(p), p.ints(1, 1, 1, 1)}, onnx.StringAttr("mode", "reflect"))
	}},
	{"Bounds", "the bounds must be constant", func(p *problem) string {
		a := square(p)
		return p.node("Clip", []string{a, a})
	}},
	{"Vector", "give them two axes", func(p *problem) string { return p.node("MatMul", []string{square(p), p.param([]size{{n: 4}}, 0, 1)}) }},
	{"Axis", "axis 7 of a value with 2 axes", func(p *problem) string { return p.node("Softmax", []string{square(p)}, onnx.IntAttr("axis", 7)) }},
	{"Shape", "the shape of", func(p *problem) string { return p.node("Softmax", []string{p.node("Exp", []string{square(p)})}) }},
}

// TestErrors names operator and node, and leaves the graph as it was.
func TestErrors(t *testing.T) {
	for _, tt := range refused {
		t.Run("Err"+tt.name, func(t *testing.T) {
			p := newProblem(1, 1)
			y := tt.value(p)
			last := p.g.Nodes[len(p.g.Nodes)-1]
			last.Name = "the node"
			if tt.name == "Einsum" {
				last.Outputs[0], y = "y", "y"
			}
			p.g.Nodes = append(p.g.Nodes, &onnx.Node{Op: "ReduceSum", Inputs: []string{y}, Outputs: []string{loss}})
			shapes := grad.Shapes{loss: {}, y: {4, 4}}
			for name, in := range p.inputs {
				shapes[name] = in.dims
			}
			before, known := onnx.Marshal(&onnx.Model{Graph: p.g}), maps.Clone(shapes)
			_, err := grad.Backward(p.g, shapes, loss, p.wrt)
			if err == nil || !strings.HasPrefix(err.Error(), "differentiate: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), `node "the node"`) {
				t.Errorf("%v does not name the node", err)
			}
			if !bytes.Equal(before, onnx.Marshal(&onnx.Model{Graph: p.g})) || len(known) != len(shapes) {
				t.Error("the graph or the shapes were changed")
			}
		})
	}
}

// TestNames: nothing that is added takes a name that is there, also inside nodes; and the caller's nodes stay as they are.
func TestNames(t *testing.T) {
	taken := []string{"grad/Add_0", "grad/Gelu_1", "grad/float_2", "grad/ints_3", "grad/Shape_4", "grad/Mul_5", "grad/ConstantOfShape_0", "grad/mean_8"}
	f := func(p *problem) {
		p.opset = 20
		shape := []size{p.free(), {n: 4}}
		x := p.param(shape, -1, 1)
		for _, name := range taken {
			p.g.Nodes = append(p.g.Nodes, &onnx.Node{Op: "Neg", Name: "n" + name, Inputs: []string{x}, Outputs: []string{name}})
			x = name
		}
		y := p.node("Gelu", []string{x})
		p.end(p.node("LayerNormalization", []string{y, p.param(shape[1:], 0.5, 1)}), p.node("Add", []string{y, x}))
	}
	solve(t, 4, f)
	p := solved(4, 1, f)
	nodes, before := slices.Clone(p.g.Nodes), onnx.Marshal(&onnx.Model{Graph: p.g})
	g := *p.g
	if _, err := grad.Backward(&g, p.shapes(), loss, p.wrt); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(nodes, p.g.Nodes) || !bytes.Equal(before, onnx.Marshal(&onnx.Model{Graph: p.g})) {
		t.Error("the caller's graph was changed")
	}
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		for _, o := range n.Outputs {
			if seen[o] && o != "" {
				t.Errorf("%q is made twice", o)
			}
			seen[o] = true
		}
	}
	for _, c := range g.Initializers {
		if seen[c.Name] {
			t.Errorf("constant %q is also made by a node", c.Name)
		}
	}
}

// TestAskShapes compares the shapes that ONNX Runtime sees with those of the reference.
func TestAskShapes(t *testing.T) {
	testenv.MustORT(t)
	p := solved(5, 1, func(p *problem) {
		x := p.param([]size{p.free(), p.fixed()}, -1, 1)
		p.end(p.node("MatMul", []string{x, p.node("Transpose", []string{x})}), p.node("Unsqueeze", []string{x, p.ints(0)}))
	})
	want := p.shapes()
	g := *p.g
	asked := grad.AskShapes(&g)
	outputs := slices.Sorted(maps.Keys(asked))
	var inputs []string
	for _, v := range g.Inputs {
		inputs = append(inputs, v.Name)
	}
	for _, o := range outputs {
		g.Outputs = append(g.Outputs, &onnx.Value{Name: o})
	}
	prog, err := ort.Compile(&onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: 17}}, Graph: &g}, inputs, outputs, ort.ProgramOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	defer prog.Close()
	for name, in := range p.inputs {
		if err := ort.BindInput(prog, name, floats(in.data), in.dims...); err != nil {
			t.Fatal(err)
		}
	}
	got, err := prog.Integers(inputs, outputs)
	if err != nil {
		t.Fatal(err)
	}
	for out, value := range asked {
		if !slices.Equal(got[out][1:], want[value]) {
			t.Errorf("%s has shape %v, want %v", value, got[out][1:], want[value])
		}
	}
	if len(asked) == 0 {
		t.Error("no value was asked for")
	}
}

// TestGatherThreads: rows gathered more than once on several threads. ONNX Runtime's ScatterND loses some of their gradients.
func TestGatherThreads(t *testing.T) {
	testenv.MustORT(t)
	const rows, width, n = 400, 64, 20000
	rng := rand.New(rand.NewPCG(1, 2))
	g := &onnx.Graph{Inputs: []*onnx.Value{
		{Name: "x", Type: onnx.Float, Dims: []onnx.Dim{{Param: "rows"}, {Param: "width"}}},
		{Name: "i", Type: onnx.Int64, Dims: []onnx.Dim{{Param: "n"}}},
		{Name: "w", Type: onnx.Float, Dims: []onnx.Dim{{Param: "n"}, {Param: "width"}}}},
		Nodes: []*onnx.Node{
			{Op: "Gather", Inputs: []string{"x", "i"}, Outputs: []string{"y"}},
			{Op: "Mul", Inputs: []string{"y", "w"}, Outputs: []string{"z"}},
			{Op: "ReduceSum", Inputs: []string{"z"}, Outputs: []string{loss}}}}
	shapes := grad.Shapes{"x": {rows, width}, "i": {n}, "y": {n, width}, "w": {n, width}, "z": {n, width}, loss: {1, 1}}
	grads, err := grad.Backward(g, shapes, loss, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	g.Outputs = []*onnx.Value{{Name: grads["x"]}}
	prog, err := ort.Compile(&onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: 17}}, Graph: g}, []string{"x", "i", "w"}, []string{grads["x"]}, ort.ProgramOptions{Threads: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer prog.Close()
	index, w, want := make([]int64, n), make([]float32, n*width), make([]float64, rows*width)
	for i := range index {
		index[i] = rng.Int64N(7)
		for k := range width {
			v := float32(rng.Float64())
			w[i*width+k] = v
			want[int(index[i])*width+k] += float64(v)
		}
	}
	got := make([]float32, rows*width)
	for _, err := range []error{ort.BindInput(prog, "x", make([]float32, rows*width), rows, width), ort.BindInput(prog, "i", index, n),
		ort.BindInput(prog, "w", w, n, width), ort.BindOutput(prog, grads["x"], got, rows, width)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if err := prog.Run(); err != nil {
			t.Fatal(err)
		}
		if e := distance(got, want); e > tolerance {
			t.Fatalf("off by %g", e)
		}
	}
}
