package number

import (
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// maxNumeral bounds the numerals that are emitted, in bytes: 24 characters.
const maxNumeral = 72

func startsChinese(b byte) bool {
	return isDigit(b) || b == '-' || b == '.' || b >= utf8.RuneSelf && zh.leads[b]
}

// scanChinese emits the numerals, the number and the rank that begin at a place.
func scanChinese(text string, at int, emit func(category, end int, v any)) {
	c, next := zh.at(text, at)
	if continues(text, at, c, next) {
		return
	}
	switch c.class {
	case classRank:
		emitRank(text, skipSpace(text, next), emit)
		return
	case classDigit, classCount, classTen, classUnit, classTens:
		emitNumerals(text, at, emit)
	case noClass:
		if b := text[at]; !isDigit(b) && b != '-' && b != '.' {
			return
		}
	}
	n := readNumber(text, at)
	if n.end > at && !inTail(text, at) {
		emit(catNumber, n.end, n.word())
		if n.vague {
			low := n.v.number(value.Integer)
			emit(catVague, n.end, value.Range{Low: &low})
		}
		if n.short > at {
			emit(catNumber, n.short, n.shortValue.number(value.Integer))
		}
	}
	emitBeforeKilo(text, at, n.end, emit)
	if a, ok := readApprox(text, at); ok {
		emit(catApprox, a.end, a.approximate())
	}
}

// common are the numbers that most words stand for, ready to be emitted: 一 in a text that is about no number must cost nothing. They are
// shared, which a value allows.
var common = func() (all [101]any) {
	for i := range all {
		all[i] = whole64(int64(i)).number(value.Integer)
	}
	return all
}()

// word is the number as a word of a grammar.
func (n reading) word() any {
	if n.form == value.Integer && n.v.r == nil && n.v.i >= 0 && n.v.i < int64(len(common)) {
		return common[n.v.i]
	}
	return n.v.number(n.form)
}

// continues tells whether what stands at a place goes on with a number that began before: the 三 of 五百三十, the 5 of 15. What might as
// well begin one does not: 五点 in 周二十五点 is no hour, but 十五点 is.
func continues(text string, at int, c char, next int) bool {
	if c.class == noClass {
		return isDigit(text[at]) && inFigures(text, at)
	}
	if c.class != classDigit && c.class != classCount {
		return false
	}
	before, _ := zh.before(text, at)
	if before.class != classTen && before.class != classUnit && before.class != classBig {
		return false
	}
	switch after, _ := zh.at(text, next); after.class {
	case classTen, classUnit:
		return after.value < before.value
	case classBig:
		return before.class != classBig
	}
	return before.class == classTen || !zhContext.begins("split", text, skipSpace(text, next))
}

func emitRank(text string, at int, emit func(category, end int, v any)) {
	p := readPlain(text, at)
	if n, ok := p.v.int(); ok && p.end > at && !p.decimal {
		emit(catOrdinal, p.end, int(n))
	}
}

// emitNumerals emits the whole numbers in words that begin at a place, each prefix that is one.
func emitNumerals(text string, at int, emit func(category, end int, v any)) {
	w := whole{text: text, start: at, at: at}
	for w.step() && w.at-at <= maxNumeral && w.kind != figure {
		if w.complete() && !w.vague {
			if n, ok := w.value().int(); ok {
				emit(catNumeral, w.at, int(n))
			}
		}
	}
}

// emitBeforeKilo emits the number once more without the 千 at its end that may be part of a unit: 五千克.
func emitBeforeKilo(text string, at, end int, emit func(category, end int, v any)) {
	last, from := zh.before(text, end)
	if end <= at || last.class != classUnit || last.value != 1000 || !isKilo(text, from) {
		return
	}
	if n := readNumber(text[:from], at); n.end == from {
		emit(catNumber, n.end, n.v.number(n.form))
	}
}

// inTail tells whether the digit at a place is the second of an approximate number: 六 in 十五六, 三 in 二三十.
func inTail(text string, at int) bool {
	d, end := zh.at(text, at)
	before, start := zh.before(text, at)
	if d.class != classDigit || before.class != classDigit && before.class != classCount || !follows(before.value, d.value) {
		return false
	}
	after, _ := zh.at(text, end)
	first, _ := zh.before(text, start)
	return isUnit(after) || isUnit(first)
}

// follows tells whether two digits in a row mean "one or the other": 七八, 三五.
func follows(a, b int64) bool { return a > 0 && b == a+1 || a == 3 && b == 5 }

func isUnit(c char) bool { return c.class == classTen || c.class == classUnit || c.class == classBig }
