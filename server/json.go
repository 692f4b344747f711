package server

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads a request body strictly and says exactly what is wrong and where. encoding/json is not used for requests because
// it replaces bad UTF-8 and lone surrogates by U+FFFD, keeps the last of two equal fields, ignores case in names, and loses array indexes in its errors.
// FuzzDecodeParse holds it against encoding/json.
//
// The first fault sticks: after it every method does nothing. null counts as "not given" for every field.
type jsonReader struct {
	data    []byte
	pos     int
	lenient bool // skip unknown fields: the dialects of others may send what we do not know
	path    []step
	fault   *fault
}

type step struct {
	name  string // a field, or
	index int    // an element of an array when name is empty
}

// newJSONReader checks what concerns the body as a whole: not empty, UTF-8, not too deep. The depth is checked before anything
// recurses.
func newJSONReader(data []byte, maxDepth int, lenient bool) *jsonReader {
	r := &jsonReader{data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), lenient: lenient}
	switch {
	case len(bytes.TrimSpace(r.data)) == 0:
		r.fault = newFault(CodeEmptyBody, `The body is empty: send a JSON object such as {"text": "…"}.`)
	case !utf8.Valid(r.data):
		r.fault = newFault(CodeNotUTF8, "The body is not UTF-8 at byte %d: encode it as UTF-8.", firstInvalid(r.data))
	default:
		if at := deeperThan(r.data, maxDepth); at >= 0 {
			r.fault = newFault(CodeTooDeep, "The JSON is nested deeper than %d levels at byte %d: flatten it.", maxDepth, at)
		}
	}
	return r
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// deeperThan returns where the nesting first exceeds limit, or −1. It needs no valid JSON.
func deeperThan(data []byte, limit int) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// finish checks that nothing follows the value, and returns the first fault.
func (r *jsonReader) finish() error {
	if r.space(); r.fault == nil && r.pos < len(r.data) {
		r.fault = newFault(CodeTrailingData, "The JSON value ends at byte %d but more follows: send one object a request.", r.pos)
	}
	if r.fault != nil {
		return r.fault
	}
	return nil
}

// object reads an object. field is called for each member whose name is among known, and must read its value.
func (r *jsonReader) object(known []string, field func(name string)) {
	if !r.begin('{', "an object") {
		return
	}
	seen := uint64(0) // by position in known; no object here has more than 64 fields
	for first := true; r.more('}', first); first = false {
		r.space()
		if r.peek() != '"' {
			r.syntax("a field name in double quotes")
			return
		}
		name := r.rawString()
		r.space()
		if !r.expect(':', "':' after the field name") {
			return
		}
		r.space()
		i := slices.Index(known, name)
		switch {
		case i < 0 && r.lenient:
			r.skip()
		case i < 0:
			r.unknown(name, known)
		case seen&(1<<i) != 0:
			r.path = append(r.path, step{name: name})
			r.fail(CodeDuplicateField, "is given twice in the same object: give it once")
		default:
			seen |= 1 << i
			r.path = append(r.path, step{name: known[i]})
			if !r.null() {
				field(known[i])
			}
			r.pop()
		}
		if r.fault != nil {
			return
		}
	}
}

// array reads an array; element must read one value.
func (r *jsonReader) array(element func(i int)) {
	if !r.begin('[', "an array") {
		return
	}
	for i := 0; r.more(']', i == 0); i++ {
		r.space()
		r.path = append(r.path, step{index: i})
		element(i)
		r.pop()
	}
}

func (r *jsonReader) pop() { // a fault keeps the path, it is being reported
	if r.fault == nil {
		r.path = r.path[:len(r.path)-1]
	}
}

func (r *jsonReader) begin(open byte, what string) bool {
	r.space()
	if r.fault != nil || !r.isType(open, what) {
		return false
	}
	r.pos++
	return true
}

// more tells whether another member follows, and reads the comma before it or the closing bracket.
func (r *jsonReader) more(end byte, first bool) bool {
	r.space()
	switch {
	case r.fault != nil:
		return false
	case r.peek() == end:
		r.pos++
		return false
	case first:
		return true
	case r.peek() != ',':
		r.syntax(fmt.Sprintf("',' or '%c'", end))
		return false
	}
	r.pos++
	if r.space(); r.peek() == end {
		r.syntax("a value after ','")
		return false
	}
	return true
}

// text reads a string.
func (r *jsonReader) text() string {
	if r.fault != nil || !r.isType('"', "a string") {
		return ""
	}
	return r.rawString()
}

// boolean reads true or false.
func (r *jsonReader) boolean() bool {
	switch {
	case r.fault != nil:
	case r.literal("true"):
		return true
	case r.literal("false"):
	case r.isType('t', "true or false"):
		r.syntax("a value")
	}
	return false
}

