package chart

// Bar draws a level bar for each X, side by side for several series, with a whisker for its interval. Level bars leave room for long names.
func Bar(d Data) string {
	var c canvas
	head := c.legend(d.Series)
	p := d.levelPlot(head, float64(len(d.Series))*15+11)
	s := scaleOf(d.highest(), d.Unit)
	c.levelGrid(p, s, d.Unit)
	across := (p.right - p.left) / s.top
	for i, name := range d.X {
		y := p.top + float64(i)*(float64(len(d.Series))*15+11)
		c.label(p.left-8, y+float64(len(d.Series))*7.5+8, "end", "name", cut(name, mostLabel))
		for j, series := range d.Series {
			pt := series.Points[i]
			top := y + 4 + float64(j)*15
			if !pt.OK {
				c.label(p.left+4, top+10, "start", "tick", "–")
				continue
			}
			long := min(max(pt.Value, 0), s.top) * across
			c.add(`<g><title>%s</title><rect x="%s" y="%s" width="%s" height="13" rx="2.5" class="c%d"/>`, d.tip(series, i), f(p.left), f(top), f(max(long, 0.5)), j%colours)
			end := p.left + long
			if pt.Interval && pt.High > pt.Low {
				low, high := p.left+min(max(pt.Low, 0), s.top)*across, p.left+min(max(pt.High, 0), s.top)*across
				c.add(`<path d="M%s %s V%s M%[1]s %[4]s H%[5]s M%[5]s %[2]s V%[3]s" class="whisker"/>`, f(low), f(top+3), f(top+10), f(top+6.5), f(high))
				end = max(end, high)
			}
			c.WriteString("</g>")
			text := d.Unit.Write(pt.Value)
			if end+8+ems(text)*11 < width {
				c.label(end+6, top+10.5, "start", "value", text)
			}
		}
	}
	return d.wrap(p.bottom+26, c.String())
}

// levelPlot leaves room for the names at the left, and a row of a height for each X.
func (d *Data) levelPlot(head, row float64) plot {
	most := 3.0
	for _, name := range d.X {
		most = max(most, ems(cut(name, mostLabel)))
	}
	return plot{most*12 + 22, head + 6, width - 62, head + 6 + row*float64(len(d.X))}
}

// levelGrid draws the lines and numbers of a level axis.
func (c *canvas) levelGrid(p plot, s scale, u Unit) {
	for _, v := range s.ticks {
		x := p.left + v/s.top*(p.right-p.left)
		c.add(`<line x1="%[1]s" x2="%[1]s" y1="%[2]s" y2="%[3]s" class="grid"/>`, f(x), f(p.top), f(p.bottom))
		c.label(x, p.bottom+17, "middle", "tick", u.tick(v))
	}
}

// Stacked draws a bar for each X in which the series lie on each other: upright for days, level for names.
func Stacked(d Data) string {
	top := 0.0
	for i := range d.X {
		sum := 0.0
		for _, s := range d.Series {
			if s.Points[i].OK {
				sum += max(0, s.Points[i].Value)
			}
		}
		top = max(top, sum)
	}
	if d.Unit == Percent {
		top = 1
	}
	s := scaleOf(top, d.Unit)
	if d.Dates {
		return d.upright(s)
	}
	return d.level(s)
}

func (d *Data) upright(s scale) string {
	var c canvas
	head := c.legend(d.Series)
	p := plot{58, head + 14, width - 14, head + 234}
	c.grid(p, s, d.Unit)
	step := (p.right - p.left) / float64(max(len(d.X), 1))
	c.dates(p, d.X, func(i int) float64 { return p.left + (float64(i)+0.5)*step })
	wide := min(step*0.82, 46)
	for i := range d.X {
		sum := 0.0
		for j, series := range d.Series {
			pt := series.Points[i]
			if !pt.OK || pt.Value <= 0 {
				continue
			}
			low, high := p.y(sum, s.top), p.y(sum+pt.Value, s.top)
			sum += pt.Value
			c.add(`<rect x="%s" y="%s" width="%s" height="%s" class="c%d"><title>%s</title></rect>`, f(p.left+(float64(i)+0.5)*step-wide/2), f(high), f(wide), f(low-high), j%colours, d.tip(series, i))
		}
	}
	return d.wrap(p.bottom+28, c.String())
}

