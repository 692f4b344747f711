package tokenizer

import "unicode/utf8"

// normalizer is one step of normalising. It reads e.src and writes e.dst; if it returns false there was nothing to
// change, and it has written nothing. It keeps no state, so it may be used concurrently.
type normalizer interface {
	normalize(e *editor) bool
}

// lowercase maps each character to lower case by itself (Σ at a word's end becomes σ, as in Hugging Face).
type lowercase struct{}

func (lowercase) normalize(e *editor) bool {
	tab := chars()
	changed := false
	text := e.src.text
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if tab.of(r)&hasLower != 0 {
			e.copyTo(i)
			for k, l := range tab.lower[r] {
				e.put(l, k)
			}
			changed = true
		}
		i += size
	}
	if changed {
		e.copyTo(len(text))
	}
	return changed
}

// remove drops every character that has one of the properties.
type remove struct{ props uint32 }

func (n remove) normalize(e *editor) bool {
	return mapRunes(e, func(r rune, props uint32) rune {
		if props&n.props != 0 {
			return -1
		}
		return r
	})
}

// cleanText is the first step of BertNormalizer: control characters go, and all white space becomes a space.
type cleanText struct{}

func (cleanText) normalize(e *editor) bool {
	return mapRunes(e, func(r rune, props uint32) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case props&isOther != 0:
			return -1
		case props&isSpace != 0:
			return ' '
		}
		return r
	})
}

// nmt is the normalizer of that name: it drops control characters and turns several invisible ones into spaces.
type nmt struct{}

func (nmt) normalize(e *editor) bool {
	return mapRunes(e, func(r rune, _ uint32) rune {
		switch {
		case r >= 0x01 && r <= 0x08, r == 0x0B, r >= 0x0E && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
			return -1
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, r >= 0x200B && r <= 0x200F, r == 0x2028,
			r == 0x2029, r == 0x2581, r == 0xFEFF, r == 0xFFFD:
			return ' '
		}
		return r
	})
}

// mapRunes replaces each character by f of it, or drops it if that is negative.
func mapRunes(e *editor, f func(r rune, props uint32) rune) bool {
	tab := chars()
	changed := false
	text := e.src.text
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if to := f(r, tab.of(r)); to != r {
			e.copyTo(i)
			if to < 0 {
				e.skip(size)
			} else {
				e.put(to, 0)
			}
			changed = true
		}
		i += size
	}
	if changed {
		e.copyTo(len(text))
	}
	return changed
}

// padHan puts spaces around Chinese characters, so that each becomes a word of its own.
type padHan struct{}

func (padHan) normalize(e *editor) bool {
	changed := false
	text := e.src.text
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if isHan(r) {
			e.copyTo(i)
			e.put(' ', 0)
			e.put(r, 1)
			e.put(' ', 1)
			changed = true
		}
		i += size
	}
	if changed {
		e.copyTo(len(text))
	}
	return changed
}

// isHan follows BertNormalizer's list of blocks, which leaves out U+2B820 to U+2B91F.
func isHan(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, r >= 0x4E00 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF:
		return true
	}
	return r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0x2F800 && r <= 0x2FA1F
}

// strip removes white space at the ends.
type strip struct{ left, right bool }

func (n strip) normalize(e *editor) bool {
	text := e.src.text
	lo, hi := 0, len(text)
	for n.left && lo < hi {
		r, size := utf8.DecodeRune(text[lo:])
		if chars().of(r)&isSpace == 0 {
			break
		}
		lo += size
	}
	for n.right && hi > lo {
		r, size := utf8.DecodeLastRune(text[:hi])
		if chars().of(r)&isSpace == 0 {
			break
		}
		hi -= size
	}
	if lo == 0 && hi == len(text) {
		return false
	}
	e.skip(lo)
	e.copyTo(hi)
	return true
}

// prepend puts a text in front; it belongs to the first character.
type prepend struct{ text string }

func (n prepend) normalize(e *editor) bool {
	if len(e.src.text) == 0 || n.text == "" {
		return false
	}
	first := e.src.from[0]
	for _, r := range n.text {
		if e.room(utf8.UTFMax) {
			e.dst.appendRune(r, first)
		}
	}
	e.copyTo(len(e.src.text))
	return true
}

// replace puts a text in the place of each match; it belongs to the last character of the match.
type replace struct {
	pattern matcher
	with    string
}

func (n replace) normalize(e *editor) bool {
	e.matches = n.pattern.match(e.matches[:0], e.src.text)
	changed := false
	for _, m := range e.matches {
		if !m.hit || n.same(e.src.text[m.lo:m.hi]) {
			continue
		}
		e.copyTo(int(m.lo))
		e.skip(int(m.hi - m.lo))
		for _, r := range n.with {
			e.insert(r)
		}
		changed = true
		if e.over {
			return true
		}
	}
	if changed {
		e.copyTo(len(e.src.text))
	}
	return changed
}

// same reports whether a match is what it would be replaced by, byte for byte and in its raw range.
func (n replace) same(text []byte) bool {
	return string(text) == n.with && utf8.RuneCountInString(n.with) == 1
}
