package datetime

import (
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enMergedActions are those of en_merged*.grammar and of the modes. They take the word that qualifies by the label mod, and what it
// qualifies by x.
var enMergedActions = map[string]grammar.Action{
	"qualify":       func(c *grammar.Call) any { return orNil(qualified(c, word(c, "mod"))) },
	"qualifyAt":     func(c *grammar.Call) any { return orNil(qualified(c, inclusive[word(c, "mod")])) },
	"qualifyLast":   qualifyLast,
	"qualifyBehind": qualifyBehind,
	"qualifyFrom":   qualifyFrom,
	"untilNow":      untilNowAction,
	"qualifyHour":   func(c *grammar.Call) any { return orNil(Modify(timeAt(c), word(c, "mod"))) },
	"moved":         moved,
	"spanAfterWord": spanAfterWord,
	"qualifyOn":     func(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), qualified(c, word(c, "mod")))) },
}

// inclusive is what "or at" makes of a word: before or on Monday.
var inclusive = map[string]string{"before": "until", "after": "since"}

// qualified is x with a word before or behind it.
func qualified(c *grammar.Call, mod string) *Expr {
	x, first := expr(c, "x"), c.Kids[0]
	if x == nil || mod == "" || scopeOf(c).modes&Tasks != 0 && holds(c.Get("x"), "holiday") {
		return nil
	}
	if at := first.Start; at > 0 && c.Text[at] == '>' && c.Text[at-1] == '<' { // <> is neither
		return nil
	}
	if mod == "before" || mod == "until" {
		return Modify(wholeEnd(x), mod)
	}
	return Modify(x, mod)
}

// wholeEnd makes what comes before the end of a month end with the month: by the end of june.
func wholeEnd(x *Expr) *Expr {
	return x.Map(x.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		if m.Mod == "end" {
			m = m.EachSpan(func(s Span) Span { return Span{Start: s.End, End: s.End} })
		}
		return m, true
	})
}

// untilNow is all time until now.
var untilNow = &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
	s := Span{End: Midnight(ref)}
	return Meaning{Timex: "PRESENT_REF", Past: s, Future: s, Mod: "before"}, true
}}

// untilNowAction is "to date" at the end of a clause, not behind the rule's words: equal to date 1.
func untilNowAction(c *grammar.Call) any {
	if !atEnd(c) || preceded(c, c.Args) {
		return nil
	}
	return untilNow
}

// qualifyBehind is a word behind x, unless it begins another phrase: "2018 or later than 2020".
func qualifyBehind(c *grammar.Call) any {
	if rightWord(c) == "than" {
		return nil
	}
	return orNil(qualified(c, word(c, "mod")))
}

// holds tells whether a phrase is of a category, or made of one that is.
func holds(n *grammar.Node, category string) bool {
	return n.Category == category || len(n.Kids) == 1 && holds(n.Kids[0], category)
}

// qualifyLast is a word behind x, which must end the clause: "1/1/2016 and after" but not "and after my work".
func qualifyLast(c *grammar.Call) any {
	if !atEnd(c) {
		return nil
	}
	return orNil(qualified(c, word(c, "mod")))
}

// qualifyFrom is "from 2014", which "and" would make a list: from 2015 and 2016.
func qualifyFrom(c *grammar.Call) any {
	if rightWord(c) == "and" {
		return nil
	}
	return orNil(qualified(c, word(c, "mod")))
}

// spanAfterWord is a range of bare figures that a preposition introduces; 3-5 and "two to four" may be anything.
func spanAfterWord(c *grammar.Call) any {
	if !isLetter(c.Text[c.Kids[0].Kids[0].Start]) || c.Kids[0].Kids[0].Category == "end.open" {
		return nil
	}
	return orNil(spanExpr(c))
}

// moved is "the 3 pm appointment to 4": a time, and the one that it is moved to.
func moved(c *grammar.Call) any {
	x, h := c.Get("x"), c.Get("h")
	t, ok := x.Value.(clockTime)
	hour, ok2 := h.Int()
	if !ok || !ok2 || !atEnd(c) {
		return nil
	}
	return Group{{Start: x.Start, End: x.End, Expr: t.expr()}, {Start: h.Start, End: h.End, Expr: hourOf(hour).expr()}}
}
