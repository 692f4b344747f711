package models_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/tokenizer"
)

// TestHuggingFace compares ids and logits with Python's; testdata/make.py wrote the models and what they answer.
func TestHuggingFace(t *testing.T) {
	tests := []struct {
		folder, head string
		kind         models.HeadKind
		labels       []string
	}{
		{"sequence", models.HeadIntents, models.Sequence, []string{"refund", "greeting", "shipping"}},
		{"token", models.HeadEntities, models.Tokens, []string{"O", "B-LOC", "I-LOC"}},
	}
	for _, tt := range tests {
		t.Run(tt.folder, func(t *testing.T) {
			b, err := models.OpenPath(filepath.Join("testdata", tt.folder))
			if err != nil {
				t.Fatal(err)
			}
			m := b.Manifest
			if len(m.Heads) != 1 || m.Heads[0].Name != tt.head || m.Heads[0].Kind != tt.kind || !slices.Equal(m.Heads[0].Labels, tt.labels) {
				t.Errorf("heads: %+v", m.Heads)
			}
			if m.Model.IDs != "input_ids" || m.Model.Mask != "attention_mask" || m.Model.TypeIDs != "token_type_ids" || m.Model.MaxTokens != 64 {
				t.Errorf("model: %+v", m.Model)
			}
			checkGolden(t, b, filepath.Join("testdata", tt.folder, "golden.json"))

			// Written as a bundle it is found whole again, under the same id.
			path, err := b.Write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			again, err := models.OpenPath(path)
			if err != nil || again.Manifest.ID != m.ID {
				t.Errorf("written and read: %v", err)
			}
		})
	}
}

func checkGolden(t *testing.T, b *models.Bundle, file string) {
	t.Helper()
	tok, err := tokenizer.Parse(b.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	be := testenv.MustOpen(t, b, 1)
	defer be.Close()
	var golden []struct {
		Text   string
		IDs    []int64
		Logits []float64
	}
	if err := json.Unmarshal(mustReadFile(t, file), &golden); err != nil || len(golden) == 0 {
		t.Fatalf("%s: %d cases, %v", file, len(golden), err)
	}
	for _, g := range golden {
		enc, err := tok.Encode(g.Text, 0)
		if err != nil || !slices.Equal(enc.IDs, g.IDs) {
			t.Errorf("%q: ids %v (%v), want %v", g.Text, enc.IDs, err, g.IDs)
			continue
		}
		n := len(enc.IDs)
		mask := slices.Repeat([]int64{1}, n)
		out, err := be.Forward(t.Context(), &models.Batch{Rows: 1, Cols: n, IDs: enc.IDs, Mask: mask, Lens: []int{n}})
		if err != nil {
			t.Fatal(err)
		}
		got := out[0][0].Data
		if len(got) != len(g.Logits) {
			t.Errorf("%q: %d logits, want %d", g.Text, len(got), len(g.Logits))
			continue
		}
		for i, want := range g.Logits {
			if math.Abs(float64(got[i])-want) > 1e-5 {
				t.Errorf("%q: logit %d is %v, want %v", g.Text, i, got[i], want)
			}
		}
	}
}

func TestHuggingFaceFaults(t *testing.T) {
	config := func(changes map[string]any) []byte {
		var c map[string]any
		if err := json.Unmarshal(mustReadFile(t, "testdata/token/config.json"), &c); err != nil {
			t.Fatal(err)
		}
		for k, v := range changes {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tests := []struct {
		name, file string
		data       []byte // nil = the file is removed
		want       string
	}{
		{"ErrConfig", "config.json", []byte("{"), "not JSON"},
		{"ErrNoLabels", "config.json", config(map[string]any{"id2label": nil}), "no id2label"},
		{"ErrLabelKey", "config.json", config(map[string]any{"id2label": map[string]string{"0": "O", "1": "B-x", "x": "I-x"}}), `key "x"`},
		{"ErrLabelGap", "config.json", config(map[string]any{"id2label": map[string]string{"0": "O", "1": "B-x", "7": "I-x"}}), `key "7"`},
		{"ErrLabelCount", "config.json", config(map[string]any{"id2label": map[string]string{"0": "O", "1": "B-x"}}), "3 columns"},
		{"ErrTags", "config.json", config(map[string]any{"id2label": map[string]string{"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}), "LABEL_"},
		{"ErrArchitecture", "config.json", config(map[string]any{"architectures": []string{"BertForMaskedLM"}}), "no sequence- or token-classification"},
		{"ErrPad", "config.json", config(map[string]any{"pad_token_id": 1000}), "pad 1000"},
		{"ErrNoModel", "model.onnx", nil, "cannot be opened"},
		{"ErrNoTokenizer", "tokenizer.json", nil, "cannot be opened"},
		{"ErrTokenizer", "tokenizer.json", []byte("{}"), "tokenizer cannot be used"},
		{"ErrModel", "model.onnx", []byte("x"), "not an ONNX model"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"config.json", "model.onnx", "tokenizer.json"} {
				mustWriteFile(t, mustReadFile(t, "testdata/token", name), dir, name)
			}
			if tt.data == nil {
				if err := os.Remove(filepath.Join(dir, tt.file)); err != nil {
					t.Fatal(err)
				}
			} else {
				mustWriteFile(t, tt.data, dir, tt.file)
			}
			_, err := models.OpenPath(dir)
			wantInvalid(t, err, tt.want)
		})
	}
}

// TestHuggingFaceHeads: what a classification head is taken for depends on its labels.
func TestHuggingFaceHeads(t *testing.T) {
	tests := []struct {
		labels  [3]string
		head    string
		neutral string
	}{
		{[3]string{"refund", "greeting", "shipping"}, models.HeadIntents, ""},
		{[3]string{"positive", "Neutral", "negative"}, models.HeadEmotion, "Neutral"},
		{[3]string{"喜悦", "愤怒", "悲伤"}, models.HeadEmotion, "喜悦"},
		{[3]string{"joy", "anger", "refund"}, models.HeadIntents, ""},
	}
	for _, tt := range tests {
		dir := filepath.Join(t.TempDir(), "My Model (v2)")
		if err := os.MkdirAll(filepath.Join(dir, "onnx"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"onnx/model.onnx", "tokenizer.json"} {
			mustWriteFile(t, mustReadFile(t, "testdata/sequence", name), dir, name)
		}
		data, err := json.Marshal(map[string]any{"architectures": []string{"XForSequenceClassification"}, "model_type": "roberta", "max_position_embeddings": 66,
			"id2label": map[string]string{"0": tt.labels[0], "1": tt.labels[1], "2": tt.labels[2]}})
		if err != nil {
			t.Fatal(err)
		}
		mustWriteFile(t, data, dir, "config.json")
		b, err := models.OpenPath(dir)
		if err != nil {
			t.Fatal(err)
		}
		m := b.Manifest
		if m.Heads[0].Name != tt.head || (m.Emotion != nil) != (tt.head == models.HeadEmotion) || m.Emotion != nil && m.Emotion.Neutral != tt.neutral {
			t.Errorf("%v: head %s, emotion %+v", tt.labels, m.Heads[0].Name, m.Emotion)
		}
		if m.Name != "my-model-v2" || m.Model.MaxTokens != 64 || m.Model.File != "onnx/model.onnx" {
			t.Errorf("name %q, %d tokens, file %s", m.Name, m.Model.MaxTokens, m.Model.File)
		}
	}
}
