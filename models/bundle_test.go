package models_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
)

func TestOpenFolder(t *testing.T) {
	flip := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string // "" = good
	}{
		{"OK", func(t *testing.T, dir string) {}, ""},
		{"ErrBitFlip", func(t *testing.T, dir string) {
			mustWriteFile(t, flip(mustReadFile(t, dir, "model.onnx")), dir, "model.onnx")
		}, "SHA-256"},
		{"ErrTokenizerChanged", func(t *testing.T, dir string) {
			mustWriteFile(t, flip(mustReadFile(t, dir, "tokenizer.json")), dir, "tokenizer.json")
		}, "SHA-256"},
		{"ErrCardChanged", func(t *testing.T, dir string) { mustWriteFile(t, []byte("# TINY\n"), dir, "card.md") }, "SHA-256"},
		{"ErrTruncated", func(t *testing.T, dir string) {
			data := mustReadFile(t, dir, "model.onnx")
			mustWriteFile(t, data[:len(data)-7], dir, "model.onnx")
		}, "incomplete"},
		{"ErrGrown", func(t *testing.T, dir string) {
			mustWriteFile(t, append(mustReadFile(t, dir, "model.onnx"), 0), dir, "model.onnx")
		}, "larger"},
		{"ErrMissing", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "tokenizer.json")) }, "cannot be opened"},
		{"ErrExtra", func(t *testing.T, dir string) { mustWriteFile(t, []byte("x"), dir, "run.sh") }, "not listed"},
		{"ErrExtraDeep", func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o755); err != nil {
				t.Fatal(err)
			}
			mustWriteFile(t, []byte("x"), dir, "a/b/c")
		}, "not listed"},
		{"ErrMany", func(t *testing.T, dir string) {
			mustManifest(t, dir, func(m *models.Manifest) {
				for i := range models.MaxBundleFiles {
					name := fmt.Sprintf("x%02d", i)
					m.Files[name] = m.Files["card.md"]
					mustWriteFile(t, []byte("# tiny\n"), dir, name)
				}
			})
		}, "more than 64 files"},
		{"ErrLink", func(t *testing.T, dir string) {
			outside := filepath.Join(t.TempDir(), "model.onnx")
			mustWriteFile(t, mustReadFile(t, dir, "model.onnx"), outside)
			mustLink(t, outside, filepath.Join(dir, "model.onnx"))
		}, "link"},
		{"ErrLinkInside", func(t *testing.T, dir string) {
			mustLink(t, "model.onnx", filepath.Join(dir, "card.md"))
		}, "link"},
		{"ErrManifestLink", func(t *testing.T, dir string) {
			outside := filepath.Join(t.TempDir(), "m.json")
			mustWriteFile(t, mustReadFile(t, dir, models.ManifestName), outside)
			mustLink(t, outside, filepath.Join(dir, models.ManifestName))
		}, ""}, // see below: any error will do
		{"ErrFileIsFolder", func(t *testing.T, dir string) {
			if err := errors.Join(os.Remove(filepath.Join(dir, "card.md")), os.Mkdir(filepath.Join(dir, "card.md"), 0o755)); err != nil {
				t.Fatal(err)
			}
		}, "regular file"},
		{"ErrManifestChanged", func(t *testing.T, dir string) {
			data := mustReadFile(t, dir, models.ManifestName)
			mustWriteFile(t, bytes.Replace(data, []byte(`"max_oos": 0.9`), []byte(`"max_oos": 0.8`), 1), dir, models.ManifestName)
		}, "changed after it was built"},
		{"ErrManifestMissing", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, models.ManifestName)) }, "cannot be opened"},
		{"ErrManifestHuge", func(t *testing.T, dir string) {
			mustWriteFile(t, make([]byte, 9<<20), dir, models.ManifestName)
		}, "larger"},
		{"ErrListedAbsolute", func(t *testing.T, dir string) {
			mustManifest(t, dir, func(m *models.Manifest) { m.Files["/etc/passwd"] = m.Files["card.md"] })
		}, "clean relative path"},
		{"ErrListedUp", func(t *testing.T, dir string) {
			mustManifest(t, dir, func(m *models.Manifest) { m.Files["../../etc/passwd"] = m.Files["card.md"] })
		}, "clean relative path"},
		{"ErrTokenizer", func(t *testing.T, dir string) {
			b := testenv.MustTiny(t, testenv.Tiny{})
			b.Tokenizer = []byte(`{"model":{"type":"BPE"}}`)
			path, err := b.Write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			mustReplace(t, path, dir)
		}, "tokenizer cannot be used"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := mustFolder(t)
			tt.spoil(t, dir)
			b, err := models.OpenPath(dir)
			switch {
			case tt.name == "ErrManifestLink":
				if err == nil {
					t.Error("a manifest outside the folder was read")
				}
			case tt.want != "":
				wantInvalid(t, err, tt.want)
			case err != nil:
				t.Error(err)
			case len(b.Model) == 0 || len(b.Tokenizer) == 0 || b.Card != "# tiny\n" || b.Source != dir:
				t.Errorf("read %d bytes of model, %d of tokenizer, card %q from %s", len(b.Model), len(b.Tokenizer), b.Card, b.Source)
			}
		})
	}
}

