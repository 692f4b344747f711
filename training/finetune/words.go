package finetune

import (
	"math"
	"slices"

	"yingda/models/ort"
)

// wordTable trains the word-embedding table outside the graph: a step touches only the rows of its words, and so does the optimiser ("lazy" Adam:
// rows that a batch does not show keep their moments).
type wordTable struct {
	output  string    // the graph's gradient of the batch's rows
	grad    []float32 // of the last batch, words × width
	sum     []float32 // of the update in progress, table-sized
	touched []int64   // rows of sum that are not zero
	m, v    []float32 // moments, table-sized
}

func newWordTable(output string, size int) *wordTable {
	return &wordTable{output: output, sum: make([]float32, size), m: make([]float32, size), v: make([]float32, size)}
}

// bindWords lets the graph write the gradient of this batch's rows.
func (m *model) bindWords(b *batch) error {
	w := m.table
	if w == nil {
		return nil
	}
	n := len(b.words) * m.width
	w.grad = slices.Grow(w.grad[:0], n)[:n]
	return ort.BindOutput(m.train, w.output, w.grad, int64(len(b.words)), int64(m.width))
}

// collect adds the gradients of a batch's rows to those of the update.
func (w *wordTable) collect(b *batch, width int) {
	for i, id := range b.words {
		row := w.sum[int(id)*width:][:width]
		for k, g := range w.grad[i*width:][:width] {
			row[k] += g
		}
	}
	w.touched = append(w.touched, b.words...)
}

// norm2 is the squared norm of the update's gradient.
func (w *wordTable) norm2(width int) float64 {
	slices.Sort(w.touched)
	w.touched = slices.Compact(w.touched)
	sum := 0.0
	for _, id := range w.touched {
		for _, g := range w.sum[int(id)*width:][:width] {
			sum += float64(g) * float64(g)
		}
	}
	return sum
}

// update moves the touched rows and forgets their gradients. There is no weight decay: it would pull rare words to zero each time they occur.
func (w *wordTable) update(words []float32, width, step int, rate, norm, clip float64) {
	scale := float32(1)
	if norm > clip {
		scale = float32(clip / norm)
	}
	c1, c2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
	for _, id := range w.touched {
		at := int(id) * width
		update(words[at:at+width], w.sum[at:at+width], w.m[at:at+width], w.v[at:at+width], scale, 1, float32(rate/c1), float32(1/math.Sqrt(c2)))
		clear(w.sum[at : at+width])
	}
	w.touched = w.touched[:0]
}
