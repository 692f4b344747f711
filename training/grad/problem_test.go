package grad_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/grad"
)

// problem is a random graph with a loss. Its structure (operators, attributes, ranks, fixed sizes, constants) follows from one random
// source, sizes of free axes and numbers from another: two problems of one structure share a gradient graph.
type problem struct {
	g      *onnx.Graph
	opset  int64
	s, d   *rand.Rand // structure; data
	inputs map[string]*tensor
	whole  map[string]bool // inputs of int64
	wrt    []string
	ends   []string // values the loss is made of
	next   int
}

func newProblem(structure, data uint64) *problem {
	p := &problem{g: &onnx.Graph{Name: "problem"}, s: rand.New(rand.NewPCG(structure, 1)), d: rand.New(rand.NewPCG(structure, data)),
		inputs: map[string]*tensor{}, whole: map[string]bool{}}
	p.opset = []int64{17, 17, 18, 21}[p.s.IntN(4)]
	return p
}

// size is that of an axis; a free one differs between problems of one structure.
type size struct {
	n    int64
	free bool
}

func (p *problem) free() size  { return size{2 + p.d.Int64N(3), true} }
func (p *problem) fixed() size { return size{2 + p.s.Int64N(3), false} }

// sizes makes a shape of free and fixed sizes, seldom 1.
func (p *problem) sizes(rank int) []size {
	var out []size
	for range rank {
		switch p.s.IntN(5) {
		case 0:
			out = append(out, size{n: 1})
		case 1, 2:
			out = append(out, p.fixed())
		default:
			out = append(out, p.free())
		}
	}
	return out
}

// shrunk is a shape that broadcasts to another.
func (p *problem) shrunk(of []size) []size {
	out := slices.Clone(of[p.s.IntN(len(of)+1):])
	for i := range out {
		if p.s.IntN(3) == 0 {
			out[i] = size{n: 1}
		}
	}
	return out
}

func (p *problem) rank(most int) int { return 1 + p.s.IntN(most) }

func (p *problem) name(stem string) string {
	p.next++
	return fmt.Sprintf("%s%d", stem, p.next)
}

// param adds a float input between lo and hi whose gradient is wanted. The Go binding has no scalars: those come from a list of one.
func (p *problem) param(shape []size, lo, hi float64) string {
	name := p.data(shape, func() float64 { return lo + (hi-lo)*p.d.Float64() })
	p.wrt = append(p.wrt, name)
	if len(shape) == 0 {
		return p.node("Squeeze", []string{name})
	}
	return name
}

func (p *problem) data(shape []size, draw func() float64) string {
	if len(shape) == 0 {
		shape = []size{{n: 1}}
	}
	v := &onnx.Value{Name: p.name("x"), Type: onnx.Float}
	t := &tensor{}
	for _, s := range shape {
		d := onnx.Dim{Size: s.n}
		if s.free {
			d = onnx.Dim{Param: p.name("free")}
		}
		v.Dims, t.dims = append(v.Dims, d), append(t.dims, s.n)
	}
	for range count(t.dims) {
		t.data = append(t.data, float64(float32(draw())))
	}
	p.g.Inputs = append(p.g.Inputs, v)
	p.inputs[v.Name] = t
	return v.Name
}

// index adds an int64 input of places below n, some of them counted from the end.
func (p *problem) index(shape []size, n int64) string {
	name := p.data(shape, func() float64 { return float64(p.d.Int64N(2*n) - n) })
	p.g.Inputs[len(p.g.Inputs)-1].Type = onnx.Int64
	p.whole[name] = true
	if len(shape) == 0 {
		return p.node("Squeeze", []string{name})
	}
	return name
}

// ints adds a constant: an initialiser, or a Constant node as exporters write them.
func (p *problem) ints(v ...int64) string {
	t := onnx.NewInts(p.name("c"), v, int64(len(v)))
	switch p.s.IntN(5) {
	case 0, 1:
		return p.node("Constant", nil, onnx.TensorAttr("value", t))
	case 2:
		return p.node("Constant", nil, onnx.IntsAttr("value_ints", v...))
	case 3:
		return p.node("Identity", []string{p.node("Constant", nil, onnx.TensorAttr("value", t))})
	}
	p.g.Initializers = append(p.g.Initializers, t)
	return t.Name
}

// int32s adds a constant of 32-bit integers; what is larger becomes the largest.
func (p *problem) int32s(v ...int64) string {
	t := &onnx.Tensor{Name: p.name("c"), Type: onnx.Int32, Dims: []int64{int64(len(v))}}
	for _, x := range v {
		t.Raw = binary.LittleEndian.AppendUint32(t.Raw, uint32(int32(min(x, math.MaxInt32))))
	}
	p.g.Initializers = append(p.g.Initializers, t)
	return t.Name
}

func (p *problem) float(v float32) string {
	name := p.name("c")
	p.g.Initializers = append(p.g.Initializers, onnx.NewFloats(name, []float32{v}))
	return name
}

func (p *problem) bools(shape []size) string {
	t := &onnx.Tensor{Name: p.name("c"), Type: onnx.Bool}
	for _, s := range shape {
		t.Dims = append(t.Dims, s.n)
	}
	for range count(t.Dims) {
		t.Raw = append(t.Raw, byte(p.s.IntN(2)))
	}
	p.g.Initializers = append(p.g.Initializers, t)
	return t.Name
}

func (p *problem) node(op string, inputs []string, attrs ...*onnx.Attr) string {
	return p.nodes(op, 1, inputs, attrs...)[0]
}

