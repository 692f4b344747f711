package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"yingda/analytics"
	"yingda/analytics/report/chart"
	"yingda/nlu"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("").Parse(pageHTML))

// style is the style sheet of all pages.
var style = chart.Style + pageCSS

// Policy is the Content-Security-Policy for pages: their own style sheet, and nothing else.
var Policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

type page struct {
	ZH                     bool
	Title, Period, Through string
	Chips                  []string
	Links                  []Link
	Style                  template.CSS
	Reports                []section
}

type section struct {
	ID, Title, URL string
	Cards          []card
	Charts         []figure
	Empty, Open    bool
	Count          string
	Head           []headCell
	Rows, Totals   [][]bodyCell
	Notes, Queries []string
}

type headCell struct {
	Title, Definition, Class, Anchor string
	Number                           int
}

type bodyCell struct{ Value, Detail, Class string }

type card struct{ Name, Value, Detail, Definition, Change, Class string }

// Page writes reports of one period as a page of HTML: cards and pictures, with the tables and definitions under them. It loads nothing and runs
// no script.
func Page(w io.Writer, reports []*analytics.Report, o Options) error {
	if len(reports) == 0 {
		return fmt.Errorf("write a page: there are no reports")
	}
	first := reports[0]
	p := page{ZH: o.Lang == "zh", Title: first.Title.In(o.Lang), Period: period(first), Through: through(first, o.Lang), Chips: chips(first.Filter), Links: o.Links, Style: template.CSS(style)}
	if len(reports) > 1 {
		p.Title = analytics.Text{ZH: "服务报表", EN: "Service reports"}.In(o.Lang)
	}
	urls := map[string]string{}
	for _, l := range o.Links {
		urls[l.Title] = l.URL
	}
	for i, r := range reports {
		s := sectionOf(r, fmt.Sprintf("r%d", i+1), o.Lang)
		if len(reports) > 1 {
			s.URL = urls[s.Title]
		}
		s.Open = len(reports) == 1
		p.Reports = append(p.Reports, s)
	}
	return pageTemplate.ExecuteTemplate(w, "page", p)
}

// chips say what the reports are restricted to.
func chips(f analytics.Filter) []string {
	var out []string
	for _, values := range [][]string{f.Channels, f.Langs, f.Tiers, f.Intents, f.Queues, f.Bundles} {
		if len(values) > 0 {
			out = append(out, plainText(strings.Join(values, ", ")))
		}
	}
	if f.Zone != nil {
		out = append(out, f.Zone.String())
	}
	return out
}

func sectionOf(r *analytics.Report, id string, lang nlu.Lang) section {
	s := section{ID: id, Title: r.Title.In(lang), Empty: len(r.Rows) == 0, Queries: r.Queries, Count: group(int64(len(r.Rows)))}
	for i := range r.Columns {
		c := &r.Columns[i]
		s.Head = append(s.Head, headCell{c.Title.In(lang), c.Definition.In(lang), class(c), fmt.Sprintf("%s-d%d", id, i+1), i + 1})
	}
	for _, n := range r.Notes {
		s.Notes = append(s.Notes, n.In(lang))
	}
	for _, row := range r.Rows {
		s.Rows = append(s.Rows, cellsOf(r, row, lang, false))
	}
	for _, row := range r.Totals {
		s.Totals = append(s.Totals, cellsOf(r, row, lang, true))
	}
	if r.Name == "overview" && len(r.Rows) == 2 {
		s.Cards = cards(r, lang)
	}
	if !s.Empty {
		for i := range r.Charts {
			if fig, ok := draw(r, &r.Charts[i], fmt.Sprintf("%s-c%d", id, i+1), lang); ok {
				s.Charts = append(s.Charts, fig)
			}
		}
	}
	return s
}

func class(c *analytics.Column) string {
	switch c.Kind {
	case analytics.Label, analytics.Findings, analytics.Day, analytics.Moment:
		return "l"
	}
	return "n"
}

func cellsOf(r *analytics.Report, row []any, lang nlu.Lang, total bool) []bodyCell {
	out := make([]bodyCell, len(row))
	for i, v := range row {
		s := show(&r.Columns[i], v, lang, total)
		out[i] = bodyCell{s.value, s.detail, class(&r.Columns[i])}
	}
	return out
}

// better tells for which numbers of the overview more is better (1) or worse (−1). Of the others neither is said.
var better = map[string]int{
	"containment": 1, "contained_72h": 1, "handoff_rate": -1, "fallback_rate": -1, "said_solved": 1, "csat": 1, "response_rate": 1, "angry": -1, "answer_ms": -1, "person_wait": -1,
}

// cards are the numbers of the overview, each beside that of the period before.
func cards(r *analytics.Report, lang nlu.Lang) []card {
	var out []card
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Kind == analytics.Label {
			continue
		}
		now, before := r.Rows[0][i], r.Rows[1][i]
		s := show(c, now, lang, false)
		k := card{Name: c.Title.In(lang), Value: s.value, Detail: s.detail, Definition: c.Definition.In(lang)}
		k.Change, k.Class = change(c, now, before, lang)
		out = append(out, k)
	}
	return out
}

// change says how a number moved. It is coloured only where the intervals do not overlap: else it may be chance.
func change(c *analytics.Column, now, before any, lang nlu.Lang) (text, class string) {
	x, ok := value(now)
	y, ok2 := value(before)
	if !ok || !ok2 {
		return "", ""
	}
	word := analytics.Text{ZH: "上期 ", EN: "before "}.In(lang) + show(c, before, lang, false).value
	arrow := "→ "
	if x > y {
		arrow = "↑ "
	} else if x < y {
		arrow = "↓ "
	}
	low, high, known := interval(now)
	low2, high2, known2 := interval(before)
	if sign := better[c.Name]; sign != 0 && known && known2 && (low > high2 || high < low2) {
		class = "worse"
		if math.Signbit(x-y) == (sign < 0) {
			class = "better"
		}
	}
	return arrow + word, class
}
