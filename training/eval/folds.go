package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// FoldsReport is a cross-validation: every message is answered once, by a model that was fitted without it.
type FoldsReport struct {
	Format   int    `json:"format"` // [ReportFormat]
	Data     string `json:"data"`
	Cases    int    `json:"cases"`
	K        int    `json:"k"`
	Refitted string `json:"refitted"` // what a fold fits anew, and what it does not
	// Figures are those of the headline, in its order.
	Figures []FoldsFigure `json:"figures"`
}

// FoldsFigure is a headline figure over the folds. Folds share most of what they learn from, so their spread says how much the figure hangs on which messages
// are asked, and somewhat less on what was learnt from.
type FoldsFigure struct {
	Metric         // of all messages together; its interval is the bootstrap's over messages
	Mean   Float   `json:"mean"`   // over the folds
	Spread Float   `json:"spread"` // standard deviation over the folds, with k−1
	Least  Float   `json:"least"`
	Most   Float   `json:"most"`
	Folds  []Float `json:"folds"`
}

// SummariseFolds evaluates each fold by itself and all together. refitted is told in the report.
func SummariseFolds(parts [][]Case, refitted string, o Options) (*FoldsReport, error) {
	if len(parts) < 2 {
		return nil, errors.New("summarise folds: fewer than two")
	}
	var all []Case
	reports := make([]*Report, len(parts))
	for k, part := range parts {
		if len(part) == 0 {
			return nil, fmt.Errorf("summarise folds: fold %d has no message", k+1)
		}
		all = append(all, part...)
		one := o
		one.Resamples = -1
		var err error
		if reports[k], err = Evaluate(part, one); err != nil {
			return nil, err
		}
	}
	pooled, err := Evaluate(all, o)
	if err != nil {
		return nil, err
	}
	r := &FoldsReport{Format: ReportFormat, Data: o.Data, Cases: len(all), K: len(parts), Refitted: refitted}
	for _, m := range pooled.Headline {
		f := FoldsFigure{Metric: m}
		for _, one := range reports {
			value := Float(math.NaN()) // a fold may lack what the figure is about
			if i := slices.IndexFunc(one.Headline, func(h Metric) bool { return h.Name == m.Name }); i >= 0 {
				value = one.Headline[i].Value
			}
			f.Folds = append(f.Folds, value)
		}
		f.summarise()
		r.Figures = append(r.Figures, f)
	}
	return r, nil
}

func (f *FoldsFigure) summarise() {
	f.Mean, f.Spread, f.Least, f.Most = Float(math.NaN()), Float(math.NaN()), Float(math.NaN()), Float(math.NaN())
	var known []float64
	for _, v := range f.Folds {
		if v.Valid() {
			known = append(known, float64(v))
		}
	}
	if len(known) == 0 {
		return
	}
	sum, squares := 0.0, 0.0
	for _, v := range known {
		sum += v
	}
	mean := sum / float64(len(known))
	for _, v := range known {
		squares += (v - mean) * (v - mean)
	}
	f.Mean, f.Least, f.Most = Float(mean), Float(slices.Min(known)), Float(slices.Max(known))
	if len(known) > 1 {
		f.Spread = Float(math.Sqrt(squares / float64(len(known)-1)))
	}
}

// Text writes the report for a terminal.
func (r *FoldsReport) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d folds over %s: %d messages, each answered once by a model fitted without it\nFitted anew in each fold: %s\n", r.K, orDash(r.Data), r.Cases, r.Refitted)
	t := table{left: 1, rows: [][]string{{"", "mean", "spread", "lowest", "highest", "together", "95 % interval", "n"}}}
	for i := range r.Figures {
		f := &r.Figures[i]
		title, interval := f.Title, "-"
		if f.Better == lower {
			title += " (lower is better)"
		}
		if f.Low.Valid() {
			interval = f.show(f.Low) + " to " + f.show(f.High)
		}
		t.rows = append(t.rows, []string{title, f.show(f.Mean), f.show(f.Spread), f.show(f.Least), f.show(f.Most), f.show(f.Value), interval, fmt.Sprint(f.N)})
	}
	t.write(&b)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// JSON writes the report for programs.
func (r *FoldsReport) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
