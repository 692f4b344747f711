//go:build unix

package feed_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of the processors, waiting left out: on a busy machine it says more than the clock.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
