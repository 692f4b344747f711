package grad

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"yingda/models/onnx"
)

// MinOpset is the oldest ai.onnx operator set a graph may import; [Upgrade] lifts older graphs.
const MinOpset = 17

// oldestOpset is the one from which Upgrade lifts: before it Clip, Pad, Slice, Resize and TopK had other inputs.
const oldestOpset = 11

// Upgrade lifts a model from ai.onnx operator set 11–16 to 17, in place; a newer one is left alone. What a node computes stays the same.
// Handled are the operators that changed between (the changelog of ONNX): axes and sizes that became inputs (Squeeze, Unsqueeze, ReduceSum, Split),
// Dropout's ratio, Softmax, LogSoftmax and Hardmax, which once saw their input as a matrix, and the default of RoiAlign. Errors name operator and node; on error m
// is left as it was.
func Upgrade(m *onnx.Model) error {
	at := slices.IndexFunc(m.Opsets, func(o onnx.Opset) bool { return o.Domain == "" || o.Domain == "ai.onnx" })
	if at < 0 {
		return errors.New("upgrade: the model does not say which operator set of ai.onnx it uses")
	}
	version := m.Opsets[at].Version
	switch {
	case version >= MinOpset:
		return nil
	case version < oldestOpset:
		return fmt.Errorf("upgrade: operator set %d is too old: export the model again with %d or later", version, MinOpset)
	case m.Functions > 0:
		return errors.New("upgrade: the model defines functions of its own")
	}
	g := *m.Graph
	g.Initializers = slices.Clone(g.Initializers)
	u := upgrade{builder: builder{g: &g, taken: map[string]bool{}, consts: map[string]string{}, stem: "upgrade/"}, version: version, ranks: map[string]int{}}
	names(&g, u.taken)
	nodes, err := u.graph(&g)
	if err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	g.Nodes = nodes
	if m.IRVersion < 4 { // constants had to be inputs too, and could then be overridden
		g.Inputs = slices.DeleteFunc(slices.Clone(g.Inputs), func(v *onnx.Value) bool { return m.Graph.Initializer(v.Name) != nil })
	}
	m.Graph = &g
	m.Opsets = slices.Clone(m.Opsets)
	m.Opsets[at].Version = MinOpset
	m.IRVersion = max(m.IRVersion, 8) // which came with operator set 15
	return nil
}

// upgrade rewrites nodes. New constants go to the outermost graph, where nodes of inner graphs see them too.
type upgrade struct {
	builder
	version int64
	ranks   map[string]int // of values that say so
}

// graph returns the nodes of a graph, rewritten.
func (u *upgrade) graph(g *onnx.Graph) ([]*onnx.Node, error) {
	old := u.ranks
	u.ranks = maps.Clone(old)
	defer func() { u.ranks = old }()
	for _, list := range [][]*onnx.Value{g.Inputs, g.Outputs, g.Values} {
		for _, v := range list {
			if v.Dims != nil {
				u.ranks[v.Name] = len(v.Dims)
			}
		}
	}
	var out []*onnx.Node
	for _, n := range g.Nodes {
		c := *n
		if err := u.inner(&c); err != nil {
			return nil, err
		}
		nodes := []*onnx.Node{&c}
		if f := upgrades[key(n)]; f != nil {
			if len(n.Inputs) == 0 || len(n.Outputs) == 0 {
				return nil, fmt.Errorf("operator %s (node %q) lacks inputs or outputs", n.Op, n.Name)
			}
			var err error
			if nodes, err = f(u, &c); err != nil {
				return nil, fmt.Errorf("operator %s (node %q, output %q): %w", n.Op, n.Name, n.Outputs[0], err)
			}
		}
		out = append(out, nodes...)
	}
	return out, nil
}

// inner rewrites the graphs a node holds.
func (u *upgrade) inner(n *onnx.Node) error {
	n.Attrs = slices.Clone(n.Attrs)
	for i, a := range n.Attrs {
		if a.G == nil {
			continue // no operator of these sets has a list of graphs
		}
		g := *a.G
		nodes, err := u.graph(&g)
		if err != nil {
			return err
		}
		g.Nodes = nodes
		c := *a
		c.G = &g
		n.Attrs[i] = &c
	}
	return nil
}

