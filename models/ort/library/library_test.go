package library_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/models/ort/library"
)

func TestEnsure_Explicit(t *testing.T) {
	dir := t.TempDir()
	good := mustLibrary(t, "1.26.0", 26)
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		mustWrite(t, path, data, 0o644)
		return path
	}
	tests := []struct {
		name, path, want string // want is part of the error
	}{
		{"OK", write("good.so", good), ""},
		{"OKFolder", filepath.Dir(write("folder/"+installedName("1.26.0"), good)), ""},
		{"ErrTooOld", write("old.so", mustLibrary(t, "1.25.1", 25)), "version 1.25.1 is too old, 1.26 or newer is needed"},
		{"ErrTooOldInFolder", filepath.Dir(write("oldfolder/"+installedName("1.20.0"), good)), "too old"},
		{"ErrEmptyFolder", filepath.Dir(write("empty/readme", good)), "has no libonnxruntime"},
		{"ErrOtherLibrary", write("other.so", mustCompile(t, "int answer(void) { return 42; }")), "not ONNX Runtime"},
		{"ErrText", write("text.so", []byte(strings.Repeat("not a library ", 100))), "not a shared library"},
		{"ErrCutShort", write("short.so", good[:len(good)*2/3]), "not a shared library"},
		{"ErrAbsent", filepath.Join(dir, "absent.so"), "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, version, err := library.Ensure(t.Context(), library.Options{Library: tt.path, Cache: t.TempDir()})
			if tt.want != "" {
				wantError(t, err, tt.path, tt.want)
				return
			}
			if err != nil || version != "1.26.0" || !strings.HasPrefix(path, tt.path) {
				t.Errorf("got %q, %q, %v", path, version, err)
			}
		})
	}
}

func TestEnsure_Installed(t *testing.T) {
	fakes(t, nil)
	root, extra := t.TempDir(), t.TempDir()
	t.Run("ErrOldOnly", func(t *testing.T) {
		mustWrite(t, filepath.Join(systemDir(root), installedName("1.21.0")), []byte("is not even opened"), 0o644)
		_, _, err := library.EnsureIn(t.Context(), library.Options{Cache: t.TempDir(), Offline: true}, library.World{Root: root})
		wantError(t, err, installedName("1.21.0")+": version 1.21.0 is too old")
	})
	t.Run("OKNewest", func(t *testing.T) {
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/bin:/bin") // the compiler
		mustWrite(t, filepath.Join(systemDir(root), installedName("1.27.0")), mustLibrary(t, "1.27.0", 27), 0o644)
		mustWrite(t, filepath.Join(systemDir(root), installedName("1.28.0")), mustLibrary(t, "1.28.0", 28), 0o644)
		path, version, err := library.EnsureIn(t.Context(), library.Options{Cache: t.TempDir()}, library.World{Root: root})
		if err != nil || version != "1.28.0" || filepath.Base(path) != installedName("1.28.0") {
			t.Errorf("got %q, %q, %v", path, version, err)
		}
	})
	t.Run("OKGivenFolder", func(t *testing.T) {
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/bin:/bin")
		name := filepath.Join(extra, installedName("1.29.0"))
		mustWrite(t, name, mustLibrary(t, "1.29.0", 29), 0o644)
		path, _, err := library.EnsureIn(t.Context(), library.Options{Cache: t.TempDir(), Dirs: []string{extra}}, library.World{Root: root})
		if real, _ := filepath.EvalSymlinks(name); err != nil || path != real {
			t.Errorf("got %q, %v", path, err)
		}
	})
}

func TestEnsure_LoaderConfig(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has ld.so.conf")
	}
	root := t.TempDir()
	mustWrite(t, filepath.Join(root, "etc/ld.so.conf"), []byte("include /etc/ld.so.conf.d/*.conf\n"), 0o644)
	mustWrite(t, filepath.Join(root, "etc/ld.so.conf.d/ort.conf"), []byte("# ours\n/srv/ort  # here\ninclude ort.conf\n"), 0o644)
	mustWrite(t, filepath.Join(root, "srv/ort/libonnxruntime.so.1.30.0"), mustLibrary(t, "1.30.0", 30), 0o644)
	fakes(t, nil)
	path, version, err := library.EnsureIn(t.Context(), library.Options{Cache: t.TempDir()}, library.World{Root: root})
	if err != nil || version != "1.30.0" || !strings.HasSuffix(path, "/srv/ort/libonnxruntime.so.1.30.0") {
		t.Errorf("got %q, %q, %v", path, version, err)
	}
}

func TestEnsure_PythonPackage(t *testing.T) {
	site, cache := t.TempDir(), t.TempDir()
	lib := mustLibrary(t, "1.31.0", 31)
	installed := filepath.Join(site, "onnxruntime/capi", installedName("1.31.0"))
	mustWrite(t, installed, lib, 0o644)
	fakes(t, map[string]string{"python3": `echo '["` + site + `"]'`})
	path, version, err := library.EnsureIn(t.Context(), library.Options{Cache: cache, Offline: true}, library.World{Root: t.TempDir()})
	if err != nil || version != "1.31.0" || !strings.HasPrefix(path, cache) {
		t.Fatalf("got %q, %q, %v", path, version, err)
	}
	if err := os.RemoveAll(site); err != nil {
		t.Fatal(err)
	}
	if again, _, err := library.EnsureIn(t.Context(), library.Options{Cache: cache, Offline: true}, library.World{Root: t.TempDir()}); again != path {
		t.Errorf("the copy did not outlive the Python package: %q, %v", again, err)
	}
}

