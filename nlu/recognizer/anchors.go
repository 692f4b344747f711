package recognizer

import (
	"strings"
	"unicode/utf8"
)

// anchor is a place where an id may begin.
type anchor struct {
	pos    int
	digits int  // digits in the characters of ids that follow, at most reach
	glued  bool // letters stand directly before: only a word like "order" or "tel" may
}

// idByte are the characters that ids are written with.
const idByte = "0123456789abcdefghijklmnopqrstuvwxyz -_./()#@:+,"

// findAnchors appends the places of a text where an id may begin: at the first character of a run of letters and digits,
// at a sign or bracket before it, and between letters and digits. Han before or after is no obstacle.
func findAnchors(dst []anchor, text string) []anchor {
	digits := countDigits(text)
	if digits == 0 && !strings.ContainsAny(text, "@._") && !hasLatin(text) {
		return dst
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		at := anchor{pos: i}
		switch {
		case isAlnum(c) || c == '_':
			if i > 0 && (isAlnum(text[i-1]) || text[i-1] == '_') {
				if !isDigit(c) || isDigit(text[i-1]) {
					continue
				}
				at.glued = true
			} else if compound(text, i) {
				continue
			}
		case (c == '+' || c == '(' || c == '-') && i+1 < len(text) && (isDigit(text[i+1]) || text[i+1] == '+'):
			if i > 0 && isAlnum(text[i-1]) {
				continue
			}
		default:
			continue
		}
		if digits > 0 {
			at.digits = digitsFrom(text[i:min(len(text), i+reach)])
		}
		dst = append(dst, at)
	}
	return dst
}

// hanAnchors appends every place of another script, for rules such as those of car plates.
func hanAnchors(dst []anchor, text string) []anchor {
	for i := range text {
		if text[i] >= utf8.RuneSelf {
			dst = append(dst, anchor{pos: i, digits: len(text)})
		}
	}
	return dst
}

// compound tells whether the character at i continues a token with a dash: the 5520 of GB-5520.
func compound(text string, i int) bool {
	return i > 1 && text[i-1] == '-' && isAlnum(text[i-2])
}

func hasLatin(text string) bool {
	for i := range len(text) {
		if isLower(text[i]) {
			return true
		}
	}
	return false
}

func countDigits(text string) (n int) {
	for i := range len(text) {
		if isDigit(text[i]) {
			n++
		}
	}
	return n
}

// digitsFrom counts the digits up to the first character that no id has.
func digitsFrom(text string) (n int) {
	for i := range len(text) {
		c := text[i]
		if isDigit(c) {
			n++
		} else if !isLower(c) && strings.IndexByte(idByte, c) < 0 {
			return n
		}
	}
	return n
}

// endsHere tells whether an id can end at i: not in the middle of a token, and not before the @ of an address.
func endsHere(text string, i int) bool {
	if i == len(text) {
		return true
	}
	switch c := text[i]; {
	case isAlnum(c) || c == '_' || c == '@':
		return false
	case c == '-' && i+1 < len(text):
		return !isAlnum(text[i+1])
	}
	return true
}

// quantity tells whether the number at [start, end) is a part of an amount, a count, or a decimal: 5000元, $1200, 3.5.
func quantity(text string, start, end int, r *Rules) bool {
	before, after := text[:start], text[end:]
	if isDigit(text[end-1]) {
		if len(after) > 1 && after[0] == '.' && isDigit(after[1]) {
			return true
		}
		unit := strings.TrimLeft(after, " ")
		for _, u := range r.units {
			if strings.HasPrefix(unit, u) && bounded(unit, 0, len(u)) {
				return true
			}
		}
	}
	if isDigit(text[start]) {
		if n := len(before); n > 1 && before[n-1] == '.' && isDigit(before[n-2]) {
			return true
		}
		for _, s := range r.signs {
			if trimmed := strings.TrimRight(before, " "); strings.HasSuffix(trimmed, s) && bounded(trimmed, len(trimmed)-len(s), len(trimmed)) {
				return true
			}
		}
	}
	return false
}
