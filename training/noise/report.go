package noise

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"yingda/training/eval"
)

// JSON writes the result, indented.
func (r *Result) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write label noise: %w", err)
	}
	return nil
}

// TSV writes the suspects, most suspicious first, under a header: for an editor or a spreadsheet. Tabs and line breaks in texts become blanks.
func (r *Result) TSV(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("rank\torigin\tlabel\tprobably\tp_label\tp_probably\tmargin\tlang\ttext\n")
	for _, s := range r.Suspects {
		fmt.Fprintf(&b, "%d\t%s\t%s\t%s\t%.4f\t%.4f\t%.4f\t%s\t%s\n", s.Rank, field(s.Origin), field(s.Label), field(s.Other), s.P, s.POther, s.Margin, s.Lang, field(s.Text))
	}
	return write(w, &b)
}

func field(s string) string { return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s) }

func write(w io.Writer, b *bytes.Buffer) error {
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write label noise: %w", err)
	}
	return nil
}

//go:embed noise.html
var pageSource string

// page is parsed when first used.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("noise").Funcs(template.FuncMap{
		"p": func(v eval.Float) string {
			if !v.Valid() {
				return "–"
			}
			return fmt.Sprintf("%.3f", v)
		},
		"percent": func(v eval.Float) string { return fmt.Sprintf("%.1f %%", 100*v) },
		"one":     func(v eval.Float) string { return fmt.Sprintf("%.1f", v) },
	}).Parse(pageSource))
})

// HTML writes the result as one page that needs nothing else.
func (r *Result) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := page().Execute(&b, r); err != nil {
		return fmt.Errorf("write label noise: %w", err)
	}
	return write(w, &b)
}
