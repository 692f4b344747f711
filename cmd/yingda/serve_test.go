package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
)

// mustAddr returns a free address of this machine.
func mustAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lockedBuffer takes the log of a server that runs beside the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// client talks to a server under test.
type client struct{ base string }

// send returns the status and the decoded answer.
func (c client) send(method, path, body string) (int, map[string]any, error) {
	req, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err
	}
	var answer map[string]any
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(data, &answer)
	}
	return resp.StatusCode, answer, err
}

// mustEventually polls until it is so.
func mustEventually(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	tb.Fatalf("waited 30 s for %s", what)
}

// runningServer is a running "yingda serve".
type runningServer struct {
	client
	log  *lockedBuffer
	stop context.CancelFunc
	done chan error
}

func mustServe(tb testing.TB, args ...string) *runningServer {
	tb.Helper()
	addr := mustAddr(tb)
	ctx, cancel := context.WithCancel(context.Background())
	s := &runningServer{client: client{"http://" + addr}, log: &lockedBuffer{}, stop: cancel, done: make(chan error, 1)}
	logDir := filepath.Join(tb.TempDir(), "log") // never the user's own
	go func() {
		s.done <- run(ctx, append([]string{"serve", "--addr", addr, "--log", logDir, "--ort-lib", testenv.ForTest(tb)}, args...), stdio{strings.NewReader(""), io.Discard, s.log})
		close(s.done)
	}()
	tb.Cleanup(func() {
		cancel()
		<-s.done // its folders are removed next
	})
	mustEventually(tb, "the server", func() bool {
		select {
		case err := <-s.done:
			tb.Fatalf("the server ended: %v\n%s", err, s.log)
		default:
		}
		status, _, err := s.send("GET", "/readyz", "")
		return err == nil && status == http.StatusOK
	})
	return s
}

// bundleOf is the bundle that answers.
func (s *runningServer) bundleOf(tb testing.TB) string {
	tb.Helper()
	status, answer, err := s.send("POST", "/v1/parse", `{"text": "我的订单怎么还没发货"}`)
	if err != nil || status != http.StatusOK {
		tb.Fatalf("status %d, %v, %v", status, answer, err)
	}
	id, _ := answer["bundle"].(string)
	return id
}

// TestServe is a day in the life of a server: it answers, follows the store from bundle to bundle, survives a broken one, and ends.
func TestServe(t *testing.T) {
	builtin := testenv.MustDefault(t)
	store := t.TempDir()
	s := mustServe(t, "--bundles", store)
	if got := s.bundleOf(t); got != string(builtin.Manifest.ID) {
		t.Errorf("%s answers", got)
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string // in the answer
	}{
		{"GET", "/healthz", "", 200, ""},
		{"GET", "/v1/bundles", "", 200, string(builtin.Manifest.ID)},
		{"GET", "/metrics", "", 200, ""},
		{"GET", "/openapi.json", "", 200, "paths"},
		{"GET", "/version", "", 200, "version"},
		{"POST", "/v1/parse", `{"text": "how do I get my money back?"}`, 200, "intent"},
		{"POST", "/model/parse", `{"text": "我的订单20241105003怎么还没发货"}`, 200, "intent_ranking"},
		{"POST", "/v1/parse", `{"text": ""}`, 422, ""},
		{"POST", "/v1/parse", `{"txt": "x"}`, 400, ""},
		{"POST", "/v1/parse", `{"text": "x", "bundle": "nothing"}`, 404, ""},
		{"GET", "/nothing", "", 404, ""},
	} {
		status, answer, err := s.send(tt.method, tt.path, tt.body)
		data, _ := json.Marshal(answer)
		if err != nil || status/100 != tt.status/100 || !strings.Contains(string(data), tt.want) {
			t.Errorf("%s %s %s: %d, %v, %s", tt.method, tt.path, tt.body, status, err, data)
		}
	}

	other := mustVariant(t, builtin, "other")
	testenv.MustWrite(t, store, other)
	command := func(args ...string) {
		t.Helper()
		mustCall(t, "", append(append([]string{"bundle"}, args...), "--ort-lib", testenv.ForTest(t), "--bundles", store)...)
	}
	answers := func(id models.BundleID) {
		t.Helper()
		mustEventually(t, string(id), func() bool { return s.bundleOf(t) == string(id) })
	}
	command("activate", string(other.Manifest.ID))
	answers(other.Manifest.ID)
	command("rollback")
	answers(builtin.Manifest.ID)

	// What another process asks for cannot be loaded: the server says so and goes on with what it has.
	opened, err := models.OpenStore(store, nil, builtin.Manifest.ID)
	if err == nil {
		err = opened.SetRole(models.Champion, "nothing-000000000000")
	}
	if err != nil {
		t.Fatal(err)
	}
	mustEventually(t, "the failure in the log", func() bool { return strings.Contains(s.log.String(), "could not be followed") })
	if got := s.bundleOf(t); got != string(builtin.Manifest.ID) {
		t.Errorf("%s answers", got)
	}
	command("activate", string(other.Manifest.ID))
	answers(other.Manifest.ID)
	s.checkStop(t)
	if log := s.log.String(); strings.Contains(log, "转人工") || strings.Contains(log, "money") {
		t.Errorf("customers' words are in the log:\n%s", log)
	}
}

// checkStop ends the server under load: requests that it took are answered, later ones are refused.
func (s *runningServer) checkStop(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				status, _, err := s.send("POST", "/v1/parse", `{"text": "帮我转人工"}`)
				var op *net.OpError
				if err != nil && (errors.As(err, &op) || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "server closed")) {
					return // the connection was refused or an idle one closed: the request was not taken
				}
				if err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable {
					t.Errorf("status %d, %v", status, err)
					return
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server did not end")
	}
	wg.Wait()
	if _, _, err := s.send("GET", "/healthz", ""); err == nil {
		t.Error("the server still answers")
	}
}

func TestServeFaults(t *testing.T) {
	testenv.MustDefault(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, models.StateName), []byte(`{"roles": {"champion": [`), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"address already in use":      {"--addr", l.Addr().String(), "--bundles", t.TempDir()},
		"no champion could be loaded": {"--addr", mustAddr(t), "--bundles", broken},
		"not a shared library":        {"--addr", mustAddr(t), "--bundles", t.TempDir(), "--ort-lib", filepath.Join("testdata", "..", "main.go")},
	} {
		if !slices.Contains(args, "--ort-lib") {
			args = append(args, "--ort-lib", testenv.ForTest(t))
		}
		args = append(args, "--log", filepath.Join(t.TempDir(), "log"))
		if _, _, err := call(t, "", append([]string{"serve"}, args...)...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v, want %q", args, err, name)
		}
	}
}
