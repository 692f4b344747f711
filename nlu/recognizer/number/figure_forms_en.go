package number

import (
	"yingda/nlu/recognizer/value"
)

// figures adds what only figures can be: "2.5k", "3/4", "1 3/4", "1.1^23", "6.2x10^-4".
func (s *candidates) figures(at int) {
	f := figuresAt(s.text, at)
	if f.end == 0 {
		return
	}
	s.abbreviated(f, at)
	s.power(f)
	if !f.plain || at > 0 && (s.text[at-1] == '/' || s.text[at-1] == '-' && at > 1 && isDigit(s.text[at-2])) {
		return
	}
	if v, end := s.vulgar(at, f); end > 0 {
		s.add(candidate{end: end, v: v, form: value.Fraction})
		return
	}
	if v, end := s.slash(f); end > 0 {
		s.add(candidate{end: end, v: v, form: value.Fraction})
		return
	}
	if f.end+1 < len(s.text) && s.text[f.end] == ' ' && isDigit(s.text[f.end+1]) {
		if v, end := s.slash(figuresAt(s.text, f.end+1)); end > 0 && v.less(1) {
			s.add(candidate{end: end, v: f.v.add(v), form: value.Fraction})
		}
	}
}

// abbreviated reads the scale behind figures: "2.5k", "10 bln". A letter has to touch the figures, unless those stand in groups.
func (s *candidates) abbreviated(f figures, at int) {
	from, sep := f.end, touching
	if from < len(s.text) && s.text[from] == ' ' {
		from, sep = from+1, spaced
	}
	w, end := s.l.at(s.text, from)
	switch {
	case w.role == briefWord:
	case w.role == letterWord && (sep == touching || !f.plain && end-from == 1 && isGroups(s.text[at:f.end])):
	case w.role == moneyWord && isMoney(s.text, at):
	default:
		return
	}
	s.add(candidate{end: end, v: f.v.shift(int(w.value))})
}

func isGroups(s string) bool { return grouped(s[:integerEnd(s)], ',') }

// integerEnd returns where the integer part of figures ends.
func integerEnd(s string) int {
	for i := range len(s) {
		if s[i] == '.' {
			return i
		}
	}
	return len(s)
}

// isMoney tells whether figures stand behind a sign of money.
func isMoney(text string, at int) bool {
	if at > 0 && text[at-1] == ' ' {
		at--
	}
	return at > 0 && text[at-1] == '$' || at > 1 && (text[at-2:at] == "£" || text[at-2:at] == "¥") || at > 2 && text[at-3:at] == "€"
}

const fractionSlash = "\u2044"

// vulgar reads what Unicode's normalisation makes of ½: 1⁄2. The numerator is one figure; those before it are a whole number, for 1½
// becomes 11⁄2.
func (s *candidates) vulgar(at int, f figures) (v amount, end int) {
	end = f.end + len(fractionSlash)
	if end >= len(s.text) || s.text[f.end:end] != fractionSlash {
		return amount{}, 0
	}
	d := figuresAt(s.text, end)
	if d.end == 0 || d.v.sign() == 0 {
		return amount{}, 0
	}
	v = figuresOf(s.text[f.end-1:f.end], "").over(d.v)
	if f.end-1 > at {
		v = v.add(figuresOf(s.text[at:f.end-1], ""))
	}
	return v, d.end
}

// slash reads the denominator of 3/4 or 3 / 4; more slashes or hyphens around it are of a date.
func (s *candidates) slash(f figures) (v amount, end int) {
	at := f.end
	if at+2 < len(s.text) && s.text[at:at+2] == " /" && s.text[at+2] == ' ' {
		at += 2
	} else if at >= len(s.text) || s.text[at] != '/' || !f.plain {
		return amount{}, 0
	}
	if at++; at >= len(s.text) || !isDigit(s.text[at]) {
		return amount{}, 0
	}
	d := figuresAt(s.text, at)
	if d.end == 0 || !d.plain || d.v.sign() == 0 || joinsAfter(s.text, d.end) {
		return amount{}, 0
	}
	if d.end+1 < len(s.text) && (s.text[d.end] == '/' || s.text[d.end] == '-') && isDigit(s.text[d.end+1]) {
		return amount{}, 0
	}
	return f.v.over(d.v), d.end
}

// power reads 1.1^23, 1e10 and 6.2x10^-4.
func (s *candidates) power(f figures) {
	base, at := f.v, f.end
	if at >= len(s.text) {
		return
	}
	times := false
	switch s.text[at] {
	case '^':
		at++
	case 'e':
		at, base, times = at+1, whole64(10), true
	default:
		if at = timesTen(s.text, at); at < 0 {
			return
		}
		base, times = whole64(10), true
	}
	negative := false
	for n := 0; n < 4 && at < len(s.text) && (s.text[at] == '-' || s.text[at] == '+'); n++ {
		negative = negative != (s.text[at] == '-')
		at++
	}
	e := figures{}
	if at < len(s.text) && isDigit(s.text[at]) {
		e = figuresAt(s.text, at)
	}
	if e.end == 0 || !e.plain || joinsAfter(s.text, e.end) || !e.v.less(maxExponent) {
		return
	}
	p := base.raised(int(e.v.i))
	if p == nil || p.Sign() == 0 {
		return
	}
	if negative {
		p.Inv(p)
	}
	if times {
		p.Mul(p, f.v.rat())
	}
	s.add(candidate{end: e.end, v: amount{r: p}, form: value.Power})
}

// timesTen returns the place behind "x10^", −1 if something else stands there.
func timesTen(text string, at int) int {
	for _, sign := range [...]string{"x10^", "×10^", "*10^", " x 10^", " × 10^", " * 10^"} {
		if end := at + len(sign); end <= len(text) && text[at:end] == sign {
			return end
		}
	}
	return -1
}
