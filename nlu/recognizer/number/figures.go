package number

import "math/big"

// form tells how figures were written.
type form uint8

const (
	formWhole   form = iota // 1,234
	formDecimal             // 2.50, .5
)

// maxFigures bounds the length of a number in figures, in bytes.
const maxFigures = 80

// readFigures reads a number in figures that begins at a place, without sign: 1234, 1,234.5, .5. It returns where the number ends, which
// is where it began if there is none.
func readFigures(text string, at int) (v amount, end int, f form) {
	end = at
	for end < len(text) && isDigit(text[end]) && end-at < maxFigures {
		end++
	}
	intEnd := end
	for n := end - at; n > 0 && n <= 3 && end-at < maxFigures && isGroup(text, end); intEnd = end {
		end += 4
	}
	dots := end == at && at > 0 && text[at-1] == '.' // …9
	if end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) && end-at < maxFigures && !dots {
		f = formDecimal
		for end++; end < len(text) && isDigit(text[end]) && end-at < maxFigures; end++ {
		}
	}
	if end == at {
		return amount{}, at, formWhole
	}
	return figuresValue(text[at:intEnd], text[intEnd:end]), end, f
}

// isGroup tells whether a comma and exactly three figures stand at a place.
func isGroup(text string, at int) bool {
	return at+3 < len(text) && text[at] == ',' && isDigit(text[at+1]) && isDigit(text[at+2]) && isDigit(text[at+3]) &&
		(at+4 == len(text) || !isDigit(text[at+4]))
}

// figuresValue computes the value of figures, with commas perhaps, and a fraction that is empty or begins with a point.
func figuresValue(integer, fraction string) amount {
	v := amount{}
	digits := make([]byte, 0, maxFigures)
	for i := range len(integer) {
		if integer[i] != ',' {
			digits = append(digits, integer[i])
		}
	}
	scale := 0
	if fraction != "" {
		scale = len(fraction) - 1
		digits = append(digits, fraction[1:]...)
	}
	if len(digits) <= maxInt {
		for _, d := range digits {
			v.i = 10*v.i + int64(d-'0')
		}
	} else {
		n, _ := new(big.Int).SetString(string(digits), 10)
		v.r = new(big.Rat).SetInt(n)
	}
	if scale > 0 {
		v = v.over(amount{r: new(big.Rat).SetInt(power(10, scale))})
	}
	return v
}

func power(base int64, n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(n)), nil)
}
