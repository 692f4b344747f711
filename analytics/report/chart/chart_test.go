package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"yingda/analytics/report/chart"
)

var draws = map[string]func(chart.Data) string{"line": chart.Line, "bar": chart.Bar, "stacked": chart.Stacked, "heatmap": chart.Heatmap}

// random makes data of any shape, with gaps, intervals, zeros and texts that look like markup.
func random(r *rand.Rand) chart.Data {
	d := chart.Data{ID: "c1", Title: `<b>"标题" & more</b>`, Unit: chart.Unit(r.IntN(4)), Dates: r.IntN(2) == 0}
	for i := range r.IntN(40) {
		d.X = append(d.X, strings.Repeat([]string{"订单", "</text>", "a&b", "2026-03-01"}[r.IntN(4)], 1+r.IntN(12))+strconv.Itoa(i))
	}
	for i := range r.IntN(10) {
		s := chart.Series{Name: "<系列>" + strconv.Itoa(i)}
		for range d.X {
			p := chart.Point{OK: r.IntN(5) > 0, Interval: r.IntN(2) == 0}
			if p.Value = r.Float64(); d.Unit != chart.Percent {
				p.Value = math.Exp(20*r.Float64()-8) * float64(r.IntN(3))
			}
			p.Low, p.High = p.Value*0.8, min(p.Value*1.3, map[bool]float64{true: 1, false: math.Inf(1)}[d.Unit == chart.Percent])
			s.Points = append(s.Points, p)
		}
		d.Series = append(d.Series, s)
	}
	return d
}

var numbers = regexp.MustCompile(`\b(x|y|x1|x2|y1|y2|cx|cy|width|height|r)="([^"]*)"`)

// TestWellFormed: whatever is drawn is XML, with a title, without a number that is none, and inside the picture.
func TestWellFormed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		d := random(r)
		for name, draw := range draws {
			svg := draw(d)
			dec := xml.NewDecoder(strings.NewReader(svg))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, svg)
				}
			}
			if !strings.Contains(svg, "<title id=\"c1-t\">&lt;b&gt;") || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Fatalf("%s: no title, or a number that is none\n%s", name, svg)
			}
			for _, m := range numbers.FindAllStringSubmatch(svg, -1) {
				v, err := strconv.ParseFloat(m[2], 64)
				if err != nil || v < -0.01 || strings.HasPrefix(m[1], "x") && v > 720.01 {
					t.Fatalf("%s: %s is outside the picture\n%s", name, m[0], svg)
				}
			}
		}
	}
}

// TestPercentAxis: an axis of shares ends at 100 %.
func TestPercentAxis(t *testing.T) {
	d := chart.Data{ID: "c", X: []string{"a", "b"}, Unit: chart.Percent, Series: []chart.Series{{Name: "s", Points: []chart.Point{{Value: 1, OK: true}, {Value: 0.97, Low: 0.9, High: 1, OK: true, Interval: true}}}}}
	for name, draw := range map[string]func(chart.Data) string{"line": chart.Line, "bar": chart.Bar} {
		svg := draw(d)
		if !strings.Contains(svg, ">100 %<") || strings.Contains(svg, ">120 %<") {
			t.Errorf("%s: %s", name, svg)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		u    chart.Unit
		v    float64
		want string
	}{{chart.Plain, 1234567, "1.23 M"}, {chart.Plain, 0, "0"}, {chart.Percent, 0.1234, "12.3 %"}, {chart.Seconds, 90, "90 s"}, {chart.Seconds, 5400, "90 min"}, {chart.Seconds, 7200, "2 h"}, {chart.Seconds, 864000, "10 d"}, {chart.Millis, 12.345, "12.3 ms"}} {
		if got := c.u.Write(c.v); got != c.want {
			t.Errorf("%v = %q, want %q", c.v, got, c.want)
		}
	}
}
