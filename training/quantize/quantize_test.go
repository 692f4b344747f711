package quantize_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/encoder"
	"yingda/training/quantize"
)

const table = "embeddings.word_embeddings.weight"

// MustTap makes a graph of an encoder with hidden states of two layers.
func MustTap(tb testing.TB) (*encoder.Encoder, *onnx.Model, int) {
	tb.Helper()
	e, err := encoder.Load(testenv.MustEncoder(tb, 2))
	if err != nil {
		tb.Fatal(err)
	}
	m, dim, err := e.Tap(1, 2)
	if err != nil {
		tb.Fatal(err)
	}
	return e, m, dim
}

// forward runs all tokens of the vocabulary.
func forward(t *testing.T, e *encoder.Encoder, m *onnx.Model, dim int) []float32 {
	t.Helper()
	b := &models.Batch{Rows: 1, Cols: len(testenv.TinyTokens), Lens: []int{len(testenv.TinyTokens)}}
	for i := range testenv.TinyTokens {
		b.IDs, b.Mask = append(b.IDs, int64(i)), append(b.Mask, 1)
	}
	out, err := testenv.MustBackend(t, e.Bundle(m, dim), ort.Options{}).Forward(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return out[0][0].Data
}

func distance(a, b []float32) (worst float64) {
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	return worst
}

// expand replaces what is stored in few bits by what it stands for, computed here, so that the runtime's reading can be checked.
func expand(m *onnx.Model) {
	g := m.Graph
	var nodes []*onnx.Node
	for _, n := range g.Nodes {
		switch n.Op {
		case "DequantizeLinear":
			q, scale := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[1]).Floats()
			rows, cols := int(q.Dims[0]), int(q.Dims[1])
			w := make([]float32, rows*cols)
			for i := range w {
				c := i % cols
				if n.Attr("axis").I == 0 {
					c = i / cols
				}
				w[i] = float32(int8(q.Raw[i])) * scale[c]
			}
			g.Initializers = append(g.Initializers, onnx.NewFloats(n.Outputs[0], w, q.Dims...))
			continue
		case "GatherBlockQuantized":
			q, scale := g.Initializer(n.Inputs[0]), g.Initializer(n.Inputs[2]).Floats()
			w := make([]float32, 2*len(q.Raw))
			for i := range w {
				v := int8(q.Raw[i/2]<<4) >> 4
				if i%2 == 1 {
					v = int8(q.Raw[i/2]) >> 4
				}
				w[i] = float32(v) * scale[i/32]
			}
			g.Initializers = append(g.Initializers, onnx.NewFloats(table, w, q.Dims...))
			n = &onnx.Node{Op: "Gather", Name: n.Name, Inputs: []string{table, n.Inputs[1]}, Outputs: n.Outputs}
		}
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
	g.Prune()
}

// TestOutput: the quantised graph says what float arithmetic on the rounded weights says, and that is close to the original.
func TestOutput(t *testing.T) {
	e, plain, dim := MustTap(t)
	original := forward(t, e, plain, dim)
	before := onnx.Marshal(e.Model)

	_, m, _ := MustTap(t)
	w, err := quantize.Weights(m.Graph)
	if err != nil {
		t.Fatal(err)
	}
	emb, err := quantize.Embedding(m, e.ModelSpec().IDs)
	if err != nil {
		t.Fatal(err)
	}
	got := forward(t, e, m, dim)
	if d := distance(got, original); d > 0.6 || d == 0 {
		t.Errorf("quantising moves a state by %g", d)
	}
	if w.Matrices != 2 || w.Before != 2*4*128*128 || w.After != 2*(128*128+4*128) || emb.Rows != len(testenv.TinyTokens) || emb.After*6 > emb.Before {
		t.Errorf("reports %+v, %+v", w, emb)
	}
	if w.MaxError > 0.5/127+1e-6 || w.MeanError > w.MaxError || w.MeanError <= 0 || emb.MaxError > 0.15 || emb.MeanError <= 0 {
		t.Errorf("errors %g, %g of int8 and %g, %g of 4 bits", w.MeanError, w.MaxError, emb.MeanError, emb.MaxError)
	}
	expand(m)
	if d := distance(got, forward(t, e, m, dim)); d > 1e-5 {
		t.Errorf("the runtime reads the stored weights otherwise: %g", d)
	}
	if string(before) != string(onnx.Marshal(e.Model)) {
		t.Error("quantising a tapped graph changed the encoder")
	}
}

// TestWeights leaves alone what is small or a head.
func TestWeights(t *testing.T) {
	const n = 128
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(k int) []float32 {
		x := make([]float32, k)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	w := random(n * n)
	for i := range n {
		w[i*n+5] = 0 // a column of nothing
	}
	w[7*n+9] = 1000 // an outlier spoils its own column only
	g := &onnx.Graph{
		Nodes: []*onnx.Node{
			{Op: "MatMul", Inputs: []string{"x", "big"}, Outputs: []string{"a"}},
			{Op: "MatMul", Inputs: []string{"a", "big"}, Outputs: []string{"b"}}, // twice
			{Op: "MatMul", Inputs: []string{"b", "head.big"}, Outputs: []string{"c"}},
			{Op: "MatMul", Inputs: []string{"c", "small"}, Outputs: []string{"d"}},
			{Op: "Slice", Inputs: []string{"positions", "from", "to"}, Outputs: []string{"e"}},
		},
		Initializers: []*onnx.Tensor{onnx.NewFloats("big", w, n, n), onnx.NewFloats("head.big", random(n*n), n, n), onnx.NewFloats("small", random(n), n, 1),
			onnx.NewFloats("positions", random(2*n*n), 2*n, n), onnx.NewInts("from", []int64{0}, 1), onnx.NewInts("to", []int64{4}, 1)},
		Inputs:  []*onnx.Value{{Name: "x", Type: onnx.Float}},
		Outputs: []*onnx.Value{{Name: "d", Type: onnx.Float}, {Name: "e", Type: onnx.Float}},
	}
	r, err := quantize.Weights(g)
	if err != nil {
		t.Fatal(err)
	}
	if r.Matrices != 2 || r.Before != 4*3*n*n || g.Initializer("big") != nil || g.Initializer("positions") != nil || g.Initializer("head.big") == nil || g.Initializer("small") == nil {
		t.Errorf("report %+v", r)
	}
	if s := g.Initializer("positions.scale"); len(s.Floats()) != 2*n { // by row
		t.Errorf("%d scales of a table that is sliced by row", len(s.Floats()))
	}
	q, scale := g.Initializer("big.q"), g.Initializer("big.scale").Floats()
	for i, v := range w {
		c := i % n
		if err := math.Abs(float64(v) - float64(int8(q.Raw[i]))*float64(scale[c])); err > float64(scale[c])/2*(1+1e-5) {
			t.Fatalf("weight %d, %g, is off by %g at scale %g", i, v, err, scale[c])
		}
		if c == 5 && q.Raw[i] != 0 {
			t.Fatalf("nothing became %d", int8(q.Raw[i]))
		}
	}
	expanded := 0
	for _, node := range g.Nodes {
		if node.Op == "DequantizeLinear" {
			expanded++
		}
	}
	if expanded != 2 {
		t.Errorf("%d nodes expand 2 matrices", expanded)
	}
}

// MustEmbedding quantises a table of 32 columns and returns what is stored, expanded.
func MustEmbedding(t *testing.T, w []float32) ([]float32, quantize.Report) {
	t.Helper()
	m := &onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: 17}, {Domain: "com.microsoft", Version: 1}}, Graph: &onnx.Graph{
		Nodes:        []*onnx.Node{{Op: "Gather", Inputs: []string{table, "ids"}, Outputs: []string{"y"}}},
		Initializers: []*onnx.Tensor{onnx.NewFloats(table, w, int64(len(w)/32), 32)},
		Inputs:       []*onnx.Value{{Name: "ids", Type: onnx.Int64}}, Outputs: []*onnx.Value{{Name: "y", Type: onnx.Float}},
	}}
	r, err := quantize.Embedding(m, "ids")
	if err != nil {
		t.Fatal(err)
	}
	if m.IRVersion < 10 || m.Opsets[0].Version < 21 || len(m.Opsets) != 2 {
		t.Errorf("IR %d, operator sets %v", m.IRVersion, m.Opsets)
	}
	expand(m)
	return m.Graph.Initializer(table).Floats(), r
}

