// Package corpus reads utterances that people have labelled with intents, entities and emotion, checks and writes them.
//
// Rasa NLU YAML is the notation of this project's own data, see data/README.md; [Formats] lists the others, docs/data.md shows them.
// [Read] chooses by the file's name and first record, [ReadWith] by [ReadOptions], [ReadDir] takes a folder of YAML. All readers
// are strict: an unknown key, a span that does not fit or a label that contradicts itself is a [Fault] with file and line, and all
// faults of all files come back together, so that one run is enough to repair a corpus. [WriteRasa] and [WriteJSONL] write.
//
// A corpus says nothing about which labels exist: that is the [Taxonomy], and [Validate] compares the two. [Check] compares the
// examples with each other and with sets that are held out: duplicates, contradictions, leaks, thin classes.
package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Example is one labelled utterance.
type Example struct {
	Text        string         // as the customer wrote it, never empty
	Intents     []string       // in the order they are said; empty = out of scope (when HasIntents)
	HasIntents  bool           // whether the source labels intents at all
	Entities    []EntitySpan   // by position
	HasEntities bool           // whether the source marks entities; if so, what is not marked is not an entity
	Emotion     string         // e.g. "neutral"; empty = not labelled
	Lang        string         // "zh", "en"; empty = not known
	Tags        []string       // what is special about it, e.g. "typo", "negation"
	Metadata    map[string]any // whatever else the source says, as JSON values; may be nil
	Origin      string         // "file:line"
}

// OutOfScope tells whether the example is labelled, and with no intent.
func (eg *Example) OutOfScope() bool { return eg.HasIntents && len(eg.Intents) == 0 }

// EntitySpan is a marked part of an example's text.
type EntitySpan struct {
	Type       string // e.g. "order_id"
	Text       string // the surface: the example's text [Start, End)
	Start, End int    // half-open byte range
	Value      any    // what it stands for, as a JSON value; nil = not labelled
	Role       string // e.g. "old", "new"; empty = none
	Group      string // Rasa's group: entities that belong together; empty = none
}

// Synonym maps surface forms to one value.
type Synonym struct {
	Value  string
	Forms  []string
	Origin string
}

// List is a named list: the names of a lookup table, or the patterns of a regular expression feature.
type List struct {
	Name     string
	Elements []string
	Origin   string
}

// Corpus is what was read from one or several files, in order.
type Corpus struct {
	Examples []Example
	Synonyms []Synonym
	Lookups  []List // elements are names
	Regexes  []List // elements are patterns, as written: a note says which do not compile as RE2
	Notes    []string
}

// Fault is one thing wrong in a file. Readers return all faults joined; see [Faults].
type Fault struct {
	File  string
	Line  int // 1-based; 0 = the file as a whole
	Cause string
}

func (f *Fault) Error() string { return origin(f.File, f.Line) + ": " + f.Cause }

// Faults takes a reader's error apart.
func Faults(err error) []*Fault {
	if f, ok := err.(*Fault); ok {
		return []*Fault{f}
	}
	var out []*Fault
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			out = append(out, Faults(e)...)
		}
	} else if one := errors.Unwrap(err); one != nil {
		out = Faults(one)
	}
	return out
}

func origin(file string, line int) string {
	if line <= 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// source collects what one file holds.
type source struct {
	file   string
	lang   string // what the path says
	corpus Corpus
	faults []error
}

func newSource(file string) *source { return &source{file: file, lang: pathLang(file)} }

func (s *source) fault(line int, format string, args ...any) {
	s.faults = append(s.faults, &Fault{File: s.file, Line: line, Cause: fmt.Sprintf(format, args...)})
}

func (s *source) note(line int, format string, args ...any) {
	s.corpus.Notes = append(s.corpus.Notes, origin(s.file, line)+": "+fmt.Sprintf(format, args...))
}

// add appends an example of the given line; its entities are put in order.
func (s *source) add(eg Example, line int) {
	eg.Origin = origin(s.file, line)
	if eg.Lang == "" {
		eg.Lang = s.lang
	}
	slices.SortStableFunc(eg.Entities, func(a, b EntitySpan) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	s.corpus.Examples = append(s.corpus.Examples, eg)
}

// result returns what was read or all faults, those of the file as a whole first, then by line.
func (s *source) result() (*Corpus, error) {
	if len(s.faults) > 0 {
		slices.SortStableFunc(s.faults, func(a, b error) int { return cmp.Compare(a.(*Fault).Line, b.(*Fault).Line) })
		return nil, errors.Join(s.faults...)
	}
	return &s.corpus, nil
}

// merge appends what another file holds.
func (c *Corpus) merge(o *Corpus) {
	c.Examples = append(c.Examples, o.Examples...)
	c.Synonyms = append(c.Synonyms, o.Synonyms...)
	c.Lookups = append(c.Lookups, o.Lookups...)
	c.Regexes = append(c.Regexes, o.Regexes...)
	c.Notes = append(c.Notes, o.Notes...)
}

// noneLabels are the names under which sources put what no intent fits, in lower case.
var noneLabels = []string{"", "oos", "out_of_scope", "nlu_fallback", "null", "none"}

func isNone(label string) bool { return slices.Contains(noneLabels, strings.ToLower(label)) }

// intents cleans a list of labels: names for "none" disappear, contradictions are told.
func intents(labels []string) (out []string, cause string) {
	none := 0
	for _, l := range labels {
		l = strings.TrimSpace(l)
		switch {
		case isNone(l):
			none++
		case slices.Contains(out, l):
			return nil, fmt.Sprintf("intent %q is there twice", l)
		default:
			out = append(out, l)
		}
	}
	if none > 0 && len(out) > 0 {
		return nil, fmt.Sprintf("%q is out of scope and has an intent at the same time", strings.Join(labels, "+"))
	}
	return out, ""
}

// splitLabel takes "a+b" apart. A label with an empty part, such as "c++", is one label.
func splitLabel(label string) []string {
	parts := strings.Split(label, "+")
	if slices.ContainsFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" }) {
		return []string{label}
	}
	return parts
}
