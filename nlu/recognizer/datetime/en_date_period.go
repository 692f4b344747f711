package datetime

import (
	"slices"
	"strings"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enPeriodActions are those of en_date_period.grammar that make weeks, months and years.
var enPeriodActions = map[string]grammar.Action{
	"inPeriod":        inPeriod,
	"periodFromNow":   func(c *grammar.Call) any { return orNil(InPeriod(unitArg(c), argInt(c, 1))) },
	"weekNumber":      weekNumber,
	"weekOfMonth":     weekOfMonthAction,
	"workweek":        func(c *grammar.Call) any { return workweek(c.Int("s", 0)) },
	"inFortnight":     func(c *grammar.Call) any { return inFortnight(c.Int("s", 0)) },
	"shiftedYear":     func(c *grammar.Call) any { return shiftOf(c) },
	"bareMonth":       bareMonth,
	"freeMonth":       func(c *grammar.Call) any { return orNil(InMonth(0, c.Int("month", 0))) },
	"monthOfYear":     monthOfYear,
	"namedMonth":      namedMonth,
	"monthFigures":    monthFigures,
	"bareYear":        bareYear,
	"namedYear":       namedYear,
	"spelledYear":     spelledYear,
	"namedYears":      namedYears,
	"ordinalOf":       func(c *grammar.Call) any { return c.Int("n", 0) },
	"toDate":          toDate,
	"today":           func(*grammar.Call) any { return presentDay() },
	"undefinedPeriod": undefinedPeriod,
	"periodOf":        periodOf,
	"rest":            rest,
}

// unitArg is the unit that the rule names by its letter.
func unitArg(c *grammar.Call) Unit { return Unit(c.Args[0][0]) }

// inPeriod leaves "the week 31" and "the year of 2008" to the rules for numbers.
func inPeriod(c *grammar.Call) any {
	if n := c.Get("s"); n != nil && n.Category == "shift.the" {
		w := rightWord(c)
		if scopeOf(c).modes&Calendar != 0 && unitArg(c) != Weekend { // partner of the year
			return nil
		}
		if w != "" && isDigit(w[0]) || w == "of" && startsWithFigure(c.Text, c.Kids[len(c.Kids)-1].End+len(" of ")) {
			return nil
		}
	}
	return orNil(InPeriod(unitArg(c), c.Int("s", 0)))
}

func startsWithFigure(text string, at int) bool { return at < len(text) && isDigit(text[at]) }

// yearHint tells the year that a phrase states by number, by this or next, or by a range of one year; nil = none.
func yearHint(c *grammar.Call) YearOf {
	for _, name := range []string{"year.tail", "year", "year2"} {
		if n := c.Get(name); n != nil {
			if y, ok := n.Int(); ok {
				return TheYear(FullYear(y))
			}
		}
	}
	if n := c.Get("y"); n != nil {
		if y, ok := n.Int(); ok {
			if n.Category == "year.shift" {
				return ThisYear(y)
			}
			return TheYear(y)
		}
	}
	if e := expr(c, "r"); e != nil {
		return func(ref time.Time) int {
			m, _ := e.At(ref)
			return m.Future.Start.Year()
		}
	}
	if c.Get("shift") != nil || c.Get("shift.near") != nil {
		return ThisYear(shiftOf(c))
	}
	return nil
}

// weekNumber is the n-th week of a year, or its last.
func weekNumber(c *grammar.Call) any {
	year := yearHint(c)
	if year == nil {
		year = ThisYear(0)
	}
	n := c.Int("n", 0)
	if n > 0 {
		return InWeek(year, n)
	}
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		a := WeekStart(DateAt(ref, year(ref), 12, 28)) // always in the last week
		return TimexWeek(a), Span{a, a.AddDate(0, 0, 7)}
	})
}

// weekOfMonthAction is the n-th week of a month, or its last, which counts as the fifth.
func weekOfMonthAction(c *grammar.Call) any {
	month, ok := c.Get("m").Value.(monthRef)
	if !ok {
		return nil
	}
	n := c.Int("n", -1)
	week := func(ref time.Time, y, mon int) Span {
		a := weekOfMonth(ref, y, mon, max(n, 1))
		if n < 0 {
			a = weekOfMonth(ref, y, mon+1, 0)
		}
		return Span{a, a.AddDate(0, 0, 7)}
	}
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		y, mon := month.resolve(ref)
		number := n
		if n < 0 {
			number = 5
		}
		m := Meaning{Timex: TimexMonth(y, mon) + "-W" + string(appendTwo(nil, number))}
		if y > 0 {
			m.Future = week(ref, y, mon)
			m.Past = m.Future
			return m, true
		}
		m.Past, m.Future = aroundNow(Midnight(ref), func(k int) time.Time { return week(ref, ref.Year()+k, mon).Start })
		m.Past.End, m.Future.End = m.Past.Start.AddDate(0, 0, 7), m.Future.Start.AddDate(0, 0, 7)
		return m, true
	}}
}

