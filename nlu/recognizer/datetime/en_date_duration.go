package datetime

import (
	"slices"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enDurationActions are those of en_date_duration.grammar.
var enDurationActions = map[string]grammar.Action{
	"amount":        func(c *grammar.Call) any { return positive(c.Get("n")) },
	"term":          func(c *grammar.Call) any { return enTerm(c, numberOf(c.Kids[0])) },
	"shortTerm":     shortTerm,
	"quarterTerm":   func(c *grammar.Call) any { return enTerm(c, float64(c.Int("q", 1))/4) },
	"hoursMinutes":  hoursMinutes,
	"seconds":       seconds,
	"aSecond":       aSecond,
	"oneNight":      oneNight,
	"halfTerm":      func(c *grammar.Call) any { return enTerm(c, 0.5) },
	"andHalf":       func(c *grammar.Call) any { return enTerm(c, numberOf(c.Get("n"))+0.5) },
	"tensOnes":      func(c *grammar.Call) any { return enTerm(c, float64(c.Int("tens", 0)+c.Int("ones", 0))) },
	"addTerm":       addTerm,
	"forLength":     forLength,
	"theHour":       theHour,
	"lengths":       lengths,
	"oneOrTwo":      oneOrTwo,
	"forLengths":    forLengths,
	"forLow":        func(c *grammar.Call) any { return For(lengthOf(c, "low")) },
	"inLengths":     inLengths,
	"withinLengths": withinLengths,
	"wholeUnit":     wholeUnit,
	"modifyLength":  modifyLength,
}

// enUnits are units that are so many of another.
var enUnits = map[string]Term{"fortnight": {2, Week}, "quarter": {3, Month}, "decade": {10, Year}, "century": {100, Year}}

// numberOf is the value of a kid as a float: a figure, a word of quantity, a number.
func numberOf(n *grammar.Node) float64 {
	if n == nil {
		return 0
	}
	switch v := n.Value.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	case value.Number:
		f, _ := v.Float64()
		return f
	}
	return 0
}

func positive(n *grammar.Node) any {
	if f := numberOf(n); f > 0 {
		return f
	}
	return nil
}

func enTerm(c *grammar.Call, n float64) any {
	name := word(c, "unit")
	if name == "" {
		name = word(c, "unit.short")
	}
	if n <= 0 {
		return nil
	}
	if t, ok := enUnits[name]; ok {
		return Length{{n * t.N, t.Unit}}
	}
	return Length{{n, Unit(name[0])}}
}

// shortTerm reads "3h", but not inside of an identifier: "cc6f-413d-b8ab".
func shortTerm(c *grammar.Call) any {
	if isIdentifier(charBefore(c)) || isIdentifier(charAfter(c)) {
		return nil
	}
	return enTerm(c, numberOf(c.Kids[0]))
}

func isIdentifier(b byte) bool {
	return b == '-' || b == '_' || b == '/' || b == '=' || b == '~' || b == '#' || b == '$' || isWordByte(b)
}

// hoursMinutes is 1h30m. (1h30 alone is a time of the day.)
func hoursMinutes(c *grammar.Call) any {
	if isIdentifier(charBefore(c)) || isIdentifier(charAfter(c)) {
		return nil
	}
	return Length{{float64(c.Int("n", 0)), Hour}, {float64(c.Int("m", 0)), Minute}}
}

// seconds is "twenty second", unless a word of the rule before it makes it a rank: "the twenty second".
func seconds(c *grammar.Call) any {
	if slices.Contains(c.Args, leftWord(c)) && !isDigit(c.Text[c.Kids[0].Start]) {
		return nil
	}
	return enTerm(c, numberOf(c.Kids[0]))
}

// aSecond is "a second", unless it may count what follows: "a second round". The rule's words cannot be counted.
func aSecond(c *grammar.Call) any {
	if w := rightWord(c); w != "" && !slices.Contains(c.Args, w) {
		return nil
	}
	return enTerm(c, numberOf(c.Kids[0]))
}

// oneNight is "a night", whereas "all night" is a part of the day.
func oneNight(c *grammar.Call) any {
	if w := c.Surface(c.Kids[0]); w != "a" && w != "an" {
		return nil
	}
	return enTerm(c, 1)
}

// addTerm refuses a unit that the length already has: "2 days 3 days" are two durations.
func addTerm(c *grammar.Call) any {
	l, t := lengthOf(c, "length"), lengthOf(c, "term")
	for _, have := range l {
		if have.Unit == t[0].Unit {
			return nil
		}
	}
	return NewLength(append(l[:len(l):len(l)], t...)...)
}

// lengthOf is the value of the kid with that label or category if it is a length, else nil.
func lengthOf(c *grammar.Call, name string) Length {
	if n := c.Get(name); n != nil {
		l, _ := n.Value.(Length)
		return l
	}
	return nil
}

// forLength leaves a length to the word behind it if that is one of the rule's: "2 days ago" is a date.
func forLength(c *grammar.Call) any {
	if slices.Contains(c.Args, rightWord(c)) {
		return nil
	}
	return For(lengthOf(c, "length"))
}

func modifyLength(c *grammar.Call) any {
	if slices.Contains(c.Args[1:], rightWord(c)) {
		return nil
	}
	return orNil(Modify(For(lengthOf(c, "length")), c.Args[0]))
}

// theHour is a duration only after certain words: "offline for the hour".
func theHour(c *grammar.Call) any {
	if !slices.Contains(c.Args, leftWord(c)) {
		return nil
	}
	return For(Length{{1, Hour}})
}

// wholeUnit is "for the day" in the rule's mode.
func wholeUnit(c *grammar.Call) any {
	if scopeOf(c).modes&modeNames[c.Args[0]] == 0 {
		return nil
	}
	return For(Length{{1, Unit(word(c, "u")[0])}})
}

// bounds are the lower and upper end of a length that is not exact.
type bounds struct{ low, high Length }

func lengths(c *grammar.Call) any {
	low, high := numberOf(c.Get("low")), numberOf(c.Get("high"))
	if low >= high || figuresLead(c, "-/.:") {
		return nil
	}
	l, _ := enTerm(c, high).(Length)
	return bounds{Length{{low * l[0].N / high, l[0].Unit}}, l}
}

// oneOrTwo is "a day or two".
func oneOrTwo(c *grammar.Call) any {
	l := lengthOf(c, "low")
	if l[0].N != 1 {
		return nil
	}
	return bounds{l, Length{{2, l[0].Unit}}}
}

func boundsOf(c *grammar.Call) bounds {
	b, _ := c.Get("lengths").Value.(bounds)
	return b
}

func forLengths(c *grammar.Call) any {
	if slices.Contains(c.Args, rightWord(c)) {
		return nil
	}
	b := boundsOf(c)
	return ForBetween(b.low, b.high)
}

// inLengths is "in 3 to 5 days": from the first such day to the end of the last. Lengths with hours are left to the datetimes.
func inLengths(c *grammar.Call) any {
	b, sign := boundsOf(c), argInt(c, 0)
	if b.high.HasClock() {
		return nil
	}
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		near, ok := b.low.Add(Midnight(ref), sign)
		far, ok2 := b.high.Add(Midnight(ref), sign)
		if sign < 0 {
			near, far = far, near
		}
		far = far.AddDate(0, 0, 1)
		if !ok || !ok2 {
			return "", Span{}
		}
		return TimexRangeDays(TimexDay(near), TimexDay(far), days(near, far)), Span{near, far}
	})
}

func withinLengths(c *grammar.Call) any {
	b := boundsOf(c)
	if b.high.HasClock() {
		return nil
	}
	return InTime(b.high)
}
