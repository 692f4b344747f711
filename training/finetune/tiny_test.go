package finetune

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/onnx"
)

// oracle is testdata/oracle.json, which testdata/oracle.py writes: a small encoder with heads and what PyTorch computes with it.
type oracle struct {
	Rows       []Row       `json:"rows"`
	Parameters []parameter `json:"parameters"`
	Losses     []float64   `json:"losses"`
}

type parameter struct {
	Name     string  `json:"name"`
	Dims     []int64 `json:"dims"`
	Value    numbers `json:"value"`
	Gradient numbers `json:"gradient"`
}

// numbers are float32 in base64.
type numbers []float32

func (n *numbers) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return err
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		*n = append(*n, math.Float32frombits(binary.LittleEndian.Uint32(raw[i:])))
	}
	return nil
}

func mustOracle(tb testing.TB) *oracle {
	tb.Helper()
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		tb.Fatal(err)
	}
	var o oracle
	if err := json.Unmarshal(data, &o); err != nil {
		tb.Fatal(err)
	}
	return &o
}

func (o *oracle) parameter(name string) *parameter {
	for i := range o.Parameters {
		if o.Parameters[i].Name == name {
			return &o.Parameters[i]
		}
	}
	return nil
}

// The sizes of the oracle's encoder.
const (
	tinyWidth, tinyHeads, tinyLayers = 32, 4, 2
	tinyWords                        = 40
)

var tinyClasses = Classes{Intents: 5, Emotion: 3, Tags: 4}

// spec is the oracle's encoder as a graph, operator for operator like multilingual-e5-small's, with the heads' start weights.
func (o *oracle) spec(tb testing.TB) Spec {
	tb.Helper()
	testenv.MustORT(tb)
	b := &bert{g: &onnx.Graph{Name: "tiny"}}
	start := map[string][]float32{}
	for _, p := range o.Parameters {
		if strings.HasPrefix(p.Name, "head.") {
			start[p.Name] = p.Value
		} else {
			b.g.Initializers = append(b.g.Initializers, onnx.NewFloats(p.Name, p.Value, p.Dims...))
		}
	}
	top := b.encoder()
	m := &onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: 20}}, Graph: b.g}
	return Spec{Model: m, Hidden: "hidden", Width: tinyWidth, Top: top, IDs: "input_ids", Mask: "attention_mask", Pad: 1, Layers: tinyLayers,
		Layer: tinyLayer, Classes: tinyClasses, Start: start}
}

var layerNumber = regexp.MustCompile(`^encoder\.layer\.(\d+)\.`)

func tinyLayer(name string) int {
	if m := layerNumber.FindStringSubmatch(name); m != nil {
		l, err := strconv.Atoi(m[1])
		if err != nil {
			panic(err)
		}
		return l + 1
	}
	return 0
}

// bert builds the graph of an encoder (Devlin et al. 2019).
type bert struct {
	g    *onnx.Graph
	next int
}

func (b *bert) node(op string, inputs []string, attrs ...*onnx.Attr) string {
	b.next++
	out := fmt.Sprintf("%s_%d", op, b.next)
	b.g.Nodes = append(b.g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (b *bert) linear(x, prefix string) string {
	return b.node("Add", []string{b.node("MatMul", []string{x, prefix + ".weight"}), prefix + ".bias"})
}

func (b *bert) norm(x, prefix string) string {
	return b.node("LayerNormalization", []string{x, prefix + ".LayerNorm.weight", prefix + ".LayerNorm.bias"}, onnx.IntAttr("axis", -1), onnx.FloatAttr("epsilon", 1e-5))
}

// encoder adds all layers and returns the states of the last, which "hidden" repeats, as Encoder.Tap writes it.
func (b *bert) encoder() string {
	dims := []onnx.Dim{{Param: "batch"}, {Param: "seq"}}
	b.g.Inputs = []*onnx.Value{{Name: "input_ids", Type: onnx.Int64, Dims: dims}, {Name: "attention_mask", Type: onnx.Int64, Dims: dims}}
	b.g.Initializers = append(b.g.Initializers,
		onnx.NewInts("zero", []int64{0}, 1), onnx.NewInts("one", []int64{1}, 1), onnx.NewInts("ax12", []int64{1, 2}, 2),
		onnx.NewInts("split_heads", []int64{0, 0, tinyHeads, tinyWidth / tinyHeads}, 4), onnx.NewInts("merge_heads", []int64{0, 0, tinyWidth}, 3),
		onnx.NewFloats("one_f", []float32{1}, 1), onnx.NewFloats("neg", []float32{-10000}, 1),
		onnx.NewFloats("scale", []float32{float32(1 / math.Sqrt(tinyWidth/tinyHeads))}, 1))
	length := b.node("Gather", []string{b.node("Shape", []string{"input_ids"}), "one"})
	positions := b.node("Slice", []string{"embeddings.position_embeddings.weight", "zero", length, "zero"})
	x := b.norm(b.node("Add", []string{b.node("Gather", []string{"embeddings.word_embeddings.weight", "input_ids"}), positions}), "embeddings")
	mask := b.node("Sub", []string{"one_f", b.node("Cast", []string{"attention_mask"}, onnx.IntAttr("to", int64(onnx.Float)))})
	mask = b.node("Unsqueeze", []string{b.node("Mul", []string{mask, "neg"}), "ax12"})
	for i := range tinyLayers {
		x = b.layer(x, mask, fmt.Sprintf("encoder.layer.%d", i))
	}
	b.g.Nodes = append(b.g.Nodes, &onnx.Node{Op: "Concat", Name: "hidden", Inputs: []string{x}, Outputs: []string{"hidden"}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 2)}})
	b.g.Outputs = []*onnx.Value{{Name: "hidden", Type: onnx.Float}}
	return x
}

