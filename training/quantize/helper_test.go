package quantize_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/quantize"
)

const (
	width = 128 // of the states of MustWritten's model: 128·128 weights are just enough to be quantised
	vocab = 64
)

// spec is how the models of these tests are fed.
var spec = models.ModelSpec{File: "model.onnx", IDs: "input_ids", Mask: "attention_mask", MaxTokens: 64}

// graph builds a model node by node. A value is named after its node.
type graph struct {
	*onnx.Graph
	rng *rand.Rand
}

func newGraph(seed uint64) *graph {
	dims := []onnx.Dim{{Param: "batch"}, {Param: "seq"}}
	return &graph{rng: rand.New(rand.NewPCG(seed, 1)), Graph: &onnx.Graph{Name: "g",
		Inputs: []*onnx.Value{{Name: spec.IDs, Type: onnx.Int64, Dims: dims}, {Name: spec.Mask, Type: onnx.Int64, Dims: dims}}}}
}

func (g *graph) node(op, out string, in ...string) string {
	g.Nodes = append(g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: in, Outputs: []string{out}})
	return out
}

func (g *graph) attr(a *onnx.Attr) { n := g.Nodes[len(g.Nodes)-1]; n.Attrs = append(n.Attrs, a) }

func (g *graph) floats(name string, data []float32, dims ...int64) string {
	g.Initializers = append(g.Initializers, onnx.NewFloats(name, data, dims...))
	return name
}

func (g *graph) ints(name string, data ...int64) string {
	if g.Initializer(name) == nil {
		g.Initializers = append(g.Initializers, onnx.NewInts(name, data, int64(len(data))))
	}
	return name
}

func (g *graph) random(n int, scale float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(g.rng.NormFloat64() * scale)
	}
	return x
}

// linear multiplies by a random matrix and adds a random row.
func (g *graph) linear(name, x string, rows, cols int) string {
	w := g.floats(name+".weight", g.random(rows*cols, 1/math.Sqrt(float64(rows))), int64(rows), int64(cols))
	return g.node("Add", name, g.node("MatMul", name+".product", x, w), g.floats(name+".bias", g.random(cols, 0.1), int64(cols)))
}

// norm normalises with a gain that makes channel 3 ten times as large as the others, as trained encoders have such channels.
func (g *graph) norm(name, x string) string {
	gain := make([]float32, width)
	for i := range gain {
		gain[i] = 1
	}
	gain[3] = 10
	return g.node("LayerNormalization", name, x, g.floats(name+".gain", gain, width), g.floats(name+".shift", g.random(width, 0.1), width))
}

func (g *graph) heads(name, x string, perm ...int64) string {
	y := g.node("Transpose", name+".heads", g.node("Reshape", name+".split", x, g.ints("split", 0, 0, 4, 32)))
	g.attr(onnx.IntsAttr("perm", perm...))
	return y
}

// layer is a transformer layer, attention written out.
func (g *graph) layer(name, x, mask string) string {
	q := g.heads(name+".q", g.linear(name+".query", x, width, width), 0, 2, 1, 3)
	k := g.heads(name+".k", g.linear(name+".key", x, width, width), 0, 2, 3, 1)
	v := g.heads(name+".v", g.linear(name+".value", x, width, width), 0, 2, 1, 3)
	scores := g.node("Add", name+".scores", g.node("Mul", name+".scaled", g.node("MatMul", name+".qk", q, k), "scale"), mask)
	p := g.node("Softmax", name+".softmax", scores)
	g.attr(onnx.IntAttr("axis", -1))
	c := g.node("Transpose", name+".back", g.node("MatMul", name+".mixed", p, v))
	g.attr(onnx.IntsAttr("perm", 0, 2, 1, 3))
	c = g.node("Reshape", name+".merged", c, g.ints("merge", 0, 0, width))
	x = g.norm(name+".attended", g.node("Add", name+".sum1", g.linear(name+".dense", c, width, width), x))
	y := g.linear(name+".down", g.node("Gelu", name+".gelu", g.linear(name+".up", x, width, 2*width)), 2*width, width)
	return g.norm(name+".out", g.node("Add", name+".sum2", y, x))
}

