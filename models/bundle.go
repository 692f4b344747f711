package models

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits on what a bundle may contain. They keep a hostile archive from filling memory.
const (
	MaxBundleFiles = 64
	MaxBundleBytes = 4 << 30
	maxRatio       = 100 // unpacked to packed size of an archive's entry
	maxManifest    = 8 << 20
)

// Bundle is a verified artefact in memory. It is immutable.
type Bundle struct {
	Manifest  *Manifest
	Model     []byte // ONNX
	Tokenizer []byte // tokenizer.json
	Card      string // card.md, may be empty
	Source    string // where it was read from, for people
}

// OpenPath reads and verifies the bundle at path: a folder with a manifest, a .zip archive of one, or a folder in the layout
// of Hugging Face (config.json, tokenizer.json and model.onnx or onnx/model.onnx) with a classification head.
// Errors match ErrInvalidBundle unless the path cannot be read.
func OpenPath(path string) (*Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	if !info.IsDir() {
		return openArchive(path)
	}
	root, err := os.OpenRoot(path) // symbolic links cannot lead outside
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	defer root.Close()
	fsys := root.FS()
	if _, err := fs.Stat(fsys, ManifestName); errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(fsys, "config.json"); err == nil {
			return openHuggingFace(fsys, path)
		}
	}
	return Open(fsys, path)
}

func openArchive(path string) (*Bundle, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, &BundleError{Reason: path + " is neither a folder nor a zip archive", Err: err}
	}
	defer z.Close()
	if len(z.File) > MaxBundleFiles {
		return nil, invalid("", "archive has %d entries, at most %d are allowed", len(z.File), MaxBundleFiles)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		key := strings.ToLower(f.Name)
		switch {
		case !fs.ValidPath(strings.TrimSuffix(f.Name, "/")) || strings.Contains(f.Name, `\`): // archive/zip would strip the dots and go on
			return nil, invalid(f.Name, "archive entry is not a clean relative path")
		case !f.Mode().IsRegular() && !f.Mode().IsDir():
			return nil, invalid(f.Name, "archive entry is a link or device")
		case seen[key]:
			return nil, invalid(f.Name, "archive has the entry twice")
		case f.UncompressedSize64 > MaxBundleBytes, f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio:
			return nil, invalid(f.Name, "archive entry unpacks to %d bytes, which is not plausible", f.UncompressedSize64)
		}
		seen[key] = true
	}
	return Open(z, path)
}

// Open reads and verifies the bundle in fsys. source is named in messages.
func Open(fsys fs.FS, source string) (*Bundle, error) {
	data, err := readLimited(fsys, ManifestName, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, err
	}
	if id, err := manifestID(data); err != nil || id != m.ID {
		return nil, invalid(ManifestName, "id is %q but the content hashes to %q: it was changed after it was built", m.ID, id)
	}
	if err := checkExtra(fsys, m); err != nil {
		return nil, err
	}
	b := &Bundle{Manifest: m, Source: source}
	for name, f := range m.Files {
		data, err := readFile(fsys, name, f)
		if err != nil {
			return nil, err
		}
		switch name {
		case m.Model.File:
			b.Model = data
		case m.Tokenizer.File:
			b.Tokenizer = data
		case "card.md":
			b.Card = string(data)
		}
	}
	return b, verify(b)
}

// checkExtra refuses files that the manifest does not list: nobody has vouched for them.
func checkExtra(fsys fs.FS, m *Manifest) error {
	n := 0
	return fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return &BundleError{File: p, Reason: "cannot be read", Err: err}
		}
		if d.IsDir() {
			return nil
		}
		if n++; n > MaxBundleFiles {
			return invalid("", "more than %d files", MaxBundleFiles)
		}
		if !d.Type().IsRegular() {
			return invalid(p, "is a link or device")
		}
		if _, ok := m.Files[p]; !ok && p != ManifestName {
			return invalid(p, "is not listed in the manifest")
		}
		return nil
	})
}

func readFile(fsys fs.FS, name string, want File) ([]byte, error) {
	data, err := readLimited(fsys, name, min(want.Size, MaxBundleBytes))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != want.Size {
		return nil, invalid(name, "has %d bytes, the manifest says %d: the file is damaged or incomplete", len(data), want.Size)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want.SHA256 {
		return nil, invalid(name, "SHA-256 does not match the manifest: the file is damaged or was changed")
	}
	return data, nil
}

func readLimited(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, &BundleError{File: name, Reason: "cannot be opened", Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, invalid(name, "is not a regular file")
	}
	if info.Size() > limit {
		return nil, invalid(name, "is larger than the %d bytes allowed or listed", limit)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, &BundleError{File: name, Reason: "ends early", Err: err}
	}
	return data, nil
}

// Write stores the bundle's files as a new folder dir/ID and returns its path. The folder appears whole or not at all.
// It completes the manifest's Files and ID.
// Where the bundle is already, nothing is written; where it is damaged, it is replaced.
func (b *Bundle) Write(dir string) (string, error) {
	m := *b.Manifest
	files := map[string][]byte{m.Model.File: b.Model, m.Tokenizer.File: b.Tokenizer}
	if b.Card != "" {
		files["card.md"] = []byte(b.Card)
	}
	m.Files = map[string]File{}
	for name, data := range files {
		sum := sha256.Sum256(data)
		m.Files[name] = File{Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	}
	var err error
	if m.ID, err = m.ComputeID(); err != nil {
		return "", err
	}
	if err := m.validate(); err != nil {
		return "", err
	}
	if files[ManifestName], err = json.MarshalIndent(&m, "", "  "); err != nil {
		return "", fmt.Errorf("write bundle: %w", err)
	}
	path := filepath.Join(dir, string(m.ID))
	if sound(path, m.ID) {
		*b.Manifest = m
		return path, nil // the id is the content: it is there already
	}
	if err := writeFolder(dir, m.ID, files); err != nil {
		return "", fmt.Errorf("write bundle %s: %w", m.ID, err)
	}
	*b.Manifest = m
	return path, nil
}

// sound tells whether the folder holds that bundle, undamaged.
func sound(path string, id BundleID) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	b, err := OpenPath(path)
	return err == nil && b.Manifest.ID == id
}

// writeFolder puts the files into the folder dir/id, in place of a damaged one that may be there.
func writeFolder(dir string, id BundleID, files map[string][]byte) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp)
		}
	}()
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		file := filepath.Join(tmp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := writeSynced(file, data); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, string(id))
	if err := os.Rename(tmp, path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	if sound(path, id) { // another writer came first
		return os.RemoveAll(tmp)
	}
	old := tmp + ".old"
	if err := os.Rename(path, old); err != nil {
		return err
	}
	defer os.RemoveAll(old)
	return os.Rename(tmp, path)
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
