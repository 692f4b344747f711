package corpus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxUnpacked is how large a gzipped file may become: corpora are far smaller, and a crafted file must not fill the memory.
const maxUnpacked = 1 << 30

// Read reads a file of any [Format], told by its extension and first record; a file whose name ends in .gz is unpacked first.
// A folder is read with [ReadDir]. A path with a folder or file name zh or en (data/zh/orders.yml, dev/en.jsonl) gives the language
// of examples that do not name theirs.
func Read(path string) (*Corpus, error) { return ReadWith(path, ReadOptions{}) }

// ReadWith reads a file or folder as o says; in a folder, o.Format applies to the YAML files that [ReadDir] finds.
func ReadWith(path string, o ReadOptions) (*Corpus, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if info.IsDir() {
		return readDir(path, o)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		if data, err = unpack(data); err != nil {
			return nil, &Fault{File: path, Cause: "not gzip: " + err.Error()}
		}
	}
	return Parse(path, data, o)
}

// unpack reads a gzipped file's content.
func unpack(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	switch {
	case err != nil:
		return nil, err
	case len(out) > maxUnpacked:
		return nil, fmt.Errorf("more than %d MB when unpacked", maxUnpacked>>20)
	}
	return out, z.Close()
}

// ReadDir reads every .yml and .yaml below dir, gzipped or not, as Rasa NLU, in the order of their names. Names that start with a
// dot are skipped.
func ReadDir(dir string) (*Corpus, error) { return readDir(dir, ReadOptions{}) }

func readDir(dir string, o ReadOptions) (*Corpus, error) {
	c, files := &Corpus{}, 0
	var faults []error
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz")); d.IsDir() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		files++
		one, err := ReadWith(path, o)
		if err != nil {
			faults = append(faults, err)
			return nil
		}
		c.merge(one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if files == 0 {
		return nil, &Fault{File: dir, Cause: "no .yml or .yaml file in the folder"}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// clean drops a byte order mark and refuses what is not UTF-8.
func (s *source) clean(data []byte) ([]byte, bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if utf8.Valid(data) {
		return data, true
	}
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	s.fault(1+bytes.Count(data[:at], []byte("\n")), "not UTF-8 (byte 0x%02x); save the file as UTF-8", data[at])
	return nil, false
}

// pathLang returns zh or en where the file's name or the folder nearest to it says so.
func pathLang(path string) string {
	parts := strings.Split(filepath.ToSlash(path), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		name, _, _ := strings.Cut(strings.ToLower(parts[i]), ".")
		if name == "zh" || name == "en" {
			return name
		}
	}
	return ""
}
