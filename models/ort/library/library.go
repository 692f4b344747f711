// Package library finds libonnxruntime on this machine, or brings it.
//
// [Ensure] looks, in this order, at: the path it is given; its cache; the places where systems, Homebrew and Python keep an
// installed one; the module cache of Go, whose onnxruntime_go carries the library for arm64; the official release archive; the
// Python wheel and the npm package that carry it, fetched by the user's own clients and so from whatever index they are set
// to. It takes the one library file out of what it fetched, checks it (SHA-256 where one is pinned, the file's structure, the
// version that the library itself reports) and keeps it in the cache with its hash, so that the next call is instant.
//
// Caveats: a candidate is loaded into the process to ask its version. Linux with glibc 2.28 or newer and macOS on arm64 can be
// served by fetching; other systems (musl, macOS on x86-64) need an installed library.
package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
)

// MinVersion is the oldest version of ONNX Runtime that onnxruntime_go v1.31.0 can load: it asks for API 26.
const MinVersion = "1.26"

const apiVersion = 26

// Options say where to look. The zero value of every field but Cache is right for most machines.
type Options struct {
	// Cache is the folder that keeps a fetched library and unfinished downloads. It is created when it is needed.
	Cache string
	// Library is a path given by the user: the library itself, or a folder that has it. When it is set, nothing else is tried.
	Library string
	// Dirs are folders to search for an installed library before the system's, e.g. those of LD_LIBRARY_PATH.
	Dirs []string
	// Offline keeps Ensure from fetching anything: what is installed or cached must do.
	Offline bool
	// Log receives progress for people; nil drops it. A terminal gets a progress bar, anything else plain lines. Nothing is
	// written when the library is in the cache.
	Log io.Writer
}

// Attempt is one source that was tried, and why it did not serve.
type Attempt struct {
	Source string
	Err    error
}

// NotFoundError is returned by Ensure when no source had a usable library. It lists every one with its cause.
type NotFoundError struct {
	Platform string // e.g. "linux/amd64"
	Attempts []Attempt
}

// Error gives one line a source, and what to do.
func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no usable ONNX Runtime library for %s:\n", e.Platform)
	for _, a := range e.Attempts {
		fmt.Fprintf(&b, "  - %s: %s\n", a.Source, strings.ReplaceAll(a.Err.Error(), "\n", "\n    "))
	}
	fmt.Fprintf(&b, "Install ONNX Runtime %s or newer (its package, or 'pip install onnxruntime'), or give the path of libonnxruntime "+
		"by --ort-lib or YINGDA_ORT_LIB.", MinVersion)
	return b.String()
}

// Unwrap returns the causes.
func (e *NotFoundError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// errSkipped marks a source that does not apply here.
var errSkipped = errors.New("skipped")

// finder is one call of Ensure. Tests change its fields.
type finder struct {
	Options
	goos, goarch string
	root         string // prefix of the system's folders; "" but in tests
	pins         pins
	client       *http.Client
	out          *progress
	probe        func(path string) (version string, err error)
	attempts     []Attempt
}

func newFinder(o Options) *finder {
	return &finder{
		Options: o, goos: runtime.GOOS, goarch: runtime.GOARCH, pins: pinned, client: releaseClient(),
		out: newProgress(o.Log), probe: probe,
	}
}

// Ensure returns the path of a libonnxruntime that this process can load, and its version, e.g. "1.32.0". It may run for
// minutes when it has to fetch; processes that call it at the same time wait for the one that does. The error is a
// *NotFoundError unless a given Library is not usable, ctx ends, or the cache cannot be written.
func Ensure(ctx context.Context, o Options) (path, version string, err error) {
	return newFinder(o).ensure(ctx)
}

func (f *finder) ensure(ctx context.Context) (path, version string, err error) {
	if f.Library != "" {
		path, version, err := f.explicit()
		if err != nil {
			return "", "", fmt.Errorf("use ONNX Runtime library %s: %w", f.Library, err)
		}
		return path, version, nil
	}
	if f.Cache == "" {
		return "", "", errors.New("find ONNX Runtime: no cache folder given")
	}
	if path, version := f.cached(); path != "" {
		return path, version, nil
	}
	if path, version := f.installed(); path != "" {
		f.out.printf("Using ONNX Runtime %s: %s", version, path)
		return path, version, nil
	}
	if err := os.MkdirAll(f.Cache, 0o755); err != nil {
		return "", "", fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return "", "", err
	}
	defer unlock()
	if path, version := f.cached(); path != "" { // another process brought it meanwhile
		return path, version, nil
	}
	return f.bring(ctx)
}

// bring tries the sources one after the other. The cache is locked.
func (f *finder) bring(ctx context.Context) (path, version string, err error) {
	f.removeStale()
	for _, s := range f.sources() {
		path, version, err := f.try(ctx, s)
		if err == nil {
			f.out.printf("ONNX Runtime %s from %s: %s", version, s.name, path)
			return path, version, nil
		}
		if ctx.Err() != nil {
			return "", "", fmt.Errorf("fetch ONNX Runtime from %s: %w", s.name, context.Cause(ctx))
		}
		f.failed(s.name, err)
		if !errors.Is(err, errSkipped) {
			f.out.printf("%s did not serve: %v", s.name, err)
		}
	}
	return "", "", &NotFoundError{Platform: f.goos + "/" + f.goarch, Attempts: f.attempts}
}

// try lets a source put a library into a scratch folder, checks it, and moves it into the cache.
func (f *finder) try(ctx context.Context, s source) (path, version string, err error) {
	scratch, err := os.MkdirTemp(f.Cache, scratchPrefix)
	if err != nil {
		return "", "", fmt.Errorf("make scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	got, err := s.get(ctx, scratch)
	if err != nil {
		return "", "", err
	}
	return f.store(got, s.name)
}

func (f *finder) explicit() (path, version string, err error) {
	info, err := os.Stat(f.Library)
	if err != nil {
		return "", "", err
	}
	if !info.IsDir() {
		version, err := f.check(f.Library)
		return f.Library, version, err
	}
	path, version = f.best([]string{f.Library})
	if path == "" {
		if n := len(f.attempts); n > 0 {
			return "", "", f.attempts[n-1].Err
		}
		return "", "", errors.New("the folder has no libonnxruntime")
	}
	return path, version, nil
}

func (f *finder) failed(source string, err error) {
	f.attempts = append(f.attempts, Attempt{Source: source, Err: err})
}
