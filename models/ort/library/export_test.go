package library

import (
	"context"
	"io"
	"net/http"
	"runtime"
)

// Exported for tests.
var (
	CompareVersions = compareVersions
	VersionOf       = versionOf
	LastLines       = lastLines
	UnzipOne        = unzipOne
	UntarOne        = untarOne
	ReleaseClient   = releaseClient
	NewProgress     = newProgress
)

// World replaces what Ensure talks to. The packages' libraries have the same file names as the published ones.
type World struct {
	Root     string // the system's folders are in here
	Releases string // address of the release archives
	Client   *http.Client
	SHA256   string // of the library in the wheel and the npm package
}

// Names of files in the packages that tests make.
const (
	ArchiveName = "onnxruntime-test-1.32.0"
	WheelFile   = "onnxruntime/capi/libonnxruntime.test"
	NodeFile    = "package/bin/libonnxruntime.test"
	ModuleFile  = "test_data/onnxruntime.test"
)

// EnsureIn is Ensure in another world.
func EnsureIn(ctx context.Context, o Options, w World) (path, version string, err error) {
	f := newFinder(o)
	f.root = w.Root
	if w.Client != nil {
		f.client = w.Client
	}
	a := artefact{sha256: w.SHA256, version: "1.32.0", bytes: 1000}
	wheel, node, module := a, a, a
	wheel.file, node.file, module.file = WheelFile, NodeFile, ModuleFile
	f.pins = pins{
		version: "1.32.0", nodeVersion: "1.30.0", goModule: "example.org/module@v1.0.0", releases: w.Releases, minBytes: 1000,
		platforms: map[string]platform{
			runtime.GOOS + "/" + runtime.GOARCH: {archive: ArchiveName, wheelTag: "any", uvTag: "any", wheel: wheel, node: node, module: module},
		},
	}
	return f.ensure(ctx)
}

// EnsureOn is Ensure on a platform that this machine is not.
func EnsureOn(ctx context.Context, o Options, goos, goarch, root string) (path, version string, err error) {
	f := newFinder(o)
	f.goos, f.goarch, f.root = goos, goarch, root
	return f.ensure(ctx)
}

// Bar is the progress of a download.
type Bar struct{ b *bar }

// Bar starts one.
func (p *progress) Bar(label string, total int64) Bar { return Bar{p.bar(label, total)} }

// Set and End move it.
func (b Bar) Set(done int64) { b.b.set(done) }
func (b Bar) End()           { b.b.end() }

// NewTerminalProgress writes to w as if it were a terminal.
func NewTerminalProgress(w io.Writer) *progress {
	p := newProgress(w)
	p.terminal = true
	return p
}
