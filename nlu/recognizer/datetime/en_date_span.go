package datetime

import (
	"slices"
	"strconv"
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// enSpanActions are those of en_date_period.grammar that make quarters, seasons, decades, lengths from now and parts of periods.
var enSpanActions = map[string]grammar.Action{
	"quarter":         quarter,
	"halfYear":        halfYear,
	"quarterSpan":     quarterSpan,
	"quarterFromNow":  func(c *grammar.Call) any { return quartersFromNow(c.Int("s", 0), 1) },
	"quartersFromNow": func(c *grammar.Call) any { return quartersFromNow(c.Int("s", 0), c.Int("n", 1)) },
	"season":          func(c *grammar.Call) any { return InSeason(yearHint(c), word(c, "season.name")) },
	"bareSeason":      bareSeason,
	"decade":          decade,
	"twoThousands":    func(*grammar.Call) any { return InYears(TheYear(2000), 10) },
	"decadesFromNow":  func(c *grammar.Call) any { return decadesFromNow(c.Int("s", 0), c.Int("n", 1)) },
	"centuryFromNow":  func(c *grammar.Call) any { return centuryFromNow(c.Int("s", 0)) },
	"century":         func(c *grammar.Call) any { return century(c.Int("n", 1)) },
	"fiscal":          fiscal,
	"stretch":         stretchAction,
	"stretchOf":       func(c *grammar.Call) any { return stretchOf(countedUnit(c, "l", "u"), c.Int("s", 1)) },
	"stretchAhead":    func(c *grammar.Call) any { return stretchOf(lengthOf(c, "l"), 1) },
	"within":          within,
	"periodFrom":      periodFrom,
	"firstUnits":      firstUnits,
	"halfOf":          halfOf,
	"halfOfWeek":      func(c *grammar.Call) any { return partBy(expr(c, "x"), word(c, "h"), partOfWeek) },
	"halfOfMonth":     func(c *grammar.Call) any { return partBy(expr(c, "x"), word(c, "h"), partOfMonth) },
	"halfOfYear":      halfOfYear,
	"halfOfSeason":    func(c *grammar.Call) any { return partBy(expr(c, "x"), word(c, "h"), wholePart) },
	"halfOfUnit":      halfOfUnit,
}

func quarter(c *grammar.Call) any {
	if b := charAfter(c); b >= 'a' && b <= 'z' || letterLeads(c) {
		return nil
	}
	return InMonths(yearHint(c), c.Int("q", 1)*3-2, 3)
}

// halfYear is h1 and h2 of a year; "h2o" is none.
func halfYear(c *grammar.Call) any {
	if b := charAfter(c); b >= 'a' && b <= 'z' || letterLeads(c) {
		return nil
	}
	return InMonths(yearHint(c), c.Int("h", 1)*6-5, 6)
}

// letterLeads tells whether a phrase that begins with a figure is the end of a word: 2020 q3 in "fy2020 q3".
func letterLeads(c *grammar.Call) bool {
	at := c.Kids[0].Start
	return at > 0 && isDigit(c.Text[at]) && c.Text[at-1] >= 'a' && c.Text[at-1] <= 'z'
}

// quarterSpan is a range of quarters of one year: "q1-q3 2019". It ends where the last one begins, as ranges of months do.
func quarterSpan(c *grammar.Call) any {
	a, b := c.Int("a", 0), c.Int("b", 0)
	if a >= b {
		return nil
	}
	return orNil(Between(InMonths(yearHint(c), 3*a-2, 3), InMonths(yearHint(c), 3*b-2, 3)))
}

func quartersFromNow(shift, n int) *Expr {
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		this := MonthStart(ref, -(int(ref.Month())-1)%3)
		from := this.AddDate(0, 3*shift, 0)
		if shift < 0 {
			from = this.AddDate(0, -3*n, 0)
		}
		to := from.AddDate(0, 3*n, 0)
		return TimexRange(TimexDay(from), TimexDay(to), "P"+strconv.Itoa(3*n)+"M"), Span{from, to}
	})
}

func bareSeason(c *grammar.Call) any {
	if refused(c) {
		return nil
	}
	return InSeason(nil, word(c, "season.name"))
}

