package library_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yingda/models/ort/library"
)

// releases is a fake server of release archives that breaks the first connections.
type releases struct {
	archive []byte
	breaks  int32 // connections to break half-way
	etag    string
	asked   atomic.Int32
	ranged  atomic.Int32
}

func (r *releases) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n := r.asked.Add(1)
	if req.Header.Get("Range") != "" {
		r.ranged.Add(1)
	}
	w.Header().Set("ETag", r.etag)
	if n > r.breaks {
		http.ServeContent(w, req, "", modified, bytes.NewReader(r.archive))
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(r.archive)))
	_, _ = w.Write(r.archive[:len(r.archive)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestEnsure_Release(t *testing.T) {
	lib := mustLibrary(t, "1.32.0", 32)
	good := mustTar(t, entry{name: library.ArchiveName + "/lib/libonnxruntime.so", link: "x"}, entry{name: releaseEntry(), data: lib},
		entry{name: "../../../escaped", data: []byte("zip slip")}, entry{name: "/tmp/absolute", data: []byte("zip slip")})
	tests := []struct {
		name   string
		server *releases
		ranged int32
		want   string // part of the error
	}{
		{"OK", &releases{archive: good, etag: `"1"`}, 0, ""},
		{"OKResumed", &releases{archive: good, etag: `"1"`, breaks: 2}, 2, ""},
		{"OKRestarted", &releases{archive: good, breaks: 1}, 0, ""},
		{"ErrBroken", &releases{archive: good, etag: `"1"`, breaks: 99}, 3, "EOF"},
		{"ErrCorrupt", &releases{archive: append(good[:len(good)-4:len(good)-4], 1, 2, 3, 4)}, 0, "checksum"},
		{"ErrNotGzip", &releases{archive: []byte(strings.Repeat("<html>", 300))}, 0, "gzip: invalid header"},
		{"ErrNoLibrary", &releases{archive: mustTar(t, entry{name: "other/lib", data: lib})}, 0, "no file"},
		{"ErrLink", &releases{archive: mustTar(t, entry{name: releaseEntry(), link: "/etc/passwd"})}, 0, "is not a file"},
		{"ErrTwice", &releases{archive: mustTar(t, entry{name: releaseEntry(), data: lib}, entry{name: releaseEntry(), data: lib})}, 0, "twice"},
		{"ErrVersion", &releases{archive: mustTar(t, entry{name: releaseEntry(), data: mustLibrary(t, "1.31.0", 31)})}, 0, "says it is version 1.31.0"},
		{"ErrSmall", &releases{archive: mustTar(t, entry{name: releaseEntry(), data: lib[:999]})}, 0, "only 999 bytes"},
	}
	fakes(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewTLSServer(tt.server)
			defer server.Close()
			server.Config.ErrorLog = nil
			cache := filepath.Join(t.TempDir(), "a/b")
			path, _, err := library.EnsureIn(t.Context(), library.Options{Cache: cache},
				library.World{Root: t.TempDir(), Releases: server.URL, Client: server.Client()})
			if got := tt.server.ranged.Load(); got != tt.ranged {
				t.Errorf("%d range requests, want %d", got, tt.ranged)
			}
			if tt.want != "" {
				wantError(t, err, "release archive", tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, lib) {
				t.Errorf("not the library that was served: %v", err)
			}
			assertOnly(t, cache, 2)
			assertOnly(t, filepath.Dir(filepath.Dir(cache)), 1) // nothing escaped
		})
	}
}

func assertOnly(t *testing.T, dir string, n int) {
	t.Helper()
	if got, err := os.ReadDir(dir); err != nil || len(got) != n {
		t.Errorf("%s has %v, want %d entries (%v)", dir, got, n, err)
	}
}

// TestEnsure_ReleaseContinuesAfterDeath resumes what another process left.
func TestEnsure_ReleaseContinuesAfterDeath(t *testing.T) {
	archive := mustTar(t, entry{name: releaseEntry(), data: mustLibrary(t, "1.32.0", 32)})
	fakes(t, nil)
	for _, etag := range []string{`"1"`, `"changed"`} {
		cache := t.TempDir()
		part := filepath.Join(cache, library.ArchiveName+".tgz.part")
		mustWrite(t, part, archive[:100], 0o644)
		mustWrite(t, part+".etag", []byte(`"1"`), 0o644)
		server := httptest.NewTLSServer(&releases{archive: archive, etag: etag})
		defer server.Close()
		if _, _, err := library.EnsureIn(t.Context(), library.Options{Cache: cache},
			library.World{Root: t.TempDir(), Releases: server.URL, Client: server.Client()}); err != nil {
			t.Errorf("etag %s: %v", etag, err)
		}
		assertOnly(t, cache, 2)
	}
}

func TestReleaseClient_RefusesPlainHTTP(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	client := library.ReleaseClient()
	client.Transport = secure.Client().Transport
	_, err := client.Get(secure.URL)
	wantError(t, err, "refusing to be sent to")
}

func TestEnsure_Clients(t *testing.T) {
	lib := mustLibrary(t, "1.32.0", 32)
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		mustWrite(t, path, data, 0o644)
		return path
	}
	wheel := file("wheel", mustZip(t, entry{name: "../../escaped", data: lib}, entry{name: library.WheelFile, data: lib}))
	linked := file("linked", mustZip(t, entry{name: library.WheelFile, link: "/etc/passwd"}))
	cut := file("cut", mustZip(t, entry{name: library.WheelFile, data: lib})[:200])
	node := file("node", mustTar(t, entry{name: library.NodeFile, data: lib}))
	mustWrite(t, filepath.Join(dir, "module", library.ModuleFile), lib, 0o644)
	bare := file("bare", lib)
	pip := func(wheel string) map[string]string {
		return map[string]string{"python3": fakePip(wheel, filepath.Join(dir, "calls"))}
	}
	tests := []struct {
		name    string
		clients map[string]string
		sha256  string
		want    []string // parts of the error
	}{
		{"OKPip", pip(wheel), hash(lib), nil},
		{"OKUv", map[string]string{"uv": `while [ "$1" != --target ]; do shift; done
			/bin/mkdir -p "$2/onnxruntime/capi" && /bin/cp ` + bare + ` "$2/` + library.WheelFile + `"`}, hash(lib), nil},
		{"OKNpm", map[string]string{"npm": `while [ "$1" != --pack-destination ]; do shift; done; /bin/cp ` + node + ` "$2/p.tgz"`}, hash(lib), nil},
		{"OKModule", map[string]string{"go": `echo '{"Dir":"` + filepath.Join(dir, "module") + `"}'`}, hash(lib), nil},
		{"ErrHash", pip(wheel), hash([]byte("another")), []string{"SHA-256 is " + hash(lib), "expected"}},
		{"ErrLink", pip(linked), hash(lib), []string{"has no file"}},
		{"ErrCut", pip(cut), hash(lib), []string{"not a valid zip file"}},
		{"ErrNoWheel", pip(filepath.Join(dir, "absent")), hash(lib), []string{"python3 failed"}},
		{"ErrNpm", map[string]string{"npm": "echo 'npm warn old' >&2; echo 'npm error code ENOTFOUND' >&2; exit 1"}, "", []string{"npm failed", "ENOTFOUND"}},
		{"ErrNpmSilent", map[string]string{"npm": ""}, "", []string{"npm left 0 packages"}},
		{"ErrModule", map[string]string{"go": "echo '{}'"}, "", []string{"go did not tell"}},
		{"ErrModuleLacksFile", map[string]string{"go": `echo '{"Dir":"/nonexistent"}'`}, "", []string{"no such file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fakes(t, tt.clients)
			cache := t.TempDir()
			var log bytes.Buffer
			path, _, err := library.EnsureIn(t.Context(), library.Options{Cache: cache, Log: &log},
				library.World{Root: t.TempDir(), SHA256: tt.sha256, Releases: "https://127.0.0.1:1"})
			if tt.want != nil {
				wantError(t, err, tt.want...)
				assertOnly(t, cache, 1) // the lock
				return
			}
			if err != nil || !strings.HasPrefix(path, cache) || !strings.Contains(log.String(), "ONNX Runtime 1.32.0 from") {
				t.Errorf("got %q, %v; wrote %s", path, err, log.String())
			}
			assertOnly(t, cache, 2)
		})
	}
}

func TestCompareVersions(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"1.26", "1.26.0", 0}, {"1.9.0", "1.26", -1}, {"2.0", "1.99.9", 1}, {"1.32.0-dev", "1.32.0", 0}, {"", "1", -1}, {"1.27.1", "1.27.0", 1}}
	for _, tt := range tests {
		if got := library.CompareVersions(tt.a, tt.b); got < 0 != (tt.want < 0) || got > 0 != (tt.want > 0) {
			t.Errorf("compare %q with %q: %d, want sign of %d", tt.a, tt.b, got, tt.want)
		}
	}
	for name, want := range map[string]string{
		"libonnxruntime.so.1.32.0": "1.32.0", "libonnxruntime.1.32.0.dylib": "1.32.0", "libonnxruntime.so.1.21": "1.21",
		"libonnxruntime.so": "", "libonnxruntime.so.1": "", "libonnxruntime_providers_shared.so": "",
	} {
		if got := library.VersionOf(name); got != want {
			t.Errorf("version of %s: %q, want %q", name, got, want)
		}
	}
}

var modified = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
