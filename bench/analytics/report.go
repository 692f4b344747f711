package analytics

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/bench"
)

// The marks of the benchmark's section in docs/benchmarks.md.
const (
	Begin = "<!-- yingda bench-analytics: begin -->"
	End   = "<!-- yingda bench-analytics: end -->"
)

// Ours is the name of the warehouse's own engine in reports.
const Ours = "duckdb"

// Report is what a run measured.
type Report struct {
	Date    time.Time     `json:"date"`
	Command string        `json:"command"`
	Machine bench.Machine `json:"machine"`
	Threads int           `json:"threads"`
	Rounds  int           `json:"rounds"`
	Turns   int64         `json:"turns"`
	Files   int           `json:"files"`
	Bytes   int64         `json:"bytes"`
	Write   time.Duration `json:"write_ns"` // making the rows and writing the files

	Engines []*Timed `json:"engines"` // the first is Ours

	Rebuild   time.Duration `json:"rebuild_ns"` // an empty warehouse from the lake, sessions and roll-ups included; 0 = not measured
	Dashboard []Panel       `json:"dashboard"`
}

// Timed is how long an engine took.
type Timed struct {
	Name    string               `json:"name"`
	Version string               `json:"version"`
	Ready   time.Duration        `json:"ready_ns"`
	Seconds map[string][]float64 `json:"seconds"` // by question, a value a round
	Failed  map[string]string    `json:"failed"`  // why a question has no times, or another answer than ours
}

// Panel is a report of the service, asked of a full warehouse.
type Panel struct {
	Name    string    `json:"name"`
	RollUps bool      `json:"rollups"` // it reads sums by hour and day only
	Seconds []float64 `json:"seconds"`
}

// Median is the middle of values, NaN of none.
func Median(values []float64) float64 { return quantile(values, 0.5) }

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return bench.Quantile(slices.Sorted(slices.Values(values)), q)
}

// rows lays the comparison out: a line a question, a column an engine, the last line sums medians up.
func (r *Report) rows() [][]string {
	header := []string{"question"}
	for _, e := range r.Engines {
		header = append(header, e.Name+", s")
	}
	rows := [][]string{header}
	ours := r.Engines[0]
	cell := func(seconds, base float64, first bool) string {
		switch {
		case math.IsNaN(seconds):
			return "–"
		case first:
			return fmt.Sprintf("%.3f", seconds)
		}
		return fmt.Sprintf("%.3f (× %s)", seconds, times(seconds/base))
	}
	totals := make([]float64, len(r.Engines))
	for _, q := range Questions {
		row := []string{q.Name + ": " + q.About}
		for i, e := range r.Engines {
			m := Median(e.Seconds[q.Name])
			totals[i] += m
			if why := e.Failed[q.Name]; why != "" {
				row = append(row, why)
				continue
			}
			row = append(row, cell(m, Median(ours.Seconds[q.Name]), i == 0))
		}
		rows = append(rows, row)
	}
	last := []string{"all"}
	for i, t := range totals {
		last = append(last, cell(t, totals[0], i == 0))
	}
	return append(rows, last)
}

// panels lays the service's reports out.
func (r *Report) panels() [][]string {
	rows := [][]string{{"report", "reads", "median, ms", "p95, ms"}}
	var rollups, all []float64
	for _, p := range r.Dashboard {
		reads := "messages or sessions"
		if p.RollUps {
			reads = "roll-ups"
			rollups = append(rollups, p.Seconds...)
		}
		all = append(all, p.Seconds...)
		rows = append(rows, []string{p.Name, reads, ms(Median(p.Seconds)), ms(quantile(p.Seconds, 0.95))})
	}
	if len(rollups) > 0 {
		rows = append(rows, []string{"all that read roll-ups", "", ms(Median(rollups)), ms(quantile(rollups, 0.95))})
	}
	if len(all) > 0 {
		rows = append(rows, []string{"slowest", "", "", ms(slices.Max(all))})
	}
	return rows
}

// times writes a ratio with two digits.
func times(ratio float64) string {
	if ratio >= 10 {
		return fmt.Sprintf("%.0f", ratio)
	}
	return fmt.Sprintf("%.2g", ratio)
}

func ms(seconds float64) string { return fmt.Sprintf("%.0f", seconds*1000) }

// about tells where and how the figures were taken.
func (r *Report) about() [][]string {
	rows := [][]string{{"", ""},
		{"date", r.Date.UTC().Format("2006-01-02 15:04 UTC")}, {"command", r.Command}, {"processor", fmt.Sprintf("%s, %d cores; each engine has %d threads", r.Machine.CPU, r.Machine.Cores, r.Threads)},
		{"memory", fmt.Sprintf("%.1f GiB", r.Machine.Memory)}, {"load average before", r.Machine.Load},
		{"data", fmt.Sprintf("%d turns, %d Parquet files, %.0f MB (%.1f bytes a turn), made and written in %.1f s", r.Turns, r.Files, float64(r.Bytes)/1e6, float64(r.Bytes)/float64(max(r.Turns, 1)), r.Write.Seconds())},
		{"rounds", fmt.Sprintf("%d, engines in turn, after one that does not count; medians", r.Rounds)}}
	if r.Rebuild > 0 {
		rows = append(rows, []string{"warehouse made again from the lake", fmt.Sprintf("%.1f s, sessions and roll-ups included", r.Rebuild.Seconds())})
	}
	for _, e := range r.Engines {
		rows = append(rows, []string{e.Name, fmt.Sprintf("%s, ready after %.1f s", e.Version, e.Ready.Seconds())})
	}
	return rows
}

func (r *Report) tables() [][][]string {
	tables := [][][]string{r.rows(), r.about()}
	if len(r.Dashboard) > 0 {
		tables = slices.Insert(tables, 1, r.panels())
	}
	return tables
}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	for _, t := range r.tables() {
		tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range t {
			fmt.Fprintln(tab, strings.Join(row, "\t"))
		}
		fmt.Fprintln(tab)
		if err := tab.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Markdown renders the report for docs/benchmarks.md.
func (r *Report) Markdown() string {
	var b strings.Builder
	for _, t := range r.tables() {
		for i, row := range t {
			b.WriteString("| " + strings.Join(row, " | ") + " |\n")
			if i == 0 {
				b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Replace writes the report into its section of a file.
func (r *Report) Replace(path string) error {
	return bench.ReplaceSection(path, Begin, End, r.Markdown())
}
