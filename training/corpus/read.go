package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Read reads a file, by its extension: .yml and .yaml as Rasa NLU, .jsonl, .csv, .tsv. A folder is read with [ReadDir].
// A path with a folder or file name zh or en (data/zh/orders.yml, dev/en.jsonl) gives the language of examples that do not name theirs.
func Read(path string) (*Corpus, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if info.IsDir() {
		return ReadDir(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".yml", ".yaml":
		return ReadRasa(path, data)
	case ".jsonl", ".ndjson":
		return ReadJSONL(path, data)
	case ".csv":
		return ReadCSV(path, data)
	case ".tsv":
		return ReadTSV(path, data)
	default:
		return nil, &Fault{File: path, Cause: fmt.Sprintf("extension %q is not known; a corpus is .yml, .yaml, .jsonl, .csv or .tsv", ext)}
	}
}

// ReadDir reads every .yml and .yaml below dir as Rasa NLU, in the order of their names. Names that start with a dot are skipped.
func ReadDir(dir string) (*Corpus, error) {
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
		if ext := strings.ToLower(filepath.Ext(path)); d.IsDir() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		files++
		one, err := Read(path)
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
