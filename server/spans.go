package server

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"yingda/nlu"
)

// unit is what a caller counts spans in. The zero value is code points.
type unit int

const (
	unitCodePoint unit = iota // Python, Rasa
	unitByte                  // Go, Rust
	unitUTF16                 // JavaScript, Java, C#
	unitGrapheme              // what people see as a character; CLU's TextElement_V8
)

// nativeUnits are the names in /v1/parse, by unit. CLU has names of its own.
var nativeUnits = []string{"codepoint", "byte", "utf16"}

func (u unit) String() string { return nativeUnits[u] }

// spans converts byte offsets of one text. It is reused from text to text.
type spans struct {
	text   string
	direct bool // a byte is a unit
	// at[i] holds the units that end at or before byte i, times two, plus one when i lies inside a unit.
	at []int32
}

// reset prepares for a text.
func (s *spans) reset(text string, u unit) {
	s.text = text
	s.direct = u == unitByte || ascii(text) && !(u == unitGrapheme && strings.Contains(text, "\r\n"))
	if s.direct {
		return
	}
	if cap(s.at) < len(text)+1 {
		s.at = make([]int32, len(text)+1)
	}
	s.at = s.at[:len(text)+1]
	count := int32(0)
	for i := 0; i < len(text); {
		n, units := unitAt(text[i:], u)
		s.at[i] = count << 1
		for j := i + 1; j < i+n; j++ {
			s.at[j] = count<<1 | 1
		}
		count += units
		i += n
	}
	s.at[len(text)] = count << 1
}

// unitAt returns the bytes of the first indivisible piece and how many units it counts.
func unitAt(text string, u unit) (n int, units int32) {
	if u == unitGrapheme {
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(text, -1)
		return len(cluster), 1
	}
	c, n := utf8.DecodeRuneInString(text)
	if u == unitUTF16 && c > 0xffff {
		return n, 2
	}
	return n, 1
}

// convert returns the span in the caller's unit. A span that cuts through a unit grows to whole ones; one that leaves the text is
// cut to it.
func (s *spans) convert(sp nlu.Span) (start, end int) {
	a := max(0, min(sp.Start, len(s.text)))
	b := max(a, min(sp.End, len(s.text)))
	if s.direct {
		return a, b
	}
	start = int(s.at[a] >> 1)
	if a == b {
		return start, start
	}
	end = int(s.at[b] >> 1)
	if s.at[b]&1 == 1 { // inside a unit: its end is where the count next changes
		for b < len(s.text) && s.at[b]&1 == 1 {
			b++
		}
		end = int(s.at[b] >> 1)
	}
	return start, end
}

// slice returns the text of a span; a span that leaves the text is cut to it.
func (s *spans) slice(sp nlu.Span) string {
	a := max(0, min(sp.Start, len(s.text)))
	b := max(a, min(sp.End, len(s.text)))
	return s.text[a:b]
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
