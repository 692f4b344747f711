package bench

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Arrivals are requests that come when they come, whatever the answers take: as customers do, and unlike clients that wait for each other.
type Arrivals struct {
	Rate    float64       // requests a second, at random (a Poisson process)
	Lasting time.Duration // how long they keep coming
	Clients int           // most that are under way at a time; one that finds none free waits, and its wait counts
}

// Arrived is what became of them.
type Arrived struct {
	N         int     `json:"n"`
	Failed    int     `json:"failed"` // of N; they count in no latency
	First     string  `json:"first_failure,omitempty"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"` // from when a request was due until its answer
	P90       float64 `json:"p90_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

// Run sends request i, from 0 on, with do; each client number is used by one goroutine at a time. It fails only when ctx ends.
func (a Arrivals) Run(ctx context.Context, do func(ctx context.Context, client, i int) error) (Arrived, error) {
	rng := rand.New(rand.NewPCG(7, uint64(a.Rate)))
	free := make(chan int, a.Clients)
	for c := range a.Clients {
		free <- c
	}
	var (
		out   Arrived
		mu    sync.Mutex
		all   []float64
		under sync.WaitGroup
	)
	start := time.Now()
	for due := start; due.Sub(start) < a.Lasting && ctx.Err() == nil; due = due.Add(time.Duration(rng.ExpFloat64() / a.Rate * float64(time.Second))) {
		time.Sleep(time.Until(due))
		i := out.N
		out.N++
		under.Go(func() {
			client := <-free
			err := do(ctx, client, i)
			took := ms(time.Since(due))
			free <- client
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				all = append(all, took)
			} else if out.Failed++; out.First == "" {
				out.First = err.Error()
			}
		})
	}
	under.Wait()
	if ctx.Err() != nil {
		return Arrived{}, context.Cause(ctx)
	}
	slices.Sort(all)
	out.PerSecond = float64(len(all)) / time.Since(start).Seconds()
	out.P50, out.P90, out.P99, out.Max = Quantile(all, 0.5), Quantile(all, 0.9), Quantile(all, 0.99), Quantile(all, 1)
	return out, nil
}
