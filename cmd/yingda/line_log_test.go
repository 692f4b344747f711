package main

import (
	"bytes"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
)

// TestLineLog has a real child write to stderr in pieces that are no lines.
func TestLineLog(t *testing.T) {
	var out bytes.Buffer
	said := &lineLog{log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})).With("part", "shop")}
	cmd := exec.Command("sh", "-c", `printf 'level=ERROR msg="cannot '>&2; printf 'listen"\nlevel=DEBUG msg=x\n\n' >&2; head -c 9000 /dev/zero | tr '\0' a >&2; printf '\nno end' >&2`)
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: no shell: %v", err)
	}
	said.flush()
	said.flush() // nothing is said twice
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), out.String())
	}
	for i, want := range []string{`level=ERROR msg="the child says" part=shop line="level=ERROR msg=\"cannot listen\""`, "cut=true", `level=WARN msg="the child says" part=shop line="no end"`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %.200q, want %q", i+1, lines[i], want)
		}
	}
	if n := len(lines[1]); n > longestLine+200 {
		t.Errorf("a line of %d bytes", n)
	}
}
