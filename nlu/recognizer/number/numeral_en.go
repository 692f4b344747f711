package number

// cardinal is one way to understand the words at a place: a whole number and where it ends.
type cardinal struct {
	end   int
	v     amount
	exp   int    // power of ten of the scale word that it ends with, 0 = none
	head  amount // what stands before "and" …
	tail  amount // … and the part of the number behind it, zero if there is no "and"
	alone bool   // a bare "hundred" or "thousand", which is no number by itself
}

// rankWords is a rank in words. It is valid if its end is not 0.
type rankWords struct {
	end    int
	v      amount
	plural bool  // "fifths"
	bare   bool  // begins with "hundred" or "million" without a number before it, and has more words
	unit   int64 // what its last word says if that is below ten
	hyphen bool  // there is a hyphen before that word
}

const (
	maxCardinals = 32
	maxWords     = 320 // bytes that a number in words may have
	noLimit      = 99
)

// numeral reads a whole number or a rank in words that begins at a place. It keeps the readings of all lengths, from the shortest to
// the longest, since which of them holds depends on what follows.
type numeral struct {
	l    *lexicon
	text string
	all  [maxCardinals]cardinal
	n    int
	rank rankWords
	bare bool // begins with "hundred" or a scale word
}

// longest returns the longest cardinal that is a number by itself.
func (p *numeral) longest() (cardinal, bool) {
	for i := p.n - 1; i >= 0; i-- {
		if !p.all[i].alone {
			return p.all[i], true
		}
	}
	return cardinal{}, false
}

func (p *numeral) keep(r cardinal) {
	if p.n < maxCardinals {
		p.all[p.n] = r
		p.n++
	}
}

// part is a group of words below a scale word, as "three hundred and two" in "three hundred and two thousand".
type part struct {
	total     amount // what has been read before
	limit     int    // power of ten that the part must stay below
	first     bool
	connected bool // stands behind "and"

	v    amount
	end  int
	bare bool // begins with "hundred" or a scale word
}

// read reads from a place: part scale part scale … part, with falling scales. The table must be set.
func (p *numeral) read(text string, at int) {
	p.text, p.n, p.rank, p.bare = text, 0, rankWords{}, false
	p.parts(at)
	p.rank.bare = p.bare
}

func (p *numeral) parts(begin int) {
	at := begin
	for g := (part{limit: noLimit, first: true}); ; {
		mark := p.n
		if !p.part(&g, at) {
			return
		}
		exp, end := p.scales(&g)
		if exp == 0 {
			p.scaleRank(&g)
			return
		}
		v := g.v.shift(exp)
		if !v.below(g.limit) {
			p.n = mark // "one thousand two million" is two numbers
			return
		}
		r := cardinal{end: end, v: g.total.add(v), exp: exp, alone: g.bare && g.end == at && p.isWord(at, end)}
		if g.connected {
			r.head, r.tail = g.total, v
		}
		p.keep(r)
		if at, g.connected = p.connect(end); at < 0 || at-begin > maxWords {
			return
		}
		g = part{total: r.v, limit: exp, connected: g.connected}
	}
}

// isWord tells whether exactly one word stands in a range.
func (p *numeral) isWord(from, to int) bool {
	_, end := p.l.at(p.text, from)
	return end == to
}

// part reads words up to the hundreds and what belongs to them.
func (p *numeral) part(g *part, at int) bool {
	w, end := p.l.at(p.text, at)
	g.v, g.end = whole64(w.value), end
	switch w.role {
	case zeroWord:
		if g.first {
			p.keep(cardinal{end: end})
		}
		return false
	case articleWord:
		from, _ := next(p.text, end)
		if w, _ := p.l.at(p.text, from); !g.first || w.plural || w.role != hundredWord && w.role != scaleWord {
			return false
		}
		g.v = whole64(1)
		return p.hundreds(g)
	case hundredWord, scaleWord:
		if !g.first || w.plural {
			return false
		}
		g.v, g.end, g.bare, p.bare = whole64(1), at, true, true
		return p.hundreds(g)
	case hundredTh, scaleTh:
		if g.first {
			p.rank = rankWords{end: end, v: whole64(1).shift(w.power()), plural: w.plural}
		}
		return false
	}
	if !p.small(g, at) {
		return false
	}
	return p.hundreds(g)
}

// power returns the power of ten of a scale word or "hundred".
func (w word) power() int {
	if w.role == hundredTh || w.role == hundredWord {
		return 2
	}
	return int(w.value)
}

