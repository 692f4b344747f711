package web_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/analytics/deliver"
	"yingda/analytics/web"
)

// noSessions is a warehouse that cannot be asked.
type noSessions struct{}

func (noSessions) Query(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errors.New("there is no warehouse")
}

func TestExports(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "exports", "daily", "one")
	manifest, err := json.Marshal([]deliver.File{{Export: "daily", Tenant: "one", Day: "2026-03-01", Name: "2026-03-01.csv", SHA256: "abc"}})
	if err := errors.Join(err, os.MkdirAll(at, 0o750), os.WriteFile(filepath.Join(at, "manifest.json"), manifest, 0o600), os.WriteFile(filepath.Join(at, "2026-03-01.csv"), []byte("id\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := deliver.ParseConfig("c", []byte("version: 1\nexports: [{name: daily, format: csv}]\nwebhooks: [{name: crm, secret: s, url: 'https://crm.example.com'}]\n"),
		func(string) (string, error) { return "a secret of at least sixteen bytes", nil })
	if err != nil {
		t.Fatal(err)
	}
	d, err := deliver.New(deliver.Options{Config: c, Dir: dir, Querier: noSessions{}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h := web.New(web.Options{Exports: d})
	for _, x := range []struct {
		method, path, tenant, body string
		status                     int
		want                       string
	}{
		{"GET", "/v1/exports", "one", "", 200, `"file":"2026-03-01.csv"`},
		{"GET", "/v1/exports", "one", "", 200, `"name":"crm"`},
		{"GET", "/v1/exports", "two", "", 200, `"files":[]`},
		{"GET", "/v1/exports/daily/2026-03-01.csv", "one", "", 200, "id\n"},
		{"GET", "/v1/exports/daily/2026-03-01.csv", "two", "", 404, "unknown_item"},
		{"GET", "/v1/exports/daily/manifest.json", "one", "", 404, "unknown_item"},
		{"GET", "/v1/exports/daily/..%2f..%2f..%2fdeliver%2fcrm.jsonl", "one", "", 404, "unknown_item"},
		{"POST", "/v1/exports/daily", "one", `{"from": "2026-03-02", "to": "2026-03-01"}`, 400, "bad_query"},
		{"POST", "/v1/exports/daily", "one", `{"since": 1}`, 400, "invalid_json"},
		{"POST", "/v1/exports/weekly", "one", `{"from": "2026-03-01", "to": "2026-03-02"}`, 404, "unknown_item"},
		{"POST", "/v1/exports/daily", "one", `{"from": "2026-03-01", "to": "2026-03-02"}`, 500, "internal"},
		{"GET", "/v1/exports/webhooks/crm/dead", "one", "", 200, `"dead":[]`},
		{"GET", "/v1/exports/webhooks/erp/dead", "one", "", 404, "unknown_item"},
		{"POST", "/v1/exports/webhooks/crm/resend", "one", "", 200, `"resent":0`},
		{"GET", "/v1/exports", "", "", 404, "not_configured"},
	} {
		req := httptest.NewRequest(x.method, x.path, strings.NewReader(x.body))
		if x.tenant != "" {
			req.Header.Set(web.TenantHeader, x.tenant)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != x.status || !strings.Contains(rec.Body.String(), x.want) {
			t.Errorf("%s %s of %q: %d %s, want %d with %s", x.method, x.path, x.tenant, rec.Code, rec.Body, x.status, x.want)
		}
	}
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/v1/exports", nil)
	req.Header.Set(web.TenantHeader, "one")
	web.New(web.Options{}).ServeHTTP(rec, req)
	if rec.Code != 404 || !strings.Contains(rec.Body.String(), "not_configured") {
		t.Errorf("without deliveries: %d %s", rec.Code, rec.Body)
	}
}