// workweek is Monday to Friday.
func workweek(n int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		a := WeekStart(ref).AddDate(0, 0, 7*n)
		return TimexWeek(a), Span{a, a.AddDate(0, 0, 5)}
	})
}

// inFortnight is this week and the next, or the two weeks before or after those.
func inFortnight(n int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		a := WeekStart(ref).AddDate(0, 0, 14*n)
		b := a.AddDate(0, 0, 14)
		return TimexRange(TimexDay(a), TimexDay(b), "P2W"), Span{a, b}
	})
}

// refused tells whether the phrase is another word as well (may, march, fall; given before the slash) and none of the words behind the slash
// stands before it; or follows a sign that makes something else of it ($dec).
func refused(c *grammar.Call) bool {
	switch charBefore(c) {
	case '$', '@', '#', '/', '\'', '_':
		return true
	}
	i := slices.Index(c.Args, "/")
	return i > 0 && slices.Contains(c.Args[:i], c.Surface(c.Kids[0])) && !slices.Contains(c.Args[i:], leftWord(c)) && !alone(c)
}

func bareMonth(c *grammar.Call) any {
	if refused(c) {
		return nil
	}
	return orNil(InMonth(0, c.Int("month", 0)))
}

// monthOfYear is "next june", of next year, and "the month of june".
func monthOfYear(c *grammar.Call) any {
	month := c.Int("m", 0)
	if c.Get("s") == nil {
		return orNil(InMonth(0, month))
	}
	if i := slices.Index(c.Args, "/"); i > 0 && slices.Contains(c.Args[:i], c.Surface(c.Get("m"))) {
		if w := rightWord(c); w != "" && !slices.Contains(c.Args[i:], w) { // "this may take"
			return nil
		}
	}
	return inMonthOf(ThisYear(c.Int("s", 0)), month)
}

// inMonthOf is a month of a year that may depend on the reference.
func inMonthOf(year YearOf, month int) *Expr {
	if month < 1 || month > 12 {
		return nil
	}
	e := fixed(value.DateRange, func(ref time.Time) (string, Span) {
		y := year(ref)
		return TimexMonth(y, month), monthSpan(ref, y, month)
	})
	e.Date = &Date{Month: month, Relative: true}
	return e
}

func namedMonth(c *grammar.Call) any {
	month := c.Int("m", 0) + c.Int("n", 0)
	if n := c.Get("y"); n != nil {
		return orNil(inMonthOf(ThisYear(c.Int("y", 0)), month))
	}
	year := c.Int("year", 0) + c.Int("year.tail", 0)
	if isFigure(c) && figuresGoOn(c, "-/.") {
		return nil
	}
	return orNil(InMonth(year, month))
}

// isFigure tells whether the phrase ends with a figure.
func isFigure(c *grammar.Call) bool { return isDigit(c.Text[c.Kids[len(c.Kids)-1].End-1]) }

// monthFigures reads 2015-3 and 11/2016.
func monthFigures(c *grammar.Call) any {
	year := c.Int("a", 0)
	if year < 1000 || year > 2999 || figuresLead(c, "-/.,") || figuresGoOn(c, "-/.,:") {
		return nil
	}
	return orNil(InMonth(year, c.Int("b", 0)))
}

// bareYear reads 1998. Four figures are a year between 1500 and 2200 if nothing about them says that they are something else: a word of the
// rule's second list before them (a 2015 model), or, for round ones and those that may be clock times, the lack of one of the first list.
func bareYear(c *grammar.Call) any {
	y := c.Int("year4", 0)
	if y < 1500 || y >= 2200 || figuresLead(c, "-/.,:+") || figuresGoOn(c, "-/.,:") || isIdentifier(charAfter(c)) && charAfter(c) >= 'a' {
		return nil
	}
	switch charBefore(c) {
	case '#', '@', '+', '_':
		return nil
	}
	if end := c.Kids[0].End; strings.HasPrefix(c.Text[end:], " - ") && startsWithFigure(c.Text, end+3) {
		return nil
	}
	i, w := slices.Index(c.Args, "/"), leftWord(c)
	if i < 0 || slices.Contains(c.Args[i:], w) || (y < 1900 || y%100 == 0) && !slices.Contains(c.Args[:i], w) {
		return nil
	}
	return InYear(y)
}

