package eval

import (
	"fmt"
	"html"
	"html/template"
	"math"
)

// comparisonView is what the page shows of a comparison.
type comparisonView struct {
	*Comparison
	Plot      template.HTML
	Rows      []differenceRow
	Tables    []sliceTable
	Won, Lost []Change
}

type differenceRow struct {
	Title, This, Other, Difference, Interval, P, Won, Lost string
	N                                                      int
	Class                                                  string // "good" or "bad" when p is below 0.05
}

func (c *Comparison) view() *comparisonView {
	if c == nil {
		return nil
	}
	v := &comparisonView{Comparison: c, Plot: differencesSVG(c.Figures)}
	v.Won, v.Lost = c.changes()
	for i := range c.Figures {
		d := &c.Figures[i]
		row := differenceRow{d.Title, d.show(d.Value), d.show(d.Against), d.delta(d.Difference), d.interval(), ShowP(d.P), d.count(d.Won), d.count(d.Lost), d.N, ""}
		if d.Better == lower {
			row.Title += " (lower is better)"
		}
		if d.P < 0.05 {
			row.Class = map[bool]string{true: "bad", false: "good"}[d.Loss() > 0]
		}
		v.Rows = append(v.Rows, row)
	}
	for i := range c.Slices {
		s := &c.Slices[i]
		if len(v.Tables) == 0 || v.Tables[len(v.Tables)-1].By != s.By {
			v.Tables = append(v.Tables, sliceTable{By: s.By})
		}
		t := &v.Tables[len(v.Tables)-1]
		t.Rows = append(t.Rows, sliceRow{s.Name, s.N, s.cells()})
	}
	return v
}

// differencesSVG draws the gain of each figure with its interval: to the right of the line this bundle is better.
func differencesSVG(list []Difference) template.HTML {
	wide, reach := 0, 0.01
	var shown []Difference
	for _, d := range list {
		if d.Low.Valid() && d.Difference.Valid() && !(&Metric{Name: d.Name}).plain() {
			shown = append(shown, d)
			wide = max(wide, columnsOf(d.Title))
			reach = max(reach, math.Abs(float64(d.Low)), math.Abs(float64(d.High)))
		}
	}
	if len(shown) == 0 {
		return ""
	}
	var s svg
	left, length, step := float64(7*wide+14), 320.0, 22.0
	at := func(gain float64) float64 { return left + length/2*(1+gain/reach) }
	bottom := step * float64(len(shown))
	for _, g := range []float64{-1, -0.5, 0, 0.5, 1} {
		class := map[bool]string{true: "ideal", false: "grid"}[g == 0]
		s.add(`<path class="%s" d="M%.1f 0V%.1f"/>`, class, at(g*reach), bottom)
		s.text(at(g*reach), bottom+14, "tick", "middle", fmt.Sprintf("%+.1f", 100*g*reach))
	}
	for i := range shown {
		d := &shown[i]
		y := step*float64(i) + step/2
		low, gain, high := float64(d.Low), float64(d.Difference), float64(d.High)
		if d.Better == lower {
			low, gain, high = -high, -gain, -low
		}
		s.text(left-6, y+4, "tick", "end", d.Title)
		s.add(`<path class="line" d="M%.1f %.1fH%.1f"/><circle class="dot" cx="%.1f" cy="%.1f" r="4"><title>%s: %s (%s), p %s</title></circle>`,
			at(low), y, at(high), at(gain), y, html.EscapeString(d.Title), d.delta(d.Difference), d.interval(), html.EscapeString(ShowP(d.P)))
	}
	s.text(left+length/2, bottom+32, "axis", "middle", "gain in percentage points")
	return s.done(left+length+30, bottom+40, "Gain over the other bundle, with 95 % intervals")
}
