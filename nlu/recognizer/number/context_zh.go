package number

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed data/zh_context.txt
var zhContextFile string

// wordLists are words by key, as the data file groups them, and by their first character.
type wordLists map[string]map[rune][]string

var zhContext = readLists(zhContextFile)

func readLists(file string) wordLists {
	l := wordLists{}
	for line := range strings.Lines(file) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		if l[f[0]] == nil {
			l[f[0]] = map[rune][]string{}
		}
		for _, w := range f[1:] {
			r, _ := utf8.DecodeRuneInString(w)
			l[f[0]][r] = append(l[f[0]][r], w)
		}
	}
	return l
}

// begins tells whether a word of a list stands at a place of the text.
func (l wordLists) begins(key, text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	for _, w := range l[key][r] {
		if strings.HasPrefix(text[at:], w) {
			return true
		}
	}
	return false
}

// has tells whether the character that ends at a place is in a list.
func (l wordLists) has(key, text string, end int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:end])
	return l[key][r] != nil
}

// isVerb tells whether the 打 that ends at a place is a verb: 三打折.
func isVerb(text string, at int) bool { return zhContext.begins("verb", text, at) }

// alone tells whether the words from start to end, which a scanner read as a number, are one also by what stands around them.
func alone(text string, start, end int) bool {
	if isDigit(text[end-1]) || isDigit(text[start]) || text[start] == '-' {
		return !inName(text, start, end) && (text[start] != '-' || !isHanBefore(text, start) || zhContext.has("signed", text, start))
	}
	switch before, _ := zh.before(text, start); before.class {
	case classSpoken, classDigit, classCount: // 幺零二
		return false
	}
	c, next := zh.at(text, start)
	if next != end {
		return true
	}
	at := skipSpace(text, end)
	if zhContext.begins("never", text, at) {
		return false
	}
	if !isHan(text, at) { // the end of the text or clause
		return !isHanBefore(text, start) || !zhContext.begins("other", text, start) && c.class != classHalf
	}
	if c.value == 1 || c.class == classHalf || zhContext.begins("other", text, start) {
		return isCounted(text, at)
	}
	return true
}

// isCounted tells whether what stands at a place shows that 一 or 半 before it is a number.
func isCounted(text string, at int) bool {
	next, _ := zh.at(text, at)
	_, n := utf8.DecodeRuneInString(text[at:])
	after, _ := zh.at(text, at+n)
	switch {
	case next.class == classDozen:
		return !isVerb(text, at+n)
	case next.class == classPoint:
		return isFigure(after) || zhContext.begins("hour", text, at)
	case zhContext.begins("bridge", text, at):
		return isFigure(after)
	}
	return zhContext.begins("counted", text, at)
}

// inName tells whether figures are part of a name, version or address: a4, 4s, 1.2.3.
func inName(text string, start, end int) bool {
	if start > 0 && isLetter(text[start-1]) {
		return true
	}
	if end == len(text) || !isDigit(text[end-1]) {
		return false
	}
	return isLetter(text[end]) || text[end] == '.' && end+1 < len(text) && isDigit(text[end+1])
}

func isHan(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return unicode.Is(unicode.Han, r)
}

func isHanBefore(text string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return unicode.Is(unicode.Han, r)
}
