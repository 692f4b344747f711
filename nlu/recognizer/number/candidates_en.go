package number

import (
	"math/big"

	"yingda/nlu/recognizer/value"
)

// candidate is one way to understand the text at a place as a number.
type candidate struct {
	end  int
	v    amount
	form value.Form // Fraction, Power; empty = Integer or Decimal by the value
	// link is the word between numerator and denominator where they are numbers of their own in other readings: "two out of five". Such
	// candidates come after the others.
	link role
}

func (c candidate) number() value.Number {
	f := c.form
	if f == "" {
		f = value.Decimal
		if _, whole := c.v.int(); whole || c.v.rat().IsInt() {
			f = value.Integer
		}
	}
	return c.v.number(f)
}

const maxCandidates = 48

// candidates are the numbers that begin at a place of an English text, in figures and words.
type candidates struct {
	l    *lexicon
	text string
	all  [maxCandidates]candidate
	n    int
}

func (s *candidates) add(c candidate) {
	if s.n < maxCandidates {
		s.all[s.n] = c
		s.n++
	}
}

// read finds the numbers that begin at a place, with their signs. p is the reader of whole numbers to use; without a sign it afterwards
// holds those at the place.
func (s *candidates) read(text string, at int, p *numeral) {
	s.l, s.text, s.n = p.l, text, 0
	p.n, p.rank = 0, rankWords{}
	from, negative := skipSign(s.l, text, at)
	if from < 0 {
		return
	}
	p.read(text, from)
	s.unsigned(from, p)
	if negative {
		for i := range s.n {
			s.all[i].v = s.all[i].v.negated()
		}
		p.n, p.rank = 0, rankWords{}
	}
}

// skipSign returns where a number begins behind its sign, −1 if what looks like a sign is none.
func skipSign(l *lexicon, text string, at int) (from int, negative bool) {
	if text[at] == '-' {
		return minusSign(text, at), true
	}
	w, end := l.at(text, at)
	if w.role != minusWord {
		return at, false
	}
	from, sep := next(text, end)
	if sep != spaced || from >= len(text) || afterNumber(text, at) {
		return -1, true
	}
	return from, true
}

// minusSign returns where the figures behind a minus sign begin, −1 if the hyphen is none: "20 - 30", "scp-173".
func minusSign(text string, at int) int {
	from := at + 1
	if from < len(text) && text[from] == ' ' {
		from++
	}
	if from >= len(text) || !isDigit(text[from]) && text[from] != '.' {
		return -1
	}
	if at == 0 {
		return from
	}
	switch b := text[at-1]; {
	case b == ' ':
		if at > 1 && (isDigit(text[at-2]) || text[at-2] == '-') {
			return -1
		}
	case isDigit(b), b == '-', b == '.', b == ')', b == '_', b == '%', b == '^', endsWord(text, at):
		return -1
	}
	return from
}

// endsWord tells whether a letter stands before a place.
func endsWord(text string, at int) bool {
	for i := at - 1; i >= 0 && i >= at-4; i-- {
		if b := text[i]; b < 0x80 || b >= 0xC0 {
			return isLatin(text[i:])
		}
	}
	return false
}

// afterNumber tells whether figures or a word of numbers stand before the word at a place: "ten minus five".
func afterNumber(text string, at int) bool {
	w, from := wordBefore(text, at)
	return w.role >= zeroWord && w.role <= scaleWord || from > 0 && isDigit(text[from-1])
}

// wordBefore returns the word before the one at a place, and where it begins.
func wordBefore(text string, at int) (w word, from int) {
	l := english()
	if at == 0 || text[at-1] != ' ' {
		return word{}, at
	}
	from = at - 1
	for from > 0 && isLetter(text[from-1]) && at-from <= l.long+1 {
		from--
	}
	if from == at-1 || endsWord(text, from) {
		return word{}, from
	}
	w, end := l.at(text, from)
	if end != at-1 {
		return word{}, from
	}
	return w, from
}

func (s *candidates) unsigned(at int, p *numeral) {
	if isDigit(s.text[at]) || s.text[at] == '.' {
		s.figures(at)
	}
	s.aDozen(at)
	for i := range p.n {
		if c := p.all[i]; !c.alone && !s.isPronoun(at, c.end) {
			s.add(candidate{end: c.end, v: c.v})
			s.dozen(c)
			s.decimals(c)
		}
	}
	if hasPart(s.l, s.text, at) {
		s.fractions(at, p)
	}
	if c, ok := p.longest(); ok {
		s.linked(c)
	}
}

