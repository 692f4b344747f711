package encoder

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yingda/models/onnx"
)

// The names of the last normalisation of the embeddings and of a layer: of BERT, RoBERTa and their kin, then of DistilBERT. Weights carry them
// with dots, nodes that exporters name by scope with slashes.
var (
	embeddingNorm = regexp.MustCompile(`(^|\.)embeddings\.LayerNorm(\.|$)`)
	layerNorm     = regexp.MustCompile(`(^|\.)layer\.(\d+)\.(output\.LayerNorm|output_layer_norm)(\.|$)`)
)

// findLayers locates the layers by the Hugging Face names of their last normalisation, or, where names say nothing, by their order.
func (e *Encoder) findLayers() error {
	found := map[int]string{}
	var norms []*onnx.Node
	for _, n := range e.Model.Graph.Nodes {
		names := normNames(n)
		if names == nil {
			continue
		}
		norms = append(norms, n)
		for _, name := range names {
			if m := layerNorm.FindStringSubmatch(name); m != nil {
				i, err := strconv.Atoi(m[2])
				if err != nil {
					return err
				}
				found[i+1] = n.Outputs[0]
			} else if embeddingNorm.MatchString(name) {
				found[0] = n.Outputs[0]
			}
		}
	}
	if len(found) == 0 {
		for i, n := range e.alternate(norms) {
			found[i] = n.Outputs[0]
		}
	}
	for i := range len(found) {
		if found[i] == "" {
			return fmt.Errorf("layer %d is not in the graph: its weights must carry Hugging Face names (encoder.layer.N.output.LayerNorm.weight)", i)
		}
		e.layers = append(e.layers, found[i])
	}
	if len(e.layers) < 2 {
		return errors.New("no layers found: weights must carry Hugging Face names (encoder.layer.N.output.LayerNorm.weight), " +
			"or layers must be built like BERT's and config.json tell their number")
	}
	return nil
}

// normNames lists the names by which a normalisation may be known, with dots; nil is no normalisation.
func normNames(n *onnx.Node) []string {
	scale := map[string]int{"LayerNormalization": 1, "SkipLayerNormalization": 2, "EmbedLayerNormalization": 5}[n.Op]
	if scale == 0 || len(n.Inputs) <= scale {
		return nil
	}
	names := []string{n.Inputs[scale], n.Name, n.Outputs[0]}
	for i, name := range names {
		names[i] = strings.TrimPrefix(strings.ReplaceAll(name, "/", "."), ".")
	}
	return names
}

// alternate picks the last norm of the embeddings and of each layer from all of a graph. Layers like BERT's (Vaswani et al. 2017) have
// two, and what one gives out is part of the sum that the next one reads.
func (e *Encoder) alternate(norms []*onnx.Node) []*onnx.Node {
	if e.Config.Layers == 0 || len(norms) != 2*e.Config.Layers+1 {
		return nil
	}
	var ends []*onnx.Node
	for i, n := range norms {
		if i%2 == 0 {
			ends = append(ends, n)
		}
		// The first is left out: ALBERT projects the embeddings before the first layer.
		if i > 0 && i+1 < len(norms) && !e.addsTo(n.Outputs[0], norms[i+1]) {
			return nil
		}
	}
	return ends
}

// addsTo tells whether the input of a norm is a sum with this value.
func (e *Encoder) addsTo(value string, norm *onnx.Node) bool {
	if norm.Op == "SkipLayerNormalization" {
		return slices.Contains(norm.Inputs[:2], value)
	}
	return slices.ContainsFunc(e.Model.Graph.Nodes, func(n *onnx.Node) bool {
		return n.Op == "Add" && n.Outputs[0] == norm.Inputs[0] && slices.Contains(n.Inputs, value)
	})
}
