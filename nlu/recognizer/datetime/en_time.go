package datetime

import "yingda/nlu/recognizer/grammar"

// enTimeActions are those of en_time*.grammar. They take their parts by label:
//
//	x, h   a clock time, or range of such; a number that is an hour
//	p      a part of the day
//	d      a date, a part of a day, or a duration
//	a, b   the ends of a range
//
// "after" in a name: only if one of the words that the rule gives stands before the phrase.
var enTimeActions = map[string]grammar.Action{
	"clock":        clockOfFigures,
	"together":     clockTogether,
	"plainClock":   plainClock,
	"clockBehind":  after(func(c *grammar.Call) any { return c.Get("x").Value }),
	"oddClock":     oddClock,
	"clockOfWords": clockOfWords,
	"withHalf":     withHalf,
	"hourNamed":    func(c *grammar.Call) any { return clockTime{Clock: Clock{Hour: c.Int("h", 0)}} },
	"hourish":      func(c *grammar.Call) any { return clockTime{Clock: Clock{Hour: c.Int("h", 0)}, rough: true} },
	"same":         func(c *grammar.Call) any { return c.Get("x").Value },
	"shifted":      shiftedClock,
	"inPart":       clockInPart,
	"time":         func(c *grammar.Call) any { return orNil(timeAt(c)) },
	"hourAfter":    after(lonelyHour),
	"clockAfter":   after(func(c *grammar.Call) any { return orNil(timeAt(c)) }),
	"timeWithHalf": timeWithHalf,
	"clockOnYear":  clockOnYear,
	"endOfDay":     endOfDay,
	"restOfDay":    func(*grammar.Call) any { return restOfDay },

	"part":       partOfWords,
	"inPartTime": func(c *grammar.Call) any { return orNil(partOf(c).expr()) },
	"end":        func(c *grammar.Call) any { return makeClock(c, func(*clockTime) bool { return true }) },
	"span":       makeSpan,
	"spanAtEnd":  spanAtEnd,
	"spanInPart": spanInPart,
	"spanFor":    spanFor,
	"spanTime":   spanTime,

	"dayNumber":       func(c *grammar.Call) any { return orNil(OnDate(Date{Day: c.Int("n", 0)})) },
	"partOfDate":      partOfDate,
	"halfOfDate":      halfOfDate,
	"nearPart":        nearPart,
	"weekdayPart":     weekdayPart,
	"nthWeekdayPart":  nthWeekdayPart,
	"nthWeekdaySpan":  nthWeekdaySpan,
	"apart":           apart,
	"dayPartRange":    dayPartRange,
	"clockOn":         clockOn,
	"clockOnAfter":    after(clockOn),
	"clockInDay":      clockInDay,
	"clockInDayAfter": after(clockInDay),
	"spanOn":          func(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), spanExpr(c))) },
	"spanOnAfter":     after(func(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), spanExpr(c))) }),
	"spanInDay":       spanInDay,
	"betweenMoments":  betweenMoments,
	"halfOfDay":       halfOfDay,

	"splitLength":  splitLength,
	"firstDay":     firstDay,
	"partOn":       func(c *grammar.Call) any { return orNil(AtTime(expr(c, "d"), partExpr(c))) },
	"nowTime":      nowTime,
	"now":          now,
	"clockFromNow": clockFromNow,
	"clockStretch": clockStretch,

	"zoneOf":      zoneOf,
	"zoneSummer":  func(c *grammar.Call) any { return zoneExpr(c.Int("z", 0) + 60) },
	"zoneUnknown": func(*grammar.Call) any { return zoneExpr(UnknownOffset) },
	"zoneAt":      zoneAt,
	"zoneRussia":  func(c *grammar.Call) any { return zoneExpr(60 * (c.Int("n", 0) + 1)) },
	"withZone":    withZone,
}
