package library

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress writes for people: one line redrawn on a terminal, a line every few seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time
}

const (
	redraw  = 100 * time.Millisecond
	relog   = 5 * time.Second
	barSize = 24
)

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, now: time.Now}
	if w == nil {
		p.w = io.Discard
	}
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0
	}
	return p
}

func (p *progress) printf(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// bar is the progress of one download. Its methods may be called from several goroutines.
type bar struct {
	p     *progress
	label string
	total int64 // 0 when unknown

	mu           sync.Mutex
	done         int64
	base         int64 // what was there before, which says nothing about the speed
	start, drawn time.Time
	ended        bool
}

func (p *progress) bar(label string, total int64) *bar {
	b := &bar{p: p, label: label, total: total, base: -1, start: p.now(), drawn: p.now()}
	if !p.terminal {
		p.printf("Fetching %s%s", label, ofTotal(total))
	}
	return b
}

func ofTotal(total int64) string {
	if total <= 0 {
		return ""
	}
	return " (" + megabytes(total) + ")"
}

func (b *bar) set(done int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.base < 0 {
		b.base = 0
		if b.p.now().Sub(b.start) < redraw {
			b.base = done
		}
	}
	b.done = max(b.done, done)
	interval := relog
	if b.p.terminal {
		interval = redraw
	}
	if now := b.p.now(); now.Sub(b.drawn) >= interval {
		b.drawn = now
		b.draw()
	}
}

// end draws the last state and leaves the line.
func (b *bar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	b.draw()
	if b.p.terminal {
		fmt.Fprintln(b.p.w)
	}
}

func (b *bar) draw() {
	rate := ""
	if seconds := b.p.now().Sub(b.start).Seconds(); seconds > 0 && b.done > b.base {
		rate = fmt.Sprintf("  %s/s", megabytes(int64(float64(b.done-max(b.base, 0))/seconds)))
	}
	if !b.p.terminal {
		b.p.printf("  %s: %s%s%s", b.label, megabytes(b.done), b.percent(), rate)
		return
	}
	if b.total <= 0 {
		fmt.Fprintf(b.p.w, "\r\x1b[K%s  %s%s", b.label, megabytes(b.done), rate)
		return
	}
	filled := int(min(b.done, b.total) * barSize / b.total)
	fmt.Fprintf(b.p.w, "\r\x1b[K%s [%s%s] %s/%s%s", b.label, strings.Repeat("#", filled), strings.Repeat(".", barSize-filled),
		megabytes(b.done), megabytes(b.total), rate)
}

func (b *bar) percent() string {
	if b.total <= 0 {
		return ""
	}
	return fmt.Sprintf(" of %s (%d %%)", megabytes(b.total), min(100, b.done*100/b.total))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
