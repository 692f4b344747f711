package grad

import (
	"fmt"
	"math"
	"slices"

	"yingda/models/onnx"
)

// builder appends nodes and constants under names that the graph does not hold yet.
type builder struct {
	g      *onnx.Graph
	stem   string // what names begin with
	taken  map[string]bool
	next   int
	consts map[string]string // constants made so far, by type and value
	shaped map[string]string // value to the output of its Shape node
}

func newBuilder(g *onnx.Graph) builder {
	b := builder{g: g, stem: "grad/", taken: map[string]bool{}, consts: map[string]string{}, shaped: map[string]string{}}
	names(g, b.taken)
	return b
}

// name returns one that is not taken.
func (b *builder) name(stem string) string {
	for {
		n := fmt.Sprintf("%s%s_%d", b.stem, stem, b.next)
		b.next++
		if !b.taken[n] {
			b.taken[n] = true
			return n
		}
	}
}

// node appends a node with one output and returns its name.
func (b *builder) node(op string, inputs []string, attrs ...*onnx.Attr) string {
	return b.nodes(op, 1, inputs, attrs...)[0]
}

// nodes appends a node with several outputs.
func (b *builder) nodes(op string, outputs int, inputs []string, attrs ...*onnx.Attr) []string {
	out := make([]string, outputs)
	for i := range out {
		out[i] = b.name(op)
	}
	b.g.Nodes = append(b.g.Nodes, &onnx.Node{Op: op, Name: out[0], Inputs: inputs, Outputs: out, Attrs: attrs})
	return out
}

// replace puts nodes in the place of one that gave the same output. The caller's nodes are never changed: they may be shared.
func (b *builder) replace(old *onnx.Node, with ...*onnx.Node) {
	i := slices.Index(b.g.Nodes, old)
	b.g.Nodes = slices.Replace(b.g.Nodes, i, i+1, with...)
}

// float returns a scalar constant.
func (b *builder) float(v float64) string {
	key := fmt.Sprintf("f%x", math.Float32bits(float32(v)))
	if b.consts[key] == "" {
		b.consts[key] = b.name("float")
		b.g.Initializers = append(b.g.Initializers, onnx.NewFloats(b.consts[key], []float32{float32(v)}))
	}
	return b.consts[key]
}

// ints returns a constant list of integers.
func (b *builder) ints(v ...int64) string {
	key := fmt.Sprint("i", v)
	if b.consts[key] == "" {
		b.consts[key] = b.name("ints")
		b.g.Initializers = append(b.g.Initializers, onnx.NewInts(b.consts[key], v, int64(len(v))))
	}
	return b.consts[key]
}

// shape returns the shape of a value, asked for while the graph runs.
func (b *builder) shape(of string) string {
	if b.shaped[of] == "" {
		b.shaped[of] = b.node("Shape", []string{of})
	}
	return b.shaped[of]
}

func (b *builder) add(x, y string) string { return b.node("Add", []string{x, y}) }
func (b *builder) sub(x, y string) string { return b.node("Sub", []string{x, y}) }
func (b *builder) mul(x, y string) string { return b.node("Mul", []string{x, y}) }
func (b *builder) div(x, y string) string { return b.node("Div", []string{x, y}) }
func (b *builder) neg(x string) string    { return b.node("Neg", []string{x}) }
func (b *builder) exp(x string) string    { return b.node("Exp", []string{x}) }

// like gives x the shape of another value with as many elements.
func (b *builder) like(x, other string) string { return b.node("Reshape", []string{x, b.shape(other)}) }

// sum adds up along axes.
func (b *builder) sum(x string, keep bool, axes ...int64) string {
	k := int64(0)
	if keep {
		k = 1
	}
	return b.node("ReduceSum", []string{x, b.ints(axes...)}, onnx.IntAttr("keepdims", k))
}

func (b *builder) transpose(x string, perm []int64) string {
	return b.node("Transpose", []string{x}, onnx.IntsAttr("perm", perm...))
}

// gemm is x·y for matrices, either of them transposed first.
func (b *builder) gemm(x, y string, transX, transY bool) string {
	flag := map[bool]int64{true: 1}
	return b.node("Gemm", []string{x, y}, onnx.IntAttr("transA", flag[transX]), onnx.IntAttr("transB", flag[transY]))
}

