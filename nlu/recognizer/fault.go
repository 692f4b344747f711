package recognizer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Fault is one thing wrong in a data file. Parse functions join all of them with errors.Join.
type Fault struct {
	File string // as given to the parse function
	At   string // which part of it, e.g. `rule "sf"`; may be empty
	Err  error
}

func (f *Fault) Error() string {
	if f.At == "" {
		return fmt.Sprintf("%s: %v", f.File, f.Err)
	}
	return fmt.Sprintf("%s: %s: %v", f.File, f.At, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// faults collects what is wrong with one file.
type faults struct {
	file string
	errs []error
}

func (f *faults) addf(at, format string, args ...any) { f.add(at, fmt.Errorf(format, args...)) }

func (f *faults) add(at string, err error) {
	f.errs = append(f.errs, &Fault{File: f.file, At: at, Err: err})
}

func (f *faults) err() error { return errors.Join(f.errs...) }

// decode reads YAML into v and refuses unknown fields.
func (f *faults) decode(data []byte, v any) bool {
	if err := yaml.UnmarshalWithOptions(data, v, yaml.Strict()); err != nil {
		f.add("", yamlError(err))
		return false
	}
	return true
}

// decodeNode reads a part of a file into v, so that a fault in one part does not hide those in the others.
func (f *faults) decodeNode(at string, node ast.Node, v any) bool {
	if err := yaml.NodeToValue(node, v, yaml.Strict()); err != nil {
		f.add(at, yamlError(err))
		return false
	}
	return true
}

// yamlError keeps the position and the message and drops the quoted source, which is for terminals.
func yamlError(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}
