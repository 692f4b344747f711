package encoder

import (
	"fmt"
	"slices"

	"yingda/models/onnx"
	"yingda/training/grad"
)

// prepare brings a graph, as exporters write it, into the form that the rest of training knows: a recent operator set, constants under
// their own names, whole normalisations, and no inputs but ids and mask. What it computes stays the same.
func prepare(m *onnx.Model) error {
	if err := grad.Upgrade(m); err != nil {
		return err
	}
	g := *m.Graph
	g.Nodes, g.Initializers, g.Inputs = slices.Clone(g.Nodes), slices.Clone(g.Initializers), slices.Clone(g.Inputs)
	separate(&g)
	if err := fillTypes(&g); err != nil {
		return err
	}
	fuseNorms(&g)
	m.Graph = &g
	return nil
}

// separate undoes the sharing of equal constants: exporters store one of them and hand it on to the others' names by Identity. In training each
// goes its own way.
func separate(g *onnx.Graph) {
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *onnx.Node) bool {
		if n.Op != "Identity" || len(n.Inputs) != 1 || slices.ContainsFunc(g.Outputs, func(v *onnx.Value) bool { return v.Name == n.Outputs[0] }) {
			return false
		}
		t := g.Initializer(n.Inputs[0])
		if t == nil {
			return false
		}
		c := *t
		c.Name = n.Outputs[0]
		g.Initializers = append(g.Initializers, &c)
		return true
	})
}

// fillTypes replaces the input with token types by zeros: one text at a time is read.
func fillTypes(g *onnx.Graph) error {
	const ids, types = "input_ids", "token_type_ids"
	i := slices.IndexFunc(g.Inputs, func(v *onnx.Value) bool { return v.Name == types })
	if i < 0 {
		return nil
	}
	if !slices.ContainsFunc(g.Inputs, func(v *onnx.Value) bool { return v.Name == ids }) {
		return fmt.Errorf("the graph has an input %s, but none %s", types, ids)
	}
	zero := g.Inputs[i].Type
	if zero != onnx.Int64 && zero != onnx.Int32 {
		return fmt.Errorf("input %s is not of integers", types)
	}
	g.Inputs = slices.Delete(g.Inputs, i, i+1)
	shape := &onnx.Node{Op: "Shape", Name: types + "/shape", Inputs: []string{ids}, Outputs: []string{types + "/shape"}}
	fill := &onnx.Node{Op: "ConstantOfShape", Name: types, Inputs: shape.Outputs, Outputs: []string{types},
		Attrs: []*onnx.Attr{onnx.TensorAttr("value", &onnx.Tensor{Type: zero, Dims: []int64{1}, Raw: make([]byte, zero.Size())})}}
	g.Nodes = slices.Insert(g.Nodes, 0, shape, fill)
	return nil
}

// fuseNorms puts LayerNormalization in the place of the operators that exporters write for it before operator set 17:
//
//	(x − mean(x)) / √(mean((x − mean(x))²) + ε) · γ + β
//
// (Ba et al. 2016), over the last axis.
func fuseNorms(g *onnx.Graph) {
	f := fuser{g: g, maker: map[string]*onnx.Node{}, fixed: map[string]*onnx.Tensor{}}
	for _, t := range g.Initializers {
		f.fixed[t.Name] = t
	}
	for _, n := range g.Nodes {
		for _, o := range n.Outputs {
			f.maker[o] = n
		}
		if a := n.Attr("value"); n.Op == "Constant" && a != nil {
			f.fixed[n.Outputs[0]] = a.T
		}
	}
	fused := false
	for i, n := range g.Nodes {
		if norm := f.norm(n); norm != nil {
			g.Nodes[i], fused = norm, true
		}
	}
	if fused {
		g.Prune()
	}
}

// fuser matches patterns from their last node.
type fuser struct {
	g     *onnx.Graph
	maker map[string]*onnx.Node
	fixed map[string]*onnx.Tensor
}

