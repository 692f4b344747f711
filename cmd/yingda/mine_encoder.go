package main

import (
	"context"
	"fmt"
	"path/filepath"

	"yingda/analytics/mine"
	"yingda/analytics/mine/cluster"
	"yingda/models"
	"yingda/training"
	"yingda/training/encoder"
)

// encoderEmbedder makes vectors with a pretrained encoder as it is: the mean of its last layer's states.
type encoderEmbedder struct {
	name     string
	bundle   *models.Bundle
	progress func(done, total int)
}

var _ mine.Embedder = (*encoderEmbedder)(nil)

// openEncoderEmbedder loads a folder with config.json, tokenizer.json and model.onnx. ONNX Runtime must have been set up.
func openEncoderEmbedder(dir string) (*encoderEmbedder, error) {
	e, err := encoder.Load(dir)
	if err != nil {
		return nil, err
	}
	model, dim, err := e.Tap(e.Layers())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	b := e.Bundle(model, dim)
	b.Manifest.Tokenizer.Prefix = e.Config.QueryPrefix
	return &encoderEmbedder{name: "encoder " + filepath.Base(filepath.Clean(dir)), bundle: b}, nil
}

// Name implements [mine.Embedder].
func (e *encoderEmbedder) Name() string { return e.name }

// Embed implements [mine.Embedder].
func (e *encoderEmbedder) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	f, err := training.Extract(ctx, e.bundle, texts, false, e.progress)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(texts))
	for i := range out {
		out[i] = f.Row(i)
		cluster.Unit(out[i])
	}
	return out, nil
}
