package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yingda/models/onnx"
	"yingda/models/tokenizer"
)

// hfConfig is the part of Hugging Face's config.json that matters here.
type hfConfig struct {
	Architectures []string          `json:"architectures"`
	ModelType     string            `json:"model_type"`
	ID2Label      map[string]string `json:"id2label"`
	MaxPositions  int               `json:"max_position_embeddings"`
	PadToken      *int64            `json:"pad_token_id"`
}

// openHuggingFace reads a folder as exporters write it (optimum, transformers.onnx). A sequence-classification head becomes the
// intents, or the emotion when all its labels are feelings or polarities; a token-classification head becomes the entities.
// Scores are uncalibrated: temperature 1, no out-of-scope class, and the thresholds of an answer at 0.
func openHuggingFace(fsys fs.FS, source string) (*Bundle, error) {
	data, err := readLimited(fsys, "config.json", maxManifest)
	if err != nil {
		return nil, err
	}
	var c hfConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, &BundleError{File: "config.json", Reason: "is not JSON", Err: err}
	}
	modelFile := "model.onnx"
	if _, err := fs.Stat(fsys, modelFile); err != nil {
		modelFile = "onnx/model.onnx"
	}
	b := &Bundle{Source: source}
	if b.Model, err = readLimited(fsys, modelFile, MaxBundleBytes); err != nil {
		return nil, err
	}
	if b.Tokenizer, err = readLimited(fsys, "tokenizer.json", MaxBundleBytes); err != nil {
		return nil, err
	}
	tok, err := tokenizer.Parse(b.Tokenizer)
	if err != nil {
		return nil, &BundleError{File: "tokenizer.json", Reason: "tokenizer cannot be used", Err: err}
	}
	model, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return nil, &BundleError{File: modelFile, Reason: "not an ONNX model", Err: err}
	}
	if b.Manifest, err = hfManifest(&c, model.Graph, tok, bundleName(source), modelFile); err != nil {
		return nil, err
	}
	for name, data := range map[string][]byte{modelFile: b.Model, "tokenizer.json": b.Tokenizer} {
		sum := sha256.Sum256(data)
		b.Manifest.Files[name] = File{Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	}
	if b.Manifest.ID, err = b.Manifest.ComputeID(); err != nil {
		return nil, err
	}
	if err := b.Manifest.validate(); err != nil {
		return nil, err
	}
	return b, verify(b)
}

func hfManifest(c *hfConfig, g *onnx.Graph, tok *tokenizer.Tokenizer, name, modelFile string) (*Manifest, error) {
	head, err := hfHead(c, g)
	if err != nil {
		return nil, err
	}
	m := &Manifest{
		Format: FormatVersion, Name: name, Version: "imported", Heads: []Head{head}, Files: map[string]File{},
		Model:     ModelSpec{File: modelFile, MaxTokens: 512, Encoder: c.ModelType},
		Tokenizer: TokenizerSpec{File: "tokenizer.json", Pad: tok.PadID()},
		Licences:  map[string]string{"model": "as stated by its authors"},
	}
	if c.PadToken != nil {
		m.Tokenizer.Pad = *c.PadToken
	}
	if c.MaxPositions > 4 {
		m.Model.MaxTokens = min(512, c.MaxPositions)
		if slices.Contains([]string{"roberta", "xlm-roberta", "camembert"}, c.ModelType) {
			m.Model.MaxTokens = min(512, c.MaxPositions-2) // their positions start after the padding id
		}
	}
	for _, v := range g.Inputs {
		switch {
		case g.Initializer(v.Name) != nil:
		case strings.Contains(v.Name, "mask"):
			m.Model.Mask = v.Name
		case strings.Contains(v.Name, "type"):
			m.Model.TypeIDs = v.Name
		default:
			m.Model.IDs = v.Name
		}
	}
	switch head.Name {
	case HeadIntents:
		m.Intents = &IntentSpec{Temperature: 1, MaxOOS: 1}
	case HeadEmotion:
		m.Emotion = &EmotionSpec{Temperature: 1, Neutral: hfNeutral(head.Labels)}
	case HeadEntities:
		m.Entities = &EntitySpec{Temperature: 1}
	}
	return m, nil
}

func hfHead(c *hfConfig, g *onnx.Graph) (Head, error) {
	labels := make([]string, len(c.ID2Label))
	for k, l := range c.ID2Label {
		i, err := strconv.Atoi(k)
		if err != nil || i < 0 || i >= len(labels) {
			return Head{}, invalid("config.json", "id2label has the key %q, want 0–%d", k, len(labels)-1)
		}
		labels[i] = l
	}
	arch := strings.Join(c.Architectures, " ")
	var h Head
	switch {
	case len(labels) == 0:
		return Head{}, invalid("config.json", "has no id2label: the model has no classification head")
	case strings.Contains(arch, "ForSequenceClassification"):
		h = Head{Name: HeadIntents, Kind: Sequence}
		if feelings(labels) {
			h.Name = HeadEmotion
		}
	case strings.Contains(arch, "ForTokenClassification"):
		h = Head{Name: HeadEntities, Kind: Tokens}
	default:
		return Head{}, invalid("config.json", "architecture %q has no sequence- or token-classification head", arch)
	}
	for _, v := range g.Outputs {
		if h.Output == "" || v.Name == "logits" {
			h.Output = v.Name
		}
	}
	h.Labels = labels
	return h, nil
}

var feeling = regexp.MustCompile(`(?i)^(very )?(neutral|positive|negative|pos|neg|joy|happy|happiness|like|love|anger|angry|sad|sadness|fear|surprise|disgust|anxious|confused|disappointed|中性|正面|负面|积极|消极|喜悦|愤怒|悲伤|恐惧|惊讶|厌恶)$`)

func feelings(labels []string) bool {
	return !slices.ContainsFunc(labels, func(l string) bool { return !feeling.MatchString(l) })
}

func hfNeutral(labels []string) string {
	for _, l := range labels {
		if strings.EqualFold(l, "neutral") || l == "中性" {
			return l
		}
	}
	return labels[0]
}

var notName = regexp.MustCompile(`[^a-z0-9._-]+`)

func bundleName(path string) string {
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(filepath.Base(filepath.Clean(path))), "-"), "-.")
	if name == "" {
		return "model"
	}
	return name[:min(len(name), 64)]
}
