package quantize_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/tokenizer"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/quantize"
)

// MustPretrained loads the encoder of YINGDA_ENCODER or ../shared. Without one the test is skipped.
func MustPretrained(tb testing.TB) *encoder.Encoder {
	tb.Helper()
	dir := os.Getenv("YINGDA_ENCODER")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/encoders/multilingual-e5-small-zh-en")
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("SKIPPED, NOT TESTED: no pretrained encoder (YINGDA_ENCODER names one): %v", err)
	}
	e, err := encoder.Load(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// MustTexts tokenises every step-th message of the corpus, beginning with from.
func MustTexts(tb testing.TB, e *encoder.Encoder, from, step int) (texts [][]int64) {
	tb.Helper()
	c, err := corpus.ReadDir(filepath.FromSlash("../corpus/data"))
	if err != nil {
		tb.Fatal(err)
	}
	tok, err := tokenizer.Parse(e.Tokenizer)
	if err != nil {
		tb.Fatal(err)
	}
	for i := from; i < len(c.Examples); i += step {
		var enc tokenizer.Encoding
		if err := tok.EncodeInto(&enc, c.Examples[i].Text, 0); err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, enc.IDs)
	}
	return texts
}

// MustInt8 taps an encoder and computes its matrices in integers.
func MustInt8(tb testing.TB, e *encoder.Encoder, fuse bool, calibration [][]int64, layers ...int) (*onnx.Model, int, quantize.Report) {
	tb.Helper()
	m, dim, err := e.Tap(layers...)
	if err != nil {
		tb.Fatal(err)
	}
	if f := quantize.Fuse(m, e.ModelSpec().Mask); fuse && f.Attentions != layers[len(layers)-1] {
		tb.Fatalf("fused %+v", f)
	} else if !fuse {
		if m, _, err = e.Tap(layers...); err != nil {
			tb.Fatal(err)
		}
	}
	report, err := quantize.Static(m, MustCalibrate(tb, m, calibration), quantize.StaticOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return m, dim, report
}

// MustStore stores what is left in float: the position table as int8, the embedding table in 4 bits.
func MustStore(tb testing.TB, m *onnx.Model, ids string) {
	tb.Helper()
	if _, err := quantize.Weights(m.Graph); err != nil {
		tb.Fatal(err)
	}
	if _, err := quantize.Embedding(m, ids); err != nil {
		tb.Fatal(err)
	}
}

// pooled is the mean of a text's rows.
func pooled(l models.Logits) []float32 {
	mean := make([]float32, l.Cols)
	for t := range l.Rows {
		for k, v := range l.Row(t) {
			mean[k] += v / float32(l.Rows)
		}
	}
	return mean
}

func cosine(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		ab, aa, bb = ab+float64(a[i])*float64(b[i]), aa+float64(a[i])*float64(a[i]), bb+float64(b[i])*float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// TestEncoder: a real encoder in integers stays close to itself in float, answers the same alone and in company, takes a byte a weight
// and is accepted as part of a bundle.
func TestEncoder(t *testing.T) {
	e := MustPretrained(t)
	m, dim, report := MustInt8(t, e, true, MustTexts(t, e, 0, 200), 8, e.Layers())
	MustStore(t, m, e.ModelSpec().IDs)
	if report.Matrices != 6*e.Layers() || report.After*395 > report.Before*100 {
		t.Errorf("report %+v", report)
	}
	size := len(onnx.Marshal(m))
	table := e.Model.Graph.Initializer("embeddings.word_embeddings.weight")
	if limit := report.Before/4 + len(table.Raw)*10/64 + 1<<20; size > limit { // 4 bits a weight of the table and 4 bytes for 32 of them
		t.Errorf("%d bytes, want %d", size, limit)
	}
	plain, _, err := e.Tap(8, e.Layers())
	if err != nil {
		t.Fatal(err)
	}
	held := MustTexts(t, e, 77, 300)
	b, float := MustSession(t, m), MustSession(t, plain)
	var got, want []float32
	far := 0 // texts whose tokens hardly occur elsewhere, two emoji and nothing else: outside the ranges that were calibrated
	for i, ids := range held {
		x, y := MustRun(t, b, 0, ids)[0], MustRun(t, float, 0, ids)[0]
		got, want = append(got, x.Data...), append(want, y.Data...)
		if c := cosine(pooled(x), pooled(y)); c < 0.95 {
			t.Errorf("text %d: cosine of the mean state is %.4f", i, c)
		} else if c < 0.995 {
			t.Logf("text %d: cosine of the mean state is %.4f", i, c)
			far++
		}
	}
	if far*50 > len(held) {
		t.Errorf("%d of %d texts are further than a cosine of 0.995 from their states in float, want 2 %% at most", far, len(held))
	}
	if d := noise(got, want); d > 0.1 {
		t.Errorf("noise %.3f on %d texts that were not calibrated on", d, len(held))
	} else {
		t.Logf("noise %.3f, %d bytes, %+v", d, size, report)
	}
	invariant(t, b, held[:24])
	mustOpen(t, e, m, dim)
}

// mustOpen makes a bundle that gives out the mean state, and reads it as a server would.
func mustOpen(t *testing.T, e *encoder.Encoder, m *onnx.Model, dim int) {
	t.Helper()
	g := m.Graph
	g.Initializers = append(g.Initializers, onnx.NewInts("head.axis", []int64{1}, 1))
	g.Nodes = append(g.Nodes, &onnx.Node{Op: "ReduceMean", Inputs: []string{encoder.Hidden, "head.axis"}, Outputs: []string{"embedding"},
		Attrs: []*onnx.Attr{onnx.IntAttr("keepdims", 0)}})
	g.Outputs = []*onnx.Value{{Name: "embedding", Type: onnx.Float, Dims: []onnx.Dim{{Param: "batch"}, {Size: int64(dim)}}}}
	b := e.Bundle(m, dim)
	b.Manifest.Name, b.Manifest.Version, b.Manifest.Languages, b.Card = "int8", "1", []string{"zh", "en"}, "# int8\n"
	b.Manifest.Heads = []models.Head{{Name: models.HeadEmbedding, Kind: models.Vector, Output: "embedding", Dim: dim}}
	dir, err := b.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := models.OpenPath(dir); err != nil {
		t.Errorf("the bundle is refused: %v", err)
	}
}
