package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/server"
)

func TestNewNeedsParser(t *testing.T) {
	if _, err := server.New(server.Options{}); err == nil {
		t.Error("no error without Parser")
	}
}

// start serves on a free port until the test ends it.
func start(t *testing.T, s *server.Server) (url string, stop context.CancelFunc, done <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- s.Serve(ctx, ln) }()
	return "http://" + ln.Addr().String(), cancel, end
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(data)
}

// TestShutdown: readiness goes first, requests are still taken during the delay, one under way is answered, then the port is closed.
func TestShutdown(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	f := &fake{parse: func(_ ctxt, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		if us[0].Text == "slow" {
			close(running)
			<-release
		}
		return []*nlu.Analysis{handMade(us[0])}, nil
	}}
	s := mustServer(t, server.Options{Parser: f, DrainDelay: time.Second})
	url, stop, done := start(t, s)
	if code, body := get(t, url+"/readyz"); code != 200 {
		t.Fatalf("before: %d %s", code, body)
	}
	slow := make(chan string, 1)
	go func() {
		r, err := http.Post(url+"/v1/parse", "application/json", strings.NewReader(`{"text":"slow"}`))
		if err != nil {
			slow <- err.Error()
			return
		}
		defer r.Body.Close()
		slow <- r.Status
	}()
	<-running
	stop()
	deadline := time.Now().Add(900 * time.Millisecond)
	for code, body := get(t, url+"/readyz"); code != 503 || !strings.Contains(body, "shutting down"); code, body = get(t, url+"/readyz") {
		if time.Now().After(deadline) {
			t.Fatalf("draining: %d %s", code, body)
		}
	}
	if r, err := http.Post(url+"/v1/parse", "application/json", strings.NewReader(`{"text":"quick"}`)); err != nil || r.StatusCode != 200 {
		t.Errorf("request during the delay: %v %v", r, err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(end) {
			t.Fatal("the port is still open")
		}
	}
	select {
	case err := <-done:
		t.Fatalf("ended before the request under way: %v", err)
	default:
	}
	close(release)
	if got := <-slow; got != "200 OK" {
		t.Errorf("request under way: %s", got)
	}
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestShutdownTimeout(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	f := &fake{parse: func(_ ctxt, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		close(running)
		<-release // a Parser that ignores its context
		return nil, models.ErrClosed
	}}
	url, stop, done := start(t, mustServer(t, server.Options{Parser: f, ShutdownTimeout: 50 * time.Millisecond}))
	go func() {
		if r, err := http.Post(url+"/v1/parse", "application/json", strings.NewReader(`{"text":"x"}`)); err == nil {
			r.Body.Close()
		}
	}()
	<-running
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("Serve: %v", err)
	}
	close(release)
}

func TestRunListenError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := mustServer(t, server.Options{Addr: ln.Addr().String()}).Run(t.Context()); err == nil {
		t.Error("no error for a port in use")
	}
}

