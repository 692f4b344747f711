package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// jsonWriter appends JSON to a buffer that is reused. It is written by hand because encoding an analysis by reflection costs
// more than everything else a request needs outside the model. A number that JSON cannot hold sets err; then nothing may be sent.
type jsonWriter struct {
	b     []byte
	spans spans
	err   error
}

var writers = sync.Pool{New: func() any { return &jsonWriter{b: make([]byte, 0, 4096)} }}

func newWriter() *jsonWriter {
	w := writers.Get().(*jsonWriter)
	w.b, w.err = w.b[:0], nil
	return w
}

func (w *jsonWriter) free() {
	w.spans.text = ""
	if cap(w.b) <= keepBuffer && cap(w.spans.at) <= keepBuffer {
		writers.Put(w)
	}
}

// separate puts a comma after a value, before the next one.
func (w *jsonWriter) separate() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

func (w *jsonWriter) open(c byte) {
	w.separate()
	w.b = append(w.b, c)
}

func (w *jsonWriter) close(c byte) { w.b = append(w.b, c) }

func (w *jsonWriter) key(name string) { // name needs no escaping
	w.separate()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonWriter) textField(name, value string) {
	w.key(name)
	w.b = appendString(w.b, value)
}

func (w *jsonWriter) intField(name string, value int) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, int64(value), 10)
}

func (w *jsonWriter) boolField(name string, value bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, value)
}

// scoreField writes a probability, rounded to six decimals: more says nothing about a model.
func (w *jsonWriter) scoreField(name string, value float64) {
	w.key(name)
	w.float(value, 1e6)
}

// msField writes a duration in milliseconds, rounded to microseconds.
func (w *jsonWriter) msField(name string, d time.Duration) {
	w.key(name)
	w.float(float64(d)/1e6, 1e3)
}

func (w *jsonWriter) float(x, scale float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		w.err = fmt.Errorf("encode answer: %v is not a number that JSON can hold", x)
		x = 0
	}
	if x = math.Round(x*scale) / scale; x == 0 {
		x = 0 // not -0
	}
	w.b = strconv.AppendFloat(w.b, x, 'f', -1, 64)
}

// anyField writes a normalised value: mostly a string, else what encoding/json makes of it.
func (w *jsonWriter) anyField(name string, v any) {
	w.key(name)
	switch v := v.(type) {
	case string:
		w.b = appendString(w.b, v)
	case bool:
		w.b = strconv.AppendBool(w.b, v)
	case int:
		w.b = strconv.AppendInt(w.b, int64(v), 10)
	default:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			w.err = fmt.Errorf("encode answer: %w", err)
			buf.WriteString("null\n")
		}
		w.b = append(w.b, bytes.TrimSpace(buf.Bytes())...)
	}
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string. Text stays readable: only what JSON demands is escaped, and U+2028 and U+2029, which older
// JavaScript takes for line ends.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); r != '\u2028' && r != '\u2029' && (r != utf8.RuneError || n > 1) {
				i += n
				continue
			}
			b = append(b, s[start:i]...)
			if r == utf8.RuneError {
				b = append(b, `\ufffd`...)
			} else {
				b = append(b, `\u202`...)
				b = append(b, hexDigits[r&15])
			}
		} else {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
		}
		i += n
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// pair writes [a,b].
func (w *jsonWriter) pair(a, b int) {
	w.open('[')
	w.b = strconv.AppendInt(w.b, int64(a), 10)
	w.b = append(w.b, ',')
	w.b = strconv.AppendInt(w.b, int64(b), 10)
	w.close(']')
}
