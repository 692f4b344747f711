package quantity

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// found is money or a quantity as the actions build it. It is not changed once it is the value of a phrase.
type found struct {
	start, end int
	number     *big.Rat // nil: a unit without a number
	form       value.Form

	cur   *currency // money
	sub   *subunit  // money in parts only
	open  bool      // a whole number: a smaller unit may follow
	tight bool      // money whose sign touches the figure: cents must be named
	last  int64     // money: how many of the part named last make one; 1 = none yet

	dimension string // of quantities
	unit      string
	of        *unit  // what the words of a measure are
	word      string // the unit as written; empty if there are two
	vague     bool   // 一个 is more often an article than a count
}

// actions are the functions that the grammar files name.
var actions = map[string]grammar.Action{
	"amount": amount, "signed": signed, "negative": negative, "share": share, "scaled": scaled,
	"money": money, "prefixed": prefixed, "subunit": subunits, "part": part, "cents": cents, "tail": tail, "half": half, "same": same,
	"twice": twice, "paid": paid, "unpriced": unpriced, "partTurn": partTurn, "capacity": capacity, "pair": pair, "two": two, "list": func(*grammar.Call) any { return rowOfItems{} },
	"measure": measure, "speed": speed, "compound": compound, "feet": feet, "feetIn": feet, "feetAnd": feetAnd, "inches": inches, "named": named,
	"tenths": tenths, "below": below, "onScale": onScale, "letterScale": letterScale,
	"age": age, "aged": aged, "count": count,
	"bareMoney": bareMoney, "bareUnit": bareUnit, "unlessCue": unlessCue, "ifCue": ifCue,
}

// rowOfItems is the value of several finds in a row; they are the kids of its node.
type rowOfItems struct{}

// extent returns where a phrase begins and ends.
func extent(c *grammar.Call) (start, end int) { return c.Kids[0].Start, c.Kids[len(c.Kids)-1].End }

// numberOf returns the number of the first kid that is one.
func numberOf(c *grammar.Call) (n value.Number, node *grammar.Node) {
	for _, k := range c.Kids {
		switch k.Category {
		case "amount", "signed", "number", "figure":
			return read(c.Text, k), k
		}
	}
	return value.Number{}, nil
}

// read returns the number of a node. Most numbers of a text are of nothing, so that they are only made here.
func read(text string, n *grammar.Node) value.Number {
	switch v := n.Value.(type) {
	case value.Number:
		return v
	case int:
		return value.Number{Rat: new(big.Rat).SetInt64(int64(v)), Form: value.Integer}
	}
	return parseFigure(text[n.Start:n.End])
}

// amount accepts a number that may be one of something.
func amount(c *grammar.Call) any {
	k := c.Kids[0]
	s := c.Surface(k)
	switch s {
	case "百", "千", "万", "亿", "兆": // 百度, 千元机, 万达
		return nil
	}
	if s[0] == '-' && afterFigure(c.Text, k.Start) || spelled(s) || inNumeral(c.Text, k.Start) {
		return nil
	}
	if v, ok := k.Value.(value.Number); ok && v.Rat == nil {
		return nil
	}
	return k.Value
}

// spelled tells whether a numeral is two digits read out one by one, as 五一: in 三块五一斤 they do not belong together.
func spelled(s string) bool {
	const digits = "一二三四五六七八九"
	return len(s) == 6 && strings.Contains(digits, s[:3]) && strings.Contains(digits, s[3:])
}

// inNumeral tells whether a numeral in words begins inside of a longer one, or of a rank: 三 in 两三个, 第三个.
func inNumeral(text string, at int) bool {
	if at < 3 || text[at] < utf8.RuneSelf || text[at-1] < utf8.RuneSelf {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	return strings.ContainsRune("零一二三四五六七八九十百千万亿两几数第〇", before)
}

// afterFigure tells whether a figure stands before a minus sign, which then says "to".
func afterFigure(text string, at int) bool {
	for at > 0 && text[at-1] == ' ' {
		at--
	}
	return at > 0 && isDigit(text[at-1])
}

func signed(c *grammar.Call) any { return c.Kids[0].Value }

func negative(c *grammar.Call) any {
	n, _ := numberOf(c)
	if afterFigure(c.Text, c.Kids[0].Start) || n.Sign() < 0 {
		return nil
	}
	return value.Number{Rat: new(big.Rat).Neg(n.Rat), Form: n.Form}
}

// share reads "half a million".
func share(c *grammar.Call) any {
	s, _ := c.Get("share").Value.(string)
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(c.Int("magnitude", 1))))
	return value.Number{Rat: r, Form: formOf(r)}
}

// scaled reads a number, or money, and what multiplies it: 2.5 mn, 75 usd million.
func scaled(c *grammar.Call) any {
	n, _ := numberOf(c)
	r := new(big.Rat).Mul(n.Rat, new(big.Rat).SetInt64(int64(c.Int("magnitude", 1))))
	if c.Get("cur") == nil {
		return value.Number{Rat: r, Form: formOf(r)}
	}
	v, ok := money(c).(*found)
	if !ok {
		return nil
	}
	v.number, v.form, v.open = r, formOf(r), false
	return v
}

func formOf(r *big.Rat) value.Form {
	if r.IsInt() {
		return value.Integer
	}
	return value.Decimal
}

func quo(r *big.Rat, n int64) *big.Rat { return new(big.Rat).Quo(r, new(big.Rat).SetInt64(n)) }

// half reads what 半 adds to a unit: 三斤半, 三块半.
func half(c *grammar.Call) any {
	v := c.Kids[0].Value.(*found)
	_, char := of(c).next(c.Kids[1].End)
	if v.number == nil || !v.number.IsInt() || v.last > 1 || strings.ContainsRune(of(c).lang.words.halved, char) || v.dimension == Age && v.unit != "Year" {
		return nil
	}
	v = v.copy()
	v.number, v.form, v.open = new(big.Rat).Add(v.number, big.NewRat(1, 2)), value.Decimal, false
	_, v.end = extent(c)
	return v
}

// same lengthens money by a word that adds nothing: 50元整.
func same(c *grammar.Call) any {
	v := c.Kids[0].Value.(*found).copy()
	_, v.end = extent(c)
	return v
}

// copy returns a find that may be changed.
func (v *found) copy() *found {
	c := *v
	return &c
}

// trimmed returns the extent of a phrase without the kids at its end that only have to be there: the last argument says how many.
func trimmed(c *grammar.Call) (start, end int) {
	start, end = extent(c)
	if last := c.Args; len(last) > 0 {
		if n, err := strconv.Atoi(last[len(last)-1]); err == nil && n < len(c.Kids) {
			end = c.Kids[len(c.Kids)-1-n].End
		}
	}
	return start, end
}

// ifCue blocks if one of the cues is there, and none of those after "unless".
func ifCue(c *grammar.Call) any {
	var blocks any
	unless := false
	for _, name := range c.Args {
		switch {
		case name == "unless":
			unless = true
		case of(c).hasNamed(name):
			if unless {
				return nil
			}
			blocks = true
		}
	}
	return blocks
}

// unlessCue blocks if none of the cues is there.
func unlessCue(c *grammar.Call) any {
	if ifCue(c) != nil {
		return nil
	}
	return true
}
