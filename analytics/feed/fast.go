package feed

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/analytics"
	"yingda/dialogue"
)

// fastReader makes rows of lines with a turn in the form in which the log writes them: no white space, the fields in the order of the types, no null
// but for lists. It is many times as fast as encoding/json and making rows of what that reads. What it is not sure of it leaves to them, so that it
// can refuse nothing, and whatever it accepts becomes the rows that they would have made of it.
//
// Texts are parts of the line's, lists and numbers parts of larger ones.
type fastReader struct {
	s   string
	at  int
	bad bool // not sure

	texts   []string  // that lists are parts of
	numbers []float64 // that pointers point to
	names   map[dialogue.ScriptRef]string
}

// How many texts and numbers are allocated at once, and how many texts a line most often has at most.
const (
	slab     = 4096
	lineList = 64
)

// line adds the rows of a line. ok: it was sure; if not, it has added nothing.
func (r *fastReader) line(text string, rows *analytics.Rows) (ok bool) {
	r.s, r.at, r.bad = text, 0, false
	if cap(r.texts)-len(r.texts) < lineList {
		r.texts = make([]string, 0, slab)
	}
	turns, exposures := len(rows.Turns), len(rows.Exposures)
	r.need(`{"seq":`)
	seq := r.whole(18)
	r.need(`,"event":`)
	r.event(seq, rows)
	r.need("}")
	if r.bad || r.at != len(r.s) {
		rows.Turns, rows.Exposures = rows.Turns[:turns], rows.Exposures[:exposures]
		return false
	}
	return true
}

// giveUp makes everything that follows fail.
func (r *fastReader) giveUp() { r.bad, r.at = true, len(r.s) }

