package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"yingda/bench"
	"yingda/models/onnx"
	"yingda/training/encoder"
)

const benchTrainHelp = `Times training steps of one encoder in Yingda and in PyTorch: forward, loss, backward, clipping and AdamW, word table frozen, no
dropout, same batches, same threads. Each runs in processes of its own, in turn, and each pair gives a ratio. Nothing else should run on the machine.`

// benchTrainFlags are those of "yingda bench-train".
type benchTrainFlags struct {
	ortFlags
	encoder, python, script string
	layers, tokens          string
	batch, threads          int
	warm, steps, rounds     int
	job                     string
}

func runBenchTrain(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "bench-train", "", benchTrainHelp)
	var f benchTrainFlags
	f.register(fs)
	fs.StringVar(&f.encoder, "encoder", os.Getenv("YINGDA_ENCODER"), "`folder` with the pretrained encoder, whose weights carry Hugging Face's BERT names (YINGDA_ENCODER)")
	fs.StringVar(&f.python, "python", "/usr/bin/python3", "`path` of a Python with torch and numpy, such as Debian's with python3-torch and libopenblas0-pthread")
	fs.StringVar(&f.script, "script", "bench/train/torch_step.py", "`file` with PyTorch's side")
	fs.StringVar(&f.layers, "layers", "6,12", "depths to measure")
	fs.StringVar(&f.tokens, "tokens", "16,32", "lengths to measure")
	fs.IntVar(&f.batch, "batch", 32, "texts a step")
	fs.IntVar(&f.threads, "threads", runtime.GOMAXPROCS(0), "threads of each side")
	fs.IntVar(&f.warm, "warm", 2, "steps of a process before the clock starts")
	fs.IntVar(&f.steps, "steps", 10, "measured steps of a process")
	fs.IntVar(&f.rounds, "rounds", 5, "pairs of processes for each depth and length")
	fs.StringVar(&f.job, "job", "", "do the work that this `file` describes and print the figures: what the command starts itself with")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.job != "" {
		return f.step(ctx, std)
	}
	if fs.NArg() > 0 || f.batch < 1 || f.warm < 1 || f.steps < 1 || f.rounds < 1 || f.threads < 1 {
		fs.Usage()
		return errUsage
	}
	if f.encoder == "" {
		return errors.New("bench-train: no encoder given: --encoder FOLDER or YINGDA_ENCODER")
	}
	library, _, err := f.ensure(ctx, std.err)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	sides := func(job string) [2]*exec.Cmd {
		return [2]*exec.Cmd{exec.CommandContext(ctx, exe, "bench-train", "--ort-lib", library, "--job", job), exec.CommandContext(ctx, f.python, f.script, job)}
	}
	if err := f.compare(sides, std); ctx.Err() != nil {
		return ctx.Err() // which ended the process that ran
	} else if err != nil {
		return fmt.Errorf("bench-train: %w", err)
	}
	return nil
}

// trainJob is what both sides read.
type trainJob struct {
	Encoder string          `json:"encoder"`
	Config  json.RawMessage `json:"config"`
	Layers  int             `json:"layers"`
	Width   int             `json:"width"`
	Classes int             `json:"classes"`
	Threads int             `json:"threads"`
	Warm    int             `json:"warm"`
	Steps   int             `json:"steps"`
	Rate    float64         `json:"rate"`
	Decay   float64         `json:"decay"`
	Clip    float64         `json:"clip"`
	IDs     [][]int64       `json:"ids"`
	Labels  []int32         `json:"labels"`
	Data    string          `json:"data"` // file of float32, the weights one after the other
	Weights []trainWeight   `json:"weights"`
}

type trainWeight struct {
	Name string  `json:"name"`
	Dims []int64 `json:"dims"`
}

