package testenv

import (
	"encoding/json"
	"slices"
	"testing"

	"yingda/models"
	"yingda/models/onnx"
)

// Tiny describes a bundle of a few kilobytes that real ONNX Runtime runs in microseconds. Its embedding table is the model: a token's
// row holds what it says for each label of each head, and heads only read their columns, so expected logits can be told by hand.
type Tiny struct {
	Name      string  // default "tiny"
	Version   string  // default "1"
	Scale     float32 // multiplies all logits; default 1. Two bundles of different scale never give the same answer.
	MaxTokens int     // default 32
	Plain     bool    // the intents head only
	NoProbe   bool    // by default one probe is recorded
}

// TinyTokens are the words that the tiny model knows, in the order of their ids, each with its row of [TinyLabels].
var TinyTokens = []struct {
	Token string
	Row   [8]float32
}{
	{"[PAD]", [8]float32{9, 9, 9, 9, 9, 9, 9, 9}}, // padding that leaks into an answer is seen at once
	{"[UNK]", [8]float32{0, 0, 1, 1, 0, 2, 0, 0}},
	{"[CLS]", [8]float32{0, 0, 0, 1, 0, 2, 0, 0}},
	{"[SEP]", [8]float32{0, 0, 0, 1, 0, 2, 0, 0}},
	{"消", [8]float32{6, 0, 0, 0, 0, 3, 0, 0}},
	{"退", [8]float32{0, 6, 0, 0, 0, 3, 0, 0}},
	{"单", [8]float32{2, 1, 0, 0, 0, 3, 0, 0}},
	{"天", [8]float32{0, 0, 6, 0, 0, 3, 0, 0}},
	{"气", [8]float32{0, 0, 1, 0, 6, 3, 0, 0}},
	{"北", [8]float32{0, 0, 0, 0, 0, 0, 5, 1}},
	{"京", [8]float32{0, 0, 0, 0, 0, 0, 1, 5}},
	{"cancel", [8]float32{6, 0, 0, 0, 0, 3, 0, 0}},
	{"refund", [8]float32{0, 6, 0, 0, 0, 3, 0, 0}},
	{"，", [8]float32{0, 0, 0, 0, 0, 4, 0, 0}},
}

// Labels of the tiny model's heads; side by side they are the columns of [TinyTokens].
var (
	TinyIntents  = []string{"order.cancel", "refund.apply", "out_of_scope"}
	TinyEmotions = []string{"neutral", "angry"}
	TinyTags     = []string{"O", "B-city", "I-city"}
)

// TinyLogits returns what the intents head answers to token ids at scale 1: the mean of their rows.
func TinyLogits(ids ...int64) []float32 {
	out := make([]float32, len(TinyIntents))
	for _, id := range ids {
		for k := range out {
			out[k] += TinyTokens[id].Row[k] / float32(len(ids))
		}
	}
	return out
}

// MustTiny makes the bundle. It is not written anywhere, so it has no id yet; see [MustWrite].
func MustTiny(tb testing.TB, o Tiny) *models.Bundle {
	tb.Helper()
	if o.Name == "" {
		o.Name = "tiny"
	}
	if o.Version == "" {
		o.Version = "1"
	}
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = 32
	}
	m := &models.Manifest{
		Format: models.FormatVersion, Name: o.Name, Version: o.Version, Languages: []string{"zh", "en"},
		Model:     models.ModelSpec{File: "model.onnx", IDs: "input_ids", Mask: "attention_mask", MaxTokens: o.MaxTokens},
		Tokenizer: models.TokenizerSpec{File: "tokenizer.json"},
		Heads:     []models.Head{{Name: models.HeadIntents, Kind: models.Sequence, Output: "intent_logits", Labels: slices.Clone(TinyIntents)}},
		Intents:   &models.IntentSpec{Reject: "out_of_scope", Temperature: 1, OOS: models.OOSSpec{Margin: 1}, MaxOOS: 0.9},
		Licences:  map[string]string{"model": "MIT"},
	}
	if !o.Plain {
		m.Heads = append(m.Heads, models.Head{Name: models.HeadIntentTokens, Kind: models.Tokens, Output: "intent_token_logits", Labels: slices.Clone(TinyIntents)},
			models.Head{Name: models.HeadEmotion, Kind: models.Sequence, Output: "emotion_logits", Labels: slices.Clone(TinyEmotions)},
			models.Head{Name: models.HeadEntities, Kind: models.Tokens, Output: "entity_logits", Labels: slices.Clone(TinyTags)},
			models.Head{Name: models.HeadEmbedding, Kind: models.Vector, Output: "embedding", Dim: 8})
		m.Emotion = &models.EmotionSpec{Temperature: 1, Neutral: "neutral", Valence: map[string]string{"angry": "negative", "neutral": "neutral"}}
		m.Entities = &models.EntitySpec{Temperature: 1}
	}
	if !o.NoProbe { // "退" is [CLS] 退 [SEP]
		m.Probes = []models.Probe{{Text: "退", Head: models.HeadIntents, Label: "refund.apply", Logit: float64(o.Scale * TinyLogits(2, 5, 3)[1])}}
	}
	return &models.Bundle{Manifest: m, Model: onnx.Marshal(TinyModel(o.Scale, o.Plain)), Tokenizer: tinyTokenizer(tb), Card: "# tiny\n"}
}

