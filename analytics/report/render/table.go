package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"yingda/analytics"
	"yingda/nlu"
)

// widest is how wide a label may be in a table, in columns of a terminal.
const widest = 44

// writeTable writes a report for a terminal. Chinese letters take two columns.
func writeTable(w io.Writer, r *analytics.Report, lang nlu.Lang) error {
	t := &grid{right: make([]bool, len(r.Columns))}
	head := make([]string, len(r.Columns))
	for i := range r.Columns {
		head[i] = r.Columns[i].Title.In(lang)
		t.right[i] = r.Columns[i].Kind != analytics.Label && r.Columns[i].Kind != analytics.Findings && r.Columns[i].Kind != analytics.Day
	}
	t.add(head)
	for _, row := range r.Rows {
		t.add(line(r, row, lang, false))
	}
	for _, row := range r.Totals {
		t.add(line(r, row, lang, true))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", r.Title.In(lang), period(r))
	t.write(&b, len(r.Totals))
	if len(r.Rows) == 0 {
		b.WriteString(analytics.Text{ZH: "没有数据。\n", EN: "There are no data.\n"}.In(lang))
	}
	b.WriteByte('\n')
	for i := range r.Columns {
		fmt.Fprintf(&b, "%s: %s\n", r.Columns[i].Title.In(lang), r.Columns[i].Definition.In(lang))
	}
	for _, n := range r.Notes {
		b.WriteString(n.In(lang) + "\n")
	}
	b.WriteString(through(r, lang) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// through says up to when events are counted.
func through(r *analytics.Report, lang nlu.Lang) string {
	if r.Through.IsZero() {
		return analytics.Text{ZH: "尚无事件。", EN: "There are no events yet."}.In(lang)
	}
	at := r.Through.In(zone(r)).Format("2006-01-02 15:04:05 MST")
	return analytics.Text{ZH: "统计截至 " + at + "；比率后为 分子/分母 与 95% 区间（Wilson）。", EN: "Events up to " + at + ". Rates with numerator/denominator and 95 % interval (Wilson)."}.In(lang)
}

func line(r *analytics.Report, row []any, lang nlu.Lang, total bool) []string {
	cells := make([]string, len(row))
	for i, v := range row {
		s := show(&r.Columns[i], v, lang, total)
		cells[i] = s.value
		if s.detail != "" {
			cells[i] += "  " + s.detail
		}
		if r.Columns[i].Kind == analytics.Label {
			cells[i] = fit(cells[i], widest)
		}
	}
	return cells
}

// fit shortens a text to a width in columns.
func fit(s string, most int) string {
	if uniseg.StringWidth(s) <= most {
		return s
	}
	var b strings.Builder
	used := 1
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used += g.Width(); used > most {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// grid is rows of texts; the first is the head.
type grid struct {
	rows  [][]string
	right []bool
	wide  []int
}

func (t *grid) add(row []string) {
	if t.wide == nil {
		t.wide = make([]int, len(row))
	}
	for i, s := range row {
		t.wide[i] = max(t.wide[i], uniseg.StringWidth(s))
	}
	t.rows = append(t.rows, row)
}

// write writes the rows aligned, with rules under the head and above the last totals rows.
func (t *grid) write(b *strings.Builder, totals int) {
	rule := make([]string, len(t.wide))
	for i, w := range t.wide {
		rule[i] = strings.Repeat("─", w)
	}
	for i, row := range t.rows {
		if totals > 0 && i == len(t.rows)-totals && i > 1 {
			b.WriteString(strings.Join(rule, "  ") + "\n")
		}
		for j, s := range row {
			pad := strings.Repeat(" ", t.wide[j]-uniseg.StringWidth(s))
			switch {
			case t.right[j]:
				b.WriteString(pad + s)
			case j < len(row)-1:
				b.WriteString(s + pad)
			default:
				b.WriteString(s)
			}
			if j < len(row)-1 {
				b.WriteString("  ")
			}
		}
		b.WriteByte('\n')
		if i == 0 {
			b.WriteString(strings.Join(rule, "  ") + "\n")
		}
	}
}

// Aligned writes rows of texts for a terminal, their columns two spaces apart; Chinese letters take two columns.
func Aligned(w io.Writer, rows [][]string) error {
	var wide []int
	for _, row := range rows {
		for i, s := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], uniseg.StringWidth(s))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, s := range row {
			b.WriteString(s)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", wide[i]-uniseg.StringWidth(s)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// stamp writes a moment for programs.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
