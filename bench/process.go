package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a server in a process group of its own. It must be stopped; when this process is killed it is told to end (on Linux).
type Process struct {
	Addr  string        // where it listens
	Ready time.Duration // from the start to the first good answer

	cmd    *exec.Cmd
	log    tail
	exited chan struct{}
}

// Start runs a server and waits until GET http://addr/path answers 200. When it ends before that, or takes longer than a minute, the
// error has the last lines it wrote.
func Start(ctx context.Context, addr, path string, cmd *exec.Cmd) (*Process, error) {
	p := &Process{Addr: addr, cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = 2 * time.Second
	began := time.Now()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the kernel's "tell me when my parent dies" is about the thread that started the child
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := p.wait(ctx, "http://"+addr+path); err != nil {
		p.Stop()
		return nil, fmt.Errorf("start %s: %w", strings.Join(cmd.Args, " "), err)
	}
	p.Ready = time.Since(began)
	return p, nil
}

func (p *Process) wait(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("not ready after a minute"))
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w\n%s", context.Cause(ctx), p.log.String())
		case <-p.exited:
			return fmt.Errorf("it ended: %s\n%s", p.cmd.ProcessState, p.log.String())
		case <-time.After(2 * time.Millisecond):
		}
		resp, err := client.Get(url)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
}

// CPU returns the processor time used by the server and its children.
func (p *Process) CPU() (time.Duration, error) { return GroupCPU(p.cmd.Process.Pid) }

// RSS returns the resident memory of the server and its children, in bytes.
func (p *Process) RSS() (int64, error) { return GroupRSS(p.cmd.Process.Pid) }

// Stop ends the group: politely at first, by force after five seconds.
func (p *Process) Stop() {
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(group, syscall.SIGKILL) // also what its children left behind
	<-p.exited
}

// FreeAddr returns a loopback address that nobody listens on.
func FreeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4096

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > 2*tailSize {
		t.b = append(t.b[:0], t.b[len(t.b)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b[max(0, len(t.b)-tailSize):]))
}