// null reads null if it is next.
func (r *jsonReader) null() bool { return r.fault == nil && r.literal("null") }

// number reads a number.
func (r *jsonReader) number() float64 {
	if r.fault != nil || !r.isType('0', "a number") {
		return 0
	}
	x, err := strconv.ParseFloat(string(r.rawNumber()), 64)
	if err != nil && r.fault == nil {
		r.fail(CodeWrongType, "must be a number that fits 64 bits")
	}
	return x
}

// integer reads a whole number; 5.0 is one. Numbers beyond any limit are kept at the limits of int32.
func (r *jsonReader) integer() int {
	x := r.number()
	if r.fault == nil && x != math.Trunc(x) {
		r.fail(CodeWrongType, "must be a whole number, got %v", x)
	}
	return int(max(math.MinInt32, min(math.MaxInt32, x)))
}

// isType checks the first byte of the value: '0' stands for any number, 't' for either boolean.
func (r *jsonReader) isType(want byte, what string) bool {
	c := r.peek()
	if c == want || want == '0' && (c == '-' || '0' <= c && c <= '9') {
		return true
	}
	got := ""
	switch {
	case c == '{':
		got = "an object"
	case c == '[':
		got = "an array"
	case c == '"':
		got = "a string"
	case c == '-' || '0' <= c && c <= '9':
		got = "a number"
	case r.literal("true"), r.literal("false"):
		got = "a boolean"
	case r.literal("null"):
		got = "null"
	default:
		r.syntax("a value")
		return false
	}
	r.fail(CodeWrongType, "must be %s, got %s", what, got)
	return false
}

// rawString reads a string whose opening quote is next.
func (r *jsonReader) rawString() string {
	r.pos++
	start := r.pos
	for ; r.pos < len(r.data); r.pos++ {
		switch c := r.data[r.pos]; {
		case c == '"':
			r.pos++
			return string(r.data[start : r.pos-1])
		case c == '\\':
			return r.escapedString(start)
		case c < ' ':
			r.syntax("an escape such as \\n instead of a control character")
			return ""
		}
	}
	r.syntax("'\"' at the end of the string")
	return ""
}

// escapedString goes on where rawString met the first escape.
func (r *jsonReader) escapedString(start int) string {
	out := append(make([]byte, 0, r.pos-start+64), r.data[start:r.pos]...)
	for r.pos < len(r.data) && r.fault == nil {
		c := r.data[r.pos]
		switch {
		case c == '"':
			r.pos++
			return string(out)
		case c == '\\':
			out = r.escape(out)
		case c < ' ':
			r.syntax("an escape such as \\n instead of a control character")
		default:
			out = append(out, c)
			r.pos++
		}
	}
	r.syntax("'\"' at the end of the string")
	return ""
}

func (r *jsonReader) escape(out []byte) []byte {
	r.pos++
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if r.peek() == 'u' {
		return r.unicodeEscape(out)
	}
	i := strings.IndexByte(from, r.peek())
	if i < 0 || r.pos >= len(r.data) {
		r.syntax(`one of " \ / b f n r t u after '\'`)
		return out
	}
	r.pos++
	return append(out, to[i])
}

// unicodeEscape reads uXXXX, and the low half when it is the high half of a surrogate pair.
func (r *jsonReader) unicodeEscape(out []byte) []byte {
	at := r.pos - 1
	c := r.hex4()
	if utf16.IsSurrogate(c) && r.fault == nil {
		first := c
		if c = utf8.RuneError; first < 0xdc00 && bytes.HasPrefix(r.data[r.pos:], []byte(`\u`)) {
			r.pos++
			c = utf16.DecodeRune(first, r.hex4())
		}
		if c == utf8.RuneError && r.fault == nil {
			r.fault = newFault(CodeNotUTF8, `The escape \u%04x at byte %d is half of a surrogate pair and stands for no character: send both halves, or the character itself in UTF-8.`, first, at)
		}
	}
	return utf8.AppendRune(out, c)
}

// hex4 reads the u and four hexadecimal digits.
func (r *jsonReader) hex4() rune {
	r.pos++
	if r.pos+4 > len(r.data) {
		r.pos = len(r.data)
		r.syntax("four hexadecimal digits after \\u")
		return 0
	}
	c := rune(0)
	for _, d := range r.data[r.pos : r.pos+4] {
		switch {
		case '0' <= d && d <= '9':
			c = c<<4 | rune(d-'0')
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			c = c<<4 | rune(d|0x20-'a'+10)
		default:
			r.syntax("four hexadecimal digits after \\u")
			return 0
		}
		r.pos++
	}
	return c
}