// norm returns what takes the place of the last node of a normalisation, or nil.
func (f *fuser) norm(last *onnx.Node) *onnx.Node {
	product, beta := f.withConstant(last, "Add")
	scaled, gamma := f.withConstant(f.maker[product], "Mul")
	if scaled == "" || f.fixed[beta].Dims[0] != f.fixed[gamma].Dims[0] {
		return nil
	}
	div := f.made(scaled, "Div", 2)
	if div == nil {
		return nil
	}
	x := f.centred(div.Inputs[0])
	root := f.made(div.Inputs[1], "Sqrt", 1)
	if x == "" || root == nil {
		return nil
	}
	variance, epsilon := f.plusNumber(f.made(root.Inputs[0], "Add", 2))
	square := f.lastMean(variance)
	if square == "" || f.centred(f.squared(square)) != x {
		return nil
	}
	return &onnx.Node{Op: "LayerNormalization", Name: last.Name, Inputs: []string{x, gamma, beta}, Outputs: last.Outputs,
		Attrs: []*onnx.Attr{onnx.IntAttr("axis", -1), onnx.FloatAttr("epsilon", epsilon)}}
}

// made returns the node that makes a value, if it is of that operator and number of inputs.
func (f *fuser) made(value, op string, inputs int) *onnx.Node {
	if n := f.maker[value]; n != nil && n.Op == op && n.Domain == "" && len(n.Inputs) == inputs {
		return n
	}
	return nil
}

// withConstant splits the inputs of a node into a value and a constant with one axis.
func (f *fuser) withConstant(n *onnx.Node, op string) (value, constant string) {
	if n == nil || n.Op != op || n.Domain != "" || len(n.Inputs) != 2 {
		return "", ""
	}
	for i, in := range n.Inputs {
		if t := f.fixed[in]; t != nil && t.Type == onnx.Float && len(t.Dims) == 1 && f.g.Initializer(in) != nil {
			return n.Inputs[1-i], in
		}
	}
	return "", ""
}

// centred returns x of x − mean(x), or "".
func (f *fuser) centred(value string) string {
	if n := f.made(value, "Sub", 2); n != nil && f.lastMean(n.Inputs[1]) == n.Inputs[0] {
		return n.Inputs[0]
	}
	return ""
}

// lastMean returns what a value is the mean of along the last axis, which is kept; "" when it is none.
func (f *fuser) lastMean(value string) string {
	n := f.maker[value]
	if n == nil || n.Op != "ReduceMean" {
		return ""
	}
	if keep := n.Attr("keepdims"); keep != nil && keep.I == 0 {
		return ""
	}
	var axes []int64
	if a := n.Attr("axes"); a != nil {
		axes = a.Ints
	} else if len(n.Inputs) > 1 && f.fixed[n.Inputs[1]] != nil {
		axes = f.fixed[n.Inputs[1]].Int64s()
	}
	if !slices.Equal(axes, []int64{-1}) {
		return ""
	}
	return n.Inputs[0]
}

// plusNumber splits a sum into a value and a number.
func (f *fuser) plusNumber(n *onnx.Node) (string, float32) {
	if n == nil {
		return "", 0
	}
	for i, in := range n.Inputs {
		if v, ok := f.number(in); ok {
			return n.Inputs[1-i], v
		}
	}
	return "", 0
}

func (f *fuser) number(value string) (float32, bool) {
	if t := f.fixed[value]; t != nil && t.Type == onnx.Float && len(t.Raw) == 4 {
		return t.Floats()[0], true
	}
	return 0, false
}

// squared returns x of x² or x·x, or "".
func (f *fuser) squared(value string) string {
	if n := f.made(value, "Mul", 2); n != nil && n.Inputs[0] == n.Inputs[1] {
		return n.Inputs[0]
	}
	if n := f.made(value, "Pow", 2); n != nil {
		if p, ok := f.number(n.Inputs[1]); ok && p == 2 {
			return n.Inputs[0]
		}
		if t := f.fixed[n.Inputs[1]]; t != nil && t.Type == onnx.Int64 && slices.Equal(t.Int64s(), []int64{2}) {
			return n.Inputs[0]
		}
	}
	return ""
}
