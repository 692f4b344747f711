package number

import (
	"math/big"
	"strings"
)

// figures is a number in figures.
type figures struct {
	v     amount
	end   int // 0 = there is none
	form  form
	plain bool // digits only
}

// maxRun bounds the length of figures with their separators.
const maxRun = 80

// figuresAt reads figures with their separators at a place, without sign: 1,234.5; 12,34,567; 1.111,11; 5,00; .08; 1 234 567. Figures
// whose separators make no number, such as 192.168.1.2, are read one by one.
func figuresAt(text string, at int) figures {
	from, to := run(text, at)
	if to == 0 {
		return figures{}
	}
	if integer, fraction, ok := separate(text[from:to]); ok {
		if from != at {
			return figures{}
		}
		f := figures{v: figuresOf(integer, fraction), end: to, plain: len(integer) == to-from}
		if fraction != "" {
			f.form = formDecimal
		}
		if f.plain {
			f = spacedGroups(text, at, f)
		}
		return f
	}
	end := digitsEnd(text, at)
	if end == at || at > 0 && isDigit(text[at-1]) {
		return figures{}
	}
	return figures{v: figuresOf(text[at:end], ""), end: end, plain: true}
}

// run returns the bounds of the figures and separators around a place; none if they are too many.
func run(text string, at int) (from, to int) {
	if !inRun(text, at) {
		return 0, 0
	}
	from, to = at, at
	for from > 0 && inRun(text, from-1) {
		if from--; at-from > maxRun {
			return 0, 0
		}
	}
	for to < len(text) && inRun(text, to) {
		if to++; to-from > maxRun {
			return 0, 0
		}
	}
	return from, to
}

// inRun tells whether a figure or a separator before a figure stands at a place.
func inRun(text string, at int) bool {
	b := text[at]
	if isDigit(b) {
		return true
	}
	if (b != '.' && b != ',') || at+1 == len(text) || !isDigit(text[at+1]) {
		return false
	}
	return at > 0 && isDigit(text[at-1]) || b == '.' && (at == 0 || text[at-1] != '.' && !isLetter(text[at-1]))
}

func digitsEnd(text string, at int) int {
	for at < len(text) && isDigit(text[at]) {
		at++
	}
	return at
}

// separate tells the integer from the fraction. The integer may have separators in it, the fraction is digits.
func separate(s string) (integer, fraction string, ok bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	lastDot, lastComma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	switch {
	case dots == 0 && commas == 0:
		return s, "", true
	case dots == 1 && (commas == 0 || lastComma < lastDot && grouped(s[:lastDot], ',')):
		return s[:lastDot], s[lastDot+1:], true
	case dots == 0 && grouped(s, ','):
		return s, "", true
	case commas == 1 && (dots == 0 || lastDot < lastComma && grouped(s[:lastComma], '.')):
		return s[:lastComma], s[lastComma+1:], true
	case commas == 0 && dots > 1 && grouped(s, '.') && !isAddress(s):
		return s, "", true
	}
	return "", "", false
}

// grouped tells whether figures stand in groups of three, or by Indian custom in groups of two before the last three.
func grouped(s string, separator byte) bool {
	first, last := strings.IndexByte(s, separator), strings.LastIndexByte(s, separator)
	if first < 1 || first > 3 || len(s)-last != 4 || s[0] == '0' {
		return false
	}
	return evenly(s[first:last], separator, 3) || first <= 2 && evenly(s[first:last], separator, 2)
}

// evenly tells whether the text is groups of so many figures, each behind the separator.
func evenly(s string, separator byte, size int) bool {
	for i := range len(s) {
		if (s[i] == separator) != (i%(size+1) == 0) {
			return false
		}
	}
	return len(s)%(size+1) == 0
}

// isAddress tells whether figures look like an address of the Internet protocol.
func isAddress(s string) bool { return strings.Count(s, ".") == 3 && s[0] <= '2' }

// spacedGroups extends figures over groups of three that spaces separate: 1 234 567.89.
func spacedGroups(text string, at int, f figures) figures {
	if f.end-at > 3 || text[at] == '0' || at > 0 && text[at-1] == '+' || at > 1 && text[at-1] == ' ' && isDigit(text[at-2]) {
		return f
	}
	end := f.end
	for end-at < maxRun && end+3 < len(text) && text[end] == ' ' && digitsEnd(text[:min(len(text), end+5)], end+1) == end+4 {
		end += 4
	}
	if end == f.end || end+1 < len(text) && (text[end] == ' ' || text[end] == '-') && isDigit(text[end+1]) {
		return f
	}
	fraction := ""
	if end+1 < len(text) && (text[end] == '.' || text[end] == ',') && isDigit(text[end+1]) {
		to := digitsEnd(text[:min(len(text), at+2*maxRun)], end+1)
		if fraction = text[end+1 : to]; text[end] == ',' || to < len(text) && inRun(text, to) {
			return f
		}
		f.form = formDecimal
		end = to
	}
	return figures{v: figuresOf(text[at:end-len(fraction)-bit(fraction != "")], fraction), end: end, form: f.form}
}

// figuresOf computes the value; what is no figure in the integer is passed over.
func figuresOf(integer, fraction string) amount {
	digits := make([]byte, 0, maxRun)
	for _, part := range [2]string{integer, fraction} {
		for i := range len(part) {
			if isDigit(part[i]) {
				digits = append(digits, part[i])
			}
		}
	}
	v := amount{}
	if len(digits) <= maxInt {
		for _, d := range digits {
			v.i = 10*v.i + int64(d-'0')
		}
	} else {
		n, _ := new(big.Int).SetString(string(digits), 10)
		v.r = new(big.Rat).SetInt(n)
	}
	return v.shift(-len(fraction))
}

// tenToThe holds the powers of ten that fit in a machine integer.
var tenToThe = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// shift multiplies by a power of ten.
func (a amount) shift(exp int) amount {
	if exp < 0 {
		return a.over(amount{r: new(big.Rat).SetInt(power(10, -exp))})
	}
	for ; exp > 0; exp -= min(exp, 18) {
		a = a.times(tenToThe[min(exp, 18)])
	}
	return a
}

// below tells whether the amount is less than a power of ten.
func (a amount) below(exp int) bool {
	if exp < len(tenToThe) {
		return a.less(tenToThe[exp])
	}
	return a.r == nil || a.r.Cmp(new(big.Rat).SetInt(power(10, exp))) < 0
}
