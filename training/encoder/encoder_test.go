package encoder_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/encoder"
)

func MustLoad(tb testing.TB, dir string) *encoder.Encoder {
	tb.Helper()
	e, err := encoder.Load(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// states runs a tapped graph over the ids.
func states(t *testing.T, e *encoder.Encoder, ids []int64, layers ...int) models.Logits {
	t.Helper()
	m, dim, err := e.Tap(layers...)
	if err != nil {
		t.Fatal(err)
	}
	b := &models.Batch{Rows: 1, Cols: len(ids), IDs: ids, Mask: ones(len(ids)), Lens: []int{len(ids)}}
	out, err := testenv.MustBackend(t, e.Bundle(m, dim), ort.Options{}).Forward(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if got := out[0][0]; got.Rows != len(ids) || got.Cols != dim || dim != len(layers)*testenv.EncoderDim {
		t.Fatalf("states are %d×%d, dim is %d", got.Rows, got.Cols, dim)
	}
	return out[0][0]
}

func ones(n int) []int64 {
	mask := make([]int64, n)
	for i := range mask {
		mask[i] = 1
	}
	return mask
}

// reference computes the states after each layer of testenv's encoder in double precision; [0] is the embeddings.
func reference(m *onnx.Model, id int64, layers int) [][]float64 {
	const d = testenv.EncoderDim
	weights := func(name string) []float32 { return m.Graph.Initializer(name).Floats() }
	norm := func(x []float64, prefix string) []float64 {
		w, b := weights(prefix+".LayerNorm.weight"), weights(prefix+".LayerNorm.bias")
		mean, square := 0.0, 0.0
		for _, v := range x {
			mean += v / d
		}
		for _, v := range x {
			square += (v - mean) * (v - mean) / d
		}
		out := make([]float64, d)
		for i, v := range x {
			out[i] = (v-mean)/math.Sqrt(square+1e-5)*float64(w[i]) + float64(b[i])
		}
		return out
	}
	x := make([]float64, d)
	for i, v := range weights("embeddings.word_embeddings.weight")[id*d : (id+1)*d] {
		x[i] = float64(v)
	}
	all := [][]float64{norm(x, "embeddings")}
	for l := range layers {
		prefix := "encoder.layer." + string(rune('0'+l)) + ".output"
		w, x := weights(prefix+".dense.weight"), all[l]
		y := make([]float64, d)
		for j := range y {
			for i := range x {
				y[j] += x[i] * float64(w[i*d+j])
			}
			y[j] = math.Tanh(y[j]) + x[j]
		}
		all = append(all, norm(y, prefix))
	}
	return all
}

// TestTap compares the hidden states of several layers with a computation by hand.
func TestTap(t *testing.T) {
	e := MustLoad(t, testenv.MustEncoder(t, 3))
	if e.Layers() != 3 || e.ModelSpec().MaxTokens != 64 {
		t.Fatalf("%d layers, %+v", e.Layers(), e.ModelSpec())
	}
	before := onnx.Marshal(e.Model)
	ids := []int64{2, 5, 6, 3}
	for _, layers := range [][]int{{1}, {3}, {1, 3}, {1, 2, 3}} {
		got := states(t, e, ids, layers...)
		for row, id := range ids {
			want := reference(e.Model, id, 3)
			for i, v := range got.Row(row) {
				if w := want[layers[i/testenv.EncoderDim]][i%testenv.EncoderDim]; math.Abs(float64(v)-w) > 1e-4 {
					t.Fatalf("layers %v: state %d of token %d is %g, want %g", layers, i, row, v, w)
				}
			}
		}
	}
	if !bytes.Equal(before, onnx.Marshal(e.Model)) {
		t.Error("tapping changed the encoder")
	}
}

// TestTapCuts removes what lies above the highest layer.
func TestTapCuts(t *testing.T) {
	e := MustLoad(t, testenv.MustEncoder(t, 3))
	m, _, err := e.Tap(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range m.Graph.Initializers {
		if strings.HasPrefix(tensor.Name, "encoder.layer.1") || strings.HasPrefix(tensor.Name, "encoder.layer.2") {
			t.Errorf("%s is still there", tensor.Name)
		}
	}
	if len(m.Graph.Outputs) != 1 || m.Graph.Outputs[0].Name != encoder.Hidden {
		t.Errorf("outputs %v", m.Graph.Outputs)
	}
	for _, layers := range [][]int{{0}, {4}, {1, -1}, {}} {
		if _, _, err := e.Tap(layers...); err == nil {
			t.Errorf("layers %v were tapped", layers)
		}
	}
}

func TestLoad(t *testing.T) {
	// spoil changes a good folder.
	spoil := func(change func(t *testing.T, dir string)) string {
		dir := testenv.MustEncoder(t, 2)
		change(t, dir)
		return dir
	}
	write := func(name string, data []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	rename := func(from, to string) []byte { // the graph with other names of weights
		m := testenv.EncoderModel(2)
		for _, n := range m.Graph.Nodes {
			for i := range n.Inputs {
				n.Inputs[i] = strings.Replace(n.Inputs[i], from, to, 1)
			}
		}
		for _, tensor := range m.Graph.Initializers {
			tensor.Name = strings.Replace(tensor.Name, from, to, 1)
		}
		return onnx.Marshal(m)
	}
	cut := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			write(name, data[:len(data)*2/3])(t, dir)
		}
	}
	small := testenv.EncoderModel(2)
	table := small.Graph.Initializer("embeddings.word_embeddings.weight")
	*table = *onnx.NewFloats(table.Name, table.Floats()[:9*testenv.EncoderDim], 9, testenv.EncoderDim)
	fewer := onnx.Marshal(small)
	tests := []struct {
		name, dir, want string
	}{
		{"ErrNoFolder", filepath.Join(t.TempDir(), "none"), "config.json"},
		{"ErrConfig", spoil(write("config.json", []byte("{"))), "config.json"},
		{"ErrNoTokenizer", spoil(remove("tokenizer.json")), "tokenizer.json"},
		{"ErrTokenizer", spoil(write("tokenizer.json", []byte("{}"))), "tokenizer"},
		{"ErrNoModel", spoil(remove("model.onnx")), "neither model.onnx nor model.onnx.zst"},
		{"ErrModel", spoil(write("model.onnx", []byte("no"))), "read ONNX model"},
		{"ErrTruncated", spoil(cut("model.onnx")), "model.onnx"},
		{"ErrTruncatedTokenizer", spoil(cut("tokenizer.json")), "tokenizer.json"},
		{"ErrForeignTokenizer", spoil(write("model.onnx", fewer)), "tokenizer.json has 14 tokens but model.onnx knows 9: they do not belong together"},
		{"ErrNames", spoil(write("model.onnx", rename("encoder.layer.", "block."))), "Hugging Face names"},
		{"ErrGap", spoil(write("model.onnx", rename("encoder.layer.1.", "encoder.layer.2."))), "layer 2 is not in the graph"},
		{"ErrNoEmbeddings", spoil(write("model.onnx", rename("embeddings.LayerNorm", "words.LayerNorm"))), "layer 0 is not in the graph"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := encoder.Load(tt.dir)
			if err == nil || !strings.HasPrefix(err.Error(), "load encoder: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("OKCompressed", func(t *testing.T) {
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		plain := onnx.Marshal(testenv.EncoderModel(2))
		dir := spoil(remove("model.onnx"))
		write("model.onnx.zst", z.EncodeAll(plain, nil))(t, dir)
		if e := MustLoad(t, dir); e.Layers() != 2 || !bytes.Equal(onnx.Marshal(e.Model), plain) {
			t.Error("the compressed model is another one")
		}
		write("model.onnx.zst", z.EncodeAll(plain, nil)[:100])(t, dir)
		if _, err := encoder.Load(dir); err == nil || !strings.Contains(err.Error(), "unpack") {
			t.Errorf("half an archive: %v", err)
		}
	})
}
