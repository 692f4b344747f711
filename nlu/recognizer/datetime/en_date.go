package datetime

import (
	"slices"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enDateActions are those of en_date.grammar. Dates under way are values of type Date.
var enDateActions = map[string]grammar.Action{
	"yearPair":         func(c *grammar.Call) any { return inRange(c.Int("hi", 0)*100+c.Int("lo", 0), 1000, 2199) },
	"shortYear":        func(c *grammar.Call) any { return FullYear(c.Kids[len(c.Kids)-1].Value.(int)) },
	"monthDay":         monthDay,
	"addYear":          addYear,
	"figures":          figures,
	"figuresTogether":  figuresTogether,
	"statedDate":       func(c *grammar.Call) any { return orNil(OnDate(dateOf(c, ""))) },
	"afterFor":         afterFor,
	"afterPreposition": afterPreposition,
	"figuresDay":       figuresDay,
	"dayAndDate":       dayAndDate,
	"dayAndDateAfter":  afterPreposition,
	"shiftedDate":      shiftedDate,
	"weekdayThe":       func(c *grammar.Call) any { return orNil(onWeekdayAnd(wdOf(c), c.Int("d", 0), true)) },
	"weekdayDay":       weekdayDay,
	"bareWeekday":      bareWeekday,
	"shiftedWeekday":   func(c *grammar.Call) any { return OnWeekdayOf(c.Int("shift", 0), c.Int("weekday", 1)) },
	"nearWeekday":      func(c *grammar.Call) any { return onNearWeekday(c.Int("shift.near", 0), c.Int("weekday", 1)) },
	"shiftedWeek":      func(c *grammar.Call) any { return shiftOf(c) },
	"weekdayOfWeek":    weekdayOfWeek,
	"two":              func(*grammar.Call) any { return 2 },
}

func inRange(n, low, high int) any {
	if n < low || n > high {
		return nil
	}
	return n
}

// shiftOf is the number of weeks, months or years that this, next or last stand for.
func shiftOf(c *grammar.Call) int { return c.Int("shift", 0) + c.Int("shift.near", 0) }

// wdOf is the weekday of a phrase, 0 if it has none.
func wdOf(c *grammar.Call) int { return c.Int("wd", 0) + c.Int("weekday", 0) }

// dateOf is the date of the kid of that name, or of the first kid that has one.
func dateOf(c *grammar.Call, name string) Date {
	if name != "" {
		if n := c.Get(name); n != nil {
			d, _ := n.Value.(Date)
			return d
		}
	}
	for _, k := range c.Kids {
		if d, ok := k.Value.(Date); ok {
			return d
		}
	}
	return Date{}
}

func monthDay(c *grammar.Call) any {
	m := c.Get("mon")
	for _, name := range []string{"month", "month.dot"} {
		if m == nil {
			m = c.Get(name)
		}
	}
	last := c.Kids[len(c.Kids)-1]
	if last.Category == "dom" && isDigit(c.Text[last.End-1]) && figuresGoOn(c, ".:") {
		return nil
	}
	if figuresLead(c, ".,:/") || slices.Contains(c.Args, c.Surface(m)) { // "one may ask"
		return nil
	}
	month, _ := m.Int()
	return Date{Year: c.Int("year", 0), Month: month, Day: c.Int("d", 0)}
}

func addYear(c *grammar.Call) any {
	d := dateOf(c, "monthday")
	d.Year = c.Int("year.tail", 0)
	return d
}

// shortBefore is the first of the two-figure years that may be of this century or the last.
const shortBefore, shortUntil = 30, 40

// figures reads 7/4/2019, 2019-07-04, 4.7. One of the first two parts that can be no month is the day; else the order is that of the scope.
func figures(c *grammar.Call) any {
	marks := "-/." // a range of dates may be written 7/1-7/5
	if c.Kids[1].Category == `"/"` {
		marks = "/."
	}
	if figuresLead(c, marks) || figuresGoOn(c, marks+",") {
		return nil
	}
	a, b := c.Int("a", 0), c.Int("b", 0)
	if c.Get("c") == nil {
		return datePair(c, 0, a, b)
	}
	year := c.Int("c", 0)
	switch la, lc := length(c, "a"), length(c, "c"); {
	case la == 4 && lc <= 2:
		if a < 1000 {
			return nil
		}
		return realDate(Date{Year: a, Month: b, Day: year})
	case la <= 2 && lc == 4 && year >= 1000:
		return datePair(c, year, a, b)
	case la <= 2 && lc == 2:
		if year >= shortBefore && year < shortUntil {
			return datePair(c, -year, a, b)
		}
		return datePair(c, FullYear(year), a, b)
	}
	return nil
}

func length(c *grammar.Call, name string) int {
	n := c.Get(name)
	return n.End - n.Start
}

// datePair orders two figures into month and day.
func datePair(c *grammar.Call, year, a, b int) any {
	if scopeOf(c).dayFirst {
		a, b = b, a
	}
	if a > 12 {
		a, b = b, a
	}
	return realDate(Date{Year: year, Month: a, Day: b})
}

// realDate refuses what no calendar has in any year.
func realDate(d Date) any {
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 31 {
		return nil
	}
	return d
}

// figuresTogether reads 20191231.
func figuresTogether(c *grammar.Call) any {
	n := c.Int("a", 0)
	d := Date{Year: n / 10000, Month: n / 100 % 100, Day: n % 100}
	if d.Year < 1900 || d.Year > 2100 || DateAt(time.Unix(0, 0), d.Year, d.Month, d.Day).IsZero() || figuresLead(c, "-.,") || figuresGoOn(c, "-.,") {
		return nil
	}
	return d
}

// afterFor takes "the" into the date if "for" stands before it.
func afterFor(c *grammar.Call) any {
	if leftWord(c) != c.Args[0] {
		return nil
	}
	return orNil(OnDate(dateOf(c, "x")))
}

// figuresDay is 7/4, unless it is rather a part of something: 1/2, 3/4 and the like need one of the rule's words before them.
func figuresDay(c *grammar.Call) any {
	kids := c.Get("numday").Kids
	a, _ := kids[0].Int()
	b, _ := kids[len(kids)-1].Int()
	padded := kids[0].End-kids[0].Start == 2
	if a < b && b <= 10 && !padded && !slices.Contains(c.Args, leftWord(c)) && (leftWord(c) != "" || rightWord(c) != "") {
		return nil
	}
	return orNil(OnDate(dateOf(c, "numday")))
}

// afterPreposition reads 4.22 and 4-22 as a date only after the words of the rule.
func afterPreposition(c *grammar.Call) any {
	if !slices.Contains(c.Args, leftWord(c)) {
		return nil
	}
	return orNil(OnDate(dateOf(c, "x")))
}

// dayAndDate is "friday june 5th", where the date counts. "this friday june 5th" is two dates.
func dayAndDate(c *grammar.Call) any {
	if slices.Contains(c.Args, leftWord(c)) {
		return nil
	}
	return orNil(OnDate(dateOf(c, "x")))
}

// shiftedDate is "next july 4th": of next year. With a weekday it is of this year, as next then speaks of the weekday.
func shiftedDate(c *grammar.Call) any {
	d, shift := dateOf(c, ""), shiftOf(c)
	if d.Month == 0 {
		return nil
	}
	if wdOf(c) > 0 {
		shift = 0
	}
	timex := TimexDate(d.Year, d.Month, d.Day)
	return fixed(value.Date, func(ref time.Time) (string, Span) {
		y := d.Year
		if y <= 0 {
			y = ref.Year() + shift
		}
		return timex, Span{Start: DateAt(ref, y, d.Month, d.Day)}
	})
}

// weekdayDay is "monday 21": with a bare figure only if nothing but the rule's words follows.
func weekdayDay(c *grammar.Call) any {
	last := c.Kids[len(c.Kids)-1]
	if last.Category == "digits" {
		w := rightWord(c)
		if figuresGoOn(c, ".:,/-") || charAfter(c) == '-' || w != "" && !slices.Contains(c.Args, w) {
			return nil
		}
	}
	return orNil(onWeekdayAnd(wdOf(c), c.Int("d", 0), false))
}

// onWeekdayAnd is a weekday that is the d-th of its month, "friday the 13th". If near, that of this month is meant where it fits.
func onWeekdayAnd(weekday, d int, near bool) *Expr {
	if weekday < 1 || d < 1 || d > 31 {
		return nil
	}
	e := &Expr{Type: value.Date, Date: &Date{Weekday: weekday, Day: d}}
	e.At = func(ref time.Time) (Meaning, bool) {
		if t := DateAt(ref, ref.Year(), int(ref.Month()), d); !t.IsZero() && Weekday(t) == weekday && (near || t.Equal(Midnight(ref))) {
			return Meaning{Timex: TimexDay(t), Past: Span{Start: t}, Future: Span{Start: t}}, true
		}
		find := func(step int) time.Time {
			for n := 0; n > -horizon*12 && n < horizon*12; n += step {
				first := MonthStart(ref, n)
				t := DateAt(ref, first.Year(), int(first.Month()), d)
				if !t.IsZero() && Weekday(t) == weekday && t.Before(Midnight(ref)) == (step < 0) {
					return t
				}
			}
			return time.Time{}
		}
		m := Meaning{Timex: TimexWeekday(weekday)}
		m.Future.Start, m.Past.Start = find(1), find(-1)
		return m, !m.Future.Start.IsZero() && !m.Past.Start.IsZero()
	}
	return e
}

// bareWeekday has three lists of words: abbreviations that are other words as well (sat, sun), which need one of the last list before them;
// and words that make a holiday of any weekday (black friday).
func bareWeekday(c *grammar.Call) any {
	lists, i := [3][]string{}, 0
	for _, a := range c.Args {
		if a == "/" {
			i++
		} else {
			lists[i] = append(lists[i], a)
		}
	}
	w := leftWord(c)
	if slices.Contains(lists[1], w) || slices.Contains(lists[0], c.Surface(c.Kids[0])) && !slices.Contains(lists[2], w) && !alone(c) {
		return nil
	}
	return OnWeekday(c.Int("weekday", 1))
}

// weekdayOfWeek takes "on" into the date only where the week is a coming one, as the specifications have it.
func weekdayOfWeek(c *grammar.Call) any {
	week := c.Int("w", 0)
	if len(c.Args) > 0 && week < 1 {
		return nil
	}
	return OnWeekdayOf(week, c.Int("weekday", 1))
}

// onNearWeekday is the next such weekday after today, or the last one before today.
func onNearWeekday(sign, weekday int) *Expr {
	e := OnDayThat(func(ref time.Time) time.Time {
		today := Midnight(ref)
		n := (weekday-Weekday(today)+7)%7 - 7
		if sign > 0 {
			n += 7
		}
		if n == 0 {
			n = 7
		}
		return today.AddDate(0, 0, n)
	})
	e.Date = &Date{Weekday: weekday}
	return e
}
