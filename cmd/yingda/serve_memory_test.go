package main

import "testing"

func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, mostGrowth}, {10 << 20, mostGrowth}, {64 << 20, 200}, {128 << 20, 100}, {256 << 20, leastGrowth}, {2 << 30, leastGrowth}} {
		if got := growth(c.live); got != c.want {
			t.Errorf("growth(%d MiB) = %d %%, want %d", c.live>>20, got, c.want)
		}
	}
	if liveHeap() == 0 {
		t.Error("the runtime does not say how much lives")
	}
}
