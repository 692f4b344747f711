package eval

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed report.html
var pageSource string

// page is parsed when first used: most runs of the program never write one.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"percent": percent,
		"decimal": decimal,
		"join":    strings.Join,
		"name":    joined,
	}).Parse(pageSource))
})

// HTML writes the report as one page that needs nothing else: no script, no font, no picture from elsewhere.
func (r *Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := page().Execute(&b, r.view()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// view is what the page shows beside the report itself.
type view struct {
	*Report
	Cards   []card
	Plots   []plot // calibration and out of scope
	Heat    template.HTML
	Moods   template.HTML
	Tags    template.HTML
	Slices  []sliceTable
	Columns []string
	Labels  []Label // weakest first
	Other   *comparisonView
}

// card is a headline figure.
type card struct {
	Metric
	Shown, Low, High  string
	Left, Span, Point float64 // the interval and the value on a line of 0–100
	Line              bool    // whether there is such a line: the figure is a share
}

type plot struct {
	Title, Caption string
	SVG            template.HTML
}

type sliceTable struct {
	By   string
	Rows []sliceRow
}

type sliceRow struct {
	Name  string
	N     int
	Cells []string
}

func (r *Report) view() *view {
	v := &view{Report: r, Slices: r.sliceTables(), Tags: r.tagBars(), Other: r.Against.view()}
	for _, m := range r.Headline {
		c := card{Metric: m, Shown: m.show(m.Value), Low: m.show(m.Low), High: m.show(m.High), Line: !strings.HasSuffix(m.Name, "brier")}
		c.Point = 100 * orZero(m.Value)
		if m.Low.Valid() {
			c.Left, c.Span = 100*orZero(m.Low), 100*(orZero(m.High)-orZero(m.Low))
		}
		v.Cards = append(v.Cards, c)
	}
	for _, c := range sliceColumns {
		v.Columns = append(v.Columns, c.title)
	}
	if in := r.Intents; in != nil {
		v.Plots = append(v.Plots, plot{"Reliability of the best answer", "On the diagonal a score is the probability of being right. Above it the bundle is too modest, below it too sure.", reliabilitySVG(in.Calibration, "the best answer")})
		v.Labels = slices.Clone(in.Labels)
		slices.SortStableFunc(v.Labels, func(a, b Label) int {
			return cmp.Or(cmp.Compare(orZero(a.F1), orZero(b.F1)), cmp.Compare(b.Support, a.Support))
		})
		v.Heat = r.confusionHeat()
	}
	if o := r.OutOfScope; o != nil && o.Out > 0 && o.In > 0 {
		v.Plots = append(v.Plots,
			plot{"Out-of-scope scores", "Share of the messages of each kind by score: the less they overlap, the better one threshold does.", histogramSVG(o.InHist, o.OutHist)},
			plot{"ROC curve, out of scope", "What share of out-of-scope messages is found, for each share of false alarms.", rocSVG(o.ROC)})
	}
	if e := r.Emotion; e != nil {
		v.Plots = append(v.Plots, plot{"Reliability of the emotion", "", reliabilitySVG(e.Calibration, "the emotion")})
		v.Moods = heatSVG(e.Names, e.Matrix, "Emotions in the data and as answered")
	}
	return v
}

// heatLabels is how many of the most confused intents the heat map shows.
const heatLabels = 14

// confusionHeat shows the intents with the most mistakes among themselves, "none" included.
func (r *Report) confusionHeat() template.HTML {
	weight := map[string]int{}
	for _, c := range r.Confusions {
		if !strings.Contains(c.Predicted, "+") {
			weight[c.Gold] += c.Count
			weight[c.Predicted] += c.Count
		}
	}
	names := make([]string, 0, len(weight))
	for n := range weight {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b)) })
	names = names[:min(heatLabels, len(names))]
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	matrix := make([][]int, len(names))
	for i, n := range names {
		matrix[i] = make([]int, len(names))
		for _, l := range r.Intents.Labels {
			if l.Name == n {
				matrix[i][i] = l.Right
			}
		}
		if n == none {
			if m := r.Metric("oos_recall"); m != nil {
				matrix[i][i] = int(float64(m.Value)*float64(m.N) + 0.5)
			}
		}
	}
	for _, c := range r.Confusions {
		i, j := slices.Index(names, c.Gold), slices.Index(names, c.Predicted)
		if i >= 0 && j >= 0 {
			matrix[i][j] = c.Count
		}
	}
	return heatSVG(names, matrix, "The most confused intents")
}

// tagBars shows the intent accuracy of each tag, lowest first.
func (r *Report) tagBars() template.HTML {
	var bars []bar
	for _, s := range r.Breakdown {
		if f, ok := s.Figures["intent_accuracy"]; ok && s.By == "tag" {
			bars = append(bars, bar{s.Name, float64(f.Value), f.N})
		}
	}
	if len(bars) == 0 {
		return ""
	}
	slices.SortStableFunc(bars, func(a, b bar) int { return cmp.Compare(a.value, b.value) })
	return barsSVG(bars, "Intent accuracy by tag")
}

func (r *Report) sliceTables() []sliceTable {
	var out []sliceTable
	for _, s := range r.Breakdown {
		if len(out) == 0 || out[len(out)-1].By != s.By {
			out = append(out, sliceTable{By: s.By})
		}
		row := sliceRow{Name: s.Name, N: s.N}
		for _, c := range sliceColumns {
			cell := "–"
			if f, ok := s.Figures[c.name]; ok {
				cell = percent(f.Value)
			}
			row.Cells = append(row.Cells, cell)
		}
		t := &out[len(out)-1]
		t.Rows = append(t.Rows, row)
	}
	return out
}