func TestOpenPath(t *testing.T) {
	if _, err := models.OpenPath(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, models.ErrInvalidBundle) {
		t.Errorf("absent: %v", err)
	}
	_, err := models.OpenPath(t.TempDir())
	wantInvalid(t, err, "cannot be opened")
	text := filepath.Join(t.TempDir(), "x.zip")
	mustWriteFile(t, []byte("hello"), text)
	_, err = models.OpenPath(text)
	wantInvalid(t, err, "neither a folder nor a zip")
}

func mustLink(tb testing.TB, to, from string) {
	tb.Helper()
	if err := errors.Join(os.Remove(from), os.Symlink(to, from)); err != nil {
		tb.Skip("no symbolic links here: ", err)
	}
}

// mustReplace puts the files of one folder into another.
func mustReplace(tb testing.TB, from, to string) {
	tb.Helper()
	for _, name := range []string{models.ManifestName, "model.onnx", "tokenizer.json", "card.md"} {
		mustWriteFile(tb, mustReadFile(tb, from, name), to, name)
	}
}

// entry is a file for mustZip.
type entry struct {
	name string
	data []byte
	mode fs.FileMode
}

func mustZip(tb testing.TB, entries ...entry) string {
	tb.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
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
	path := filepath.Join(tb.TempDir(), "bundle.zip")
	mustWriteFile(tb, buf.Bytes(), path)
	return path
}

func TestOpenArchive(t *testing.T) {
	dir := mustFolder(t)
	var good []entry
	for _, name := range []string{models.ManifestName, "model.onnx", "tokenizer.json", "card.md"} {
		good = append(good, entry{name: name, data: mustReadFile(t, dir, name)})
	}
	with := func(more ...entry) string { return mustZip(t, append(append([]entry(nil), good...), more...)...) }
	many := make([]entry, models.MaxBundleFiles)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	tests := []struct{ name, path, want string }{
		{"OK", with(), ""},
		{"ErrExtra", with(entry{name: "evil.so", data: []byte("x")}), "not listed"},
		{"ErrTwice", with(good[1]), "twice"},
		{"ErrTwiceByCase", with(entry{name: "MODEL.onnx", data: good[1].data}), "twice"},
		{"ErrUp", with(entry{name: "../../evil", data: []byte("x")}), "clean relative path"},
		{"ErrShadow", with(entry{name: "../model.onnx", data: []byte("x")}), "clean relative path"},
		{"ErrAbsolute", with(entry{name: "/etc/passwd", data: []byte("x")}), "clean relative path"},
		{"ErrBackslash", with(entry{name: `..\evil`, data: []byte("x")}), "clean relative path"},
		{"ErrLink", with(entry{name: "link", data: []byte("/etc/passwd"), mode: fs.ModeSymlink | 0o777}), "link"},
		{"ErrDevice", with(entry{name: "dev", mode: fs.ModeDevice | 0o666}), "link or device"},
		{"ErrBomb", with(entry{name: "zeros", data: make([]byte, 8<<20)}), "not plausible"},
		{"ErrMany", with(many...), "at most 64"},
		{"ErrNoManifest", mustZip(t, good[1:]...), "cannot be opened"},
		{"ErrInFolder", mustZip(t, entry{name: "tiny/" + models.ManifestName, data: good[0].data}), "cannot be opened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := models.OpenPath(tt.path)
			switch {
			case tt.want != "":
				wantInvalid(t, err, tt.want)
			case err != nil:
				t.Error(err)
			case !bytes.Equal(b.Model, good[1].data):
				t.Error("the model is not the one packed")
			}
		})
	}
}

