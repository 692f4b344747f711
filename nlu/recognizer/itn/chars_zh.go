package itn

import (
	_ "embed"
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
)

//go:embed data/zh_chars.txt
var zhCharsFile string

// maxCode bounds how many digits read out one by one are taken together.
const maxCode = 40

// plateLength is how many letters and figures follow the province of a plate, at least; plates of electric cars have one more.
const plateLength = 6

// zhChars are the characters of codes and plates.
type zhChars struct {
	figure   map[rune]byte
	doubtful map[rune]bool
	proof    map[rune]bool
	province map[rune]bool
	joined   map[rune]bool
	counted  map[rune]bool
	leads    [256]bool
}

var zh = readChars(zhCharsFile)

func readChars(file string) *zhChars {
	t := &zhChars{figure: map[rune]byte{}, doubtful: map[rune]bool{}, proof: map[rune]bool{}, province: map[rune]bool{},
		joined: map[rune]bool{}, counted: map[rune]bool{}}
	sets := map[string]map[rune]bool{"doubtful": t.doubtful, "proof": t.proof, "province": t.province, "joined": t.joined,
		"counted": t.counted}
	for line := range strings.Lines(file) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		for _, s := range f[1:] {
			r, _ := utf8.DecodeRuneInString(s)
			if set := sets[f[0]]; set != nil {
				set[r] = true
			} else {
				t.figure[r] = f[0][0]
			}
			t.leads[s[0]] = t.leads[s[0]] || f[0] != "joined" && f[0] != "counted"
		}
	}
	return t
}

// scanner finds codes and plates.
func (t *zhChars) scanner() grammar.Scanner {
	return grammar.Scanner{
		Categories: []string{"code", "plate"},
		First:      func(b byte) bool { return t.leads[b] },
		Scan: func(text string, at int, emit func(category, end int, v any)) {
			r, n := utf8.DecodeRuneInString(text[at:])
			switch {
			case t.figure[r] != 0:
				if end, figures, ok := t.code(text, at); ok {
					emit(0, end, figures)
				}
			case t.province[r]:
				if end, p, ok := t.plate(text, at, at+n); ok {
					emit(1, end, p)
				}
			}
		},
	}
}

// code reads digits that begin at a place, unless it is inside a run of them.
func (t *zhChars) code(text string, at int) (end int, figures string, ok bool) {
	if before, _ := utf8.DecodeLastRuneInString(text[:at]); t.figure[before] != 0 {
		return at, "", false
	}
	b := make([]byte, 0, maxCode)
	doubt, proof := false, false
	for end = at; end < len(text) && len(b) < maxCode; {
		r, n := utf8.DecodeRuneInString(text[end:])
		f := t.figure[r]
		if f == 0 {
			break
		}
		doubt, proof = doubt || t.doubtful[r], proof || t.proof[r]
		b, end = append(b, f), end+n
	}
	return end, string(b), !doubt || proof || len(b) >= 7
}

// goesOn tells whether the words from start on go on with a number that began before: 第二天, 一两天.
func (t *zhChars) goesOn(text string, start int) bool {
	first, _ := utf8.DecodeRuneInString(text[start:])
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	return t.joined[first] && t.joined[before]
}

// counts tells whether what can be counted stands at a place.
func (t *zhChars) counts(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return t.counted[r]
}

// plate reads the rest of a licence plate after its province.
func (t *zhChars) plate(text string, from, at int) (end int, p pieces, ok bool) {
	if at >= len(text) || !isLetter(text[at]) {
		return at, nil, false
	}
	p = pieces{{start: from, end: at + 1}}
	n := 1
	for end = at + 1; end < len(text) && n <= plateLength; n++ {
		r, size := utf8.DecodeRuneInString(text[end:])
		if f := t.figure[r]; f != 0 {
			p = append(p, piece{literal: string(f)})
		} else if isLetter(text[end]) || isFigure(text[end]) {
			p = append(p, piece{start: end, end: end + 1})
		} else {
			break
		}
		end += size
	}
	return end, p, n >= plateLength
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }
