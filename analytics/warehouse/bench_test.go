package warehouse_test

import (
	"fmt"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// BenchmarkTake takes turns in: rows, appending, the transaction and the write-ahead log, as a small batch and in bulk.
func BenchmarkTake(b *testing.B) {
	for _, size := range []int{2000, 20_000, 122_880} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := MustOpen(b, warehouse.Options{Dir: b.TempDir()})
			seq, events := uint64(0), make([]dialogue.Event, size)
			for b.Loop() {
				b.StopTimer()
				for i := range events {
					seq++
					events[i] = turn(fmt.Sprintf("c%d", seq/6), seq, start.Add(time.Duration(seq)*10*time.Millisecond))
				}
				b.StartTimer()
				MustTake(b, w, events)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "turns/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
