package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"yingda/bench"
	"yingda/models"
	builtin "yingda/models/default"
	"yingda/models/ort"
)

const benchHelp = `Measures speed: a bare ONNX Runtime loop, the pipeline in this process, 'yingda serve' at 1 and 32 clients, and beside them, in the
same run and on the same texts, a plain FastAPI server (--python) and hugot's pure-Go backend. Nothing else should run on the machine.`

// benchClients is how many clients load a server.
const benchClients = 32

// benchFlags are those of "yingda bench".
type benchFlags struct {
	engineFlags
	python  string
	out     string
	json    string
	seconds float64
	rounds  int
	quick   bool
	once    bool
	hugot   bool
}

func runBench(ctx context.Context, args []string, std stdio) error {
	if len(args) == 3 && args[0] == hugotCommand {
		return serveHugot(ctx, args[1], args[2])
	}
	fs := newFlags(std, "bench", "", benchHelp)
	var f benchFlags
	f.engineFlags.register(fs)
	fs.Lookup("bundle").Usage = "`id` of a bundle in the store, or path of a bundle's folder or archive (default: the built-in one)"
	fs.StringVar(&f.python, "python", "", "`path` of a Python that has bench/peers/requirements.txt; without one the FastAPI peers are not run")
	fs.StringVar(&f.out, "out", "", "Markdown `file` to write the tables into, between its marks")
	fs.StringVar(&f.json, "json", "", "`file` to write all figures into")
	fs.Float64Var(&f.seconds, "seconds", 4, "how long a subject is measured in a round, about")
	fs.IntVar(&f.rounds, "rounds", 7, "rounds of all subjects, at least 5")
	fs.BoolVar(&f.quick, "quick", false, "a fifth of the texts, one pass a round, 5 rounds: to see that it works, not to quote")
	fs.BoolVar(&f.once, "once", false, "read each message once, as serve --once does")
	fs.BoolVar(&f.hugot, "hugot", true, "also measure hugot's Go backend, which takes minutes")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 || f.seconds <= 0 || f.rounds < 5 {
		fs.Usage()
		return errUsage
	}
	if f.quick {
		f.seconds, f.rounds = 0.001, 5
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b := benchmark{benchFlags: f, std: std, progress: newProgress(std.err), self: func(args ...string) *exec.Cmd { return exec.Command(exe, args...) }}
	report, err := b.run(ctx)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	report.Command = benchCommand(args)
	return b.write(report)
}

// benchCommand is the command line with the folders left out that say nothing to others.
func benchCommand(args []string) string {
	words := []string{"yingda", "bench"}
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch name {
		case "python", "bundle", "bundles", "cache", "ort-lib", "out", "json":
			words = append(words, "--"+name+" …")
			if !joined {
				i++
			}
		default:
			words = append(words, args[i])
		}
	}
	return strings.Join(words, " ")
}

// benchmark is one call of "yingda bench".
type benchmark struct {
	benchFlags
	std      stdio
	progress *progress
	self     func(args ...string) *exec.Cmd // this program with other arguments

	dir    string // scratch
	bundle *models.Bundle
	texts  []string // default: bench.Texts
	report *bench.Report
}

// run measures everything. All child processes have ended when it returns.
func (b *benchmark) run(ctx context.Context) (report *bench.Report, err error) {
	b.report = &bench.Report{Date: time.Now(), Quick: b.quick, Machine: bench.ThisMachine(), Rounds: b.rounds, Seconds: b.seconds}
	if err := b.initORT(ctx, b.std.err); err != nil {
		return nil, err
	}
	if b.bundle, err = b.chooseBundle(); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "yingda-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.texts == nil {
		b.texts = bench.Texts(b.quick)
	}
	local, err := b.openLocal(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, local.engine.Close()) }()
	b.describe(local)
	servers, err := b.startServers(ctx)
	defer servers.stop()
	if err != nil {
		return nil, err
	}
	if err := b.measure(ctx, local, servers); err != nil {
		return nil, err
	}
	b.report.Targets = b.targets(servers)
	return b.report, nil
}

func (b *benchmark) chooseBundle() (*models.Bundle, error) {
	if b.engineFlags.bundle == "" {
		return builtin.Open()
	}
	return b.openBundle()
}

