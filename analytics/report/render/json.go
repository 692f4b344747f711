package render

import (
	"encoding/json"
	"io"
	"time"

	"yingda/analytics"
)

// writeJSON writes a report as it is. Days are dates; the zone that they are of stands beside the filter.
func writeJSON(w io.Writer, r *analytics.Report) error {
	out := struct {
		*analytics.Report
		Zone   string  `json:"zone"`
		Rows   [][]any `json:"rows"`
		Totals [][]any `json:"totals,omitempty"`
	}{r, zone(r).String(), dated(r, r.Rows), dated(r, r.Totals)}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// dated writes days as dates.
func dated(r *analytics.Report, rows [][]any) [][]any {
	out := make([][]any, len(rows))
	for i, row := range rows {
		out[i] = append([]any(nil), row...)
		for j, v := range row {
			if t, ok := v.(time.Time); ok && r.Columns[j].Kind == analytics.Day {
				out[i][j] = t.Format(time.DateOnly)
			}
		}
	}
	return out
}
