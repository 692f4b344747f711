package eventlog_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// BenchmarkAppend measures a durable turn, sealing and sync included, with several conversations at once.
//
//	go test -run '^$' -bench Append -benchtime 2000x ./dialogue/eventlog
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			l := mustOpen(b, options(b.TempDir()))
			each := max(b.N/writers, 1)
			times := make([][]time.Duration, writers)
			for w := range writers { // keys are made on the first turn
				write(b, l, key(fmt.Sprint("w", w)), fmt.Sprint("u", w), 1)
			}
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					t := mustLoad(b, l, key(fmt.Sprint("w", w)))
					for i := range each {
						ev := turn(fmt.Sprint("x", i), fmt.Sprint("u", w), "我的订单 88321234 到哪了？", i)
						start := time.Now()
						next, err := l.Append(b.Context(), t, ev)
						if err != nil {
							b.Error(err)
							return
						}
						times[w] = append(times[w], time.Since(start))
						t = next
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			all := slices.Concat(times...)
			slices.Sort(all)
			raw, err := l.Bytes(b.Context(), key("w0"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "turns/s")
			b.ReportMetric(float64(len(raw)), "bytes/turn")
		})
	}
}

// BenchmarkLoad measures loading a conversation of 10,000 turns: with its snapshot and without, in another replica than wrote it.
func BenchmarkLoad(b *testing.B) {
	o := eventlog.Lazy(options(b.TempDir()))
	l := mustOpen(b, o)
	k := key("long")
	write(b, l, k, "u", 10_000)
	for _, c := range []struct {
		name     string
		trackers int64
		drop     bool
	}{{"snapshot", -1, false}, {"memory", 0, false}, {"replay", -1, true}} {
		b.Run(c.name, func(b *testing.B) {
			r, err := l.ReplicaWith(b.Context(), c.trackers)
			if err != nil {
				b.Fatal(err)
			}
			defer mustClose(b, r)
			if c.drop {
				if err := r.RawSnapshot(b.Context(), k, []byte("rubbish")); err != nil {
					b.Fatal(err)
				}
			}
			mustLoad(b, r, k)
			for b.Loop() {
				if tr := mustLoad(b, r, k); tr.Events != 10_000 {
					b.Fatal(tr.Events)
				}
			}
		})
	}
}

// BenchmarkTrackers measures the memory of open conversations, the server's included. It takes a minute; the heap also holds blocks of the
// log that the server keeps for some seconds after reading.
func BenchmarkTrackers(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		o := eventlog.Lazy(options(b.TempDir()))
		l := mustOpen(b, o)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := w; i < n; i += 8 {
					t := &dialogue.Tracker{Key: key(fmt.Sprint("c", i))}
					for j := range 3 {
						t = mustAppend(b, l, t, turn(fmt.Sprint("m", j), fmt.Sprint("u", i), "我的订单 88321234 到哪了？", j))
					}
				}
			})
		}
		wg.Wait()
		for range 1000 {
			mustLoad(b, l, key(fmt.Sprint("c", rand.IntN(n))))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		s := l.Stats()
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "heap-MiB")
		b.ReportMetric(float64(s.Trackers), "trackers")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(s.Trackers), "B/tracker")
	}
}
