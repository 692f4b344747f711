package quantize_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"yingda/models"
	"yingda/models/ort"
)

// BenchmarkInt8 compares one run on one thread of the pretrained encoder in float, as bundles without int8 compute it, with the same in
// integers, and in integers with attention fused. The three take turns, so that a busy machine slows all of them; the fastest run of each counts.
//
//	go test ./training/quantize -run '^$' -bench Int8 -benchtime 40x
func BenchmarkInt8(b *testing.B) {
	e := MustPretrained(b)
	texts := MustTexts(b, e, 0, 400)
	plain, _, err := e.Tap(4, 8, e.Layers())
	if err != nil {
		b.Fatal(err)
	}
	MustStore(b, plain, e.ModelSpec().IDs)
	sessions := []*ort.Backend{MustSession(b, plain)}
	for _, fuse := range []bool{false, true} {
		m, _, _ := MustInt8(b, e, fuse, texts, 4, 8, e.Layers())
		MustStore(b, m, e.ModelSpec().IDs)
		sessions = append(sessions, MustSession(b, m))
	}
	for _, shape := range [][2]int{{1, 12}, {1, 16}, {8, 16}} {
		b.Run(fmt.Sprintf("%dx%d", shape[0], shape[1]), func(b *testing.B) {
			fastest := race(b, sessions, even(shape[0], shape[1]))
			b.ReportMetric(0, "ns/op")
			for i, name := range []string{"float-ms", "int8-ms", "int8-fused-ms"} {
				b.ReportMetric(fastest[i].Seconds()*1e3, name)
			}
			b.ReportMetric(fastest[0].Seconds()/fastest[1].Seconds(), "int8-x")
			b.ReportMetric(fastest[0].Seconds()/fastest[2].Seconds(), "int8-fused-x")
		})
	}
}

// race lets sessions take turns and returns the shortest time of each.
func race(b *testing.B, sessions []*ort.Backend, batch *models.Batch) []time.Duration {
	fastest := make([]time.Duration, len(sessions))
	run := func(i int) time.Duration {
		start := time.Now()
		if _, err := sessions[i].Forward(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	for i := range sessions {
		fastest[i] = min(run(i), run(i)) // the first run of a shape allocates
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		for _, i := range rng.Perm(len(sessions)) { // none always comes after the one that empties the cache
			fastest[i] = min(fastest[i], run(i))
		}
	}
	return fastest
}

// even is a batch without padding.
func even(rows, cols int) *models.Batch {
	batch := &models.Batch{Rows: rows, Cols: cols}
	for r := range rows {
		batch.Lens = append(batch.Lens, cols)
		for c := range cols {
			batch.IDs, batch.Mask = append(batch.IDs, int64(10+(r*31+c*977)%20000)), append(batch.Mask, 1)
		}
	}
	return batch
}
