package itn

import (
	"fmt"
	"strings"

	"yingda/nlu/recognizer/grammar"
)

// enOne writes "one dollar" as $1. "one dollars" stays: it is a slip that may be meant otherwise.
func enOne(c *grammar.Call) any {
	return text(c, c.Get("currency-one")) + "1" + centsOf(c)
}

// enMoney writes "twenty nine dollars and fifty cents" as $29.50.
func enMoney(c *grammar.Call) any {
	sum := text(c, c.Get("sum"))
	if sum == "1" || centsOf(c) != "" && strings.ContainsAny(sum, ". ") {
		return nil
	}
	return text(c, c.Get("currency-many")) + sum + centsOf(c)
}

// enNegativeMoney writes "minus three dollars" as -$3.
func enNegativeMoney(c *grammar.Call) any {
	if withArticle(c, c.Get("numeral")) {
		return nil
	}
	return "-" + text(c, c.Get("currency-many")) + text(c, c.Get("numeral"))
}

// enMoneyAtEnd writes "seventy five dollars sixty three", where nothing follows that may be counted by the last number.
func enMoneyAtEnd(c *grammar.Call) any {
	end := c.Kids[len(c.Kids)-1].End
	if strings.HasPrefix(c.Text[end:], " ") || strings.HasPrefix(c.Text[end:], "-") {
		return nil
	}
	return enMoney(c)
}

func centsOf(c *grammar.Call) string {
	n := c.Get("cents")
	if n == nil {
		return ""
	}
	v, _ := n.Int()
	return fmt.Sprintf(".%02d", v)
}

// enCents writes "fifty cents" as $0.50.
func enCents(c *grammar.Call) any { return text(c, c.Get("cent")) + "0" + centsOf(c) }
