package analytics

import (
	"time"

	"yingda/nlu"
)

// Filter says which part of the data a report is about. The zero value of a field does not restrict. It is the only way in which a caller's
// words reach a query: as bound values, never as SQL.
type Filter struct {
	Tenant   string    `json:"tenant"` // required; the server sets it from the caller's key
	From     time.Time `json:"from"`   // From <= started < To
	To       time.Time `json:"to"`
	Channels []string  `json:"channels,omitempty"`
	Langs    []string  `json:"langs,omitempty"`
	Tiers    []string  `json:"tiers,omitempty"`
	Intents  []string  `json:"intents,omitempty"`
	Queues   []string  `json:"queues,omitempty"`
	Bundles  []string  `json:"bundles,omitempty"`
	// Zone is the operator's time zone: days and hours in reports are theirs. Default UTC.
	Zone *time.Location `json:"-"`
	// Limit bounds lists such as top questions. Default 20.
	Limit int `json:"limit,omitempty"`
}

// Text is a label in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In returns the label in a language: Chinese for "zh", English otherwise.
func (t Text) In(lang nlu.Lang) string {
	if lang == "zh" {
		return t.ZH
	}
	return t.EN
}

// Kind says how a value is to be read and shown.
type Kind string

// The kinds of columns.
const (
	Label    Kind = "label"   // string
	Count    Kind = "count"   // int64
	Share    Kind = "rate"    // *Rate
	Number   Kind = "number"  // *Mean, or float64
	Seconds  Kind = "seconds" // *Quantiles, *Mean or float64
	Millis   Kind = "ms"
	Moment   Kind = "time" // time.Time
	Day      Kind = "date" // time.Time at midnight in the filter's zone
	Findings Kind = "text" // string, a sentence
)

// Rate is a share with what it is a share of. Low and High are Wilson's 95 % interval (E. B. Wilson, JASA 1927); without observations Value is
// NaN-free zero and N is 0, which is shown as "–".
type Rate struct {
	Value float64 `json:"value"`
	Num   int64   `json:"numerator"`
	N     int64   `json:"denominator"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Mean is an average with its 95 % interval.
type Mean struct {
	Value float64 `json:"value"`
	N     int64   `json:"n"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Quantiles are those of a waiting or answer time.
type Quantiles struct {
	N   int64   `json:"n"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// Column is a column of a report. Every metric carries its definition: who is counted in the numerator and the denominator, who is left out.
type Column struct {
	Name       string `json:"name"` // e.g. "containment"
	Kind       Kind   `json:"kind"`
	Title      Text   `json:"title"`
	Definition Text   `json:"definition"`
}

// Report is an answer: a value first, shown in many ways after.
type Report struct {
	Name    string    `json:"name"`
	Title   Text      `json:"title"`
	Filter  Filter    `json:"filter"`
	Columns []Column  `json:"columns"`
	Rows    [][]any   `json:"rows"`             // as Columns say
	Totals  [][]any   `json:"totals,omitempty"` // of all rows together, as Columns say; a label is nil where it stands for all
	Notes   []Text    `json:"notes,omitempty"`
	Queries []string  `json:"queries"`   // the SQL that was asked
	Charts  []Chart   `json:"charts"`    // what is worth a picture
	Through time.Time `json:"through"`   // events up to here are counted
	Taken   time.Time `json:"generated"` // when it was asked
}

// Chart says how to draw columns of a report.
type Chart struct {
	Type   string   `json:"type"` // line, bar, stacked, heatmap
	Title  Text     `json:"title"`
	X      string   `json:"x"`
	Y      []string `json:"y"`
	Series string   `json:"series,omitempty"` // column whose values make a line each
}
