package quantity

import (
	"math/big"
	"strings"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// figures finds plain figures, with commas and a point: 1,234.5, 12,34,567.89. The scanners of numbers find the longest number only; of
// 2.3千克 that is 2.3千.
var figures = grammar.Scanner{Categories: []string{"figure"}, First: isDigit, Scan: scanFigure}

// maxFigures bounds the length of figures in bytes; longer ones are no amounts.
const maxFigures = 64

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }

func scanFigure(text string, at int, emit func(category, end int, v any)) {
	if at > 0 && (isDigit(text[at-1]) || (text[at-1] == '.' || text[at-1] == ',') && at > 1 && isDigit(text[at-2])) {
		return
	}
	end := at
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	end = max(end, grouped(text, at, end))
	if end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) {
		for end++; end < len(text) && isDigit(text[end]); end++ {
		}
	}
	if end-at > maxFigures || end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) { // 1.2.3
		return
	}
	emit(0, end, inFigures{})
}

// inFigures is the value of figures that have not been read yet.
type inFigures struct{}

// grouped returns where figures with commas end: groups of three, or of two before the last three as in India.
func grouped(text string, at, end int) int {
	if end-at > 3 {
		return end
	}
	last := 0 // length of the last group
	for end+3 <= len(text) && text[end] == ',' && isDigit(text[end+1]) && isDigit(text[end+2]) {
		n := 2
		for end+1+n < len(text) && isDigit(text[end+1+n]) {
			n++
		}
		if n > 3 || last == 3 && n == 2 {
			return end
		}
		last, end = n, end+1+n
	}
	if last == 2 { // the last group has three
		return at
	}
	return end
}

// parseFigure reads figures as scanFigure finds them.
func parseFigure(s string) value.Number {
	n := value.Number{Rat: new(big.Rat), Form: value.Integer}
	if strings.IndexByte(s, '.') >= 0 {
		n.Form = value.Decimal
	}
	if _, ok := n.SetString(strings.ReplaceAll(s, ",", "")); !ok {
		n.SetInt64(0)
	}
	return n
}
