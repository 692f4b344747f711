package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
)

// longestLine bounds what of a child's line goes into the log; the rest of it is left out.
const longestLine = 4 << 10

// lineLog passes what a child process writes to stderr on to a log, line by line. It is for one writer at a time, as os/exec has. Call flush after
// the process has ended.
type lineLog struct {
	log  *slog.Logger
	line []byte
	over bool // the line is longer than is kept
}

// Write implements io.Writer. It never fails: a child must not end because somebody logs.
func (l *lineLog) Write(p []byte) (int, error) {
	n := len(p)
	for {
		head, rest, ended := bytes.Cut(p, []byte{'\n'})
		keep := min(len(head), longestLine-len(l.line))
		l.line, l.over = append(l.line, head[:keep]...), l.over || keep < len(head)
		if !ended {
			return n, nil
		}
		l.flush()
		p = rest
	}
}

// flush logs a line that did not end.
func (l *lineLog) flush() {
	if text := strings.TrimSpace(strings.ToValidUTF8(string(l.line), "\uFFFD")); text != "" {
		attrs := []any{"line", text}
		if l.over {
			attrs = append(attrs, "cut", true)
		}
		l.log.Log(context.Background(), levelOf(text), "the child says", attrs...)
	}
	l.line, l.over = l.line[:0], false
}

// levelOf reads the level of a line that slog's text handler wrote. What else a child writes, a usage text, a Go panic, is a warning: it does not
// normally.
func levelOf(line string) slog.Level {
	level := slog.LevelWarn
	if _, after, ok := strings.Cut(line, "level="); ok {
		word, _, _ := strings.Cut(after, " ")
		if err := level.UnmarshalText([]byte(word)); err != nil {
			return slog.LevelWarn
		}
	}
	return level
}
