package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"yingda/server"
)

// analyticsFake stands for the analytics process: it keeps the request, and answers as a page does.
type analyticsFake struct {
	got  *http.Request
	body string
	read error
}

func (f *analyticsFake) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	f.got, f.body, f.read = r, string(data), err
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-x'")
	h.Set("Set-Cookie", "a=b")
	h.Set("X-Content-Type-Options", "none")
	rw.WriteHeader(http.StatusAccepted)
	io.WriteString(rw, "a page")
}

func TestAnalyticsPassedOn(t *testing.T) {
	fake := &analyticsFake{}
	ring := newKeyring(t)
	s := mustServer(t, server.Options{Analytics: fake, Keys: mustKeys(t, ring.path, noon)})
	r := httptest.NewRequest("GET", "/v1/reports/containment?from=2026-03-01", nil)
	r.Header.Set("Authorization", "Bearer "+ring.creds["manager"])
	r.Header.Set("X-Yingda-Tenant", "someone-else")
	r.Header.Set("X-Yingda-Actor", "key:admin")
	r.Header.Set("X-Yingda-Whatever", "1")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusAccepted || w.Body.String() != "a page" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h := fake.got.Header
	if h.Get("X-Yingda-Tenant") == "someone-else" || h.Get("X-Yingda-Tenant") == "" || h.Get("X-Yingda-Actor") != "key:manager" || h.Get("X-Yingda-Whatever") != "" {
		t.Errorf("asked for %q by %q; the caller's own headers must not get through", h.Get("X-Yingda-Tenant"), h.Get("X-Yingda-Actor"))
	}
	if h.Get("Authorization") != "" || h.Get("X-Api-Key") != "" {
		t.Error("the key was passed on")
	}
	if h.Get("X-Request-Id") == "" || fake.got.URL.RawQuery != "from=2026-03-01" {
		t.Errorf("request id %q, query %q", h.Get("X-Request-Id"), fake.got.URL.RawQuery)
	}
	if vs := w.Header().Values("Content-Security-Policy"); len(vs) != 1 || !strings.Contains(vs[0], "sha256-x") {
		t.Errorf("policies %q: a page needs its own alone", vs)
	}
	if w.Header().Get("Set-Cookie") != "" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestAnalyticsRefused(t *testing.T) {
	fake := &analyticsFake{}
	ring := newKeyring(t)
	for name, o := range map[string]server.Options{"ErrNotConfigured": {}, "ErrForbidden": {Analytics: fake, Keys: mustKeys(t, ring.path, noon)}} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/v1/reports", nil)
			r.Host = "localhost"
			r.Header.Set("X-Api-Key", ring.creds["runtime"])
			w := httptest.NewRecorder()
			mustServer(t, o).Handler().ServeHTTP(w, r)
			want := map[string]int{"ErrNotConfigured": 404, "ErrForbidden": 403}[name]
			if w.Code != want || fake.got != nil {
				t.Errorf("%d %s, passed on %v; want %d", w.Code, w.Body, fake.got != nil, want)
			}
		})
	}
}
