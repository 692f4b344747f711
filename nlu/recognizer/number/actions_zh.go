package number

import (
	"math/big"
	"strconv"
	"strings"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhActions compute values for the rules of data/zh*.grammar.
var zhActions = map[string]grammar.Action{
	"aloneNumber": aloneNumber,
	"fromStart":   func(c *grammar.Call) any { return ordinal(c.Int("ordinal", 0), "start") },
	"fromEnd":     func(c *grammar.Call) any { return ordinal(1-c.Int("ordinal", 0), "end") },
	"relative":    relative,

	"times":     times,
	"per":       per,
	"whole":     func(c *grammar.Call) any { return percentOf(c, whole64(100)) },
	"product":   product,
	"discount":  discount,
	"twoDigits": twoDigits,
	"constant":  func(c *grammar.Call) any { return percentage(whole64(int64(argument(c, 0)))) },
	"tenths":    tenths,

	"bound":      bound,
	"above":      above,
	"aboveAfter": aboveAfter,
	"atLeast":    func(c *grammar.Call) any { return lowRange(c, true) },
	"more":       more,
	"below":      func(c *grammar.Call) any { return highRange(c, false) },
	"atMost":     func(c *grammar.Call) any { return highRange(c, true) },
	"exactly":    exactly,
	"span":       span,
	"meet":       meet,

	"word":            func(c *grammar.Call) any { return isWord(c) },
	"wordUnless":      wordUnless,
	"wordUnlessAfter": wordUnlessAfter,
}

// argument returns the i-th constant of the rule as a number.
func argument(c *grammar.Call, i int) int {
	n, _ := strconv.Atoi(c.Args[i])
	return n
}

func startOf(c *grammar.Call) int { return c.Kids[0].Start }

func endOf(c *grammar.Call) int { return c.Kids[len(c.Kids)-1].End }

func aloneNumber(c *grammar.Call) any {
	if n := c.Kids[0]; alone(c.Text, n.Start, n.End) {
		return n.Value
	}
	return nil
}

func relative(c *grammar.Call) any { return ordinal(argument(c, 1), c.Args[0]) }

// numberOf returns the number among the kids.
func numberOf(c *grammar.Call) (amount, bool) {
	if n := c.Get("number"); n != nil {
		v, ok := n.Value.(value.Number)
		return amount{r: v.Rat}, ok
	}
	return amount{}, false
}

func percentage(a amount) value.Number {
	f := value.Integer
	if r := a.rat(); !r.IsInt() {
		f = value.Decimal
	}
	return a.number(f)
}

func times(c *grammar.Call) any {
	v, ok := numberOf(c)
	at, end := startOf(c), endOf(c)
	escaped := at > 0 && c.Text[at-1] == '%' || c.Text[end-1] == '%' && end < len(c.Text) && (isDigit(c.Text[end]) || isLetter(c.Text[end]))
	if !ok || escaped || inTail(c.Text, at) { // %20 of an address
		return nil
	}
	return percentage(v.times(int64(argument(c, 0))))
}

// product multiplies the units of 百万分之. The first must not be part of a number: 五百分之一 is a fraction.
func product(c *grammar.Call) any {
	if before, _ := zh.before(c.Text, startOf(c)); isFigure(before) || startOf(c) > 0 && isDigit(c.Text[startOf(c)-1]) {
		return nil
	}
	p := 1
	for i := range 3 {
		if k := c.Nth("per-unit", i); k != nil {
			n, _ := k.Int()
			p *= n
		}
	}
	return p
}

// isFigure tells whether a character may be inside of a number.
func isFigure(c char) bool { return c.class >= classDigit && c.class <= classBig }

func per(c *grammar.Call) any {
	v, ok := numberOf(c)
	if !ok {
		return nil
	}
	return percentOf(c, v.times(100).over(whole64(int64(c.Int("per", 1)))))
}

func percentOf(c *grammar.Call, v amount) any {
	if m := c.Get("minus"); m != nil {
		v = v.negated()
	}
	return percentage(v)
}

// discount reads what is left to pay, in tenths or in two digits: 8.5折, 八五折, 95折.
func discount(c *grammar.Call) any {
	n := c.Get("number")
	v, ok := numberOf(c)
	if !ok || v.sign() <= 0 {
		return nil
	}
	if len(c.Args) > 0 { // 八折半
		v = v.add(amount{r: big.NewRat(1, 2)})
	}
	switch surface := c.Surface(n); {
	case v.less(10):
		return percentage(v.times(10))
	case v.less(100) && !strings.ContainsAny(surface, "十拾") && v.rat().IsInt() && !v.less(11):
		return percentage(v)
	}
	return nil
}

func twoDigits(c *grammar.Call) any {
	a, _ := c.Kids[0].Int()
	b, _ := c.Kids[1].Int()
	return percentage(whole64(int64(10*a + b)))
}

// tenths reads 三成, 三成半, 七成六.
func tenths(c *grammar.Call) any {
	v, ok := numberOf(c)
	if !ok || v.sign() < 0 || !v.less(11) {
		return nil
	}
	v = v.times(10).add(whole64(int64(c.Int("more", 0) + c.Int("half", 0))))
	return percentage(v)
}

// isWord tells whether the word holds no number: its digits must not be part of a number that goes on before or after it.
func isWord(c *grammar.Call) any {
	first, _ := zh.at(c.Text, startOf(c))
	before, _ := zh.before(c.Text, startOf(c))
	if isFigure(first) && (isFigure(before) || before.class == classRank) {
		return nil
	}
	last, _ := zh.before(c.Text, endOf(c))
	after, _ := zh.at(c.Text, endOf(c))
	if isFigure(last) && isUnit(after) {
		return nil
	}
	return true
}

func wordUnless(c *grammar.Call) any {
	for _, a := range c.Args {
		if strings.HasPrefix(c.Text[endOf(c):], a) {
			return nil
		}
	}
	return isWord(c)
}

func wordUnlessAfter(c *grammar.Call) any {
	for _, a := range c.Args {
		if strings.HasSuffix(c.Text[:startOf(c)], a) {
			return nil
		}
	}
	return isWord(c)
}