func TestEnsure_Cache(t *testing.T) {
	lib := mustLibrary(t, "1.32.0", 32)
	dir := t.TempDir()
	wheel, calls := filepath.Join(dir, "wheel"), filepath.Join(dir, "calls")
	mustWrite(t, wheel, mustZip(t, entry{name: library.WheelFile, data: lib}), 0o644)
	fakes(t, map[string]string{"python3": fakePip(wheel, calls)})
	cache := filepath.Join(dir, "ca[che") // no pattern
	world := library.World{Root: t.TempDir(), SHA256: hash(lib), Releases: "https://127.0.0.1:1"}
	downloads := func() int {
		data, _ := os.ReadFile(calls)
		return bytes.Count(data, []byte("\n"))
	}
	var log bytes.Buffer
	ensure := func() string {
		t.Helper()
		path, version, err := library.EnsureIn(t.Context(), library.Options{Cache: cache, Log: &log}, world)
		if err != nil || version != "1.32.0" {
			t.Fatalf("got %q, %q, %v", path, version, err)
		}
		return path
	}
	mustWrite(t, filepath.Join(cache, ".onnxruntime-new-1/left"), []byte("by a killed process"), 0o644)
	path := ensure()
	log.Reset()
	if again := ensure(); again != path || downloads() != 1 || log.Len() > 0 {
		t.Errorf("second call: %q, %d downloads, wrote %q", again, downloads(), log.String())
	}
	mustWrite(t, path, append([]byte("x"), lib[1:]...), 0o644) // same size
	if ensure(); downloads() != 2 || !strings.Contains(log.String(), "SHA-256") {
		t.Errorf("damaged library: %d downloads, wrote %q", downloads(), log.String())
	}
	mustWrite(t, filepath.Join(filepath.Dir(path), "library.json"), []byte(`{"file":"../../../etc/passwd","version":"9.0"}`), 0o644)
	if ensure(); downloads() != 3 {
		t.Errorf("damaged record: %d downloads", downloads())
	}
	if left, _ := os.ReadDir(cache); len(left) != 2 { // the library's folder and the lock
		t.Errorf("left in the cache: %v", left)
	}
}

func TestEnsure_Concurrent(t *testing.T) {
	lib := mustLibrary(t, "1.32.0", 32)
	dir, cache := t.TempDir(), t.TempDir()
	wheel, calls := filepath.Join(dir, "wheel"), filepath.Join(dir, "calls")
	mustWrite(t, wheel, mustZip(t, entry{name: library.WheelFile, data: lib}), 0o644)
	fakes(t, map[string]string{"python3": "/bin/sleep 0.1\n" + fakePip(wheel, calls)})
	world := library.World{Root: t.TempDir(), SHA256: hash(lib), Releases: "https://127.0.0.1:1"}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if path, _, err := library.EnsureIn(t.Context(), library.Options{Cache: cache}, world); err != nil {
				t.Error(err)
			} else if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, lib) {
				t.Errorf("the library is not whole: %v", err)
			}
		})
	}
	group.Wait()
	if data, _ := os.ReadFile(calls); string(data) != "download\n" {
		t.Errorf("downloads: %q, want one", data)
	}
}

func TestEnsure_Cancelled(t *testing.T) {
	fakes(t, map[string]string{"python3": "exec /bin/sleep 30"})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, err := library.EnsureIn(ctx, library.Options{Cache: t.TempDir()}, library.World{Root: t.TempDir()})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

func TestEnsure_NothingServes(t *testing.T) {
	fakes(t, map[string]string{
		"python3": `case "$*" in *pip*|*venv*) echo "No module named pip" >&2; exit 1;; *) echo '[]';; esac`,
		"go":      `echo "module not found" >&2; exit 1`,
		"uv":      `echo "error: cannot reach https://me:secret@index.example/simple" >&2; exit 2`,
	})
	_, _, err := library.EnsureIn(t.Context(), library.Options{Cache: t.TempDir()}, library.World{Root: t.TempDir(), Releases: "https://127.0.0.1:1"})
	var notFound *library.NotFoundError
	if !errors.As(err, &notFound) || len(notFound.Attempts) != 5 {
		t.Fatalf("got %v", err)
	}
	wantError(t, err, runtime.GOOS+"/"+runtime.GOARCH, "has no onnxruntime installed", "module not found", "refused", "-m pip does not run", "No module named pip",
		"uv failed", "no npm on PATH", "--ort-lib", "YINGDA_ORT_LIB", "1.26")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the message has a password:\n%v", err)
	}
}

func TestEnsure_OtherPlatforms(t *testing.T) {
	fakes(t, nil)
	for _, p := range []string{"darwin/amd64", "linux/riscv64"} {
		goos, goarch, _ := strings.Cut(p, "/")
		_, _, err := library.EnsureOn(t.Context(), library.Options{Cache: t.TempDir()}, goos, goarch, t.TempDir())
		wantError(t, err, p, "nothing is published for "+p)
	}
}

// TestEnsure_RealWheel brings the real library by the machine's pip and index.
func TestEnsure_RealWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short, the real download is not tested")
	}
	cache := t.TempDir()
	path, version, err := library.EnsureOn(t.Context(), library.Options{Cache: cache, Log: t.Output()}, runtime.GOOS, runtime.GOARCH, t.TempDir())
	if err != nil {
		var notFound *library.NotFoundError
		if !errors.As(err, &notFound) {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: no source can be reached from here, so the real download is NOT tested:\n%v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 4<<20 || library.CompareVersions(version, library.MinVersion) < 0 {
		t.Errorf("got %s, version %s, %v", path, version, err)
	}
}
