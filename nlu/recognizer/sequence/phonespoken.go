package sequence

import (
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// dictation is a number as it is read out: 幺三八零零, "one three eight double oh".
type dictation struct {
	buf        [mostFigures + 3]byte // full = too long
	n          int
	start, end int
	words      int  // figures given in words
	numerals   bool // words for more than one figure: twelve, thirty
	plus       bool
	tens       bool // the last word waits for its second figure
	repeat     int  // the next figure comes so many times
	last       byte // the last figure given alone
}

// spoken finds numbers that are read out.
func (s *scan) spoken() {
	for i := 0; i < len(s.text); {
		if e := s.taken(i); e > 0 {
			i = e
			continue
		}
		w, size := s.spokenAt(i)
		if size == 0 || w.figures == "" && w.repeat == 0 && !w.plus {
			i = s.nextWord(i)
			continue
		}
		var d dictation
		s.dictate(&d, i)
		if d.words >= 2 && d.n >= usualFigures && d.n <= mostFigures && s.dictated(&d) {
			s.add(hit{start: d.start, end: d.end, kind: value.KindPhone, rule: "phone:spoken", score: scorePhone(d.figures()), figures: d.figures()})
		}
		if i = s.nextWord(i); d.end > i {
			i = d.end
		}
	}
}

// nextWord returns where the next word or character after the one at i starts.
func (s *scan) nextWord(i int) int {
	if !isAlnum(s.text[i]) {
		_, size := utf8.DecodeRuneInString(s.text[i:])
		return i + size
	}
	for i < len(s.text) && isAlnum(s.text[i]) {
		i++
	}
	return i
}

// spokenAt returns the word of a number at i and its length, 0 if there is none. Figures in digits count as one word.
func (s *scan) spokenAt(i int) (spokenWord, int) {
	c := at(s.text, i)
	switch {
	case isDigit(c):
		end := i
		for digitAt(s.text, end) {
			end++
		}
		if alnumAt(s.text, end) || end-i > 11 {
			return spokenWord{}, 0
		}
		return spokenWord{figures: s.text[i:end]}, end - i
	case isAlpha(c):
		end := i
		for end < len(s.text) && isAlnum(s.text[end]) {
			end++
		}
		if end-i > s.words.spokenSize || !s.words.initials[c] {
			return spokenWord{}, 0
		}
		w, ok := s.words.spoken[s.text[i:end]]
		if !ok {
			return w, 0
		}
		return w, end - i
	case c >= utf8.RuneSelf:
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if r < 0x3000 || r > 0x9fff {
			return spokenWord{}, 0
		}
		if w, ok := s.words.spokenHan[r]; ok {
			return w, size
		}
	}
	return spokenWord{}, 0
}

// dictate reads words of a number from i on, to the last one also where there are too many.
func (s *scan) dictate(d *dictation, i int) {
	d.start = i
	for {
		w, size := s.spokenAt(i)
		if size == 0 || !d.take(w, isDigit(s.text[i])) {
			return
		}
		i += size
		if w.figures != "" {
			d.end = i
		}
		i = s.pause(i)
		if s.reaches(i, i+1) {
			return
		}
	}
}

// pause passes over what parts spoken figures: a space, a comma, a hyphen.
func (s *scan) pause(i int) int {
	if at(s.text, i) == ' ' {
		i++
	}
	if c := at(s.text, i); c == ',' || c == '-' {
		i++
	} else if strings.HasPrefix(s.text[min(i, len(s.text)):], "、") {
		i += len("、")
	}
	if at(s.text, i) == ' ' {
		i++
	}
	return i
}

// take adds a word; false = the number ended before it.
func (d *dictation) take(w spokenWord, digits bool) bool {
	switch {
	case w.plus:
		if d.n > 0 || d.plus {
			return false
		}
		d.plus = true
		return true
	case w.repeat > 0:
		if d.repeat > 0 {
			return false
		}
		d.repeat, d.tens = w.repeat, false
		return true
	case w.figures == "", w.figures == "00" && w.against && (d.n == 0 || d.last == '0' || d.last == 0):
		return false
	}
	if d.tens && len(w.figures) == 1 && w.figures != "0" && !digits {
		d.n-- // "thirty four": the figure takes the place of the zero
	}
	d.tens = w.tens
	for range max(d.repeat, 1) {
		d.n += copy(d.buf[d.n:], w.figures)
	}
	if w.tens {
		d.n += copy(d.buf[d.n:], "0")
	}
	if d.repeat, d.last = 0, 0; len(w.figures) == 1 && !w.tens {
		d.last = w.figures[0]
	}
	if !digits {
		d.words++
		d.numerals = d.numerals || w.tens || len(w.figures) > 1 && w.figures != "00"
	}
	return true
}

func (d *dictation) figures() string {
	if d.plus {
		return "+" + string(d.buf[:d.n])
	}
	return string(d.buf[:d.n])
}

// dictated tells whether figures read out are a telephone number and not a quantity, an id or someone counting.
func (s *scan) dictated(d *dictation) bool {
	digits := string(d.buf[:d.n])
	mobile := isMobile(national(digits))
	known := mobile || isLandline(digits) || isService(digits) || d.plus
	announced := s.announced(d.start)
	switch {
	case announced == roleNever, announced == roleAccount && !mobile, isWordLetter(before(s.text, d.start)):
		return false
	case s.against(d.end), s.againstBefore(d.start) && !mobile:
		return false
	case known || announced == roleCue || s.cueNear(d.start):
		return true
	}
	return d.n >= 10 && d.n <= 11 && !d.numerals && !counted(digits) && isAlpha(s.text[d.start])
}

// against tells whether a word begins at i, perhaps after a space, that makes a quantity of the figures before it.
func (s *scan) against(i int) bool {
	if at(s.text, i) == ' ' {
		i++
	}
	w, size := s.spokenAt(i)
	return size > 0 && w.against
}

// againstBefore tells the same of the word that ends before i.
func (s *scan) againstBefore(i int) bool {
	if at(s.text, i-1) == ' ' {
		i--
	}
	start := i
	if r := before(s.text, i); r >= utf8.RuneSelf {
		start -= utf8.RuneLen(r)
	} else {
		for start > 0 && isAlpha(s.text[start-1]) && i-start <= s.words.spokenSize {
			start--
		}
	}
	return start >= 0 && start < i && s.words.spoken[s.text[start:i]].against
}

// counted tells whether each figure is one more than the one before: one two three four.
func counted(digits string) bool {
	for i := range len(digits) - 1 {
		if (digits[i+1]-'0')%10 != (digits[i]-'0'+1)%10 {
			return false
		}
	}
	return true
}
