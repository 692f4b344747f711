package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage a server lets lie before it collects, and what that may come to in percent of what lives. Most of what a server holds are
// open conversations, which live long: with few of them collecting often would cost several percent of the processor, with many of them
// collecting seldom would cost half as much memory again.
const (
	spareGarbage   = 128 << 20
	leastGrowth    = 50
	mostGrowth     = 300
	memoryInterval = 5 * time.Second
)

// holdMemory sets how far the heap may grow between collections by what lives on it, until ctx is done, unless GOGC says otherwise.
func holdMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	now := leastGrowth
	debug.SetGCPercent(now)
	go func() {
		tick := time.NewTicker(memoryInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if want := growth(liveHeap()); want < now || want > now+now/10 { // setting it stops the world for a moment
				now = want
				debug.SetGCPercent(now)
			}
		}
	}()
}

// growth is the percentage by which a heap with so many living bytes may grow.
func growth(live uint64) int {
	return int(min(max(100*spareGarbage/max(live, 1), leastGrowth), mostGrowth))
}

// liveHeap returns the bytes that the last collection found alive.
func liveHeap() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
