package grad

import (
	"encoding/binary"
	"slices"

	"yingda/models/onnx"
)

// key is an operator's name in the table of rules.
func key(n *onnx.Node) string {
	if n.Domain == "" || n.Domain == "ai.onnx" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}

// flat lists operators through which no gradient flows: their outputs are integers or booleans, or constant but for jumps.
var flat = map[string]bool{
	"Shape": true, "Size": true, "ArgMax": true, "ArgMin": true, "Equal": true, "Greater": true, "GreaterOrEqual": true, "Less": true,
	"LessOrEqual": true, "Not": true, "And": true, "Or": true, "Xor": true, "ConstantOfShape": true, "NonZero": true, "IsNaN": true, "IsInf": true,
	"Floor": true, "Ceil": true, "Round": true, "Sign": true, "EyeLike": true, "Hardmax": true,
}

// dependents finds the values that depend on one of the parameters in a differentiable way.
func dependents(g *onnx.Graph, wrt []string) map[string]bool {
	needs := map[string]bool{}
	for _, p := range wrt {
		needs[p] = true
	}
	for _, n := range g.Nodes {
		if flat[key(n)] || castsAway(n) {
			continue
		}
		if slices.ContainsFunc(reads(n), func(in string) bool { return in != "" && needs[in] }) {
			for _, out := range n.Outputs {
				if out != "" {
					needs[out] = true
				}
			}
		}
	}
	return needs
}

// castsAway reports a conversion to a type that has no gradient.
func castsAway(n *onnx.Node) bool {
	if n.Op != "Cast" {
		return false
	}
	to := onnx.DataType(intAttr(n, "to", 0))
	return to != onnx.Float && to != onnx.Double && to != onnx.Float16
}

// reads lists the values a node depends on: its inputs, and outer values that graphs inside it (branches, loop bodies) name.
func reads(n *onnx.Node) []string {
	var inner []string
	for _, g := range inside(n) {
		for _, c := range g.Nodes {
			inner = append(inner, reads(c)...)
		}
		for _, o := range g.Outputs {
			inner = append(inner, o.Name)
		}
	}
	if inner == nil {
		return n.Inputs
	}
	return append(inner, n.Inputs...)
}

// inside lists the graphs a node holds.
func inside(n *onnx.Node) []*onnx.Graph {
	var all []*onnx.Graph
	for _, a := range n.Attrs {
		if a.G != nil {
			all = append(all, a.G)
		}
		all = append(all, a.Graphs...)
	}
	return all
}

// names notes every name a graph uses, graphs inside it included.
func names(g *onnx.Graph, taken map[string]bool) {
	for _, t := range g.Initializers {
		taken[t.Name] = true
	}
	for _, list := range [][]*onnx.Value{g.Inputs, g.Outputs, g.Values} {
		for _, v := range list {
			taken[v.Name] = true
		}
	}
	for _, n := range g.Nodes {
		taken[n.Name] = true
		for _, v := range n.Inputs {
			taken[v] = true
		}
		for _, v := range n.Outputs {
			taken[v] = true
		}
		for _, in := range inside(n) {
			names(in, taken)
		}
	}
}

// constant finds the value of a name that is known before the graph runs: an initialiser, or the output of a Constant node, as most
// exporters write it. nil is none.
func constant(g *onnx.Graph, name string) *onnx.Tensor {
	if t := g.Initializer(name); t != nil {
		return t
	}
	for _, n := range g.Nodes {
		if !slices.Contains(n.Outputs, name) {
			continue
		}
		if n.Op == "Identity" {
			return constant(g, n.Inputs[0])
		}
		if n.Op != "Constant" {
			return nil
		}
		return constantOf(n)
	}
	return nil
}

func constantOf(n *onnx.Node) *onnx.Tensor {
	for _, a := range n.Attrs {
		switch a.Name {
		case "value":
			return a.T
		case "value_int":
			return onnx.NewInts("", []int64{a.I})
		case "value_ints":
			return onnx.NewInts("", a.Ints, int64(len(a.Ints)))
		case "value_float":
			return onnx.NewFloats("", []float32{a.F})
		case "value_floats":
			return onnx.NewFloats("", a.Floats, int64(len(a.Floats)))
		}
	}
	return nil
}

// integers returns the elements of a constant of int64 or int32.
func integers(t *onnx.Tensor) []int64 {
	if t.Type != onnx.Int32 {
		return t.Int64s()
	}
	out := make([]int64, len(t.Raw)/4)
	for i := range out {
		out[i] = int64(int32(binary.LittleEndian.Uint32(t.Raw[4*i:])))
	}
	return out
}
