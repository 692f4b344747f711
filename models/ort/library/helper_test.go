package library_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"yingda/models/ort/library"
)

// fakeSource is a shared library that reports a version and serves the APIs up to a number, as ONNX Runtime does.
const fakeSource = `
static const char *version(void) { return "%s"; }
static const void *api(unsigned n) { return n <= %d ? (const void *)version : 0; }
struct base { const void *(*api)(unsigned); const char *(*version)(void); };
static const struct base b = { api, version };
const struct base *OrtGetApiBase(void) { return &b; }
`

// mustLibrary compiles a fake libonnxruntime.
func mustLibrary(tb testing.TB, version string, api int) []byte {
	tb.Helper()
	return mustCompile(tb, fmt.Sprintf(fakeSource, version, api))
}

func mustCompile(tb testing.TB, source string) []byte {
	tb.Helper()
	dir := tb.TempDir()
	out, c := filepath.Join(dir, "lib.so"), filepath.Join(dir, "lib.c")
	mustWrite(tb, c, []byte(source), 0o644)
	cc := "cc"
	if _, err := exec.LookPath(cc); err != nil {
		cc = "gcc"
	}
	if msg, err := exec.Command(cc, "-shared", "-fPIC", "-o", out, c).CombinedOutput(); err != nil {
		tb.Fatalf("compile fake library: %v\n%s", err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustWrite(tb testing.TB, path string, data []byte, mode os.FileMode) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		tb.Fatal(err)
	}
}

// entry is a file of an archive that a test makes.
type entry struct {
	name string
	data []byte
	link string // a symbolic link to this, instead of data
}

func mustZip(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(0o644)
		if e.link != "" {
			h.SetMode(0o777 | os.ModeSymlink)
			e.data = []byte(e.link)
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(e.data)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func mustTar(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	t := tar.NewWriter(packed)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.link, 0
		}
		if err := t.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if _, err := t.Write(e.data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := t.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// fakes makes PATH a folder with nothing but the given shell scripts, named as the clients they stand for.
func fakes(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range scripts {
		mustWrite(t, filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755)
	}
	t.Setenv("PATH", dir)
}

// fakePip is a python3 whose pip puts the wheel into --dest, notes each download in log, and has no packages installed.
func fakePip(wheel, log string) string {
	return `case "$*" in
*"pip --version"*) exit 0;;
*" download "*)
  echo download >>` + log + `
  while [ "$1" != --dest ]; do shift; done
  /bin/mkdir -p "$2" && /bin/cp ` + wheel + ` "$2/onnxruntime-1.32.0-any.whl";;
*) echo '[]';;
esac`
}

// systemDir is a folder that Ensure looks in, inside root.
func systemDir(root string) string { return filepath.Join(root, "/usr/local/lib") }

// installedName is what a system calls the library of a version.
func installedName(version string) string {
	if runtime.GOOS == "darwin" {
		return "libonnxruntime." + version + ".dylib"
	}
	return "libonnxruntime.so." + version
}

// releaseEntry is the library's name in a release archive.
func releaseEntry() string { return library.ArchiveName + "/lib/" + installedName("1.32.0") }

func wantError(tb testing.TB, err error, parts ...string) {
	tb.Helper()
	if err == nil {
		tb.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			tb.Errorf("error lacks %q:\n%v", part, err)
		}
	}
}
