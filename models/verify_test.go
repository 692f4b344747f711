package models_test

import (
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
)

// TestVerifyModel changes one thing of a good graph at a time. The hashes are right: someone built it this way.
func TestVerifyModel(t *testing.T) {
	node := func(m *onnx.Model, name string) *onnx.Node {
		for _, n := range m.Graph.Nodes {
			if n.Name == name {
				return n
			}
		}
		t.Fatalf("no node %q", name)
		return nil
	}
	attach := func(a *onnx.Attr) func(m *onnx.Model) {
		return func(m *onnx.Model) { n := node(m, "hidden"); n.Attrs = append(n.Attrs, a) }
	}
	evil := &onnx.Graph{Nodes: []*onnx.Node{{Op: "PyOp", Domain: "com.microsoft"}}}
	big := onnx.NewFloats("x", []float32{1}, 1)
	big.Dims = []int64{1 << 10}
	tests := []struct {
		name   string
		change func(m *onnx.Model)
		want   string // "" = good
	}{
		{"OK", func(m *onnx.Model) {}, ""},
		{"OKDomainNamed", func(m *onnx.Model) { m.Opsets[0].Domain = "ai.onnx" }, ""},
		{"OKUnusedDomain", func(m *onnx.Model) { m.Opsets = append(m.Opsets, onnx.Opset{Domain: "ai.onnx.ml", Version: 3}) }, ""},
		{"OKContrib", func(m *onnx.Model) { n := node(m, "hidden"); n.Op, n.Domain = "FastGelu", "com.microsoft" }, ""},
		{"OKConstantInput", func(m *onnx.Model) {
			m.Graph.Inputs = append(m.Graph.Inputs, &onnx.Value{Name: "table", Type: onnx.Float})
		}, ""},
		{"OKShapeUnknown", func(m *onnx.Model) { m.Graph.Outputs[0].Dims = nil }, ""},
		{"ErrIROld", func(m *onnx.Model) { m.IRVersion = 2 }, "IR version 2"},
		{"ErrIRNew", func(m *onnx.Model) { m.IRVersion = 14 }, "IR version 14"},
		{"ErrOpsetOld", func(m *onnx.Model) { m.Opsets[0].Version = 8 }, "opset 8"},
		{"ErrOpsetNew", func(m *onnx.Model) { m.Opsets[0].Version = 99 }, "opset 99"},
		{"ErrDomain", func(m *onnx.Model) { node(m, "hidden").Domain = "my.ops" }, "my.ops.Gather"},
		{"ErrDomainML", func(m *onnx.Model) { node(m, "hidden").Domain = "ai.onnx.ml" }, "domain is not allowed"},
		{"ErrContrib", func(m *onnx.Model) { n := node(m, "hidden"); n.Op, n.Domain = "EPContext", "com.microsoft" }, "com.microsoft.EPContext"},
		{"ErrContribInner", attach(&onnx.Attr{Name: "body", Type: onnx.AttrGraph, G: evil}), "com.microsoft.PyOp"},
		{"ErrContribInnerList", attach(&onnx.Attr{Name: "bodies", Type: onnx.AttrGraphs, Graphs: []*onnx.Graph{evil}}), "com.microsoft.PyOp"},
		{"ErrAttributeData", attach(&onnx.Attr{Name: "value", Type: onnx.AttrTensor, T: big}), "has 4 bytes"},
		{"ErrAttributeDataList", attach(&onnx.Attr{Name: "values", Type: onnx.AttrTensors, Tensors: []*onnx.Tensor{big}}), "has 4 bytes"},
		{"ErrAttributeType", attach(&onnx.Attr{Name: "tp", Type: 13}), "type that is not supported"},
		{"ErrTensorShort", func(m *onnx.Model) { m.Graph.Initializers[0].Raw = m.Graph.Initializers[0].Raw[:8] }, "damaged"},
		{"ErrInputMissing", func(m *onnx.Model) { m.Graph.Inputs = m.Graph.Inputs[:1] }, "has inputs"},
		{"ErrInputExtra", func(m *onnx.Model) {
			m.Graph.Inputs = append(m.Graph.Inputs, &onnx.Value{Name: "position_ids", Type: onnx.Int64})
		}, "position_ids"},
		{"ErrInputType", func(m *onnx.Model) { m.Graph.Inputs[0].Type = onnx.Int32 }, "must be int64"},
		{"ErrInputRank", func(m *onnx.Model) { m.Graph.Inputs[0].Dims = []onnx.Dim{{Param: "n"}} }, "must be int64"},
		{"ErrOutputMissing", func(m *onnx.Model) { m.Graph.Outputs = m.Graph.Outputs[1:] }, `no output "intent_logits"`},
		{"ErrOutputType", func(m *onnx.Model) { m.Graph.Outputs[0].Type = onnx.Float16 }, "must be float"},
		{"ErrOutputRank", func(m *onnx.Model) {
			m.Graph.Outputs[0].Dims = []onnx.Dim{{Param: "b"}, {Param: "s"}, {Size: 3}}
		}, "2 dimensions"},
		{"ErrOutputColumns", func(m *onnx.Model) { m.Graph.Outputs[0].Dims[1].Size = 4 }, "4 columns"},
		{"ErrVocabulary", func(m *onnx.Model) {
			table := m.Graph.Initializers[0]
			table.Dims, table.Raw = []int64{5, 8}, table.Raw[:5*8*4]
		}, "do not belong together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := models.OpenPath(mustModel(t, tt.change))
			if tt.want != "" {
				wantInvalid(t, err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestVerifyBytes: what the writer of package onnx cannot write, found in the file's bytes.
func TestVerifyBytes(t *testing.T) {
	tests := []struct {
		name  string
		model func(good []byte) []byte
		want  string
	}{
		{"ErrNotONNX", func([]byte) []byte { return []byte("PK\x03\x04 not a model") }, "not an ONNX model"},
		{"ErrEmpty", func([]byte) []byte { return nil }, "no graph"},
		{"ErrFunctions", func(good []byte) []byte { return append(good, 25<<3&0x7f|2|0x80, 1, 0) }, "model-local functions"},
		{"ErrExternal", func([]byte) []byte {
			m := testenv.TinyModel(1, false)
			m.Graph.Name = strings.Repeat("n", 40) // room for the tensor put in its place
			data := onnx.Marshal(m)
			at := strings.Index(string(data), m.Graph.Name) - 2
			// initializer { name: "x" data_location: EXTERNAL external_data { key: "location" value: … } }
			copy(data[at:], "\x2a\x28\x42\x01x\x70\x01\x6a\x21\x0a\x08location\x12\x15../../../../etc/hosts")
			return data
		}, "another file"},
		{"ErrSparse", func(good []byte) []byte {
			m := testenv.TinyModel(1, false)
			m.Graph.Name = "ab"
			data := onnx.Marshal(m)
			copy(data[strings.Index(string(data), "\x12\x02ab"):], []byte{15<<3 | 2, 2, 0x10, 0})
			return data
		}, "sparse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := testenv.MustTiny(t, testenv.Tiny{})
			b.Model = tt.model(b.Model)
			path, err := b.Write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			_, err = models.OpenPath(path)
			wantInvalid(t, err, tt.want)
		})
	}
}

func TestVerifyPad(t *testing.T) {
	b := testenv.MustTiny(t, testenv.Tiny{})
	b.Manifest.Tokenizer.Pad = int64(len(testenv.TinyTokens))
	path, err := b.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = models.OpenPath(path)
	wantInvalid(t, err, "pad 14")
}

// TestVerifyDefault: the bundle that the binary carries passes its own checks, and is small enough to carry.
func TestVerifyDefault(t *testing.T) {
	b := testenv.MustDefault(t)
	size := int64(0)
	for _, f := range b.Manifest.Files {
		size += f.Size
	}
	if size > 32<<20 {
		t.Errorf("the default bundle is %.1f MiB, more than 32", float64(size)/(1<<20))
	}
	for _, name := range []string{models.HeadIntents, models.HeadIntentTokens, models.HeadEmotion, models.HeadEntities} {
		if b.Manifest.HeadIndex(name) < 0 {
			t.Errorf("the default bundle has no head %q", name)
		}
	}
	if len(b.Manifest.Probes) == 0 {
		t.Error("the default bundle has no probes")
	}
	if b.Card == "" {
		t.Error("the default bundle has no card")
	}
}
