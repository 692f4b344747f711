package quantize

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"yingda/models/onnx"
)

// product is a MatMul with a constant right-hand side that is worth quantising, with the Add of a constant bias after it, if any.
type product struct {
	matmul, add  *onnx.Node
	weight, bias *onnx.Tensor
}

// input is the value that the product reads.
func (p *product) input() string { return p.matmul.Inputs[0] }

// output is the value that the product makes, bias included.
func (p *product) output() string {
	if p.add != nil {
		return p.add.Outputs[0]
	}
	return p.matmul.Outputs[0]
}

// products finds what can be quantised: every MatMul by a large constant float matrix. Heads (names beginning with "head.") are left out.
func products(g *onnx.Graph) ([]*product, error) {
	readers, by := map[string][]*onnx.Node{}, map[string]*onnx.Node{}
	for _, n := range g.Nodes {
		noteReaders(readers, n, n)
		for _, o := range n.Outputs {
			by[o] = n
		}
	}
	for _, o := range g.Outputs {
		readers[o.Name] = append(readers[o.Name], nil)
	}
	consts := constants(g)
	var ps []*product
	for _, n := range g.Nodes {
		if n.Op != "MatMul" || n.Domain != "" || len(n.Inputs) != 2 || strings.HasPrefix(n.Inputs[1], "head.") {
			continue
		}
		if d := by[n.Inputs[1]]; d != nil && d.Op == "DequantizeLinear" {
			return nil, fmt.Errorf("node %q multiplies by %q, which is stored as int8 already: quantise the float graph", n.Name, n.Inputs[1])
		}
		w := consts[n.Inputs[1]]
		if w == nil || len(w.Dims) != 2 || w.Type != onnx.Float || len(w.Raw) < 4*minMatrix {
			continue
		}
		if err := finite(w); err != nil {
			return nil, fmt.Errorf("node %q: %w", n.Name, err)
		}
		p := &product{matmul: n, weight: w}
		p.findBias(readers[n.Outputs[0]], consts)
		ps = append(ps, p)
	}
	if len(ps) == 0 {
		return nil, fmt.Errorf("no MatMul multiplies by a constant float matrix of at least %d weights; Gemm and other forms are not known", minMatrix)
	}
	return ps, nil
}

// findBias takes the only reader of the product if it adds a constant row.
func (p *product) findBias(readers []*onnx.Node, consts map[string]*onnx.Tensor) {
	if len(readers) != 1 || readers[0] == nil || readers[0].Op != "Add" || len(readers[0].Inputs) != 2 {
		return
	}
	add, n := readers[0], p.weight.Dims[1]
	for i, in := range add.Inputs {
		b := consts[in]
		if b != nil && b.Type == onnx.Float && len(b.Dims) == 1 && b.Dims[0] == n && add.Inputs[1-i] == p.matmul.Outputs[0] && finite(b) == nil {
			p.add, p.bias = add, b
		}
	}
}

// noteReaders says that n reads the inputs of inner: itself, or a node in a branch or loop inside it.
func noteReaders(readers map[string][]*onnx.Node, n, inner *onnx.Node) {
	for _, in := range inner.Inputs {
		readers[in] = append(readers[in], n)
	}
	for _, a := range inner.Attrs {
		graphs := a.Graphs
		if a.G != nil {
			graphs = append([]*onnx.Graph{a.G}, graphs...)
		}
		for _, g := range graphs {
			for _, deeper := range g.Nodes {
				noteReaders(readers, n, deeper)
			}
			for _, o := range g.Outputs {
				readers[o.Name] = append(readers[o.Name], nil)
			}
		}
	}
}

func constants(g *onnx.Graph) map[string]*onnx.Tensor {
	consts := make(map[string]*onnx.Tensor, len(g.Initializers))
	for _, t := range g.Initializers {
		consts[t.Name] = t
	}
	return consts
}

// finite refuses weights that are no numbers.
func finite(t *onnx.Tensor) error {
	if t.External {
		return fmt.Errorf("%q lies in another file", t.Name)
	}
	if err := t.Check(); err != nil {
		return err
	}
	for i, v := range t.Floats() {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("%q: weight %d is %g", t.Name, i, v)
		}
	}
	return nil
}

var errNoRange = errors.New("was not calibrated")
