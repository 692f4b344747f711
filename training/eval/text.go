package eval

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// How much of the long lists the text shows; JSON and HTML have all.
const (
	textLabels     = 20
	textConfusions = 20
	textWidth      = 60 // columns of a quoted message
)

// Text writes the report for a terminal. Columns stay aligned with Chinese text in them.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s on %s: %d messages\n", orDash(r.Bundle), orDash(r.Data), r.Cases)
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	r.textHeadline(&b)
	if r.Against != nil {
		r.Against.text(&b)
	}
	r.textIntents(&b)
	r.textEmotion(&b)
	r.textEntities(&b)
	r.textConfusions(&b)
	r.textBreakdown(&b)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r *Report) textHeadline(b *bytes.Buffer) {
	t := table{left: 1, rows: [][]string{{"", "value", "95 % interval", "n"}}}
	for _, m := range r.Headline {
		title := m.Title
		if m.Better == lower {
			title += " (lower is better)"
		}
		interval := "-"
		if m.Low.Valid() {
			interval = m.show(m.Low) + " to " + m.show(m.High)
		}
		t.rows = append(t.rows, []string{title, m.show(m.Value), interval, fmt.Sprint(m.N)})
	}
	t.write(b)
}

// show prints shares as percentages and scores as numbers.
func (m *Metric) show(v Float) string {
	if m.plain() {
		return decimal(v)
	}
	return percent(v)
}

// plain tells areas and errors, which are shown as numbers, from shares.
func (m *Metric) plain() bool {
	return slices.ContainsFunc([]string{"brier", "ece", "auroc", "aupr"}, func(end string) bool { return strings.HasSuffix(m.Name, end) })
}

func (r *Report) textIntents(b *bytes.Buffer) {
	if r.Intents == nil {
		return
	}
	in := r.Intents
	fmt.Fprintf(b, "\nOne wish: %d messages; the best intent answered is right in %s, a superfluous one is answered in %s\n", in.Single, percent(in.BestAccuracy), percent(in.SuperfluousRate))
	if in.Multi > 0 {
		fmt.Fprintf(b, "Several wishes: %d messages; precision %s, recall %s of their intents\n", in.Multi, percent(in.Multiple.Precision), percent(in.Multiple.Recall))
	}
	if o := r.OutOfScope; o != nil && o.Out > 0 {
		fmt.Fprintf(b, "Out of scope: %d messages; of those not understood %s are out of scope\n", o.Out, percent(o.Precision))
		for _, k := range o.Kinds {
			fmt.Fprintf(b, "  %s: %d messages; AUROC %s, FPR at 95 %% TPR %s, recall %s\n", k.Name, k.N, decimal(k.AUROC), percent(k.FPR95), percent(k.Recall))
		}
	}
	fmt.Fprintf(b, "All messages: macro-F1 %s over %d intents\n", percent(in.MacroF1All), len(in.Labels))
	worst := slices.Clone(in.Labels)
	slices.SortStableFunc(worst, func(x, y Label) int {
		return cmp.Or(cmp.Compare(orZero(x.F1), orZero(y.F1)), cmp.Compare(y.Support, x.Support))
	})
	t := labelTable("weakest intents", worst[:min(textLabels, len(worst))])
	t.write(b)
	writeBins(b, "best answer", in.Calibration)
}

func (r *Report) textEmotion(b *bytes.Buffer) {
	if r.Emotion == nil {
		return
	}
	t := labelTable("emotion", r.Emotion.Labels)
	t.write(b)
	writeBins(b, "emotion", r.Emotion.Calibration)
}

func (r *Report) textEntities(b *bytes.Buffer) {
	if r.Entities == nil {
		return
	}
	e := r.Entities
	t := labelTable("entities, exact span", groupLabels(e.Groups))
	t.rows = append(t.rows, labelRow("all", e.Overall), labelRow("all, overlap is enough", e.Partial))
	for _, ty := range e.Types {
		t.rows = append(t.rows, labelRow("  "+ty.Name, ty.PRF))
	}
	for _, l := range e.Excluded {
		t.rows = append(t.rows, labelRow("  not counted: "+l.Name, l.PRF))
	}
	t.write(b)
	if e.Value.N > 0 {
		fmt.Fprintf(b, "Values of right spans: %s of %d\n", percent(e.Value.Value), e.Value.N)
	}
	if e.Role.N > 0 {
		fmt.Fprintf(b, "Roles of right spans: %s of %d\n", percent(e.Role.Value), e.Role.N)
	}
}

