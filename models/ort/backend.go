package ort

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"yingda/models"
)

// Options tune a backend. The zero value is right for serving.
type Options struct {
	// Slots is how many Forward calls run at a time; more wait. Default 1. Set it to the number of cores.
	Slots int
	// Threads is the number of threads one run uses. Default 1; larger only pays for training-time jobs that run alone.
	Threads int
}

// Backend is a model in an ONNX Runtime session.
type Backend struct {
	session *ort.DynamicAdvancedSession
	heads   []models.Head
	typeIDs bool
	mask    bool
	slots   chan *workspace // free ones
	all     []*workspace
	closing sync.Once
	closed  chan struct{}
}

var _ models.Backend = (*Backend)(nil)

// Open builds a session for the bundle's model. The bundle's bytes are not used after Open returns.
func Open(b *models.Bundle, o Options) (*Backend, error) {
	spec := b.Manifest.Model
	inputs := []string{spec.IDs}
	if spec.Mask != "" {
		inputs = append(inputs, spec.Mask)
	}
	if spec.TypeIDs != "" {
		inputs = append(inputs, spec.TypeIDs)
	}
	outputs := make([]string, len(b.Manifest.Heads))
	for i, h := range b.Manifest.Heads {
		outputs[i] = h.Output
	}
	session, err := newSession(b.Model, inputs, outputs, max(o.Threads, 1))
	if err != nil {
		return nil, fmt.Errorf("build session for bundle %s: %w", b.Manifest.ID, err)
	}
	n := max(o.Slots, 1)
	be := &Backend{session: session, heads: b.Manifest.Heads, mask: spec.Mask != "", typeIDs: spec.TypeIDs != "", slots: make(chan *workspace, n), closed: make(chan struct{})}
	for range n {
		w := newWorkspace(be)
		be.all = append(be.all, w)
		be.slots <- w
	}
	return be, nil
}

func newSession(model []byte, inputs, outputs []string, threads int) (*ort.DynamicAdvancedSession, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer so.Destroy()
	err = errors.Join(
		so.SetIntraOpNumThreads(threads),
		so.SetInterOpNumThreads(1),
		so.SetMemPattern(false),                                          // it grows with every new shape
		so.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"), // leave the cores to the server
		// Weights are stored as int8 behind DequantizeLinear: let constant folding expand them once, at load.
		so.AddSessionConfigEntry("session.disable_quant_qdq", "1"),
	)
	if err != nil {
		return nil, err
	}
	return ort.NewDynamicAdvancedSessionWithONNXData(model, inputs, outputs, so)
}

// Forward implements [models.Backend]. It waits for a free slot. When ctx can be cancelled, a cancelled run is stopped inside
// ONNX Runtime, and Forward returns once it has stopped.
func (b *Backend) Forward(ctx context.Context, batch *models.Batch) ([][]models.Logits, error) {
	var w *workspace
	select {
	case w = <-b.slots:
	case <-b.closed:
		return nil, models.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { b.slots <- w }()
	return w.run(ctx, batch)
}

// Close waits for running calls, then frees the session and all tensors. Later calls of Forward get models.ErrClosed, those of
// Close nil.
func (b *Backend) Close() error {
	var errs []error
	b.closing.Do(func() {
		close(b.closed)
		for range b.all {
			w := <-b.slots
			errs = append(errs, w.destroy())
		}
		errs = append(errs, b.session.Destroy())
		trimHeap()
	})
	return errors.Join(errs...)
}
