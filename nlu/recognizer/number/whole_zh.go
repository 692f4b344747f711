package number

// maxWhole bounds the length of a whole number in bytes.
const maxWhole = 96

// term is a part of a number that has its big unit: 三千万.
type term struct {
	v    amount
	unit int64
}

// whole reads a whole number in Chinese words or mixed figures from left to right. After each step it knows whether what it has
// read is a number, and which.
type whole struct {
	text  string
	start int
	at    int // where reading goes on

	terms [4]term // those with big units, from the largest
	n     int
	sec   amount // the thousands, hundreds and tens since then
	floor int64  // the smallest unit of them; 0 = none yet
	dig   amount // a digit or figure without unit
	kind  pending
	zero  bool  // a zero before it
	last  int64 // the unit just read; 0 = something else
	begun bool
	vague bool // some figures are not told: 十几万
	units int  // length of the big units just read
}

// pending says what the digit without unit is.
type pending uint8

const (
	nothing pending = iota
	digit           // one digit in words
	figure          // figures
	decimal         // figures with a fraction: 3.2
	spelled         // several digits in words: 二零一八
)

// step reads one more character or figure. It returns false at the end of the number, true otherwise.
func (w *whole) step() bool {
	at := w.at
	spaced := at < len(w.text) && at > w.start && w.text[at] == ' '
	if spaced {
		at++
	}
	if at >= len(w.text) || at-w.start > maxWhole {
		return false
	}
	if b := w.text[at]; isDigit(b) || b == '.' {
		return w.readFigure(at, spaced)
	}
	c, end := zh.at(w.text, at)
	ok, units := false, 0
	switch c.class {
	case classDigit, classCount:
		ok = w.readDigit(c, end, spaced)
	case classTen, classUnit:
		ok = w.readUnit(c)
	case classTens:
		if ok = w.kind == nothing && (w.floor == 0 || w.floor > 10); ok {
			w.sec, w.floor, w.last = w.sec.add(whole64(c.value)), 10, 10
		}
	case classBig:
		ok, units = w.readBig(c.value), w.units+end-w.at
	case classSome:
		if end, ok = w.skipSome(end); ok {
			w.vague = true
		}
	}
	if ok {
		w.at, w.begun, w.units = end, true, units
	}
	return ok
}

// skipSome passes 多, 余 or 几 if a big unit follows.
func (w *whole) skipSome(end int) (int, bool) {
	next := end
	if next < len(w.text) && w.text[next] == ' ' {
		next++
	}
	c, _ := zh.at(w.text, next)
	return end, c.class == classBig && (w.last > 0 || w.zero || w.kind == figure)
}

func (w *whole) readDigit(c char, end int, spaced bool) bool {
	switch {
	case w.kind == nothing && c.value == 0 && c.class == classDigit && w.begun:
		if w.zero || w.last == 0 { // 一百零零
			return false
		}
		w.zero, w.last = true, 0
	case w.kind == nothing:
		w.dig, w.kind = whole64(c.value), digit
	case (w.kind == digit || w.kind == spelled) && w.n == 0 && w.floor == 0 && !spaced && c.class == classDigit && w.oneByOne():
		w.dig, w.kind = w.dig.times(10).add(whole64(c.value)), spelled
	default:
		return false
	}
	return true
}

// oneByOne tells whether the digits read so far may be followed by another: those that only count may not.
func (w *whole) oneByOne() bool {
	c, _ := zh.before(w.text, w.at)
	return c.class == classDigit && !w.zero
}

func (w *whole) readFigure(at int, spaced bool) bool {
	if w.kind != nothing {
		return false
	}
	v, end, form := readFigures(w.text, at)
	switch {
	case end == at:
		return false
	case !w.begun:
		w.dig, w.kind = v, figure
		if form == formDecimal {
			w.kind = decimal
		}
	case w.last == 0 && !w.zero || form == formDecimal || !v.less(w.smallest()):
		return false
	default:
		if c, _ := zh.at(w.text, end); spaced && c.class != classTen && c.class != classUnit && c.class != classBig {
			return false // 五万 3个
		}
		w.dig, w.kind = v, figure
	}
	w.at, w.begun, w.units = end, true, 0
	return true
}

