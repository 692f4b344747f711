package eval

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// The plots are small SVG drawings. Colours come from the page's style by class, so they follow light and dark.

// plotSize is the width and height of a square plot's data area, in SVG units; margins leave room for the axes.
const (
	plotSize   = 240
	plotLeft   = 52
	plotTop    = 10
	plotBottom = 40
)

// svg collects elements.
type svg struct{ b strings.Builder }

func (s *svg) add(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// text writes a text; the content is escaped.
func (s *svg) text(x, y float64, class, anchor, content string) {
	s.add(`<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor, html.EscapeString(content))
}

// done wraps the elements; title is what a screen reader says.
func (s *svg) done(w, h float64, title string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s"><title>%s</title>%s</svg>`,
		w, h, w, h, html.EscapeString(title), html.EscapeString(title), s.b.String()))
}

// unitAxes draws the frame of a plot whose axes both run from 0 to 1.
func (s *svg) unitAxes(xName, yName string) {
	for i := range 6 {
		v := float64(i) / 5
		x, y := plotX(v), plotY(v)
		s.add(`<path class="grid" d="M%.1f %d V%d M%d %.1f H%d"/>`, x, plotTop, plotTop+plotSize, plotLeft, y, plotLeft+plotSize)
		s.text(x, plotTop+plotSize+14, "tick", "middle", fmt.Sprintf("%.1f", v))
		s.text(plotLeft-6, y+4, "tick", "end", fmt.Sprintf("%.1f", v))
	}
	s.names(xName, yName)
}

func (s *svg) names(xName, yName string) {
	s.text(plotLeft+plotSize/2, plotTop+plotSize+32, "axis", "middle", xName)
	s.add(`<text class="axis" text-anchor="middle" transform="translate(12 %d) rotate(-90)">%s</text>`, plotTop+plotSize/2, html.EscapeString(yName))
}

func plotX(v float64) float64 { return plotLeft + v*plotSize }
func plotY(v float64) float64 { return plotTop + (1-v)*plotSize }

const (
	plotWidth  = plotLeft + plotSize + 14
	plotHeight = plotTop + plotSize + plotBottom
)

// reliabilitySVG draws the accuracy of each bin over its mean score; a circle's area grows with the number of answers.
func reliabilitySVG(c Calibration, what string) template.HTML {
	var s svg
	s.unitAxes("mean score", "share right")
	s.add(`<path class="ideal" d="M%.1f %.1f L%.1f %.1f"/>`, plotX(0), plotY(0), plotX(1), plotY(1))
	var path strings.Builder
	most := 1
	for i, b := range c.Bins {
		fmt.Fprintf(&path, "%s%.1f %.1f ", map[bool]string{true: "M", false: "L"}[i == 0], plotX(float64(b.Score)), plotY(float64(b.Accuracy)))
		most = max(most, b.N)
	}
	if path.Len() > 0 {
		s.add(`<path class="line" d="%s"/>`, path.String())
	}
	for _, b := range c.Bins {
		s.add(`<circle class="dot" cx="%.1f" cy="%.1f" r="%.1f"><title>%d answers with score %s to %s: %s right, mean score %s</title></circle>`,
			plotX(float64(b.Score)), plotY(float64(b.Accuracy)), 2.5+2.5*float64(b.N)/float64(most), b.N, decimal(b.Low), decimal(b.High), percent(b.Accuracy), percent(b.Score))
	}
	return s.done(plotWidth, plotHeight, "Reliability of "+what)
}

// rocSVG draws the ROC curve of the out-of-scope score.
func rocSVG(points []Point) template.HTML {
	var s svg
	s.unitAxes("false alarms among messages with an intent", "out of scope found")
	s.add(`<path class="ideal" d="M%.1f %.1f L%.1f %.1f"/>`, plotX(0), plotY(0), plotX(1), plotY(1))
	if len(points) > 0 {
		s.add(`<path class="line" d="`)
		for i, p := range points {
			s.add("%s%.1f %.1f ", map[bool]string{true: "M", false: "L"}[i == 0], plotX(float64(p.FalseAlarm)), plotY(float64(p.Recall)))
		}
		s.add(`"/>`)
	}
	return s.done(plotWidth, plotHeight, "ROC curve of the out-of-scope score")
}