// describe notes what takes part.
func (b *benchmark) describe(l *local) {
	r := b.report
	m := b.bundle.Manifest
	r.Bundle = fmt.Sprintf("%s (%s), %.1f MB", m.ID, m.Model.Encoder, float64(m.Files[m.Model.File].Size)/1e6)
	chinese, tokens := 0, 0
	lengths := make([]float64, len(b.texts))
	for i, text := range b.texts {
		lengths[i] = float64(len([]rune(text)))
		tokens += len(l.ids[i])
		if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4e00 && r < 0xa000 }) {
			chinese++
		}
	}
	s := bench.Summarise(lengths)
	r.Corpus = fmt.Sprintf("%d (%d with Chinese), %.0f–%.0f characters, median %.0f; mean %.1f tokens",
		len(b.texts), chinese, s.Min, s.Max, s.Median, float64(tokens)/float64(len(b.texts)))
	r.Versions = []bench.Version{{Name: "Yingda", Version: version()}, {Name: "Go", Version: strings.TrimPrefix(runtime.Version(), "go")},
		{Name: "ONNX Runtime", Version: ort.Version()}}
	if v := moduleVersion("github.com/knights-analytics/hugot"); v != "" {
		r.Versions = append(r.Versions, bench.Version{Name: "hugot", Version: v})
	}
}

// measure runs the two groups of subjects.
func (b *benchmark) measure(ctx context.Context, l *local, s *servers) (err error) {
	if b.report.Single, err = b.group(ctx, "one text at a time", append(l.single(), s.subjects(1)...)); err != nil {
		return err
	}
	s.stopOne(nameHugot) // it is as slow with many clients, and holds memory for every shape it has seen
	b.report.Loaded, err = b.group(ctx, "under load", append(l.loaded(), s.subjects(benchClients)...))
	s.finish()
	b.report.Servers = s.rows()
	return err
}

func (b *benchmark) group(ctx context.Context, stage string, subjects []*bench.Subject) ([]*bench.Result, error) {
	p := bench.Plan{Texts: len(b.texts), Rounds: b.rounds, Seconds: time.Duration(b.seconds * float64(time.Second)),
		Progress: func(subject string, done, total int) { b.progress.report(stage, done, total, subject) }}
	defer b.progress.end()
	return bench.Measure(ctx, p, subjects)
}

// targets judges the figures by what issue 3 wants.
func (b *benchmark) targets(s *servers) []bench.Target {
	find := func(list []*bench.Result, name string) *bench.Result {
		for _, r := range list {
			if r.Name == name {
				return r
			}
		}
		return nil
	}
	one := func(name string) *bench.Result { return find(b.report.Single, name) }
	many := func(name string) *bench.Result { return find(b.report.Loaded, name) }
	raw, pipeline, serve := one(nameRaw), one(namePipeline), one(nameServe)
	cores := runtime.GOMAXPROCS(0)
	rawAll, same, wide := many(withCount(nameRaw, cores)), many(withCount(namePipeline, cores)), many(withCount(namePipeline, benchClients))
	busy := many(withCount(nameServe, benchClients))
	plain, tuned := many(withCount(namePlain, benchClients)), many(withCount(nameTuned, benchClients))
	var start bench.Server
	for _, row := range b.report.Servers {
		if row.Name == nameServe {
			start = row
		}
	}
	steady := math.NaN()
	if serve.Failed == "" && serve.Steady > 0 {
		steady = serve.Steady
	}
	t := bench.NewTarget
	return []bench.Target{
		t("pipeline ÷ bare loop, texts/s, 1 caller", bench.Ratio(pipeline, raw, bench.Speed), true, 0.9, ""),
		t(fmt.Sprintf("pipeline ÷ bare loop, texts/s, %d callers", cores), bench.Ratio(same, rawAll, bench.Speed), true, 0.9, ""),
		t("pipeline: time outside the model, 1 caller", pipeline.Outside, false, 0, "µs"),
		t(fmt.Sprintf("batching gain: pipeline, %d callers ÷ %d callers", benchClients, cores), bench.Ratio(wide, same, bench.Speed), true, 0, ""),
		t("server CPU a request ÷ bare loop's CPU a text, batch 1", bench.Ratio(serve, raw, bench.CPU), false, 1.25, ""),
		t("server p99 ÷ p50, 1 client", serve.Tail, false, 2, ""),
		t("the same, each text against its own median", bench.Summarise([]float64{steady}), false, 0, ""),
		t("bare loop p99 ÷ p50, for comparison", raw.Tail, false, 0, ""),
		t(fmt.Sprintf("yingda serve ÷ FastAPI plain, req/s, %d clients", benchClients), bench.Ratio(busy, plain, bench.Speed), true, 1.5, ""),
		t(fmt.Sprintf("yingda serve ÷ FastAPI tuned, req/s, %d clients", benchClients), bench.Ratio(busy, tuned, bench.Speed), true, 0, ""),
		t("start to ready", start.Ready, false, 2, "s"),
		t("memory of the server after warm-up", start.Warm, false, 350, "MB"),
	}
}

// write prints the report and puts it into the files asked for.
func (b *benchmark) write(r *bench.Report) error {
	if err := r.Text(b.std.out); err != nil {
		return err
	}
	if b.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(b.json, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	if b.out != "" {
		return r.Replace(b.out)
	}
	return nil
}
