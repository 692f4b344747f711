package training

import (
	"context"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"

	"yingda/models"
	"yingda/models/batch"
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
	q := batch.New(backend, batch.Options{Workers: cores, MaxTokens: featureTokens, QueueTokens: 1 << 30, MaxWait: 1 << 62, Pad: b.Manifest.Tokenizer.Pad})
	defer q.Close()

	f := &Features{Dim: b.Manifest.Heads[0].Width(), Tokens: make([][]nlu.Token, len(texts))}
	f.Pooled = make([]float32, len(texts)*f.Dim)
	if states {
		f.States = make([][]float32, len(texts))
	}
	ids := make([][]int64, len(texts))
	order := make([]int, len(texts))
	for i, t := range texts {
		var enc nlu.Encoding
		if ids[i], enc, err = tok.Encode(t); err != nil {
			return nil, fmt.Errorf("text %d: %w", i, err)
		}
		if len(ids[i]) > b.Manifest.Model.MaxTokens {
			return nil, fmt.Errorf("text %d has %d tokens, the encoder reads %d: shorten it", i, len(ids[i]), b.Manifest.Model.MaxTokens)
		}
		f.Tokens[i], order[i] = enc.Tokens, i
	}
	sort.SliceStable(order, func(a, b int) bool { return len(ids[order[a]]) < len(ids[order[b]]) }) // alike lengths run together
	return f, f.fill(ctx, q, ids, order, progress)
}

// fill feeds the queue in chunks, a few at a time so that it is never empty.
func (f *Features) fill(ctx context.Context, q *batch.Queue, ids [][]int64, order []int, progress func(done, total int)) error {
	const chunk = 32
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	var done atomic.Int64
	limit := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	for at := 0; at < len(order) && ctx.Err() == nil; at += chunk {
		part := order[at:min(at+chunk, len(order))]
		limit <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-limit; wg.Done() }()
			texts := make([][]int64, len(part))
			for i, j := range part {
				texts[i] = ids[j]
			}
			results, err := q.Do(ctx, texts...)
			if err != nil {
				once.Do(func() { first = err })
				return
			}
			for i, j := range part {
				f.keep(j, results[i].Logits[0])
			}
			if n := done.Add(int64(len(part))); progress != nil {
				progress(int(n), len(order))
			}
		}()
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return first
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
