// Package quantize shrinks the weights of an encoder for storage: int8 columns for matrices, 4-bit blocks for the embedding table.
//
// Only storage is quantised. ONNX Runtime expands the matrices to float32 when a session is built, so answers are exactly
// those of float arithmetic on the rounded weights, alone or in a batch. Operators are standard ONNX (DequantizeLinear), and
// GatherBlockQuantized of ONNX Runtime for the embedding rows, which are expanded as they are read.
package quantize

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda/models/onnx"
)

// Report says what quantising cost.
type Report struct {
	Matrices, Rows      int     // matrices stored as int8; embedding rows stored in 4 bits
	Before, After       int     // bytes of the weights that were touched
	Divided             int     // inputs of products whose outlying channels Static divides
	MaxError, MeanError float64 // of a weight, relative to the largest weight of its column or block
	sum                 float64
	n                   int
}

// minMatrix is the number of weights from which a matrix is worth quantising.
const minMatrix = 16384

// Weights rewrites the graph in place: every constant right-hand side of a MatMul becomes int8 with one scale a column, every
// table that Slice reads becomes int8 with one scale a row. Heads (names beginning with "head.") stay as they are.
func Weights(g *onnx.Graph) (Report, error) {
	var r Report
	done := map[string]bool{}
	var nodes []*onnx.Node
	for _, n := range g.Nodes {
		pos, axis := -1, 1
		switch n.Op {
		case "MatMul":
			pos = 1
		case "Slice":
			pos, axis = 0, 0
		}
		if pos >= 0 {
			t := g.Initializer(n.Inputs[pos])
			if t != nil && t.Type == onnx.Float && len(t.Dims) == 2 && len(t.Raw) >= 4*minMatrix && !strings.HasPrefix(t.Name, "head.") {
				if !done[t.Name] {
					nodes = append(nodes, r.matrix(g, t, axis))
					done[t.Name] = true
				}
				n.Inputs[pos] = t.Name + ".f32"
			}
		}
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
	g.Prune()
	return r, nil
}

// matrix adds the quantised form of t to the graph and returns the node that expands it.
func (r *Report) matrix(g *onnx.Graph, t *onnx.Tensor, axis int) *onnx.Node {
	rows, cols := int(t.Dims[0]), int(t.Dims[1])
	w := t.Floats()
	channels := cols
	if axis == 0 {
		channels = rows
	}
	channel := func(i int) int {
		if axis == 0 {
			return i / cols
		}
		return i % cols
	}
	peak := make([]float32, channels)
	for i, v := range w {
		c := channel(i)
		peak[c] = max(peak[c], float32(math.Abs(float64(v))))
	}
	scale := make([]float32, channels)
	for c := range scale {
		if scale[c] = peak[c] / 127; scale[c] == 0 {
			scale[c] = 1
		}
	}
	q := make([]int8, len(w))
	for i, v := range w {
		c := channel(i)
		x := math.RoundToEven(float64(v / scale[c]))
		q[i] = int8(max(-127, min(127, x)))
		r.note(float64(v)-float64(q[i])*float64(scale[c]), float64(peak[c]))
	}
	r.Matrices++
	r.Before += len(t.Raw)
	r.After += len(q) + 4*len(scale)
	g.Initializers = append(g.Initializers, onnx.NewInt8s(t.Name+".q", q, t.Dims...), onnx.NewFloats(t.Name+".scale", scale, int64(channels)))
	return &onnx.Node{Op: "DequantizeLinear", Name: t.Name + ".dequantize", Inputs: []string{t.Name + ".q", t.Name + ".scale"},
		Outputs: []string{t.Name + ".f32"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", int64(axis))}}
}

func (r *Report) note(err, peak float64) {
	if peak > 0 {
		e := math.Abs(err) / peak
		r.MaxError = max(r.MaxError, e)
		r.sum += e
	}
	r.n++
	r.MeanError = r.sum / float64(r.n)
}

// block is the number of neighbouring weights that share a scale in the embedding table: the block of the common 4-bit formats, so that
// a table that was once stored in one of them is stored again without loss.
const block = 32

// Embedding rewrites the Gather that reads table with the ids input: rows become 4-bit integers with one scale a block of 32.
func Embedding(m *onnx.Model, ids string) (Report, error) {
	g := m.Graph
	var r Report
	for _, n := range g.Nodes {
		if n.Op != "Gather" || len(n.Inputs) != 2 || n.Inputs[1] != ids {
			continue
		}
		t := g.Initializer(n.Inputs[0])
		if t == nil || t.Type != onnx.Float || len(t.Dims) != 2 || t.Dims[1]%block != 0 {
			return r, fmt.Errorf("quantise embedding: %q is not a constant table of float rows in blocks of %d", n.Inputs[0], block)
		}
		q, scale := r.table(t.Floats())
		rows, cols := t.Dims[0], t.Dims[1]
		g.Initializers = append(g.Initializers,
			&onnx.Tensor{Name: t.Name + ".q", Type: onnx.Int4, Dims: t.Dims, Raw: q},
			onnx.NewFloats(t.Name+".scale", scale, rows, cols/block))
		r.Rows, r.Before, r.After = int(rows), len(t.Raw), len(q)+4*len(scale)
		n.Op, n.Domain = "GatherBlockQuantized", "com.microsoft"
		n.Inputs = []string{t.Name + ".q", ids, t.Name + ".scale"}
		n.Attrs = []*onnx.Attr{onnx.IntAttr("gather_axis", 0), onnx.IntAttr("quantize_axis", 1), onnx.IntAttr("block_size", block)}
		if !slices.ContainsFunc(m.Opsets, func(o onnx.Opset) bool { return o.Domain == "com.microsoft" }) {
			m.Opsets = append(m.Opsets, onnx.Opset{Domain: "com.microsoft", Version: 1})
		}
		for i := range m.Opsets { // int4 tensors came with opset 21 and IR 10
			if m.Opsets[i].Domain == "" {
				m.Opsets[i].Version = max(m.Opsets[i].Version, 21)
			}
		}
		m.IRVersion = max(m.IRVersion, 10)
		g.Prune()
		return r, nil
	}
	return r, fmt.Errorf("quantise embedding: no Gather reads %q", ids)
}

// table quantises rows to −8…7 times a scale. Of the scales that put the largest weight on a grid point the one with the least
// error is taken; it may be negative, as in the 4-bit formats where the largest weight is always −8.
func (r *Report) table(w []float32) (packed []byte, scales []float32) {
	packed = make([]byte, len(w)/2)
	scales = make([]float32, len(w)/block)
	for b := range scales {
		x := w[b*block : (b+1)*block]
		s := blockScale(x)
		scales[b] = s
		peak := 0.0
		for _, v := range x {
			peak = max(peak, math.Abs(float64(v)))
		}
		for i, v := range x {
			q := grid(v, s)
			r.note(float64(v)-q*float64(s), peak)
			packed[(b*block+i)/2] |= (byte(int8(q)) & 15) << (4 * (i % 2))
		}
	}
	return packed, scales
}

func grid(v, s float32) float64 {
	return max(-8, min(7, math.RoundToEven(float64(v/s))))
}

func blockScale(x []float32) float32 {
	var peak float32
	for _, v := range x {
		if math.Abs(float64(v)) > math.Abs(float64(peak)) {
			peak = v
		}
	}
	if peak == 0 {
		return 1
	}
	best, bestErr := float32(0), math.Inf(1)
	for _, d := range []float32{-8, 8, 7, -7, 6, -6, 5, -5, 4, -4, 3, -3, 2, -2, 1, -1} {
		s, err := peak/d, 0.0
		for _, v := range x {
			e := float64(v) - grid(v, s)*float64(s)
			err += e * e
		}
		if err < bestErr {
			best, bestErr = s, err
		}
	}
	return best
}
