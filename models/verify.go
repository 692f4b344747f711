package models

import (
	"slices"

	"yingda/models/onnx"
	"yingda/models/tokenizer"
)

// Versions of ONNX that are known to be harmless. A newer one may carry what this check does not know.
const (
	maxIR    = 13
	minOpset = 9
	maxOpset = 26
)

// contribOps are the operators of ONNX Runtime's own domain that exported and optimised encoders use. All of them are pure
// functions of their inputs; operators that run foreign code (EPContext, PyOp, …) are not among them.
var contribOps = []string{
	"Attention", "MultiHeadAttention", "PackedAttention", "PackedMultiHeadAttention", "QAttention", "RotaryEmbedding", "RelativePositionBias",
	"GatedRelativePositionBias", "EmbedLayerNormalization", "QEmbedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
	"SimplifiedLayerNormalization", "LayerNormalization", "BiasGelu", "FastGelu", "Gelu", "QuickGelu", "BiasAdd", "FusedGemm", "FusedMatMul",
	"DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "MatMulIntegerToFloat", "MatMulNBits", "QGemm", "QLinearAdd", "QLinearMul", "QLinearSigmoid",
	"QLinearSoftmax", "QLinearLeakyRelu", "QLinearConcat", "QLinearWhere", "QLinearReduceMean", "QLinearAveragePool", "QLinearGlobalAveragePool",
	"QuantizeLinear", "DequantizeLinear", "GatherBlockQuantized", "GatherND", "Trilu", "RemovePadding", "RestorePadding", "CDist", "Inverse", "Unique",
}

// verify checks that the parts of a bundle fit together and that the model asks for nothing but arithmetic.
func verify(b *Bundle) error {
	model, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return &BundleError{File: b.Manifest.Model.File, Reason: "not an ONNX model", Err: err}
	}
	if err := verifyModel(b.Manifest, model); err != nil {
		return err
	}
	tok, err := tokenizer.Parse(b.Tokenizer)
	if err != nil {
		return &BundleError{File: b.Manifest.Tokenizer.File, Reason: "tokenizer cannot be used", Err: err}
	}
	return verifyVocabulary(b.Manifest, model.Graph, tok)
}

func verifyModel(m *Manifest, model *onnx.Model) error {
	file := m.Model.File
	if model.IRVersion < 3 || model.IRVersion > maxIR {
		return invalid(file, "IR version %d; supported are 3–%d", model.IRVersion, maxIR)
	}
	if model.Functions > 0 {
		return invalid(file, "model-local functions are not supported; export without them")
	}
	for _, o := range model.Opsets {
		switch o.Domain {
		case "", "ai.onnx":
			if o.Version < minOpset || o.Version > maxOpset {
				return invalid(file, "opset %d; supported are %d–%d", o.Version, minOpset, maxOpset)
			}
		case "com.microsoft":
		default: // exporters list domains they do not use; a use is refused below
		}
	}
	if err := verifyGraph(file, model.Graph); err != nil {
		return err
	}
	if err := verifyInputs(m, model.Graph); err != nil {
		return err
	}
	return verifyOutputs(m, model.Graph)
}

func verifyGraph(file string, g *onnx.Graph) error {
	if g.Sparse > 0 {
		return invalid(file, "sparse initialisers are not supported")
	}
	for _, t := range g.Initializers {
		if err := t.Check(); err != nil {
			return &BundleError{File: file, Reason: "initialiser", Err: err}
		}
	}
	for _, n := range g.Nodes {
		switch n.Domain {
		case "", "ai.onnx":
		case "com.microsoft":
			if !slices.Contains(contribOps, n.Op) {
				return invalid(file, "operator com.microsoft.%s is not allowed", n.Op)
			}
		default:
			return invalid(file, "operator %s.%s: the domain is not allowed", n.Domain, n.Op)
		}
		for _, a := range n.Attrs {
			if err := verifyAttr(file, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func verifyAttr(file string, a *onnx.Attr) error {
	if a.Sparse > 0 || a.Type < onnx.AttrFloat || a.Type > onnx.AttrGraphs {
		return invalid(file, "attribute %q has a type that is not supported", a.Name)
	}
	tensors, graphs := a.Tensors, a.Graphs
	if a.T != nil {
		tensors = append(slices.Clone(tensors), a.T)
	}
	if a.G != nil {
		graphs = append(slices.Clone(graphs), a.G)
	}
	for _, t := range tensors {
		if err := t.Check(); err != nil {
			return &BundleError{File: file, Reason: "attribute " + a.Name, Err: err}
		}
	}
	for _, g := range graphs {
		if err := verifyGraph(file, g); err != nil {
			return err
		}
	}
	return nil
}

func verifyInputs(m *Manifest, g *onnx.Graph) error {
	want := []string{m.Model.IDs}
	for _, name := range []string{m.Model.Mask, m.Model.TypeIDs} {
		if name != "" {
			want = append(want, name)
		}
	}
	var have []string
	for _, v := range g.Inputs {
		if g.Initializer(v.Name) != nil { // old exporters list constants as inputs too
			continue
		}
		if v.Type != onnx.Int64 || v.Dims != nil && len(v.Dims) != 2 {
			return invalid(m.Model.File, "input %q must be int64 [batch, sequence]", v.Name)
		}
		have = append(have, v.Name)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		return invalid(m.Model.File, "has inputs %v, the manifest feeds %v", have, want)
	}
	return nil
}

func verifyOutputs(m *Manifest, g *onnx.Graph) error {
	for i := range m.Heads {
		h := &m.Heads[i]
		j := slices.IndexFunc(g.Outputs, func(v *onnx.Value) bool { return v.Name == h.Output })
		if j < 0 {
			return invalid(m.Model.File, "has no output %q for head %q", h.Output, h.Name)
		}
		v, rank := g.Outputs[j], 2
		if h.Kind == Tokens {
			rank = 3
		}
		if v.Type != onnx.Float || v.Dims != nil && len(v.Dims) != rank {
			return invalid(m.Model.File, "output %q must be float with %d dimensions", h.Output, rank)
		}
		if v.Dims != nil {
			if last := v.Dims[rank-1]; last.Size != 0 && int(last.Size) != h.Width() {
				return invalid(m.Model.File, "output %q has %d columns, head %q has %d labels", h.Output, last.Size, h.Name, h.Width())
			}
		}
	}
	return nil
}

// verifyVocabulary checks that no token id can reach past the embedding table.
func verifyVocabulary(m *Manifest, g *onnx.Graph, tok *tokenizer.Tokenizer) error {
	for _, n := range g.Nodes {
		if n.Op != "Gather" && n.Op != "GatherBlockQuantized" || len(n.Inputs) < 2 || n.Inputs[1] != m.Model.IDs {
			continue
		}
		t := g.Initializer(n.Inputs[0])
		switch {
		case t == nil || len(t.Dims) == 0:
		case int(t.Dims[0]) < tok.VocabSize():
			return invalid(m.Tokenizer.File, "has %d tokens but the model knows %d: they do not belong together", tok.VocabSize(), t.Dims[0])
		case m.Tokenizer.Pad >= t.Dims[0]:
			return invalid(ManifestName, "pad %d: the model knows %d tokens", m.Tokenizer.Pad, t.Dims[0])
		}
	}
	return nil
}
