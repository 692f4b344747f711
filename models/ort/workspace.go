package ort

import (
	"context"
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"yingda/models"
)

// maxShapes bounds the tensor sets a workspace keeps: lengths repeat, and the rare ones are cheap to make again.
const maxShapes = 64

// workspace holds the tensors of one slot. It is used by one call at a time.
type workspace struct {
	b      *Backend
	shapes map[shape]*tensors
}

type shape struct{ rows, cols int }

// tensors are the inputs and outputs for one shape, over Go memory that ONNX Runtime reads and writes in place.
type tensors struct {
	ids, mask, types *ort.Tensor[int64]
	outputs          []*ort.Tensor[float32]
	in, out          []ort.Value
}

func newWorkspace(b *Backend) *workspace { return &workspace{b: b, shapes: map[shape]*tensors{}} }

func (w *workspace) run(ctx context.Context, batch *models.Batch) ([][]models.Logits, error) {
	t, err := w.tensors(shape{batch.Rows, batch.Cols})
	if err != nil {
		return nil, err
	}
	copy(t.ids.GetData(), batch.IDs)
	if t.mask != nil {
		copy(t.mask.GetData(), batch.Mask)
	}
	if err := w.execute(ctx, t); err != nil {
		return nil, err
	}
	return t.collect(w.b.heads, batch), nil
}

func (w *workspace) execute(ctx context.Context, t *tensors) error {
	if ctx.Done() == nil {
		return w.b.session.Run(t.in, t.out)
	}
	ro, err := ort.NewRunOptions()
	if err != nil {
		return err
	}
	// The watcher must be gone before the options are destroyed: stop reports whether it never started,
	// and otherwise done tells when it has finished.
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(done); _ = ro.Terminate() })
	err = w.b.session.RunWithOptions(t.in, t.out, ro)
	if !stop() {
		<-done
	}
	err = errors.Join(err, ro.Destroy())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// collect copies each row's logits out of the bound memory, leaving the padding behind.
func (t *tensors) collect(heads []models.Head, batch *models.Batch) [][]models.Logits {
	size := 0
	for r := range batch.Rows {
		for _, h := range heads {
			size += logitRows(&h, batch.Lens[r]) * h.Width()
		}
	}
	flat := make([]float32, 0, size)
	all := make([]models.Logits, batch.Rows*len(heads))
	result := make([][]models.Logits, batch.Rows)
	for r := range batch.Rows {
		row := all[r*len(heads) : (r+1)*len(heads) : (r+1)*len(heads)]
		for i := range heads {
			h, data := &heads[i], t.outputs[i].GetData()
			stride := h.Width()
			if h.Kind == models.Tokens {
				stride *= batch.Cols
			}
			n := logitRows(h, batch.Lens[r])
			start := len(flat)
			flat = append(flat, data[r*stride:r*stride+n*h.Width()]...)
			row[i] = models.Logits{Rows: n, Cols: h.Width(), Data: flat[start:len(flat):len(flat)]}
		}
		result[r] = row
	}
	return result
}

func logitRows(h *models.Head, tokens int) int {
	if h.Kind == models.Tokens {
		return tokens
	}
	return 1
}

func (w *workspace) tensors(s shape) (*tensors, error) {
	if t, ok := w.shapes[s]; ok {
		return t, nil
	}
	if len(w.shapes) >= maxShapes {
		for k, t := range w.shapes { // any one: which does not matter for correctness, and recency is not worth tracking
			delete(w.shapes, k)
			if err := t.destroy(); err != nil {
				return nil, err
			}
			break
		}
	}
	t, err := w.b.newTensors(s)
	if err != nil {
		return nil, err
	}
	w.shapes[s] = t
	return t, nil
}

func (b *Backend) newTensors(s shape) (t *tensors, err error) {
	t = &tensors{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("allocate tensors %d×%d: %w", s.rows, s.cols, errors.Join(err, t.destroy()))
		}
	}()
	dims := ort.NewShape(int64(s.rows), int64(s.cols))
	if t.ids, err = ort.NewEmptyTensor[int64](dims); err != nil {
		return t, err
	}
	t.in = append(t.in, t.ids)
	if b.mask {
		if t.mask, err = ort.NewEmptyTensor[int64](dims); err != nil {
			return t, err
		}
		t.in = append(t.in, t.mask)
	}
	if b.typeIDs {
		if t.types, err = ort.NewEmptyTensor[int64](dims); err != nil {
			return t, err
		}
		t.in = append(t.in, t.types)
	}
	for i := range b.heads {
		dims := ort.NewShape(int64(s.rows), int64(b.heads[i].Width()))
		if b.heads[i].Kind == models.Tokens {
			dims = ort.NewShape(int64(s.rows), int64(s.cols), int64(b.heads[i].Width()))
		}
		out, err := ort.NewEmptyTensor[float32](dims)
		if err != nil {
			return t, err
		}
		t.outputs, t.out = append(t.outputs, out), append(t.out, out)
	}
	return t, nil
}

func (t *tensors) destroy() error {
	var errs []error
	for _, v := range t.in {
		errs = append(errs, v.Destroy())
	}
	for _, v := range t.out {
		errs = append(errs, v.Destroy())
	}
	t.in, t.out = nil, nil
	return errors.Join(errs...)
}

func (w *workspace) destroy() error {
	var errs []error
	for _, t := range w.shapes {
		errs = append(errs, t.destroy())
	}
	w.shapes = nil
	return errors.Join(errs...)
}
