package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"yingda/training/eval"
)

// JSON writes the decision, indented. Fields are added, never renamed or given another meaning.
func (d *Decision) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	return nil
}

// Text writes the decision for a terminal: the sentence, what speaks against, what is worth knowing, and how many checks passed.
func (d *Decision) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, d.Summary())
	for _, v := range []Verdict{Refuse, Note} {
		for _, r := range d.of(v) {
			fmt.Fprintf(&b, "  %-6s  %s\n", v, clip(r.Sentence()))
		}
	}
	if n := len(d.of(Pass)); n > 0 {
		fmt.Fprintf(&b, "  %-6s  %d checks\n", Pass, n)
	}
	return write(w, &b)
}

func write(w io.Writer, b *bytes.Buffer) error {
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	return nil
}

// clip shortens long lists for a terminal; the report has all.
func clip(s string) string {
	const most = 240
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + " …"
}

// Sentence tells a reason on one line.
func (r *Reason) Sentence() string {
	s := r.Metric
	if r.Slice != "" {
		s += ", " + r.Slice
	}
	if r.Data != "" {
		s += " (" + r.Data + ")"
	}
	s += ": "
	if r.Challenger.Valid() {
		s += r.show(r.Challenger)
		if r.Champion.Valid() {
			s += " against " + r.show(r.Champion)
		}
		s += "; "
	}
	return s + r.Why
}

// show writes a figure in its unit.
func (r *Reason) show(v eval.Float) string {
	switch {
	case !v.Valid():
		return "–"
	case r.Metric == "size":
		return fmt.Sprintf("%.1f MB", v)
	case strings.HasPrefix(r.Metric, "latency"):
		return fmt.Sprintf("%.2f ms", v)
	case r.Metric == "embedding":
		return fmt.Sprintf("%.0f", v)
	}
	if strings.HasPrefix(r.Metric, "labels_") {
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return eval.Show(r.Metric, v)
}

// difference writes it with its interval.
func (r *Reason) difference() string {
	switch {
	case !r.Difference.Valid():
		return "–"
	case r.Metric == "size" || strings.HasPrefix(r.Metric, "latency"):
		return fmt.Sprintf("× %.2f", r.Difference)
	}
	s := eval.ShowDifference(r.Metric, r.Difference)
	if r.Interval[0].Valid() {
		s += fmt.Sprintf(" (%s to %s)", eval.ShowDifference(r.Metric, r.Interval[0]), eval.ShowDifference(r.Metric, r.Interval[1]))
	}
	return s
}

// Markdown writes the decision as a page to be kept: every check with its figures, what was measured on, and the policy.
func (d *Decision) Markdown(w io.Writer) error {
	var b bytes.Buffer
	title := "Promoted"
	if !d.Promote {
		title = "Refused"
	}
	fmt.Fprintf(&b, "# %s: %s\n\n%s.\n\n", title, d.Challenger, d.Summary())
	for _, s := range []struct {
		title   string
		verdict Verdict
	}{{"Against it", Refuse}, {"Worth knowing", Note}} {
		if list := d.of(s.verdict); len(list) > 0 {
			fmt.Fprintf(&b, "## %s\n", s.title)
			for _, r := range list {
				fmt.Fprintf(&b, "- %s\n", escape(r.Sentence()))
			}
			b.WriteByte('\n')
		}
	}
	d.bundles(&b)
	d.table(&b, "Figures", func(r *Reason) bool { return r.Slice == "" })
	d.table(&b, "Slices", func(r *Reason) bool { return r.Slice != "" })
	policy, err := yaml.Marshal(d.Policy)
	if err != nil {
		return fmt.Errorf("write decision: policy: %w", err)
	}
	fmt.Fprintf(&b, "## Policy\n```yaml\n%s```\n", policy)
	return write(w, &b)
}

func (d *Decision) bundles(b *bytes.Buffer) {
	b.WriteString("## What was measured\n| bundle | role | size | median | p95 |\n|---|---|---|---|---|\n")
	for i, x := range d.Bundles {
		role := []string{"challenger", "champion"}[i]
		fmt.Fprintf(b, "| %s | %s | %.1f MB | %s | %s |\n", x.ID, role, float64(x.Bytes)/mb, ms(x.Latency.MedianMS), ms(x.Latency.P95MS))
	}
	if l := d.Bundles[0].Latency; l.Texts > 0 {
		fmt.Fprintf(b, "\nTimes are what one text costs one core: processor time, over %d texts, each the fastest of %d runs, the bundles in turn.\n", l.Texts, l.Rounds)
	}
	b.WriteString("\n| data | messages | SHA-256 |\n|---|---|---|\n")
	for _, s := range d.Data {
		fmt.Fprintf(b, "| %s | %d | `%.16s` |\n", escape(s.Name), s.Messages, s.Fingerprint)
	}
	b.WriteByte('\n')
}

func ms(v float64) string {
	if !(v > 0) {
		return "–"
	}
	return fmt.Sprintf("%.2f ms", v)
}

func (d *Decision) table(b *bytes.Buffer, title string, in func(*Reason) bool) {
	head := false
	for i := range d.Reasons {
		r := &d.Reasons[i]
		if r.Verdict == Note || r.Metric == "data" || !in(r) {
			continue
		}
		if !head {
			fmt.Fprintf(b, "## %s\n| check | data | champion | challenger | difference (95 %%) | p | n | verdict |\n|---|---|---|---|---|---|---|---|\n", title)
			head = true
		}
		check := r.Metric
		if r.Slice != "" {
			check += ", " + r.Slice
		}
		n := "–"
		if r.N > 0 {
			n = fmt.Sprint(r.N)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s: %s |\n", escape(check), escape(r.Data), r.show(r.Champion), r.show(r.Challenger), r.difference(), eval.ShowP(r.P), n, r.Verdict, escape(r.Why))
	}
	if head {
		b.WriteByte('\n')
	}
}

// escape keeps names from being read as Markdown: those of data sets and labels come from files.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "*", `\*`, "\n", " ").Replace(s)
}
