package chart

import (
	"math"
	"strings"
)

// plot is the area inside the axes.
type plot struct{ left, top, right, bottom float64 }

func (p plot) y(v, top float64) float64 { return p.bottom - min(max(v, 0), top)/top*(p.bottom-p.top) }

// grid draws the lines and numbers of the upright axis.
func (c *canvas) grid(p plot, s scale, u Unit) {
	for _, v := range s.ticks {
		y := p.y(v, s.top)
		c.add(`<line x1="%s" x2="%s" y1="%[3]s" y2="%[3]s" class="grid"/>`, f(p.left), f(p.right), f(y))
		c.label(p.left-8, y+4, "end", "tick", u.tick(v))
	}
}

// dates labels some of the values of the level axis: as many as have room, evenly.
func (c *canvas) dates(p plot, x []string, at func(int) float64) {
	most := 1.0
	for _, text := range x {
		most = max(most, ems(text))
	}
	room := max(1, int((p.right-p.left)/(most*11+16)))
	every := max(1, int(math.Ceil(float64(len(x))/float64(room))))
	for i := 0; i < len(x); i += every {
		if at(i)+ems(x[i])*6 > width {
			c.label(width-2, p.bottom+18, "end", "tick", x[i])
			continue
		}
		c.label(at(i), p.bottom+18, "middle", "tick", x[i])
	}
}

// Line draws a line for each series, with a band for its intervals where there are at most two.
func Line(d Data) string {
	var c canvas
	head := c.legend(d.Series)
	p := plot{58, head + 14, width - 14, head + 234}
	s := scaleOf(d.highest(), d.Unit)
	c.grid(p, s, d.Unit)
	step := 0.0
	if len(d.X) > 1 {
		step = (p.right - p.left - 16) / float64(len(d.X)-1)
	}
	at := func(i int) float64 {
		if step == 0 {
			return (p.left + p.right) / 2
		}
		return p.left + 8 + float64(i)*step
	}
	c.dates(p, d.X, at)
	if len(d.Series) <= 2 {
		for i, series := range d.Series {
			c.band(series, i, p, s, at)
		}
	}
	for i, series := range d.Series {
		c.line(&d, series, i, p, s, at)
	}
	return d.wrap(p.bottom+28, c.String())
}

// runs calls fn for each run of points without a gap: [from, to).
func runs(points []Point, fn func(from, to int)) {
	for from := 0; from < len(points); {
		if !points[from].OK {
			from++
			continue
		}
		to := from
		for to < len(points) && points[to].OK {
			to++
		}
		fn(from, to)
		from = to
	}
}

func (c *canvas) band(series Series, colour int, p plot, s scale, at func(int) float64) {
	runs(series.Points, func(from, to int) {
		if to-from < 2 || !series.Points[from].Interval {
			return
		}
		var up, down []string
		for i := from; i < to; i++ {
			up = append(up, f(at(i))+","+f(p.y(series.Points[i].High, s.top)))
			j := to - 1 - (i - from)
			down = append(down, f(at(j))+","+f(p.y(series.Points[j].Low, s.top)))
		}
		c.add(`<polygon points="%s %s" class="band c%d"/>`, strings.Join(up, " "), strings.Join(down, " "), colour%colours)
	})
}

func (c *canvas) line(d *Data, series Series, colour int, p plot, s scale, at func(int) float64) {
	radius := 2.6
	if len(d.X) > 60 {
		radius = 1.3
	}
	runs(series.Points, func(from, to int) {
		if to-from > 1 {
			var points []string
			for i := from; i < to; i++ {
				points = append(points, f(at(i))+","+f(p.y(series.Points[i].Value, s.top)))
			}
			c.add(`<polyline points="%s" class="line s%d"/>`, strings.Join(points, " "), colour%colours)
		}
		for i := from; i < to; i++ {
			c.add(`<circle cx="%s" cy="%s" r="%s" class="c%d"><title>%s</title></circle>`, f(at(i)), f(p.y(series.Points[i].Value, s.top)), f(radius), colour%colours, d.tip(series, i))
		}
	})
}
