package hub

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"yingda/models"
	"yingda/models/onnx"
)

// Export writes one head of a bundle as a folder in the Hugging Face layout, for OpenClassifier or OpenTagger: hugot's
// pipelines read the first output of a graph and know nothing of manifests. dir must not exist.
func Export(b *models.Bundle, head, dir string) error {
	i := slices.IndexFunc(b.Manifest.Heads, func(h models.Head) bool { return h.Name == head })
	if i < 0 {
		return fmt.Errorf("export bundle %s: it has no head %q", b.Manifest.ID, head)
	}
	h := b.Manifest.Heads[i]
	model, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return fmt.Errorf("export bundle %s: %w", b.Manifest.ID, err)
	}
	model.Graph.Outputs = slices.DeleteFunc(model.Graph.Outputs, func(v *onnx.Value) bool { return v.Name != h.Output })
	arch := "BertForSequenceClassification"
	if h.Kind == models.Tokens {
		arch = "BertForTokenClassification"
	}
	labels := map[string]string{}
	for i, l := range h.Labels {
		labels[strconv.Itoa(i)] = l
	}
	config, err := json.Marshal(map[string]any{
		"architectures": []string{arch}, "model_type": "bert", "max_position_embeddings": b.Manifest.Model.MaxTokens,
		"pad_token_id": b.Manifest.Tokenizer.Pad, "id2label": labels,
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("export bundle %s: %w", b.Manifest.ID, err)
	}
	for name, data := range map[string][]byte{"model.onnx": onnx.Marshal(model), "tokenizer.json": b.Tokenizer, "config.json": config} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return fmt.Errorf("export bundle %s: %w", b.Manifest.ID, err)
		}
	}
	return nil
}
