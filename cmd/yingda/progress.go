package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress shows a long job: one line that is redrawn in a terminal, a line every few seconds elsewhere.
type progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	stage    string
	start    time.Time
	shown    time.Time
	width    int
}

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: isTerminal(w)} }

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// report shows that a stage is at done of total. Safe for concurrent use.
func (p *progress) report(stage string, done, total int, detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if stage != p.stage {
		p.newline()
		p.stage, p.start, p.shown = stage, now, time.Time{}
	}
	every := 5 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if done < total && now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	line := fmt.Sprintf("%-28s %s %d/%d", stage, bar(done, total), done, total)
	if left := remaining(now.Sub(p.start), done, total); left > 0 {
		line += fmt.Sprintf("  %s left", left)
	}
	if detail != "" {
		line += "  " + detail
	}
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

func (p *progress) newline() {
	if p.terminal && p.width > 0 {
		fmt.Fprintln(p.w)
		p.width = 0
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newline()
}

func bar(done, total int) string {
	const width = 24
	n := 0
	if total > 0 {
		n = min(width, done*width/total)
	}
	return "[" + strings.Repeat("=", n) + strings.Repeat(" ", width-n) + "]"
}

func remaining(elapsed time.Duration, done, total int) time.Duration {
	if done <= 0 || done >= total || elapsed < time.Second {
		return 0
	}
	return (elapsed * time.Duration(total-done) / time.Duration(done)).Round(time.Second)
}
