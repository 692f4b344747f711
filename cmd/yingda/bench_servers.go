package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"yingda/bench"
	"yingda/models"
)

// starts is how often "yingda serve" is started to see how long that takes.
const starts = 5

// servers are the child processes, in the order of the tables.
type servers struct {
	texts []string
	list  []*benchServer
}

// benchServer is a child process, or the reason why there is none.
type benchServer struct {
	bench.Server
	path    string // where texts are posted
	process *bench.Process
	err     error
	clients []*bench.Client
}

// startServers starts everything that answers HTTP. A peer that does not start is listed with the reason; the server of this project
// must start. What was started is returned also with an error.
func (b *benchmark) startServers(ctx context.Context) (*servers, error) {
	s := &servers{texts: b.texts}
	if err := b.startServe(ctx, s); err != nil {
		return s, err
	}
	b.progress.report("start servers", 1, 3, namePlain)
	b.startPython(ctx, s)
	b.progress.report("start servers", 2, 3, nameHugot)
	s.add(nameHugot, "/parse", func() (*bench.Process, error) {
		if !b.hugot {
			return nil, errors.New("not run: --hugot=false")
		}
		return b.startHugot(ctx)
	})
	b.progress.report("start servers", 3, 3, "")
	return s, ctx.Err()
}

func (s *servers) add(name, path string, start func() (*bench.Process, error)) *benchServer {
	p := &benchServer{Server: bench.Server{Name: name}, path: path}
	if p.process, p.err = start(); p.err != nil {
		p.Failed = p.err.Error()
	} else {
		p.Ready = bench.Summarise([]float64{p.process.Ready.Seconds()})
	}
	s.list = append(s.list, p)
	return p
}

// startServe starts "yingda serve" on a store of its own, several times.
func (b *benchmark) startServe(ctx context.Context, s *servers) error {
	dir := filepath.Join(b.dir, "bundles")
	store, err := openStore(dir)
	if err != nil {
		return err
	}
	if id := b.bundle.Manifest.ID; id != store.Builtin() {
		if _, err := b.bundle.Write(dir); err != nil {
			return err
		}
		if err := store.SetRole(models.Champion, b.bundle.Manifest.ID); err != nil {
			return err
		}
	}
	var ready []float64
	for i := range starts {
		b.progress.report("start "+nameServe, i, starts, "")
		addr, err := bench.FreeAddr()
		if err != nil {
			return err
		}
		p, err := bench.Start(ctx, addr, "/readyz", b.self("serve", "--parse-only", "--addr", addr, "--bundles", dir, "--cache", b.cache, "--ort-lib", b.library, fmt.Sprintf("--once=%t", b.once)))
		if err != nil {
			return err
		}
		ready = append(ready, p.Ready.Seconds())
		if i < starts-1 {
			p.Stop()
			continue
		}
		s.add(nameServe, "/v1/parse", func() (*bench.Process, error) { return p, nil }).Ready = bench.Summarise(ready)
	}
	b.progress.report("start "+nameServe, starts, starts, "")
	return nil
}

