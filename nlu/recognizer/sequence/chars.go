package sequence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isAlpha takes capitals too: texts that were not folded shall not be cut within a word.
func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// isWordLetter tells whether r continues a word of letters: a letter of a script that parts words by spaces. Han, kana and hangul do not.
func isWordLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlpha(byte(r))
	}
	return unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// before returns the rune that ends at i, 0 at the start of the text.
func before(text string, i int) rune {
	if i <= 0 {
		return 0
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return r
}

// after returns the rune that starts at i, 0 at the end of the text.
func after(text string, i int) rune {
	if i >= len(text) {
		return 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}

// at returns byte i, 0 outside the text.
func at(text string, i int) byte {
	if i < 0 || i >= len(text) {
		return 0
	}
	return text[i]
}

// digitAt tells whether byte i is a decimal digit.
func digitAt(text string, i int) bool { return isDigit(at(text, i)) }

// alnumAt tells whether byte i is an ASCII letter or digit.
func alnumAt(text string, i int) bool { return isAlnum(at(text, i)) }

// bounded tells whether nothing continues [start, end) as a word or figure.
func bounded(text string, start, end int) bool {
	return !isWordLetter(before(text, start)) && !digitAt(text, start-1) && !isWordLetter(after(text, end)) && !digitAt(text, end)
}

// lastWord tells whether text ends with word as a whole word: 'order' in "my order", not in "border".
func lastWord(text, word string) bool {
	return strings.HasSuffix(text, word) && (!alnumAt(word, 0) || !alnumAt(text, len(text)-len(word)-1))
}