// lit moves past s if it is next.
func (r *fastReader) lit(s string) bool {
	if !strings.HasPrefix(r.s[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

func (r *fastReader) need(s string) {
	if !r.lit(s) {
		r.giveUp()
	}
}

// field moves past a key of the object that is being read, if it is next. No value ends with an opening brace.
func (r *fastReader) field(key string) bool {
	at := r.at
	if at == 0 || at >= len(r.s) {
		return false
	}
	if r.s[at-1] != '{' {
		if r.s[at] != ',' {
			return false
		}
		at++
	}
	if !strings.HasPrefix(r.s[at:], key) {
		return false
	}
	r.at = at + len(key)
	return true
}

// text reads a field that is a string.
func (r *fastReader) text(key string, to *string) {
	if r.field(key) {
		*to = r.str()
	}
}

// pass reads a field that is a string and of which no row is made.
func (r *fastReader) pass(key string) {
	if r.field(key) {
		r.str()
	}
}

func (r *fastReader) number(key string, to *float64) {
	if r.field(key) {
		*to = r.float()
	}
}

// keep returns a place with that number.
func (r *fastReader) keep(v float64) *float64 {
	if len(r.numbers) == cap(r.numbers) {
		r.numbers = make([]float64, 0, slab)
	}
	r.numbers = append(r.numbers, v)
	return &r.numbers[len(r.numbers)-1]
}

func (r *fastReader) time(key string, to *time.Time) {
	if !r.field(key) || r.lit(`"0001-01-01T00:00:00Z"`) {
		return
	}
	if end := strings.IndexByte(r.s[min(r.at+1, len(r.s)):], '"'); r.lit(`"`) && end >= 0 {
		if to.UnmarshalText([]byte(r.s[r.at:r.at+end])) == nil {
			r.at += end + 1
			return
		}
	}
	r.giveUp()
}

// What a byte of a string makes necessary.
const (
	escape = 1 << iota
	control
	wide
)

var classes = func() (c [256]byte) {
	for i := range c {
		switch {
		case i == '\\':
			c[i] = escape
		case i < ' ':
			c[i] = control
		case i >= utf8.RuneSelf:
			c[i] = wide
		}
	}
	return c
}()

func classOf(s string) (all byte) {
	for i := 0; i < len(s); i++ {
		all |= classes[s[i]]
	}
	return all
}

// str reads a string.
func (r *fastReader) str() string {
	if !r.lit(`"`) {
		r.giveUp()
		return ""
	}
	end := strings.IndexByte(r.s[r.at:], '"')
	if end < 0 {
		r.giveUp()
		return ""
	}
	s := r.s[r.at : r.at+end]
	class := classOf(s)
	if class&escape != 0 {
		i := strings.IndexByte(s, '\\')
		if classOf(s[:i])&control == 0 {
			return r.escaped(r.at + i)
		}
	}
	if class&(escape|control) != 0 || class == wide && !utf8.ValidString(s) {
		r.giveUp()
		return ""
	}
	r.at += end + 1
	return s
}

// escaped reads the rest of a string whose first escape is at i.
func (r *fastReader) escaped(i int) string {
	out := append(make([]byte, 0, i-r.at+64), r.s[r.at:i]...)
	for ; i < len(r.s); i++ {
		c := r.s[i]
		switch {
		case c == '"':
			if !utf8.Valid(out) {
				r.giveUp()
				return ""
			}
			r.at = i + 1
			return string(out)
		case c < ' ':
			r.giveUp()
			return ""
		case c != '\\':
			out = append(out, c)
			continue
		}
		next, used := unescape(r.s[i+1:])
		if used == 0 {
			r.giveUp()
			return ""
		}
		out = utf8.AppendRune(out, next)
		i += used
	}
	r.giveUp()
	return ""
}

// unescape returns what an escape stands for and its length after the backslash; 0 for half of a pair and for what is none.
func unescape(s string) (rune, int) {
	if s == "" {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[0]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 1
	}
	if s[0] != 'u' || len(s) < 5 {
		return 0, 0
	}
	n := rune(0)
	for _, c := range []byte(s[1:5]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, 0
		}
		n = n<<4 | rune(c)
	}
	if 0xD800 <= n && n < 0xE000 {
		return 0, 0
	}
	return n, 5
}

// digits returns where the digits that begin at i end.
func (r *fastReader) digits(i int) int {
	for i < len(r.s) && '0' <= r.s[i] && r.s[i] <= '9' {
		i++
	}
	return i
}

// whole reads a number without sign, fraction and exponent, of at most limit digits; 18 fit into an int64.
func (r *fastReader) whole(limit int) int64 {
	end := r.digits(r.at)
	n := end - r.at
	if n == 0 || n > limit || n > 1 && r.s[r.at] == '0' || end < len(r.s) && strings.IndexByte(".eE", r.s[end]) >= 0 {
		r.giveUp()
		return 0
	}
	v := int64(0)
	for ; r.at < end; r.at++ {
		v = v*10 + int64(r.s[r.at]-'0')
	}
	return v
}

// float reads a number.
func (r *fastReader) float() float64 {
	i := r.at
	if i < len(r.s) && r.s[i] == '-' {
		i++
	}
	end := r.digits(i)
	good := end == i+1 || end > i && r.s[i] != '0'
	if good && end < len(r.s) && r.s[end] == '.' {
		i = end + 1
		end = r.digits(i)
		good = end > i
	}
	if good && end < len(r.s) && (r.s[end] == 'e' || r.s[end] == 'E') {
		i = end + 1
		if i < len(r.s) && (r.s[i] == '+' || r.s[i] == '-') {
			i++
		}
		end = r.digits(i)
		good = end > i
	}
	if good {
		if v, err := strconv.ParseFloat(r.s[r.at:end], 64); err == nil {
			r.at = end
			return v
		}
	}
	r.giveUp()
	return 0
}

// each calls one for each element of a field that is a list, and tells whether there is a list.
func (r *fastReader) each(key string, one func()) bool {
	if !r.field(key) || r.lit("null") {
		return false
	}
	r.need("[")
	if r.lit("]") {
		return true
	}
	for !r.bad {
		one()
		if r.lit("]") {
			break
		}
		r.need(",")
	}
	return true
}

// list reads a field that is a list, with the text that one makes of each element.
func (r *fastReader) list(key string, to *[]string, one func() string) {
	from := len(r.texts)
	if r.each(key, func() { r.texts = append(r.texts, one()) }) {
		*to = r.texts[from:len(r.texts):len(r.texts)]
	}
}

// pairs calls one with each key of a field that is a map, before its value.
func (r *fastReader) pairs(key string, one func(string)) {
	if !r.field(key) {
		return
	}
	r.need("{")
	if r.lit("}") {
		return
	}
	for !r.bad {
		k := r.str()
		r.need(":")
		one(k)
		if r.lit("}") {
			return
		}
		r.need(",")
	}
}
