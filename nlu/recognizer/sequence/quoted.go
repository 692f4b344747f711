package sequence

import (
	"unicode"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// deepest is how many quotations may be open at once. More are not quotations.
const deepest = 8

// quotation is an opened quotation.
type quotation struct {
	start int
	shut  rune
}

// quotes finds quoted text with its marks, quotations within quotations too.
func (s *scan) quotes() {
	var space [deepest + 1]quotation
	open := space[:0]
	for i := 0; i < len(s.text); {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		from := i
		i += size
		closes, opens := s.words.shut[r] != 0, s.words.open[r]
		if !closes && opens == 0 {
			continue
		}
		if n := opened(open, r); n >= 0 && s.ends(from, i, r) {
			if from > open[n].start+utf8.RuneLen(s.words.shut[r]) {
				s.add(hit{start: open[n].start, end: i, kind: value.KindQuoted, rule: "quoted", score: 1})
			}
			open = open[:n]
			continue
		}
		if opens != 0 && s.begins(from, i, r) {
			if open = append(open, quotation{from, opens}); len(open) > deepest {
				open = open[:copy(open, open[1:])]
			}
		}
	}
}

// opened returns the innermost quotation that r may end, -1 if there is none.
func opened(open []quotation, r rune) int {
	for n := len(open) - 1; n >= 0; n-- {
		if open[n].shut == r {
			return n
		}
	}
	return -1
}

// begins tells whether the mark at [start, end) may open: a straight one within a word is an apostrophe, after a figure a measure.
func (s *scan) begins(start, end int, r rune) bool {
	if r != '\'' && r != '"' && r != '`' {
		return true
	}
	left := before(s.text, start)
	return !isWordLetter(left) && !unicode.IsDigit(left) && after(s.text, end) != ' '
}

// ends tells whether the mark at [start, end) may close: ' and ’ within a word are apostrophes.
func (s *scan) ends(start, end int, r rune) bool {
	if r != '\'' && r != '’' {
		return true
	}
	return !(isWordLetter(before(s.text, start)) && isWordLetter(after(s.text, end)))
}