// trainFigures is what a process tells.
type trainFigures struct {
	Milliseconds []float64 `json:"ms"`
	First        float64   `json:"first"` // loss
	Last         float64   `json:"last"`  // smoothed
	Peak         float64   `json:"peak_mb"`
	StepsPeak    float64   `json:"steps_mb"`
	Version      string    `json:"version"`
}

// compare measures every depth and length and prints a line for each. sides gives a process of Yingda's and one of PyTorch's for a job.
func (f *benchTrainFlags) compare(sides func(job string) [2]*exec.Cmd, std stdio) (err error) {
	e, err := encoder.Load(f.encoder)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "yingda-bench-train-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	machine := bench.ThisMachine()
	fmt.Fprintf(std.out, "%s, %d cores, load %s; batch %d, %d threads, %d pairs of %d steps; a step: forward, loss, backward, clip, AdamW\n",
		machine.CPU, machine.Cores, machine.Load, f.batch, f.threads, f.rounds, f.steps)
	fmt.Fprintf(std.out, trainRow, "LAYERS", "TOKENS", "YINGDA ms", "PYTORCH ms", "RATIO", "RANGE", "YINGDA MB", "PYTORCH MB", "LOSS")
	var versions [2]string
	for _, setting := range settings(f.layers, f.tokens) {
		if setting.err != nil {
			return setting.err
		}
		path, err := f.writeJob(e, dir, setting.layers, setting.tokens)
		if err != nil {
			return err
		}
		p, err := f.pairs(path, sides)
		if err != nil {
			return fmt.Errorf("%d layers, %d tokens: %w", setting.layers, setting.tokens, err)
		}
		p.print(std.out, setting.layers, setting.tokens)
		versions = p.versions
	}
	_, err = fmt.Fprintf(std.out, "MB: peak resident memory of the whole process / from the first measured step on. "+
		"Ratio: median of the pairs' Yingda ÷ PyTorch.\n%s; %s\n", versions[0], versions[1])
	return err
}

type trainSetting struct {
	layers, tokens int
	err            error
}

// settings are all depths by all lengths.
func settings(layers, tokens string) []trainSetting {
	var all []trainSetting
	for l := range strings.SplitSeq(layers, ",") {
		for t := range strings.SplitSeq(tokens, ",") {
			n, err := strconv.Atoi(l)
			k, err2 := strconv.Atoi(t)
			all = append(all, trainSetting{n, k, errors.Join(err, err2)})
		}
	}
	return all
}

// writeJob stores the weights of the lowest layers and a random batch.
func (f *benchTrainFlags) writeJob(e *encoder.Encoder, dir string, layers, tokens int) (string, error) {
	m, width, err := e.Tap(layers)
	if err != nil {
		return "", err
	}
	config, err := os.ReadFile(filepath.Join(f.encoder, "config.json"))
	if err != nil {
		return "", err
	}
	job := trainJob{Encoder: f.encoder, Config: config, Layers: layers, Width: width, Classes: 150, Threads: f.threads, Warm: f.warm, Steps: f.steps,
		Rate: 1e-4, Decay: 0.01, Clip: 1, Data: filepath.Join(dir, fmt.Sprintf("weights%d.bin", layers))}
	var data bytes.Buffer
	vocabulary := int64(0)
	for _, t := range m.Graph.Initializers {
		if n, err := t.Elems(); err != nil || t.Type != onnx.Float || n < 2 {
			continue
		}
		if !strings.HasPrefix(t.Name, "embeddings.") && !strings.HasPrefix(t.Name, "encoder.layer.") {
			return "", fmt.Errorf("weight %q has no Hugging Face name, so PyTorch's side cannot place it", t.Name)
		}
		if t.Name == "embeddings.word_embeddings.weight" {
			vocabulary = t.Dims[0]
		}
		job.Weights = append(job.Weights, trainWeight{t.Name, t.Dims})
		data.Write(t.Raw)
	}
	for r := range f.batch {
		var ids []int64
		for c := range tokens {
			ids = append(ids, (int64(r)*7919+int64(c)*104729+11)%max(vocabulary, 1)) // any words will do
		}
		job.IDs, job.Labels = append(job.IDs, ids), append(job.Labels, int32(r*37%job.Classes))
	}
	if err := os.WriteFile(job.Data, data.Bytes(), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(job)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("job%d-%d.json", layers, tokens))
	return path, os.WriteFile(path, text, 0o600)
}

