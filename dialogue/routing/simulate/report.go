package simulate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// Row is how a group of customers fared. Waits are in seconds, of those who were served.
type Row struct {
	Name      string  `json:"name"`
	Arrived   int     `json:"arrived"`
	Served    int     `json:"served"`
	Abandoned int     `json:"abandoned"`
	Unserved  int     `json:"unserved"`
	Mean      float64 `json:"mean_s"`
	P50       float64 `json:"p50_s"`
	P90       float64 `json:"p90_s"`
	P95       float64 `json:"p95_s"`
	Max       float64 `json:"max_s"`
	Level     float64 `json:"service_level"` // share of all that arrived who had an agent within the target of their queue
	// Matched is the share of those served with skills asked for whose agent had them; nil without any.
	Matched *float64 `json:"matched,omitempty"`
}

// Report is a run in figures.
type Report struct {
	Name   string `json:"name"`
	All    Row    `json:"all"`
	Tiers  []Row  `json:"tiers"`
	Queues []Row  `json:"queues"`
	// GuessBias and GuessError are the mean and the mean absolute difference of the wait told on arriving and the real one, in seconds, over
	// those who had to wait and were served.
	GuessBias  float64 `json:"guess_bias_s"`
	GuessError float64 `json:"guess_error_s"`
	// Overtaken is the longest lead, in seconds, by which anybody was overtaken: how much later somebody came who was served before them
	// by an agent of the same queue and language.
	Overtaken float64 `json:"overtaken_s"`
}

// Summarise makes a report of a run's cases.
func Summarise(name string, cases []Case) Report {
	r := Report{Name: name, All: row("all", cases)}
	r.Tiers = rows(cases, func(c *Case) string {
		if c.Tier == "" {
			return "standard"
		}
		return c.Tier
	})
	r.Queues = rows(cases, func(c *Case) string { return c.Queue })
	n := 0
	for i := range cases {
		if c := &cases[i]; c.End == Served && c.Guess >= 0 && (c.Wait > 0 || c.Guess > 0) {
			n++
			r.GuessBias += c.Guess - c.Wait
			r.GuessError += math.Abs(c.Guess - c.Wait)
		}
	}
	if n > 0 {
		r.GuessBias, r.GuessError = r.GuessBias/float64(n), r.GuessError/float64(n)
	}
	r.Overtaken = overtaken(cases)
	return r
}

func rows(cases []Case, group func(*Case) string) []Row {
	groups := map[string][]Case{}
	for i := range cases {
		g := group(&cases[i])
		groups[g] = append(groups[g], cases[i])
	}
	var out []Row
	for _, g := range sortedKeys(groups) {
		out = append(out, row(g, groups[g]))
	}
	return out
}

func row(name string, cases []Case) Row {
	r := Row{Name: name, Arrived: len(cases)}
	var waits []float64
	within, asked, matched := 0, 0, 0
	for i := range cases {
		c := &cases[i]
		switch c.End {
		case Abandoned:
			r.Abandoned++
			continue
		case Unserved:
			r.Unserved++
			continue
		}
		r.Served++
		r.Mean += c.Wait
		waits = append(waits, c.Wait)
		if c.Wait <= c.target.Seconds() {
			within++
		}
		if len(c.Skills) > 0 {
			asked++
			if c.Matched {
				matched++
			}
		}
	}
	slices.Sort(waits)
	r.P50, r.P90, r.P95, r.Max = Quantile(waits, 0.5), Quantile(waits, 0.9), Quantile(waits, 0.95), Quantile(waits, 1)
	if asked > 0 {
		m := float64(matched) / float64(asked)
		r.Matched = &m
	}
	if r.Served > 0 {
		r.Mean /= float64(r.Served)
	}
	if r.Arrived > 0 {
		r.Level = float64(within) / float64(r.Arrived)
	}
	return r
}

// Quantile returns the smallest value of the sorted ones that at least a share q of them does not exceed; 0 for none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(q*float64(len(sorted))))-1))]
}

// overtaken finds, for each queue, language and channel, the longest lead: cases are in the order of arrival, so going back from the end
// the earliest start among those who came later is known.
func overtaken(cases []Case) float64 {
	lead := 0.0
	groups := map[string][]*Case{}
	for i := range cases {
		if c := &cases[i]; c.End == Served {
			key := c.Queue + "/" + string(c.Lang) + "/" + c.Channel
			groups[key] = append(groups[key], c)
		}
	}
	for _, g := range groups {
		for i, c := range g {
			for _, later := range g[i+1:] {
				if !later.At.Before(c.Started) {
					break
				}
				if later.Started.Before(c.Started) {
					lead = math.Max(lead, later.At.Sub(c.At).Seconds())
				}
			}
		}
	}
	return lead
}

// Print writes the report as tables for people.
func (r *Report) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%s\tarrived\tserved\tgave up\tunserved\tmean\tp50\tp90\tp95\tmax\tlevel\tskilled\t\n", r.Name)
	for _, g := range [][]Row{r.Tiers, r.Queues, {r.All}} {
		for _, x := range g {
			fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%.1f %%\t%s\t\n", x.Name, x.Arrived, x.Served, x.Abandoned, x.Unserved,
				span(x.Mean), span(x.P50), span(x.P90), span(x.P95), span(x.Max), 100*x.Level, share(x.Matched))
		}
		fmt.Fprintln(tw, "\t\t\t\t\t\t\t\t\t\t\t\t")
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "expected waits told on arriving: off by %s on average, %s %s; longest lead by which anybody was overtaken: %s\n\n",
		span(r.GuessError), span(math.Abs(r.GuessBias)), map[bool]string{true: "too long", false: "too short"}[r.GuessBias >= 0], span(r.Overtaken))
	return err
}

// Compare writes how the mean and the 95th percentile of the waits differ between runs, the first being the reference.
func Compare(w io.Writer, reports []Report) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "mean / p95 / gave up\t")
	for _, r := range reports {
		fmt.Fprintf(tw, "%s\t", r.Name)
	}
	fmt.Fprintln(tw)
	for _, pick := range []func(*Report) []Row{func(r *Report) []Row { return r.Tiers }, func(r *Report) []Row { return r.Queues }, func(r *Report) []Row { return []Row{r.All} }} {
		for i, x := range pick(&reports[0]) {
			fmt.Fprintf(tw, "%s\t", x.Name)
			for j := range reports {
				if rows := pick(&reports[j]); i < len(rows) {
					fmt.Fprintf(tw, "%s / %s / %d\t", span(rows[i].Mean), span(rows[i].P95), rows[i].Abandoned)
				}
			}
			fmt.Fprintln(tw)
		}
	}
	return tw.Flush()
}

// span writes seconds as people read them.
func span(s float64) string {
	switch {
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	case s < 100*60:
		return fmt.Sprintf("%.1f min", s/60)
	}
	return fmt.Sprintf("%.1f h", s/3600)
}

func share(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100**x)
}
