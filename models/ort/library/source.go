package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// source is one way to get the library into a scratch folder. It returns an error that wraps errSkipped when it does not
// apply to this machine.
type source struct {
	name string
	get  func(ctx context.Context, scratch string) (delivery, error)
}

// delivery is a library file that a source got, and what it must turn out to be. Empty fields are not known.
type delivery struct {
	path    string
	sha256  string
	version string
}

// sources lists the ways to get the library, the cheapest and most certain first.
func (f *finder) sources() []source {
	list := []source{
		{"installed Python package", f.fromPython},
		{"Go module " + f.pins.goModule, f.fromModule},
	}
	remote := []source{
		{"release archive", f.fromRelease},
		{"Python wheel onnxruntime " + f.pins.version, f.fromWheel},
		{"npm package onnxruntime-node " + f.pins.nodeVersion, f.fromNode},
	}
	for _, s := range remote {
		if f.Offline {
			s.get = func(context.Context, string) (delivery, error) {
				return delivery{}, fmt.Errorf("%w: offline", errSkipped)
			}
		}
		list = append(list, s)
	}
	return list
}

func (f *finder) platform() platform { return f.pins.platforms[f.goos+"/"+f.goarch] }

func (f *finder) unpublished() error {
	return fmt.Errorf("%w: nothing is published for %s/%s", errSkipped, f.goos, f.goarch)
}

// fromModule takes the library that onnxruntime_go carries for its tests; Go checks the module against its checksum database.
func (f *finder) fromModule(ctx context.Context, scratch string) (delivery, error) {
	a := f.platform().module
	if a.file == "" {
		return delivery{}, f.unpublished()
	}
	goTool, err := lookPath("go")
	if err != nil {
		return delivery{}, err
	}
	env := []string{"GOWORK=off", "GOFLAGS=-mod=mod"}
	if f.Offline {
		env = append(env, "GOPROXY=off")
	}
	out, err := f.run(ctx, command{args: []string{goTool, "mod", "download", "-json", f.pins.goModule}, dir: scratch, env: env})
	if err != nil {
		return delivery{}, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &m); err != nil || m.Dir == "" {
		return delivery{}, fmt.Errorf("go did not tell where the module is: %s", strings.TrimSpace(out))
	}
	return delivery{path: filepath.Join(m.Dir, filepath.FromSlash(a.file)), sha256: a.sha256, version: a.version}, nil
}

// fromWheel takes the library out of the wheel, which is asked for by platform: any Python's pip can fetch it.
func (f *finder) fromWheel(ctx context.Context, scratch string) (delivery, error) {
	p := f.platform()
	if p.wheel.file == "" {
		return delivery{}, f.unpublished()
	}
	err := f.pipDownload(ctx, scratch, p)
	if err == nil {
		wheels, _ := filepath.Glob(filepath.Join(escapeGlob(scratch), "wheel", "*.whl")) // the pattern is well formed
		if len(wheels) != 1 {
			return delivery{}, fmt.Errorf("pip left %d wheels, want 1", len(wheels))
		}
		d := delivery{path: filepath.Join(scratch, fileName(f.goos)), sha256: p.wheel.sha256, version: p.wheel.version}
		return d, unzipOne(wheels[0], p.wheel.file, d.path)
	}
	uvErr := f.uvInstall(ctx, scratch, p)
	if uvErr != nil {
		return delivery{}, errors.Join(err, uvErr)
	}
	file := filepath.Join(scratch, "uv", filepath.FromSlash(p.wheel.file))
	return delivery{path: file, sha256: p.wheel.sha256, version: p.wheel.version}, nil
}