// smallest returns the smallest unit read so far.
func (w *whole) smallest() int64 {
	if w.floor > 0 {
		return w.floor
	}
	if w.n > 0 {
		return w.terms[w.n-1].unit
	}
	return 1 << 62
}

func (w *whole) readUnit(c char) bool {
	u := c.value
	if w.floor > 0 && u >= w.floor {
		return false
	}
	switch w.kind {
	case spelled:
		return false
	case decimal:
		if u == 10 {
			return false
		}
	case digit:
		if w.dig.sign() == 0 { // 零十
			if u != 10 {
				return false
			}
			w.dig = whole64(1)
		}
	case nothing:
		// 十 counts alone, 百 and 千 only at the beginning: 十五, 零十, 一百十, 百三.
		if w.begun && (c.class != classTen || !w.zero && w.last < 100) || !w.begun && !begins(c, w.text, w.start) {
			return false
		}
		w.dig = whole64(1)
	}
	w.sec, w.floor, w.last = w.sec.add(w.dig.times(u)), u, u
	w.dig, w.kind, w.zero = amount{}, nothing, false
	return true
}

// begins tells whether a unit may begin a number: not if the figures before it are not told, 几十, and 百 and 千 not after a digit.
func begins(unit char, text string, at int) bool {
	c, _ := zh.before(text, at)
	untold := c.class == classUntold || c.class == classSome && c.value == 1
	return !untold && (unit.class == classTen || c.class != classDigit && c.class != classCount)
}

func (w *whole) readBig(unit int64) bool {
	s := w.sec
	if w.kind != nothing {
		s = s.add(w.dig)
	}
	switch {
	case s.sign() == 0 && w.n > 0 && !w.zero: // 四万万, 4.78万亿
		t := &w.terms[w.n-1]
		if t.unit > 1<<62/unit {
			return false
		}
		t.v, t.unit, w.last = t.v.times(unit), t.unit*unit, unit
		w.raise()
		return true
	case s.sign() == 0 || w.kind == spelled:
		return false
	}
	n := w.n
	for n > 0 && w.terms[n-1].unit < unit { // 一万五千亿
		n--
		s = s.add(w.terms[n].v)
	}
	if n > 0 && w.terms[n-1].unit <= unit || n == len(w.terms) {
		return false
	}
	w.terms[n], w.n = term{s.times(unit), unit}, n+1
	w.sec, w.floor, w.last = amount{}, 0, unit
	w.dig, w.kind, w.zero = amount{}, nothing, false
	return true
}

// raise joins terms after a unit has been multiplied: in 三千五百万零六千万亿 all is counted in 亿.
func (w *whole) raise() {
	for w.n > 1 && w.terms[w.n-2].unit <= w.terms[w.n-1].unit {
		w.terms[w.n-2] = term{w.terms[w.n-2].v.add(w.terms[w.n-1].v), w.terms[w.n-1].unit}
		w.n--
	}
}

// complete tells whether what has been read is a number.
func (w *whole) complete() bool {
	switch {
	case !w.begun || w.zero && w.kind == nothing:
		return false
	case w.kind != nothing || w.n > 0:
		return true
	}
	if w.floor >= 100 && w.sec.r == nil && w.sec.i == w.floor { // 百 alone; 一百 is told from it by its first character
		c, _ := zh.at(w.text, w.start)
		return c.class != classUnit
	}
	return w.floor > 0
}

// value returns the number read so far. A digit right after a unit counts in tenths of it: 四百五, 一万三.
func (w *whole) value() amount {
	v := w.sec
	for i := range w.n {
		v = v.add(w.terms[i].v)
	}
	switch {
	case w.kind == nothing:
		return v
	case w.tenths():
		return v.add(w.dig.times(w.last / 10))
	}
	return v.add(w.dig)
}

// tenths tells whether the digit without unit counts in tenths of the unit before it.
func (w *whole) tenths() bool {
	return w.last >= 100 && !w.zero && (w.kind == digit || w.kind == figure && w.dig.r == nil && w.dig.i < 10)
}
