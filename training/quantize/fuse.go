package quantize

import (
	"encoding/binary"
	"math"
	"slices"

	"yingda/models/onnx"
)

// Fused says how many parts of a graph [Fuse] replaced.
type Fused struct{ Attentions, Gelus int }

// Fuse replaces attention that is written out (products, scaling, mask, softmax, moving heads back and forth) by MultiHeadAttention
// of ONNX Runtime, and Gelu by its tanh form, in place. mask names the graph's input with 1 for tokens and 0 for padding. It saves
// about 5 % of the time that [Static] leaves at 12 to 16 tokens, and must come before [Calibrate]. Attention computes the same
// sums; tanh moves a value of Gelu by up to 0.0005, far less than rounding to 8 bits does. Parts in another form than expected
// stay as they are, which is not an error: see what is returned.
func Fuse(m *onnx.Model, mask string) Fused {
	f := &fuser{g: m.Graph, mask: mask, consts: constants(m.Graph), by: map[string]*onnx.Node{}, readers: map[string][]*onnx.Node{}}
	for _, n := range m.Graph.Nodes {
		noteReaders(f.readers, n, n)
		for _, o := range n.Outputs {
			f.by[o] = n
		}
	}
	for _, o := range m.Graph.Outputs {
		f.readers[o.Name] = append(f.readers[o.Name], nil)
	}
	var done Fused
	replaced := map[*onnx.Node]*onnx.Node{} // the last node of an attention → what makes its value now
	for _, n := range m.Graph.Nodes {
		switch {
		case n.Op == "Softmax" && n.Domain == "":
			if a := f.attention(n); a != nil {
				replaced[f.by[a.Outputs[0]]] = a
				done.Attentions++
			}
		case n.Op == "Gelu" && n.Domain == "" && n.Attr("approximate") == nil:
			n.Attrs = append(slices.Clone(n.Attrs), &onnx.Attr{Name: "approximate", Type: onnx.AttrString, S: []byte("tanh")})
			done.Gelus++
		}
	}
	f.apply(m, replaced)
	return done
}

// fuser looks around in a graph.
type fuser struct {
	g       *onnx.Graph
	mask    string
	consts  map[string]*onnx.Tensor
	by      map[string]*onnx.Node   // who makes a value
	readers map[string][]*onnx.Node // who reads a value; nil is the caller of the graph
}

// apply puts the fused nodes in their places and removes what nobody reads any more.
func (f *fuser) apply(m *onnx.Model, replaced map[*onnx.Node]*onnx.Node) {
	if len(replaced) == 0 {
		return
	}
	nodes := []*onnx.Node{{Op: "Cast", Name: f.mask32(), Inputs: []string{f.mask}, Outputs: []string{f.mask32()},
		Attrs: []*onnx.Attr{onnx.IntAttr("to", int64(onnx.Int32))}}}
	for _, n := range f.g.Nodes {
		if a := replaced[n]; a != nil {
			n = a
		}
		nodes = append(nodes, n)
	}
	f.g.Nodes = nodes
	f.g.Prune()
	importContrib(m)
}

func (f *fuser) mask32() string { return f.mask + ".int32" }

// attention returns the fused form of the attention around a softmax, or nil if its parts are not
//
//	Reshape(Transpose(Softmax(q·kᵀ · scale + mask) · v)), each of q, k, v being Transpose(Reshape(x)).
func (f *fuser) attention(softmax *onnx.Node) *onnx.Node {
	if a := softmax.Attr("axis"); a != nil && a.I != -1 && a.I != 3 {
		return nil
	}
	scores, ok := f.masked(f.by[softmax.Inputs[0]])
	if !ok {
		return nil
	}
	scale, qk, ok := f.scaled(scores)
	if !ok {
		return nil
	}
	product := f.only(softmax.Outputs[0], "MatMul")
	if product == nil || product.Inputs[0] != softmax.Outputs[0] {
		return nil
	}
	q, heads, width, ok1 := f.split(qk.Inputs[0], 0, 2, 1, 3)
	k, heads2, width2, ok2 := f.split(qk.Inputs[1], 0, 2, 3, 1)
	v, heads3, width3, ok3 := f.split(product.Inputs[1], 0, 2, 1, 3)
	if !ok1 || !ok2 || !ok3 || heads != heads2 || heads != heads3 || width != width2 || width != width3 {
		return nil
	}
	back := f.only(product.Outputs[0], "Transpose")
	if back == nil || !isPerm(back, 0, 2, 1, 3) {
		return nil
	}
	merge := f.only(back.Outputs[0], "Reshape")
	if merge == nil || !f.isShape(merge.Inputs[1], 0, 0, heads*width) && !f.isShape(merge.Inputs[1], 0, 0, -1) {
		return nil
	}
	return &onnx.Node{Op: "MultiHeadAttention", Domain: "com.microsoft", Name: merge.Name, Inputs: []string{q, k, v, "", f.mask32()}, Outputs: merge.Outputs,
		Attrs: []*onnx.Attr{onnx.IntAttr("num_heads", heads), onnx.FloatAttr("scale", scale)}}
}

