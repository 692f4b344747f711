package specs

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
)

// MaxAside is the share of the cases that may be set aside.
const MaxAside = 0.05

//go:embed aside.yaml
var asideYAML []byte

// Aside lists cases that do not count, each with the reason. The nil list is empty.
type Aside struct{ reasons map[asideKey]string }

type asideKey struct {
	Name
	input     string
	reference time.Time // zero = whatever it is
}

// asideEntry is a case in the file. Cases that differ in nothing but the model share an entry.
type asideEntry struct {
	Suite     string   `yaml:"suite"`
	Language  string   `yaml:"language"`
	Models    []string `yaml:"models"`
	Input     string   `yaml:"input"`
	Reference string   `yaml:"reference"`
	Reason    string   `yaml:"reason"`
}

// DefaultAside is the list for the specifications of Recognizers-Text.
func DefaultAside() (*Aside, error) { return ParseAside("aside.yaml", asideYAML) }

// ParseAside reads a list; file is its name for errors. Every entry needs all fields but reference, which tells cases of the same input apart.
func ParseAside(file string, data []byte) (*Aside, error) {
	var entries []asideEntry
	if err := yaml.UnmarshalWithOptions(data, &entries, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("specs: %s: %s", file, yaml.FormatError(err, false, true))
	}
	a := &Aside{reasons: map[asideKey]string{}}
	var errs []error
	for i, e := range entries {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("specs: %s: entry %d (%q): %s", file, i, e.Input, fmt.Sprintf(format, args...)))
		}
		if e.Suite == "" || e.Language == "" || len(e.Models) == 0 || e.Input == "" || e.Reason == "" {
			fail("suite, language, models, input and reason are needed")
			continue
		}
		var ref time.Time
		if e.Reference != "" {
			t, err := parseReference(e.Reference)
			if err != nil {
				fail("%v", err)
				continue
			}
			ref = t
		}
		for _, m := range e.Models {
			key := asideKey{Name{e.Suite, e.Language, m}, e.Input, ref}
			if a.reasons[key] != "" {
				fail("twice")
			}
			a.reasons[key] = e.Reason
		}
	}
	return a, errors.Join(errs...)
}

// Reason says why a case is set aside; empty = it is not.
func (a *Aside) Reason(c *Case) string {
	if a == nil {
		return ""
	}
	return first(a.reasons[asideKey{c.Name, c.Input, c.Reference}], a.reasons[asideKey{c.Name, c.Input, time.Time{}}])
}

// Len is the number of cases on the list.
func (a *Aside) Len() int { return len(a.reasons) }

// Unknown lists the entries that fit none of the cases: a misspelt input, or a case that its suite no longer has.
func (a *Aside) Unknown(cases []Case) []string {
	seen := map[asideKey]bool{}
	for _, c := range cases {
		seen[asideKey{c.Name, c.Input, c.Reference}], seen[asideKey{c.Name, c.Input, time.Time{}}] = true, true
	}
	var unknown []string
	for key := range a.reasons {
		if !seen[key] {
			unknown = append(unknown, fmt.Sprintf("%s %q", key.Name, key.input))
		}
	}
	return unknown
}
