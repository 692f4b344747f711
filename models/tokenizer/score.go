package tokenizer

import (
	"errors"
	"math"
	"strconv"
)

var errScore = errors.New("score is out of range")

// parseScore reads a JSON number as Hugging Face's JSON reader does (serde_json without float_roundtrip): the digits as one
// integer, then one multiplication or division by a power of ten. That rounds twice, so the result can be one unit in the
// last place off the nearest float64, which decides between segmentations of equal score.
func parseScore(number string) (float64, error) {
	i := 0
	negative := number != "" && number[0] == '-'
	if negative {
		i++
	}
	digits, exponent, i := scoreDigits(number, i)
	if i < len(number) && (number[i] == 'e' || number[i] == 'E') {
		e, err := strconv.ParseInt(number[i+1:], 10, 32)
		switch {
		case err == nil:
		case digits == 0 || i+1 < len(number) && number[i+1] == '-':
			return math.Copysign(0, sign(negative)), nil
		default:
			return 0, errScore
		}
		exponent += int(e)
	}
	f, err := scale(float64(digits), exponent)
	return math.Copysign(f, sign(negative)), err
}

func sign(negative bool) float64 {
	if negative {
		return -1
	}
	return 1
}

// scoreDigits reads the digits before and after the point, as many as fit, and returns the power of ten they lack and
// where the exponent starts.
func scoreDigits(number string, i int) (digits uint64, exponent, end int) {
	point, full := false, false
	for ; i < len(number); i++ {
		c := number[i]
		if c == '.' && !point {
			point, full = true, false
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		d := uint64(c - '0')
		full = full || digits > (math.MaxUint64-d)/10
		switch {
		case !full:
			digits = digits*10 + d
			if point {
				exponent--
			}
		case !point:
			exponent++
		}
	}
	return digits, exponent, i
}

// scale returns f times a power of ten.
func scale(f float64, exponent int) (float64, error) {
	for exponent < -308 && f != 0 {
		f /= 1e308
		exponent += 308
	}
	if f == 0 {
		return 0, nil
	}
	if exponent > 308 {
		return 0, errScore
	}
	if exponent < 0 {
		return f / pow10(-exponent), nil
	}
	if f *= pow10(exponent); math.IsInf(f, 0) {
		return 0, errScore
	}
	return f, nil
}

// pow10 returns the float64 nearest to a power of ten, which math.Pow10 does not promise.
func pow10(n int) float64 {
	if n <= 22 {
		return math.Pow10(n) // exact
	}
	f, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
	return f
}
