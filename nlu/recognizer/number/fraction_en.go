package number

import "yingda/nlu/recognizer/value"

// fraction is a fraction in words: "three quarters", "half a million".
type fraction struct {
	end    int // 0 = there is none
	v      amount
	exp    int   // power of ten by which it is still to be multiplied, as told by a scale word
	dozens int64 // 12 if "dozen" follows, else 1
	single bool  // of one part: "a third"
}

// value returns the fraction with its scale.
func (f fraction) value() amount { return f.v.shift(f.exp).times(f.dozens) }

// hasPart tells whether the words at a place, as far as they belong to numbers, have one that names a part: "third", "half".
func hasPart(l *lexicon, text string, at int) bool {
	for begin := at; at < len(text) && at-begin < maxWords; {
		w, end := l.at(text, at)
		switch c := w.role; {
		case c.isRank() || c == partWord || c == partsWord:
			return true
		case c == noWord:
			if end = digitsEnd(text, at); end == at {
				return false
			}
		case c > dozenWord && c != articleWord && c != andWord:
			return false
		}
		at, _ = next(text, end)
	}
	return false
}

// fractions adds "three quarters" and "one and a half". p holds the whole numbers at the place.
func (s *candidates) fractions(at int, p *numeral) {
	if f := s.fraction(at, p); f.end > 0 && !(f.single && s.countsByRank(f.end)) {
		form := value.Fraction
		if f.dozens > 1 && f.value().rat().IsInt() {
			form = ""
		}
		s.add(candidate{end: f.end, v: f.value(), form: form})
	}
	for i := p.n - 1; i >= 0; i-- {
		if p.all[i].alone {
			continue
		}
		if v, end := s.mixed(p.all[i]); end > 0 {
			s.add(candidate{end: end, v: v, form: value.Fraction})
			return
		}
	}
}

// countsByRank tells whether something follows that is counted by ranks: "a third" is no fraction in "a third party".
func (s *candidates) countsByRank(at int) bool {
	from, sep := next(s.text, at)
	w, _ := s.l.at(s.text, from)
	return sep == spaced && w.role == rankedWord && !w.plural
}

// fraction reads a fraction that begins at a place.
func (s *candidates) fraction(at int, p *numeral) fraction {
	w, end := s.l.at(s.text, at)
	if w.role == partWord {
		return s.part(at, end, w)
	}
	if w.role == articleWord {
		from, _ := next(s.text, end)
		if v, end := s.denominator(from, 1); end > 0 {
			return s.scaled(fraction{end: end, v: v, dozens: 1, single: true})
		}
	}
	for i := range p.n {
		c := p.all[i]
		from, sep := next(s.text, c.end)
		if c.alone || sep == touching || sep != spaced && s.isUnit(from) {
			continue
		}
		n := int64(2)
		if c.v.r == nil && c.v.i == 1 {
			n = 1
		}
		if d, end := s.denominator(from, n); end > 0 {
			return s.scaled(fraction{end: end, v: c.v.over(amount{r: one}.over(d)), dozens: 1, single: n == 1})
		}
	}
	return fraction{}
}

// part reads "half" and "quarter" without a number before them: "half a million". A quarter alone is none: it may be a part of the year.
func (s *candidates) part(at, end int, w word) fraction {
	if before, _ := wordBefore(s.text, at); before.role.isRank() || before.role == sideWord {
		return fraction{}
	}
	f := s.scaled(fraction{end: end, v: whole64(1).over(whole64(w.value)), dozens: 1})
	if w.value == 4 && f.exp == 0 && f.dozens == 1 {
		return fraction{}
	}
	return f
}

// denominator reads a denominator and returns the fraction that it names. More than one part need the plural.
func (s *candidates) denominator(at int, n int64) (v amount, end int) {
	w, end := s.l.at(s.text, at)
	switch {
	case w.role == partWord && n == 1, w.role == partsWord:
		return whole64(1).over(whole64(w.value)), end
	case w.role == zeroWord || w.role == noWord:
		return amount{}, 0
	}
	d := numeral{l: s.l}
	d.read(s.text, at)
	r := d.rank
	if r.end == 0 || r.bare || n > 1 && !r.plural || r.v.less(3) {
		return amount{}, 0
	}
	if r.unit == 2 && !r.hyphen {
		return amount{}, 0 // "thirty seconds" take half a minute
	}
	return whole64(1).over(r.v), r.end
}

func (s *candidates) isUnit(at int) bool {
	w, _ := s.l.at(s.text, at)
	return w.role == unitWord
}

// scaled reads what the fraction is of: "of a million", "a dozen", "million".
func (s *candidates) scaled(f fraction) fraction {
	at, sep := next(s.text, f.end)
	if sep == touching {
		return f
	}
	w, end := s.l.at(s.text, at)
	if w.role == ofWord {
		at, _ = next(s.text, end)
		if w, end = s.l.at(s.text, at); w.role != articleWord {
			return f
		}
	}
	if w.role == articleWord {
		at, _ = next(s.text, end)
		w, end = s.l.at(s.text, at)
	}
	switch {
	case w.plural:
	case w.role == scaleWord:
		f.exp, f.end = int(w.value), end
	case w.role == hundredWord:
		f.exp, f.end = 2, end
	case w.role == dozenWord:
		f.dozens, f.end = w.value, end
	}
	return f
}

// mixed reads a whole number with a fraction behind "and". The fraction of "one million and a half" is of the million.
func (s *candidates) mixed(c cardinal) (v amount, end int) {
	at, connected := s.connect(c.end)
	if !connected {
		return amount{}, 0
	}
	p := numeral{l: s.l}
	p.read(s.text, at)
	f := s.fraction(at, &p)
	if f.end == 0 {
		return s.tensAndUnits(c, &p)
	}
	switch {
	case !f.v.less(1):
	case f.exp > 0 && c.exp >= 3:
		if f.value().below(c.exp) {
			return c.v.add(f.value()), f.end
		}
	case f.exp > 0 || f.dozens > 1:
		f.v = c.v.add(f.v)
		return f.value(), f.end
	case c.exp > 3:
		return c.v.add(f.v.shift(c.exp)), f.end
	default:
		return c.v.add(f.v), f.end
	}
	return amount{}, 0
}

// tensAndUnits reads "twenty and three and three fifths".
func (s *candidates) tensAndUnits(c cardinal, p *numeral) (v amount, end int) {
	if !c.v.less(100) || p.n == 0 || !p.all[0].v.less(10) || c.v.r != nil || c.v.i%10 != 0 {
		return amount{}, 0
	}
	at, connected := s.connect(p.all[0].end)
	if !connected {
		return amount{}, 0
	}
	q := numeral{l: s.l}
	q.read(s.text, at)
	if f := s.fraction(at, &q); f.end > 0 && f.exp == 0 && f.dozens == 1 && f.v.less(1) {
		return c.v.add(p.all[0].v).add(f.v), f.end
	}
	return amount{}, 0
}

// connect returns where the words behind "and" begin.
func (s *candidates) connect(at int) (begin int, ok bool) {
	begin, sep := next(s.text, at)
	w, end := s.l.at(s.text, begin)
	if sep != spaced || w.role != andWord {
		return 0, false
	}
	begin, sep = next(s.text, end)
	return begin, sep == spaced
}
