package analytics

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

//go:embed engines.py
var script []byte

// The engines that engines.py runs.
const (
	Spark      = "spark"
	ClickHouse = "clickhouse"
	Polars     = "polars"
	Pandas     = "pandas"
)

// Table is Parquet files. With Hive the columns tenant and dt are in their paths below Base.
type Table struct {
	Base  string   `json:"base"`
	Files []string `json:"files"`
	Hive  bool     `json:"hive"`
}

// Job is what an engine is started with.
type Job struct {
	Tables  map[string]Table `json:"tables"`
	Threads int              `json:"threads"` // 1 or more
	Cluster bool             `json:"cluster"` // Spark: a cluster of two workers that are processes of their own
	Scratch string           `json:"scratch"` // folder
}

// Answer is what an engine says to a question. Values are those of encoding/json; dates and times are ISO 8601.
type Answer struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	Seconds float64  `json:"seconds"`
	Version string   `json:"version"` // in the answer to the job
	Error   string   `json:"error"`
}

// Engine is a running engine. It is for one goroutine.
type Engine struct {
	Name, Version string
	Ready         time.Duration // how long it took to start
	cmd           *exec.Cmd
	in            io.WriteCloser
	out           *bufio.Reader
	faults        *tail
	script        string
}

// ErrNoJava is returned for Spark on a machine without Java.
var ErrNoJava = errors.New("Spark needs Java 17: install a JDK (Debian: apt-get install openjdk-17-jre-headless), or name one by JAVA_HOME")

// FindJava says whether Spark finds a Java. Errors: ErrNoJava.
func FindJava(javaHome string) error {
	if javaHome != "" {
		if _, err := os.Stat(filepath.Join(javaHome, "bin", "java")); err == nil {
			return nil
		}
	}
	if _, err := exec.LookPath("java"); err != nil {
		return fmt.Errorf("%w (%w)", ErrNoJava, err)
	}
	return nil
}

// Start starts an engine in a Python that has its package, see requirements.txt. ctx ends it. The caller closes it.
func Start(ctx context.Context, python, name string, job Job) (*Engine, error) {
	file := filepath.Join(job.Scratch, "engines.py")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	e := &Engine{Name: name, script: file, faults: &tail{}}
	e.cmd = exec.CommandContext(ctx, python, file, name)
	e.cmd.Env = append(os.Environ(), "PYTHONUTF8=1", fmt.Sprint("POLARS_MAX_THREADS=", job.Threads))
	e.cmd.Stderr = e.faults
	e.cmd.WaitDelay = 5 * time.Second
	in, err := e.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	e.in, e.out = in, bufio.NewReaderSize(out, 1<<16)
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	hello, err := e.say(job)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), e.Close())
	}
	e.Version, e.Ready = hello.Version, time.Duration(hello.Seconds*float64(time.Second))
	return e, nil
}

// Ask asks a question: by its SQL, or for polars and pandas by its name. An answer that the engine refuses is an error.
func (e *Engine) Ask(name, sql string) (*Answer, error) {
	a, err := e.say(map[string]string{"name": name, "sql": sql})
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", e.Name, name, err)
	}
	return a, nil
}

func (e *Engine) say(v any) (*Answer, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if _, err := e.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, e.faults)
	}
	text, err := e.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("it ended: %w\n%s", err, e.faults)
	}
	var a Answer
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("%w in %.200q", err, text)
	}
	if a.Error != "" {
		return nil, errors.New(strings.TrimSpace(a.Error))
	}
	return &a, nil
}

// Close ends the engine and waits for it.
func (e *Engine) Close() error {
	e.in.Close()
	err := e.cmd.Wait()
	os.Remove(e.script)
	return err
}

// tail keeps the end of what is written.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(p)
	if over := t.b.Len() - most; over > 0 {
		t.b.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.b.String())
}
