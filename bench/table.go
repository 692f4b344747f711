package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// table is a heading and rows of cells; the first column is text, the others are figures.
type table struct {
	title string
	rows  [][]string // the first is the header
}

// tables lays the report out.
func (r *Report) tables() []table {
	servers := table{title: "Servers", rows: [][]string{{"server", "ready, s", "RSS warm, MB", "RSS at the end, MB"}}}
	for _, s := range r.Servers {
		row := []string{s.Name, s.Ready.String(), s.Warm.median(), s.End.median()}
		if s.Failed != "" {
			row = []string{s.Name, reason(s.Failed), "", ""}
		}
		servers.rows = append(servers.rows, row)
	}
	return []table{r.targets(), results("One text at a time", r.Single), results("Under load", r.Loaded), servers, r.about()}
}

// targets lists what was wanted.
func (r *Report) targets() table {
	targets := table{title: "Targets", rows: [][]string{{"what", "wanted", "measured", "verdict"}}}
	for _, t := range r.Targets {
		measured := t.Value.String()
		if t.Value.N > 0 {
			measured += unit(t.Unit)
		}
		targets.rows = append(targets.rows, []string{t.Name, t.wanted(), measured, t.Verdict})
	}
	return targets
}

// about tells where and how the figures were taken.
func (r *Report) about() table {
	about := table{title: "Where and how", rows: [][]string{{"", ""},
		{"date", r.Date.UTC().Format("2006-01-02 15:04 UTC")},
		{"command", r.Command},
		{"processor", fmt.Sprintf("%s, %d cores", r.Machine.CPU, r.Machine.Cores)},
		{"memory", fmt.Sprintf("%.1f GiB", r.Machine.Memory)},
		{"system", r.Machine.OS},
		{"load average before", r.Machine.Load},
		{"bundle", r.Bundle},
		{"texts", r.Corpus},
		{"rounds", fmt.Sprintf("%d alternating, about %g s each", r.Rounds, r.Seconds)},
	}}
	for _, v := range r.Versions {
		about.rows = append(about.rows, []string{v.Name, v.Version})
	}
	return about
}

// results compares subjects; the first is the yardstick.
func results(title string, rs []*Result) table {
	t := table{title: title, rows: [][]string{{"who", "texts/s", "of the first", "p50, ms", "p99, ms", "CPU, ms/text", "texts/run"}}}
	for i, r := range rs {
		if r.Failed != "" {
			t.rows = append(t.rows, []string{r.Name, reason(r.Failed), "", "", "", "", ""})
			continue
		}
		name, share := r.Name, "1"
		if r.Errors > 0 {
			name += fmt.Sprintf(" (%d of %d failed)", r.Errors, r.Samples)
		}
		if i > 0 {
			share = Ratio(r, rs[0], Speed).String()
		}
		t.rows = append(t.rows, []string{name, r.PerSecond.String(), share, r.P50.median(), r.P99.median(), r.CPU.median(), r.Rows.median()})
	}
	return t
}

// reason puts a failure on one line: what failed, and the last line of what the program said.
func reason(failed string) string {
	first, rest, more := strings.Cut(strings.TrimSpace(failed), "\n")
	if !more {
		return first
	}
	return first + " … " + rest[strings.LastIndex(rest, "\n")+1:]
}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error { return r.text(w, r.tables()) }

func (r *Report) text(w io.Writer, tables []table) error {
	var b bytes.Buffer
	if r.Quick {
		b.WriteString("QUICK RUN: too short to be quoted.\n\n")
	}
	for _, t := range tables {
		fmt.Fprintln(&b, t.title)
		widths := make([]int, len(t.rows[0]))
		for _, row := range t.rows {
			for i, cell := range row {
				if whole := i == 1 && len(row) > 2 && row[2] == "" && t.rows[0][2] != ""; whole {
					continue // a reason why there are no figures; it may run over the columns beside it
				}
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
		for _, row := range t.rows {
			if strings.Join(row, "") == "" {
				continue
			}
			line := " "
			for i, cell := range row {
				line += " " + cell + strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))+1)
			}
			fmt.Fprintln(&b, strings.TrimRight(line, " "))
		}
		fmt.Fprintln(&b)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(&b, "Note:", note)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Markdown renders the report for docs/benchmarks.md.
func (r *Report) Markdown() string { return r.markdown(r.tables()) }

func (r *Report) markdown(tables []table) string {
	var b strings.Builder
	if r.Quick {
		b.WriteString("**A quick run: too short to be quoted.**\n\n")
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "### %s\n\n", t.title)
		for i, row := range t.rows {
			for _, cell := range row {
				b.WriteString("| " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell) + " ")
			}
			b.WriteString("|\n")
			if i == 0 {
				b.WriteString("|---" + strings.Repeat("|---", len(row)-1) + "|\n")
			}
		}
		b.WriteString("\n")
	}
	for _, note := range r.Notes {
		b.WriteString("- " + note + "\n")
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// The marks between which Replace writes.
const (
	Begin = "<!-- yingda bench: begin -->"
	End   = "<!-- yingda bench: end -->"
)

// Replace writes the report between the marks of a file and leaves the rest alone. A file that does not exist is made.
func (r *Report) Replace(path string) error { return replace(path, Begin, End, r.Markdown()) }

// ReplaceSection writes text between two marks of a Markdown file, each of which stands there once.
func ReplaceSection(path, begin, end, text string) error { return replace(path, begin, end, text) }

func replace(path, begin, end, text string) error {
	old, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		old, err = []byte("# Benchmarks\n\n"+begin+"\n"+end+"\n"), nil
	}
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("write %s: it has no lines %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n\n"+text+"\n"+end+after), 0o644)
}
