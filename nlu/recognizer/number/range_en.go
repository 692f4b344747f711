package number

import (
	"math/big"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// Values of the category bound.
const (
	boundAbove = "gt"
	boundFrom  = "ge"
	boundBelow = "lt"
	boundUpTo  = "le"
	boundEqual = "eq"
)

// sign returns the bound of ">" and its like, unless another such sign touches it: "<>" is no bound, nor is "=>".
func sign(c *grammar.Call) any {
	k := c.Kids[0]
	if k.Start > 0 {
		switch c.Text[k.Start-1] {
		case '<', '>', '=', '!', '-', '~':
			return nil
		}
	}
	return k.Value
}

// orEqual includes the end: "less than or equal to".
func orEqual(c *grammar.Call) any { return including(sideOf(c)) }

func including(bound string) string {
	switch bound {
	case boundAbove:
		return boundFrom
	case boundBelow:
		return boundUpTo
	}
	return bound
}

// sideOf returns the value of the part that says on which side the range lies.
func sideOf(c *grammar.Call) string {
	for _, name := range [...]string{"bound", "mark", "more", "either", "above", "below", "least", "most"} {
		if k := c.Get(name); k != nil {
			return k.Value.(string)
		}
	}
	return boundEqual
}

// opposite returns the bound of "no more than".
func opposite(c *grammar.Call) any {
	if sideOf(c) == boundAbove {
		return boundUpTo
	}
	return boundFrom
}

// half makes the range of a bound and a number; "20 or more" includes the number.
func half(c *grammar.Call) any {
	bound := sideOf(c)
	if c.Get("more") != nil {
		end := last(c)
		if w, _ := wordAfter(c.Text, end); w.role == thanWord || numberFollows(c.Text, end) {
			return nil
		}
		bound = including(bound)
	}
	if percentFollows(c.Text, last(c)) {
		return nil
	}
	return rangeOf(bound, pointOf(c))
}

// percentFollows tells whether the number before a place is a percentage: "more than 20%".
func percentFollows(text string, at int) bool {
	w, end := wordAfter(text, at)
	if w.role == perWord {
		w, _ = wordAfter(text, end)
		return w.role == centWord
	}
	at, _ = next(text, at)
	return w.role == percentWord || at < len(text) && text[at] == '%'
}

// wordAfter returns the word that stands at a place or behind the space there.
func wordAfter(text string, at int) (w word, end int) {
	if at < len(text) && text[at] == ' ' {
		at++
	}
	return english().at(text, at)
}

// dangling makes the range of "20 or more than" and "more than 20 or equal to", if no number follows.
func dangling(c *grammar.Call) any {
	end := last(c)
	if w, _ := wordAfter(c.Text, end); w.role == toWord || numberFollows(c.Text, end) {
		return nil
	}
	return rangeOf(including(sideOf(c)), pointOf(c))
}

// plus makes the range of "18+", but not of a sum.
func plus(c *grammar.Call) any {
	end := last(c)
	if numberFollows(c.Text, end) || joinsAfter(c.Text, end) {
		return nil
	}
	return rangeOf(boundFrom, pointOf(c))
}

// pointOf returns the number of a phrase; a rank counts as its number.
func pointOf(c *grammar.Call) *value.Number {
	for _, name := range [...]string{"point", "number", "proportion"} {
		if k := c.Get(name); k != nil {
			return nodeNumber(k)
		}
	}
	return nil
}

func nodeNumber(n *grammar.Node) *value.Number {
	switch v := n.Value.(type) {
	case value.Number:
		return &v
	case value.Ordinal:
		return &value.Number{Rat: new(big.Rat).SetInt(v.Offset), Form: value.Integer}
	}
	return nil
}

func rangeOf(bound string, n *value.Number) any {
	if n == nil {
		return nil
	}
	switch bound {
	case boundAbove, boundFrom:
		return value.Range{Low: n, LowClosed: bound == boundFrom}
	case boundBelow, boundUpTo:
		return value.Range{High: n, HighClosed: bound == boundUpTo}
	}
	return value.Range{Low: n, High: n, LowClosed: true, HighClosed: true}
}

// numberFollows tells whether a number stands behind a place.
func numberFollows(text string, at int) bool {
	at, _ = next(text, at)
	if at >= len(text) {
		return false
	}
	if w, end := english().at(text, at); w.role == pronounWord {
		at, _ = next(text, end)
	}
	if at >= len(text) {
		return false
	}
	w, _ := english().at(text, at)
	return isDigit(text[at]) || zeroWord <= w.role && w.role <= scaleWord || w.role.isRank()
}

// both joins two ranges that are open to opposite sides.
func both(c *grammar.Call) any {
	a, b := c.Nth("half", 0).Value.(value.Range), c.Nth("half", 1).Value.(value.Range)
	if a.Low == nil {
		a, b = b, a
	}
	if a.Low == nil || a.High != nil || b.Low != nil || a.Low.Cmp(b.High.Rat) >= 0 {
		return nil
	}
	return value.Range{Low: a.Low, High: b.High, LowClosed: a.LowClosed, HighClosed: b.HighClosed}
}

// between makes a range of its two ends; options tell whether the upper one belongs to it.
func between(c *grammar.Call) any {
	var ends []*value.Number
	for _, k := range c.Kids {
		switch k.Category {
		case "point", "number", "proportion":
			ends = append(ends, nodeNumber(k))
		}
	}
	if len(ends) != 2 || ends[0] == nil || ends[1] == nil || ends[0].Cmp(ends[1].Rat) >= 0 {
		return nil
	}
	closed := c.Context.(*englishFinder).o.ClosedRanges
	return value.Range{Low: ends[0], High: ends[1], LowClosed: true, HighClosed: closed}
}

// bare makes the range of "20-100", unless the figures look like a telephone number or date: hyphens or slashes stand around them.
func bare(c *grammar.Call) any {
	at, end := c.Kids[0].Start, last(c)
	if at > 0 && (c.Text[at-1] == '-' || c.Text[at-1] == '/' || c.Text[at-1] == '+') {
		return nil
	}
	if end+1 < len(c.Text) && (c.Text[end] == '-' || c.Text[end] == '/') && isDigit(c.Text[end+1]) {
		return nil
	}
	return between(c)
}
