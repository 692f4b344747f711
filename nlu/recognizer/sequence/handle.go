package sequence

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// maxName is how many characters a hashtag or the name of a person has at most; in Chinese nothing else may end it.
const maxName = 40

// hashtags finds #word, and #话题# as Weibo writes it.
func (s *scan) hashtags() {
	for i := 0; i < len(s.text); i++ {
		if s.text[i] != '#' {
			continue
		}
		if e := s.taken(i); e > 0 {
			i = e - 1
			continue
		}
		if r := before(s.text, i); isWordLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_#/&", r) {
			continue
		}
		end, han, _ := name(s.text, i+1)
		if end == i+1 || s.reaches(i, end) {
			continue
		}
		if han && at(s.text, end) == '#' {
			end++
		}
		s.add(hit{start: i, end: end, kind: value.KindHashtag, rule: "hashtag", score: 1})
		i = end - 1
	}
}

// mentions finds @name. What looks like a part of an address is none.
func (s *scan) mentions() {
	for i := 0; i < len(s.text); i++ {
		if s.text[i] != '@' {
			continue
		}
		if e := s.taken(i); e > 0 {
			i = e - 1
			continue
		}
		end, _, letters := name(s.text, i+1)
		if end == i+1 || !letters && alnumAt(s.text, i-1) || s.reaches(i, end) || at(s.text, end) == '@' || at(s.text, end) == '.' && alnumAt(s.text, end+1) {
			continue
		}
		s.add(hit{start: i, end: end, kind: value.KindMention, rule: "mention", score: 1})
		i = end - 1
	}
}

// name reads letters, figures and underscores from i on.
func name(text string, i int) (end int, han, letters bool) {
	for n := 0; i < len(text) && n < maxName; n++ {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError || r != '_' && !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) {
			break
		}
		han = han || unicode.Is(unicode.Han, r)
		letters = letters || unicode.IsLetter(r)
		i += size
	}
	return i, han, letters
}
