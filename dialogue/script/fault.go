package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a script. What reads scripts reports all of them, joined with errors.Join.
type Fault struct {
	File   string `json:"file,omitempty"` // empty for a script edited at run time
	Line   int    `json:"line,omitempty"` // 1-based; 0 = not known
	Key    string `json:"key,omitempty"`  // of the script
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"` // what is wrong and what to do
}

func (f *Fault) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	} else if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if at := strings.TrimSpace(f.Key + " " + f.Field); at != "" {
		b.WriteString(at + ": ")
	}
	return b.String() + f.Reason
}

// FaultsOf returns the faults that err joins, nil if it has none.
func FaultsOf(err error) []*Fault {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		var all []*Fault
		for _, e := range many.Unwrap() {
			all = append(all, FaultsOf(e)...)
		}
		return all
	}
	var one *Fault
	if errors.As(err, &one) {
		return []*Fault{one}
	}
	return nil
}

// faults collects what is wrong with one file.
type faults struct {
	file string
	key  string // of the script being read
	all  []*Fault
}

func (f *faults) addf(line int, field, format string, args ...any) {
	f.all = append(f.all, &Fault{File: f.file, Line: line, Key: f.key, Field: field, Reason: fmt.Sprintf(format, args...)})
}

// err joins the faults in the order of lines.
func (f *faults) err() error {
	slices.SortStableFunc(f.all, func(a, b *Fault) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	errs := make([]error, len(f.all))
	for i, one := range f.all {
		errs[i] = one
	}
	return errors.Join(errs...)
}
