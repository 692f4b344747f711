package itn

import (
	"fmt"
	"strconv"
	"strings"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enActions write what the rules of data/en*.grammar find. Each returns the written form, or nil if the words stay.
var enActions = map[string]grammar.Action{
	"cardinal":      enCardinal,
	"negative":      enNegative,
	"rank":          enRank,
	"long":          enLong,
	"fraction":      enFraction,
	"article":       enArticle,
	"digit":         func(c *grammar.Call) any { return text(c, c.Kids[0]) },
	"figures":       enFigures,
	"concat":        func(c *grammar.Call) any { return joined(c, "") },
	"spaced":        func(c *grammar.Call) any { return joined(c, " ") },
	"decimal":       enDecimal,
	"large":         enLarge,
	"pair":          enPair,
	"decade":        enDecade,
	"dayFirst":      enDayFirst,
	"monthFirst":    enMonthFirst,
	"part":          func(c *grammar.Call) any { return text(c, c.Get("half-year")) + " " + text(c, c.Get("year")) },
	"era":           enEra,
	"clock":         enClock,
	"clockPast":     enClockPast,
	"clockTo":       enClockTo,
	"one":           enOne,
	"money":         enMoney,
	"negativeMoney": enNegativeMoney,
	"moneyAtEnd":    enMoneyAtEnd,
	"cents":         enCents,
	"squared":       func(c *grammar.Call) any { return text(c, c.Get("length")) + c.Args[0] },
	"before":        func(c *grammar.Call) any { return c.Args[0] + " " + text(c, c.Get("customary")) },
	"rate": func(c *grammar.Call) any {
		return text(c, c.Get("measured")) + " " + text(c, c.Nth("measure-unit", 0)) + "/" + text(c, c.Nth("measure-unit", 1))
	},
	"per":     func(c *grammar.Call) any { return text(c, c.Get("measured")) + " /" + text(c, c.Get("measure-unit")) },
	"literal": func(c *grammar.Call) any { return strings.ReplaceAll(c.Args[0], "_", " ") },
	"lanes":   func(c *grammar.Call) any { return "x" + text(c, c.Get("numeral")) },
	"title":   enTitle,
}

// kept are the categories of words that are written as they were spoken.
var kept = map[string]bool{"month": true, "scale": true, "large-scale": true}

// text returns the written form of a part: figures of a number, the value of a word, the spoken words of what has none,
// nothing of a part that is not there.
func text(c *grammar.Call, n *grammar.Node) string {
	if n == nil {
		return ""
	}
	ctx := c.Context.(*spoken)
	if kept[n.Category] {
		return ctx.surface(n)
	}
	switch v := n.Value.(type) {
	case int:
		return strconv.Itoa(v)
	case string:
		return v
	case spelled:
		return v.written(ctx)
	}
	return ctx.surface(n)
}

// joined writes the parts of a phrase behind each other.
func joined(c *grammar.Call, separator string) any {
	var b strings.Builder
	for i, k := range c.Kids {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text(c, k))
	}
	return b.String()
}

// enArticle finds numbers with an article.
func enArticle(c *grammar.Call) any {
	if !withArticle(c, c.Kids[0]) {
		return nil
	}
	return true
}

// withArticle tells whether a number begins with "a": "a hundred" stays in words.
func withArticle(c *grammar.Call, n *grammar.Node) bool {
	return strings.HasPrefix(c.Surface(n), "a ") || strings.HasPrefix(c.Surface(n), "an ")
}

// smallNumber is where figures begin to read better than words.
const smallNumber = 13

func enCardinal(c *grammar.Call) any {
	v, ok := c.Kids[0].Int()
	if !ok || v < smallNumber || withArticle(c, c.Kids[0]) {
		return nil
	}
	return strconv.Itoa(v)
}

// enFigures writes a number or the number of a rank in figures, unless it is written so.
func enFigures(c *grammar.Call) any {
	n := c.Kids[len(c.Kids)-1]
	v, ok := n.Int()
	if !ok || withArticle(c, n) || isFigure(c.Text[n.Start]) {
		return nil
	}
	return strconv.Itoa(v)
}

