package datetime

import "yingda/nlu/recognizer/grammar"

// expr is the value of the kid with that label or category, nil if there is none or it is no expression.
func expr(c *grammar.Call, name string) *Expr {
	if n := c.Get(name); n != nil {
		e, _ := n.Value.(*Expr)
		return e
	}
	return nil
}

// word is the value of the kid with that label or category if it is a word, else empty.
func word(c *grammar.Call, name string) string {
	if n := c.Get(name); n != nil {
		s, _ := n.Value.(string)
		return s
	}
	return ""
}

// orNil makes the any that an action returns: an untyped nil, which refuses, for a nil expression.
func orNil(e *Expr) any {
	if e == nil {
		return nil
	}
	return e
}

// sharedActions are for the grammars of all languages. They take their parts by label or category:
//
//	between      from and to  → Between
//	onWeekday    weekday, 1 to 7
//	dayOffset N  today + N days
var sharedActions = map[string]grammar.Action{
	"between":   func(c *grammar.Call) any { return orNil(Between(expr(c, "from"), expr(c, "to"))) },
	"onWeekday": func(c *grammar.Call) any { return orNil(OnWeekday(c.Int("weekday", 1))) },
	"dayOffset": func(c *grammar.Call) any { return OnDayOffset(argInt(c, 0)) },
}

// argInt is the i-th constant of the rule as a number, 0 if there is none.
func argInt(c *grammar.Call, i int) int {
	if i >= len(c.Args) {
		return 0
	}
	n, sign := 0, 1
	for j := 0; j < len(c.Args[i]); j++ {
		switch ch := c.Args[i][j]; {
		case ch == '-' && j == 0:
			sign = -1
		case isDigit(ch) && n < 1e6:
			n = n*10 + int(ch-'0')
		}
	}
	return sign * n
}
