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
	taken  map[string]bool
	next   int
	consts map[string]string // constants made so far, by type and value
	shaped map[string]string // value to the output of its Shape node
}

func newBuilder(g *onnx.Graph) builder {
	b := builder{g: g, taken: map[string]bool{}, consts: map[string]string{}, shaped: map[string]string{}}
	for _, t := range g.Initializers {
		b.taken[t.Name] = true
	}
	for _, v := range g.Inputs {
		b.taken[v.Name] = true
	}
	for _, n := range g.Nodes {
		for _, o := range n.Outputs {
			b.taken[o] = true
		}
	}
	return b
}

// name returns one that is not taken.
func (b *builder) name(stem string) string {
	for {
		n := fmt.Sprintf("grad/%s_%d", stem, b.next)
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

// unbroadcast sums the gradient dy of an operator's output down to the shape of the input it belongs to.
func (b *backward) unbroadcast(dy, out, in string) (string, error) {
	from, to := b.shapes[out], b.shapes[in]
	if from == nil || to == nil {
		return "", fmt.Errorf("the shape of %q or %q is not known", out, in)
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

// rank returns the number of axes of a value.
func (b *backward) rank(value string) (int, error) {
	s, ok := b.shapes[value]
	if !ok {
		return 0, fmt.Errorf("the shape of %q is not known", value)
	}
	return len(s), nil
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

// axis reads an axis attribute and counts it from the front.
func (b *backward) axis(n *onnx.Node, missing int64) (int64, error) {
	r, err := b.rank(n.Inputs[0])
	if err != nil {
		return 0, err
	}
	a := intAttr(n, "axis", missing)
	if a < 0 {
		a += int64(r)
	}
	if a < 0 || a >= int64(r) {
		return 0, fmt.Errorf("axis %d of a value with %d axes", a, r)
	}
	return a, nil
}
