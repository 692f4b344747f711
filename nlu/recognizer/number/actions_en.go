package number

import (
	"math/big"
	"strconv"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// englishActions are what the rules of en.grammar name.
var englishActions = map[string]grammar.Action{
	"step":         func(c *grammar.Call) any { return stepOrdinal(c.Get("step").Value.(string)) },
	"fromEnd":      fromEnd,
	"rankFromEnd":  rankFromEnd,
	"percent":      percent,
	"percentOf":    shareOf,
	"noPercentage": noPercentage,
	"proportion":   func(c *grammar.Call) any { return hundredfold(c.Get("proportion").Value.(value.Number)) },
	"fractionOf":   fractionOf,
	"bound":        func(c *grammar.Call) any { return c.Kids[0].Value },
	"sign":         sign,
	"orEqual":      orEqual,
	"opposite":     opposite,
	"half":         half,
	"dangling":     dangling,
	"plus":         plus,
	"both":         both,
	"between":      between,
	"bare":         bare,
}

func stepOrdinal(step string) value.Ordinal {
	offset := map[string]int64{"next": 1, "previous": -1}[step]
	return value.Ordinal{Offset: big.NewInt(offset), RelativeTo: "current"}
}

func fromEnd(c *grammar.Call) any {
	n, err := strconv.ParseInt(c.Args[0], 10, 64)
	if err != nil {
		return nil
	}
	return value.Ordinal{Offset: big.NewInt(n), RelativeTo: "end"}
}

// rankFromEnd computes "the third to last": two before the end.
func rankFromEnd(c *grammar.Call) any {
	o := c.Get("rank").Value.(value.Ordinal)
	if o.Offset.Cmp(big.NewInt(2)) < 0 {
		return nil
	}
	return value.Ordinal{Offset: new(big.Int).Sub(big.NewInt(1), o.Offset), RelativeTo: "end"}
}

// last returns where the phrase ends.
func last(c *grammar.Call) int { return c.Kids[len(c.Kids)-1].End }

func percent(c *grammar.Call) any {
	if end := last(c); end < len(c.Text) && (c.Text[end] == '%' || joinsAfter(c.Text, end)) {
		return nil
	}
	return c.Get("number").Value
}

// shareOf reads "percent of 20", unless a number stands before: of "5 percent of 20" the first belongs to the percentage.
func shareOf(c *grammar.Call) any {
	if at := c.Kids[0].Start; afterNumber(c.Text, at) || endsNumber(c.Text, at) {
		return nil
	}
	return c.Get("number").Value
}

// endsNumber tells whether a figure stands right before a place.
func endsNumber(text string, at int) bool { return at > 0 && isDigit(text[at-1]) }

// noPercentage takes a bare "%" or "percentage" that no figure, letter or other "%" touches.
func noPercentage(c *grammar.Call) any {
	at, end := c.Kids[0].Start, last(c)
	if at > 0 && (isDigit(c.Text[at-1]) || c.Text[at-1] == '%' || c.Text[at-1] == '_' || endsWord(c.Text, at)) {
		return nil
	}
	if end < len(c.Text) && (c.Text[end] == '%' || joinsAfter(c.Text, end)) || afterNumber(c.Text, at) {
		return nil
	}
	return value.Number{Form: value.Integer}
}

func hundredfold(n value.Number) value.Number {
	v := new(big.Rat).Mul(n.Rat, big.NewRat(100, 1))
	return candidate{v: amount{r: v}}.number()
}

func fractionOf(c *grammar.Call) any {
	n := c.Get("number").Value.(value.Number)
	if n.Form != value.Fraction {
		return nil
	}
	return hundredfold(n)
}
