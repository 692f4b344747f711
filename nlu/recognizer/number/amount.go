package number

import (
	"math/big"
	"math/bits"

	"yingda/nlu/recognizer/value"
)

// amount is an exact number that stays a machine integer as long as it fits.
type amount struct {
	i int64
	r *big.Rat // if not nil, the amount
}

func whole64(i int64) amount { return amount{i: i} }

func (a amount) rat() *big.Rat {
	if a.r != nil {
		return a.r
	}
	return new(big.Rat).SetInt64(a.i)
}

func (a amount) sign() int {
	switch {
	case a.r != nil:
		return a.r.Sign()
	case a.i < 0:
		return -1
	case a.i > 0:
		return 1
	}
	return 0
}

// int returns the amount if it is a machine integer.
func (a amount) int() (int64, bool) {
	switch {
	case a.r == nil:
		return a.i, true
	case a.r.IsInt() && a.r.Num().IsInt64():
		return a.r.Num().Int64(), true
	}
	return 0, false
}

func (a amount) add(b amount) amount {
	if a.r == nil && b.r == nil {
		if s := a.i + b.i; (s > a.i) == (b.i > 0) {
			return amount{i: s}
		}
	}
	return amount{r: new(big.Rat).Add(a.rat(), b.rat())}
}

// times multiplies by a positive integer.
func (a amount) times(n int64) amount {
	if a.r == nil {
		abs := max(a.i, -a.i)
		if hi, lo := bits.Mul64(uint64(abs), uint64(n)); abs >= 0 && hi == 0 && lo < 1<<63 {
			return amount{i: a.i * n}
		}
	}
	return amount{r: new(big.Rat).Mul(a.rat(), new(big.Rat).SetInt64(n))}
}

// over divides; b must not be zero.
func (a amount) over(b amount) amount { return amount{r: new(big.Rat).Quo(a.rat(), b.rat())} }

func (a amount) negated() amount {
	if a.r == nil && a.i != -1<<63 {
		return amount{i: -a.i}
	}
	return amount{r: new(big.Rat).Neg(a.rat())}
}

func (a amount) number(f value.Form) value.Number { return value.Number{Rat: a.rat(), Form: f} }

// less tells whether the amount is below n.
func (a amount) less(n int64) bool {
	if a.r == nil {
		return a.i < n
	}
	return a.r.Cmp(new(big.Rat).SetInt64(n)) < 0
}