// pipDownload fetches the wheel with the first pip that runs; a pip that ran and failed speaks for all of them.
func (f *finder) pipDownload(ctx context.Context, scratch string, p platform) error {
	pip, err := f.pip(ctx, scratch)
	if err != nil {
		return err
	}
	_, err = f.run(ctx, command{
		args: append(pip, "download", "--quiet", "--no-input", "--disable-pip-version-check", "--timeout", "20", "--retries", "2",
			"--no-deps", "--only-binary=:all:", "--platform", p.wheelTag, "--python-version", "3.12", "--implementation", "cp",
			"--dest", filepath.Join(scratch, "wheel"), "onnxruntime=="+f.pins.version),
		env: []string{"TMPDIR=" + scratch}, watch: scratch, label: "onnxruntime wheel", total: p.wheel.bytes, limit: 15 * time.Minute,
	})
	return err
}

// pip returns the start of a command that runs pip. A Python without one usually carries one for its virtual environments.
func (f *finder) pip(ctx context.Context, scratch string) ([]string, error) {
	failure := fmt.Errorf("%w: no pip on PATH", errSkipped)
	for _, pip := range [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}} {
		tool, err := lookPath(pip[0])
		if err != nil {
			continue
		}
		call := append([]string{tool}, pip[1:]...)
		if _, err := f.run(ctx, command{args: append(call, "--version")}); err == nil {
			return call, nil
		}
		failure = fmt.Errorf("%w: %s does not run", errSkipped, strings.Join(pip, " "))
	}
	python, err := lookPath("python3")
	if err != nil {
		return nil, failure
	}
	venv := filepath.Join(scratch, "venv")
	if _, err := f.run(ctx, command{args: []string{python, "-m", "venv", venv}}); err != nil {
		return nil, fmt.Errorf("%w, nor can a virtual environment be made: %w", failure, err)
	}
	return []string{filepath.Join(venv, "bin", "python3"), "-m", "pip"}, nil
}

// uvInstall has uv unpack the wheel into a folder: it cannot download one.
func (f *finder) uvInstall(ctx context.Context, scratch string, p platform) error {
	uv, err := lookPath("uv")
	if err != nil {
		return err
	}
	_, err = f.run(ctx, command{
		args: []string{uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", "3.12",
			"--python-platform", p.uvTag, "--target", filepath.Join(scratch, "uv"), "onnxruntime==" + f.pins.version},
		dir: scratch, env: []string{"UV_CACHE_DIR=" + filepath.Join(scratch, "uv-cache")}, watch: scratch, label: "onnxruntime wheel (uv)",
		total: p.wheel.bytes, limit: 15 * time.Minute,
	})
	return err
}

// fromNode takes the library out of the npm package. It is the largest download (it carries all platforms) and so the last.
func (f *finder) fromNode(ctx context.Context, scratch string) (delivery, error) {
	a := f.platform().node
	if a.file == "" {
		return delivery{}, f.unpublished()
	}
	npm, err := lookPath("npm")
	if err != nil {
		return delivery{}, err
	}
	dest := filepath.Join(scratch, "npm")
	if err := os.Mkdir(dest, 0o755); err != nil {
		return delivery{}, err
	}
	// npm keeps what it fetches twice, in its cache and as the package, and its own cache cannot be watched: give it one here.
	_, err = f.run(ctx, command{
		args: []string{npm, "pack", "--silent", "--ignore-scripts", "--no-update-notifier", "--fetch-retries", "1",
			"--cache", filepath.Join(scratch, "npm-cache"), "--pack-destination", dest, "onnxruntime-node@" + f.pins.nodeVersion},
		dir: scratch, watch: scratch, label: "onnxruntime-node package", total: a.bytes, limit: 15 * time.Minute,
	})
	if err != nil {
		return delivery{}, err
	}
	packages, _ := filepath.Glob(filepath.Join(escapeGlob(dest), "*.tgz")) // the pattern is well formed
	if len(packages) != 1 {
		return delivery{}, fmt.Errorf("npm left %d packages, want 1", len(packages))
	}
	d := delivery{path: filepath.Join(scratch, fileName(f.goos)), sha256: a.sha256, version: a.version}
	return d, untarOne(packages[0], a.file, d.path)
}
