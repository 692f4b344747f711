package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yingda/bench"
	"yingda/internal/testenv"
)

// TestBenchTurns runs the whole benchmark, on few texts and few conversations.
func TestBenchTurns(t *testing.T) {
	library := testenv.ForTest(t)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := turnBenchmark{std: stdio{out: io.Discard, err: io.Discard}, progress: newProgress(io.Discard), texts: bench.Texts(true)[:6],
		self: func(args ...string) *exec.Cmd { return exec.Command(path, args...) },
		benchTurnsFlags: benchTurnsFlags{ortFlags: ortFlags{library: library}, manyFlags: manyFlags{open: 40, each: 2, long: 70},
			seconds: 0.05, rounds: 2, load: 0.5, out: filepath.Join(dir, "out.md"), json: filepath.Join(dir, "out.json")}}
	b.cache = testenv.Cache()
	r, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range append(r.Single, r.Loaded...) {
		if res.Failed != "" || res.PerSecond.N != 2 || res.Errors > 0 {
			t.Errorf("%s: %+v", res.Name, res)
		}
	}
	for _, a := range r.Arrivals {
		if a.N == 0 || a.Failed > 0 || a.P99 <= 0 {
			t.Errorf("arrivals: %+v", a)
		}
	}
	if c := r.Conversations; c.Open != 40 || c.TurnCPU <= 0 || c.RSS < c.RSSBefore/2 || c.LoadCold <= 0 || c.LogMB <= 0 {
		t.Errorf("conversations: %+v", c)
	}
	if err := b.write(r); err != nil {
		t.Fatal(err)
	}
	if md, _ := os.ReadFile(b.out); !strings.Contains(string(md), "CPU of a turn beyond the parse") || !strings.Contains(string(md), bench.TurnsEnd) {
		t.Errorf("Markdown:\n%s", md)
	}
	if _, err := os.Stat(b.dir); !os.IsNotExist(err) {
		t.Errorf("the scratch folder is still there: %v", err)
	}
}

func TestBenchTurnsRefusesFlags(t *testing.T) {
	for _, args := range [][]string{{"extra"}, {"--rounds", "0"}, {"--load", "1.5"}, {"--open", "0"}, {"--nonsense"}} {
		if err := run(t.Context(), append([]string{"bench-turns"}, args...), stdio{out: io.Discard, err: io.Discard}); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
