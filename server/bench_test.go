package server_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/server"
)

// constParser answers with the same analysis, so that a benchmark measures the server alone.
type constParser struct{ as []*nlu.Analysis }

func (p constParser) Parse(_ ctxt, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	return p.as[:len(us)], nil
}

func benchServer(tb testing.TB) http.Handler {
	as := make([]*nlu.Analysis, 64)
	for i := range as {
		as[i] = handMade(nlu.Utterance{Text: order})
	}
	return mustServer(tb, server.Options{Parser: constParser{as}}).Handler()
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func BenchmarkHandler(b *testing.B) {
	h := benchServer(b)
	batch := `{"texts":[` + strings.Repeat(mustJSON(b, order)+",", 63) + mustJSON(b, order) + `]}`
	for _, bc := range []struct{ name, path, body string }{
		{"parse", "/v1/parse", `{"text":` + mustJSON(b, order) + `}`},
		{"parse64", "/v1/parse", batch},
		{"rasa", "/model/parse", `{"text":` + mustJSON(b, order) + `}`},
		{"clu", "/language/:analyze-conversations", `{"kind":"Conversation","analysisInput":{"conversationItem":{"id":"1","participantId":"1","text":` + mustJSON(b, order) + `}},"parameters":{"projectName":"p","deploymentName":"d","stringIndexType":"TextElement_V8"}}`},
		{"refused", "/v1/parse", `{"text":""}`},
	} {
		b.Run(bc.name, func(b *testing.B) {
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest("POST", bc.path, nil)
			r.Header.Set("Content-Type", "application/json")
			body := bytes.NewReader(nil)
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				body.Reset([]byte(bc.body))
				r.Body, r.ContentLength = io.NopCloser(body), int64(len(bc.body))
				h.ServeHTTP(w, r)
			}
			if want := 200; w.status != want && bc.name != "refused" {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

// BenchmarkLoopback is a whole round trip over TCP, client included.
func BenchmarkLoopback(b *testing.B) {
	srv := httptest.NewServer(benchServer(b))
	defer srv.Close()
	body := `{"text":` + mustJSON(b, order) + `}`
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.Post(srv.URL+"/v1/parse", "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Fatal(err)
		}
		r.Body.Close()
	}
}

// TestAllocs keeps the hot path lean. The bound has room for the race detector's own allocations.
func TestAllocs(t *testing.T) {
	h := benchServer(t)
	w := &discard{header: http.Header{}}
	r := httptest.NewRequest("POST", "/v1/parse", nil)
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	payload := []byte(`{"text":` + mustJSON(t, order) + `}`)
	n := testing.AllocsPerRun(200, func() {
		clear(w.header)
		r.Body = io.NopCloser(bytes.NewReader(payload))
		h.ServeHTTP(w, r)
	})
	if w.status != 200 || n > 60 {
		t.Errorf("status %d, %.0f allocations", w.status, n)
	}
	t.Logf("%.0f allocations", n)
}
