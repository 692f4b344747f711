package datetime

import (
	"strings"
	"time"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
)

// zhActions are those of zh*.grammar, each under its name with "zh." before it.
var zhActions = zhGuardAll(zhDateActions, zhYearActions, zhLunarActions, zhPeriodActions, zhRangeActions, zhTimeActions, zhDayTimeActions,
	zhLengthActions, zhSetActions, zhMergedActions)

func zhGuardAll(tables ...map[string]grammar.Action) map[string]grammar.Action {
	all := map[string]grammar.Action{}
	for _, t := range tables {
		for name, f := range t {
			all["zh."+name] = func(c *grammar.Call) any {
				if !zhGuarded(c) {
					return nil
				}
				return f(c)
			}
		}
	}
	return all
}

// zhGuarded checks what stands before and after a phrase. Chinese writes no spaces between words, so that many a phrase is only the end or the
// begin of another word: 前天 in 以前天天. A rule says so by the words that it gives its action:
//
//	!<字字  none of these before     ?<字字  one of these before
//	!>字字  none of these after      ?>字字  one of these after
//
// "#" among them stands for any figure, "A" for a Latin letter, "^" for the begin of the text. After "!_>" a space is passed over.
func zhGuarded(c *grammar.Call) bool {
	for _, arg := range c.Args {
		if len(arg) < 3 || arg[0] != '!' && arg[0] != '?' {
			continue
		}
		wanted := arg[0] == '?'
		set, spaced := strings.CutPrefix(arg[1:], "_")
		var has bool
		if set[0] == '<' {
			has = zhHasBefore(c.Text, c.Kids[0].Start, set[1:])
		} else {
			has = zhHasAfter(c.Text[c.Kids[len(c.Kids)-1].End:], set[1:], spaced)
		}
		if has != wanted {
			return false
		}
	}
	return true
}

func zhHasBefore(text string, at int, set string) bool {
	if at == 0 {
		return set[0] == '^'
	}
	r, n := utf8.DecodeLastRuneInString(text[:at])
	switch {
	case strings.ContainsRune(zhWeekdays, r) && zhEndsWithWeek(text[:at-n]): // 周五五六点
		return false
	case strings.ContainsRune(set, r) && r != '#' && r != '^':
		return true
	case 'a' <= r && r <= 'z':
		return strings.IndexByte(set, 'A') >= 0
	case isDigit(text[at]) && !isDigit(text[at-1]): // 周五9:00: words do not go on in figures
		return false
	}
	return strings.IndexByte(set, '#') >= 0 && zhIsFigure(r)
}

func zhHasAfter(text, set string, spaced bool) bool {
	if spaced && len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	if text == "" {
		return false
	}
	r, n := utf8.DecodeRuneInString(text)
	if strings.ContainsRune(set, r) && r != '#' && r != '^' {
		return true
	}
	if !strings.Contains(set, "#") || !zhIsFigure(r) {
		return false
	}
	if r != '一' {
		return true
	}
	next, _ := utf8.DecodeRuneInString(text[n:]) // 一 begins many words that are no numbers: 八点一起, 三点一定
	return next == utf8.RuneError || zhIsFigure(next) || strings.ContainsRune(zhCounted, next)
}

const (
	zhFigures  = "零〇一二三四五六七八九十百千"
	zhWeekdays = "一二三四五六"
	zhCounted  = "个件块元斤点万亿公米"
)

// zhEndsWithWeek tells whether a figure after the text is that of a weekday.
func zhEndsWithWeek(text string) bool {
	return strings.HasSuffix(text, "周") || strings.HasSuffix(text, "星期") || strings.HasSuffix(text, "礼拜")
}

// zhIsFigure tells whether r is a figure or a character of numbers.
func zhIsFigure(r rune) bool {
	return r < utf8.RuneSelf && isDigit(byte(r)) || strings.ContainsRune(zhFigures, r)
}

// zhSurface is the text of the kid with that label or category, empty if there is none.
func zhSurface(c *grammar.Call, name string) string {
	if n := c.Get(name); n != nil {
		return c.Surface(n)
	}
	return ""
}

// zhYear is a year as stated: by its number, or so many years from the present one.
type zhYear struct {
	n   int
	rel bool
}

func (y zhYear) of(ref time.Time) int {
	if y.rel {
		return ref.Year() + y.n
	}
	return y.n
}

// year is the year of a call and whether it has one.
func (c zhCall) year() (zhYear, bool) {
	if n := c.Get("y"); n != nil {
		y, ok := n.Value.(zhYear)
		return y, ok
	}
	return zhYear{}, false
}

// zhCall is a call with what only Chinese rules have.
type zhCall struct{ *grammar.Call }

// yearOf is the year of a call as a function, nil if it has none.
func (c zhCall) yearOf() YearOf {
	if y, ok := c.year(); ok {
		return y.of
	}
	return nil
}

// zhSameValue keeps the value of the part labelled x.
func zhSameValue(c *grammar.Call) any { return c.Get("x").Value }

// number keeps the number labelled n.
func zhNumberOf(c *grammar.Call) any {
	if n, ok := c.Get("n").Int(); ok {
		return n
	}
	return nil
}

// zhAroundYears finds the last time before today and the first one at or after it among those that in gives for the years around; in gives the
// zero time for a year that has none. Reach is how many years off it may be.
func zhAroundYears(ref time.Time, reach int, in func(year int) time.Time) (past, future Span) {
	today := Midnight(ref)
	for n := -1; n <= reach && future.Start.IsZero(); n++ {
		if t := in(ref.Year() + n); !t.IsZero() && !t.Before(today) {
			future.Start = t
		}
	}
	for n := 1; n >= -reach && past.Start.IsZero(); n-- {
		if t := in(ref.Year() + n); !t.IsZero() && t.Before(today) {
			past.Start = t
		}
	}
	if past.Start.IsZero() || future.Start.IsZero() {
		return Span{}, Span{}
	}
	return past, future
}