// TestOpenLyingArchive: the sizes in the archive's directory are claims. Neither too large nor too small ones do harm.
func TestOpenLyingArchive(t *testing.T) {
	dir := mustFolder(t)
	model := mustReadFile(t, dir, "model.onnx")
	path := mustZip(t, entry{name: models.ManifestName, data: mustReadFile(t, dir, models.ManifestName)}, entry{name: "model.onnx", data: model},
		entry{name: "tokenizer.json", data: mustReadFile(t, dir, "tokenizer.json")}, entry{name: "card.md", data: []byte("# tiny\n")})
	good := mustReadFile(t, path)
	at := bytes.LastIndex(good, []byte("model.onnx")) - 46 + 24 // uncompressed size in the central directory
	for _, size := range []uint32{0, 1, uint32(len(model)) - 1, uint32(len(model)) + 1, 1 << 31, 1<<32 - 2} {
		data := bytes.Clone(good)
		binary.LittleEndian.PutUint32(data[at:], size)
		mustWriteFile(t, data, path)
		_, err := models.OpenPath(path)
		wantInvalid(t, err, "model.onnx")
	}
}

func FuzzOpenArchive(f *testing.F) {
	dir := mustFolder(f)
	var entries []entry
	for _, name := range []string{models.ManifestName, "model.onnx", "tokenizer.json", "card.md"} {
		entries = append(entries, entry{name: name, data: mustReadFile(f, dir, name)})
	}
	f.Add(mustReadFile(f, mustZip(f, entries...)))
	f.Add(mustReadFile(f, mustZip(f, append(entries, entry{name: "../x"})...)))
	path := filepath.Join(f.TempDir(), "x.zip")
	f.Fuzz(func(t *testing.T, data []byte) {
		mustWriteFile(t, data, path)
		if b, err := models.OpenPath(path); err == nil && b.Manifest.ID == "" {
			t.Error("a bundle without an id")
		} else if err != nil && !errors.Is(err, models.ErrInvalidBundle) {
			t.Errorf("another kind of error: %v", err)
		}
	})
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	b := testenv.MustTiny(t, testenv.Tiny{})
	path, err := b.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(path) != string(b.Manifest.ID) {
		t.Errorf("%s is the folder of %s", path, b.Manifest.ID)
	}
	info, err := os.Stat(filepath.Join(path, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	again := testenv.MustTiny(t, testenv.Tiny{})
	if p, err := again.Write(dir); err != nil || p != path || again.Manifest.ID != b.Manifest.ID {
		t.Errorf("again: %s, %v", p, err)
	}
	if i, err := os.Stat(filepath.Join(path, "model.onnx")); err != nil || !os.SameFile(i, info) {
		t.Error("the second Write replaced the files of the first")
	}
	mustWriteFile(t, []byte("damaged"), path, "model.onnx")
	if p, err := again.Write(dir); err != nil || p != path {
		t.Errorf("over a damaged one: %s, %v", p, err)
	}
	if _, err := models.OpenPath(path); err != nil {
		t.Errorf("the damaged one is still there: %v", err)
	}
	bad := testenv.MustTiny(t, testenv.Tiny{})
	bad.Manifest.Heads = nil
	if _, err := bad.Write(dir); err == nil {
		t.Error("a bundle without heads was written")
	}
	// A full disk, here a file where a folder should be, leaves nothing half-written behind.
	half := testenv.MustTiny(t, testenv.Tiny{Version: "2"})
	half.Manifest.Model.File = "card.md/model.onnx"
	if _, err := half.Write(dir); err == nil {
		t.Error("a bundle whose files collide was written")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}

// TestWriteTogether: several writers of the same bundle all succeed, and what is there is whole.
func TestWriteTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			b := testenv.MustTiny(t, testenv.Tiny{})
			path, err := b.Write(dir)
			if err == nil {
				_, err = models.OpenPath(path)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}