// histogramSVG draws the share of messages by out-of-scope score, those with an intent beside those without.
func histogramSVG(in, out []int) template.HTML {
	var s svg
	total := func(list []int) (n int) {
		for _, v := range list {
			n += v
		}
		return max(n, 1)
	}
	ins, outs := float64(total(in)), float64(total(out))
	top := 0.0
	for i := range in {
		top = max(top, float64(in[i])/ins, float64(out[i])/outs)
	}
	if top == 0 {
		top = 1
	}
	w := plotSize / float64(len(in))
	for i := range 5 {
		v := float64(i) / 4
		s.add(`<path class="grid" d="M%d %.1f H%d"/>`, plotLeft, plotY(v), plotLeft+plotSize)
		s.text(plotLeft-6, plotY(v)+4, "tick", "end", fmt.Sprintf("%.0f %%", 100*v*top))
		s.text(plotX(v), plotTop+plotSize+14, "tick", "middle", fmt.Sprintf("%.2f", v))
	}
	for i := range in {
		for j, bar := range []struct {
			class, name string
			n           int
			all         float64
		}{{"in", "with an intent", in[i], ins}, {"out", "out of scope", out[i], outs}} {
			h := float64(bar.n) / bar.all / top * plotSize
			s.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%d messages %s, score %.2f to %.2f</title></rect>`,
				bar.class, plotLeft+w*(float64(i)+0.45*float64(j))+0.5, plotTop+plotSize-h, 0.45*w, h, bar.n, bar.name, float64(i)/float64(len(in)), float64(i+1)/float64(len(in)))
		}
	}
	for j, l := range []struct{ class, name string }{{"in", "with an intent"}, {"out", "out of scope"}} {
		y := plotTop + 8 + 16*float64(j)
		s.add(`<rect class="%s" x="%d" y="%.1f" width="10" height="10"/>`, l.class, plotLeft+plotSize-100, y)
		s.text(plotLeft+plotSize-84, y+9, "tick", "start", l.name)
	}
	s.names("out-of-scope score", "share of messages")
	return s.done(plotWidth, plotHeight, "Out-of-scope scores of messages with and without an intent")
}

// heatSVG draws a confusion matrix: rows are what is in the data, columns what was answered. Shades are shares of a row.
func heatSVG(names []string, matrix [][]int, title string) template.HTML {
	var s svg
	wide := 0
	for _, n := range names {
		wide = max(wide, columnsOf(n))
	}
	left, cell := float64(6*wide+14), 30.0
	size := cell * float64(len(names))
	topRow := float64(5*wide + 14)
	for i, row := range matrix {
		sum := 0
		for _, n := range row {
			sum += n
		}
		y := topRow + cell*float64(i)
		s.text(left-6, y+cell/2+4, "tick", "end", names[i])
		s.add(`<text class="tick" transform="translate(%.1f %.1f) rotate(-50)">%s</text>`, left+cell*(float64(i)+0.5), topRow-6, html.EscapeString(names[i]))
		for j, n := range row {
			class := "miss"
			if i == j {
				class = "hit"
			}
			share := 0.0
			if sum > 0 {
				share = float64(n) / float64(sum)
			}
			x := left + cell*float64(j)
			s.add(`<rect class="cell" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/><rect class="%s" fill-opacity="%.2f" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s answered as %s: %d</title></rect>`,
				x, y, cell-2, cell-2, class, share, x, y, cell-2, cell-2, html.EscapeString(names[i]), html.EscapeString(names[j]), n)
			if n > 0 {
				s.text(x+cell/2-1, y+cell/2+3, "count", "middle", fmt.Sprint(n))
			}
		}
	}
	return s.done(left+size+float64(4*wide), topRow+size+4, title)
}

// bar is one row of a bar chart.
type bar struct {
	name  string
	value float64 // 0–1
	n     int
}

// barsSVG draws horizontal bars.
func barsSVG(bars []bar, title string) template.HTML {
	var s svg
	wide := 0
	for _, b := range bars {
		wide = max(wide, columnsOf(b.name))
	}
	left, length, step := float64(7*wide+14), 260.0, 22.0
	for i, b := range bars {
		y := step * float64(i)
		s.text(left-6, y+15, "tick", "end", b.name)
		s.add(`<rect class="cell" x="%.1f" y="%.1f" width="%.1f" height="16"/><rect class="in" x="%.1f" y="%.1f" width="%.1f" height="16"><title>%s: %.1f %% of %d</title></rect>`,
			left, y+3, length, left, y+3, length*b.value, html.EscapeString(b.name), 100*b.value, b.n)
		s.text(left+length+6, y+15, "tick", "start", fmt.Sprintf("%.1f %%  n %d", 100*b.value, b.n))
	}
	return s.done(left+length+110, step*float64(len(bars))+4, title)
}
