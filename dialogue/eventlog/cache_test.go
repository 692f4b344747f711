package eventlog_test

import (
	"fmt"
	"runtime"
	"testing"

	"yingda/dialogue/eventlog"
)

// TestTrackerWeight holds the estimate by which trackers are kept against what they really take.
func TestTrackerWeight(t *testing.T) {
	for _, turns := range []int{1, 3, 25} {
		o := eventlog.Lazy(options(t.TempDir()))
		o.SnapshotEvery = -1
		l := mustOpen(t, o)
		n := 600 / turns
		for i := range n {
			write(t, l, key(fmt.Sprint("c", i)), fmt.Sprint("u", i), turns)
		}
		l.DropRecent() // its events share their texts with the trackers
		with := heap()
		kept := l.Stats().Trackers
		weight := l.DropTrackers()
		real := int64(with) - int64(heap())
		t.Logf("%d turns: %d trackers, %d bytes each, estimated %d", turns, kept, real/int64(kept), weight/int64(kept))
		if kept != n || weight < real*2/3 || weight > real*2 {
			t.Errorf("%d turns: %d trackers take %d bytes, estimated %d", turns, kept, real, weight)
		}
		mustClose(t, l)
	}
}

// TestTrackersBounded opens more conversations than are kept.
func TestTrackersBounded(t *testing.T) {
	o := eventlog.Lazy(options(t.TempDir()))
	o.Trackers = 200 << 10
	l := mustOpen(t, o)
	for i := range 100 {
		write(t, l, key(fmt.Sprint("c", i)), "u", 2)
	}
	if n := l.Stats().Trackers; n < 5 || n > 80 {
		t.Errorf("%d trackers are kept in 200 KiB", n)
	}
	if tr := mustLoad(t, l, key("c0")); tr.Events != 2 {
		t.Errorf("a conversation that is not in memory has %d events", tr.Events)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