// filled makes a tensor of a shape with one value everywhere.
func (b *builder) filled(shape string, v float32) string {
	return b.node("ConstantOfShape", []string{shape}, onnx.TensorAttr("value", onnx.NewFloats("", []float32{v}, 1)))
}

// int64s converts a value that may be int32.
func (b *builder) int64s(x string) string {
	return b.node("Cast", []string{x}, onnx.IntAttr("to", int64(onnx.Int64)))
}

// count is the number of elements of a value, as a float.
func (b *builder) count(x string) string {
	return b.node("Cast", []string{b.node("Size", []string{x})}, onnx.IntAttr("to", int64(onnx.Float)))
}

// concat puts lists side by side.
func (b *builder) concat(lists ...string) string {
	return b.node("Concat", lists, onnx.IntAttr("axis", 0))
}

// dim is the size of a value along an axis, as a list of one.
func (b *builder) dim(value string, axis int64) string {
	return b.node("Gather", []string{b.shape(value), b.ints(axis)})
}

// fixed returns the size of a value along an axis when it is the same in every run: of constants, and of inputs that declare it.
func (b *builder) fixed(value string, axis int64) (int64, bool) {
	if t := b.g.Initializer(value); t != nil && axis < int64(len(t.Dims)) {
		return t.Dims[axis], true
	}
	for _, v := range b.g.Inputs {
		if v.Name == value && axis < int64(len(v.Dims)) {
			return v.Dims[axis].Size, v.Dims[axis].Size > 0
		}
	}
	return 0, false
}

// unbroadcast sums the gradient dy of an operator's output down to the shape of the input it belongs to.
func (b *backward) unbroadcast(dy, out, in string) (string, error) {
	from, err := b.shapeOf(out)
	if err != nil {
		return "", err
	}
	to, err := b.shapeOf(in)
	if err != nil {
		return "", err
	}
	lead := len(from) - len(to)
	if lead < 0 {
		return "", fmt.Errorf("output %q has fewer axes than input %q", out, in)
	}
	var front, inner []int64
	for i, n := range from {
		switch {
		case i < lead:
			front = append(front, int64(i))
		case to[i-lead] == 1 && n != 1:
			inner = append(inner, int64(i))
		}
	}
	if len(inner) > 0 {
		dy = b.sum(dy, true, inner...)
	}
	if len(front) > 0 {
		dy = b.sum(dy, false, front...)
	}
	return dy, nil
}

// back sums dy down to an input's shape and gives it to the input.
func (b *backward) back(n *onnx.Node, in, dy string) error {
	dx, err := b.unbroadcast(dy, n.Outputs[0], in)
	if err != nil {
		return err
	}
	b.give(in, dx)
	return nil
}

// each gives every input that needs one its gradient, summed down to its shape.
func (b *backward) each(n *onnx.Node, d func(i int) string) error {
	for i, in := range n.Inputs {
		if b.needs[in] {
			if err := b.back(n, in, d(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *backward) shapeOf(value string) ([]int64, error) {
	s, ok := b.shapes[value]
	if !ok {
		return nil, fmt.Errorf("the shape of %q is not known", value)
	}
	return s, nil
}

// rank returns the number of axes of a value.
func (b *backward) rank(value string) (int, error) {
	s, err := b.shapeOf(value)
	return len(s), err
}

// axis reads an axis attribute and counts it from the front.
func (b *backward) axis(n *onnx.Node, missing int64) (int64, error) {
	r, err := b.rank(n.Inputs[0])
	if err != nil {
		return 0, err
	}
	return fromFront(intAttr(n, "axis", missing), r)
}

// fromFront counts an axis that may be counted from the end from the front.
func fromFront(axis int64, rank int) (int64, error) {
	a := axis
	if a < 0 {
		a += int64(rank)
	}
	if a < 0 || a >= int64(rank) {
		return 0, fmt.Errorf("axis %d of a value with %d axes", axis, rank)
	}
	return a, nil
}

func intAttr(n *onnx.Node, name string, missing int64) int64 {
	if a := n.Attr(name); a != nil {
		return a.I
	}
	return missing
}

func floatAttr(n *onnx.Node, name string, missing float32) float32 {
	if a := n.Attr(name); a != nil {
		return a.F
	}
	return missing
}

// input returns an input's name, "" when it is left out.
func input(n *onnx.Node, i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

func errConstant(what string) error {
	return fmt.Errorf("the %s must be constant to differentiate", what)
}

func errUnsupported(what string) error {
	return fmt.Errorf("cannot differentiate %s", what)
}