func (p *problem) nodes(op string, outputs int, inputs []string, attrs ...*onnx.Attr) []string {
	n := &onnx.Node{Op: op, Name: p.name(op), Inputs: inputs, Attrs: attrs}
	if slices.Contains([]string{"BiasGelu", "FastGelu", "QuickGelu", "SkipLayerNormalization"}, op) {
		n.Domain = "com.microsoft"
	}
	for range outputs {
		n.Outputs = append(n.Outputs, p.name("y"))
	}
	p.g.Nodes = append(p.g.Nodes, n)
	return n.Outputs
}

// end makes values part of the loss.
func (p *problem) end(values ...string) { p.ends = append(p.ends, values...) }

const loss = "loss"

// close adds the loss: a sum of all elements of the ends, each with a random weight.
func (p *problem) close() {
	values := evaluate(p.g, p.inputs)
	var terms []string
	for _, v := range p.ends {
		var shape []size
		for _, n := range values[v].dims {
			shape = append(shape, size{n, true})
		}
		weight := p.data(shape, func() float64 { return 2*p.d.Float64() - 1 })
		terms = append(terms, p.node("ReduceSum", []string{p.node("Mul", []string{v, weight})}, onnx.IntAttr("keepdims", 0)))
	}
	p.g.Nodes = append(p.g.Nodes, &onnx.Node{Op: "Sum", Inputs: terms, Outputs: []string{loss}})
}

// differences are central differences of the loss by the reference.
func (p *problem) differences(param string) []float64 {
	const h = 1e-5
	t := p.inputs[param]
	out := make([]float64, len(t.data))
	for i, x := range t.data {
		t.data[i] = x + h
		up := evaluate(p.g, p.inputs)[loss].data[0]
		t.data[i] = x - h
		out[i] = (up - evaluate(p.g, p.inputs)[loss].data[0]) / (2 * h)
		t.data[i] = x
	}
	return out
}

// shapes are those of all values.
func (p *problem) shapes() grad.Shapes {
	shapes := grad.Shapes{}
	for name, t := range evaluate(p.g, p.inputs) {
		if t != nil {
			shapes[name] = t.dims
		}
	}
	return shapes
}

// solver is a compiled gradient graph.
type solver struct {
	program *ort.Program
	grads   []string // outputs: the gradients of wrt, flat
}

// compile differentiates the problem. The problem's graph stays as it is.
func (p *problem) compile(t *testing.T) *solver {
	t.Helper()
	g := *p.g
	grads, err := grad.Backward(&g, p.shapes(), loss, p.wrt)
	if err != nil {
		t.Fatal(err)
	}
	s := &solver{}
	g.Initializers = append(g.Initializers, onnx.NewInts("flat", []int64{-1}, 1))
	for _, w := range p.wrt {
		out := "flat/" + w
		g.Nodes = append(g.Nodes, &onnx.Node{Op: "Reshape", Inputs: []string{grads[w], "flat"}, Outputs: []string{out}})
		s.grads = append(s.grads, out)
	}
	m := &onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: p.opset}, {Domain: "com.microsoft", Version: 1}}, Graph: &g}
	var inputs []string
	for _, v := range g.Inputs {
		inputs = append(inputs, v.Name)
	}
	g.Outputs = nil
	for _, o := range s.grads {
		g.Outputs = append(g.Outputs, &onnx.Value{Name: o})
	}
	if s.program, err = ort.Compile(m, inputs, s.grads, ort.ProgramOptions{Threads: 1, Plain: p.s.IntN(3) > 0}); err != nil {
		t.Fatalf("%v\n%s", err, describe(p.g))
	}
	t.Cleanup(func() {
		if err := s.program.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// check compares the gradients of a problem with central differences.
func (s *solver) check(t *testing.T, p *problem, tolerance float64) {
	t.Helper()
	for name, in := range p.inputs {
		var err error
		if p.whole[name] {
			err = ort.BindInput(s.program, name, in.ints(), in.dims...)
		} else {
			err = ort.BindInput(s.program, name, floats(in.data), in.dims...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	got := make([][]float32, len(p.wrt))
	for i, w := range p.wrt {
		got[i] = make([]float32, len(p.inputs[w].data))
		if err := ort.BindOutput(s.program, s.grads[i], got[i], int64(len(got[i]))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.program.Run(); err != nil {
		t.Fatalf("%v\n%s", err, describe(p.g))
	}
	for i, w := range p.wrt {
		want := p.differences(w)
		if e := distance(got[i], want); !(e <= tolerance) {
			t.Errorf("the gradient of %s %v is off by %.2g\ngot  %.7v\nwant %.7v\n%s", w, p.inputs[w].dims, e, got[i], want, describe(p.g))
		}
	}
}

func floats(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// distance is |got − want| / |want|, of vectors.
func distance(got []float32, want []float64) float64 {
	d, n := 0.0, 0.0
	for i, w := range want {
		d += (float64(got[i]) - w) * (float64(got[i]) - w)
		n += w * w
	}
	return math.Sqrt(d) / max(math.Sqrt(n), 1e-3)
}

func describe(g *onnx.Graph) string {
	var b bytes.Buffer
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "  %v = %s%v", n.Outputs, n.Op, n.Inputs)
		for _, a := range n.Attrs {
			fmt.Fprintf(&b, " %s=%v%v%v%s", a.Name, a.I, a.Ints, a.F, a.S)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// sameStructure tells whether the gradient graph of one problem serves the other.
func sameStructure(p, q *problem) bool {
	return bytes.Equal(onnx.Marshal(&onnx.Model{Graph: p.g}), onnx.Marshal(&onnx.Model{Graph: q.g}))
}
