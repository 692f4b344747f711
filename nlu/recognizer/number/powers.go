package number

import (
	"math"
	"math/big"

	"yingda/nlu/recognizer/value"
)

// maxExponent bounds the powers that are computed: beyond, no number is meant.
const maxExponent = 308

// readSlash reads on after the figures of 3/5 and 1 3/5.
func (n *reading) readSlash(text string) bool {
	if num, den, end, ok := slash(text, n.end, n.v); ok {
		n.v, n.end, n.form = num.over(den), end, value.Fraction
		return true
	}
	if n.form != value.Integer || n.end >= len(text) || text[n.end] != ' ' {
		return false
	}
	num, mid, f := readFigures(text, n.end+1)
	if mid == n.end+1 || f != formWhole {
		return false
	}
	if num, den, end, ok := slash(text, mid, num); ok {
		n.v, n.end, n.form = n.v.add(num.over(den)), end, value.Fraction
		return true
	}
	return false
}

// slash reads the denominator after "/", unless more slashes follow: those are dates.
func slash(text string, at int, num amount) (n, den amount, end int, ok bool) {
	if at+1 >= len(text) || text[at] != '/' {
		return num, den, at, false
	}
	den, end, f := readFigures(text, at+1)
	more := end < len(text) && (text[end] == '/' || isLetter(text[end]))
	return num, den, end, end > at+1 && f == formWhole && den.sign() > 0 && !more
}

// readPower reads on after the figures of 2^5 and 2e5.
func (n *reading) readPower(text string) bool {
	at := n.end
	if at+1 >= len(text) || text[at] != '^' && text[at] != 'e' {
		return false
	}
	scientific := text[at] == 'e'
	negative := false
	for at++; at < len(text) && (text[at] == '-' || text[at] == '+') && at-n.end < 4; at++ {
		negative = negative != (text[at] == '-')
	}
	e, end, f := readFigures(text, at)
	if end == at || f != formWhole || !e.less(maxExponent) || end < len(text) && isLetter(text[end]) || n.v.sign() == 0 {
		return false
	}
	k := int(e.i)
	if scientific {
		n.v = n.v.scaled(power(10, k), negative)
	} else {
		p := n.v.raised(k)
		if p == nil {
			return false
		}
		if n.v = (amount{r: p}); negative {
			n.v = whole64(1).over(n.v)
		}
	}
	n.end, n.form = end, value.Power
	return true
}

// raised computes a power: exactly of whole numbers, to 15 digits of others. It returns nil if the result is out of all proportion.
func (a amount) raised(k int) *big.Rat {
	r := a.rat()
	if !r.IsInt() {
		f, _ := r.Float64()
		return new(big.Rat).SetFloat64(math.Pow(f, float64(k)))
	}
	if r.Num().BitLen()*k > 1<<12 {
		return nil
	}
	return new(big.Rat).SetInt(new(big.Int).Exp(r.Num(), big.NewInt(int64(k)), nil))
}

// scaled multiplies by a factor, or divides by it.
func (a amount) scaled(factor *big.Int, divide bool) amount {
	f := amount{r: new(big.Rat).SetInt(factor)}
	if divide {
		return a.over(f)
	}
	return amount{r: f.r.Mul(f.r, a.rat())}
}

// readLetter reads on after the figures of 5k: thousands, millions, 万.
func (n *reading) readLetter(text string) bool {
	at := skipSpace(text, n.end)
	if at >= len(text) {
		return false
	}
	factor := int64(0)
	switch text[at] {
	case 'k':
		factor = 1000
	case 'm':
		factor = 1_000_000
	case 'w':
		factor = 10_000
	}
	if next := at + 1; factor == 0 || next < len(text) && (isLetter(text[next]) || isDigit(text[next])) {
		return false
	}
	n.short, n.shortValue = n.end, n.v
	n.v, n.end = n.v.times(factor), at+1
	return true
}
