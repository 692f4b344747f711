package datetime

import (
	"slices"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// clockTime is the value of the category clock and of those that it is made of.
type clockTime struct {
	Clock
	zone   zoneOffset
	rough  bool // 11ish: the half of the day goes without saying, unless a part of the day says it
	twelve bool // written "12 am": as the end of a range that begins in the morning, most writers mean noon
}

// expr is the time of day as an expression.
func (t clockTime) expr() *Expr { return t.zone.on(OnClock(t.Clock)) }

// hourOf is an hour as a number says it: open as to the half of the day from one to twelve.
func hourOf(h int) clockTime { return clockTime{Clock: Clock{Hour: h, AmPm: 1 <= h && h <= 12}} }

// clockOf is the clock of the kid labelled x, or the hour of the one labelled h.
func clockOf(c *grammar.Call) (clockTime, bool) {
	if n := c.Get("x"); n != nil {
		t, ok := n.Value.(clockTime)
		return t, ok
	}
	n := c.Get("h")
	h, ok := n.Int()
	if ok && n == c.Kids[len(c.Kids)-1] && n.End < len(c.Text) && isLetter(c.Text[n.End]) { // 17th
		return clockTime{}, false
	}
	return hourOf(h), ok
}

// makeClock is what actions that make clocks share: parts taken from the kids, f applied, false refused.
func makeClock(c *grammar.Call, f func(*clockTime) bool) any {
	t, ok := clockOf(c)
	if !ok || !f(&t) {
		return nil
	}
	return t
}

// clockOfFigures reads hours, minutes and seconds: "7:56:35", "ten forty five".
func clockOfFigures(c *grammar.Call) any {
	if inFigures(c.Text, c.Kids[0].Start, c.Kids[len(c.Kids)-1].End) {
		return nil
	}
	t := hourOf(c.Int("h", 0))
	t.Minute, t.Second, t.Precision = c.Int("m", 0), c.Int("s", 0), Minute
	if c.Get("s") != nil {
		t.Precision = Second
	}
	if t.Hour == 24 && t.Minute+t.Second > 0 {
		return nil
	}
	return t
}

// inFigures tells whether what stands at [start, end) is a piece of a longer number: of an address, a version or a price.
func inFigures(text string, start, end int) bool {
	before := text[:start]
	if start > 1 && strings.IndexByte(".,:/", before[start-1]) >= 0 && isDigit(before[start-2]) {
		return true
	}
	if start > 0 && isLetter(before[start-1]) && isDigit(text[start]) {
		return true
	}
	for _, sign := range []string{"$", "€", "£", "¥"} {
		if strings.HasSuffix(before, sign) {
			return true
		}
	}
	if end+1 < len(text) && strings.IndexByte(".,:/", text[end]) >= 0 && isDigit(text[end+1]) {
		return true
	}
	return end < len(text) && text[end] == '%'
}

// clockTogether reads "340" and "0730".
func clockTogether(c *grammar.Call) any {
	v := c.Int("hm", 0)
	t := hourOf(v / 100)
	t.Minute, t.Precision = v%100, Minute
	if t.Minute > 59 || t.Hour > 24 || inFigures(c.Text, c.Kids[0].Start, c.Kids[0].End) {
		return nil
	}
	return t
}

// plainClock lets a clock of words stand by itself if it looks like one: with minutes that people round to, or after "at".
func plainClock(c *grammar.Call) any {
	return makeClock(c, func(t *clockTime) bool {
		first := c.Text[c.Kids[0].Start]
		return isDigit(first) || first == 't' && isDigit(c.Text[c.Kids[0].Start+1]) ||
			t.Hour <= 12 && (t.Minute%5 == 0 || preceded(c, c.Args))
	})
}

// oddClock is what [plainClock] refuses.
func oddClock(c *grammar.Call) any {
	if t, ok := clockOf(c); !ok || t.Hour > 12 || plainClock(c) != nil { // nineteen forty is a year
		return nil
	}
	return c.Get("x").Value
}

// clockOfWords is "six forty-three minutes".
func clockOfWords(c *grammar.Call) any {
	return makeClock(c, func(t *clockTime) bool { return !isDigit(c.Text[c.Kids[0].Start]) && t.Hour <= 12 })
}

// withHalf states the half of the day, or in "seven o'clock" nothing more.
func withHalf(c *grammar.Call) any {
	return makeClock(c, func(t *clockTime) bool {
		if first := c.Kids[0]; inFigures(c.Text, first.Start, first.End) && first.Category == "hour" {
			return false
		}
		for _, name := range []string{"half", "half.dotted", "half.letter"} {
			if half := word(c, name); half != "" {
				if scopeOf(c).modes&Tasks != 0 && (half == "ampm" || name == "half.letter") {
					return false
				}
				return t.settle(half) && !glued(c)
			}
		}
		return true
	})
}

// timeWithHalf is [withHalf] as an expression.
func timeWithHalf(c *grammar.Call) any {
	t, ok := withHalf(c).(clockTime)
	if !ok {
		return nil
	}
	return orNil(t.expr())
}

// glued tells whether figures follow without a space: 3am3io is no time.
func glued(c *grammar.Call) bool {
	end := c.Kids[len(c.Kids)-1].End
	return end < len(c.Text) && isDigit(c.Text[end])
}

// settle puts the clock into a half of the day.
func (t *clockTime) settle(half string) bool {
	switch half {
	case "am":
		if t.Hour > 12 {
			return false
		}
		t.twelve = t.Hour == 12
		t.Clock = t.Am()
	case "pm":
		t.Clock = t.Pm()
	case "ampm":
		return t.AmPm
	}
	return true
}

// shiftedClock is so many minutes past or to an hour.
func shiftedClock(c *grammar.Call) any {
	return makeClock(c, func(t *clockTime) bool {
		n := c.Int("n", 0)
		if to := c.Get("to"); to != nil {
			n = -n
		}
		open := t.AmPm
		s := ((t.Hour*60+t.Minute+n)%1440 + 1440) % 1440
		t.Hour, t.Minute = s/60, s%60
		if t.Precision != Second {
			t.Precision = Minute
		}
		if open && (t.Hour == 0 || t.Hour > 12) {
			t.Hour = (t.Hour+11)%12 + 1
		}
		return true
	})
}

// clockInPart states the half of the day by its part: "8 in the night".
func clockInPart(c *grammar.Call) any {
	return makeClock(c, func(t *clockTime) bool {
		p := partOf(c)
		t.in(p.name)
		return true
	})
}

// in settles an open clock in a part of the day. Night lasts until three.
func (t *clockTime) in(part string) {
	if !t.AmPm && !t.rough {
		return
	}
	switch part {
	case "TMO", "TDA", "TMEB", "TMER":
		t.Clock = t.Am()
	case "TNI":
		if t.Hour <= 3 || t.Hour == 12 {
			t.Clock = t.Am()
		} else {
			t.Clock = t.Pm()
		}
	case "TMEL":
		if t.AmPm = false; t.Hour < 10 {
			t.Clock = t.Pm()
		}
	case "TDT", "TBH":
		if t.AmPm = false; t.Hour < 7 {
			t.Clock = t.Pm()
		}
	default:
		t.Clock = t.Pm()
	}
}

// timeAt is the time of day of a call as an expression.
func timeAt(c *grammar.Call) *Expr {
	t, ok := clockOf(c)
	if !ok {
		return nil
	}
	return t.expr()
}

// after is an action under the condition that one of the rule's words stands before the phrase and, if the rule has words behind a slash,
// that no letters follow but these.
func after(f grammar.Action) grammar.Action {
	return func(c *grammar.Call) any {
		before, behind, both := cutArgs(c.Args)
		if !preceded(c, before) || both && !followed(c, behind) {
			return nil
		}
		return f(c)
	}
}

// cutArgs parts the words of a rule at the slash.
func cutArgs(args []string) (before, behind []string, both bool) {
	if i := slices.Index(args, "/"); i >= 0 {
		return args[:i], args[i+1:], true
	}
	return args, nil, false
}

// preceded tells whether one of the words stands before the phrase.
func preceded(c *grammar.Call, words []string) bool { return slices.Contains(words, leftWord(c)) }

// followed tells whether the phrase is followed by one of the words or by no word at all.
func followed(c *grammar.Call, words []string) bool {
	next := rightWord(c)
	return next == "" || slices.Contains(words, next)
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }

// atEnd tells whether a clause ends with the phrase.
func atEnd(c *grammar.Call) bool {
	rest := strings.TrimLeft(c.Text[c.Kids[len(c.Kids)-1].End:], " )\"'")
	if rest == "" {
		return true
	}
	return strings.IndexByte(".,;!?\n", rest[0]) >= 0 && (len(rest) == 1 || !isDigit(rest[1]))
}

// lonelyHour is an hour that a preposition makes a time of day, unless what follows makes it a count.
func lonelyHour(c *grammar.Call) any {
	last := c.Kids[len(c.Kids)-1]
	if inFigures(c.Text, c.Kids[0].Start, last.End) || last.End < len(c.Text) && strings.IndexByte("-/%'°", c.Text[last.End]) >= 0 {
		return nil
	}
	return orNil(timeAt(c))
}

// clockOn is a day at a time of day.
func clockOn(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), timeAt(c))) }

// clockOnYear is "oct 26 15:50:06 2016".
func clockOnYear(c *grammar.Call) any {
	d := expr(c, "d")
	if d == nil || d.Date == nil || d.Date.Year > 0 || d.Date.Month == 0 {
		return nil
	}
	date := *d.Date
	date.Year = c.Int("year", 0)
	return orNil(AtTime(OnDate(date), timeAt(c)))
}

// endOfDay is the last second of a day, today if none is named.
func endOfDay(c *grammar.Call) any {
	d := expr(c, "d")
	if d == nil {
		d = OnDayOffset(0)
	}
	return orNil(AtTime(d, OnClock(Clock{Hour: 23, Minute: 59, Second: 59, Precision: Second})))
}

// restOfDay is from now until midnight.
var restOfDay = fixed(value.DateTimeRange, func(ref time.Time) (string, Span) {
	s := Span{ref, Clock{Hour: 23, Minute: 59, Second: 59}.On(ref)}
	length := Length{{s.End.Sub(s.Start).Seconds(), Second}}
	return TimexRange(TimexInstant(s.Start), TimexInstant(s.End), length.Timex()), s
})
