package training

import (
	"iter"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/training/encoder"
	"yingda/training/heads"
)

// fitted are the heads of a bundle; any of them may be nil.
type fitted struct {
	intents, emotion, several *heads.Linear
	entities                  *heads.Tagger
}

// ofTexts are the heads that read whole texts only, with their names in the graph, always in the same order.
func (f fitted) ofTexts() iter.Seq2[string, *heads.Linear] {
	return func(yield func(string, *heads.Linear) bool) {
		if f.emotion != nil && !yield(models.HeadEmotion, f.emotion) {
			return
		}
		if f.several != nil {
			yield(models.HeadSeveral, f.several)
		}
	}
}

// graphBuilder appends nodes with names of their own.
type graphBuilder struct {
	g *onnx.Graph
}

func (b graphBuilder) node(op, out string, inputs []string, attrs ...*onnx.Attr) string {
	b.g.Nodes = append(b.g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (b graphBuilder) ints(name string, values ...int64) string {
	b.g.Initializers = append(b.g.Initializers, onnx.NewInts("head."+name, values, int64(len(values))))
	return "head." + name
}

func (b graphBuilder) floats(name string, data []float32, dims ...int64) string {
	b.g.Initializers = append(b.g.Initializers, onnx.NewFloats("head."+name, data, dims...))
	return "head." + name
}

func (b graphBuilder) output(name string, dims ...onnx.Dim) {
	b.g.Outputs = append(b.g.Outputs, &onnx.Value{Name: name, Type: onnx.Float, Dims: dims})
}

var batchDim, seqDim = onnx.Dim{Param: "batch"}, onnx.Dim{Param: "seq"}

// addHeads puts the heads on top of a tapped encoder graph. All token-wise products are one matrix product; a head for the whole text is the
// masked mean of its token scores, which equals scoring the mean state because both are linear. embed is the width of one layer's
// states: the last of them, pooled and normalised, are given out as an embedding.
func addHeads(g *onnx.Graph, dim, embed int, f fitted) {
	b := graphBuilder{g: g}
	g.Outputs = nil
	axis1, axis2 := b.ints("axis1", 1), b.ints("axis2", 2)
	mask := b.node("Cast", "head/mask", []string{"attention_mask"}, onnx.IntAttr("to", int64(onnx.Float)))
	mask3 := b.node("Unsqueeze", "head/mask3", []string{mask, axis2})
	count := b.node("ReduceSum", "head/count", []string{mask3, axis1}, onnx.IntAttr("keepdims", 0))
	mean := func(out, x string) string {
		masked := b.node("Mul", out+"/masked", []string{x, mask3})
		sum := b.node("ReduceSum", out+"/sum", []string{masked, axis1}, onnx.IntAttr("keepdims", 0))
		return b.node("Div", out, []string{sum, count})
	}

	if f.intents != nil {
		k := int64(f.intents.Classes)
		w := b.floats("intents.weight", f.intents.W, int64(dim), k)
		scores := b.node("MatMul", "head/intents/product", []string{encoder.Hidden, w})
		tokens := b.node("Add", "intent_token_logits", []string{scores, b.floats("intents.bias", f.intents.B, k)})
		mean("intent_logits", tokens)
		b.output("intent_logits", batchDim, onnx.Dim{Size: k})
		b.output("intent_token_logits", batchDim, seqDim, onnx.Dim{Size: k})
	}
	for name, head := range f.ofTexts() {
		k := int64(head.Classes)
		w := b.floats(name+".weight", head.W, int64(dim), k)
		scores := b.node("MatMul", "head/"+name+"/product", []string{encoder.Hidden, w})
		pooled := mean("head/"+name+"/mean", scores)
		b.node("Add", name+"_logits", []string{pooled, b.floats(name+".bias", head.B, k)})
		b.output(name+"_logits", batchDim, onnx.Dim{Size: k})
	}
	if f.entities != nil {
		b.tagger(f.entities, mask3)
	}
	b.embedding(dim, embed, mean)
}

// tagger adds a convolution of width 3 as three products, of which two are shifted by one token. Padding is masked first, so that the
// last token of a short text sees the same nothing to its right as it would alone.
func (b graphBuilder) tagger(t *heads.Tagger, mask3 string) {
	k := int64(t.Tags)
	shifts := [3][]int64{{0, 1, 0, 0, -1, 0}, nil, {0, -1, 0, 0, 1, 0}} // pads before and after each axis: row t gets row t−1, t, t+1
	sum := ""
	for i, pads := range shifts {
		name := "head/entities/" + string(rune('0'+i))
		x := b.node("MatMul", name, []string{encoder.Hidden, b.floats("entities.weight"+string(rune('0'+i)), t.W[i], int64(t.Dim), k)})
		x = b.node("Mul", name+"/masked", []string{x, mask3})
		if pads != nil {
			x = b.node("Pad", name+"/shifted", []string{x, b.ints("entities.pads"+string(rune('0'+i)), pads...)})
		}
		if sum != "" {
			x = b.node("Add", name+"/sum", []string{sum, x})
		}
		sum = x
	}
	b.node("Add", "entity_logits", []string{sum, b.floats("entities.bias", t.B, k)})
	b.output("entity_logits", batchDim, seqDim, onnx.Dim{Size: k})
}

func (b graphBuilder) embedding(dim, embed int, mean func(out, x string) string) {
	last := b.node("Slice", "head/embedding/last", []string{encoder.Hidden,
		b.ints("embedding.from", int64(dim-embed)), b.ints("embedding.to", int64(dim)), b.ints("embedding.axis", 2)})
	pooled := mean("head/embedding/mean", last)
	b.node("LpNormalization", "embedding", []string{pooled}, onnx.IntAttr("axis", 1), onnx.IntAttr("p", 2))
	b.output("embedding", batchDim, onnx.Dim{Size: int64(embed)})
}

// describe lists the heads in a manifest's form.
func (f fitted) describe(intents, emotions, tags []string, embed int) []models.Head {
	var hs []models.Head
	if f.intents != nil {
		hs = append(hs, models.Head{Name: models.HeadIntents, Kind: models.Sequence, Output: "intent_logits", Labels: intents},
			models.Head{Name: models.HeadIntentTokens, Kind: models.Tokens, Output: "intent_token_logits", Labels: intents})
	}
	if f.emotion != nil {
		hs = append(hs, models.Head{Name: models.HeadEmotion, Kind: models.Sequence, Output: "emotion_logits", Labels: emotions})
	}
	if f.several != nil {
		hs = append(hs, models.Head{Name: models.HeadSeveral, Kind: models.Sequence, Output: "several_logits", Labels: severalLabels})
	}
	if f.entities != nil {
		hs = append(hs, models.Head{Name: models.HeadEntities, Kind: models.Tokens, Output: "entity_logits", Labels: tags})
	}
	return append(hs, models.Head{Name: models.HeadEmbedding, Kind: models.Vector, Output: "embedding", Dim: embed})
}
