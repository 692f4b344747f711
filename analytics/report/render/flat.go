package render

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"yingda/analytics"
)

// field is a column of the flat formats.
type field struct {
	name string
	kind analytics.Kind // Label, Count, Number, Day or Moment
	from int            // column of the report
	part func(any) any  // nil = not known
}

// fields are the columns that a report's columns become. Which shape a number has is told by the first row that has it.
func fields(r *analytics.Report) []field {
	var out []field
	for i := range r.Columns {
		c := &r.Columns[i]
		whole := func(v any) any { return v }
		switch c.Kind {
		case analytics.Label, analytics.Findings:
			out = append(out, field{c.Name, analytics.Label, i, whole})
		case analytics.Count, analytics.Day, analytics.Moment:
			out = append(out, field{c.Name, c.Kind, i, whole})
		case analytics.Share:
			out = append(out, rateFields(c.Name, i)...)
		default:
			out = append(out, numberFields(r, c.Name, i)...)
		}
	}
	return out
}

func rateFields(name string, i int) []field {
	part := func(get func(*analytics.Rate) any) func(any) any {
		return func(v any) any {
			if rate, ok := v.(*analytics.Rate); ok {
				return get(rate)
			}
			return nil
		}
	}
	known := func(get func(*analytics.Rate) float64) func(any) any {
		return part(func(rate *analytics.Rate) any {
			if rate.N == 0 {
				return nil
			}
			return get(rate)
		})
	}
	return []field{
		{name, analytics.Number, i, known(func(r *analytics.Rate) float64 { return r.Value })},
		{name + "_numerator", analytics.Count, i, part(func(r *analytics.Rate) any { return r.Num })},
		{name + "_denominator", analytics.Count, i, part(func(r *analytics.Rate) any { return r.N })},
		{name + "_low", analytics.Number, i, known(func(r *analytics.Rate) float64 { return r.Low })},
		{name + "_high", analytics.Number, i, known(func(r *analytics.Rate) float64 { return r.High })},
	}
}

func numberFields(r *analytics.Report, name string, i int) []field {
	for _, row := range r.Rows {
		switch row[i].(type) {
		case *analytics.Mean:
			return partFields(name, i, []string{"", "_low", "_high"}, func(v any) (int64, []float64) {
				if m, ok := v.(*analytics.Mean); ok {
					return m.N, []float64{m.Value, m.Low, m.High}
				}
				return 0, nil
			})
		case *analytics.Quantiles:
			return partFields(name, i, []string{"_p50", "_p90", "_p95", "_p99"}, func(v any) (int64, []float64) {
				if q, ok := v.(*analytics.Quantiles); ok {
					return q.N, []float64{q.P50, q.P90, q.P95, q.P99}
				}
				return 0, nil
			})
		case float64:
			return []field{{name, analytics.Number, i, func(v any) any { return v }}}
		}
	}
	return []field{{name, analytics.Number, i, func(any) any { return nil }}}
}

func partFields(name string, i int, parts []string, get func(any) (int64, []float64)) []field {
	out := []field{{name + "_n", analytics.Count, i, func(v any) any { n, _ := get(v); return n }}}
	for p, suffix := range parts {
		out = append(out, field{name + suffix, analytics.Number, i, func(v any) any {
			n, vs := get(v)
			if n == 0 {
				return nil
			}
			return vs[p]
		}})
	}
	return out
}

// writeCSV writes RFC 4180 with a head. Texts that a spreadsheet would take for a formula get an apostrophe in front.
func writeCSV(w io.Writer, r *analytics.Report) error {
	out := csv.NewWriter(w)
	cols := fields(r)
	line := make([]string, len(cols))
	for i, c := range cols {
		line[i] = c.name
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, row := range r.Rows {
		for i, c := range cols {
			line[i] = csvCell(c.part(row[c.from]), c.kind)
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func csvCell(v any, k analytics.Kind) string {
	switch v := v.(type) {
	case string:
		return guard(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		if k == analytics.Day {
			return v.Format(time.DateOnly)
		}
		return stamp(v)
	}
	return ""
}

// guard keeps a spreadsheet from running a customer's words (CSV injection, OWASP): also after spaces, and in their wide forms.
func guard(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\r") || strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "'") {
		return "'" + s
	}
	inside := strings.TrimLeft(s, " \t\r\n\u00a0\u3000\ufeff")
	for _, mark := range []string{"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(inside, mark) {
			return "'" + s
		}
	}
	return s
}
