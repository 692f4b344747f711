package datetime

import (
	"slices"
	"time"

	"yingda/nlu/recognizer/grammar"
)

// alternative is what the words of one member of a list say. What they leave out it takes from its neighbours.
type alternative struct {
	start, end int

	day     *Expr // date
	number  int   // day of a month that is stated elsewhere
	nth     *nthOf
	month   int // month for the nth of the neighbour
	clock   *Expr
	mod     string // of the clock
	period  *Expr
	unit    Unit // of period
	shift   int  // this, next, last without a unit
	shifted bool
}

// nthOf is the n-th Monday … of a month.
type nthOf struct{ n, weekday, month int }

// alternativeList is the value of the category alt.list.
type alternativeList struct {
	items []alternative
	or    []string // between the items: or, and, comma, or nothing
}

// enAlternativeActions are those of en_mode_extended.grammar.
var enAlternativeActions = map[string]grammar.Action{
	"altItem":   altItem,
	"altPeriod": altPeriod,
	"altShift": func(c *grammar.Call) any {
		return place(c, alternative{shift: c.Int("s", 0), shifted: true})
	},
	"altWeeks": func(c *grammar.Call) any {
		return place(c, alternative{period: InNext(Length{{1, Week}}), unit: Week})
	},
	"altList":      altList,
	"alternatives": alternatives,
}

func place(c *grammar.Call, a alternative) alternative {
	a.start, a.end = c.Kids[0].Start, c.Kids[len(c.Kids)-1].End
	return a
}

// altItem is a date, a clock or a range of clocks, both, or the number of a day.
func altItem(c *grammar.Call) any {
	a := alternative{day: expr(c, "d"), number: c.Int("n", 0), month: c.Int("m", 0), mod: word(c, "mod")}
	if d, ok := dayPartOf(c); ok {
		a.day, a.clock = d.date, d.part.expr()
	}
	if a.number > 0 && inFigures(c.Text, c.Kids[0].Start, c.Kids[len(c.Kids)-1].End) {
		return nil
	}
	if h, ok := c.Get("h").Int(); ok {
		a.clock = hourOf(h).expr()
	}
	if c.Get("p") != nil {
		a.clock = partOf(c).expr()
	}
	if x := c.Get("x"); x != nil {
		switch v := x.Value.(type) {
		case clockTime:
			a.clock = v.expr()
		case clockSpan:
			a.clock = v.expr()
		case *Expr:
			a.clock = Modify(v, a.mod)
		}
	}
	if w := c.Int("w", 0); w > 0 {
		a.nth = &nthOf{a.number, w, a.month}
		a.number, a.month = 0, 0
	}
	return place(c, a)
}

func altPeriod(c *grammar.Call) any {
	u := Unit(word(c, "u")[0])
	n := c.Int("s", 0)
	return place(c, alternative{period: InPeriod(u, n), unit: u, shift: n})
}

// maxAlternatives bounds a list, so that a text that is nothing but one costs little.
const maxAlternatives = 8

func altList(c *grammar.Call) any {
	var list alternativeList
	switch a := c.Get("a").Value.(type) {
	case alternative:
		list.items = []alternative{a}
	case alternativeList:
		list = a
	}
	b, ok := c.Get("b").Value.(alternative)
	or := word(c, "or")
	if !ok || len(list.items) == 0 || len(list.items) == maxAlternatives || !joined(&list.items[len(list.items)-1], or, &b) {
		return nil
	}
	return alternativeList{append(slices.Clip(list.items), b), append(slices.Clip(list.or), or)}
}

// joined tells whether the word between two members makes alternatives of them: "and" only between days of a month, nothing only between
// weekdays.
func joined(a *alternative, or string, b *alternative) bool {
	switch or {
	case "and":
		return a.number > 0 || b.number > 0
	case "":
		return a.clock == nil && b.clock == nil && a.isWeekday() && b.isWeekday()
	case "comma":
		days := (a.day != nil || a.number > 0) && (b.day != nil || b.number > 0)
		return days && a.isWeekday() == b.isWeekday() || a.clock != nil && b.isClock() // "tuesday, jan 15" is one day
	}
	return true
}

// alternatives lets the members of a list share what they state; nil if they are no alternatives.
func alternatives(c *grammar.Call) any {
	list, ok := c.Kids[0].Value.(alternativeList)
	if !ok {
		return nil
	}
	if !slices.Contains(list.or, "or") && (slices.Contains(list.or, "") || slices.ContainsFunc(list.items, func(a alternative) bool { return a.clock != nil })) {
		return nil
	}
	items := slices.Clone(list.items)
	if !sharePeriods(items) || !list.shareMonths(items) || !shareClocks(items) {
		return nil
	}
	shareWeeks(items)
	var g Group
	for i := range items {
		e := items[i].expr()
		if e == nil {
			return nil
		}
		g = append(g, Member{Start: items[i].start, End: items[i].end, Expr: e, Alternative: true})
	}
	return g
}

func (a *alternative) isClock() bool { return a.day == nil && a.clock != nil }

