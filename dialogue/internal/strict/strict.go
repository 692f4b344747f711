// Package strict reads YAML files that people write: unknown fields are refused, and everything that is wrong is reported at once, each
// fault with file, line, field and what to do.
//
// A reader decodes into a struct with [Decode], checks the values, and reports what is wrong with [File.Addf] by the path of the field; the
// line comes from the file. [File.Err] joins the faults.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Fault is one thing that is wrong in a file.
type Fault struct {
	File   string
	Line   int    // 0 = the whole file
	Field  string // e.g. "kinds.reminder.expire"; empty = the whole file
	Reason string // what is wrong and what to write instead
}

func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if f.Field != "" {
		b.WriteString(": " + f.Field)
	}
	return b.String() + ": " + f.Reason
}

// Place returns the parts of the fault, for those who cannot name the type: the server shows them one by one.
func (f *Fault) Place() (file string, line int, field, reason string) {
	return f.File, f.Line, f.Field, f.Reason
}

// File is a file that was decoded, with the faults found so far.
type File struct {
	name   string
	root   *yaml.Node
	faults []error
}

// Decode reads data into v, a pointer to a struct with yaml tags. The file it returns already knows what could not be decoded; v holds the
// rest, so that its values can be checked too.
func Decode(name string, data []byte, v any) *File {
	f := &File{name: name}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		f.fault(lineOf(err.Error()), "", "this is not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
		return f
	}
	if len(doc.Content) == 0 {
		f.fault(0, "", "the file is empty")
		return f
	}
	f.root = doc.Content[0]
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(v)
	var types *yaml.TypeError
	switch {
	case errors.As(err, &types):
		for _, e := range types.Errors {
			f.fault(lineOf(e), "", plain(e))
		}
	case err != nil && !errors.Is(err, io.EOF):
		f.fault(lineOf(err.Error()), "", plain(err.Error()))
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		f.fault(0, "", "holds more than one document; only the first would be read: remove the line ---")
	}
	return f
}

// Addf reports a fault at the field that path leads to, a mix of keys (string) and positions in lists (int). Where the path ends before it
// leads to a value, as with a missing field, the line is that of the nearest value above.
// Of a file that cannot be read at all nothing more is said than that.
func (f *File) Addf(path []any, format string, args ...any) {
	n := f.root
	if n == nil {
		return
	}
	line := n.Line
	for _, p := range path {
		at, next := child(n, p)
		if next == nil {
			break
		}
		n, line = next, at
	}
	f.fault(line, Field(path), fmt.Sprintf(format, args...))
}

// Err returns all faults joined, nil when there are none. Each is a *Fault.
func (f *File) Err() error { return errors.Join(f.faults...) }

// OK tells whether nothing is wrong so far.
func (f *File) OK() bool { return len(f.faults) == 0 }

// Path builds a path.
func Path(parts ...any) []any { return parts }

// Field writes a path as people read it, e.g. products[3].id.
func Field(path []any) string {
	var b strings.Builder
	for _, p := range path {
		switch p := p.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", p)
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(p)
		}
	}
	return b.String()
}

func (f *File) fault(line int, field, reason string) {
	f.faults = append(f.faults, &Fault{File: f.name, Line: line, Field: field, Reason: reason})
}

// child returns the value under a key or at a position, and the line to point to: the key's own where there is one.
func child(n *yaml.Node, p any) (int, *yaml.Node) {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return 0, nil
	}
	switch p := p.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && p >= 0 && p < len(n.Content) {
			return n.Content[p].Line, n.Content[p]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == p {
				return n.Content[i].Line, n.Content[i+1]
			}
		}
	}
	return 0, nil
}

var (
	lineMark = regexp.MustCompile(`line (\d+)`)
	goType   = regexp.MustCompile(` in type \S+$`)
)

func lineOf(text string) int {
	if m := lineMark.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil {
			return n
		}
	}
	return 0
}

// plain takes the line, which the fault has, and Go's names, which say nothing to the writer of a file, out of a message of the decoder.
func plain(text string) string {
	if i := strings.Index(text, ": "); i > 0 && strings.HasPrefix(text, "line ") {
		text = text[i+2:]
	}
	if strings.Contains(text, " not found") {
		return goType.ReplaceAllString(text, "") + "; check the spelling or remove it"
	}
	return text
}

// Duration is a span of time in a file: what time.ParseDuration reads, and days ("3d") and weeks ("2w") of 24 and 168 hours.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := ParseDuration(n.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %v", n.Line, err)}}
	}
	*d = Duration(v)
	return nil
}

// Std returns d as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

var dayForm = regexp.MustCompile(`^(\d{1,5})([dw])(.*)$`)

// ParseDuration reads "90d", "2w", "1d12h", "30m" and the like; never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest, days := s, 0
	for {
		m := dayForm.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, fmt.Errorf("%q is no span of time", s)
		}
		if m[2] == "w" {
			n *= 7
		}
		if days += n; days > 36_500 {
			return 0, fmt.Errorf("%q is more than a hundred years", s)
		}
		rest = m[3]
	}
	var d time.Duration
	if rest != "" || s == "" {
		var err error
		if d, err = time.ParseDuration(rest); err != nil || d < 0 {
			return 0, fmt.Errorf("%q is no span of time; write e.g. 90s, 30m, 36h, 7d or 2w", s)
		}
	}
	return time.Duration(days)*24*time.Hour + d, nil
}