// decade reads the 1970s, the 70s, nineties, nineteen seventies, two thousand and tens.
func decade(c *grammar.Call) any {
	if hi := c.Int("hi", 0); hi > 0 {
		return InYears(TheYear(hi*100+c.Int("d", 0)), 10)
	}
	if thousands := c.Int("c", 0); thousands > 0 {
		return InYears(TheYear(thousands+c.Int("d", 0)), 10)
	}
	n := c.Int("n", c.Int("d", 0))
	if n%10 != 0 || figuresLead(c, "-/.,:") {
		return nil
	}
	if n >= 1000 {
		return InYears(TheYear(n), 10)
	}
	open := func(y int) string { return "XX" + string(appendTwo(nil, y%100)) + "-01-01" }
	return &Expr{Type: value.DateRange, At: func(ref time.Time) (Meaning, bool) {
		span := func(y int) Span { return Span{YearStart(ref, y), YearStart(ref, y+10)} }
		return Meaning{Timex: TimexRange(open(n), open(n+10), "P10Y"), Past: span(1900 + n), Future: span(2000 + n)}, true
	}}
}

// decadesFromNow is whole decades of the calendar.
func decadesFromNow(shift, n int) *Expr {
	if n > 100 {
		return nil
	}
	return InYears(func(ref time.Time) int {
		this := ref.Year() / 10 * 10
		if shift < 0 {
			return this - 10*n
		}
		return this + 10*shift
	}, 10*n)
}

// centuryFromNow is a whole century of the calendar.
func centuryFromNow(shift int) *Expr {
	return InYears(func(ref time.Time) int { return (ref.Year()/100 + shift) * 100 }, 100)
}

func century(n int) *Expr {
	from := max(100*(n-1), 1)
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		s := Span{YearStart(ref, from), YearStart(ref, 100*n)}
		return TimexRange(TimexDay(s.Start), TimexDay(s.End), "P100Y"), s
	})
}

// fiscal is a year that begins where a company or school says: it has a timex and no span.
func fiscal(c *grammar.Call) any {
	year := yearHint(c)
	name := word(c, "k")
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		if year == nil {
			return name + "XXXX", Span{}
		}
		return name + TimexYear(year(ref)), Span{}
	})
}

// countedUnit is the length "3 weeks" whose words stand apart: "3 next weeks".
func countedUnit(c *grammar.Call, count, unit string) Length {
	name, n := word(c, unit), numberOf(c.Get(count))
	if name == "" || n <= 0 {
		return nil
	}
	if t, ok := enUnits[name]; ok {
		return Length{{n * t.N, t.Unit}}
	}
	return Length{{n, Unit(name[0])}}
}

// stretchAction is "the last 3 days", but not "will last 3 days" nor "the last 3 months and 2 days ago": the rule's words stand before verbs,
// and, after the slash, behind another length.
func stretchAction(c *grammar.Call) any {
	i := slices.Index(c.Args, "/")
	if i >= 0 && (slices.Contains(c.Args[:i], leftWord(c)) || slices.Contains(c.Args[i:], rightWord(c))) {
		return nil
	}
	return stretchOf(lengthOf(c, "l"), c.Int("s", 1))
}

// stretchOf is a length before or after now; one with hours is left to the datetimes. Business days begin and end with such a day.
func stretchOf(l Length, sign int) any {
	switch {
	case l == nil || l.HasClock():
		return nil
	case len(l) == 1 && l[0].Unit == BusinessDay:
		return businessDays(l, sign)
	case sign > 0:
		return InNext(l)
	}
	return InPast(l)
}

func businessDays(l Length, sign int) *Expr {
	n := int(l[0].N)
	return fixed(value.DateRange, func(ref time.Time) (string, Span) {
		today := Midnight(ref)
		s := Span{AddBusinessDays(today, 1), AddBusinessDays(today, n).AddDate(0, 0, 1)}
		if sign < 0 {
			s = Span{AddBusinessDays(today, -n), today}
		}
		return TimexRange(TimexDay(s.Start), TimexDay(s.End), l.Timex()), s
	})
}

func within(c *grammar.Call) any {
	l := lengthOf(c, "l")
	if l.HasClock() {
		return nil
	}
	if c.Int("s", 1) < 0 {
		return InPast(l)
	}
	return InTime(l)
}

func periodFrom(c *grammar.Call) any {
	l, x := lengthOf(c, "l"), expr(c, "x")
	if l.HasClock() || x == nil {
		return nil
	}
	e := PeriodFrom(x, l)
	return e.Map(e.Type, func(m Meaning, ref time.Time) (Meaning, bool) {
		return m.sameYear(ref), true
	})
}

