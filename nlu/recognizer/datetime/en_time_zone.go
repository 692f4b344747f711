package datetime

import (
	"time"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// UnknownOffset is the offset from UTC of a zone whose name does not say which: cst is Chicago's, Beijing's and Havana's.
const UnknownOffset = -10000

// zoneOffset is a time zone beside a clock, if known.
type zoneOffset struct {
	known   bool
	minutes int
}

// on adds the zone to an expression.
func (z zoneOffset) on(e *Expr) *Expr {
	if !z.known || e == nil {
		return e
	}
	out := *e
	out.At = func(ref time.Time) (Meaning, bool) {
		m, ok := e.At(ref)
		m.HasZone, m.UTCOffset = true, z.minutes
		return m, ok
	}
	return &out
}

// zoneExpr is a time zone by itself.
func zoneExpr(minutes int) *Expr {
	z := zoneOffset{true, minutes}
	return z.on(fixed(value.TimeZone, func(time.Time) (string, Span) { return "UTC", Span{} }))
}

// zoneOf is the zone that the first word names.
func zoneOf(c *grammar.Call) any {
	minutes, ok := c.Kids[0].Int()
	if !ok {
		return nil
	}
	return zoneExpr(minutes)
}

// zoneAt is "utc+8", "gmt-3:30", "msk+7": the base zone, a sign, hours and minutes.
func zoneAt(c *grammar.Call) any {
	minutes := 60*c.Int("h", 0) + c.Int("m", 0)
	if hm := c.Int("hm", 0); hm > 0 {
		minutes = hm/100*60 + hm%100
	}
	return zoneExpr(c.Int("base", 0) + c.Int("s", 1)*minutes)
}

// withZone adds the zone labelled z to a clock or a range of clocks.
func withZone(c *grammar.Call) any {
	e := expr(c, "z")
	if e == nil {
		return nil
	}
	m, _ := e.At(time.Time{})
	z := zoneOffset{true, m.UTCOffset}
	switch x := c.Get("x").Value.(type) {
	case clockTime:
		x.zone = z
		return x
	case clockSpan:
		x.zone = z
		return x
	case *Expr:
		return orNil(z.on(x))
	}
	return nil
}
