package eval

import (
	"bytes"
	"fmt"
	"strings"
)

// minMarked is from how many messages on a slice's figure is marked: the bootstrap says nothing about a handful.
const minMarked = 20

// textChanges is how many messages that went wrong the text quotes; JSON and HTML have all.
const textChanges = 10

func (c *Comparison) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "\nAgainst %s on the same messages. p: exact McNemar test for shares of messages, else paired bootstrap of %d.\n", orDash(c.Bundle), c.Resamples)
	t := table{left: 1, rows: [][]string{{"", "this", "other", "difference", "95 % interval", "p", "won", "lost", "n"}}}
	for i := range c.Figures {
		d := &c.Figures[i]
		title := d.Title
		if d.Better == lower {
			title += " (lower is better)"
		}
		t.rows = append(t.rows, []string{title, d.show(d.Value), d.show(d.Against), d.delta(d.Difference), d.interval(), ShowP(d.P), d.count(d.Won), d.count(d.Lost), fmt.Sprint(d.N)})
	}
	t.write(b)
	c.textSlices(b)
	c.textChanged(b)
}

func (c *Comparison) textSlices(b *bytes.Buffer) {
	by := ""
	var t table
	for i := range c.Slices {
		s := &c.Slices[i]
		if s.By != by {
			t.write(b)
			by = s.By
			t = table{left: 1, rows: [][]string{{"difference by " + by, "n"}}}
			for _, col := range sliceColumns {
				t.rows[0] = append(t.rows[0], col.title)
			}
		}
		t.rows = append(t.rows, append([]string{s.Name, fmt.Sprint(s.N)}, s.cells()...))
	}
	t.write(b)
	if len(c.Slices) > 0 {
		fmt.Fprintf(b, "* p below 0.05 for this slice alone, of %d messages or more; by chance one slice in twenty is marked\n", minMarked)
	}
}

// cells are the differences of the figures that breakdowns show.
func (s *SliceDifference) cells() []string {
	var out []string
	for _, col := range sliceColumns {
		cell := "-"
		if d := s.Figure(col.name); d != nil && d.Difference.Valid() {
			if cell = d.delta(d.Difference); d.P < 0.05 && d.N >= minMarked {
				cell += "*"
			}
		}
		out = append(out, cell)
	}
	return out
}

func (c *Comparison) textChanged(b *bytes.Buffer) {
	won, lost := c.changes()
	fmt.Fprintf(b, "\nIntents of the message: %d are right here and wrong there, %d the other way round\n", len(won), len(lost))
	t := table{left: 4, rows: [][]string{{"in the data", "this", "other", "message"}}}
	for _, ch := range lost[:min(textChanges, len(lost))] {
		t.rows = append(t.rows, []string{joined(ch.Intents), joined(ch.Here), joined(ch.There), clip(ch.Text, textWidth)})
	}
	t.write(b)
	if n := len(lost) - textChanges; n > 0 {
		fmt.Fprintf(b, "and %d more\n", n)
	}
}

// changes tells those that went right from those that went wrong.
func (c *Comparison) changes() (won, lost []Change) {
	for _, ch := range c.Changed {
		if ch.Won {
			won = append(won, ch)
		} else {
			lost = append(lost, ch)
		}
	}
	return won, lost
}

// joined names a set of intents.
func joined(intents []string) string {
	if len(intents) == 0 {
		return none
	}
	return strings.Join(intents, " + ")
}

// Show writes a headline figure for people: shares as percentages, areas and errors as plain numbers.
func Show(name string, v Float) string { return (&Metric{Name: name}).show(v) }

// ShowDifference writes a difference of a headline figure with its sign: percentage points without a unit, or a plain number.
func ShowDifference(name string, v Float) string {
	switch {
	case !v.Valid():
		return "-"
	case (&Metric{Name: name}).plain():
		return fmt.Sprintf("%+.3f", float64(v))
	}
	return fmt.Sprintf("%+.1f", 100*float64(v))
}

// ShowP writes a p.
func ShowP(p Float) string {
	switch {
	case !p.Valid():
		return "-"
	case p < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", float64(p))
}

func (d *Difference) show(v Float) string  { return Show(d.Name, v) }
func (d *Difference) delta(v Float) string { return ShowDifference(d.Name, v) }

func (d *Difference) interval() string {
	if !d.Low.Valid() {
		return "-"
	}
	return d.delta(d.Low) + " to " + d.delta(d.High)
}

func (d *Difference) count(n int) string {
	if d.Test != TestMcNemar {
		return "-"
	}
	return fmt.Sprint(n)
}