func (d *Data) level(s scale) string {
	var c canvas
	head := c.legend(d.Series)
	p := d.levelPlot(head, 24)
	c.levelGrid(p, s, d.Unit)
	across := (p.right - p.left) / s.top
	for i, name := range d.X {
		y := p.top + float64(i)*24
		c.label(p.left-8, y+16, "end", "name", cut(name, mostLabel))
		sum := 0.0
		for j, series := range d.Series {
			pt := series.Points[i]
			if !pt.OK || pt.Value <= 0 {
				continue
			}
			begin := min(sum, s.top)
			long := min(pt.Value, s.top-begin) * across
			c.add(`<rect x="%s" y="%s" width="%s" height="16" class="c%d"><title>%s</title></rect>`, f(p.left+begin*across), f(y+4), f(long), j%colours, d.tip(series, i))
			sum += pt.Value
		}
	}
	return d.wrap(p.bottom+26, c.String())
}

// Heatmap draws a field for each X of each series, the darker the greater its value.
func Heatmap(d Data) string {
	var c canvas
	names := 2.0
	for _, s := range d.Series {
		names = max(names, ems(cut(s.Name, mostLabel)))
	}
	left, top := names*12+22, 10.0
	wide := min((width-left-10)/float64(max(len(d.X), 1)), 110)
	const high = 27.0
	most := d.highest()
	for j, series := range d.Series {
		y := top + float64(j)*high
		c.label(left-8, y+17, "end", "name", cut(series.Name, mostLabel))
		for i := range d.X {
			pt := series.Points[i]
			x := left + float64(i)*wide
			if !pt.OK {
				c.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="3" class="none"/>`, f(x+1), f(y+1), f(wide-2), f(high-2))
				continue
			}
			share := 0.0
			if most > 0 {
				share = min(1, max(0, pt.Value/most))
			}
			c.add(`<g><title>%s</title><rect x="%s" y="%s" width="%s" height="%s" rx="3" class="none"/><rect x="%[2]s" y="%[3]s" width="%[4]s" height="%[5]s" rx="3" class="c0" fill-opacity="%[6]s"/>`,
				d.tip(series, i), f(x+1), f(y+1), f(wide-2), f(high-2), f(0.04+0.9*share))
			if text := d.Unit.tick(pt.Value); ems(text)*10 < wide-4 {
				class := "cell"
				if share > 0.55 {
					class = "cell dark"
				}
				c.label(x+wide/2, y+17, "middle", class, text)
			}
			c.WriteString("</g>")
		}
	}
	bottom := top + float64(len(d.Series))*high
	every := 1
	for i := 0; i < len(d.X); i += every {
		c.label(left+(float64(i)+0.5)*wide, bottom+16, "middle", "tick", cut(d.X[i], max(2, wide/11)))
	}
	return d.wrap(bottom+26, c.String())
}

// Style is the style sheet for charts, to stand in the page: classes, with colours for light and dark pages and for paper. The colours keep
// apart for readers who do not see red and green apart (after P. Tol's and Okabe and Ito's sets).
const Style = `:root{--c0:#3b6fb6;--c1:#d98032;--c2:#3f9b8f;--c3:#b3527f;--c4:#8a7bc0;--c5:#b59b2e;--c6:#5aa7d6;--c7:#7d7d7d;--grid:#e4e7ec;--soft:#5b6472;--ink:#1d2433;--none:#f1f3f6;--on:#fff}
@media (prefers-color-scheme:dark){:root{--c0:#7fabeb;--c1:#eba767;--c2:#6cc7ba;--c3:#dd8db3;--c4:#b3a6e6;--c5:#d9c262;--c6:#8fcdf2;--c7:#a5a9b1;--grid:#2b3240;--soft:#9aa4b4;--ink:#e6e9ef;--none:#232a36;--on:#10141c}}
@media print{:root{--c0:#3b6fb6;--c1:#d98032;--c2:#3f9b8f;--c3:#b3527f;--c4:#8a7bc0;--c5:#b59b2e;--c6:#5aa7d6;--c7:#7d7d7d;--grid:#ddd;--soft:#444;--ink:#000;--none:#f4f4f4;--on:#fff}}
.chart{display:block;width:100%;height:auto;font-size:12px}
.chart text{fill:var(--ink);font-family:inherit}.chart .tick{fill:var(--soft);font-size:11px}.chart .legend,.chart .name{font-size:12px}.chart .value{fill:var(--soft);font-size:10.5px}.chart .cell{font-size:10.5px}.chart .dark{fill:var(--on)}
.chart .grid{stroke:var(--grid);stroke-width:1}.chart .none{fill:var(--none)}.chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.chart .band{fill-opacity:.14}.chart .whisker{fill:none;stroke:var(--ink);stroke-opacity:.55;stroke-width:1.1}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}.c6{fill:var(--c6)}.c7{fill:var(--c7)}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}
`
