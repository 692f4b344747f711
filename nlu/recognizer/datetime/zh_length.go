package datetime

import (
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// zhLen is a length of time as stated.
type zhLen struct {
	low  Length
	high Length // of a length within bounds (三五天), else nil
	more bool   // a little more than that: 一年多
}

// top is the length, or the upper one of two.
func (l zhLen) top() Length {
	if l.high != nil {
		return l.high
	}
	return l.low
}

// zhBounds is a number, or two of which one is meant.
type zhBounds struct{ low, high float64 }

// zhLengthActions make lengths.
var zhLengthActions = map[string]grammar.Action{
	"pair":   func(c *grammar.Call) any { n := c.Int("p", 0); return zhBounds{float64(n / 10), float64(n % 10)} },
	"approx": zhApproxBounds,
	"lengthOf": func(c *grammar.Call) any {
		return zhLengthIn(c, "n", "u")
	},
	"lengthHalf": func(c *grammar.Call) any { return zhLen{low: zhLength(0.5, word(c, "u"))} },
	"lengthOfHalf": func(c *grammar.Call) any {
		b, ok := zhBoundsOf(c, "n")
		if !ok || b.low != b.high {
			return nil
		}
		return zhLen{low: zhLength(b.low+0.5, word(c, "u"))}
	},
	"andHalf": zhAndHalf,
	"lengthMore": func(c *grammar.Call) any {
		l, ok := zhLengthIn(c, "n", "u").(zhLen)
		if l.more = true; !ok || l.high != nil {
			return nil
		}
		return l
	},
	"lengthHalfMore": func(c *grammar.Call) any { return zhLen{low: zhLength(0.5, word(c, "u")), more: true} },
	"more": func(c *grammar.Call) any {
		l, ok := zhLengthOf(c, "x")
		if l.more = true; !ok || l.high != nil {
			return nil
		}
		return l
	},
	"halfToOne":   func(*grammar.Call) any { return zhLen{low: zhLength(0.5, "Y"), high: zhLength(1, "Y")} },
	"threeToFive": func(*grammar.Call) any { return zhLen{low: zhLength(3, "Y"), high: zhLength(5, "Y")} },
	"lengthRange": zhLengthRange,
	"addLength":   zhAddLength,
	"addLoose": func(c *grammar.Call) any {
		a, ok := zhLengthOf(c, "a")
		b, isLen := zhLengthIn(c, "n", "u").(zhLen)
		return zhSum(a, b, ok && isLen)
	},
	"minutesSeconds": func(c *grammar.Call) any {
		a, ok := zhBoundsOf(c, "n")
		b, ok2 := zhBoundsOf(c, "m")
		return zhSum(zhLen{low: zhLength(a.low, "m")}, zhLen{low: zhLength(b.low, "s")}, ok && ok2 && a.low == a.high && b.low == b.high)
	},
	"daysOnly": func(c *grammar.Call) any {
		if l, ok := zhLengthOf(c, "x"); ok && !l.top().HasClock() {
			return l
		}
		return nil
	},
	"clockOnly": func(c *grammar.Call) any {
		if l, ok := zhLengthOf(c, "x"); ok && l.top().HasClock() {
			return l
		}
		return nil
	},
	"lengthDays": func(c *grammar.Call) any { return zhLen{low: zhLength(float64(c.Int("n", 0)), "D")} },
	"twoDays":    func(c *grammar.Call) any { return zhLen{low: zhLength(2, "D")} },
	"duration":   func(c *grammar.Call) any { return orNil(zhDuration(c)) },
}

// zhLength is so many of a unit of the lexicon.
func zhLength(n float64, unit string) Length {
	switch unit {
	case "":
		return nil
	case "Q":
		return NewLength(Term{3 * n, Month})
	case "q":
		return NewLength(Term{15 * n, Minute})
	}
	return NewLength(Term{n, Unit(unit[0])})
}

func zhLengthOf(c *grammar.Call, name string) (zhLen, bool) {
	if n := c.Get(name); n != nil {
		l, ok := n.Value.(zhLen)
		return l, ok
	}
	return zhLen{}, false
}

// zhBoundsOf is the number labelled so.
func zhBoundsOf(c *grammar.Call, name string) (zhBounds, bool) {
	n := c.Get(name)
	if n == nil {
		return zhBounds{}, false
	}
	switch v := n.Value.(type) {
	case zhBounds:
		return v, true
	case value.Number:
		f, _ := v.Float64()
		return zhBounds{f, f}, f >= 0 && f < 1e6
	case int:
		return zhBounds{float64(v), float64(v)}, v >= 0 && v < 1e6
	}
	return zhBounds{}, false
}

func zhApproxBounds(c *grammar.Call) any {
	r, ok := c.Get("a").Value.(value.Range)
	if !ok || r.Low == nil || r.High == nil {
		return nil
	}
	low, _ := r.Low.Float64()
	high, _ := r.High.Float64()
	return zhBounds{low, high}
}

// zhLengthIn multiplies a number by a unit. A number that begins with a zero is a year (07年).
func zhLengthIn(c *grammar.Call, number, unit string) any {
	b, ok := zhBoundsOf(c, number)
	s := zhSurface(c, number)
	if !ok || len(s) > 1 && s[0] == '0' && isDigit(s[1]) || strings.HasPrefix(s, "零") && b.low > 0 {
		return nil
	}
	if u := word(c, unit); b.high >= 1000 && u == "Y" || b.high >= 100 && zhSurface(c, unit) == "h" {
		return nil // a year, a lamp's life
	}
	l := zhLen{low: zhLength(b.low, word(c, unit))}
	if b.high != b.low {
		l.high = zhLength(b.high, word(c, unit))
	}
	return l
}

// zhAndHalf reads 三年半.
func zhAndHalf(c *grammar.Call) any {
	l, ok := zhLengthOf(c, "x")
	if !ok || l.high != nil || len(l.low) != 1 || l.low[0].N != float64(int(l.low[0].N)) {
		return nil
	}
	return zhLen{low: NewLength(Term{l.low[0].N + 0.5, l.low[0].Unit})}
}

// zhLengthRange reads 3到5天 and 3天到5天.
func zhLengthRange(c *grammar.Call) any {
	a, ok := zhBoundsOf(c, "n")
	b, ok2 := zhBoundsOf(c, "m")
	u := word(c, "u")
	v := word(c, "v")
	if v == "" {
		v = u
	}
	l := zhLen{low: zhLength(a.low, u), high: zhLength(b.high, v)}
	if !ok || !ok2 || l.low.Seconds() >= l.high.Seconds() || b.high >= 1000 && v == "Y" {
		return nil
	}
	return l
}

func zhAddLength(c *grammar.Call) any {
	a, ok := zhLengthOf(c, "a")
	b, ok2 := zhLengthOf(c, "b")
	return zhSum(a, b, ok && ok2)
}

// zhSum adds lengths without bounds, each unit but once.
func zhSum(a, b zhLen, ok bool) any {
	if !ok || a.high != nil || b.high != nil {
		return nil
	}
	for _, t := range a.low {
		for _, u := range b.low {
			if t.Unit == u.Unit {
				return nil
			}
		}
	}
	terms := make([]Term, 0, len(a.low)+len(b.low))
	return zhLen{low: NewLength(append(append(terms, a.low...), b.low...)...)}
}

func zhDuration(c *grammar.Call) *Expr {
	l, ok := zhLengthOf(c, "x")
	switch {
	case !ok:
		return nil
	case l.high != nil:
		return zhForBetween(l.low, l.high)
	case l.more:
		return Modify(For(l.low), "more")
	}
	return For(l.low)
}

// zhForBetween is a duration within bounds; the upper one is the reading that is preferred.
func zhForBetween(low, high Length) *Expr {
	return &Expr{Type: value.Duration, Length: high, At: func(time.Time) (Meaning, bool) {
		return Meaning{Timex: high.Timex(), PastTimex: low.Timex(), Seconds: high.Seconds(), LowSeconds: low.Seconds()}, true
	}}
}
