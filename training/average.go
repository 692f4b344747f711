package training

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/training/quantize"
)

// Average makes a bundle whose weights are the mean of those of several bundles that were fine-tuned from the same encoder for the same labels, with other seeds or
// more data (Wortsman et al. 2022, "Model soups"). It answers in the time of one and errs less than they do on average. Weights stored as int8 are averaged as
// the numbers they stand for, and the result is in float: [Recalibrate] rounds it and fits its thresholds. All must have held out the same
// share of messages, or thresholds would be fitted on messages that one of them has learnt. The manifest is the first one's.
func Average(bundles ...*models.Bundle) (*models.Bundle, error) {
	if len(bundles) == 0 {
		return nil, fmt.Errorf("average: no bundles")
	}
	first := bundles[0]
	var mean *onnx.Model
	var ids []string
	for i, b := range bundles {
		if err := alike(first.Manifest, b.Manifest); err != nil {
			return nil, fmt.Errorf("average %s with %s: %w", first.Manifest.ID, b.Manifest.ID, err)
		}
		m, err := expanded(b)
		if err != nil {
			return nil, fmt.Errorf("average %s: %w", b.Manifest.ID, err)
		}
		ids = append(ids, string(b.Manifest.ID))
		if i == 0 {
			mean = m
			continue
		}
		if err := blend(mean.Graph, m.Graph, 1/float64(i+1)); err != nil {
			return nil, fmt.Errorf("average %s with %s: %w", first.Manifest.ID, b.Manifest.ID, err)
		}
	}
	m := *first.Manifest
	m.Training = maps.Clone(m.Training)
	m.Training["averaged"] = ids
	return &models.Bundle{Manifest: &m, Model: onnx.Marshal(mean), Tokenizer: first.Tokenizer}, nil
}

// alike checks that two bundles can be averaged and calibrated together.
func alike(a, b *models.Manifest) error {
	if a.Model.Encoder != b.Model.Encoder || len(a.Heads) != len(b.Heads) {
		return fmt.Errorf("their encoders or heads are not of one kind (%q, %q)", a.Model.Encoder, b.Model.Encoder)
	}
	for i, h := range a.Heads {
		if h.Name != b.Heads[i].Name || !slices.Equal(h.Labels, b.Heads[i].Labels) {
			return fmt.Errorf("the labels of their head %s differ", h.Name)
		}
	}
	if a.Training["hold_out"] == nil || a.Training["hold_out"] != b.Training["hold_out"] {
		return fmt.Errorf("they held out %v and %v of the corpus: what one has learnt cannot calibrate the other", a.Training["hold_out"], b.Training["hold_out"])
	}
	return nil
}

// expanded returns a bundle's graph with its products in float, and the names of weights as if they had never been stored otherwise.
func expanded(b *models.Bundle) (*onnx.Model, error) {
	m, err := onnx.Unmarshal(b.Model)
	if err != nil {
		return nil, err
	}
	if err := quantize.Expand(m.Graph); err != nil {
		return nil, err
	}
	plain := map[string]string{}
	for _, t := range m.Graph.Initializers {
		if name := strings.ReplaceAll(t.Name, ".f32", ""); t.Type == onnx.Float && name != t.Name && m.Graph.Initializer(name) == nil {
			plain[t.Name] = name
			t.Name = name
		}
	}
	for _, n := range m.Graph.Nodes {
		for i, in := range n.Inputs {
			if name, ok := plain[in]; ok {
				n.Inputs[i] = name
			}
		}
	}
	return m, nil
}

// blend moves the float constants of a towards those of b by a share of their distance. Constants of other types must be the same: they were not trained.
func blend(a, b *onnx.Graph, share float64) error {
	for i, t := range a.Initializers {
		o := b.Initializer(t.Name)
		if o == nil || o.Type != t.Type || !slices.Equal(o.Dims, t.Dims) {
			return fmt.Errorf("the weights %q of one are not in the other: they were not trained from one encoder", t.Name)
		}
		if t.Type != onnx.Float {
			if !slices.Equal(o.Raw, t.Raw) {
				return fmt.Errorf("the table %q differs: they were not trained from one encoder", t.Name)
			}
			continue
		}
		x, y := t.Floats(), o.Floats()
		for k := range x {
			x[k] = float32((1-share)*float64(x[k]) + share*float64(y[k]))
		}
		a.Initializers[i] = onnx.NewFloats(t.Name, x, t.Dims...)
	}
	return nil
}
