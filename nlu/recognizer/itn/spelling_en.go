package itn

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"yingda/nlu/recognizer/grammar"
)

//go:embed data/en_spelling.txt
var enSpelling string

//go:embed data/en_layouts.txt
var enLayouts string

// spelling is the table of words by which things are spelled.
type spelling struct {
	words   map[string]spellWord
	phrases []spellPhrase // of several words, longest first
	layouts map[string]string
}

type spellWord struct {
	class   string
	written string
}

type spellPhrase struct {
	words string
	spellWord
}

// atom is a word of something spelled.
type atom struct {
	start, end int
	class      string // of the table; "letter" for a single letter, "word" for other words
	written    string
}

// spelled is something spelled, in the order of its atoms. Letters and words are written as they stand in the raw text.
type spelled []atom

func (s spelled) written(ctx *spoken) string {
	var b strings.Builder
	for _, a := range s {
		if a.class == "letter" || a.class == "word" || a.class == "domain" || a.class == "other" {
			from, to := ctx.t.Raw(a.start, a.end)
			b.WriteString(ctx.raw[from:to])
		} else {
			b.WriteString(a.written)
		}
	}
	return b.String()
}

func readSpelling(words, layouts string) (*spelling, error) {
	s := &spelling{words: map[string]spellWord{}, layouts: map[string]string{}}
	for line := range strings.Lines(words) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) < 3 {
			return nil, fmt.Errorf("en_spelling.txt: want class, written form and words, got %q", line)
		}
		for _, w := range f[2:] {
			if strings.Contains(w, "_") {
				s.phrases = append(s.phrases, spellPhrase{strings.ReplaceAll(w, "_", " "), spellWord{f[0], f[1]}})
			} else {
				s.words[w] = spellWord{f[0], f[1]}
			}
		}
	}
	for line := range strings.Lines(layouts) {
		length, layout, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(length, "#") {
			continue
		}
		s.layouts[length] = strings.TrimSpace(layout)
	}
	return s, nil
}

// scanner gives what is spelled to the grammar.
func (s *spelling) scanner() grammar.Scanner {
	return grammar.Scanner{
		Categories: []string{"row", "serial", "ip", "address"},
		First:      func(b byte) bool { return isLetter(b) },
		Scan: func(text string, at int, emit func(category, end int, v any)) {
			if at > 0 && text[at-1] != ' ' {
				return
			}
			a, ok := s.atom(text, at)
			if !ok {
				return
			}
			if v, end := s.row(text, a); end > 0 {
				emit(0, end, v)
			}
			if v, end := s.serial(text, a); end > 0 {
				emit(1, end, v)
			}
			if v, end := s.ip(text, a); end > 0 {
				emit(2, end, v)
			}
			if s.mayBegin(text, at) {
				if v := s.address(text, at); len(v) > 0 {
					emit(3, v[len(v)-1].end, v)
				}
			}
		},
	}
}

// atom reads a word or a single dot at a place.
func (s *spelling) atom(text string, at int) (atom, bool) {
	if at >= len(text) {
		return atom{}, false
	}
	end := at
	for end < len(text) && isLetter(text[end]) {
		end++
	}
	if end == at && text[at] == '.' {
		end++
	}
	if end == at || end < len(text) && (text[end] == '\'' || text[end] == '-' || text[end] == '_' || text[end] >= 0x80 || isFigure(text[end])) {
		return atom{}, false
	}
	a := atom{start: at, end: end, class: "word", written: text[at:end]}
	if w, ok := s.words[a.written]; ok {
		a.class, a.written = w.class, w.written
	} else if end == at+1 {
		a.class = "letter"
	}
	return a, true
}

// after returns the atom behind another, one space between.
func (s *spelling) after(text string, a atom) (atom, bool) {
	if a.end+1 >= len(text) || text[a.end] != ' ' {
		return atom{}, false
	}
	return s.atom(text, a.end+1)
}

// digits reads "one two", "double five", and, if pairs are wanted, "forty five" from an atom on. It returns the digits and the last atom.
func (s *spelling) digits(text string, a atom, pairs bool) (written string, last atom, ok bool) {
	next, more := s.after(text, a)
	switch {
	case a.class == "digit":
		return a.written, a, true
	case a.class == "repeat" && more && (next.class == "digit" || next.class == "letter" && !pairs):
		n, _ := strconv.Atoi(a.written)
		return strings.Repeat(next.written, n), next, next.class == "digit"
	case pairs && a.class == "two-digits":
		return a.written, a, true
	case pairs && a.class == "tens":
		if more && next.class == "digit" && next.written != "0" {
			return a.written[:1] + next.written, next, true
		}
		return a.written, a, true
	}
	return "", a, false
}

