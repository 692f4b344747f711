package bench

import (
	"fmt"
	"math"
	"time"
)

// Report is the outcome of a benchmark.
type Report struct {
	Date     time.Time `json:"date"`
	Command  string    `json:"command"`
	Quick    bool      `json:"quick"` // too short to be quoted
	Machine  Machine   `json:"machine"`
	Versions []Version `json:"versions"`
	Bundle   string    `json:"bundle"`
	Corpus   string    `json:"corpus"` // the texts in words
	Rounds   int       `json:"rounds"`
	Seconds  float64   `json:"seconds"`

	Targets []Target  `json:"targets"`
	Single  []*Result `json:"one_at_a_time"`
	Loaded  []*Result `json:"under_load"`
	Servers []Server  `json:"servers"`
	Notes   []string  `json:"notes,omitempty"`
}

// Version is a program or library that took part.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Server is what was measured of a server besides its answers.
type Server struct {
	Name   string  `json:"name"`
	Ready  Summary `json:"ready_s"`
	Warm   Summary `json:"rss_warm_mb"` // memory after all texts were answered once at each number of clients
	End    Summary `json:"rss_end_mb"`  // and after the last round
	Failed string  `json:"failed,omitempty"`
}

// Target is a figure and what it should be.
type Target struct {
	Name    string  `json:"name"`
	Value   Summary `json:"value"`
	Limit   float64 `json:"limit,omitempty"` // 0 = reported without a target
	AtLeast bool    `json:"at_least"`        // else at most
	Unit    string  `json:"unit,omitempty"`
	Verdict string  `json:"verdict"`
}

// Verdicts of a target.
const (
	Met    = "met"
	NotMet = "NOT MET"
	NotRun = "not run"
	Told   = "—" // there is no target
)

// NewTarget judges a figure by its median.
func NewTarget(name string, value Summary, atLeast bool, limit float64, unit string) Target {
	t := Target{Name: name, Value: value, AtLeast: atLeast, Limit: limit, Unit: unit}
	switch {
	case value.N == 0:
		t.Verdict = NotRun
	case limit == 0:
		t.Verdict = Told
	case atLeast && value.Median >= limit, !atLeast && value.Median <= limit:
		t.Verdict = Met
	default:
		t.Verdict = NotMet
	}
	return t
}

// wanted words the limit.
func (t *Target) wanted() string {
	switch {
	case t.Limit == 0:
		return Told
	case t.AtLeast:
		return "≥ " + number(t.Limit) + unit(t.Unit)
	}
	return "≤ " + number(t.Limit) + unit(t.Unit)
}

func unit(u string) string {
	if u == "" {
		return ""
	}
	return " " + u
}

// number prints three significant digits without an exponent.
func number(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// median prints the middle, or a dash where nothing was measured.
func (s Summary) median() string {
	if s.N == 0 {
		return "–"
	}
	return number(s.Median)
}

// String prints the middle and the range.
func (s Summary) String() string {
	switch {
	case s.N == 0:
		return "–"
	case s.N == 1:
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Min), number(s.Max))
}
