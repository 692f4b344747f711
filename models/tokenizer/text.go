package tokenizer

import "unicode/utf8"

// span is a half-open range of raw bytes, in the size that alignments are stored.
type span struct{ lo, hi int32 }

// aligned is a text in which each byte knows the range of raw bytes it came from. All bytes of a character share one
// range, and ranges never go backwards. The text is always valid UTF-8.
type aligned struct {
	text []byte
	from []span
}

func (a *aligned) reset() {
	a.text = a.text[:0]
	a.from = a.from[:0]
}

// load replaces the content by a raw text. Invalid bytes become U+FFFD, one for each.
func (a *aligned) load(raw string) {
	a.reset()
	for i := 0; i < len(raw); {
		if raw[i] < utf8.RuneSelf {
			a.text = append(a.text, raw[i])
			a.from = append(a.from, span{int32(i), int32(i + 1)})
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(raw[i:])
		a.appendRune(r, span{int32(i), int32(i + n)})
		i += n
	}
}

func (a *aligned) appendRune(r rune, from span) {
	n := len(a.text)
	a.text = utf8.AppendRune(a.text, r)
	for range len(a.text) - n {
		a.from = append(a.from, from)
	}
}

// appendRange appends the bytes [lo, hi) of b.
func (a *aligned) appendRange(b *aligned, lo, hi int) {
	a.text = append(a.text, b.text[lo:hi]...)
	a.from = append(a.from, b.from[lo:hi]...)
}

// raw returns the raw bytes behind [lo, hi), which must not be empty.
func (a *aligned) raw(lo, hi int32) span {
	return span{a.from[lo].lo, a.from[hi-1].hi}
}

// editor rewrites an aligned text: it moves through src once, from left to right, and appends to dst. The rules by which
// a new character gets its raw range are those of NormalizedString in Hugging Face tokenizers.
type editor struct {
	src, dst *aligned
	pos      int // next byte of src
	limit    int // size that dst must not pass
	over     bool
	comp     composer
	matches  []match
}

// room reports whether n more bytes fit under the limit, and notes it when they do not.
func (e *editor) room(n int) bool {
	if len(e.dst.text)+n > e.limit {
		e.over = true
	}
	return !e.over
}

// rest returns what src still holds.
func (e *editor) rest() []byte { return e.src.text[e.pos:] }

// copyTo copies src up to byte end unchanged.
func (e *editor) copyTo(end int) {
	if end > e.pos && e.room(end-e.pos) {
		e.dst.appendRange(e.src, e.pos, end)
	}
	e.pos = max(e.pos, end)
}

// skip drops n bytes of src.
func (e *editor) skip(n int) { e.pos += n }

// replace puts r in the place of the next character of src and drops n characters after that.
func (e *editor) replace(r rune, n int) {
	at := min(e.pos, len(e.src.from)-1)
	if e.room(utf8.UTFMax) {
		e.dst.appendRune(r, e.src.from[at])
	}
	for ; n >= 0 && e.pos < len(e.src.text); n-- {
		_, size := utf8.DecodeRune(e.src.text[e.pos:])
		e.pos += size
	}
}

// insert puts r before the rest of src; it belongs to the raw bytes of the character before it.
func (e *editor) insert(r rune) {
	var from span
	if e.pos > 0 {
		from = e.src.from[min(e.pos, len(e.src.from))-1]
	} else if len(e.src.from) > 0 {
		from = span{e.src.from[0].lo, e.src.from[0].lo}
	}
	if e.room(utf8.UTFMax) {
		e.dst.appendRune(r, from)
	}
}

// put writes r as a new character (change > 0) or in the place of one, with -change following ones dropped.
func (e *editor) put(r rune, change int) {
	if change > 0 {
		e.insert(r)
		return
	}
	e.replace(r, -change)
}
