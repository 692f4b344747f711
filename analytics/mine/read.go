package mine

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"yingda/nlu"
)

// reading is what the newest bundle says of a text.
type reading struct {
	ranking  []nlu.Prediction
	oos      float64
	accepted bool // an intent passed its threshold
	vector   []float32
}

func (r reading) p1() float64 {
	if len(r.ranking) == 0 {
		return 0
	}
	return r.ranking[0].Score
}

func (r reading) margin() float64 {
	if len(r.ranking) < 2 {
		return r.p1()
	}
	return r.ranking[0].Score - r.ranking[1].Score
}

// readBatch is how many texts go to the engine at a time, and readBytes how long they are together if there is more than one: what is asked for at
// once has to find room in its queue. embedBatch is how many texts go to an embedder; rankingKept is how many intents of each are kept.
const (
	readBatch   = 64
	readBytes   = 4 << 10
	embedBatch  = 4096
	rankingKept = 5
)

// batchesByLength returns the indices of texts in batches of like length: the engine computes several at once without padding.
func batchesByLength(texts []string) (batches [][]int) {
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(texts[a]) - len(texts[b]) })
	for from := 0; from < len(order); {
		to, size := from, 0
		for to < len(order) && to-from < readBatch && (to == from || size+len(texts[order[to]]) <= readBytes) {
			size += len(texts[order[to]])
			to++
		}
		batches, from = append(batches, order[from:to]), to
	}
	return batches
}

// readAll asks the engine about texts, more batches at a time than there are processors, since a batch is not always at the model. progress is called
// with how many are done.
func readAll(ctx context.Context, e Engine, texts []string, progress func(int)) ([]reading, error) {
	batches, out := batchesByLength(texts), make([]reading, len(texts))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, done := 0, 0
	take := func(finished int) (batch []int) {
		mu.Lock()
		defer mu.Unlock()
		if done += finished; finished > 0 {
			progress(done)
		}
		if next < len(batches) && ctx.Err() == nil {
			batch, next = batches[next], next+1
		}
		return batch
	}
	for range runtime.GOMAXPROCS(0) + 1 {
		wg.Go(func() {
			for batch := take(0); batch != nil; batch = take(len(batch)) {
				if err := readSome(ctx, e, texts, batch, out); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return out, nil
}

// readSome reads the texts with those indices.
func readSome(ctx context.Context, e Engine, texts []string, which []int, out []reading) error {
	us := make([]nlu.Utterance, len(which))
	for i, at := range which {
		us[i].Text = texts[at]
	}
	as, err := e.Analyse(ctx, us...)
	if err != nil {
		return err
	}
	for i, a := range as {
		out[which[i]] = reading{slices.Clone(a.Ranking[:min(rankingKept, len(a.Ranking))]), a.OOS, len(a.Intents) > 0, a.Embedding}
	}
	return nil
}
