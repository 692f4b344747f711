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
}

// load understands n texts in a closed loop: each of the subject's clients takes the next one as soon as it has its answer.
// The first error ends it.
func load(ctx context.Context, s *Subject, texts, n int) (loaded, error) {
	l := loaded{samples: make([]sample, n)}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
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
				if err != nil {
					stop(fmt.Errorf("%s, text %d: %w", s.Name, i%texts, err))
					return
				}
				l.samples[i] = sample{time.Since(before), model}
			}
		})
	}
	clients.Wait()
	l.wall = time.Since(start)
	if ctx.Err() != nil {
		return loaded{}, context.Cause(ctx)
	}
	return l, nil
}
