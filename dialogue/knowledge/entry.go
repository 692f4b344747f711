package knowledge

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/nlu"
)

// Bounds of an entry. They keep one entry from slowing all searches.
const (
	MaxQuestions     = 64
	MaxQuestionRunes = 500
	MaxAnswerRunes   = 8000
	MaxListed        = 32 // links, intents, tags each
	MaxNext          = 5  // entries offered after one
)

// Version is an entry as it is or was, with who wrote it.
type Version struct {
	dialogue.Entry
	Revision uint64    `json:"revision"` // to be given back when it is changed; 0 = not edited yet
	Time     time.Time `json:"time,omitzero"`
	By       string    `json:"by,omitempty"`
	Default  bool      `json:"default,omitempty"` // comes from the service pack, unchanged
	Deleted  bool      `json:"deleted,omitempty"`
}

// record is an entry and what searching needs of it. It is not changed once made.
type record struct {
	Version
	items      []item   // one a question
	vocabulary []uint64 // the terms of all of them, sorted, each once
}

func newRecord(v Version) *record {
	r := &record{Version: v, items: make([]item, len(v.Questions))}
	for i, q := range v.Questions {
		r.items[i] = analyse(q)
		for _, t := range r.items[i].terms {
			r.vocabulary = append(r.vocabulary, t.hash)
		}
	}
	slices.Sort(r.vocabulary)
	r.vocabulary = slices.Clip(slices.Compact(r.vocabulary))
	return r
}

// Validate tells everything that is wrong with an entry: the error joins a *[FieldError] for each fault. The language is filled in from
// the first question when it is missing.
func Validate(e *dialogue.Entry) error {
	var f fieldFaults
	if err := validID(e.ID); err != nil {
		f.add("id", "%v", err)
	}
	f.questions(e.Questions)
	f.text("answer", e.Answer, MaxAnswerRunes)
	if e.Lang == "" && len(e.Questions) > 0 {
		e.Lang = nlu.Detect(e.Questions[0])
	}
	if e.Lang != nlu.Chinese && e.Lang != nlu.English {
		f.add("lang", "is %q; known are zh and en", e.Lang)
	}
	for i, l := range e.Links {
		if err := validURL(l); err != nil {
			f.add(fmt.Sprintf("links[%d]", i), "%v", err)
		}
	}
	if e.Image != "" {
		if err := validURL(e.Image); err != nil {
			f.add("image", "%v", err)
		}
	}
	f.list("links", e.Links)
	f.list("intents", e.Intents)
	f.list("tags", e.Tags)
	f.next(e)
	return errors.Join(f...)
}

// fieldFaults collects what is wrong with an entry.
type fieldFaults []error

func (f *fieldFaults) add(field, format string, args ...any) {
	*f = append(*f, &FieldError{Field: field, Reason: fmt.Sprintf(format, args...)})
}

func (f *fieldFaults) questions(qs []string) {
	if len(qs) == 0 || len(qs) > MaxQuestions {
		f.add("questions", "%d questions; an entry has 1 to %d", len(qs), MaxQuestions)
	}
	for i, q := range qs {
		f.text(fmt.Sprintf("questions[%d]", i), q, MaxQuestionRunes)
	}
}

func (f *fieldFaults) text(field, s string, limit int) {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		f.add(field, "is not UTF-8")
	case strings.TrimSpace(s) == "":
		f.add(field, "is empty")
	case n > limit:
		f.add(field, "has %d characters, at most %d are allowed", n, limit)
	}
}

func (f *fieldFaults) list(field string, list []string) {
	if len(list) > MaxListed {
		f.add(field, "has %d values, at most %d are allowed", len(list), MaxListed)
	}
	if field != "links" && slices.Contains(list, "") { // an empty link is no URL, which has been said
		f.add(field, "has an empty value")
	}
}

func (f *fieldFaults) next(e *dialogue.Entry) {
	if len(e.Next) > MaxNext {
		f.add("next", "has %d entries, at most %d are offered", len(e.Next), MaxNext)
	}
	for i, id := range e.Next {
		at := fmt.Sprintf("next[%d]", i)
		if err := validID(id); err != nil {
			f.add(at, "is no id of an entry: %v", err)
		} else if id == e.ID {
			f.add(at, "is the entry itself")
		}
	}
}

// FieldError says what is wrong with a field of an entry.
type FieldError struct {
	Field  string // as in JSON, e.g. "questions[2]"
	Reason string
}

func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// validID checks that an id can be part of a document's name and of a URL.
func validID(id string) error {
	if id == "" || len(id) > 64 {
		return fmt.Errorf("has %d characters: want 1 to 64 of a–z, 0–9, dot, dash and underscore", len(id))
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_' {
			return fmt.Errorf("%q: %q is not one of a–z, 0–9, dot, dash and underscore", id, r)
		}
	}
	if id[0] == '.' || id[len(id)-1] == '.' || strings.Contains(id, "..") {
		return fmt.Errorf("%q: dots stand between other characters only", id)
	}
	return nil
}

func validURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", s)
	case u.Scheme == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"): // a path on the shop's own site
		return nil
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%q: want an address that begins with https://, http:// or /", s)
	}
	return nil
}