// spelledYear is "two thousand and fifteen"; round ones need one of the rule's words before them.
func spelledYear(c *grammar.Call) any {
	y := c.Int("numeral", 0)
	if y%100 == 0 && !slices.Contains(c.Args, leftWord(c)) {
		return nil
	}
	return InYear(y)
}

// namedYears is "nineteen eighty four", but not after one of the rule's words: "at sixteen fifteen".
func namedYears(c *grammar.Call) any {
	if slices.Contains(c.Args, leftWord(c)) {
		return nil
	}
	return orNil(InYear(c.Int("hi", 0)*100 + c.Int("lo", 0)))
}

func namedYear(c *grammar.Call) any {
	for _, name := range []string{"y", "year", "year2", "n", "numeral"} {
		if y, ok := c.Get(name).Int(); ok {
			if name == "year2" {
				y = FullYear(y)
			}
			return orNil(InYear(y))
		}
	}
	return nil
}

// presentDay is the day of now as an end of a range.
func presentDay() *Expr {
	return OnDayOffset(0)
}

// toDate is the present year, month or week up to today.
func toDate(c *grammar.Call) any {
	p := InPeriod(Unit(word(c, "to.date")[0]), 0)
	return p.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		return m.EachSpan(func(s Span) Span { return Span{s.Start, Midnight(ref)} }), true
	})
}

// undefinedPeriod is a week, month or year that something not said refers to: "the same week".
func undefinedPeriod(c *grammar.Call) any {
	u := unitArg(c)
	timex := map[Unit]string{Week: "XXXX-WXX", Weekend: "XXXX-WXX-WE", Month: "XXXX-XX", Year: "XXXX"}[u]
	return InPeriod(u, 0).Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		m.Timex, m.Mod = timex, "ref_undef"
		return m, true
	})
}

// periodOf is the week, weekend or month in which a day lies, by the name of the day: "the week of the 18th". Weekends have names of their own,
// and so have the weeks of a calendar.
func periodOf(c *grammar.Call) any {
	x := expr(c, "x")
	switch {
	case x != nil:
	case c.Get("d") != nil:
		x = OnDate(Date{Day: c.Int("d", 0)})
	default:
		x = OnDate(dateOf(c, "stated"))
	}
	if x == nil {
		return nil
	}
	unit := Unit(word(c, "w")[0])
	rename := unit == Weekend || unit == Week && scopeOf(c).modes&Calendar != 0
	return x.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		if m.null() {
			return m, false
		}
		past, future := periodAround(unit, m.Past.Start), periodAround(unit, m.Future.Start)
		m.Past, m.Future = past.span, future.span
		if rename {
			m.Timex, m.PastTimex = future.timex, past.timex
		}
		return m, true
	})
}

// namedSpan is a period with its TIMEX.
type namedSpan struct {
	span  Span
	timex string
}

// periodAround is the calendar week, weekend or month of a day.
func periodAround(unit Unit, day time.Time) namedSpan {
	switch monday := WeekStart(day); unit {
	case Month:
		a := MonthStart(day, 0)
		return namedSpan{Span{a, a.AddDate(0, 1, 0)}, TimexMonth(a.Year(), int(a.Month()))}
	case Weekend:
		return namedSpan{Span{monday.AddDate(0, 0, 5), monday.AddDate(0, 0, 7)}, TimexWeek(monday) + "-WE"}
	default:
		return namedSpan{Span{monday, monday.AddDate(0, 0, 7)}, TimexWeek(monday)}
	}
}

// rest is from today to the last day of the present week, month or year. Its length counts that day, except in weeks.
func rest(c *grammar.Call) any {
	name := word(c, "u")
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		today, end, extra := Midnight(ref), time.Time{}, 1
		switch Unit(name[0]) {
		case Week:
			end, extra = WeekStart(ref).AddDate(0, 0, 6), 0
		case Month:
			end = MonthStart(ref, 1).AddDate(0, 0, -1)
		case Year:
			end = YearStart(ref, ref.Year()+1).AddDate(0, 0, -1)
		default: // decade
			end = YearStart(ref, ref.Year()/10*10+10).AddDate(0, 0, -1)
		}
		return TimexRangeDays(TimexDay(today), TimexDay(end), days(today, end)+extra), Span{today, end}
	})
}
