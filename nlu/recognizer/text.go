package recognizer

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
)

// fold brings a name or a word of a data file into the form that texts are matched in.
func fold(s string) string {
	t := norm.Fold(s, norm.Matching)
	return t.Text
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c) || 'A' <= c && c <= 'Z' }

// isWord tells whether r is a letter or digit of a script that puts spaces between words. Han, kana, Hangul and Thai do not
// (or not reliably), so their letters never bound a word here.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r))
	}
	return r < 0x0e00 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// bounded tells whether text[start:end] is not a part of a longer word or number.
func bounded(text string, start, end int) bool {
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	if before, n := utf8.DecodeLastRuneInString(text[:start]); n > 0 && isWord(before) && isWord(first) {
		return false
	}
	after, n := utf8.DecodeRuneInString(text[end:])
	return n == 0 || !isWord(after) || !isWord(last)
}

// entity makes the candidate for [start, end) of the folded text. A nil value stays nil: the surface itself.
func entity(a *nlu.Analysis, start, end int) nlu.Entity {
	s, e := a.Normal.Raw(start, end)
	return nlu.Entity{Span: nlu.Span{Start: s, End: e}, Text: a.Text[s:e]}
}

// folded returns where the raw offset lies in the folded text: the first byte that comes from raw or later.
func folded(t *norm.Text, raw int) int {
	return sort.Search(len(t.Text), func(i int) bool {
		start, _ := t.Raw(i, i+1)
		return start >= raw
	})
}

// window returns up to n bytes before start and after end, cut at rune boundaries.
func window(text string, start, end, n int) (before, after string) {
	lo, hi := max(0, start-n), min(len(text), end+n)
	for lo < start && !utf8.RuneStart(text[lo]) {
		lo++
	}
	for hi > end && hi < len(text) && !utf8.RuneStart(text[hi]) {
		hi--
	}
	return text[lo:start], text[end:hi]
}

// containsWord tells whether text has word, not as a part of a longer Latin word.
func containsWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		if bounded(text, at+i, at+i+len(word)) {
			return true
		}
		at += i + 1
	}
}

// containsAny tells whether text has one of the words.
func containsAny(text string, words []string) bool {
	for _, w := range words {
		if containsWord(text, w) {
			return true
		}
	}
	return false
}