// small reads a number below a hundred, or figures, and keeps it as the end of the number so far.
func (p *numeral) small(g *part, at int) bool {
	w, end := p.l.at(p.text, at)
	switch {
	case w.role == unitTh || w.role == teenTh || w.role == tensTh:
		p.rank = rankWords{end: end, v: g.total.add(whole64(w.value)), plural: w.plural, unit: w.value}
		return false
	case w.role == unitWord || w.role == teenWord || w.role == tensWord:
		g.v, g.end = whole64(w.value), end
		p.keepSmall(g)
	case at < len(p.text) && (isDigit(p.text[at]) || p.text[at] == '.'):
		return p.figure(g, at)
	default:
		return false
	}
	if w.role != tensWord {
		return true
	}
	from, sep := next(p.text, end)
	switch u, end := p.l.at(p.text, from); {
	case sep == touching:
	case u.role == unitWord:
		g.v, g.end = whole64(w.value+u.value), end
		p.keepSmall(g)
	case u.role == unitTh:
		p.rank = rankWords{end: end, v: g.total.add(whole64(w.value + u.value)), plural: u.plural, unit: u.value, hyphen: sep != spaced}
	}
	return true
}

func (p *numeral) keepSmall(g *part) {
	r := cardinal{end: g.end, v: g.total.add(g.v)}
	if g.connected {
		r.head, r.tail = g.total, g.v
	}
	p.keep(r)
}

// figure reads figures as a part of the number: "4 thousand 3 hundred and 21", "2.5 million". Those after the first must have a unit or
// stand behind "and".
func (p *numeral) figure(g *part, at int) bool {
	f := figuresAt(p.text, at)
	if f.end == 0 || !g.first && (f.form != formWhole || !f.plain || f.end-at > 3 || f.v.sign() == 0) {
		return false
	}
	g.v, g.end = f.v, f.end
	from, _ := next(p.text, f.end)
	w, _ := p.l.at(p.text, from)
	unit := w.role == hundredWord || w.role == scaleWord || w.role == scaleTh || w.role == hundredTh
	if g.first {
		p.keep(cardinal{end: f.end, v: f.v})
	} else if g.connected && !unit && !joinsWord(p.text, f.end) {
		p.keepSmall(g)
	}
	return unit || g.first || g.connected
}

// hundreds reads "hundred and two" behind a small number.
func (p *numeral) hundreds(g *part) bool {
	from := g.end
	if !g.bare {
		from, _ = next(p.text, g.end)
	}
	w, end := p.l.at(p.text, from)
	if w.role == hundredTh && !g.bare {
		p.rank = rankWords{end: end, v: g.total.add(g.v.times(100)), plural: w.plural}
	}
	if w.role != hundredWord {
		return true
	}
	g.v, g.end = g.v.times(100), end
	if !g.v.below(g.limit) {
		return false
	}
	p.keep(cardinal{end: end, v: g.total.add(g.v), alone: g.bare, exp: 2})
	at, connected := p.connect(end)
	if at < 0 {
		return true
	}
	rest := part{total: g.total.add(g.v), connected: connected}
	mark := p.n
	if !p.small(&rest, at) {
		return p.rank.end == 0
	}
	from, _ = next(p.text, rest.end)
	if w, _ := p.l.at(p.text, from); w.role == hundredWord { // "three hundred and two hundred" is two numbers
		p.n, p.rank = mark, rankWords{}
		return true
	}
	g.v, g.end = g.v.add(rest.v), rest.end
	return true
}

// scales reads scale words, which multiply: "thousand", "lakh crore".
func (p *numeral) scales(g *part) (exp, end int) {
	end = g.end
	from := end
	if !g.bare || g.v.i != 1 {
		from, _ = next(p.text, end)
	}
	for {
		w, e := p.l.at(p.text, from)
		if w.role != scaleWord || exp+int(w.value) > 60 {
			return exp, end
		}
		exp, end = exp+int(w.value), e
		from, _ = next(p.text, end)
	}
}

// scaleRank reads "millionth" behind a part.
func (p *numeral) scaleRank(g *part) {
	from, _ := next(p.text, g.end)
	if w, end := p.l.at(p.text, from); w.role == scaleTh {
		if v := g.v.shift(int(w.value)); v.below(g.limit) {
			p.rank = rankWords{end: end, v: g.total.add(v), plural: w.plural}
		}
	}
}

// connect returns where the next part may begin, after "and" perhaps; −1 if nowhere.
func (p *numeral) connect(at int) (begin int, connected bool) {
	begin, sep := next(p.text, at)
	if sep == touching || sep == wideHyphen {
		return -1, false
	}
	w, end := p.l.at(p.text, begin)
	if w.role != andWord {
		return begin, false
	}
	if begin, sep = next(p.text, end); sep != spaced && sep != hyphen {
		return -1, false
	}
	return begin, true
}