// upgrades is the table of operators that changed. Each gets a copy of a node and returns what takes its place.
var upgrades = map[string]func(u *upgrade, n *onnx.Node) ([]*onnx.Node, error){
	"Squeeze":            (*upgrade).axes,
	"Unsqueeze":          (*upgrade).axes,
	"ReduceSum":          (*upgrade).axes,
	"Split":              (*upgrade).split,
	"Dropout":            (*upgrade).dropout,
	"Softmax":            (*upgrade).softmax,
	"LogSoftmax":         (*upgrade).softmax,
	"Hardmax":            (*upgrade).softmax,
	"BatchNormalization": (*upgrade).batchNorm,
	"RoiAlign":           (*upgrade).roiAlign,
}

// take removes an attribute and returns it.
func take(n *onnx.Node, name string) *onnx.Attr {
	a := n.Attr(name)
	n.Attrs = slices.DeleteFunc(n.Attrs, func(b *onnx.Attr) bool { return b == a })
	return a
}

// listed moves a list from an attribute to the second input, as operator set 13 did.
func (u *upgrade) listed(n *onnx.Node, name string) ([]*onnx.Node, error) {
	if u.version >= 13 {
		return []*onnx.Node{n}, nil
	}
	if len(n.Inputs) != 1 {
		return nil, fmt.Errorf("%d inputs in operator set %d, which knows one", len(n.Inputs), u.version)
	}
	if a := take(n, name); a != nil {
		n.Inputs = []string{n.Inputs[0], u.ints(a.Ints...)}
	}
	return []*onnx.Node{n}, nil
}

func (u *upgrade) axes(n *onnx.Node) ([]*onnx.Node, error)  { return u.listed(n, "axes") }
func (u *upgrade) split(n *onnx.Node) ([]*onnx.Node, error) { return u.listed(n, "split") }

// dropout: ratio is an input since 12. In inference it says nothing.
func (u *upgrade) dropout(n *onnx.Node) ([]*onnx.Node, error) {
	if u.version >= 12 {
		return []*onnx.Node{n}, nil
	}
	if a := take(n, "ratio"); a != nil {
		n.Inputs = []string{n.Inputs[0], u.float(float64(a.F))}
	}
	return []*onnx.Node{n}, nil
}

// softmax: before 13 the axes before axis, by default 1, were seen as rows and the others, together, as columns. When axis is the
// last this is what 13 does with axis; otherwise, and where the rank is not known, the matrix is made and unmade.
func (u *upgrade) softmax(n *onnx.Node) ([]*onnx.Node, error) {
	if u.version >= 13 {
		return []*onnx.Node{n}, nil
	}
	axis := int64(1)
	if a := take(n, "axis"); a != nil {
		axis = a.I
	}
	x, y := n.Inputs[0], n.Outputs[0]
	n.Attrs = append(n.Attrs, onnx.IntAttr("axis", -1))
	rank, known := u.ranks[x]
	if !known {
		rank, known = u.ranks[y]
	}
	if axis == -1 || known && axis == int64(rank)-1 {
		return []*onnx.Node{n}, nil
	}
	if known && (axis < -int64(rank) || axis > int64(rank)) {
		return nil, fmt.Errorf("axis %d of a value with %d axes", axis, rank)
	}
	shape, matrix, result := u.name("Shape"), u.name("Flatten"), u.name(n.Op)
	flatten := forward(matrix, "Flatten", x)
	flatten.Attrs = []*onnx.Attr{onnx.IntAttr("axis", axis)}
	n.Inputs, n.Outputs = []string{matrix}, []string{result}
	return []*onnx.Node{forward(shape, "Shape", x), flatten, n, forward(y, "Reshape", result, shape)}, nil
}

// batchNorm lost the outputs for training in 14.
func (u *upgrade) batchNorm(n *onnx.Node) ([]*onnx.Node, error) {
	if u.version < 14 && slices.ContainsFunc(n.Outputs[1:], func(o string) bool { return o != "" }) {
		return nil, errors.New("it is in training mode")
	}
	n.Outputs = n.Outputs[:1]
	return []*onnx.Node{n}, nil
}

// roiAlign: 16 changed where pixels lie unless the node says so.
func (u *upgrade) roiAlign(n *onnx.Node) ([]*onnx.Node, error) {
	if u.version < 16 && n.Attr("coordinate_transformation_mode") == nil {
		n.Attrs = append(n.Attrs, onnx.StringAttr("coordinate_transformation_mode", "output_half_pixel"))
	}
	return []*onnx.Node{n}, nil
}