func (r *Report) textConfusions(b *bytes.Buffer) {
	if len(r.Confusions) == 0 {
		return
	}
	t := table{left: 4, rows: [][]string{{"times", "in the data", "answered", "for example"}}}
	for _, c := range r.Confusions[:min(textConfusions, len(r.Confusions))] {
		t.rows = append(t.rows, []string{fmt.Sprint(c.Count), c.Gold, c.Predicted, clip(c.Examples[0], textWidth)})
	}
	t.write(b)
	if n := len(r.Confusions) - textConfusions; n > 0 {
		fmt.Fprintf(b, "and %d more\n", n)
	}
}

// sliceColumns are the figures shown in a breakdown.
var sliceColumns = []struct{ title, name string }{
	{"intent", "intent_accuracy"}, {"arg-max", "intent_accuracy_argmax"}, {"several", "multi_exact"}, {"oos recall", "oos_recall"},
	{"emotion", "emotion_accuracy"}, {"entity F1", "entity_f1"},
}

func (r *Report) textBreakdown(b *bytes.Buffer) {
	by := ""
	var t table
	for _, s := range r.Breakdown {
		if s.By != by {
			t.write(b)
			by = s.By
			t = table{left: 1, rows: [][]string{{"by " + by, "n"}}}
			for _, c := range sliceColumns {
				t.rows[0] = append(t.rows[0], c.title)
			}
		}
		row := []string{s.Name, fmt.Sprint(s.N)}
		for _, c := range sliceColumns {
			cell := "-"
			if f, ok := s.Figures[c.name]; ok {
				cell = percent(f.Value)
			}
			row = append(row, cell)
		}
		t.rows = append(t.rows, row)
	}
	t.write(b)
}

func labelTable(title string, labels []Label) table {
	t := table{left: 1, rows: [][]string{{title, "precision", "recall", "F1", "in data", "answered", "right"}}}
	for _, l := range labels {
		t.rows = append(t.rows, labelRow(l.Name, l.PRF))
	}
	return t
}

func labelRow(name string, p PRF) []string {
	return []string{name, percent(p.Precision), percent(p.Recall), percent(p.F1), fmt.Sprint(p.Support), fmt.Sprint(p.Predicted), fmt.Sprint(p.Right)}
}

func writeBins(b *bytes.Buffer, what string, c Calibration) {
	if c.N == 0 {
		return
	}
	t := table{left: 1, rows: [][]string{{"score of " + what, "n", "mean score", "right"}}}
	for _, bin := range c.Bins {
		t.rows = append(t.rows, []string{decimal(bin.Low) + " to " + decimal(bin.High), fmt.Sprint(bin.N), percent(bin.Score), percent(bin.Accuracy)})
	}
	t.write(b)
	fmt.Fprintf(b, "Calibration error %s, Brier score %s\n", decimal(c.ECE), decimal(c.Brier))
}

// table is written with aligned columns; the first ones stand to the left, numbers to the right.
type table struct {
	left int // how many stand to the left
	rows [][]string
}

// write puts an empty line before the table; a table with nothing but its head is left out.
func (t *table) write(b *bytes.Buffer) {
	if len(t.rows) < 2 {
		return
	}
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], columnsOf(c))
		}
	}
	b.WriteByte('\n')
	for _, row := range t.rows {
		var l strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-columnsOf(c))
			if i > 0 {
				l.WriteString("  ")
			}
			if i < t.left {
				l.WriteString(c + pad)
			} else {
				l.WriteString(pad + c)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
}

// columnsOf is how many columns of a terminal a text takes: East Asian wide characters two, marks and joiners none.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc) {
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// clip shortens a text to so many columns and puts it on one line.
func clip(s string, columns int) string {
	s = strings.Join(strings.Fields(s), " ")
	if columnsOf(s) <= columns {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeColumns(r); n > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}

func percent(v Float) string {
	if !v.Valid() {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(v))
}

func decimal(v Float) string {
	if !v.Valid() {
		return "-"
	}
	return fmt.Sprintf("%.3f", float64(v))
}

func orZero(v Float) float64 {
	if !v.Valid() {
		return 0
	}
	return float64(v)
}

func orDash(s string) string {
	if s == "" {
		return "(unnamed)"
	}
	return s
}

// groupLabels names the groups of entity types as rows of a table.
func groupLabels(groups []Label) []Label {
	out := slices.Clone(groups)
	for i := range out {
		out[i].Name += " types"
	}
	return out
}
