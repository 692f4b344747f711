package library

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	scratchPrefix = ".onnxruntime-new-"
	recordName    = "library.json"
)

// record stands beside a library in the cache. Its hash is checked each time the library is used.
type record struct {
	Version string    `json:"version"`
	Source  string    `json:"source"`
	File    string    `json:"file"`
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	Added   time.Time `json:"added"`
}

// cached returns the newest library in the cache that is what its record says.
func (f *finder) cached() (path, version string) {
	dirs, _ := filepath.Glob(filepath.Join(escapeGlob(f.Cache), "onnxruntime-*-"+f.goos+"-"+f.goarch)) // the pattern is well formed
	var best record
	for _, dir := range dirs {
		r, err := readRecord(dir)
		if err == nil && atLeast(r.Version, MinVersion) && (path == "" || compareVersions(r.Version, best.Version) > 0) {
			if err = r.verify(dir); err == nil {
				best, path = r, filepath.Join(dir, r.File)
			}
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			f.out.printf("Ignoring %s: %v", dir, err)
		}
	}
	return path, best.Version
}

func readRecord(dir string) (record, error) {
	var r record
	data, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read %s: %w", recordName, err)
	}
	if r.File == "" || filepath.Base(r.File) != r.File {
		return r, fmt.Errorf("%s names the file %q", recordName, r.File)
	}
	return r, nil
}

func (r record) verify(dir string) error {
	path := filepath.Join(dir, r.File)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() != r.Size {
		return fmt.Errorf("%s has %d bytes, not %d", r.File, info.Size(), r.Size)
	}
	sum, err := hashFile(path)
	if err != nil {
		return err
	}
	if sum != r.SHA256 {
		return fmt.Errorf("the SHA-256 of %s is not the recorded one", r.File)
	}
	return nil
}

// store checks what a source delivered and makes it the cache's. A folder of the cache is whole or absent.
func (f *finder) store(got delivery, source string) (path, version string, err error) {
	sum, err := hashFile(got.path)
	if err != nil {
		return "", "", fmt.Errorf("hash library: %w", err)
	}
	if got.sha256 != "" && sum != got.sha256 {
		return "", "", fmt.Errorf("the library's SHA-256 is %s, expected %s: it is damaged or not the published one", sum, got.sha256)
	}
	info, err := os.Stat(got.path)
	if err != nil {
		return "", "", err
	}
	if info.Size() < f.pins.minBytes {
		return "", "", fmt.Errorf("the library has only %d bytes", info.Size())
	}
	if version, err = f.check(got.path); err != nil {
		return "", "", err
	}
	if got.version != "" && version != got.version {
		return "", "", fmt.Errorf("the library says it is version %s, expected %s", version, got.version)
	}
	r := record{Version: version, Source: source, File: fileName(f.goos), Size: info.Size(), SHA256: sum, Added: time.Now().UTC()}
	path, err = f.install(got.path, r)
	return path, version, err
}

func (f *finder) install(from string, r record) (string, error) {
	scratch, err := os.MkdirTemp(f.Cache, scratchPrefix)
	if err != nil {
		return "", fmt.Errorf("make scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(f.Cache, fmt.Sprintf("onnxruntime-%s-%s-%s", r.Version, f.goos, f.goarch))
	err = errors.Join(os.Chmod(scratch, 0o755), copyFile(from, filepath.Join(scratch, r.File)),
		os.WriteFile(filepath.Join(scratch, recordName), append(data, '\n'), 0o644))
	if err != nil {
		return "", fmt.Errorf("write library: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil { // it was there and not valid, or cached would have found it
		return "", fmt.Errorf("replace library: %w", err)
	}
	if err := os.Rename(scratch, dir); err != nil {
		return "", fmt.Errorf("store library: %w", err)
	}
	return filepath.Join(dir, r.File), nil
}

// removeStale clears what killed processes left. The cache is locked, so no living one owns it.
func (f *finder) removeStale() {
	dirs, _ := filepath.Glob(filepath.Join(escapeGlob(f.Cache), scratchPrefix+"*")) // the pattern is well formed
	for _, dir := range dirs {
		_ = os.RemoveAll(dir) // a leftover does no harm
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func hashFile(path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func escapeGlob(path string) string {
	var b []byte
	for _, c := range []byte(path) {
		if slices.Contains([]byte(`*?[\`), c) {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}