// TestGrid stores tables that lie on a 4-bit grid already without loss, whatever part of the grid they use.
func TestGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var w []float32
	for range 500 {
		scale := float32(math.Exp(rng.NormFloat64()*3)) * float32(1-2*rng.IntN(2))
		low, high := -8+rng.IntN(8), 1+rng.IntN(7)
		for range 32 {
			w = append(w, float32(low+rng.IntN(high-low+1))*scale)
		}
	}
	w = append(w, make([]float32, 32)...)
	got, r := MustEmbedding(t, w)
	for i, v := range w {
		if math.Abs(float64(got[i]-v)) > 1e-6*math.Abs(float64(v)) {
			t.Fatalf("weight %d of block %v becomes %g", i%32, w[i/32*32:i/32*32+32], got[i])
		}
	}
	if r.MaxError > 1e-6 {
		t.Errorf("reported error %g", r.MaxError)
	}
}

// TestEmbeddingError bounds what 4 bits lose of normally distributed weights. A weight may be cut off at the short end of −8…7.
func TestEmbeddingError(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	w := make([]float32, 32*2000)
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	got, r := MustEmbedding(t, w)
	square, total := 0.0, 0.0
	for i, v := range w {
		square += float64(got[i]-v) * float64(got[i]-v)
		total += float64(v) * float64(v)
	}
	if noise := math.Sqrt(square / total); noise > 0.1 || math.IsNaN(noise) || r.MaxError > 0.15 {
		t.Errorf("noise %.3f of the signal, largest error %.3f", noise, r.MaxError)
	}
}

func TestEmbeddingErrors(t *testing.T) {
	_, good, _ := MustTap(t)
	narrow := &onnx.Model{Graph: &onnx.Graph{Nodes: []*onnx.Node{{Op: "Gather", Inputs: []string{"w", "ids"}, Outputs: []string{"y"}}},
		Initializers: []*onnx.Tensor{onnx.NewFloats("w", make([]float32, 60), 2, 30)}}}
	missing := &onnx.Model{Graph: &onnx.Graph{Nodes: slices.Clone(narrow.Graph.Nodes)}}
	for _, tt := range []struct {
		name, ids, want string
		m               *onnx.Model
	}{
		{"ErrNoGather", "tokens", `no Gather reads "tokens"`, good},
		{"ErrNarrow", "ids", "blocks of 32", narrow},
		{"ErrNotConstant", "ids", "not a constant table", missing},
	} {
		if _, err := quantize.Embedding(tt.m, tt.ids); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
