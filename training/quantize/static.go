package quantize

import (
	"fmt"
	"math"
	"slices"

	"yingda/models/onnx"
)

// StaticOptions tune [Static]. The zero value is right for encoders of the BERT family.
type StaticOptions struct {
	// Outliers bounds how far a channel may stand out. Where the largest channel of a product's input exceeds twice this many
	// times the median one, all that exceed this many times the median are divided down to it, and their weights multiplied,
	// so that a few huge channels do not use up the 8 bits of all. It costs one element-wise node for each such input, about
	// 1 % of the time for every ten of them. Default 2. +Inf leaves all channels as they are, which costs multilingual-e5-small
	// more than one point of accuracy.
	Outliers float64
	// Keep names matrices that stay in float, for the few that rounding hurts. Each makes the model slower and larger.
	Keep []string
}

// Static rewrites products of activations with constant matrices into 8-bit integer arithmetic, in place:
//
//	MatMul(x, W) + bias  →  MatMulIntegerToFloat(QuantizeLinear(x), int8 W, bias)
//
// The scale of x is a constant from calibration, never one of the batch, and products that read the same x share its rounding;
// so every row is computed without looking at any other one, and an answer does not depend on its neighbours. x is rounded to
// uint8, W to int8 with a scale a column, such that the sums are exact on every processor; see maxPair. What rounding does to a mean
// is taken back in the bias. Everything else stays in float: normalisation, softmax, the products of attention, heads.
//
// Matrices without a range, or with one that does not fit, are errors, and leave m unchanged. What Static leaves (the table of
// positions) [Weights] and [Embedding] can store in fewer bits afterwards.
func Static(m *onnx.Model, r Ranges, o StaticOptions) (Report, error) {
	if o.Outliers == 0 {
		o.Outliers = 2
	}
	if !(o.Outliers >= 1) {
		return Report{}, fmt.Errorf("static int8: outliers %g: want 1 or more, or 0 for the default", o.Outliers)
	}
	s := &static{ranges: r, o: o, inputs: map[string]*rounded{}, names: map[string]bool{}, made: map[*onnx.Node][]*onnx.Node{}}
	ps, err := products(m.Graph)
	if err != nil {
		return Report{}, fmt.Errorf("static int8: %w", err)
	}
	for _, t := range m.Graph.Initializers {
		s.names[t.Name] = true
	}
	for _, name := range o.Keep {
		if !slices.ContainsFunc(ps, func(p *product) bool { return p.weight.Name == name }) {
			return Report{}, fmt.Errorf("static int8: %q is to be kept, but no product reads a matrix of that name", name)
		}
	}
	for _, p := range ps {
		if slices.Contains(o.Keep, p.weight.Name) {
			continue
		}
		if err := s.product(p); err != nil {
			return Report{}, fmt.Errorf("static int8: node %q: %w", p.matmul.Name, err)
		}
	}
	s.apply(m)
	return s.report, nil
}

// static collects what is to be changed.
type static struct {
	ranges Ranges
	o      StaticOptions
	report Report
	inputs map[string]*rounded
	names  map[string]bool             // of constants
	inits  []*onnx.Tensor              // new ones
	made   map[*onnx.Node][]*onnx.Node // what stands in the place of an old node
}

// product makes the nodes for one product.
func (s *static) product(p *product) error {
	r := s.ranges[p.input()]
	if r == nil {
		return fmt.Errorf("its input %q %w", p.input(), errNoRange)
	}
	rows, cols := int(p.weight.Dims[0]), int(p.weight.Dims[1])
	if err := r.check(rows); err != nil {
		return fmt.Errorf("its input %q: %w", p.input(), err)
	}
	x := s.inputs[p.input()]
	if x == nil {
		x = newRounded(p.input(), r, s.o.Outliers)
		s.inputs[p.input()] = x
		for _, t := range x.tensors() {
			if s.names[t.Name] {
				return fmt.Errorf("the graph has a constant %q already; rename it", t.Name)
			}
			s.inits = append(s.inits, t)
		}
		s.made[p.matmul] = x.nodes()
		if x.divisor != nil {
			s.report.Divided++
		}
	}
	w := p.weight.Floats()
	for k, d := range x.divisor {
		for n := range cols {
			w[k*cols+n] *= d
		}
	}
	c := newColumns(w, rows, cols)
	bias := x.shift(r.Rows, w, c)
	if p.bias != nil {
		for n, b := range p.bias.Floats() {
			bias[n] += b
		}
	}
	s.note(p, w, c)
	s.emit(p, x, c, bias)
	return nil
}

// emit notes the new node and its constants.
func (s *static) emit(p *product, x *rounded, c *columns, bias []float32) {
	name := p.weight.Name + ".i8"
	for i := 2; s.names[name]; i++ { // a matrix that two products share may be scaled differently
		name = fmt.Sprintf("%s.i8.%d", p.weight.Name, i)
	}
	s.names[name] = true
	q, scale := c.tensors(name)
	s.inits = append(s.inits, q, scale, onnx.NewFloats(name+".bias", bias, int64(c.cols)))
	s.made[p.matmul] = append(s.made[p.matmul], &onnx.Node{Op: "MatMulIntegerToFloat", Domain: "com.microsoft", Name: p.matmul.Name,
		Inputs: []string{x.u8(), name, x.name + ".scale", name + ".scale", x.name + ".zero", "", name + ".bias"}, Outputs: []string{p.output()}})
	if p.add != nil {
		s.made[p.add] = nil // done above
	}
}

func (s *static) note(p *product, w []float32, c *columns) {
	s.report.Matrices++
	s.report.Before += len(p.weight.Raw)
	s.report.After += len(c.q) + 4*len(c.scale)
	peak := make([]float64, c.cols)
	for i, v := range w {
		peak[i%c.cols] = max(peak[i%c.cols], math.Abs(float64(v)))
	}
	for i, v := range w {
		s.report.note(float64(v)-c.float(i/c.cols, i%c.cols), peak[i%c.cols])
	}
}

// apply puts the new nodes where the old ones were.
func (s *static) apply(m *onnx.Model) {
	g := m.Graph
	nodes := make([]*onnx.Node, 0, len(g.Nodes)+len(s.inputs))
	for _, n := range g.Nodes {
		if made, ok := s.made[n]; ok {
			nodes = append(nodes, made...)
		} else {
			nodes = append(nodes, n)
		}
	}
	g.Nodes = nodes
	g.Initializers = append(g.Initializers, s.inits...)
	g.Prune()
	importContrib(m)
}

// importContrib lets the model use operators of ONNX Runtime.
func importContrib(m *onnx.Model) {
	if !slices.ContainsFunc(m.Opsets, func(o onnx.Opset) bool { return o.Domain == "com.microsoft" }) {
		m.Opsets = append(m.Opsets, onnx.Opset{Domain: "com.microsoft", Version: 1})
	}
}
