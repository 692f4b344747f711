// Package encoder prepares a pretrained encoder for heads: it finds the layers in an exported graph, cuts it to a depth, and lets it
// return the hidden states that heads are trained on.
package encoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/zstd"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/tokenizer"
)

// Encoder is a pretrained model without heads, in memory.
type Encoder struct {
	Model     *onnx.Model
	Tokenizer []byte
	Config    Config
	layers    []string       // output name of each layer; layers[0] is the embeddings
	depth     map[string]int // value to layer, made when first asked for
}

// Config is the part of config.json that is used.
type Config struct {
	ModelType   string `json:"model_type"`
	HiddenSize  int    `json:"hidden_size"`
	Layers      int    `json:"num_hidden_layers"`
	MaxTokens   int    `json:"max_position_embeddings"`
	Pad         int64  `json:"pad_token_id"`
	QueryPrefix string `json:"query_prefix"`
}

// parse reads config.json. DistilBERT calls two fields by other names; RoBERTa and its kin count positions from the one after the padding's.
func (c *Config) parse(data []byte) error {
	both := struct {
		*Config
		Dim    int `json:"dim"`
		Layers int `json:"n_layers"`
	}{Config: c}
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if c.HiddenSize == 0 {
		c.HiddenSize = both.Dim
	}
	if c.Layers == 0 {
		c.Layers = both.Layers
	}
	if c.MaxTokens > 0 && slices.Contains([]string{"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "mpnet"}, c.ModelType) {
		c.MaxTokens -= int(c.Pad) + 1
	}
	return nil
}

// Load reads a folder with config.json, tokenizer.json and model.onnx, which may be compressed as model.onnx.zst. Graphs of older operator
// sets are lifted, and normalisations that an exporter took apart are put together; what the model computes stays the same.
func Load(dir string) (*Encoder, error) {
	e := &Encoder{}
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, fmt.Errorf("load encoder: %w", err)
	}
	if err := e.Config.parse(data); err != nil {
		return nil, fmt.Errorf("load encoder: %s: %w", filepath.Join(dir, "config.json"), err)
	}
	if e.Tokenizer, err = os.ReadFile(filepath.Join(dir, "tokenizer.json")); err != nil {
		return nil, fmt.Errorf("load encoder: %w", err)
	}
	tok, err := tokenizer.Parse(e.Tokenizer)
	if err != nil {
		return nil, fmt.Errorf("load encoder: %s: %w", filepath.Join(dir, "tokenizer.json"), err)
	}
	if data, err = readModel(dir); err != nil {
		return nil, fmt.Errorf("load encoder: %w", err)
	}
	if e.Model, err = onnx.Unmarshal(data); err != nil {
		return nil, fmt.Errorf("load encoder: model.onnx in %s: %w", dir, err)
	}
	if err := e.knows(tok); err != nil {
		return nil, fmt.Errorf("load encoder: %s: %w", dir, err)
	}
	if err := prepare(e.Model); err != nil {
		return nil, fmt.Errorf("load encoder: %w", err)
	}
	if err := e.findLayers(); err != nil {
		return nil, fmt.Errorf("load encoder: %w", err)
	}
	return e, nil
}

// knows checks that no token of the tokenizer lies past the table of embeddings, as with one of another encoder.
func (e *Encoder) knows(tok *tokenizer.Tokenizer) error {
	for _, n := range e.Model.Graph.Nodes {
		if len(n.Inputs) < 2 || n.Inputs[1] != e.ModelSpec().IDs {
			continue
		}
		if t := e.Model.Graph.Initializer(n.Inputs[0]); t != nil && len(t.Dims) > 0 && int(t.Dims[0]) < tok.VocabSize() {
			return fmt.Errorf("tokenizer.json has %d tokens but model.onnx knows %d: they do not belong together", tok.VocabSize(), t.Dims[0])
		}
	}
	return nil
}

// readModel reads model.onnx, or model.onnx.zst.
func readModel(dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	f, err := os.Open(filepath.Join(dir, "model.onnx.zst"))
	if err != nil {
		return nil, fmt.Errorf("neither model.onnx nor model.onnx.zst in %s", dir)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	defer z.Close()
	if data, err = io.ReadAll(z); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", f.Name(), err)
	}
	return data, nil
}

// Layers returns the number of transformer layers.
func (e *Encoder) Layers() int { return len(e.layers) - 1 }

// Hidden is the name of the graph value that holds the chosen hidden states, [batch, seq, dim].
const Hidden = "hidden"

// Tap returns a copy of the graph that ends in Hidden: the states after the given layers side by side (1 = after the first
// layer), and everything above the highest one removed. dim is the width of Hidden. The constants are shared with e.
func (e *Encoder) Tap(layers ...int) (m *onnx.Model, dim int, err error) {
	if len(layers) == 0 {
		return nil, 0, errors.New("no layers to tap")
	}
	g := *e.Model.Graph
	g.Nodes = nil
	for _, n := range e.Model.Graph.Nodes {
		c := *n
		c.Inputs = append([]string(nil), n.Inputs...)
		g.Nodes = append(g.Nodes, &c)
	}
	g.Initializers = append([]*onnx.Tensor(nil), e.Model.Graph.Initializers...)
	concat := &onnx.Node{Op: "Concat", Name: "hidden", Outputs: []string{Hidden}, Attrs: []*onnx.Attr{onnx.IntAttr("axis", 2)}}
	for _, l := range layers {
		if l < 1 || l > e.Layers() {
			return nil, 0, fmt.Errorf("layer %d of an encoder with %d layers", l, e.Layers())
		}
		concat.Inputs = append(concat.Inputs, e.layers[l])
	}
	dim = len(layers) * e.Config.HiddenSize
	g.Nodes = append(g.Nodes, concat)
	g.Outputs = []*onnx.Value{{Name: Hidden, Type: onnx.Float, Dims: []onnx.Dim{{Param: "batch"}, {Param: "seq"}, {Size: int64(dim)}}}}
	g.Prune()
	c := *e.Model
	c.Opsets = append([]onnx.Opset(nil), e.Model.Opsets...)
	c.Graph = &g
	return &c, dim, nil
}

// Bundle wraps a tapped graph so that a backend can run it: one Tokens head, "hidden".
func (e *Encoder) Bundle(m *onnx.Model, dim int) *models.Bundle {
	return &models.Bundle{
		Manifest: &models.Manifest{
			Format: models.FormatVersion, ID: "encoder", Name: "encoder",
			Model:     e.ModelSpec(),
			Tokenizer: models.TokenizerSpec{File: "tokenizer.json", Pad: e.Config.Pad},
			Heads:     []models.Head{{Name: Hidden, Kind: models.Tokens, Output: Hidden, Dim: dim}},
		},
		Model: onnx.Marshal(m), Tokenizer: e.Tokenizer,
	}
}

// ModelSpec describes the graph's inputs for a manifest.
func (e *Encoder) ModelSpec() models.ModelSpec {
	return models.ModelSpec{File: "model.onnx", IDs: "input_ids", Mask: "attention_mask", MaxTokens: e.Config.MaxTokens}
}
