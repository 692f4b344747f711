package number

import (
	"math/big"

	"yingda/nlu/recognizer/value"
)

// plain is a number without sign, fraction or factor.
type plain struct {
	end     int // where it began if there is none
	v       amount
	figures bool // in figures only
	decimal bool
	vague   bool // 十几万

	w     whole // how the whole part was read
	point int   // where the digits after 点 begin; 0 = there are none
	units int   // length of the big units at the end
}

// readPlain reads the longest plain number that begins at a place.
func readPlain(text string, at int) plain {
	w := whole{text: text, start: at, at: at}
	best, before := plain{end: at}, plain{end: at}
	for w.step() {
		if w.complete() {
			if w.kind != nothing && w.kind != spelled {
				before = best
			}
			best = plain{end: w.at, v: w.value(), vague: w.vague, decimal: w.kind == decimal,
				figures: (w.kind == figure || w.kind == decimal) && w.n == 0 && w.floor == 0, w: w, units: w.units}
		}
	}
	c, _ := zh.at(text, skipSpace(text, w.at))
	switch {
	case w.at == at || w.kind == nothing:
	case w.tenths() && best.end == w.at && zhContext.begins("split", text, skipSpace(text, w.at)) && before.end > at:
		best = before
	case !isUnit(c):
	case w.kind == spelled: // 二三十
		if d, _ := zh.before(text, w.at); isPair(text, at, w.at) && d.class == classDigit {
			return plain{end: at}
		}
	case w.kind == digit && best.end == w.at && (w.n > 0 || w.floor > 0) && !isKilo(text, w.at): // the last digit belongs to what follows: 三百|三百
		best = before
	}
	if !best.figures && best.end > at {
		best = readPoint(text, best)
	}
	return best
}

// isKilo tells whether a unit of measure that begins with 千 stands at a place.
func isKilo(text string, at int) bool {
	at = skipSpace(text, at)
	return zhContext.begins("kilo", text, at) && !zhContext.begins("nokilo", text, at)
}

// isPair tells whether two digits that mean "one or the other" stand between two places, and nothing else.
func isPair(text string, from, to int) bool {
	a, mid := zh.at(text, from)
	b, end := zh.at(text, mid)
	return end == to && follows(a.value, b.value)
}

func skipSpace(text string, at int) int {
	if at < len(text) && text[at] == ' ' {
		at++
	}
	return at
}

// readPoint reads the fraction of 三点五, and the unit that may follow it: 三点五万.
func readPoint(text string, p plain) plain {
	c, at := zh.at(text, skipSpace(text, p.end))
	if c.class != classPoint {
		return p
	}
	at = skipSpace(text, at)
	digits, end := make([]byte, 0, 32), at
	for len(digits) < cap(digits) {
		d, next := zh.at(text, end)
		if d.class != classDigit {
			break
		}
		digits, end = append(digits, byte('0'+d.value)), next
	}
	c, next := zh.at(text, end)
	if len(digits) == 0 || c.class == classTen || c.class == classUnit && len(digits) > 1 { // 八点三十
		return p
	}
	n, _ := new(big.Int).SetString(string(digits), 10)
	p.v = p.v.add(amount{r: new(big.Rat).SetFrac(n, power(10, len(digits)))})
	p.end, p.decimal, p.point, p.units = end, true, at, 0
	for c.class == classBig {
		p.v, p.units, p.end = p.v.times(c.value), p.units+next-p.end, next
		c, next = zh.at(text, p.end)
	}
	return p
}

// reading is a number with all that belongs to it.
type reading struct {
	end        int
	v          amount
	form       value.Form
	short      int // end of the number without the letter that multiplies it: the 5 of 5k; 0 = no letter
	shortValue amount
	vague      bool // 十几万
}

// readNumber reads the longest number that begins at a place.
func readNumber(text string, at int) reading {
	from, negative := readSign(text, at)
	p := readPlain(text, from)
	if p.end == from {
		return readHalf(text, at)
	}
	if p.figures && at == from && inFigures(text, at) {
		return reading{end: at}
	}
	n := reading{end: p.end, v: p.v, form: value.Integer, vague: p.vague}
	if p.decimal {
		n.form = value.Decimal
	}
	switch {
	case n.readFraction(text, p):
	case p.figures && n.readSlash(text):
	case p.figures && n.readPower(text):
	case p.figures && n.readLetter(text):
	default:
		n.readDozen(text)
	}
	if negative {
		n.v, n.shortValue = n.v.negated(), n.shortValue.negated()
	}
	return n
}

// readSign passes 负 or a minus sign that is none of 20-100.
func readSign(text string, at int) (end int, negative bool) {
	if text[at] == '-' {
		if at > 0 && (isDigit(text[at-1]) || isLetter(text[at-1]) || text[at-1] == '-') {
			return at, false
		}
		return at + 1, true
	}
	if c, next := zh.at(text, at); c.class == classMinus {
		return skipSpace(text, next), true
	}
	return at, false
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }

// inFigures tells whether a place is inside of figures: 5 in 1.5.
func inFigures(text string, at int) bool {
	if at > 0 && text[at-1] == '.' {
		at--
	}
	return at > 0 && isDigit(text[at-1])
}

// readHalf reads the words that are a number by themselves: 半, 一半, 半百, 俩.
func readHalf(text string, at int) reading {
	c, end := zh.at(text, at)
	switch c.class {
	case classHalf:
		half := amount{r: big.NewRat(1, 2)}
		if u, next := zh.at(text, end); u.class == classUnit && u.value == 100 {
			return reading{end: next, v: half.times(100), form: value.Integer}
		}
		n := reading{end: end, v: half, form: value.Fraction}
		n.readDozen(text)
		return n
	case classLone:
		return reading{end: end, v: whole64(c.value), form: value.Integer}
	}
	return reading{end: at}
}

// readFraction reads on after the denominator of 三分之一 or the whole number of 三又二分之一.
func (n *reading) readFraction(text string, p plain) bool {
	if end, num, ok := numerator(text, p.end); ok && !p.decimal && p.v.sign() > 0 {
		n.end, n.v, n.form = end, num.over(p.v), value.Fraction
		return true
	}
	c, at := zh.at(text, skipSpace(text, p.end))
	if c.class != classPlus {
		return false
	}
	d := readPlain(text, skipSpace(text, at))
	if end, num, ok := numerator(text, d.end); ok && !d.decimal && d.v.sign() > 0 {
		n.end, n.v, n.form = end, n.v.add(num.over(d.v)), value.Fraction
		return true
	}
	return false
}

// numerator reads "分之" and the number after it.
func numerator(text string, at int) (end int, v amount, ok bool) {
	c, at := zh.at(text, skipSpace(text, at))
	if c.class != classPart {
		return at, v, false
	}
	if c, at = zh.at(text, skipSpace(text, at)); c.class != classOf {
		return at, v, false
	}
	at = skipSpace(text, at)
	if at >= len(text) {
		return at, v, false
	}
	from, negative := readSign(text, at)
	p := readPlain(text, from)
	if negative {
		p.v = p.v.negated()
	}
	return p.end, p.v, p.end > from
}

// readDozen multiplies by 打.
func (n *reading) readDozen(text string) {
	if c, end := zh.at(text, skipSpace(text, n.end)); c.class == classDozen && !isVerb(text, end) {
		n.v, n.end = n.v.times(12), end
	}
}
