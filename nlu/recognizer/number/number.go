// Package number finds numbers, ranks, percentages and ranges of numbers in Chinese and English text: "3.2万", "五十万零三", "八五折",
// "twenty-five", "at least 20". It also lends its scanners of numbers to the grammars of other values; see [Scanners].
//
// Values are exact: 三分之一 is a third. [Format] writes them as decimals.
//
// Numbers are read by hand-written scanners over tables of words, ranks, percentages and ranges by a grammar; the words and rules are in
// data/. Scanners look at every place of the text once and read a bounded number of bytes there, so that time is linear in the text.
//
// For other packages: [Scanners] and [Words] are parts of their grammars; [Figures] writes Chinese words as figures.
package number

import (
	"fmt"
	"slices"

	"yingda/nlu"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// Options say what a [Finder] looks for.
type Options struct {
	// Lang is the language whose words are read; figures are read in both. There is no default.
	Lang nlu.Lang
	// Kinds are those to return, of KindNumber, KindOrdinal, KindPercentage and KindNumberRange. Default: all four. Kinds compete:
	// where several read the same words, the longest find wins, a range over a percentage over an ordinal over a number among equals.
	Kinds []value.Kind
	// ClosedRanges includes the upper bound in "20-100" and "between 20 and 100". Default: such ranges are [20,100).
	ClosedRanges bool
	// Experimental reads more phrases than the tables have proved safe: English numbers in ranges without figures. Default: off.
	Experimental bool
	// Proportions makes percentages of "one in two" and "a quarter of" (English). Default: off, they are numbers.
	Proportions bool
	// PlainOrdinals leaves out ranks relative to the end or to the current one: last, next, 倒数第二. Default: they are found.
	PlainOrdinals bool
}

// Finder finds numbers. It is safe for concurrent use.
type Finder struct{ value.Finder }

var _ value.Finder = (*Finder)(nil)

// New makes a finder. It fails for a language without tables and for a kind that is none of numbers.
func New(o Options) (*Finder, error) {
	if o.Kinds == nil {
		o.Kinds = []value.Kind{value.KindNumber, value.KindOrdinal, value.KindPercentage, value.KindNumberRange}
	}
	for _, k := range o.Kinds {
		if rank(k) < 0 {
			return nil, fmt.Errorf("number: no finder of %q", k)
		}
	}
	var f value.Finder
	var err error
	switch o.Lang {
	case nlu.Chinese:
		f, err = newChinese(o)
	case nlu.English:
		f, err = newEnglish(o)
	default:
		err = fmt.Errorf("number: no words of language %q", o.Lang)
	}
	if err != nil {
		return nil, err
	}
	return &Finder{f}, nil
}

// kinds in the order in which they win.
var kinds = []value.Kind{value.KindNumberRange, value.KindPercentage, value.KindOrdinal, value.KindNumber}

func rank(k value.Kind) int { return slices.Index(kinds, k) }

// Categories of the scanners of words, by their index.
const (
	catNumeral = iota // value: int
	catNumber         // value: value.Number
	catOrdinal        // value: int
	catApprox         // value: value.Range
	catVague          // value: value.Range
)

// Scanners returns the scanners of a language for use in a grammar. They find
//
//	digits   a maximal run of ASCII digits; an int, a string if there are more than 18
//	numeral  a whole number in words: 一百二十三, 二零一八, "twenty-five"; an int; shorter readings that begin at the same place too
//	number   the longest complete number in figures or words: 1,234.5, 3万, 三分之一, "two and a half"; a value.Number
//	ordinal  第三, 3rd, "twenty-first"; an int
//	approx   two numbers of which one is meant: 二三十, 十五六; a value.Range (Chinese only)
//	vague    a number with figures that are not told: 十几万; a value.Range without upper bound (Chinese only)
func Scanners(lang nlu.Lang) []grammar.Scanner {
	digits := grammar.Scanner{Categories: []string{"digits"}, First: isDigit, Scan: scanDigits}
	words := grammar.Scanner{Categories: []string{"numeral", "number", "ordinal", "approx", "vague"}}
	switch lang {
	case nlu.Chinese:
		words.First, words.Scan = startsChinese, scanChinese
	case nlu.English:
		words.First, words.Scan = startsEnglish, scanEnglish
	default:
		return []grammar.Scanner{digits}
	}
	return []grammar.Scanner{digits, words}
}