func (a *alternative) isWeekday() bool {
	return a.day != nil && a.day.Date != nil && a.day.Date.Weekday > 0
}

// sharePeriods gives "this" and "next" the unit of their neighbour. Lists of periods hold nothing else.
func sharePeriods(items []alternative) bool {
	var unit Unit
	rest := 0
	for i := range items {
		if unit == 0 {
			unit = items[i].unit
		}
		if items[i].unit == 0 && !items[i].shifted {
			rest++
		}
	}
	if unit == 0 {
		return !slices.ContainsFunc(items, func(a alternative) bool { return a.shifted })
	}
	for i := range items {
		if items[i].shifted {
			items[i].period = InPeriod(unit, items[i].shift)
		}
	}
	return rest == 0
}

// shareMonths gives days without a month that of their neighbour, the one before rather than the one behind.
func (l alternativeList) shareMonths(items []alternative) bool {
	var month, year int
	var nth *nthOf
	for i := range items {
		if d := items[i].day; d != nil && d.Date != nil && d.Date.Month > 0 && month == 0 {
			month, year = d.Date.Month, d.Date.Year
		}
		if items[i].nth != nil {
			nth = items[i].nth
		}
	}
	for i := range items {
		a := &items[i]
		switch {
		case a.number > 0 && month == 0, a.month > 0 && nth == nil:
			return false
		case a.number > 0:
			a.day = OnDate(Date{Year: year, Month: month, Day: a.number})
		case a.month > 0:
			a.day = OnNthWeekday(0, a.month, nth.weekday, nth.n)
		case a.nth != nil:
			a.day = OnNthWeekday(0, a.nth.month, a.nth.weekday, a.nth.n)
		case a.day != nil && a.day.Date != nil && a.day.Date.Month > 0:
			month, year = a.day.Date.Month, a.day.Date.Year
		}
		if a.day != nil && !a.isWeekday() && (slices.Contains(l.or, "or") || slices.Contains(l.or, "and")) {
			a.day = coming(a.day)
		}
	}
	return true
}

// coming is the future one of an open date: who offers a choice of days means days to come.
func coming(e *Expr) *Expr {
	out := e.Map(e.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Past, m.PastTimex = m.Future, ""
		return m, true
	})
	out.Date = e.Date
	return out
}

// shareClocks gives days without a time of the day that of the next one that has it, or of the last; and clocks without a day that of a
// neighbour, the one before rather than the one behind.
func shareClocks(items []alternative) bool {
	for i := range items {
		if a := &items[i]; a.isClock() && i > 0 && items[i-1].day != nil {
			if items[i-1].clock == nil {
				return false
			}
			a.day = items[i-1].day
			items[i-1].clock = sameHalf(items[i-1].clock, a.clock)
		}
	}
	for i := len(items) - 2; i >= 0; i-- {
		if items[i].isClock() && items[i+1].clock != nil {
			items[i].day = items[i+1].day
		}
	}
	var clock *Expr
	take := func(a *alternative) {
		switch {
		case a.day == nil:
		case a.clock != nil && a.mod == "":
			clock = a.clock
		case a.clock == nil:
			a.clock = clock
		}
	}
	for i := range items {
		take(&items[len(items)-1-i])
	}
	for i := range items {
		take(&items[i])
	}
	return true
}

// sameHalf settles an open clock by the one behind it: at 3 or 4 pm.
func sameHalf(a, b *Expr) *Expr {
	if a.Clock == nil || b.Clock == nil || !a.Clock.AmPm || b.Clock.AmPm {
		return a
	}
	c, _ := shareHalf(*a.Clock, *b.Clock)
	return OnClock(c)
}

// shareWeeks puts weekdays into the week that another member states: all behind it, those before it only if no time of the day is said.
func shareWeeks(items []alternative) {
	for i := range items {
		if a := &items[i]; !a.isWeekday() || a.openWeek() {
			continue
		}
		for j := range items {
			b := &items[j]
			if b.isWeekday() && b.openWeek() && b.mod == "" && (j > i || items[i].clock == nil) {
				b.day = weekdayBeside(items[i].day, b.day.Date.Weekday)
			}
		}
	}
}

// openWeek tells whether any Monday may be meant.
func (a *alternative) openWeek() bool {
	m, ok := a.day.At(time.Unix(0, 0).UTC())
	return ok && !m.same()
}

// weekdayBeside is the weekday in the week of another day.
func weekdayBeside(day *Expr, weekday int) *Expr {
	e := OnDayThat(func(ref time.Time) time.Time {
		m, ok := day.At(ref)
		if !ok {
			return time.Time{}
		}
		return WeekStart(m.Future.Start).AddDate(0, 0, weekday-1)
	})
	e.Date = &Date{Weekday: weekday}
	return e
}

// expr is what the member means once it has all it needs.
func (a *alternative) expr() *Expr {
	switch {
	case a.period != nil:
		return a.period
	case a.day == nil:
		return a.clock
	case a.clock == nil:
		return a.day
	}
	return AtTime(a.day, a.clock)
}
