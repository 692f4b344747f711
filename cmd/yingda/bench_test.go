package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
)

// TestBenchChild is not a test: TestBench starts it in the place of the program.
func TestBenchChild(t *testing.T) {
	if os.Getenv("YINGDA_BENCH_CHILD") == "" {
		t.Skip("a helper of TestBench")
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	if err := run(t.Context(), args, stdio{os.Stdin, io.Discard, os.Stderr}); err != nil {
		t.Fatal(err)
	}
}

// TestBench runs the whole benchmark on a tiny bundle and three texts: without peers, which need Python and minutes.
func TestBench(t *testing.T) {
	library := testenv.ForTest(t)
	dir := t.TempDir()
	id := testenv.MustWrite(t, dir, testenv.MustTiny(t, testenv.Tiny{}))
	b := benchmark{std: stdio{out: io.Discard, err: io.Discard}, progress: newProgress(io.Discard), texts: []string{"退单", "天气", "cancel"},
		self: func(args ...string) *exec.Cmd {
			cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestBenchChild$", "--"}, args...)...)
			cmd.Env = append(os.Environ(), "YINGDA_BENCH_CHILD=1")
			return cmd
		},
		benchFlags: benchFlags{engineFlags: engineFlags{ortFlags: ortFlags{library: library}, bundle: filepath.Join(dir, string(id))},
			seconds: 0.01, rounds: 5, out: filepath.Join(dir, "out.md"), json: filepath.Join(dir, "out.json")}}
	r, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range append(r.Single, r.Loaded...) {
		switch peer := strings.Contains(res.Name, "FastAPI") || res.Name == nameHugot; {
		case peer && !strings.HasPrefix(res.Failed, "not run"):
			t.Errorf("%s: %q", res.Name, res.Failed)
		case !peer && (res.Failed != "" || res.PerSecond.N != 5 || res.P50.Median <= 0):
			t.Errorf("%s: %+v", res.Name, res)
		}
	}
	if ready := r.Servers[0].Ready; ready.N != starts {
		t.Errorf("%d starts were measured", ready.N)
	}
	if err := b.write(r); err != nil {
		t.Fatal(err)
	}
	var written map[string]any
	data, _ := os.ReadFile(b.json)
	if err := json.Unmarshal(data, &written); err != nil || written["targets"] == nil {
		t.Errorf("JSON: %v, %v", written, err)
	}
	if md, _ := os.ReadFile(b.out); !strings.Contains(string(md), string(id)) {
		t.Errorf("Markdown:\n%s", md)
	}
	if _, err := os.Stat(b.dir); !os.IsNotExist(err) {
		t.Errorf("the scratch folder is still there: %v", err)
	}
}

func TestBenchCommand(t *testing.T) {
	got := benchCommand([]string{"--quick", "--python", "/secret/python", "--out=/x", "--seconds", "3"})
	if want := "yingda bench --quick --python … --out … --seconds 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBenchRefusesFlags(t *testing.T) {
	for _, args := range [][]string{{"extra"}, {"--rounds", "4"}, {"--seconds", "0"}, {"--nonsense"}} {
		if err := run(t.Context(), append([]string{"bench"}, args...), stdio{out: io.Discard, err: io.Discard}); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
