package knowledge

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing wrong in a file of entries. What reads files reports all of them, joined with errors.Join.
type Fault struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`  // 1-based; 0 = the file as a whole
	ID     string `json:"id,omitempty"`    // of the entry, where it has one
	Field  string `json:"field,omitempty"` // as in JSON, e.g. "questions[2]"
	Reason string `json:"reason"`          // what is wrong and what to do
}

func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if at := strings.TrimSpace(f.ID + " " + f.Field); at != "" {
		b.WriteString(at + ": ")
	}
	return b.String() + f.Reason
}

// maxFaults is how many faults of one file are told; a file in another format has one a line.
const maxFaults = 200

// faults collects those of one file.
type faults struct {
	file string
	all  []error
}

func (f *faults) add(line int, id, field, format string, args ...any) {
	switch {
	case len(f.all) < maxFaults:
		f.all = append(f.all, &Fault{File: f.file, Line: line, ID: id, Field: field, Reason: fmt.Sprintf(format, args...)})
	case len(f.all) == maxFaults:
		f.all = append(f.all, &Fault{File: f.file, Line: line, Reason: "there are more faults from here on"})
	}
}

// entry adds what Validate says.
func (f *faults) entry(d *Draft) {
	err := Validate(&d.Entry)
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return
	}
	for _, e := range many.Unwrap() {
		var field *FieldError
		if errors.As(e, &field) {
			f.add(d.Line, d.ID, field.Field, "%s", field.Reason)
		}
	}
}

func (f *faults) err() error { return errors.Join(f.all...) }
