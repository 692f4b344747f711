package action_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// TestHostile calls systems that lie, hang or loop. Each call must end in time, as failed, with the cause in the log and little memory used.
func TestHostile(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 100 {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := bytes.Repeat([]byte("[1,"), 10_000)
		for range 10_000 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	var packed bytes.Buffer // 16 MiB of spaces
	z := gzip.NewWriter(&packed)
	for range 16 {
		z.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	z.Close()
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
	}
	for _, c := range []struct {
		name, cause string
		handle      http.HandlerFunc
	}{
		{"Hang", "timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"HangAfterHeader", "timeout", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"Drip", "timeout", drip},
		{"Endless", "answer", endless},
		{"SaysHuge", "answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "999999999999")
			w.WriteHeader(200)
		}},
		{"GzipBomb", "answer", bomb},
		{"RedirectLoop", "http", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, 307) }},
		{"RedirectInside", "http", redirect("http://169.254.169.254/latest/meta-data/")},
		{"RedirectFile", "http", redirect("file:///etc/passwd")},
		{"HugeHeader", "connect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 100_000))
			answer(w, 200, `{"status":"ok"}`)
		}},
		{"HTML", "answer", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>please sign in</html>") }},
		{"Truncated", "connect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			answer(w, 200, `{"status":"ok"`)
		}},
		{"CutOff", "connect", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		}},
		{"NotHTTP", "connect", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
				conn.Close()
			}
		}},
		{"Deep", "answer", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, strings.Repeat("[", 2000)+strings.Repeat("]", 2000))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.handle)
			var logged bytes.Buffer
			sys := system(s)
			sys.Timeout, sys.Deadline, sys.Retries = 150*time.Millisecond, 700*time.Millisecond, 1
			client := mustClient(t, sys, func(o *action.Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			res := client.Call(context.Background(), call)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if res.Status != dialogue.CallFailed || took > 10*time.Second {
				t.Errorf("result is %+v after %v", res, took)
			}
			if !strings.Contains(logged.String(), "cause="+c.cause) {
				t.Errorf("the log says %s, want cause %s", logged.String(), c.cause)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Errorf("the heap grew by %d bytes", grown)
			}
		})
	}
}

// TestInside configures a system by a name that leads inside; the guard must stop it at the dial, without retries.
func TestInside(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"status":"ok"}`) })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	var logged bytes.Buffer
	sys := system(s)
	sys.URL, sys.Allow = "https://rebind.example:"+port+"/", nil
	c := mustClient(t, sys, func(o *action.Options) {
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
		o.Resolver = fakeDNS(t, func() [4]byte { return [4]byte{127, 0, 0, 1} })
	})
	if res := c.Call(context.Background(), call); res.Status != dialogue.CallFailed {
		t.Errorf("result is %+v", res)
	}
	if !strings.Contains(logged.String(), "cause=blocked") || !strings.Contains(logged.String(), "attempts=1") || len(s.requests()) != 0 {
		t.Errorf("log: %s, requests: %v", logged.String(), s.requests())
	}
}