// minRow is the number of digits that are read as one number if they are told one by one.
const minRow = 3

// longRow is the number of digits from which on "eight hundred" among them is 800.
const longRow = 10

// row reads digits told one by one: "plus nine one double five".
func (s *spelling) row(text string, a atom) (written string, end int) {
	key := ""
	if a.class == "plus" {
		key = "+"
		var ok bool
		if a, ok = s.after(text, a); !ok {
			return "", 0
		}
	}
	digits, least := "", minRow
	for ok := true; ok && len(digits) < 100; {
		d, last, isDigits := s.digits(text, a, false)
		if !isDigits {
			break
		}
		if a, ok = s.after(text, last); ok && a.class == "zeros" {
			d, last, least = d+a.written, a, longRow
			a, ok = s.after(text, last)
		}
		digits, end = digits+d, last.end
	}
	if len(digits) < least {
		return "", 0
	}
	return key + s.layout(key, digits), end
}

// layout parts a row of digits into groups.
func (s *spelling) layout(key, digits string) string {
	lead := ""
	layout, ok := s.layouts[key+strconv.Itoa(len(digits))]
	if key == "+" && len(digits) > 10 && len(digits) <= 13 {
		layout, ok = s.layouts["+10"], true
		lead, digits = digits[:len(digits)-10]+" ", digits[len(digits)-10:]
	}
	if !ok {
		return lead + digits
	}
	var b strings.Builder
	b.WriteString(lead)
	for _, r := range layout {
		if r < '0' || r > '9' {
			b.WriteRune(r)
			continue
		}
		n := min(int(r-'0'), len(digits))
		b.WriteString(digits[:n])
		digits = digits[n:]
	}
	return b.String()
}

// ip reads an address of the Internet protocol: "one twenty three dot one dot o dot four o".
func (s *spelling) ip(text string, a atom) (written string, end int) {
	var parts []string
	for {
		digits := ""
		last := a
		for ok := true; ok && len(digits) < 4; {
			d, l, isDigits := s.digits(text, a, true)
			if !isDigits {
				break
			}
			digits, last = digits+d, l
			a, ok = s.after(text, l)
		}
		if digits == "" || len(digits) > 3 || len(digits) == 3 && digits > "255" {
			return "", 0
		}
		if parts = append(parts, digits); len(parts) == 4 {
			return strings.Join(parts, "."), last.end
		}
		if a.class != "dot" || a.start < last.end {
			return "", 0
		}
		var ok bool
		if a, ok = s.after(text, a); !ok {
			return "", 0
		}
	}
}

// serial reads letters and digits: "a b nine", "x three eighty six". The letters a and i alone make none, for they are words; nor do a
// letter and a digit: "plan b one".
func (s *spelling) serial(text string, a atom) (v spelled, end int) {
	var atoms [maxSerial]atom
	n, letters, digits, pairs := 0, 0, 0, 0
	for ok := true; ok && n < maxSerial; {
		if d, last, isDigits := s.digits(text, a, true); isDigits && !s.isLetterO(text, a, atoms[:n]) {
			atoms[n] = atom{start: a.start, end: last.end, class: "digit", written: d}
			if digits++; len(d) > 1 {
				pairs++
			}
			a = last
		} else if a.end == a.start+1 && isLetter(text[a.start]) {
			atoms[n] = atom{start: a.start, end: a.end, class: "letter"}
			if text[a.start] != 'a' && text[a.start] != 'i' {
				letters++
			}
		} else {
			break
		}
		n++
		end = a.end
		a, ok = s.after(text, a)
	}
	if letters == 0 || digits == 0 || n < 3 && pairs == 0 {
		return nil, 0
	}
	return append(spelled(nil), atoms[:n]...), end
}

// maxSerial bounds the letters and digits of a serial number.
const maxSerial = 24

// isLetterO tells whether an o between letters is one of them.
func (s *spelling) isLetterO(text string, a atom, before []atom) bool {
	if a.end != a.start+1 {
		return false
	}
	next, ok := s.after(text, a)
	return !(len(before) > 0 && before[len(before)-1].class == "digit") && !(ok && next.class == "digit")
}
