package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rawNumber reads a number by the grammar of RFC 8259.
func (r *jsonReader) rawNumber() []byte {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	if r.peek() == '0' {
		r.pos++
	} else {
		r.digits()
	}
	if r.peek() == '.' {
		r.pos++
		r.digits()
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		r.digits()
	}
	return r.data[start:r.pos]
}

func (r *jsonReader) digits() {
	start := r.pos
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.pos++
	}
	if r.pos == start {
		r.syntax("a digit")
	}
}

// skip reads any value and forgets it. The depth was bounded before.
func (r *jsonReader) skip() {
	r.space()
	if r.fault != nil {
		return
	}
	switch c := r.peek(); {
	case c == '{':
		r.pos++
		for first := true; r.more('}', first); first = false {
			if r.space(); r.peek() != '"' {
				r.syntax("a field name in double quotes")
				return
			}
			r.rawString()
			r.space()
			r.expect(':', "':' after the field name")
			r.skip()
		}
	case c == '[':
		r.pos++
		for first := true; r.more(']', first); first = false {
			r.skip()
		}
	case c == '"':
		r.rawString()
	case c == '-' || '0' <= c && c <= '9':
		r.rawNumber()
	case r.literal("true"), r.literal("false"), r.literal("null"):
	default:
		r.syntax("a value")
	}
}

func (r *jsonReader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end. A NUL in the body is no token either, so the two need not be told apart.
func (r *jsonReader) peek() byte {
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

func (r *jsonReader) expect(c byte, what string) bool {
	if r.fault != nil {
		return false
	}
	if r.peek() != c {
		r.syntax(what)
		return false
	}
	r.pos++
	return true
}

func (r *jsonReader) literal(word string) bool {
	if len(r.data)-r.pos < len(word) || string(r.data[r.pos:r.pos+len(word)]) != word {
		return false
	}
	r.pos += len(word)
	return true
}

// syntax reports a fault of the JSON itself.
func (r *jsonReader) syntax(want string) {
	if r.fault != nil {
		return
	}
	got := "the body ends"
	if r.pos < len(r.data) {
		c, _ := utf8.DecodeRune(r.data[r.pos:])
		got = "there is " + strconv.QuoteRune(c)
	}
	r.fault = newFault(CodeInvalidJSON, "The body is not valid JSON: at byte %d %s where %s was expected.", r.pos, got, want)
}

// fail reports a fault of the value at the current path.
func (r *jsonReader) fail(code Code, format string, args ...any) {
	if r.fault == nil {
		r.fault = fieldFault(code, r.field(), format, args...)
	}
}

func (r *jsonReader) unknown(name string, known []string) {
	parent := r.field()
	r.path = append(r.path, step{name: clip(name)})
	where := "there"
	if parent != "body" {
		where = "in " + parent
	}
	hint := ""
	for _, k := range known {
		if strings.EqualFold(k, strings.ReplaceAll(strings.ReplaceAll(name, "-", "_"), " ", "_")) {
			hint = fmt.Sprintf(" (did you mean %s?)", k)
		}
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	r.fail(CodeUnknownField, "is not a field%s; allowed %s are %s", hint, where, strings.Join(sorted, ", "))
}

// field words the current path, e.g. "utterances[3].text".
func (r *jsonReader) field() string {
	var b strings.Builder
	for _, s := range r.path {
		switch {
		case s.name == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case b.Len() > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	if b.Len() == 0 {
		return "body"
	}
	return b.String()
}

// clip makes a name from the request fit for a message.
func clip(name string) string {
	q := quote(name)
	if q == `"`+name+`"` && name != "" {
		return name
	}
	return q
}
