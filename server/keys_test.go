package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yingda/server"
)

// keyring makes a key file and its credentials.
type keyring struct {
	path  string
	lines []string
	creds map[string]string // by id
}

func (k *keyring) add(tb testing.TB, id, rest string) {
	tb.Helper()
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		tb.Fatal(err)
	}
	cred, hash := server.NewKey(id, random)
	k.creds[id] = cred
	k.lines = append(k.lines, fmt.Sprintf("  - {id: %s, hash: %q, %s}", id, hash, rest))
}

func (k *keyring) write(tb testing.TB) {
	tb.Helper()
	if err := os.WriteFile(k.path, []byte("keys:\n"+strings.Join(k.lines, "\n")+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func newKeyring(tb testing.TB) *keyring {
	tb.Helper()
	k := &keyring{path: filepath.Join(tb.TempDir(), "keys.yaml"), creds: map[string]string{}}
	for _, r := range server.Roles {
		k.add(tb, string(r), "roles: ["+string(r)+"]")
	}
	k.add(tb, "a17", "roles: [agent], agent: a17")
	k.add(tb, "old", "roles: [admin], expires: 2026-11-21")
	k.add(tb, "slow", "roles: [read], rate: 1, burst: 2")
	k.add(tb, "acme", "roles: [runtime], tenant: acme")
	// argon2id of "correct horse battery staple", m=8192, t=1, p=1
	k.lines = append(k.lines, `  - {id: person, hash: "`+server.ArgonHash("correct horse battery staple", "0123456789abcdef", 8192, 1, 1)+`", roles: [manager]}`)
	k.creds["person"] = "person.correct horse battery staple"
	k.write(tb)
	return k
}

func mustKeys(tb testing.TB, path string, now func() time.Time) *server.Keys {
	tb.Helper()
	keys, err := server.OpenKeys(path, now)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func TestKeys(t *testing.T) {
	ring := newKeyring(t)
	h := withTalk(t, newTalk(), server.Options{Keys: mustKeys(t, ring.path, noon), Now: noon}).Handler()
	as := func(credential string) string { return "Authorization: Bearer " + credential }
	ok := ring.creds["runtime"]
	for _, tc := range []struct {
		name, header string
		status       int
		says         string
	}{
		{"OK", as(ok), 200, ""},
		{"OK X-Api-Key", "X-Api-Key: " + ok, 200, ""},
		{"OK lower case scheme", "Authorization: bearer " + ok, 200, ""},
		{"OK other host", as(ok), 200, ""},
		{"none", "X-Other: 1", 401, "An API key is needed"},
		{"another scheme", "Authorization: Basic " + ok, 401, "An API key is needed"},
		{"unknown id", as("nobody." + strings.Split(ok, ".")[1]), 401, "not known"},
		{"wrong secret", as("runtime." + strings.Repeat("A", 43)), 401, "not known"},
		{"no secret", as("runtime"), 401, "not known"},
		{"a bit more", as(ok + "A"), 401, "not known"},
		{"a bit less", as(ok[:len(ok)-1]), 401, "not known"},
		{"the hash itself", as("runtime." + hashOf(t, ring, "runtime")), 401, "not known"},
		{"expired", as(ring.creds["old"]), 401, "expired on 2026-11-22T00:00:00Z"},
		{"another role", as(ring.creds["read"]), 403, "has the role read; this needs runtime, admin"},
		{"a person's password, other role", as(ring.creds["person"]), 403, "has the role manager"},
		{"a person's wrong password", as("person.correct horse"), 401, "not known"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := say(h, "web-1", `{"text":"a"}`, tc.header, "Host: bot.example")
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if got := w.Header().Get("WWW-Authenticate"); (got != "") != (w.Code == 401) {
				t.Errorf("WWW-Authenticate %q", got)
			}
		})
	}
	checkProblem(t, say(h, "web-1", `{"text":"a"}`, as(ok), "Origin: https://evil.example"), 403, "cross_origin", "evil", "/v1/conversations/web-1/messages")
	if w := say(h, "web-1", `{"text":"a"}`, as(ok), "Host: bot.example", "Origin: https://bot.example"); w.Code != 200 {
		t.Errorf("its own page: %d %s", w.Code, w.Body)
	}
}

func hashOf(t *testing.T, ring *keyring, id string) string {
	t.Helper()
	data, err := os.ReadFile(ring.path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`id: ` + id + `, hash: "sha256:([0-9a-f]+)"`).FindStringSubmatch(string(data))[1]
}

// TestOrigins: pages of the origins that the operator named may call and read, others may not.
func TestCheck(t *testing.T) {
	ring := newKeyring(t)
	keys := mustKeys(t, ring.path, noon)
	for _, tc := range []struct {
		name, credential string
		need             []server.Role
		says             string // "" = it is let in
	}{
		{"OK", ring.creds["manager"], []server.Role{server.RoleManager}, ""},
		{"OK admin", ring.creds["admin"], []server.Role{server.RoleManager}, ""},
		{"OK one of two", ring.creds["read"], []server.Role{server.RoleManager, server.RoleRead}, ""},
		{"another role", ring.creds["read"], []server.Role{server.RoleManager}, "has the role read; this needs manager, admin"},
		{"no role given", ring.creds["manager"], nil, "this needs admin"},
		{"expired", ring.creds["old"], nil, "expired"},
		{"unknown", "nobody.x", nil, "not known"},
		{"empty", "", nil, "not known"},
	} {
		c, err := keys.Check(tc.credential, tc.need...)
		if tc.says == "" && (err != nil || c.Tenant != server.DefaultTenant) || tc.says != "" && (!errors.Is(err, server.ErrKey) || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: %v, %v", tc.name, c, err)
		}
	}
	if c, err := keys.Check(ring.creds["acme"], server.RoleRuntime); err != nil || c.Tenant != "acme" {
		t.Errorf("another tenant: %v, %v", c, err)
	}
}

func TestOrigins(t *testing.T) {
	h := withTalk(t, newTalk(), server.Options{Origins: []string{"https://shop.example"}}).Handler()
	const path = "/v1/conversations/web-1/messages"
	w := call(h, "OPTIONS", path, nil, "Origin: https://shop.example", "Access-Control-Request-Method: POST")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = say(h, "web-1", `{"text":"a"}`, "Origin: https://shop.example")
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, origin := range []string{"https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"} {
		w := call(h, "OPTIONS", path, nil, "Origin: "+origin, "Access-Control-Request-Method: POST")
		if w.Code == 204 || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", origin, w.Code, w.Header())
		}
		checkProblem(t, say(h, "web-1", `{"text":"a"}`, "Origin: "+origin), 403, "cross_origin", origin, path)
	}
}

// TestTenants: a key sees its own tenant's conversations only.
func TestTenants(t *testing.T) {
	ring := newKeyring(t)
	talk := newTalk()
	h := withTalk(t, talk, server.Options{Keys: mustKeys(t, ring.path, noon), Now: noon}).Handler()
	mustRead[messageAnswer](t, say(h, "web-1", `{"text":"a"}`, "X-Api-Key: "+ring.creds["acme"]), 200)
	if got := talk.handed[0].Tenant; got != "acme" {
		t.Errorf("tenant %q", got)
	}
	w := call(h, "GET", "/v1/conversations/web-1", nil, "X-Api-Key: "+ring.creds["admin"])
	checkProblem(t, w, 404, "unknown_conversation", "web-1", "/v1/conversations/web-1")
}

func TestRateLimit(t *testing.T) {
	ring := newKeyring(t)
	now := noon()
	h := withTalk(t, newTalk(), server.Options{Keys: mustKeys(t, ring.path, noon), Now: func() time.Time { return now }}).Handler()
	limits := func(id string) *httptest.ResponseRecorder {
		return call(h, "GET", "/v1/limits", nil, "X-Api-Key: "+ring.creds[id])
	}
	for range 2 {
		if w := limits("slow"); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := limits("slow")
	checkProblem(t, w, 429, "rate_limited", "1 requests a second", "/v1/limits")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if w := limits("read"); w.Code != 200 {
		t.Errorf("another key: %d", w.Code)
	}
	now = now.Add(time.Second)
	if w := limits("slow"); w.Code != 200 {
		t.Errorf("a second later: %d", w.Code)
	}
	// Who tries keys is stopped, also when the last try is right.
	for range 20 {
		call(h, "GET", "/v1/limits", nil, "X-Api-Key: read.guess")
	}
	checkProblem(t, limits("read"), 429, "rate_limited", "wrong API keys", "/v1/limits")
	now = now.Add(10 * time.Second)
	if w := limits("read"); w.Code != 200 {
		t.Errorf("ten seconds later: %d", w.Code)
	}
}

// TestKeysReload: a changed file counts within seconds; a broken one changes nothing.
func TestKeysReload(t *testing.T) {
	ring := newKeyring(t)
	url, _, _ := start(t, withTalk(t, newTalk(), server.Options{Keys: mustKeys(t, ring.path, nil)}))
	status := func(id string) int {
		r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/v1/limits", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Api-Key", ring.creds[id])
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w.StatusCode
	}
	ring.add(t, "new", "roles: [read]")
	if got := status("new"); got != 401 {
		t.Fatalf("before: %d", got)
	}
	ring.write(t)
	within(t, "the new key", func() bool { return status("new") == 200 })
	if err := os.WriteFile(ring.path, []byte("keys: [{id: x}"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if got := status("new"); got != 200 {
		t.Errorf("with a broken file: %d", got)
	}
	ring.lines = ring.lines[:1]
	ring.write(t)
	within(t, "the key to be gone", func() bool { return status("new") == 401 })
}

func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}

// TestKeyFileFaults: everything wrong in a file is told at once, each with its line.
func TestKeyFileFaults(t *testing.T) {
	good := "sha256:" + strings.Repeat("a", 64)
	for _, tc := range []struct {
		name, file string
		says       []string
	}{
		{"empty", "", []string{"is empty"}},
		{"not YAML", "keys: [", []string{"yaml"}},
		{"a list", "- a", []string{":1: want an object with keys"}},
		{"keys an object", "keys: {}", []string{":1: keys must be a list"}},
		{"no key", "keys: []", []string{"holds no key"}},
		{"many", "keys:\n  - id: a b\n    hash: md5:1\n    roles: [boss]\n    colour: red\n  - {id: x, hash: '" + good + "', roles: [read], rate: 0, burst: x, expires: soon, tenant: A, agent: '?'}\n" +
			"  - {id: y}\n  - {id: z, hash: '" + good + "', roles: [read, agent], agent: a1}\nother: 1",
			[]string{`:2: id "a b"`, ":3: hash: want", `:4: role "boss"`, `:5: "colour" is not a field`, ":6: rate", ":6: burst", ":6: expires", `:6: tenant "A"`, `:6: agent "?"`,
				":7: the key has no hash", ":7: the key has no roles", "agent is for keys whose only role", `"other" is not a field`}},
		{"twice", "keys:\n- {id: x, hash: '" + good + "', roles: [read]}\n- {id: x, hash: '" + good + "', roles: [read], roles: [admin]}", []string{":3:", "x"}},
		{"argon2id too dear", "keys: [{id: x, roles: [read], hash: '$argon2id$v=19$m=99999999,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg'}]", []string{"argon2id's m must be"}},
		{"argon2id short salt", "keys: [{id: x, roles: [read], hash: '$argon2id$v=19$m=8192,t=1,p=1$MDE$MDEyMzQ1Njc4OWFiY2RlZg'}]", []string{"8 to 64 bytes"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.yaml")
			if err := os.WriteFile(path, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := server.OpenKeys(path, nil)
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range tc.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("no %q in:\n%v", s, err)
				}
			}
		})
	}
	json := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(json, []byte(`{"keys": [{"id": "x", "hash": "`+good+`", "roles": ["read", "runtime"], "expires": "2027-01-01T00:00:00+08:00"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	mustKeys(t, json, nil)
	if _, err := server.OpenKeys(filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("no error for a file that is not there")
	}
}

func TestCheckBinding(t *testing.T) {
	for addr, ok := range map[string]bool{"127.0.0.1:8080": true, "localhost:1": true, "[::1]:80": true, "127.9.9.9:1": true, ":8080": false, "0.0.0.0:80": false,
		"[::]:80": false, "192.168.1.2:80": false, "bot.example:80": false, "127.0.0.1": false} {
		if err := server.CheckBinding(addr, nil); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
		if err := server.CheckBinding(addr, &server.Keys{}); err != nil {
			t.Errorf("%s with keys: %v", addr, err)
		}
	}
	if _, err := net.ResolveTCPAddr("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
}

// TestAccess is the table of who may do what: every route with every role. A route that is not in testdata/access.txt fails.
func TestAccess(t *testing.T) {
	ring := newKeyring(t)
	var table bytes.Buffer
	fmt.Fprintf(&table, "%-62s %-8s", "", "nobody")
	for _, r := range server.Roles {
		fmt.Fprintf(&table, " %-8s", r)
	}
	table.WriteByte('\n')
	s := withTalk(t, newTalk(), server.Options{Keys: mustKeys(t, ring.path, noon)})
	gone, cancel := context.WithCancel(t.Context())
	cancel() // or a live route would go on for ever
	for _, r := range s.Routes() {
		path := regexp.MustCompile(`{[a-z_]+}`).ReplaceAllString(r[1], "x")
		fmt.Fprintf(&table, "%-62s", r[0]+" "+r[1])
		for _, id := range append([]server.Role{""}, server.Roles...) {
			req := httptest.NewRequestWithContext(gone, r[0], path, strings.NewReader("{"))
			req.Header.Set("X-Api-Key", ring.creds[string(id)])
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, req)
			cell := "yes"
			if w.Code == 401 || w.Code == 403 {
				cell = "-"
			}
			fmt.Fprintf(&table, " %-8s", cell)
		}
		table.WriteByte('\n')
	}
	lines := strings.Split(table.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	checkGolden(t, "access.txt", []byte(strings.Join(lines, "\n")))
}