// MustWritten makes an encoder of two layers in the form that exporters write. Its output is "hidden".
func MustWritten(tb testing.TB) *onnx.Model {
	tb.Helper()
	g := newGraph(7)
	g.floats("one", []float32{1}, 1)
	g.floats("far", []float32{-10000}, 1)
	g.floats("scale", []float32{1 / float32(math.Sqrt(32))}, 1)
	g.node("Cast", "mask", spec.Mask)
	g.attr(onnx.IntAttr("to", int64(onnx.Float)))
	mask := g.node("Unsqueeze", "mask4", g.node("Mul", "masked", g.node("Sub", "hide", "one", "mask"), "far"), g.ints("axes", 1, 2))
	x := g.norm("embedded", g.node("Gather", "words", g.floats("table", g.random(vocab*width, 1), vocab, width), spec.IDs))
	for i := range 2 {
		x = g.layer(fmt.Sprintf("layer%d", i), x, mask)
	}
	return g.model(g.node("Identity", "hidden", x), width)
}

// model wraps the graph with one output.
func (g *graph) model(out string, dim int) *onnx.Model {
	g.Outputs = []*onnx.Value{{Name: out, Type: onnx.Float, Dims: []onnx.Dim{{Param: "batch"}, {Param: "seq"}, {Size: int64(dim)}}}}
	return &onnx.Model{IRVersion: 9, Producer: "test", Opsets: []onnx.Opset{{Version: 20}}, Graph: g.Graph}
}

// MustClone copies a model so that it can be rewritten.
func MustClone(tb testing.TB, m *onnx.Model) *onnx.Model {
	tb.Helper()
	c, err := onnx.Unmarshal(onnx.Marshal(m))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// MustSession runs a model whose only output has a row a token.
func MustSession(tb testing.TB, m *onnx.Model) *ort.Backend {
	tb.Helper()
	out := m.Graph.Outputs[0]
	return testenv.MustBackend(tb, &models.Bundle{Model: onnx.Marshal(m), Manifest: &models.Manifest{Format: models.FormatVersion, ID: "test", Name: "test",
		Model: spec, Heads: []models.Head{{Name: "hidden", Kind: models.Tokens, Output: out.Name, Dim: int(out.Dims[2].Size)}}}}, ort.Options{})
}

// MustRun runs texts in one batch, padded to cols at least, and returns the rows of each.
func MustRun(tb testing.TB, b models.Backend, cols int, texts ...[]int64) []models.Logits {
	tb.Helper()
	batch := &models.Batch{Rows: len(texts), Cols: cols}
	for _, ids := range texts {
		batch.Cols = max(batch.Cols, len(ids))
		batch.Lens = append(batch.Lens, len(ids))
	}
	for _, ids := range texts {
		for i := range batch.Cols {
			id, mask := int64(1), int64(0)
			if i < len(ids) {
				id, mask = ids[i], 1
			}
			batch.IDs, batch.Mask = append(batch.IDs, id), append(batch.Mask, mask)
		}
	}
	rows, err := b.Forward(tb.Context(), batch)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]models.Logits, len(rows))
	for i := range rows {
		out[i] = rows[i][0]
	}
	return out
}

// MustCalibrate calibrates on texts.
func MustCalibrate(tb testing.TB, m *onnx.Model, texts [][]int64) quantize.Ranges {
	tb.Helper()
	testenv.MustORT(tb)
	r, err := quantize.Calibrate(tb.Context(), m, spec, texts)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// randomTexts makes texts of 1 to 20 tokens.
func randomTexts(seed uint64, n int) [][]int64 {
	rng := rand.New(rand.NewPCG(seed, 2))
	texts := make([][]int64, n)
	for i := range texts {
		texts[i] = make([]int64, 1+rng.IntN(20))
		for j := range texts[i] {
			texts[i][j] = rng.Int64N(vocab)
		}
	}
	return texts
}

// noise is the size of the difference relative to want's spread around its mean.
func noise(got, want []float32) float64 {
	mean, diff, spread := 0.0, 0.0, 0.0
	for _, v := range want {
		mean += float64(v) / float64(len(want))
	}
	for i, v := range want {
		diff += math.Pow(float64(got[i])-float64(v), 2)
		spread += math.Pow(float64(v)-mean, 2)
	}
	return math.Sqrt(diff / spread)
}
