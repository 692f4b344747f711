package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"yingda/bench"
	builtin "yingda/models/default"
	"yingda/models/ort"
)

const benchTurnsHelp = `Measures whole turns of conversations, with the built-in bundle and an empty log in a folder of its own: 'yingda serve' with the demo shop
over HTTP, beside parsing the same texts; messages that arrive by themselves; many open conversations, and a long one. Nothing else should run
on the machine.`

// benchTurnsFlags are those of "yingda bench-turns".
type benchTurnsFlags struct {
	ortFlags
	manyFlags
	out      string
	json     string
	markdown bool
	seconds  float64
	rounds   int
	load     float64
	quick    bool
}

func runBenchTurns(ctx context.Context, args []string, std stdio) error {
	if len(args) > 0 && args[0] == manyCommand {
		return runMany(ctx, args[1:], std)
	}
	fs := newFlags(std, "bench-turns", "", benchTurnsHelp)
	var f benchTurnsFlags
	f.ortFlags.register(fs)
	f.manyFlags.register(fs)
	fs.StringVar(&f.out, "out", "", "Markdown `file` to write the tables into, between its marks")
	fs.StringVar(&f.json, "json", "", "`file` to write all figures into")
	fs.BoolVar(&f.markdown, "markdown", false, "print the tables as Markdown")
	fs.Float64Var(&f.seconds, "seconds", 4, "how long a subject is measured in a round, about; messages arrive for five times as long")
	fs.IntVar(&f.rounds, "rounds", 5, "rounds of each measurement")
	fs.Float64Var(&f.load, "load", 0.7, "`share` of the highest speed at which messages arrive")
	fs.BoolVar(&f.quick, "quick", false, "short rounds and few conversations: to see that it works, not to quote")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 || f.seconds <= 0 || f.rounds < 1 || !(f.load > 0 && f.load <= 1) || !f.manyFlags.sound() {
		fs.Usage()
		return errUsage
	}
	if f.quick {
		f.seconds, f.rounds, f.open, f.long = 0.5, 2, min(f.open, 500), min(f.long, 200)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench-turns: %w", err)
	}
	b := turnBenchmark{benchTurnsFlags: f, std: std, progress: newProgress(std.err), texts: bench.Texts(f.quick), self: func(args ...string) *exec.Cmd { return exec.Command(exe, args...) }}
	report, err := b.run(ctx)
	if err != nil {
		return fmt.Errorf("bench-turns: %w", err)
	}
	report.Command = strings.Replace(benchCommand(args), "yingda bench", "yingda bench-turns", 1)
	return b.write(report)
}

// turnBenchmark is one call of "yingda bench-turns".
type turnBenchmark struct {
	benchTurnsFlags
	std      stdio
	progress *progress
	self     func(args ...string) *exec.Cmd // this program with other arguments
	texts    []string

	dir    string // scratch
	report *bench.TurnReport
}

// run measures everything. All child processes have ended when it returns.
func (b *turnBenchmark) run(ctx context.Context) (report *bench.TurnReport, err error) {
	id, err := builtin.ID()
	if err != nil {
		return nil, err
	}
	b.report = &bench.TurnReport{Load: b.load, Report: bench.Report{Date: time.Now(), Quick: b.quick, Machine: bench.ThisMachine(), Bundle: string(id), Rounds: b.rounds,
		Seconds: b.seconds, Corpus: fmt.Sprintf("%d, in dialogues of %d turns", len(b.texts), dialogueTurns)}}
	if err := b.initORT(ctx, b.std.err); err != nil { // fetches it, if need be, before others are measured
		return nil, err
	}
	r := b.report
	r.Versions = []bench.Version{{Name: "Yingda", Version: version()}, {Name: "Go", Version: strings.TrimPrefix(runtime.Version(), "go")},
		{Name: "ONNX Runtime", Version: ort.Version()}, {Name: "NATS server, embedded, SyncAlways", Version: moduleVersion("github.com/nats-io/nats-server/v2")}}
	if b.dir, err = os.MkdirTemp("", "yingda-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.measureServer(ctx); err != nil {
		return nil, err
	}
	b.progress.report("conversations", 0, 1, "")
	if err := b.measureMany(ctx); err != nil {
		return nil, err
	}
	b.progress.end()
	r.Targets = b.targets()
	return r, nil
}

