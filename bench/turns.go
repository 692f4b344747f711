package bench

import (
	"fmt"
	"io"
)

// TurnReport is the outcome of measuring whole turns of conversations. Of Report it uses all but Servers.
type TurnReport struct {
	Report
	Load          float64       `json:"load"` // share of the highest speed at which Arrivals came
	Arrivals      []Arrived     `json:"arrivals"`
	Conversations Conversations `json:"conversations"`
}

// Conversations is what many and long conversations cost one process. Its parser remembers what the model made of each text, so that all
// else is measured.
type Conversations struct {
	Open        int     `json:"open"`         // conversations that were begun
	Each        int     `json:"turns_each"`   //
	TurnCPU     float64 `json:"turn_cpu_ms"`  // processor time of a turn, the work behind it included, without HTTP and without the model
	PerSecond   float64 `json:"turns_per_s"`  //
	RSSBefore   float64 `json:"rss_start_mb"` // when nothing had been said
	RSS         float64 `json:"rss_mb"`       // with all of them open
	LogMB       float64 `json:"log_mb"`       // on disk
	Reopened    float64 `json:"reopened_s"`   // how long the log took to open again
	Long        int     `json:"long_turns"`   // of the long conversation
	LoadWarm    float64 `json:"load_warm_ms"` // median time to load it while it is in memory
	LoadCold    float64 `json:"load_cold_ms"` // by a process that has not seen it
	LoadHighest float64 `json:"load_cold_max_ms"`
}

func (r *TurnReport) tables() []table {
	arrivals := table{title: fmt.Sprintf("Messages that arrive by themselves, at %.0f %% of the highest speed", 100*r.Load),
		rows: [][]string{{"round", "messages", "a second", "p50, ms", "p90, ms", "p99, ms", "longest, ms", "failed"}}}
	for i, a := range r.Arrivals {
		failed := fmt.Sprint(a.Failed)
		if a.Failed > 0 {
			failed += ": " + reason(a.First)
		}
		arrivals.rows = append(arrivals.rows, []string{fmt.Sprint(i + 1), fmt.Sprint(a.N), number(a.PerSecond), number(a.P50), number(a.P90), number(a.P99), number(a.Max), failed})
	}
	c := r.Conversations
	many := table{title: "Many conversations, and a long one", rows: [][]string{{"what", "measured"},
		{"open conversations", fmt.Sprintf("%d of %d turns each", c.Open, c.Each)},
		{"turns/s, 64 senders, without HTTP, model and waiting for the disk", number(c.PerSecond)},
		{"CPU of such a turn, with the work behind it", number(c.TurnCPU) + " ms"},
		{"resident memory before", number(c.RSSBefore) + " MB"},
		{"resident memory with all of them", number(c.RSS) + " MB"},
		{"log on disk", number(c.LogMB) + " MB"},
		{"log opened again in", number(c.Reopened) + " s"},
		{fmt.Sprintf("conversation of %d turns, loaded from memory", c.Long), number(c.LoadWarm) + " ms"},
		{"the same, from its snapshot by a new process", fmt.Sprintf("%s ms, at most %s ms", number(c.LoadCold), number(c.LoadHighest))},
	}}
	return []table{r.targets(), results("One message at a time", r.Single), results("Under load", r.Loaded), arrivals, many, r.about()}
}

// Text writes the report for a terminal.
func (r *TurnReport) Text(w io.Writer) error { return r.text(w, r.tables()) }

// Markdown renders the report for docs/benchmarks.md.
func (r *TurnReport) Markdown() string { return r.markdown(r.tables()) }

// The marks between which [TurnReport.Replace] writes.
const (
	TurnsBegin = "<!-- yingda bench-turns: begin -->"
	TurnsEnd   = "<!-- yingda bench-turns: end -->"
)

// Replace writes the report between the marks of a file and leaves the rest alone.
func (r *TurnReport) Replace(path string) error {
	return replace(path, TurnsBegin, TurnsEnd, r.Markdown())
}
