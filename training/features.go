package training

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"

	"yingda/models"
	"yingda/models/ort"
	"yingda/nlu"
)

// Features are the hidden states of a corpus, in its order.
type Features struct {
	Dim    int
	Pooled []float32     // texts × Dim: mean over all tokens, special ones included
	States [][]float32   // per text tokens × Dim; nil unless asked for
	Tokens [][]nlu.Token // per text
}

// Row returns the pooled states of text i.
func (f *Features) Row(i int) []float32 { return f.Pooled[i*f.Dim : (i+1)*f.Dim] }

// featureTokens is the padded size of a run when throughput is all that counts.
const featureTokens = 512

// Extract runs a frozen encoder (a bundle with one Tokens head) over texts on all cores. Texts longer than the model reads are an
// error. progress may be nil; it is called from several goroutines.
func Extract(ctx context.Context, b *models.Bundle, texts []string, states bool, progress func(done, total int)) (*Features, error) {
	tok, err := nlu.NewTokeniser(b)
	if err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(0)
	backend, err := ort.Open(b, ort.Options{Slots: cores})
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	f := &Features{Dim: b.Manifest.Heads[0].Width(), Tokens: make([][]nlu.Token, len(texts))}
	f.Pooled = make([]float32, len(texts)*f.Dim)
	if states {
		f.States = make([][]float32, len(texts))
	}
	ids := make([][]int64, len(texts))
	for i, t := range texts {
		var enc nlu.Encoding
		if ids[i], enc, err = tok.Encode(t); err != nil {
			return nil, fmt.Errorf("text %d: %w", i, err)
		}
		if len(ids[i]) > b.Manifest.Model.MaxTokens {
			return nil, fmt.Errorf("text %d has %d tokens, the encoder reads %d: shorten it", i, len(ids[i]), b.Manifest.Model.MaxTokens)
		}
		f.Tokens[i] = enc.Tokens
	}
	return f, forEach(ctx, backend, b.Manifest.Tokenizer.Pad, ids, func(i int, heads []models.Logits) { f.keep(i, heads[0]) }, progress)
}

// forEach runs texts in batches of alike length on all of the backend's slots and hands each answer to keep, which is called from
// several goroutines. Which texts share a batch depends on nothing but the texts: a padded row may differ from a lone one in its
// last bits, and training must give the same weights again.
func forEach(ctx context.Context, backend models.Backend, pad int64, ids [][]int64, keep func(text int, heads []models.Logits), progress func(done, total int)) error {
	order := all(len(ids))
	sort.SliceStable(order, func(a, b int) bool { return len(ids[order[a]]) < len(ids[order[b]]) })
	var parts [][]int
	for start, end := 0, 0; start < len(order); start = end {
		for end = start + 1; end < len(order) && (end-start+1)*len(ids[order[end]]) <= featureTokens; end++ {
		}
		parts = append(parts, order[start:end])
	}
	var next, done atomic.Int64
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(parts) && ctx.Err() == nil; i = next.Add(1) - 1 {
				results, err := backend.Forward(ctx, pack(ids, parts[i], pad))
				if err != nil {
					errs[w] = err
					return
				}
				for k, j := range parts[i] {
					keep(j, results[k])
				}
				if n := done.Add(int64(len(parts[i]))); progress != nil {
					progress(int(n), len(order))
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// pack lays some texts out as a padded batch.
func pack(ids [][]int64, which []int, pad int64) *models.Batch {
	b := &models.Batch{Rows: len(which)}
	for _, j := range which {
		b.Cols = max(b.Cols, len(ids[j]))
	}
	b.IDs, b.Mask = make([]int64, b.Rows*b.Cols), make([]int64, b.Rows*b.Cols)
	for r, j := range which {
		b.Lens = append(b.Lens, len(ids[j]))
		for c := range b.Cols {
			at := r*b.Cols + c
			if b.IDs[at] = pad; c < len(ids[j]) {
				b.IDs[at], b.Mask[at] = ids[j][c], 1
			}
		}
	}
	return b
}

func (f *Features) keep(i int, l models.Logits) {
	row := f.Row(i)
	for t := range l.Rows {
		for k, v := range l.Row(t) {
			row[k] += v
		}
	}
	for k := range row {
		row[k] /= float32(l.Rows)
	}
	if f.States != nil {
		f.States[i] = l.Data
	}
}

// pool averages the states of some tokens of text i.
func (f *Features) pool(i int, tokens []int) []float32 {
	mean := make([]float32, f.Dim)
	for _, t := range tokens {
		for k, v := range f.States[i][t*f.Dim : (t+1)*f.Dim] {
			mean[k] += v
		}
	}
	for k := range mean {
		mean[k] /= float32(max(len(tokens), 1))
	}
	return mean
}
