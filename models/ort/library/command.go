package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// command is one call of somebody else's client.
type command struct {
	args  []string
	dir   string
	env   []string      // added to the process's
	limit time.Duration // default a minute
	watch string        // a folder where the download grows; "" shows no progress
	label string
	total int64 // expected size in bytes
}

// lookPath returns the first of names on PATH.
func lookPath(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: no %s on PATH", errSkipped, strings.Join(names, " or "))
}

// run returns the client's standard output. A failure tells what the client said last.
func (f *finder) run(ctx context.Context, c command) (string, error) {
	if c.limit == 0 {
		c.limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, append(os.Environ(), c.env...), &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the pipes
	if c.watch != "" {
		defer f.watch(c.watch, c.label, c.total)()
	}
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	name := filepath.Base(c.args[0])
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "", fmt.Errorf("%s did not finish within %v", name, c.limit)
	}
	if said := lastLines(stderr.String() + "\n" + stdout.String()); said != "" {
		return "", fmt.Errorf("%s failed (%w): %s", name, err, said)
	}
	return "", fmt.Errorf("%s failed: %w", name, err)
}

var (
	credentials = regexp.MustCompile(`://[^/\s@]+@`)
	noise       = regexp.MustCompile(`(?i)^(npm )?(warn|notice)|^warning:`)
)

// lastLines keeps the end of what a client said, without passwords in addresses.
func lastLines(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !noise.MatchString(line) {
			lines = append(lines, credentials.ReplaceAllString(line, "://***@"))
		}
	}
	lines = lines[max(0, len(lines)-3):]
	text := []rune(strings.Join(lines, " | "))
	return string(text[max(0, len(text)-600):])
}

// watch shows the growth of the largest file in a folder as progress until the returned function is called.
func (f *finder) watch(dir, label string, total int64) (stop func()) {
	b := f.out.bar(label, total)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-time.After(250 * time.Millisecond):
				b.set(min(largestFile(dir), total))
			case <-quit:
				b.set(min(largestFile(dir), total))
				b.end()
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// largestFile tells how far a client is: what it downloads is the largest file it makes, and copies of it do not count twice.
func largestFile(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // files vanish while the client works
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size = max(size, info.Size())
		}
		return nil
	})
	return size
}
