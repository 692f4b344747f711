package itn

import (
	"fmt"
	"strings"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/number"
)

// zhActions write what the rules of data/zh*.grammar find. Each returns pieces, or nil if the words stay.
var zhActions = map[string]grammar.Action{
	"cardinal":      cardinal,
	"approximate":   approximate,
	"rank":          rank,
	"join":          join,
	"onlyJoin":      onlyJoin,
	"decade":        decade,
	"clock":         clock,
	"clockTens":     clockTens,
	"money":         money,
	"moneyParts":    moneyParts,
	"percent":       percent,
	"percents":      percents,
	"constant":      func(c *grammar.Call) any { return pieces{{literal: c.Args[0]}} },
	"constantValue": func(c *grammar.Call) any { return pieces{{literal: fmt.Sprint(c.Kids[0].Value)}} },
	"pair":          pair,
	"ratio":         ratio,
	"dots":          dots,
	"code":          code,
}

const digits = "0123456789"

// say writes a number in figures, its unit as spoken. Where there are figures already, nothing was spoken.
func say(c *grammar.Call, n *grammar.Node, grouped bool) (pieces, bool) {
	words := c.Surface(n)
	figures, unit, ok := number.Figures(words, grouped)
	if !ok || strings.ContainsAny(words, digits) {
		return nil, false
	}
	p := pieces{{literal: figures}}
	if unit != "" {
		p = append(p, piece{start: n.End - len(unit), end: n.End})
	}
	return p, true
}

// kid writes one part of a phrase: numbers in figures, words with a value of their own by that, the rest as spoken.
func kid(c *grammar.Call, n *grammar.Node, grouped bool) (pieces, bool) {
	switch v := n.Value.(type) {
	case pieces:
		return v, true
	case string:
		if n.Category == "code" || !strings.HasPrefix(n.Category, `"`) {
			return pieces{{literal: v}}, true
		}
	}
	switch n.Category {
	case "number", "numeral":
		return say(c, n, grouped)
	case "approx":
		return sayApprox(c, n, grouped)
	}
	return pieces{{start: n.Start, end: n.End}}, true
}

// join writes the parts one after the other; an argument stands for all words in quotes.
func join(c *grammar.Call) any {
	var p pieces
	quoted := false
	for _, n := range c.Kids {
		if len(c.Args) > 0 && n.Category[0] == '"' {
			if !quoted {
				p = append(p, piece{literal: c.Args[0]})
			}
			quoted = true
			continue
		}
		k, ok := kid(c, n, false)
		if !ok || n.Category == "number" && bareUnit(c.Surface(n)) {
			return nil
		}
		p = append(p, k...)
	}
	return p
}

// bareUnit tells whether a number begins with its unit, as words that only mean many do: 千万人.
func bareUnit(words string) bool {
	return strings.HasPrefix(words, "百") || strings.HasPrefix(words, "千")
}

// all tells whether the phrase is all of the text.
func all(c *grammar.Call) bool {
	return c.Kids[0].Start == 0 && c.Kids[len(c.Kids)-1].End == len(c.Text)
}

// onlyJoin is for words that are ambiguous within a sentence.
func onlyJoin(c *grammar.Call) any {
	if !all(c) {
		return nil
	}
	return join(c)
}

// cardinal writes a number by itself. One or two digits, and units alone, are more often parts of words: 三心二意, 百万.
func cardinal(c *grammar.Call) any {
	n := c.Kids[0]
	words := c.Surface(n)
	runes := len([]rune(words))
	switch {
	case strings.ContainsAny(words, digits), strings.HasPrefix(c.Text[n.End:], "几"):
		return nil
	case all(c):
	case runes == 1 && words != "十", runes == 2 && digitsOnly(words), bareUnit(words):
		return nil
	}
	p, ok := say(c, n, true)
	if !ok {
		return nil
	}
	return p
}

// digitsOnly tells whether words are digits read out one by one.
func digitsOnly(words string) bool {
	for _, r := range words {
		if zh.figure[r] == 0 {
			return false
		}
	}
	return true
}

// rank writes 第一百; small ranks are words: 第一时间.
func rank(c *grammar.Call) any {
	n := c.Kids[0]
	words := c.Surface(n)
	first := len("第")
	if words[first] == ' ' {
		first++
	}
	spelled := digitsOnly(words[first:])
	if i, ok := n.Int(); !ok || i < 10 || spelled && i < 100 || strings.ContainsAny(words, digits) {
		return nil
	}
	figures, unit, ok := number.Figures(words[first:], false)
	if !ok {
		return nil
	}
	return pieces{{start: n.Start, end: n.Start + first}, {literal: figures}, {start: n.End - len(unit), end: n.End}}
}

// approximate writes 三五百 and 三四十万 as 300~500, 30~40万.
func approximate(c *grammar.Call) any {
	if p, ok := sayApprox(c, c.Get("approx"), len(c.Args) > 0); ok {
		return p
	}
	return nil
}

