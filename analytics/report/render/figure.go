package render

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"time"

	"yingda/analytics"
	"yingda/analytics/report/chart"
	"yingda/nlu"
)

// figure is a picture of a page.
type figure struct {
	Title, Note string
	SVG         template.HTML // made by package chart, which escapes all texts
}

// mostBars is how many names a bar chart shows, mostDays how many days a line: the table has all.
const (
	mostBars = 16
	mostDays = 1500
)

// draw draws a chart of a report. ok is false when there is nothing to draw.
func draw(r *analytics.Report, c *analytics.Chart, id string, lang nlu.Lang) (fig figure, ok bool) {
	d, note, ok := data(r, c, lang)
	if !ok {
		return figure{}, false
	}
	d.ID, d.Title = id, r.Title.In(lang)+" · "+c.Title.In(lang)
	var svg string
	switch c.Type {
	case "line":
		svg = chart.Line(d)
	case "stacked":
		svg = chart.Stacked(d)
	case "heatmap":
		svg = chart.Heatmap(d)
	default:
		svg = chart.Bar(d)
	}
	return figure{c.Title.In(lang), note, template.HTML(svg)}, true
}

// data takes what a chart shows out of a report.
func data(r *analytics.Report, c *analytics.Chart, lang nlu.Lang) (d chart.Data, note string, ok bool) {
	x := column(r, c.X)
	if x < 0 || len(c.Y) == 0 {
		return d, "", false
	}
	d.Dates = r.Columns[x].Kind == analytics.Day
	rows := r.Rows
	if !d.Dates && c.Type != "heatmap" && len(rows) > mostBars {
		rows = rows[:mostBars]
		note = analytics.Text{ZH: "图中为前 " + group(mostBars) + " 项，全部见数据表。", EN: "The first " + group(mostBars) + "; the table has all."}.In(lang)
	}
	g := gathered{report: r, lang: lang, at: map[string]int{}}
	switch {
	case d.Dates:
		g.everyDay(rows, x)
	case c.Type == "heatmap":
		g.inOrder(rows, x)
	}
	if c.Series != "" {
		g.bySeries(rows, x, column(r, c.Series), column(r, c.Y[0]))
	} else {
		for _, row := range rows {
			g.place(x, row[x])
		}
		for _, name := range c.Y {
			g.byColumn(rows, x, column(r, name))
		}
	}
	d.X, d.Series = g.x, g.series
	if y := column(r, c.Y[0]); y >= 0 {
		d.Unit = unitOf(r.Columns[y].Kind)
	}
	for i := range d.Series { // a name that came late has no points before
		for len(d.Series[i].Points) < len(d.X) {
			d.Series[i].Points = append(d.Series[i].Points, chart.Point{})
		}
	}
	return d, note, len(d.X) > 0 && len(d.Series) > 0
}

func unitOf(k analytics.Kind) chart.Unit {
	switch k {
	case analytics.Share:
		return chart.Percent
	case analytics.Seconds:
		return chart.Seconds
	case analytics.Millis:
		return chart.Millis
	}
	return chart.Plain
}

func column(r *analytics.Report, name string) int {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// gathered collects the points of a chart.
type gathered struct {
	report *analytics.Report
	lang   nlu.Lang
	x      []string
	at     map[string]int // place of a name on the level axis
	series []chart.Series
}

// place finds the place of a value on the level axis, a new one where it is new.
func (g *gathered) place(col int, v any) int {
	name := show(&g.report.Columns[col], v, g.lang, false).value
	at, ok := g.at[name]
	if !ok {
		at = len(g.x)
		g.at[name] = at
		g.x = append(g.x, name)
	}
	return at
}

// everyDay makes places for all days from the first to the last, so that a day without data is a gap.
func (g *gathered) everyDay(rows [][]any, x int) {
	var first, last time.Time
	for _, row := range rows {
		if t, ok := row[x].(time.Time); ok {
			if first.IsZero() || t.Before(first) {
				first = t
			}
			if t.After(last) {
				last = t
			}
		}
	}
	for t := first; !first.IsZero() && !t.After(last) && len(g.x) < mostDays; t = t.AddDate(0, 0, 1) {
		g.place(x, t)
	}
}

// inOrder makes places for all values in their order: numbers by size, others by the alphabet.
func (g *gathered) inOrder(rows [][]any, x int) {
	var names []string
	for _, row := range rows {
		if s, ok := row[x].(string); ok && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		m, err := strconv.Atoi(a)
		n, err2 := strconv.Atoi(b)
		if err == nil && err2 == nil {
			return cmp.Compare(m, n)
		}
		return cmp.Compare(a, b)
	})
	for _, s := range names {
		g.place(x, s)
	}
}

// byColumn adds a series of a column, or one each for its quantiles.
func (g *gathered) byColumn(rows [][]any, x, y int) {
	if y < 0 {
		return
	}
	if len(rows) > 0 {
		if _, ok := rows[0][y].(*analytics.Quantiles); ok {
			g.quantiles(rows, x, y)
			return
		}
	}
	s := chart.Series{Name: g.report.Columns[y].Title.In(g.lang), Points: make([]chart.Point, len(g.x))}
	for _, row := range rows {
		s.Points[g.place(x, row[x])] = point(row[y])
	}
	g.series = append(g.series, s)
}

func (g *gathered) quantiles(rows [][]any, x, y int) {
	for _, q := range []struct {
		name string
		of   func(*analytics.Quantiles) float64
	}{
		{"p50", func(q *analytics.Quantiles) float64 { return q.P50 }}, {"p90", func(q *analytics.Quantiles) float64 { return q.P90 }},
		{"p95", func(q *analytics.Quantiles) float64 { return q.P95 }}, {"p99", func(q *analytics.Quantiles) float64 { return q.P99 }},
	} {
		s := chart.Series{Name: q.name, Points: make([]chart.Point, len(g.x))}
		for _, row := range rows {
			if v, ok := row[y].(*analytics.Quantiles); ok && v.N > 0 {
				s.Points[g.place(x, row[x])] = chart.Point{Value: q.of(v), OK: true}
			}
		}
		g.series = append(g.series, s)
	}
}

// bySeries adds a series for each value of a column.
func (g *gathered) bySeries(rows [][]any, x, by, y int) {
	if by < 0 || y < 0 {
		return
	}
	index := map[string]int{}
	for _, row := range rows {
		name := show(&g.report.Columns[by], row[by], g.lang, false).value
		i, ok := index[name]
		if !ok {
			i = len(g.series)
			index[name] = i
			g.series = append(g.series, chart.Series{Name: name})
		}
		at := g.place(x, row[x])
		s := &g.series[i]
		for len(s.Points) <= at {
			s.Points = append(s.Points, chart.Point{})
		}
		s.Points[at] = point(row[y])
	}
}

func point(v any) chart.Point {
	p := chart.Point{}
	p.Value, p.OK = value(v)
	p.Low, p.High, p.Interval = interval(v)
	return p
}
