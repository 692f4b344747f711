package grad_test

import (
	"testing"

	"yingda/internal/testenv"
	"yingda/models/onnx"
)

// TestRandomGraphs differentiates random graphs of 5 to 15 steps, each of one or a few operators, over values that are used once,
// several times or not at all.
func TestRandomGraphs(t *testing.T) {
	testenv.MustORT(t)
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	reused := 0
	for seed := range seeds {
		p := solved(seed, 1, randomGraph)
		s := p.compile(t)
		s.check(t, p, tolerance)
		if q := solved(seed, 2, randomGraph); sameStructure(p, q) {
			s.check(t, q, tolerance)
			reused++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if reused < int(seeds)/2 {
		t.Errorf("only %d of %d gradient graphs were run on other sizes", reused, seeds)
	}
}

// weave makes a random graph over values of one shape: batch, length, width.
type weave struct {
	*problem
	width size
	pool  []string
	used  map[string]bool
}

func randomGraph(p *problem) {
	p.opset = 17
	w := &weave{problem: p, width: size{n: 4}, used: map[string]bool{}}
	shape := []size{p.free(), p.free(), w.width}
	w.pool = []string{p.param(shape, -1, 1)}
	if p.s.IntN(2) == 0 {
		w.pool = append(w.pool, p.node("Add", []string{w.pick(), p.param(shape[1:], -1, 1)}))
	}
	for range 5 + p.s.IntN(11) {
		w.pool = append(w.pool, steps[p.s.IntN(len(steps))](w))
	}
	for _, v := range w.pool {
		if !w.used[v] {
			p.end(v)
		}
	}
}

// pick takes a value, more often a late one.
func (w *weave) pick() string {
	i := max(w.s.IntN(len(w.pool)), w.s.IntN(len(w.pool)))
	w.used[w.pool[i]] = true
	return w.pool[i]
}

func (w *weave) row(lo, hi float64) string { return w.param([]size{w.width}, lo, hi) }

func (w *weave) weight() string { return w.param([]size{w.width, w.width}, -1, 1) }

var steps = []func(w *weave) string{
	func(w *weave) string { return w.node("Tanh", []string{w.pick()}) },
	func(w *weave) string { return w.node("Sigmoid", []string{w.pick()}) },
	func(w *weave) string { return w.node("Mul", []string{w.pick(), w.node("Erf", []string{w.pick()})}) },
	func(w *weave) string { return w.node("Add", []string{w.pick(), w.pick()}) },
	func(w *weave) string { return w.node("Sub", []string{w.pick(), w.row(-1, 1)}) },
	func(w *weave) string { return w.node("Mul", []string{w.row(0.5, 1), w.pick()}) },
	func(w *weave) string {
		return w.node("Div", []string{w.pick(), w.node("Add", []string{w.node("Softplus", []string{w.pick()}), w.float(1)})})
	},
	func(w *weave) string { return w.node("MatMul", []string{w.pick(), w.weight()}) },
	func(w *weave) string {
		return w.node("Softmax", []string{w.pick()}, onnx.IntAttr("axis", w.s.Int64N(6)-3))
	},
	func(w *weave) string {
		x := w.node("Add", []string{w.pick(), w.row(-1, 1)}) // so that a row is not constant
		return w.node("LayerNormalization", []string{x, w.row(0.5, 1), w.row(-1, 1)}, onnx.FloatAttr("epsilon", 0.1))
	},
	func(w *weave) string { // attention
		scores := w.node("MatMul", []string{w.pick(), w.node("Transpose", []string{w.pick()}, onnx.IntsAttr("perm", 0, 2, 1))})
		return w.node("MatMul", []string{w.node("Softmax", []string{scores}), w.pick()})
	},
	func(w *weave) string { // attention of two heads
		split := func(x string) string {
			return w.node("Transpose", []string{w.node("Reshape", []string{x, w.ints(0, 0, 2, 2)})}, onnx.IntsAttr("perm", 0, 2, 1, 3))
		}
		x := w.node("MatMul", []string{w.node("Tanh", []string{split(w.pick())}), w.param([]size{{n: 2}, {n: 2}, {n: 2}}, -1, 1)})
		return w.node("Reshape", []string{w.node("Transpose", []string{x}, onnx.IntsAttr("perm", 0, 2, 1, 3)), w.ints(0, 0, 4)})
	},
	func(w *weave) string { // a mean over the length, spread again
		return w.node("Add", []string{w.pick(), w.node("ReduceMean", []string{w.pick()}, onnx.IntsAttr("axes", 1))})
	},
	func(w *weave) string { // halves that change places
		x := w.pick()
		low := w.node("Slice", []string{x, w.ints(0), w.ints(2), w.ints(-1)})
		high := w.node("Slice", []string{x, w.ints(-2), w.ints(1 << 40), w.ints(2)})
		return w.node("Concat", []string{w.node("Neg", []string{high}), low}, onnx.IntAttr("axis", -1))
	},
	func(w *weave) string {
		parts := w.nodes("Split", 2, []string{w.pick(), w.ints(1, 3)}, onnx.IntAttr("axis", 2))
		return w.node("Concat", []string{w.node("Sin", []string{parts[1]}), parts[0]}, onnx.IntAttr("axis", 2))
	},
	func(w *weave) string { // rows by index, of the batch
		x := w.pick()
		return w.node("Mul", []string{x, w.node("Gather", []string{w.pick(), w.index([]size{{n: 1}}, 2)}, onnx.IntAttr("axis", 0))})
	},
	func(w *weave) string {
		return w.node("Where", []string{w.bools([]size{w.width}), w.pick(), w.node("Cos", []string{w.pick()})})
	},
	func(w *weave) string {
		x := w.node("Add", []string{w.pick(), w.row(1, 2)})
		return w.node("LpNormalization", []string{x}, onnx.IntAttr("axis", -1))
	},
	func(w *weave) string { // shifted by one place
		x := w.node("Pad", []string{w.pick(), w.ints(0, 1, 0, 0, -1, 0)})
		return w.node("Max", []string{x, w.pick()})
	},
}