func sayApprox(c *grammar.Call, n *grammar.Node, grouped bool) (pieces, bool) {
	words := c.Surface(n)
	low, high, unit, ok := number.ApproxFigures(words, grouped)
	if !ok || strings.ContainsAny(words, digits) {
		return nil, false
	}
	return pieces{{literal: low + "~" + high}, {start: n.End - len(unit), end: n.End}}, true
}

// pair writes 七八 before a unit: 7~8公斤.
func pair(c *grammar.Call) any {
	a, _ := c.Kids[0].Int()
	b, _ := c.Kids[1].Int()
	if b != a+1 && (a != 3 || b != 5) {
		return nil
	}
	return pieces{{literal: fmt.Sprintf("%d~%d", a, b)}}
}

// decade writes 八零后.
func decade(c *grammar.Call) any {
	if n := c.Kids[0]; !digitsOnly(c.Surface(n)) || !strings.HasSuffix(c.Surface(n), "零") || n.End-n.Start != len("零零") {
		return nil
	}
	return join(c)
}

// clock writes 05:05, after the part of the day if it is named.
func clock(c *grammar.Call) any {
	s := fmt.Sprintf("%02d:%02d", c.Int("hour", 0), c.Int("minute", 0))
	if n := c.Get("second"); n != nil {
		s += fmt.Sprintf(":%02d", c.Int("second", 0))
	}
	if d := c.Get("daypart"); d != nil {
		return pieces{{start: d.Start, end: d.End}, {literal: s}}
	}
	return pieces{{literal: s}}
}

// clockTens writes 八点三十, which is no decimal because its minutes are counted.
func clockTens(c *grammar.Call) any {
	if !strings.ContainsAny(c.Surface(c.Get("minute")), "十廿卅") {
		return nil
	}
	return clock(c)
}

// money puts the sign of the currency before the amount.
func money(c *grammar.Call) any {
	sign := pieces{{literal: "¥"}}
	if n := c.Get("currency"); n != nil {
		sign[0].literal = fmt.Sprint(n.Value)
	}
	p, ok := kid(c, c.Kids[0], false)
	if !ok {
		return nil
	}
	return append(sign, p...)
}

// moneyParts writes 十二块五 and 三元五角八分.
func moneyParts(c *grammar.Call) any {
	p, ok := say(c, c.Get("number"), false)
	if !ok || len(p) > 1 || p[0].literal == "" || strings.ContainsAny(p[0].literal, "./") {
		return nil
	}
	tenth := c.Get("tenth")
	if tenth != nil && tenth.End == c.Kids[len(c.Kids)-1].End && zh.counts(c.Text, tenth.End) {
		return nil
	}
	if h := c.Get("hundredth"); h != nil {
		p[0].literal += fmt.Sprintf(".%d%d", c.Int("tenth", 0), c.Int("hundredth", 0))
	} else if tenth != nil {
		p[0].literal += fmt.Sprintf(".%d", c.Int("tenth", 0))
	}
	p[0].literal = "¥" + p[0].literal
	return p
}

func percent(c *grammar.Call) any {
	p, ok := say(c, c.Get("number"), false)
	if !ok {
		return nil
	}
	return append(minus(c), append(p, piece{literal: c.Args[0]})...)
}

// minus writes the sign of a percentage.
func minus(c *grammar.Call) pieces {
	if c.Get("minus") == nil {
		return nil
	}
	return pieces{{literal: "-"}}
}

// percents writes 百分之三十到四十 as 30~40%.
func percents(c *grammar.Call) any {
	low, ok1 := say(c, c.Get("low"), false)
	high, ok2 := say(c, c.Get("high"), false)
	if !ok1 || !ok2 {
		return nil
	}
	p := append(minus(c), low...)
	p = append(append(p, piece{literal: "~"}), high...)
	return append(p, piece{literal: "%"})
}

// ratio writes 七十八比九十六 as 78:96, but not 五比三大: its arguments are what makes it a comparison.
func ratio(c *grammar.Call) any {
	a, ok1 := say(c, c.Kids[0], false)
	b, ok2 := say(c, c.Kids[2], false)
	rest := c.Text[c.Kids[2].End:]
	for _, w := range c.Args {
		if strings.HasPrefix(rest, w) {
			return nil
		}
	}
	if !ok1 || !ok2 {
		return nil
	}
	return append(append(a, piece{literal: ":"}), b...)
}

// dots writes the point between digits as one.
func dots(c *grammar.Call) any {
	var p pieces
	for _, n := range c.Kids {
		if k, ok := n.Value.(pieces); ok {
			p = append(p, k...)
		} else {
			p = append(p, piece{literal: "."})
		}
	}
	return p
}

// code writes three digits or more that are read out one by one.
func code(c *grammar.Call) any {
	if s, _ := c.Kids[0].Value.(string); len(s) >= 3 {
		return pieces{{literal: s}}
	}
	return nil
}
