package knowledge

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"yingda/dialogue"
	"yingda/nlu"
)

// cpu is the time that this thread has computed: on a machine with other work the time on the wall says little. Its caller is locked to
// its thread.
func cpu() time.Duration {
	const threadClock = 3 // CLOCK_THREAD_CPUTIME_ID
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		if n > 10000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			x, c := mustCrowd(b, n, 384)
			var qs []dialogue.Asked
			for i := range 200 {
				text := x.entries[i*n/200].Questions[i%4]
				r := []rune(text)
				r[len(r)/2] = '吗'
				qs = append(qs, dialogue.Asked{Text: string(r) + "请问", Lang: nlu.Chinese, Embedding: c.point(uint64(i), 9), Bundle: "crowd"})
			}
			var took []time.Duration
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			i := 0
			for b.Loop() {
				start := cpu()
				x.Search(qs[i%len(qs)])
				took = append(took, cpu()-start)
				i++
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-cpu-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-cpu-ms")
		})
	}
}

func BenchmarkRebuild(b *testing.B) {
	x, c := mustCrowd(b, 10000, 384)
	m, err := NewMeaning(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	var texts []string
	for _, r := range x.entries {
		texts = append(texts, r.Questions...)
	}
	if _, err := m.Add(b.Context(), c, texts, nil); err != nil {
		b.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n, before := 0, cpu()
	for b.Loop() {
		newIndex(x.entries, x.params, m)
		n++
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(n), "cpu-ms/op")
}
