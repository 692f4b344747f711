package number

import (
	"strings"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// bound makes a number of what may bound a range.
func bound(c *grammar.Call) any {
	switch v := c.Kids[0].Value.(type) {
	case value.Number:
		return v
	case int:
		return whole64(int64(v)).number(value.Integer)
	}
	return nil
}

func boundOf(n *grammar.Node) *value.Number {
	if v, ok := n.Value.(value.Number); ok {
		return &v
	}
	return nil
}

func lowRange(c *grammar.Call, closed bool) any {
	return value.Range{Low: boundOf(c.Get("bound")), LowClosed: closed}
}

func highRange(c *grammar.Call, closed bool) any {
	return value.Range{High: boundOf(c.Get("bound")), HighClosed: closed}
}

func above(c *grammar.Call) any { return lowRange(c, false) }

// aboveAfter reads 过20 where something measured is named right before it: after a verb 过 means that it has been done.
func aboveAfter(c *grammar.Call) any {
	for _, a := range c.Args {
		if strings.HasSuffix(c.Text[:startOf(c)], a) {
			return above(c)
		}
	}
	return nil
}

// more reads 五百多, 20多. After a single digit 多 and 几 belong to what follows.
func more(c *grammar.Call) any {
	n := c.Kids[0]
	last, _ := zh.before(c.Text, n.End)
	figures := isDigit(c.Text[n.End-1]) && n.End-n.Start > 1 && !strings.Contains(c.Surface(n), ".")
	if !isUnit(last) && !figures {
		return nil
	}
	return value.Range{Low: boundOf(n)}
}

func exactly(c *grammar.Call) any {
	b := boundOf(c.Get("bound"))
	return value.Range{Low: b, High: b, LowClosed: true, HighClosed: true}
}

// span reads 20-100. Figures joined by more than one hyphen are a date or a telephone number, and so are figures that begin with 0.
func span(c *grammar.Call) any {
	low, high := c.Get("low"), c.Get("high")
	if low == nil || high == nil {
		low, high = c.Nth("bound", 0), c.Nth("bound", 1)
	}
	from, to := boundOf(low), boundOf(high)
	if from.Cmp(to.Rat) >= 0 || padded(c.Surface(low)) || padded(c.Surface(high)) {
		return nil
	}
	if at, end := startOf(c), endOf(c); at > 0 && isJoin(c.Text[at-1]) || end+1 < len(c.Text) && isJoin(c.Text[end]) && isDigit(c.Text[end+1]) {
		return nil
	}
	z, _ := c.Context.(*chinese)
	return value.Range{Low: from, High: to, LowClosed: true, HighClosed: z != nil && z.o.ClosedRanges}
}

func padded(s string) bool { return len(s) > 1 && s[0] == '0' && isDigit(s[1]) }

// isJoin tells whether figures before and after b belong together.
func isJoin(b byte) bool { return b == '-' || b == '/' || b == ':' || b == '.' || isLetter(b) }

// meet joins a lower and an upper bound.
func meet(c *grammar.Call) any {
	low, ok1 := c.Get("low").Value.(value.Range)
	high, ok2 := c.Get("high").Value.(value.Range)
	if !ok1 || !ok2 || low.Low.Cmp(high.High.Rat) >= 0 {
		return nil
	}
	return value.Range{Low: low.Low, LowClosed: low.LowClosed, High: high.High, HighClosed: high.HighClosed}
}
