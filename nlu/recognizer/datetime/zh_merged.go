package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
)

// zhMergedActions say that something is before, after or about a time.
var zhMergedActions = map[string]grammar.Action{
	"modify":      func(c *grammar.Call) any { return orNil(zhModify(expr(c, "x"), c.Args[0])) },
	"modifyBy":    func(c *grammar.Call) any { return orNil(zhModify(expr(c, "x"), word(c, "m"))) },
	"modifySince": zhModifySince,
	"weekdaysTo": func(c *grammar.Call) any {
		return orNil(zhBetween(OnWeekday(c.Int("a", 1)), OnWeekday(c.Int("b", 1))))
	},
	"businessHours": func(c *grammar.Call) any {
		d, t := c.Get("d"), c.Get("t")
		return Group{{Start: d.Start, End: d.End, Expr: expr(c, "d")}, {Start: t.Start, End: t.End, Expr: expr(c, "t")}}
	},
}

// zhModify is [Modify], but what is before the end of a month (月底前) may be as late as its last day.
func zhModify(x *Expr, mod string) *Expr {
	if x == nil {
		return nil
	}
	if mod != "before" {
		return Modify(x, mod)
	}
	before, until := Modify(x, mod), Modify(x, "until")
	return &Expr{Type: before.Type, At: func(ref time.Time) (Meaning, bool) {
		if m, ok := x.At(ref); ok && m.Mod == "end" {
			return until.At(ref)
		}
		return before.At(ref)
	}}
}

// zhModifySince reads 从2018年开始. Where the text goes on with 到 the 从 may belong to that, and is left out.
func zhModifySince(c *grammar.Call) any {
	const window = 240 // bytes: a sentence
	from := c.Kids[0].Start
	before := c.Text[max(0, from-window):from]
	after := c.Text[from:min(len(c.Text), from+window)]
	if i := strings.IndexAny(before, "从自"); i >= 0 {
		after = before[i:] + after
	}
	if strings.ContainsAny(after, "到至") {
		return nil
	}
	return orNil(zhModify(expr(c, "x"), "since"))
}
