// Package grad is reverse-mode automatic differentiation over ONNX graphs. It extends a graph that computes a scalar loss with
// nodes that compute the loss's gradients; any ONNX runtime can then run forward and backward as one graph. Nothing is executed here.
//
// [Backward] walks the nodes from the loss up. At each node a rule, found by operator in one table, turns the gradient of the node's
// outputs into gradients of its inputs: the chain rule, one operator at a time (Baydin et al. 2018, section 3.2). Gradients that
// reach a value by several ways are added. Only values that depend on a wanted parameter get one. [Operators] lists the table.
//
// The emitted graph holds for every batch size and length: shapes are asked for while it runs (Shape, Reshape). What must be known before
// is only which axes an operator broadcast; [Shapes] tells by looking at one run.
//
// Caveats: float32 graphs only; operator set 17 or later, see [Upgrade]; no gradient passes If, Loop or Scan, which is an error where one would have to.
// At a kink (Relu at 0, Abs at 0, equal arguments of Max) a rule gives one of the subgradients and says which.
package grad

import (
	"fmt"
	"maps"
	"slices"

	"yingda/models/onnx"
)

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

// Operators names the operators a gradient can pass, sorted; those of other domains than ai.onnx carry it in front.
func Operators() []string { return slices.Sorted(maps.Keys(rules())) }

// rule adds the gradients of n's inputs to b, given the gradient of each of n's outputs ("" where nothing depends on it).
type rule func(b *backward, n *onnx.Node, dy []string) error

// backward is the state of one walk.
type backward struct {
	builder
	rules  map[string]rule
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
	b := &backward{builder: newBuilder(&out), rules: rules(), shapes: maps.Clone(shapes), needs: dependents(g, wrt), parts: map[string][]string{}}
	if !b.needs[loss] {
		return nil, fmt.Errorf("differentiate: the loss %q depends on none of the parameters", loss)
	}
	b.parts[loss] = []string{b.filled(b.shape(loss), 1)}
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
	dy := make([]string, len(n.Outputs))
	any := false
	for i, out := range n.Outputs {
		if b.needs[out] {
			dy[i] = b.gradient(out)
			any = any || dy[i] != ""
		}
	}
	if !any || !slices.ContainsFunc(reads(n), func(in string) bool { return b.needs[in] }) {
		return nil
	}
	r := b.rules[key(n)]
	if r == nil {
		return fmt.Errorf("operator %s (node %q, output %q) has no gradient rule", key(n), n.Name, n.Outputs[0])
	}
	if len(dy) > 1 && !manyOutputs[key(n)] {
		if i := slices.IndexFunc(dy[1:], func(d string) bool { return d != "" }); i >= 0 {
			return fmt.Errorf("operator %s (node %q) has no gradient rule for its output %q", key(n), n.Name, n.Outputs[i+1])
		}
	}
	if err := r(b, n, dy); err != nil {
		return fmt.Errorf("operator %s (node %q): %w", key(n), n.Name, err)
	}
	return nil
}

// manyOutputs lists the operators whose rules look at all outputs; the others are about the first.
var manyOutputs = map[string]bool{"Split": true, "com.microsoft.SkipLayerNormalization": true}

// decompose puts nodes that compute the same in the place of n and hands the gradient on to them. Every value between them has the
// shape of n's first output.
func (b *backward) decompose(n *onnx.Node, parts ...*onnx.Node) error {
	b.replace(n, parts...)
	for _, p := range parts {
		needed := slices.ContainsFunc(p.Inputs, func(in string) bool { return b.needs[in] })
		for _, out := range p.Outputs {
			if _, known := b.shapes[out]; !known {
				b.shapes[out], b.needs[out] = b.shapes[n.Outputs[0]], needed
			}
		}
	}
	for _, p := range slices.Backward(parts) {
		if err := b.visit(p); err != nil {
			return err
		}
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