func enNegative(c *grammar.Call) any {
	n := c.Get("numeral")
	v, ok := n.Int()
	if !ok || withArticle(c, n) {
		return nil
	}
	return strconv.Itoa(-v)
}

// enLong writes whole numbers that no machine integer holds.
func enLong(c *grammar.Call) any {
	v := c.Kids[0].Value.(value.Number)
	if s := c.Surface(c.Kids[0]); !v.IsInt() || v.Num().IsInt64() || v.Form != value.Integer || strings.ContainsAny(s, "0123456789") {
		return nil
	}
	return v.Num().String()
}

// enFraction finds fractions in words.
func enFraction(c *grammar.Call) any {
	if v := c.Kids[0].Value.(value.Number); v.Form != value.Fraction || strings.ContainsAny(c.Surface(c.Kids[0]), "0123456789") {
		return nil
	}
	return true
}

func enRank(c *grammar.Call) any {
	n := c.Kids[0]
	v, ok := n.Int()
	if !ok || isFigure(c.Text[n.Start]) {
		return nil
	}
	return strconv.Itoa(v) + suffix(v)
}

// suffix returns what makes a rank of figures.
func suffix(v int) string {
	if v/10%10 != 1 {
		switch v % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

// enDecimal writes the digits as they were said, so that 2.50 stays 2.50.
func enDecimal(c *grammar.Call) any {
	s := ""
	if c.Get("minus") != nil {
		s = "-"
	}
	if n := c.Get("whole"); n != nil {
		v, ok := n.Int()
		if !ok {
			return nil
		}
		s += strconv.Itoa(v)
	}
	return s + "." + text(c, c.Get("fraction-digits"))
}

// enLarge keeps the scale word of round numbers: "50 million".
func enLarge(c *grammar.Call) any {
	n, scale := c.Get("numeral"), c.Get("large-scale")
	if withArticle(c, n) {
		return nil
	}
	sign := ""
	if c.Get("minus") != nil {
		sign = "-"
	}
	return sign + text(c, n) + " " + text(c, scale)
}

// enPair writes "nineteen eighty" and "nineteen o five".
func enPair(c *grammar.Call) any {
	high, ok := c.Kids[0].Int()
	low, ok2 := c.Get("low").Int()
	if !ok || !ok2 {
		return nil
	}
	return fmt.Sprintf("%d%02d", high, low)
}

func enDecade(c *grammar.Call) any {
	return text(c, c.Get("numeral")) + decadeFigures(c.Get("decade")) + "s"
}

func decadeFigures(n *grammar.Node) string {
	v, _ := n.Int()
	return fmt.Sprintf("%02d", v)
}

// enDayFirst writes "the fifth of may twenty twelve" as 5 may 2012.
func enDayFirst(c *grammar.Call) any {
	return dated(c, text(c, c.Get("day"))+" "+text(c, c.Get("month")))
}

// enMonthFirst writes "may fifth twenty twelve" as may 5 2012.
func enMonthFirst(c *grammar.Call) any {
	s := text(c, c.Get("month"))
	for _, name := range []string{"day", "numeral"} {
		if n := c.Get(name); n != nil {
			s += " " + text(c, n)
		}
	}
	return dated(c, s)
}

func dated(c *grammar.Call, s string) string {
	if y := c.Get("year"); y != nil {
		s += " " + text(c, y)
	}
	return s
}

// enEra writes "seven fifty b c" as 750BC.
func enEra(c *grammar.Call) any {
	s := ""
	for _, k := range c.Kids {
		s += text(c, k)
	}
	return s
}

func enTitle(c *grammar.Call) any {
	n := c.Kids[0]
	if n.End+1 >= len(c.Text) || c.Text[n.End] != ' ' || !isLetter(c.Text[n.End+1]) {
		return nil
	}
	s := n.Value.(string)
	if raw := c.Context.(*spoken).surface(n); raw != "" && raw[0] >= 'A' && raw[0] <= 'Z' {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}