// measureServer measures the real server.
func (b *turnBenchmark) measureServer(ctx context.Context) error {
	addr, err := bench.FreeAddr()
	if err != nil {
		return err
	}
	p, err := bench.Start(ctx, addr, "/readyz", b.self("serve", "--demo", "--addr", addr, "--bundles", filepath.Join(b.dir, "bundles"),
		"--log", filepath.Join(b.dir, "served", "log"), "--cache", b.cache, "--ort-lib", b.library))
	if err != nil {
		return err
	}
	defer p.Stop()
	s := &turnServer{process: p, texts: b.texts}
	defer s.close()
	if b.report.Single, err = b.group(ctx, "one message at a time", s.subjects(1)); err != nil {
		return err
	}
	if b.report.Loaded, err = b.group(ctx, "under load", s.subjects(benchClients)); err != nil {
		return err
	}
	return b.arrive(ctx, s)
}

func (b *turnBenchmark) group(ctx context.Context, stage string, subjects []*bench.Subject) ([]*bench.Result, error) {
	p := bench.Plan{Texts: len(b.texts), Rounds: b.rounds, Seconds: time.Duration(b.seconds * float64(time.Second)),
		Progress: func(subject string, done, total int) { b.progress.report(stage, done, total, subject) }}
	defer b.progress.end()
	return bench.Measure(ctx, p, subjects)
}

// arrive lets messages come at a share of the speed that the loaded server reached.
func (b *turnBenchmark) arrive(ctx context.Context, s *turnServer) error {
	busy := b.report.Loaded[1]
	if busy.Failed != "" {
		return fmt.Errorf("%s: %s", busy.Name, busy.Failed)
	}
	a := bench.Arrivals{Rate: b.load * busy.PerSecond.Median, Lasting: time.Duration(5 * b.seconds * float64(time.Second)), Clients: arrivalClients}
	defer b.progress.end()
	for round := range b.rounds {
		b.progress.report("arrivals", round, b.rounds, "")
		got, err := a.Run(ctx, s.arrivals(round))
		if err != nil {
			return err
		}
		b.report.Arrivals = append(b.report.Arrivals, got)
	}
	return nil
}

// measureMany has a child of this program hold many conversations.
func (b *turnBenchmark) measureMany(ctx context.Context) error {
	dir, err := os.MkdirTemp(memoryDir(), "yingda-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := append([]string{"bench-turns", manyCommand, "--log", filepath.Join(dir, "log"), "--bundles", filepath.Join(b.dir, "bundles"),
		"--cache", b.cache, "--ort-lib", b.library}, b.manyFlags.args()...)
	cmd := b.self(args...)
	var problems strings.Builder
	cmd.Stderr = io.MultiWriter(&problems, b.std.err)
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	out, err := cmd.Output()
	stop()
	if err != nil {
		return fmt.Errorf("many conversations: %w\n%s", err, problems.String())
	}
	return json.Unmarshal(out, &b.report.Conversations)
}

// memoryDir is a folder whose files are kept in memory, where there is one, or else the one for temporary files: filling many
// conversations would wait for the disk for minutes, which is measured elsewhere.
func memoryDir() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return ""
}

// targets judges the figures by what issue 6 wants.
func (b *turnBenchmark) targets() []bench.Target {
	r, c := b.report, b.report.Conversations
	one := func(v float64) bench.Summary { return bench.Summarise([]float64{v}) }
	var p50, p99 []float64
	for _, a := range r.Arrivals {
		p50, p99 = append(p50, a.P50), append(p99, a.P99)
	}
	t, at := bench.NewTarget, fmt.Sprintf("at %.0f %% of the highest speed", 100*b.load)
	return []bench.Target{
		t("CPU of a turn beyond the parse, 1 client", bench.Difference(r.Single[1], r.Single[0], bench.CPU), false, 3, "ms"),
		t(fmt.Sprintf("the same, %d clients", benchClients), bench.Difference(r.Loaded[1], r.Loaded[0], bench.CPU), false, 0, "ms"),
		t("highest speed, turns/s", r.Loaded[1].PerSecond, true, 0, ""),
		t("p50 of a turn "+at, bench.Summarise(p50), false, 0, "ms"),
		t("p99 of a turn "+at, bench.Summarise(p99), false, 50, "ms"),
		t(fmt.Sprintf("memory with %d open conversations", c.Open), one(c.RSS), false, 1000, "MB"),
		t(fmt.Sprintf("a conversation of %d turns loads in", c.Long), one(c.LoadCold), false, 10, "ms"),
	}
}

// write prints the report and puts it into the files asked for.
func (b *turnBenchmark) write(r *bench.TurnReport) error {
	if b.markdown {
		if _, err := io.WriteString(b.std.out, r.Markdown()); err != nil {
			return err
		}
	} else if err := r.Text(b.std.out); err != nil {
		return err
	}
	if b.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(b.json, append(data, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if b.out != "" {
		return r.Replace(b.out)
	}
	return nil
}