// trainPairs collects the rounds of one depth and length: [0] is Yingda, [1] PyTorch.
type trainPairs struct {
	ms, peak, steps [2][]float64
	ratios          []float64
	first, last     [2]float64
	versions        [2]string
}

// pairs runs both sides in turn, each first in every other round.
func (f *benchTrainFlags) pairs(job string, sides func(job string) [2]*exec.Cmd) (*trainPairs, error) {
	threads := strconv.Itoa(f.threads)
	p := &trainPairs{}
	for round := range f.rounds {
		var pair [2]float64
		for i := range pair {
			side := (round + i) % 2
			cmd := sides(job)[side]
			if cmd.Env == nil {
				cmd.Env = os.Environ()
			}
			cmd.Env = append(cmd.Env, "OMP_NUM_THREADS="+threads, "OPENBLAS_NUM_THREADS="+threads, "MKL_NUM_THREADS="+threads, "GOMAXPROCS="+threads)
			figures, err := measureProcess(cmd)
			if err != nil {
				return nil, err
			}
			pair[side] = bench.Summarise(figures.Milliseconds).Median
			p.add(side, figures)
		}
		p.ratios = append(p.ratios, pair[0]/pair[1])
	}
	for _, losses := range [][2]float64{p.first, p.last} {
		if d := math.Abs(losses[0] - losses[1]); !(d <= 1e-3*math.Abs(losses[1])) {
			return nil, fmt.Errorf("the two do not train the same model: losses %v at the first and %v at the last step", p.first, p.last)
		}
	}
	return p, nil
}

func (p *trainPairs) add(side int, f *trainFigures) {
	p.ms[side] = append(p.ms[side], f.Milliseconds...)
	p.peak[side], p.steps[side] = append(p.peak[side], f.Peak), append(p.steps[side], f.StepsPeak)
	p.first[side], p.last[side], p.versions[side] = f.First, f.Last, f.Version
}

// measureProcess runs a side and reads the line of JSON that it prints.
func measureProcess(cmd *exec.Cmd) (*trainFigures, error) {
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(log.Bytes()))
	}
	for line := range bytes.Lines(out.Bytes()) {
		if line[0] != '{' {
			continue
		}
		figures := &trainFigures{}
		if err := json.Unmarshal(line, figures); err != nil {
			return nil, fmt.Errorf("%s: %w in %q", strings.Join(cmd.Args, " "), err, line)
		}
		return figures, nil
	}
	return nil, fmt.Errorf("%s printed no figures", strings.Join(cmd.Args, " "))
}

// trainRow lays out a line of the table: each is printed as soon as it is measured.
const trainRow = "%-6v  %-6v  %-9v  %-10v  %-5v  %-9v  %-13v  %-13v  %v\n"

func (p *trainPairs) print(w io.Writer, layers, tokens int) {
	whole := func(v []float64) string { return fmt.Sprintf("%.0f", bench.Summarise(v).Median) }
	ratio := bench.Summarise(p.ratios)
	fmt.Fprintf(w, trainRow, layers, tokens, whole(p.ms[0]), whole(p.ms[1]), fmt.Sprintf("%.2f", ratio.Median), fmt.Sprintf("%.2f–%.2f", ratio.Min, ratio.Max),
		whole(p.peak[0])+" / "+whole(p.steps[0]), whole(p.peak[1])+" / "+whole(p.steps[1]),
		fmt.Sprintf("%.4f → %.4f, apart by %.0e", p.first[0], p.last[0], math.Abs(p.last[0]-p.last[1])))
}
