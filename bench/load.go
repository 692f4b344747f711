package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// sample is one text understood.
type sample struct{ latency, model time.Duration }

// loaded is the outcome of load. Sample i is of text i modulo the number of texts.
type loaded struct {
	wall    time.Duration
	samples []sample
	failed  int // texts without an answer; their latency counts
}

// tolerated is the share of texts that may fail: a server with a deadline misses it when the machine stalls, and that is worth a note, but
// a figure in which more are missing says nothing.
const tolerated = 0.01

// load understands n texts in a closed loop: each of the subject's clients takes the next one as soon as it has its answer.
// When more than the tolerated share fails, the first error ends it.
func load(ctx context.Context, s *Subject, texts, n int) (loaded, error) {
	l := loaded{samples: make([]sample, n)}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next, failed atomic.Int64
	var first atomic.Value
	var clients sync.WaitGroup
	start := time.Now()
	for c := range s.Clients {
		clients.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				before := time.Now()
				model, err := s.Do(ctx, c, i%texts)
				if err != nil && ctx.Err() == nil {
					first.CompareAndSwap(nil, fmt.Errorf("text %d: %w", i%texts, err))
					if failed.Add(1) > int64(tolerated*float64(n)) {
						stop(first.Load().(error))
						return
					}
				}
				l.samples[i] = sample{time.Since(before), model}
			}
		})
	}
	clients.Wait()
	l.wall, l.failed = time.Since(start), int(failed.Load())
	if ctx.Err() != nil {
		return loaded{}, context.Cause(ctx)
	}
	return l, nil
}