// firstUnits is "the first 2 weeks of 2021", "the last 3 days of this year". Weeks are whole ones.
func firstUnits(c *grammar.Call) any {
	l, p := countedUnit(c, "n", "u"), expr(c, "p")
	if l == nil || p == nil || l.HasClock() {
		return nil
	}
	last := len(c.Args) > 0
	return p.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		ok := true
		m = m.EachSpan(func(s Span) Span {
			if l[0].Unit == Week {
				s = Span{isoWeekStart(ref, s.Start.Year(), 1), WeekStart(DateAt(ref, s.Start.Year(), 12, 28)).AddDate(0, 0, 7)}
			}
			from, sign := s.Start, 1
			if last {
				from, sign = s.End, -1
			}
			to, in := l.Add(from, sign)
			if ok = ok && in; last {
				return Span{to, from}
			}
			return Span{from, to}
		})
		m.Timex = TimexRange(TimexDay(m.Future.Start), TimexDay(m.Future.End), l.Timex())
		return m, ok
	})
}

// partBy cuts a period down to its start, mid or end.
func partBy(x *Expr, mod string, cut func(s Span, mod string) Span) any {
	if x == nil || mod == "" {
		return nil
	}
	return Part(x, mod, func(s Span) Span {
		if s == (Span{}) {
			return s
		}
		return cut(s, mod)
	})
}

// offset is a number of months and days from the start of a period.
type offset struct{ months, days int }

func (o offset) after(t time.Time) time.Time { return t.AddDate(0, o.months, o.days) }

// thirds says where the parts of a period lie: its start ends at early, its middle is mid, its end begins at late.
type thirds struct {
	early offset
	mid   [2]offset
	late  offset
}

// The parts of periods. A year named by its number falls into thirds, one that is relative to now into halves.
var (
	partOfWeek     = thirds{offset{days: 3}, [2]offset{{days: 1}, {days: 4}}, offset{days: 3}}.cut
	partOfMonth    = thirds{offset{days: 15}, [2]offset{{days: 9}, {days: 20}}, offset{days: 15}}.cut
	partOfYear     = thirds{offset{months: 4}, [2]offset{{months: 4}, {months: 8}}, offset{months: 8}}.cut
	partOfThisYear = thirds{offset{months: 6}, [2]offset{{months: 3}, {months: 9}}, offset{months: 6}}.cut
)

// cut returns the part of s that mod names.
func (p thirds) cut(s Span, mod string) Span {
	switch mod {
	case "start":
		return Span{s.Start, p.early.after(s.Start)}
	case "mid":
		return Span{p.mid[0].after(s.Start), p.mid[1].after(s.Start)}
	}
	return Span{p.late.after(s.Start), s.End}
}

func wholePart(s Span, _ string) Span { return s }

func halfOfYear(c *grammar.Call) any {
	cut := partOfYear
	if len(c.Args) > 0 {
		cut = partOfThisYear
	}
	return partBy(expr(c, "x"), word(c, "h"), cut)
}

// partOfUnit cuts the present week, month or year.
func partOfUnit(unit Unit, mod string) *Expr {
	cut := map[Unit]func(Span, string) Span{Week: partOfWeek, Month: partOfMonth, Year: partOfThisYear}[unit]
	e, _ := partBy(InPeriod(unit, 0), mod, cut).(*Expr)
	return e
}

func halfOfUnit(c *grammar.Call) any {
	return orNil(partOfUnit(Unit(word(c, "u")[0]), word(c, "h")))
}

// halfOf is "earlier this month" and "later this week": the part of the present period that is over, or to come. Of another week, it is that
// half of it.
func halfOf(c *grammar.Call) any {
	mod := c.Args[0]
	if c.Get("s") != nil {
		return partBy(InPeriod(Week, c.Int("s", 0)), mod, partOfWeek)
	}
	e := partOfUnit(Unit(word(c, "p")[0]), mod)
	return orNil(e.Map(value.DateRange, func(m Meaning, ref time.Time) (Meaning, bool) {
		today := Midnight(ref)
		m.Mod = ""
		return m.EachSpan(func(s Span) Span {
			if mod == "start" && today.Before(s.End) {
				s.End = today
			}
			if mod == "end" && today.After(s.Start) {
				s.Start = today
			}
			return s
		}), true
	}))
}
