package testenv

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"yingda/models/onnx"
)

// EncoderDim is the width of the states of [MustEncoder]'s model: enough for its matrices to be worth quantising.
const EncoderDim = 128

// EncoderModel is a pretrained encoder in small: an embedding table and layers of a matrix, a residual and a normalisation, whose
// weights carry Hugging Face names. Each token is read alone. The same layers give the same weights.
func EncoderModel(layers int) *onnx.Model {
	rng := rand.New(rand.NewPCG(11, 12))
	random := func(n int, scale float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64() * scale)
		}
		return x
	}
	ones := make([]float32, EncoderDim)
	for i := range ones {
		ones[i] = 1
	}
	dims := []onnx.Dim{{Param: "batch"}, {Param: "seq"}}
	g := &onnx.Graph{Name: "encoder",
		Inputs:  []*onnx.Value{{Name: "input_ids", Type: onnx.Int64, Dims: dims}, {Name: "attention_mask", Type: onnx.Int64, Dims: dims}},
		Outputs: []*onnx.Value{{Name: "last_hidden_state", Type: onnx.Float, Dims: append(dims[:2:2], onnx.Dim{Size: EncoderDim})}},
	}
	constant := func(name string, data []float32, dims ...int64) string {
		g.Initializers = append(g.Initializers, onnx.NewFloats(name, data, dims...))
		return name
	}
	node := func(op, out string, in ...string) string {
		g.Nodes = append(g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: in, Outputs: []string{out}})
		return out
	}
	norm := func(prefix, out, x string) string {
		return node("LayerNormalization", out, x, constant(prefix+".LayerNorm.weight", ones, EncoderDim), constant(prefix+".LayerNorm.bias", random(EncoderDim, 0.1), EncoderDim))
	}
	vocab := int64(len(TinyTokens))
	x := node("Gather", "words", constant("embeddings.word_embeddings.weight", random(int(vocab)*EncoderDim, 1), vocab, EncoderDim), "input_ids")
	x = norm("embeddings", "embedded", x)
	for i := range layers {
		name := fmt.Sprintf("encoder.layer.%d.output", i)
		y := node("MatMul", name+".product", x, constant(name+".dense.weight", random(EncoderDim*EncoderDim, 1/math.Sqrt(EncoderDim)), EncoderDim, EncoderDim))
		out := name + ".out"
		if i == layers-1 {
			out = "last_hidden_state"
		}
		x = norm(name, out, node("Add", name+".sum", node("Tanh", name+".tanh", y), x))
	}
	return &onnx.Model{IRVersion: 9, Producer: "testenv", Opsets: []onnx.Opset{{Version: 17}}, Graph: g}
}

// MustEncoder writes the encoder with the tiny tokenizer as a folder that encoder.Load reads.
func MustEncoder(tb testing.TB, layers int) string {
	tb.Helper()
	config, err := json.Marshal(map[string]any{"model_type": "tiny", "hidden_size": EncoderDim, "num_hidden_layers": layers, "max_position_embeddings": 64, "pad_token_id": 0})
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	for name, data := range map[string][]byte{"config.json": config, "tokenizer.json": tinyTokenizer(tb), "model.onnx": onnx.Marshal(EncoderModel(layers))} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