// isPronoun tells whether the word is the "one" of "this one".
func (s *candidates) isPronoun(at, end int) bool {
	w, e := s.l.at(s.text, at)
	if e != end || w.role != unitWord || w.value != 1 {
		return false
	}
	before, _ := wordBefore(s.text, at)
	return before.role == pronounWord || before.role == sideWord
}

// aDozen reads "a dozen".
func (s *candidates) aDozen(at int) {
	w, end := s.l.at(s.text, at)
	if w.role != articleWord {
		return
	}
	at, _ = next(s.text, end)
	if w, end = s.l.at(s.text, at); w.role == dozenWord && !w.plural {
		s.add(candidate{end: end, v: whole64(w.value)})
	}
}

// dozen reads "dozen" behind a number; "three hundred and two dozens" are two dozens more than three hundred.
func (s *candidates) dozen(c cardinal) {
	from, sep := next(s.text, c.end)
	w, end := s.l.at(s.text, from)
	if sep != spaced && sep != hyphen || w.role != dozenWord {
		return
	}
	v := c.v.times(w.value)
	if c.tail.sign() > 0 {
		v = c.head.add(c.tail.times(w.value))
	}
	s.add(candidate{end: end, v: v})
}

// decimals reads "point zero three", and a scale word behind it.
func (s *candidates) decimals(c cardinal) {
	from, sep := next(s.text, c.end)
	w, at := s.l.at(s.text, from)
	if sep != spaced || w.role != pointWord {
		return
	}
	v, end := s.digits(at)
	if end == 0 {
		return
	}
	v = v.add(c.v)
	s.add(candidate{end: end, v: v})
	if exp, end := s.scale(end); exp > 0 {
		s.add(candidate{end: end, v: v.shift(exp)})
	}
}

// digits reads the digits behind "point": "zero three", "eleven", "25".
func (s *candidates) digits(at int) (v amount, end int) {
	places := 0
	for places < 20 {
		from, sep := next(s.text, at)
		if sep != spaced || from >= len(s.text) {
			break
		}
		w, e := s.l.at(s.text, from)
		n := 1
		switch w.role {
		case zeroWord, ohWord, unitWord:
		case teenWord, tensWord:
			if n = 2; w.role == tensWord {
				f, _ := next(s.text, e)
				if u, ue := s.l.at(s.text, f); u.role == unitWord {
					w.value, e = w.value+u.value, ue
				}
			}
		default:
			if e = digitsEnd(s.text, from); e == from || places > 0 || e-from > maxInt || joinsAfter(s.text, e) {
				return v.shift(-places), end
			}
			return figuresOf("0", s.text[from:e]), e
		}
		v = v.shift(n).add(whole64(w.value))
		places, at, end = places+n, e, e
	}
	return v.shift(-places), end
}

// scale reads a scale word behind a decimal.
func (s *candidates) scale(at int) (exp, end int) {
	from, sep := next(s.text, at)
	if w, end := s.l.at(s.text, from); w.role == scaleWord && sep == spaced {
		return int(w.value), end
	}
	return 0, at
}

// linked reads the second number of "one over three", "one out of three" and "one in three".
func (s *candidates) linked(c cardinal) {
	at, sep := next(s.text, c.end)
	link, end := s.l.at(s.text, at)
	if sep != spaced || link.role != overWord && link.role != inWord && link.role != outWord {
		return
	}
	at, _ = next(s.text, end)
	if link.role == outWord {
		w, end := s.l.at(s.text, at)
		if w.role != ofWord {
			return
		}
		at, _ = next(s.text, end)
	}
	p := numeral{l: s.l}
	p.read(s.text, at)
	d, ok := p.longest()
	if !ok || d.v.sign() <= 0 || joinsAfter(s.text, d.end) {
		return
	}
	v := c.v.over(d.v)
	if link.role != overWord && v.r.Cmp(one) >= 0 {
		return
	}
	if link.role == inWord && isYear(s.text[at:d.end]) {
		return
	}
	s.add(candidate{end: d.end, v: v, form: value.Fraction, link: link.role})
}

var one = big.NewRat(1, 1)

// isYear tells whether the text is four figures: "3 in 2009".
func isYear(s string) bool {
	return len(s) == 4 && digitsEnd(s, 0) == 4 && (s[0] == '1' || s[0] == '2')
}