// TestOverload: requests beyond Concurrent are refused at once, those within are answered.
func TestOverload(t *testing.T) {
	release := make(chan struct{})
	running := make(chan struct{}, 8)
	f := &slowParser{running: running, release: release}
	h := mustServer(t, server.Options{Parser: f, Limits: server.Limits{Concurrent: 2, Timeout: time.Minute}}).Handler()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`)); w.Code != 200 {
				t.Errorf("within the limit: %d %s", w.Code, w.Body)
			}
		})
	}
	<-running
	<-running
	for range 3 {
		begin := time.Now()
		w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`))
		checkProblem(t, w, 503, "overloaded", "Retry-After", "/v1/parse")
		if took := time.Since(begin); took > 50*time.Millisecond || w.Header().Get("Retry-After") == "" {
			t.Errorf("refused after %s, Retry-After %q", took, w.Header().Get("Retry-After"))
		}
	}
	close(release)
	wg.Wait()
	if w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`)); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
	if m := call(h, "GET", "/metrics", nil).Body.String(); !strings.Contains(m, "yingda_overloads_total 3") {
		t.Error("overloads are not counted")
	}
}

type slowParser struct {
	running chan<- struct{}
	release <-chan struct{}
}

func (p *slowParser) Parse(_ context.Context, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	p.running <- struct{}{}
	<-p.release
	return []*nlu.Analysis{handMade(us[0])}, nil
}

// TestSlowBody: a body that does not arrive ends in 408, not in a held connection.
func TestSlowBody(t *testing.T) {
	url, stop, done := start(t, mustServer(t, server.Options{Limits: server.Limits{HeaderTimeout: 100 * time.Millisecond, BodyTimeout: 200 * time.Millisecond}}))
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/parse HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"te")
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 408")) || !bytes.Contains(answer, []byte("body_timeout")) {
		t.Errorf("%v %s", err, answer)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestClientLeaves: the Parser's context ends with the caller's, and the status is 499.
func TestClientLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{parse: func(ctx ctxt, _ []nlu.Utterance) ([]*nlu.Analysis, error) {
		cancel()
		<-ctx.Done()
		return nil, fmt.Errorf("encoder@1: %w", ctx.Err())
	}}
	s := mustServer(t, server.Options{Parser: f})
	r, err := http.NewRequestWithContext(ctx, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	w := newRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != 499 {
		t.Errorf("status %d", w.Code)
	}
}

func TestHeadersAndIDs(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	for _, path := range []string{"/", "/docs", "/healthz", "/nothing", "/metrics", "/v1/limits", "/status"} {
		w := call(h, "GET", path, nil)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: CSP %q", path, csp)
		}
	}
	for id, kept := range map[string]bool{"abc-1.2_3": true, "": false, "a b": false, "<script>": false, strings.Repeat("x", 65): false} {
		got := call(h, "GET", "/healthz", nil, "X-Request-Id: "+id).Header().Get("X-Request-Id")
		if (got == id) != kept || got == "" {
			t.Errorf("X-Request-Id %q became %q", id, got)
		}
	}
}

// TestNoTextInLogs: not even at debug level.
func TestNoTextInLogs(t *testing.T) {
	var log bytes.Buffer
	s := mustServer(t, server.Options{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	call(s.Handler(), "POST", "/v1/parse", strings.NewReader(`{"text":"秘密 13800138000"}`))
	call(s.Handler(), "POST", "/v1/parse", strings.NewReader(`{"text":"秘密", "x":1}`))
	if strings.Contains(log.String(), "秘密") || strings.Contains(log.String(), "13800138000") {
		t.Errorf("the log has the text: %s", &log)
	}
	if !strings.Contains(log.String(), `"route":"/v1/parse"`) || !strings.Contains(log.String(), `"code":"unknown_field"`) {
		t.Errorf("no access log: %s", &log)
	}
}

func TestBundlesAndStatus(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	checkGolden(t, "bundles.json", indent(t, call(h, "GET", "/v1/bundles", nil).Body.Bytes()))
	checkGolden(t, "limits.json", indent(t, call(h, "GET", "/v1/limits", nil).Body.Bytes()))
	checkGolden(t, "rasa_version.json", indent(t, call(h, "GET", "/version", nil).Body.Bytes()))
	checkGolden(t, "rasa_status.json", indent(t, call(h, "GET", "/status", nil).Body.Bytes()))
	failing := server.Options{Parser: &fake{}, Bundles: loaded(), Log: slog.New(slog.DiscardHandler), ListBundles: func() ([]models.BundleID, error) {
		return nil, fmt.Errorf("open /secret: denied")
	}}
	s, err := server.New(failing)
	if err != nil {
		t.Fatal(err)
	}
	w := call(s.Handler(), "GET", "/v1/bundles", nil)
	checkProblem(t, w, 500, "internal_error", "Report", "/v1/bundles")
	if strings.Contains(w.Body.String(), "secret") {
		t.Error("the answer tells internals")
	}
}

func TestReadiness(t *testing.T) {
	reasons := []string{"warming up"}
	s := mustServer(t, server.Options{Bundles: bundles{}, NotReady: func() []string { return reasons }})
	w := call(s.Handler(), "GET", "/readyz", nil)
	var answer struct {
		Ready   bool
		Reasons []string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 503 || answer.Ready || len(answer.Reasons) != 2 {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	if w := call(s.Handler(), "GET", "/healthz", nil); w.Code != 200 {
		t.Errorf("/healthz %d", w.Code)
	}
}

func TestMetrics(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	call(h, "POST", "/v1/parse", strings.NewReader(`{"texts":["a","b?"]}`))
	call(h, "POST", "/v1/parse", strings.NewReader(`{}`))
	call(h, "GET", "/no/such/1", nil)
	call(h, "BREW", "/no/such/2", nil)
	body := call(h, "GET", "/metrics", nil).Body.String()
	for _, line := range []string{
		`yingda_http_requests_total{method="POST",route="/v1/parse",status="200"} 1`,
		`yingda_http_requests_total{method="POST",route="/v1/parse",status="400"} 1`,
		`yingda_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`yingda_http_requests_total{method="other",route="unmatched",status="404"} 1`,
		`yingda_http_request_seconds_count{route="/v1/parse"} 2`,
		`yingda_http_requests_in_flight 1`,
		`yingda_errors_total{code="missing_text"} 1`,
		`yingda_parse_texts_total{bundle="zh-en-5f0c1a2b9d3e"} 2`,
		`yingda_parse_not_understood_total{bundle="zh-en-5f0c1a2b9d3e"} 1`,
		`yingda_parse_stage_seconds_count{stage="tokenise"} 2`,
		`yingda_parse_stage_seconds_count{stage="queue"} 2`,
		`yingda_parse_stage_seconds_count{stage="inference"} 2`,
		`yingda_parse_stage_seconds_count{stage="recognise"} 2`,
		`yingda_bundle_info{bundle="zh-en-5f0c1a2b9d3e",name="zh-en",role="champion",version="2026.11.1"} 1`,
		`yingda_bundle_problem{role="challenger"} 1`,
		`yingda_queue_texts{role="champion"} 3`,
		`yingda_model_runs_total{role="champion"} 7`,
		`yingda_build_info{version="1.2.3"} 1`,
		`yingda_ready 1`,
		`yingda_live_connections 0`,
		`yingda_overloads_total 0`,
		`go_goroutines `,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s", line)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}
