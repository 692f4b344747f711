package library

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// systemDirs are where packages and people install shared libraries, the more deliberate places first.
var systemDirs = map[string][]string{
	"linux": {
		"/usr/local/lib", "/usr/local/lib64", "/opt/onnxruntime/lib", "/usr/local/onnxruntime/lib",
		"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64", "/lib",
		"/home/linuxbrew/.linuxbrew/lib",
	},
	"darwin": {"/opt/homebrew/lib", "/opt/homebrew/opt/onnxruntime/lib", "/usr/local/lib", "/usr/local/opt/onnxruntime/lib", "/opt/local/lib"},
}

// installed returns the best library in the folders given and the system's, where it stays.
func (f *finder) installed() (path, version string) {
	dirs := slices.Clone(f.Dirs)
	for _, dir := range append(slices.Clone(systemDirs[f.goos]), f.loaderDirs("/etc/ld.so.conf", 0)...) {
		dirs = append(dirs, filepath.Join(f.root, dir))
	}
	return f.best(dirs)
}

// loaderDirs reads the folders that the system's loader is configured to search.
func (f *finder) loaderDirs(conf string, depth int) []string {
	data, err := os.ReadFile(filepath.Join(f.root, conf))
	if err != nil || depth > 4 { // absent on most systems that are not glibc
		return nil
	}
	var dirs []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && filepath.IsAbs(fields[0]):
			dirs = append(dirs, fields[0])
		case len(fields) == 2 && fields[0] == "include":
			pattern := fields[1]
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(conf), pattern)
			}
			files, _ := filepath.Glob(filepath.Join(f.root, pattern)) // a bad pattern is the system's fault and matches nothing
			for _, file := range files {
				dirs = append(dirs, f.loaderDirs(strings.TrimPrefix(file, f.root), depth+1)...)
			}
		}
	}
	return dirs
}

// best returns the newest usable library in dirs; of equal ones, the one in the earlier folder. Why others are not usable goes
// to the list of attempts.
func (f *finder) best(dirs []string) (path, version string) {
	for _, file := range f.candidates(dirs) {
		v := versionOf(filepath.Base(file))
		if v != "" && !atLeast(v, MinVersion) {
			f.failed(file, tooOld(v)) // not worth loading
			continue
		}
		if path != "" && (v == "" || compareVersions(v, version) <= 0) {
			continue
		}
		v, err := f.check(file)
		if err != nil {
			f.failed(file, err)
			continue
		}
		path, version = file, v
	}
	return path, version
}

// candidates lists the libraries in dirs once each, links resolved: libonnxruntime.so is usually a link to the versioned file.
func (f *finder) candidates(dirs []string) []string {
	pattern := "libonnxruntime.so*"
	if f.goos == "darwin" {
		pattern = "libonnxruntime*.dylib"
	}
	var files []string
	for _, dir := range dirs {
		found, _ := filepath.Glob(filepath.Join(escapeGlob(dir), pattern)) // the pattern is well formed
		for _, file := range found {
			if strings.Contains(filepath.Base(file), "providers") { // loaded by the library itself
				continue
			}
			real, err := filepath.EvalSymlinks(file)
			if err == nil && !slices.Contains(files, real) {
				files = append(files, real)
			}
		}
	}
	slices.SortStableFunc(files, func(a, b string) int {
		return compareVersions(versionOf(filepath.Base(b)), versionOf(filepath.Base(a)))
	})
	return files
}

// pythonDirs prints the folders where Python keeps packages. It runs with -I so that nothing in the working folder is imported.
const pythonDirs = `import json,site,sysconfig
d=[sysconfig.get_path("purelib"),sysconfig.get_path("platlib"),site.getusersitepackages()]
print(json.dumps(d+getattr(site,"getsitepackages",list)()))`

// fromPython takes the library of an installed Python package. It is copied: virtual environments come and go.
func (f *finder) fromPython(ctx context.Context, _ string) (delivery, error) {
	python, err := lookPath("python3", "python")
	if err != nil {
		return delivery{}, err
	}
	out, err := f.run(ctx, command{args: []string{python, "-I", "-c", pythonDirs}})
	if err != nil {
		return delivery{}, err
	}
	var dirs []string
	if err := json.Unmarshal([]byte(out), &dirs); err != nil {
		return delivery{}, fmt.Errorf("%s did not tell its folders: %w", python, err)
	}
	for i := range dirs {
		dirs[i] = filepath.Join(dirs[i], "onnxruntime", "capi")
	}
	before := len(f.attempts)
	path, version := f.best(dirs)
	if path != "" {
		return delivery{path: path, version: version}, nil
	}
	err = fmt.Errorf("%w: %s has no onnxruntime installed", errSkipped, python)
	if len(f.attempts) > before {
		err = fmt.Errorf("%w: %s has no onnxruntime that is new enough", errSkipped, python)
	}
	return delivery{}, err
}
