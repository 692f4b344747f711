package profile_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/profile"
)

func mustGuard(tb testing.TB) *action.Guard {
	tb.Helper()
	g, err := action.NewGuard([]string{"127.0.0.1"})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func TestHTTP(t *testing.T) {
	secret := action.Secret("0123456789abcdef0123")
	v := action.Verifier{Secrets: []action.Secret{secret}}
	var seen string
	answer := func(w http.ResponseWriter) {}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.URL.RequestURI()
		if _, err := v.Request(r.Header, []byte("GET "+seen)); err != nil {
			t.Errorf("%s: %v", seen, err)
		}
		if r.Header.Get("Authorization") != "Bearer x" {
			t.Error("no Authorization")
		}
		answer(w)
	}))
	defer srv.Close()
	h, err := profile.NewHTTP(profile.HTTPOptions{
		URL: srv.URL + "/c/{customer}?t={tenant}", Secrets: []action.Secret{secret}, Guard: mustGuard(t), MaxBytes: 2000, Header: http.Header{"Authorization": {"Bearer x"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	write := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(status); _, _ = w.Write([]byte(body)) }
	}
	for _, tt := range []struct {
		name, customer, uri string
		answer              func(http.ResponseWriter)
		want                string // in the error; empty = a profile
		unknown             bool
	}{
		{"OK", "ann", "/c/ann?t=default", write(200, `{"name":"Ann","tier":"vip","history":[{"kind":"order","order_id":"1"}],"more":1}`), "", false},
		{"escaped", "../x?y/z", "/c/..%2Fx%3Fy%2Fz?t=default", write(200, `{"name":"Ann","tier":"vip"}`), "", false},
		{"dots", "..", "/c/%2E%2E?t=default", write(200, `{"name":"Ann","tier":"vip"}`), "", false},
		{"unknown", "who", "/c/who?t=default", write(404, ""), "unknown", true},
		{"broken", "ann", "", write(200, `{"name":`), "no profile", false},
		{"error", "ann", "", write(500, "{}"), "status 500", false},
		{"redirect", "ann", "", func(w http.ResponseWriter) { w.Header().Set("Location", "http://169.254.169.254/"); w.WriteHeader(302) }, "status 302", false},
		{"too large", "ann", "", write(200, `{"name":"`+strings.Repeat("x", 3000)+`"}`), "more than 2000 bytes", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer = tt.answer
			p, err := h.Fetch(t.Context(), "default", tt.customer)
			if tt.want == "" && (err != nil || p.Tier != "vip") {
				t.Errorf("%+v, %v", p, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, dialogue.ErrUnknown) != tt.unknown) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
			if tt.uri != "" && seen != tt.uri {
				t.Errorf("asked for %s, want %s", seen, tt.uri)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	answer = func(http.ResponseWriter) { time.Sleep(50 * time.Millisecond) }
	if _, err := h.Fetch(ctx, "default", "secret-id"); err == nil || strings.Contains(err.Error(), "secret-id") {
		t.Errorf("error %v: want one that does not name the customer", err)
	}
}

func TestHTTPFaults(t *testing.T) {
	for _, url := range []string{"https://crm.example/profile", "https://{customer}.crm.example/", "ftp://crm.example/{customer}", "http://crm.example/{customer}", "https://127.0.0.1/{customer}?x", "://{customer}"} {
		h, err := profile.NewHTTP(profile.HTTPOptions{URL: url})
		if err == nil && !strings.Contains(url, "127.0.0.1") {
			t.Errorf("%s was taken", url)
		}
		if err == nil { // an inner address is refused when it is dialled
			if _, err := h.Fetch(t.Context(), "default", "x"); err == nil {
				t.Errorf("%s was called", url)
			}
		}
	}
}

const (
	query   = `SELECT name, level AS tier, carrier AS preference_carrier, news AS consent_marketing FROM customers WHERE id = :customer AND shop = :tenant -- :nobody`
	history = `SELECT 'order' AS kind, id AS order_id, item AS product, at AS time, state AS status FROM orders WHERE customer = :customer ORDER BY at`
)

func mustDatabase(tb testing.TB) string {
	tb.Helper()
	dsn := filepath.Join(tb.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE customers (id TEXT, shop TEXT, name TEXT, level TEXT, carrier TEXT, news INTEGER);
		INSERT INTO customers VALUES ('ann', 'default', 'Ann', 'vip', '顺丰', 1), ('bob', 'default', NULL, NULL, NULL, NULL), ('ann', 'other', 'Other', '', '', 0);
		CREATE TABLE orders (id TEXT, customer TEXT, item TEXT, at TEXT, state TEXT);
		INSERT INTO orders VALUES ('1', 'ann', '烤箱', '2026-11-01 10:00:00', '已完成'), ('2', 'ann', '耳机', '2026-11-02T10:00:00+08:00', NULL);`)
	if err != nil {
		tb.Fatal(err)
	}
	return dsn
}

func TestSQL(t *testing.T) {
	dsn := mustDatabase(t)
	s, err := profile.OpenSQL(profile.SQLOptions{Driver: "sqlite", DSN: dsn, Query: query, History: history})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := s.Fetch(t.Context(), "default", "ann")
	if err != nil || p.Name != "Ann" || p.Tier != "vip" || p.Preferences["carrier"] != "顺丰" || !p.Consent["marketing"] || len(p.History) != 2 || p.History[0].OrderID != "1" || p.History[1].Time.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := s.Fetch(t.Context(), "default", "bob"); err != nil || p.Name != "" || p.Consent != nil {
		t.Errorf("NULLs: %+v, %v", p, err)
	}
	for _, id := range []string{"who", "ann' OR '1'='1", "", "'; DROP TABLE customers; --"} {
		if p, err := s.Fetch(t.Context(), "default", id); !errors.Is(err, dialogue.ErrUnknown) {
			t.Errorf("%q: %+v, %v", id, p, err)
		}
	}
	if p, err := s.Fetch(t.Context(), "other", "ann"); err != nil || p.Name != "Other" {
		t.Errorf("another tenant: %+v, %v", p, err)
	}
}

// The database refuses what the check of the statement does not see.
func TestSQLOnlyReads(t *testing.T) {
	dsn := mustDatabase(t)
	s, err := profile.OpenSQL(profile.SQLOptions{Driver: "sqlite", DSN: dsn, Query: `WITH x AS (SELECT :customer AS name) INSERT INTO customers (id) SELECT name FROM x`})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Fetch(t.Context(), "default", "new"); err == nil || errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("a query that writes: %v", err)
	}
}

func TestSQLFaults(t *testing.T) {
	for _, tt := range []struct{ driver, query, want string }{
		{"oracle", "SELECT 1", "driver"},
		{"sqlite", "", "empty"},
		{"sqlite", "SELECT name FROM c", ":customer"},
		{"sqlite", "DELETE FROM c WHERE id = :customer", "SELECT or WITH"},
		{"sqlite", "-- SELECT\nUPDATE c SET x = :customer", "SELECT or WITH"},
		{"sqlite", "SELECT 1 WHERE :customer = ''; DROP TABLE c", "after the semicolon"},
		{"sqlite", "SELECT name FROM c WHERE id = :id", ":id is not known"},
		{"sqlite", "SELECT name FROM c WHERE id = ? AND x = :customer", "instead of ?"},
		{"pgx", "SELECT name FROM c WHERE id = $1 AND x = :customer", "instead of $1"},
		{"pgx", "SELECT 'open FROM c WHERE id = :customer", "does not end"},
		{"pgx", "SELECT $x$ open FROM c WHERE id = :customer", "does not end"},
		{"mysql", "SELECT name /* open FROM c WHERE id = :customer", "does not end"},
		{"selects", "SELECT 1", "driver"},
	} {
		_, err := profile.OpenSQL(profile.SQLOptions{Driver: tt.driver, Query: tt.query})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want something about %q", tt.driver, tt.query, err, tt.want)
		}
	}
	s, err := profile.OpenSQL(profile.SQLOptions{Driver: "sqlite", DSN: mustDatabase(t), Query: "SELECT name, level FROM customers WHERE id = :customer"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), `"level"`) {
		t.Errorf("a column that is not known: %v", err)
	}
}
