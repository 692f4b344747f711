package chart

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Unit says how values are written.
type Unit int

// The units. The zero value is a plain number.
const (
	Plain   Unit = iota
	Percent      // values are shares, 0–1
	Seconds
	Millis
)

// Point is a value and its interval. Without OK there is none, and a gap is drawn.
type Point struct {
	Value, Low, High float64
	OK               bool
	Interval         bool // Low and High are known
}

// Series is what is drawn in one colour: a point for each X of the data.
type Series struct {
	Name   string
	Points []Point
}

// Data is what a chart shows.
type Data struct {
	ID          string // unique on the page; letters, digits and -
	Title       string
	Description string // for readers of the page aloud; default made from the data
	X           []string
	Dates       bool // X are days in order: few of them are labelled
	Series      []Series
	Unit        Unit
}

const (
	width     = 720.0
	colours   = 8
	mostLabel = 16 // em
)

// canvas collects the elements of a picture.
type canvas struct{ strings.Builder }

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(c, format, args...) }

// label writes a text at a place; anchor is start, middle or end.
func (c *canvas) label(x, y float64, anchor, class, text string) {
	c.add(`<text x="%s" y="%s" text-anchor="%s" class="%s">%s</text>`, f(x), f(y), anchor, class, html.EscapeString(text))
}

// wrap makes the picture.
func (d *Data) wrap(height float64, body string) string {
	about := d.Description
	if about == "" {
		about = d.describe()
	}
	return fmt.Sprintf(`<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-labelledby="%[3]s-t %[3]s-d"><title id="%[3]s-t">%[4]s</title><desc id="%[3]s-d">%[5]s</desc>%[6]s</svg>`,
		f(width), f(height), html.EscapeString(d.ID), html.EscapeString(d.Title), html.EscapeString(about), body)
}

// describe says in words what the picture shows.
func (d *Data) describe() string {
	parts := make([]string, 0, len(d.Series))
	for _, s := range d.Series {
		low, high, n := math.Inf(1), math.Inf(-1), 0
		for _, p := range s.Points {
			if p.OK {
				low, high, n = min(low, p.Value), max(high, p.Value), n+1
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s – %s (n = %d)", s.Name, d.Unit.Write(low), d.Unit.Write(high), n))
		}
	}
	return strings.Join(parts, "; ")
}

// legend writes the names of the series, from the left, in as many lines as they need; it returns the height.
func (c *canvas) legend(series []Series) float64 {
	if len(series) < 2 {
		return 0
	}
	x, y := 8.0, 14.0
	for i, s := range series {
		need := 22 + ems(s.Name)*12
		if x+need > width && x > 8 {
			x, y = 8, y+20
		}
		c.add(`<rect x="%s" y="%s" width="11" height="11" rx="2.5" class="c%d"/>`, f(x), f(y-9.5), i%colours)
		c.label(x+16, y, "start", "legend", s.Name)
		x += need + 14
	}
	return y + 10
}

// Write writes a value in its unit.
func (u Unit) Write(v float64) string {
	switch u {
	case Percent:
		return strconv.FormatFloat(v*100, 'f', 1, 64) + " %"
	case Seconds:
		return duration(v)
	case Millis:
		return short(v) + " ms"
	}
	return short(v)
}

// tick writes a value beside an axis.
func (u Unit) tick(v float64) string {
	switch u {
	case Percent:
		return short(v*100) + " %"
	case Seconds:
		return duration(v)
	}
	return short(v)
}

// duration writes seconds; long ones in minutes, hours or days.
func duration(v float64) string {
	switch {
	case v >= 2*86400:
		return short(v/86400) + " d"
	case v >= 2*3600:
		return short(v/3600) + " h"
	case v >= 120:
		return short(v/60) + " min"
	}
	return short(v) + " s"
}

// short writes a number with at most four digits that matter.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e9:
		return trim(v/1e9) + " G"
	case a >= 1e6:
		return trim(v/1e6) + " M"
	case a >= 1e4:
		return trim(v/1e3) + " k"
	}
	return trim(v)
}

func trim(v float64) string {
	digits := 2
	if math.Abs(v) >= 100 {
		digits = 0
	} else if math.Abs(v) >= 10 {
		digits = 1
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// f writes a coordinate.
func f(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// ems estimates the width of a text in ems: Chinese letters are one wide, others about half.
func ems(text string) float64 {
	w := 0.0
	for _, r := range text {
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300) {
			w++
		} else {
			w += 0.56
		}
	}
	return w
}

// cut shortens a text to a width in ems.
func cut(text string, most float64) string {
	if ems(text) <= most {
		return text
	}
	w := 1.0 // the dots
	for i, r := range text {
		if w += ems(string(r)); w > most {
			return text[:i] + "…"
		}
	}
	return text
}

// scale is the range of an axis with its ticks.
type scale struct {
	top   float64
	ticks []float64
}

// scaleOf finds a range from 0 to at least top with four or five round ticks. Shares never go beyond 100 %.
func scaleOf(top float64, u Unit) scale {
	if top <= 0 || math.IsNaN(top) || math.IsInf(top, 0) {
		top = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step*m*5 >= top {
			step *= m
			break
		}
	}
	s := scale{}
	for i := 0; ; i++ {
		v := float64(i) * step
		if u == Percent && v > 1+1e-9 {
			break
		}
		s.ticks = append(s.ticks, v)
		s.top = v
		if v >= top {
			break
		}
	}
	if u == Percent && s.top < top {
		s.top = min(1, top)
	}
	return s
}

// highest is the greatest value, or end of an interval, of all series.
func (d *Data) highest() float64 {
	top := 0.0
	for _, s := range d.Series {
		for _, p := range s.Points {
			if p.OK {
				top = max(top, p.Value)
				if p.Interval {
					top = max(top, min(p.High, p.Value*1.6)) // wide intervals of few observations do not flatten the rest
				}
			}
		}
	}
	return top
}

// tip is a point's tooltip.
func (d *Data) tip(s Series, i int) string {
	p := s.Points[i]
	text := d.X[i] + " · " + s.Name + ": " + d.Unit.Write(p.Value)
	if p.Interval {
		text += " [" + d.Unit.Write(p.Low) + " – " + d.Unit.Write(p.High) + "]"
	}
	return html.EscapeString(text)
}
