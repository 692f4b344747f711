package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"yingda/analytics/feed"
	"yingda/dialogue/eventlog"
)

// analyst is the side of the process that holds the log: it keeps a child alive that has the database, and feeds it. Conversations never wait
// for it: what is not taken stays in the log.
type analyst struct {
	flags  analyseFlags
	self   string
	stderr io.Writer
	log    *slog.Logger
	client *http.Client
	feeder *feed.Feeder
	parses *feed.ParsesFeeder
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed error // of the feeder; read after wg
}

// socketURL is how requests to the socket are addressed; the name says nothing.
const socketURL = "http://analytics"

// fedLog is a log with all that is counted.
type fedLog interface {
	feed.Log
	feed.ParsesLog
}

// start starts the child and feeds it from l until close is called.
func (f *analyseFlags) start(l fedLog, stderr io.Writer, log *slog.Logger) (*analyst, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("analytics: %w", err)
	}
	if err := os.MkdirAll(f.dir, 0o750); err != nil {
		return nil, fmt.Errorf("analytics: %w", err)
	}
	a := &analyst{flags: *f, self: self, stderr: stderr, log: log, client: socketClient(f.dir)}
	a.feeder, a.parses = feed.NewFeeder(l, a.client, socketURL, log), feed.NewParsesFeeder(l, a.client, socketURL, log)
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.wg.Go(func() { a.supervise(ctx) })
	a.wg.Go(func() { a.failed = a.feeder.Run(ctx) })
	a.wg.Go(func() { a.parses.Run(ctx) })
	return a, nil
}

// startAnalytics starts analytics beside a log; nil where there is none, or another process counts.
func (f *serveFlags) startAnalytics(l *eventlog.Log, talk *converse, std stdio, log *slog.Logger) (*analyst, error) {
	if l == nil || f.noAnalytics {
		return nil, nil
	}
	if f.talk.log.nats != "" && f.analyse.dir == "" {
		log.Info("the log is on an external cluster: run 'yingda analyse --nats' once for all replicas")
		return nil, nil
	}
	if f.analyse.dir == "" {
		f.analyse.dir = filepath.Join(filepath.Dir(filepath.Clean(f.talk.log.dir)), "analytics")
	}
	a, err := f.analyse.start(l, std.err, log)
	if err == nil && talk != nil {
		a.tellExperiments(talk)
		a.steerExperiments(talk.experiments)
	}
	return a, err
}

// stopBoth stops one, then the other.
func stopBoth(first, second func() error) func() error {
	return func() error { return errors.Join(first(), second()) }
}

// close ends the feeding, then the child.
func (a *analyst) close() error {
	if a == nil {
		return nil
	}
	a.cancel()
	a.wg.Wait()
	a.client.CloseIdleConnections()
	return a.failed
}

// socketClient returns a client of the process that serves the folder.
func socketClient(dir string) *http.Client {
	path := filepath.Join(dir, socketName)
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
}

// Waits before a child that has ended is started again: longer each time, unless it ran for a while.
const (
	firstWait = 500 * time.Millisecond
	lastWait  = 30 * time.Second
	steady    = time.Minute
)

// supervise keeps a child running.
func (a *analyst) supervise(ctx context.Context) {
	for again := firstWait; ; again = min(2*again, lastWait) {
		began := time.Now()
		err := a.runChild(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			again = firstWait
		}
		a.log.Error("the analytics process ended; conversations go on, and what happens in them is counted later", "after", time.Since(began), "again_in", again, "error", err)
		if !wait(ctx, again) {
			return
		}
	}
}

// runChild runs the child until it ends or ctx is done.
func (a *analyst) runChild(ctx context.Context) error {
	f := a.flags
	cmd := exec.Command(a.self, "analyse", "--dir", f.dir, "--nats", "", "--memory", f.memory, "--threads", strconv.Itoa(f.threads), "--nice", strconv.Itoa(f.nice), "--keep-days", strconv.Itoa(f.keep),
		"--session-time", f.session.String(), "--zone", f.zone.String())
	cmd.Args = append(cmd.Args, f.flight.args()...)
	cmd.Stderr, cmd.Env = a.stderr, childEnv(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the robot first
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return errors.Join(err, errors.New("it ended by itself"))
	case <-ctx.Done():
	}
	cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		return err
	case <-time.After(15 * time.Second):
		cmd.Process.Kill()
		return <-ended
	}
}

// childEnv leaves out what the child must not have: keys.
func childEnv(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(s string) bool {
		return strings.HasPrefix(s, "YINGDA_MASTER_KEY") || strings.HasPrefix(s, "YINGDA_KEYS=") || strings.HasPrefix(s, "YINGDA_NATS")
	})
}

// handler passes requests on to the child.
func (a *analyst) handler() http.Handler {
	target := &url.URL{Scheme: "http", Host: "analytics"}
	return &httputil.ReverseProxy{
		Transport:     a.client.Transport,
		FlushInterval: -1, // streams
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Authorization") // checked already, and no business of the child's
			r.Out.Header.Del("Cookie")
		},
		ErrorHandler: func(rw http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				a.log.Warn("analytics does not answer", "path", r.URL.Path, "error", err)
			}
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.Header().Set("Retry-After", "2")
			rw.WriteHeader(http.StatusServiceUnavailable)
			json.NewEncoder(rw).Encode(map[string]any{"type": "about:blank#unavailable", "title": http.StatusText(http.StatusServiceUnavailable), // the caller may be gone
				"status": http.StatusServiceUnavailable, "code": "unavailable", "detail": "The analytics process does not answer; it is started again. Conversations go on.", "instance": r.URL.Path})
		},
	}
}