func (b *bert) layer(x, mask, prefix string) string {
	split := func(part string, perm ...int64) string {
		return b.node("Transpose", []string{b.node("Reshape", []string{b.linear(x, prefix+".attention.self."+part), "split_heads"})}, onnx.IntsAttr("perm", perm...))
	}
	q, k, v := split("query", 0, 2, 1, 3), split("key", 0, 2, 3, 1), split("value", 0, 2, 1, 3)
	scores := b.node("Add", []string{b.node("Mul", []string{b.node("MatMul", []string{q, k}), "scale"}), mask})
	a := b.node("MatMul", []string{b.node("Softmax", []string{scores}, onnx.IntAttr("axis", -1)), v})
	a = b.node("Reshape", []string{b.node("Transpose", []string{a}, onnx.IntsAttr("perm", 0, 2, 1, 3)), "merge_heads"})
	x = b.norm(b.node("Add", []string{b.linear(a, prefix+".attention.output.dense"), x}), prefix+".attention.output")
	inner := b.node("Gelu", []string{b.linear(x, prefix+".intermediate.dense")})
	return b.norm(b.node("Add", []string{b.linear(inner, prefix+".output.dense"), x}), prefix+".output")
}

// tinyOptions train everything but the word table, without anything random.
func tinyOptions() Options {
	return Options{Epochs: 1, Batch: 8, Rate: 1e-3, HeadRate: 5e-3, Intents: 1, Emotion: 0.5, Entities: 0.3, Threads: 1}
}

// tinyRows makes labelled rows of 3 to 9 tokens.
func tinyRows(n int, seed uint64) []Row {
	rng := rand.New(rand.NewPCG(seed, 1))
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = tinyRow(3+rng.IntN(7), rng)
	}
	return rows
}

func tinyRow(length int, rng *rand.Rand) Row {
	row := Row{Segments: []Segment{{Target: []Target{{Class: rng.Int32N(5), Weight: 1}}}}, Emotion: []Target{{Class: rng.Int32N(3), Weight: 1}}}
	for range length {
		row.IDs = append(row.IDs, 5+rng.Int64N(tinyWords-5))
		row.Tags = append(row.Tags, []Target{{Class: rng.Int32N(4), Weight: 1}})
	}
	return row
}

// begin makes a run that has not taken a step, as Run does.
func begin(tb testing.TB, spec Spec, rows []Row, o Options) *run {
	tb.Helper()
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		tb.Fatal(err)
	}
	m, err := newModel(spec, o, o.Hidden > 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.close(); err != nil {
			tb.Error(err)
		}
	})
	t := &run{o: o, m: m, rows: rows}
	for e := range o.Epochs {
		t.steps += (len(plan(rows, o, e)) + o.Accumulate - 1) / o.Accumulate
	}
	return t
}

// learnOf runs forward and backward over a batch of these rows.
func (t *run) learnOf(tb testing.TB, texts ...int) *batch {
	tb.Helper()
	b := t.m.collate(t.rows, texts, t.o, 0)
	if err := t.learn(b); err != nil {
		tb.Fatal(err)
	}
	return b
}

// gradients copies those of the last batch.
func (t *run) gradients() map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range t.m.params {
		all[p.Name] = append([]float32(nil), p.Grad...)
	}
	return all
}

// gap is |got − want| / |want|.
func gap(got, want []float32) float64 {
	d, n := 0.0, 0.0
	for i, w := range want {
		d += (float64(got[i]) - float64(w)) * (float64(got[i]) - float64(w))
		n += float64(w) * float64(w)
	}
	return math.Sqrt(d) / max(math.Sqrt(n), 1e-12)
}

// length is the Euclidean norm.
func length(x []float32) float64 {
	n := 0.0
	for _, v := range x {
		n += float64(v) * float64(v)
	}
	return math.Sqrt(n)
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// isKeyBias: the softmax of attention does not change when all keys move alike, so these have no gradient.
func isKeyBias(name string) bool { return strings.HasSuffix(name, ".attention.self.key.bias") }
