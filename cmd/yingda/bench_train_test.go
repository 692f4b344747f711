package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/training/encoder"
)

// TestBenchTrainChild is not a test: TestBenchTrain starts it in the place of the program.
func TestBenchTrainChild(t *testing.T) {
	if os.Getenv("YINGDA_BENCH_TRAIN_CHILD") == "" {
		t.Skip("a helper of TestBenchTrain")
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	if err := run(t.Context(), args, stdio{os.Stdin, os.Stdout, os.Stderr}); err != nil {
		t.Fatal(err)
	}
}

// TestBenchTrain measures a tiny encoder beside a process that repeats figures; PyTorch is not needed.
func TestBenchTrain(t *testing.T) {
	library, folder, scratch := testenv.ForTest(t), testenv.MustEncoder(t, 2), t.TempDir()
	f := benchTrainFlags{encoder: folder, layers: "1,2", tokens: "4", batch: 3, threads: 2, warm: 1, steps: 2, rounds: 2}
	self := func(job string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBenchTrainChild$", "--", "bench-train", "--ort-lib", library, "--job", job)
		cmd.Env = append(os.Environ(), "YINGDA_BENCH_TRAIN_CHILD=1")
		return cmd
	}
	e, err := encoder.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	job, err := f.writeJob(e, scratch, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	figures, err := measureProcess(self(job))
	if err != nil {
		t.Fatal(err)
	}
	if len(figures.Milliseconds) != 2 || figures.First < 4 || figures.Last >= figures.First || figures.Peak < figures.StepsPeak || !strings.Contains(figures.Version, "ONNX Runtime") {
		t.Errorf("%+v", figures)
	}
	other := func(change func(f *trainFigures)) func(job string) [2]*exec.Cmd {
		return func(job string) [2]*exec.Cmd {
			c := *figures
			change(&c)
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			return [2]*exec.Cmd{self(job), exec.Command("echo", string(text))}
		}
	}
	f.layers = "1"
	var out bytes.Buffer
	if err := f.compare(other(func(c *trainFigures) { c.Milliseconds, c.Version = []float64{1, 1e6}, "the other" }), stdio{out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"RATIO", "\n1       4 ", "the other", fmt.Sprintf("%.4f →", figures.First)} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := f.compare(other(func(c *trainFigures) { c.Last *= 1.01 }), stdio{out: &out}); err == nil || !strings.Contains(err.Error(), "do not train the same model") {
		t.Errorf("other losses: %v", err)
	}
	for name, cmd := range map[string]*exec.Cmd{"printed no figures": exec.Command("echo", "hello"), "in \"{": exec.Command("echo", "{"), "exit status": exec.Command("false")} {
		if _, err := measureProcess(cmd); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: got %v, want %q", cmd.Args, err, name)
		}
	}
	if err := run(t.Context(), []string{"bench-train", "--job", filepath.Join(scratch, "none")}, stdio{err: &out}); err == nil {
		t.Error("a job that does not exist was done")
	}
}