// TinyModel builds the graph: embedding → columns of each head → masked mean for heads of the whole text.
func TinyModel(scale float32, plain bool) *onnx.Model {
	g := &onnx.Graph{Name: "tiny"}
	node := func(op, out string, attrs []*onnx.Attr, in ...string) string {
		g.Nodes = append(g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: in, Outputs: []string{out}, Attrs: attrs})
		return out
	}
	dims := []onnx.Dim{{Param: "batch"}, {Param: "seq"}}
	g.Inputs = []*onnx.Value{{Name: "input_ids", Type: onnx.Int64, Dims: dims}, {Name: "attention_mask", Type: onnx.Int64, Dims: dims}}
	var table []float32
	for _, t := range TinyTokens {
		for _, v := range t.Row {
			table = append(table, v*scale)
		}
	}
	g.Initializers = []*onnx.Tensor{onnx.NewFloats("table", table, int64(len(TinyTokens)), 8), onnx.NewInts("one", []int64{1}, 1), onnx.NewInts("two", []int64{2}, 1)}
	hidden := node("Gather", "hidden", nil, "table", "input_ids")
	mask := node("Unsqueeze", "mask3", nil, node("Cast", "mask", []*onnx.Attr{onnx.IntAttr("to", int64(onnx.Float))}, "attention_mask"), "two")
	flat := []*onnx.Attr{onnx.IntAttr("keepdims", 0)}
	count := node("ReduceSum", "count", flat, mask, "one")
	mean := func(out, x string) {
		node("Div", out, nil, node("ReduceSum", out+"/sum", flat, node("Mul", out+"/masked", nil, x, mask), "one"), count)
	}
	columns := func(out string, from, n int) {
		w := make([]float32, 8*n)
		for k := range n {
			w[(from+k)*n+k] = 1
		}
		g.Initializers = append(g.Initializers, onnx.NewFloats(out+"/w", w, 8, int64(n)))
		node("MatMul", out, nil, hidden, out+"/w")
	}
	output := func(name string, dims ...onnx.Dim) {
		g.Outputs = append(g.Outputs, &onnx.Value{Name: name, Type: onnx.Float, Dims: dims})
	}
	columns("intent_token_logits", 0, 3)
	mean("intent_logits", "intent_token_logits")
	output("intent_logits", dims[0], onnx.Dim{Size: 3})
	if !plain {
		columns("emotion_tokens", 3, 2)
		mean("emotion_logits", "emotion_tokens")
		columns("entity_logits", 5, 3)
		mean("pooled", hidden)
		node("LpNormalization", "embedding", []*onnx.Attr{onnx.IntAttr("axis", 1), onnx.IntAttr("p", 2)}, "pooled")
		output("intent_token_logits", dims[0], dims[1], onnx.Dim{Size: 3})
		output("emotion_logits", dims[0], onnx.Dim{Size: 2})
		output("entity_logits", dims[0], dims[1], onnx.Dim{Size: 3})
		output("embedding", dims[0], onnx.Dim{Size: 8})
	}
	return &onnx.Model{IRVersion: 9, Producer: "testenv", Opsets: []onnx.Opset{{Version: 17}}, Graph: g}
}

// tinyTokenizer is BERT's: Chinese characters stand alone, words are whole.
func tinyTokenizer(tb testing.TB) []byte {
	tb.Helper()
	vocab := map[string]int{}
	var added []map[string]any
	for i, t := range TinyTokens {
		vocab[t.Token] = i
		if i < 4 {
			added = append(added, map[string]any{"id": i, "content": t.Token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
		}
	}
	special := func(token string, id int) map[string]any {
		return map[string]any{"id": token, "ids": []int{id}, "tokens": []string{token}}
	}
	piece := func(kind, id string) map[string]any {
		return map[string]any{kind: map[string]any{"id": id, "type_id": 0}}
	}
	data, err := json.Marshal(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "decoder": nil,
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{"type": "TemplateProcessing",
			"single":         []any{piece("SpecialToken", "[CLS]"), piece("Sequence", "A"), piece("SpecialToken", "[SEP]")},
			"pair":           []any{piece("Sequence", "A"), piece("Sequence", "B")},
			"special_tokens": map[string]any{"[CLS]": special("[CLS]", 2), "[SEP]": special("[SEP]", 3)}},
		"model": map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
