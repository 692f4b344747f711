package parses_test

import (
	"bytes"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"yingda/dialogue/eventlog"
	"yingda/dialogue/parses"
	"yingda/nlu"
)

// BenchmarkNote is the processor time that a text costs from the offer to the log, with all that goes on behind: redacting, packing, the log's server.
// Texts come one a request: as fast as they are taken, a hundred a second, and so seldom that each has a message of its own.
func BenchmarkNote(b *testing.B) {
	for _, c := range []struct {
		name string
		mode parses.Mode
		gap  time.Duration
	}{{"fast", parses.All, 0}, {"100-a-second", parses.All, 10 * time.Millisecond}, {"100-a-second/off", parses.Off, 10 * time.Millisecond}, // what the log's server takes anyway
		{"alone", parses.All, 60 * time.Millisecond}, {"alone/off", parses.Off, 60 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			l, err := eventlog.Open(b.Context(), eventlog.Options{Dir: b.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			r, stop := run(b, parses.Options{Log: l, Mode: c.mode, Buffer: 1 << 16})
			defer stop()
			before, n := processorTime(b), 0
			for b.Loop() {
				n++
				for r.Stats().Waiting > 1<<15 {
					time.Sleep(time.Millisecond)
				}
				r.Offer(parses.From{Tenant: "t1", Channel: "parse"}, []*nlu.Analysis{missed("能帮我在项链上刻字吗，电话13800138000")})
				time.Sleep(c.gap)
			}
			stop()
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(n), "cpu-µs/text")
			if s := r.Stats(); s.Packs > 0 {
				b.ReportMetric(float64(s.Kept)/float64(s.Packs), "texts/message")
			}
		})
	}
}

// processorTime is what this process has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