// masked returns the scores to which add adds the mask.
func (f *fuser) masked(add *onnx.Node) (scores string, ok bool) {
	if add == nil || add.Op != "Add" || len(add.Inputs) != 2 {
		return "", false
	}
	for i, in := range add.Inputs {
		if f.isMask(in) {
			return add.Inputs[1-i], true
		}
	}
	return "", false
}

// isMask tells whether a value is 0 where the mask input is 1, and far below 0 where it is 0: Unsqueeze((1 − Cast(mask)) · large).
func (f *fuser) isMask(name string) bool {
	wide := f.made(name, "Unsqueeze", 2)
	if wide == nil || !f.isShape(wide.Inputs[1], 1, 2) {
		return false
	}
	far := f.made(wide.Inputs[0], "Mul", 2)
	if far == nil {
		return false
	}
	large, ok := f.scalar(far.Inputs[1])
	hidden := f.made(far.Inputs[0], "Sub", 2)
	if !ok || !(large <= -1e4) || hidden == nil {
		return false
	}
	one, ok := f.scalar(hidden.Inputs[0])
	cast := f.made(hidden.Inputs[1], "Cast", 1)
	return ok && one == 1 && cast != nil && cast.Inputs[0] == f.mask
}

// scaled returns the product under the scores and the factor between them.
func (f *fuser) scaled(scores string) (scale float32, qk *onnx.Node, ok bool) {
	n := f.by[scores]
	if n == nil || len(n.Inputs) != 2 || n.Op != "Mul" && n.Op != "Div" {
		return 0, nil, false
	}
	scale, ok = f.scalar(n.Inputs[1])
	if n.Op == "Div" {
		scale = 1 / scale
	}
	qk = f.made(n.Inputs[0], "MatMul", 2)
	return scale, qk, ok && qk != nil && scale > 0 && !math.IsInf(float64(scale), 0)
}

// split returns the value [batch, seq, heads·width] that a Reshape and a Transpose take apart into heads.
func (f *fuser) split(name string, perm ...int64) (x string, heads, width int64, ok bool) {
	t := f.made(name, "Transpose", 1)
	if t == nil || !isPerm(t, perm...) {
		return "", 0, 0, false
	}
	r := f.made(t.Inputs[0], "Reshape", 2)
	if r == nil {
		return "", 0, 0, false
	}
	shape := f.consts[r.Inputs[1]]
	if shape == nil || shape.Type != onnx.Int64 || len(shape.Raw) != 32 {
		return "", 0, 0, false
	}
	d := shape.Int64s()
	return r.Inputs[0], d[2], d[3], d[0] == 0 && d[1] == 0 && d[2] > 0 && d[3] > 0
}

// made returns the node that makes a value if it is of that kind.
func (f *fuser) made(name, op string, inputs int) *onnx.Node {
	if n := f.by[name]; n != nil && n.Op == op && n.Domain == "" && len(n.Inputs) == inputs {
		return n
	}
	return nil
}

// only returns the one reader of a value if it is of that kind and nothing else reads the value.
func (f *fuser) only(name, op string) *onnx.Node {
	if r := f.readers[name]; len(r) == 1 && r[0] != nil && r[0].Op == op && r[0].Domain == "" {
		return r[0]
	}
	return nil
}

func (f *fuser) scalar(name string) (float32, bool) {
	t := f.consts[name]
	if t == nil || t.Type != onnx.Float || len(t.Raw) != 4 {
		return 0, false
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(t.Raw)), true
}

func (f *fuser) isShape(name string, dims ...int64) bool {
	t := f.consts[name]
	return t != nil && t.Type == onnx.Int64 && slices.Equal(t.Int64s(), dims)
}

func isPerm(n *onnx.Node, perm ...int64) bool {
	a := n.Attr("perm")
	return a != nil && slices.Equal(a.Ints, perm)
}
