package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// document walks one JSON document and knows in which line it is. What does not fit is a fault, and the walk goes on behind it.
type document struct {
	*source
	data []byte
	dec  *json.Decoder
	at   int // bytes whose line breaks are counted
	line int
}

// openDocument checks that data is one JSON value; nil when it is not, with the fault told.
func (s *source) openDocument(data []byte) *document {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		line := 0
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			line = 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
		}
		s.fault(line, "not JSON: %v", err)
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return &document{source: s, data: data, dec: dec, line: 1}
}

// next returns the first byte of the next value and its line.
func (d *document) next() (first byte, line int) {
	to := int(d.dec.InputOffset())
	for to < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[to]) >= 0 {
		to++
	}
	d.line += bytes.Count(d.data[d.at:to], []byte("\n"))
	d.at = to
	if to == len(d.data) {
		return 0, d.line
	}
	return d.data[to], d.line
}

// object calls member for each member of the object that comes next; member must read the value, with value, object, array or skip.
func (d *document) object(what string, member func(key string, line int)) {
	first, line := d.next()
	if first != '{' {
		d.fault(line, "%s must be an object", what)
		d.skip()
		return
	}
	d.token()
	seen := map[string]bool{}
	for d.dec.More() {
		_, line := d.next()
		key := fmt.Sprint(d.token())
		if seen[key] {
			d.fault(line, "%s: key %q is there twice", what, key)
			d.skip()
			continue
		}
		seen[key] = true
		member(key, line)
	}
	d.token()
}

// array calls element for each element of the array that comes next; element must read it.
func (d *document) array(what string, element func(line int)) {
	first, line := d.next()
	if first != '[' {
		d.fault(line, "%s must be a list", what)
		d.skip()
		return
	}
	d.token()
	for d.dec.More() {
		_, line := d.next()
		element(line)
	}
	d.token()
}

// value reads the next value into v, strictly. It tells whether the value fits.
func (d *document) value(what string, v any) bool {
	_, line := d.next()
	if err := d.dec.Decode(v); err != nil {
		d.fault(line, "%s: %s", what, strings.TrimPrefix(err.Error(), "json: "))
		return false
	}
	return true
}

// skip leaves the next value out.
func (d *document) skip() {
	var raw json.RawMessage
	if err := d.dec.Decode(&raw); err != nil {
		panic(fmt.Sprintf("corpus: JSON that was valid before: %v", err))
	}
}

// token reads a bracket or a key; the document was checked as a whole, so there is one.
func (d *document) token() json.Token {
	t, err := d.dec.Token()
	if err != nil {
		panic(fmt.Sprintf("corpus: JSON that was valid before: %v", err))
	}
	return t
}
