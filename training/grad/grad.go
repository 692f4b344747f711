// Package grad is reverse-mode automatic differentiation over ONNX graphs. It extends a graph that computes a scalar loss with
// nodes that compute the loss's gradients; any ONNX runtime can then run forward and backward as one graph. Nothing is executed here.
//
// [Backward] walks the nodes from the loss up. At each node a rule, found by operator in one table, turns the gradient of the node's
// outputs into gradients of its inputs: the chain rule, one operator at a time (Baydin et al. 2018, section 3.2). Gradients that
// reach a value by several ways are added. Only values that depend on a wanted parameter get one.
//
// The emitted graph holds for every batch size and length: shapes are asked for while it runs (Shape, Reshape). What must be known before
// is only which axes an operator broadcast; [Shapes] tells by looking at one run.
package grad

import (
	"fmt"
	"slices"

	"yingda/models/onnx"
)

// MinOpset is the oldest ai.onnx operator set a graph may import; [Upgrade] lifts older graphs.
const MinOpset = 17

// Shapes holds an example shape of each float value of a graph, seen in a run in which no batch, length or other free dimension was
// 1. A 1 in it is then a 1 always: an axis along which an operator may broadcast.
type Shapes map[string][]int64

// AskShapes appends to g nodes that give out the shape of every value its nodes compute, and returns output name → value. An answer
// is a list of integers, of which the first is to be left out: some runtimes have no empty lists, which is what scalars have for a shape.
func AskShapes(g *onnx.Graph) map[string]string {
	b := newBuilder(g)
	asked := map[string]string{}
	for _, n := range slices.Clone(g.Nodes) {
		for _, v := range n.Outputs {
			if v != "" {
				asked[b.node("Concat", []string{b.ints(0), b.node("Shape", []string{v})}, onnx.IntAttr("axis", 0))] = v
			}
		}
	}
	return asked
}

// rule adds the gradients of n's inputs to b, given the gradient of each of n's outputs ("" where nothing depends on it).
type rule func(b *backward, n *onnx.Node, dy []string) error

// backward is the state of one walk.
type backward struct {
	builder
	shapes Shapes
	needs  map[string]bool     // values whose gradient is wanted or on the way to one
	parts  map[string][]string // gradients that have reached a value so far
}

// Backward appends to g the nodes that compute the gradients of the scalar loss with respect to the values named wrt (initialisers or
// inputs of g), and returns the name of each one's gradient. A value the loss does not depend on is an error, and so
// is an operator on the way that has no rule: the error names it. On error g is left as it was.
func Backward(g *onnx.Graph, shapes Shapes, loss string, wrt []string) (map[string]string, error) {
	out := *g
	out.Nodes = slices.Clone(g.Nodes)
	out.Initializers = slices.Clone(g.Initializers)
	b := &backward{builder: newBuilder(&out), shapes: shapes, needs: dependents(g, wrt), parts: map[string][]string{}}
	if !b.needs[loss] {
		return nil, fmt.Errorf("differentiate: the loss %q depends on none of the parameters", loss)
	}
	b.parts[loss] = []string{b.node("ConstantOfShape", []string{b.shape(loss)}, onnx.TensorAttr("value", onnx.NewFloats("", []float32{1}, 1)))}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if err := b.visit(g.Nodes[i]); err != nil {
			return nil, fmt.Errorf("differentiate: %w", err)
		}
	}
	grads := map[string]string{}
	for _, p := range wrt {
		if grads[p] = b.gradient(p); grads[p] == "" {
			return nil, fmt.Errorf("differentiate: the loss does not depend on %q", p)
		}
	}
	*g = out
	return grads, nil
}

// visit hands the gradients of a node's outputs to the rule of its operator.
func (b *backward) visit(n *onnx.Node) error {
	if !slices.ContainsFunc(n.Inputs, func(in string) bool { return b.needs[in] }) {
		return nil
	}
	dy := make([]string, len(n.Outputs))
	any := false
	for i, out := range n.Outputs {
		if b.needs[out] {
			dy[i] = b.gradient(out)
			any = any || dy[i] != ""
		}
	}
	if !any {
		return nil
	}
	r := rules[key(n)]
	if r == nil {
		return fmt.Errorf("operator %s (node %q, output %q) has no gradient rule", key(n), n.Name, n.Outputs[0])
	}
	if err := r(b, n, dy); err != nil {
		return fmt.Errorf("operator %s (node %q): %w", n.Op, n.Name, err)
	}
	return nil
}

// give adds one part of the gradient of a value.
func (b *backward) give(value, gradient string) {
	b.parts[value] = append(b.parts[value], gradient)
}

// gradient sums what has been given to a value; "" is nothing.
func (b *backward) gradient(value string) string {
	parts := b.parts[value]
	if len(parts) == 0 {
		return ""
	}
	sum := parts[0]
	for _, p := range parts[1:] {
		sum = b.node("Add", []string{sum, p})
	}
	b.parts[value] = []string{sum}
	return sum
}

// key is an operator's name in the table of rules.
func key(n *onnx.Node) string {
	if n.Domain == "" || n.Domain == "ai.onnx" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}

// flat lists operators through which no gradient flows: their outputs are integers, booleans, or piecewise constant.
var flat = map[string]bool{
	"Shape": true, "Size": true, "ArgMax": true, "ArgMin": true, "Equal": true, "Greater": true, "GreaterOrEqual": true, "Less": true,
	"LessOrEqual": true, "Not": true, "And": true, "Or": true, "Constant": true, "ConstantOfShape": true, "NonZero": true, "Range": true,
	"OneHot": true, "IsNaN": true, "IsInf": true, "Floor": true, "Ceil": true, "Round": true, "Sign": true, "EyeLike": true, "TopK": true,
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
		if slices.ContainsFunc(n.Inputs, func(in string) bool { return in != "" && needs[in] }) {
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
