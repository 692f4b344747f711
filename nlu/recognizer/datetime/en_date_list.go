package datetime

import "yingda/nlu/recognizer/grammar"

// domPlace is a day of the month in a list, with its place.
type domPlace struct{ start, end, day int }

// datePlace is a date in a list, with its place.
type datePlace struct {
	start, end int
	date       Date
}

// domList collects "22nd, 23rd".
func domList(c *grammar.Call) any {
	d := c.Get("dom")
	list := []domPlace{{d.Start, d.End, c.Int("dom", 0)}}
	if have := c.Get("dom.list"); have != nil {
		list = append(have.Value.([]domPlace), list...)
	}
	return list[:len(list):len(list)]
}

// dateList collects "march 7 and march 20".
func dateList(c *grammar.Call) any { return appendDate(c, nil) }

// domsOfMonth collects "18 and 19 june": the month of the last one is that of all.
func domsOfMonth(c *grammar.Call) any {
	last := dateOf(c, "x")
	if figuresLead(c, ".,:/-$") {
		return nil
	}
	var days []datePlace
	for _, p := range c.Get("dom.list").Value.([]domPlace) {
		days = append(days, datePlace{p.start, p.end, Date{Year: last.Year, Month: last.Month, Day: p.day}})
	}
	return appendDate(c, days)
}

// appendDate adds days and the date x to the list that the phrase begins with, if any.
func appendDate(c *grammar.Call, days []datePlace) any {
	var list []datePlace
	if have := c.Get("date.list"); have != nil {
		list = append(list, have.Value.([]datePlace)...)
	}
	x := c.Get("x")
	return append(append(list, days...), datePlace{x.Start, x.End, dateOf(c, "x")})
}

// datesGroup makes a date of each. In the mode for alternatives, which share more than the month, other rules take them.
func datesGroup(c *grammar.Call) any {
	list := c.Get("date.list").Value.([]datePlace)
	if len(list) < 2 || scopeOf(c).modes&Extended != 0 {
		return nil
	}
	var g Group
	for _, p := range list {
		e := OnDate(p.date)
		if e == nil {
			return nil
		}
		g = append(g, Member{Start: p.start, End: p.end, Expr: e})
	}
	return g
}
