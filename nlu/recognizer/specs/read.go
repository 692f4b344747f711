package specs

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// maxFile is the size that a specification may have when unpacked.
const maxFile = 64 << 20

// Read reads all specifications under dir, in the order of their paths. Files with another extension (licences) are passed over; a JSON file
// at another depth than <Domain>/<Language>/<Model>, a folder without any, and a file that cannot be read are errors that name the file.
func Read(dir string) ([]Case, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("specs: %s is not a folder", dir)
	}
	var cases []Case
	fsys := os.DirFS(dir)
	err = fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		base, ok := strings.CutSuffix(strings.TrimSuffix(file, ".gz"), ".json")
		if !ok {
			return nil
		}
		parts := strings.Split(base, "/")
		if len(parts) != 3 {
			return fmt.Errorf("%s: not at <Domain>/<Language>/<Model>.json", file)
		}
		cs, err := readFile(fsys, file, Name{parts[0], parts[1], parts[2]})
		cases = append(cases, cs...)
		return err
	})
	if err == nil && len(cases) == 0 {
		err = errors.New("no case in it")
	}
	if err != nil {
		return nil, fmt.Errorf("specs: %s: %w", dir, err)
	}
	return cases, nil
}

// entry is a case as it stands in a file.
type entry struct {
	Input   *string
	Context struct{ ReferenceDateTime string }
	Results []outcome
}

// outcome is a result as it stands in a file. Extractors and parsers say Type, Length and Value where models say TypeName, End and Resolution.
type outcome struct {
	Text               string
	TypeName, Type     string // JSON matches names whatever their case: a few results say Typename
	Start, End, Length *int
	Resolution, Value  map[string]any
}

func readFile(fsys fs.FS, file string, name Name) ([]Case, error) {
	data, err := readPacked(fsys, file)
	if err != nil {
		return nil, err
	}
	var entries []entry
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", file, jsonError(data, err))
	}
	cases := make([]Case, 0, len(entries))
	for i, e := range entries {
		c, err := e.parse(name, i)
		if err != nil {
			return nil, fmt.Errorf("%s: case %d: %w", file, i, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func readPacked(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if path.Ext(file) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("more than %d MB", maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, nil
}

// jsonError adds the line to what encoding/json says.
func jsonError(data []byte, err error) error {
	offset := int64(-1)
	if s := (*json.SyntaxError)(nil); errors.As(err, &s) {
		offset = s.Offset
	}
	if u := (*json.UnmarshalTypeError)(nil); errors.As(err, &u) {
		offset = u.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:offset], []byte("\n")), err)
}

func (e *entry) parse(name Name, index int) (Case, error) {
	c := Case{Name: name, Index: index, Reference: DefaultReference}
	if e.Input == nil {
		return c, errors.New("no Input")
	}
	c.Input = *e.Input
	if s := e.Context.ReferenceDateTime; s != "" {
		t, err := parseReference(s)
		if err != nil {
			return c, err
		}
		c.Reference = t
	}
	for _, o := range e.Results {
		r := Result{Text: o.Text, Type: first(o.TypeName, o.Type), Value: o.Resolution}
		if r.Value == nil {
			r.Value = o.Value
		}
		switch {
		case o.Start == nil:
		case o.End != nil: // inclusive
			r.Start, r.End, r.Spanned = *o.Start, *o.End+1, true
		case o.Length != nil:
			r.Start, r.End, r.Spanned = *o.Start, *o.Start+*o.Length, true
		}
		c.Results = append(c.Results, r)
	}
	return c, nil
}

// parseReference reads "2016-11-07T16:12:00", with fractions of a second and an offset from UTC where given. The wall clock counts, not the
// zone: expected values are in the zone of the reference.
func parseReference(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("ReferenceDateTime %q is no time", s)
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
