// Package norm folds text into the form that matchers and models read, and keeps the way back to the raw bytes.
//
// Folding is: Unicode NFKC (full-width letters, ligatures, circled digits), control characters and zero-width spaces removed,
// white space to single spaces, and as asked: traditional characters to simplified ones, lower case, runs of a repeated
// character shortened. Emoji and their joiners stay. Digits, Chinese ones too, are never shortened: they may be an order number.
package norm

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Options choose the optional folds.
type Options struct {
	Simplify bool // 訂單 → 订单
	Lower    bool // ABC → abc
	Squeeze  bool // 好好好好好 → 好好好, soooo → soo
}

// Matching is the form that rules, lists and fuzzy matching use.
var Matching = Options{Simplify: true, Lower: true, Squeeze: true}

// Text is folded text with its alignment. Byte i of Text comes from raw bytes [starts[i], ends[i]).
type Text struct {
	Text   string
	starts []int32
	ends   []int32
}

// Raw returns the half-open byte range of the raw text that [start, end) of Text stands for; end is at most len(Text). An empty range
// stays empty.
func (t *Text) Raw(start, end int) (rawStart, rawEnd int) {
	switch {
	case len(t.starts) == 0:
		return 0, 0
	case start >= end && start < len(t.starts):
		return int(t.starts[start]), int(t.starts[start])
	case start >= end:
		return int(t.ends[len(t.ends)-1]), int(t.ends[len(t.ends)-1])
	}
	return int(t.starts[start]), int(t.ends[end-1])
}

//go:embed t2s.txt
var t2sFile string

// simplified maps traditional characters; see gen_t2s.py.
var simplified = func() map[rune]rune {
	m := make(map[rune]rune, len(t2sFile)/7)
	for line := range strings.Lines(t2sFile) {
		from, n := utf8.DecodeRuneInString(line)
		to, _ := utf8.DecodeRuneInString(line[n:])
		m[from] = to
	}
	return m
}()

// Simplify returns the simplified form of a character, or the character itself.
func Simplify(r rune) rune {
	if r < 0x3400 {
		return r
	}
	if s, ok := simplified[r]; ok {
		return s
	}
	return r
}

// folder builds a Text segment by segment.
type folder struct {
	o    Options
	b    strings.Builder
	t    *Text
	last rune // last rune written
	run  int  // how many times in a row, as read
}

// Fold normalises raw, which should be valid UTF-8; an invalid byte becomes U+FFFD and is aligned to that byte.
func Fold(raw string, o Options) Text {
	t := Text{}
	f := folder{o: o, t: &t}
	f.b.Grow(len(raw))
	t.starts, t.ends = make([]int32, 0, len(raw)), make([]int32, 0, len(raw))
	for i := 0; i < len(raw); {
		n := segment(raw[i:])
		f.fold(raw[i:i+n], i)
		i += n
	}
	f.trimRight()
	t.Text = f.b.String()[:len(t.starts)]
	return t
}

// segment returns the length of the next piece that NFKC treats on its own: a character and the marks that combine with it.
func segment(s string) int {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1 // ASCII followed by ASCII composes with nothing
	}
	n := norm.NFKC.NextBoundaryInString(s, true)
	if n <= 0 {
		_, n = utf8.DecodeRuneInString(s)
	}
	return n
}

func (f *folder) fold(seg string, at int) {
	if len(seg) == 1 && seg[0] < utf8.RuneSelf {
		f.write(rune(seg[0]), at, at+1)
		return
	}
	if !utf8.ValidString(seg) {
		for i, r := range seg { // an invalid byte ranges as U+FFFD of width 1
			n := utf8.RuneLen(r)
			if r == utf8.RuneError {
				_, n = utf8.DecodeRuneInString(seg[i:])
			}
			f.write(r, at+i, at+i+n)
		}
		return
	}
	for _, r := range norm.NFKC.String(seg) {
		f.write(r, at, at+len(seg))
	}
}

// write appends one folded rune that stands for raw bytes [start, end).
func (f *folder) write(r rune, start, end int) {
	if f.o.Lower {
		r = unicode.ToLower(r)
	}
	if f.o.Simplify {
		r = Simplify(r)
	}
	switch {
	case unicode.IsSpace(r):
		r = ' '
	case r == '\u200d' || r == '\ufe0f': // joiner and emoji style: only within emoji
		if !joinable(f.last) {
			return
		}
	case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) && r != unicode.ReplacementChar && (r < 0xe0020 || r > 0xe007f):
		return
	}
	if r == ' ' && (f.last == ' ' || len(f.t.starts) == 0) {
		return
	}
	if f.repeated(r) {
		for i := len(f.t.ends) - utf8.RuneLen(r); i < len(f.t.ends); i++ {
			f.t.ends[i] = int32(end) // the kept one stands for all that follow
		}
		return
	}
	before := f.b.Len()
	f.b.WriteRune(r)
	for range f.b.Len() - before {
		f.t.starts, f.t.ends = append(f.t.starts, int32(start)), append(f.t.ends, int32(end))
	}
}

// spokenDigits are the figures of a number read out one by one, as speech recognisers and people write them.
const spokenDigits = "〇零一二三四五六七八九幺两"

// joinable tells whether r is of an emoji, so that a joiner or style mark after it means something: pictures and what they are styled
// with, keycaps, © and ®. Between letters the marks are invisible and only keep a word from being found.
func joinable(r rune) bool {
	switch {
	case r >= 0x2190 && r <= 0x2bff, r >= 0x1f000 && r <= 0x1faff, r == '\u200d', r == '\ufe0f', r >= 0xe0020 && r <= 0xe007f:
		return true
	}
	return r >= '0' && r <= '9' || strings.ContainsRune("#*©®〰〽", r)
}

// repeated counts r and tells whether it is one too many.
func (f *folder) repeated(r rune) bool {
	if r != f.last {
		f.last, f.run = r, 1
		return false
	}
	f.run++
	if !f.o.Squeeze || unicode.IsDigit(r) || strings.ContainsRune(spokenDigits, r) {
		return false
	}
	limit := 3
	if r < 0x250 && unicode.IsLetter(r) {
		limit = 2
	}
	return f.run > limit
}

func (f *folder) trimRight() {
	s := f.b.String()
	n := len(strings.TrimRight(s, " "))
	f.t.starts, f.t.ends = f.t.starts[:n], f.t.ends[:n]
}