// startPython starts the two FastAPI peers and notes the versions of their packages.
func (b *benchmark) startPython(ctx context.Context, s *servers) {
	dir, err := "", errors.New("not run: no --python was given")
	if b.python != "" {
		var versions []bench.Version
		if versions, err = pythonVersions(ctx, b.python); err == nil {
			b.report.Versions = append(b.report.Versions, versions...)
			dir, err = b.writePeer()
		}
	}
	start := func(env []string, args ...string) (*bench.Process, error) {
		if err != nil {
			return nil, err
		}
		addr, err := bench.FreeAddr()
		if err != nil {
			return nil, err
		}
		host, port, _ := strings.Cut(addr, ":")
		cmd := exec.Command(b.python, append([]string{"-m", "uvicorn", "server:app", "--host", host, "--port", port, "--log-level", "warning"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "MODEL_DIR="+dir), env...)
		return bench.Start(ctx, addr, "/ready", cmd)
	}
	s.add(namePlain, "/parse", func() (*bench.Process, error) { return start(nil) })
	s.add(nameTuned, "/parse", func() (*bench.Process, error) {
		return start([]string{"THREADS=1"}, "--workers", strconv.Itoa(runtime.GOMAXPROCS(0)))
	})
	b.report.Notes = append(b.report.Notes,
		"FastAPI, plain: one process, default session options. FastAPI, tuned: one thread a run, a process for each core. Both run the bundle's model with its weights "+
			"that are only stored in few bits expanded to float32 beforehand (the numbers ONNX Runtime computes from the stored form), because default options would expand them in each run; products in int8 stay so.")
}

// writePeer makes the folder that the Python peers serve.
func (b *benchmark) writePeer() (string, error) {
	model, err := bench.Expand(b.bundle.Model)
	if err != nil {
		return "", err
	}
	manifest, err := json.Marshal(b.bundle.Manifest)
	if err != nil {
		return "", err
	}
	return b.writeFolder("peer", map[string][]byte{"model.onnx": model, "tokenizer.json": b.bundle.Tokenizer, "manifest.json": manifest, "server.py": bench.PeerServer})
}

func (b *benchmark) writeFolder(name string, files map[string][]byte) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for file, data := range files {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func pythonVersions(ctx context.Context, python string) ([]bench.Version, error) {
	const script = `import platform, sys, importlib.metadata as m
print("Python", platform.python_version())
for name in sys.argv[1:]: print(name, m.version(name))`
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, append([]string{"-c", script}, bench.PeerPackages...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, lastLine(string(exit.Stderr)))
		}
		return nil, fmt.Errorf("not run: %s lacks packages of bench/peers/requirements.txt: %w", python, err)
	}
	var list []bench.Version
	for line := range strings.Lines(string(out)) {
		name, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, bench.Version{Name: name, Version: v})
	}
	return list, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndex(s, "\n")+1:]
}

// subjects are the servers at a number of clients. hugot is measured with one only.
func (s *servers) subjects(clients int) []*bench.Subject {
	var list []*bench.Subject
	for _, p := range s.list {
		if p.Name == nameHugot && clients > 1 {
			continue
		}
		list = append(list, s.subject(p, clients))
	}
	return list
}

func (s *servers) subject(p *benchServer, clients int) *bench.Subject {
	sub := &bench.Subject{Name: withCount(p.Name, clients), Clients: clients}
	if p.Name == nameHugot {
		sub.Limit = hugotTexts
	}
	client, err := (*bench.Client)(nil), p.err
	if err == nil {
		client, err = bench.NewClient(p.process.Addr, p.path, clients, s.texts)
	}
	if err != nil {
		sub.Skip = err.Error()
		return sub
	}
	p.clients = append(p.clients, client)
	sub.Do, sub.CPU = client.Do, p.process.CPU
	sub.Warm = func() { p.Warm = p.memory() }
	return sub
}

// memory is the resident memory in MB.
func (p *benchServer) memory() bench.Summary {
	rss, err := p.process.RSS()
	if err != nil {
		return bench.Summary{}
	}
	return bench.Summarise([]float64{float64(rss) / 1e6})
}

// finish notes what is only known at the end.
func (s *servers) finish() {
	for _, p := range s.list {
		if p.process != nil {
			p.End = p.memory()
		}
	}
}

func (s *servers) rows() []bench.Server {
	var rows []bench.Server
	for _, p := range s.list {
		rows = append(rows, p.Server)
	}
	return rows
}

func (s *servers) stop() {
	for _, p := range s.list {
		p.stop()
	}
}

func (s *servers) stopOne(name string) {
	for _, p := range s.list {
		if p.Name == name && p.process != nil {
			p.End = p.memory()
			p.stop()
		}
	}
}

func (p *benchServer) stop() {
	for _, c := range p.clients {
		c.Close()
	}
	if p.process != nil {
		p.process.Stop()
		p.process = nil
	}
}
