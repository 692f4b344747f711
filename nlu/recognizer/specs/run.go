package specs

import (
	"fmt"
	"path"
	"strings"
)

// Outcome is what became of a case.
type Outcome struct {
	Case   *Case
	Faults []Mismatch // none: it passed
	Aside  string     // the reason for which the case is set aside; empty = it counts
}

// Passed tells whether all results are as expected.
func (o *Outcome) Passed() bool { return len(o.Faults) == 0 }

// Counts are numbers of cases. Set-aside ones are in Aside alone.
type Counts struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	Aside  int `json:"aside"`
}

// Rate is the share that passed of those that count, in percent; 0 of nothing.
func (n Counts) Rate() float64 {
	if n.Passed+n.Failed == 0 {
		return 0
	}
	return 100 * float64(n.Passed) / float64(n.Passed+n.Failed)
}

// Cases is the number of all cases.
func (n Counts) Cases() int { return n.Passed + n.Failed + n.Aside }

func (n *Counts) add(o *Outcome) {
	switch {
	case o.Aside != "":
		n.Aside++
	case o.Passed():
		n.Passed++
	default:
		n.Failed++
	}
}

// Line is a row of the report: a model, or a sum if Model, or Language and Model, are empty.
type Line struct {
	Name
	Counts
	Rate    float64 `json:"rate"` // percent
	Missing bool    `json:"missing,omitempty"`
}

// Report is what a run gave.
type Report struct {
	Outcomes []Outcome
	Lines    []Line // models in the order of the cases, after each language and suite its sum
	Total    Counts
	// Missing names the models that the table does not have; their cases fail.
	Missing []Name
}

// Run asks the models for their results on all cases.
func Run(cases []Case, models map[string]Model, aside *Aside) *Report {
	r := &Report{}
	missing := map[Name]bool{}
	for i := range cases {
		c := &cases[i]
		o := Outcome{Case: c, Aside: aside.Reason(c)}
		model, ok := models[c.Model]
		if ok && c.Lang() != "" {
			o.Faults = judge(c, model)
		} else {
			o.Faults = []Mismatch{{Fault: FaultMissing, Key: "model", Want: "a model for " + c.Name.String()}}
			if !missing[c.Name] {
				missing[c.Name] = true
				r.Missing = append(r.Missing, c.Name)
			}
		}
		r.Outcomes = append(r.Outcomes, o)
		r.Total.add(&o)
	}
	r.Lines = lines(r.Outcomes, missing)
	return r
}

// judge runs one case. A model that panics fails the case and not the run.
func judge(c *Case, m Model) (faults []Mismatch) {
	defer func() {
		if p := recover(); p != nil {
			faults = []Mismatch{{Fault: FaultPanic, Got: fmt.Sprint(p)}}
		}
	}()
	return Compare(c, m(Query{Text: c.Input, Reference: c.Reference, Lang: c.Lang(), DayFirst: c.dayFirst()}))
}

// lines sums outcomes by model, language and suite.
func lines(outcomes []Outcome, missing map[Name]bool) []Line {
	sums := map[Name]*Counts{}
	var models []Name
	for i := range outcomes {
		n := outcomes[i].Case.Name
		if sums[n] == nil {
			models = append(models, n)
		}
		for _, key := range []Name{n, {Suite: n.Suite, Language: n.Language}, {Suite: n.Suite}} {
			if sums[key] == nil {
				sums[key] = &Counts{}
			}
			sums[key].add(&outcomes[i])
		}
	}
	var rows []Line
	row := func(n Name) { rows = append(rows, Line{n, *sums[n], sums[n].Rate(), missing[n]}) }
	for i, n := range models {
		row(n)
		last := i == len(models)-1
		if last || models[i+1].Language != n.Language || models[i+1].Suite != n.Suite {
			row(Name{Suite: n.Suite, Language: n.Language})
		}
		if last || models[i+1].Suite != n.Suite {
			row(Name{Suite: n.Suite})
		}
	}
	return rows
}

// Select keeps the cases whose name fits a filter "Domain/Language/Model". Parts may be left out from the right, and may be patterns as
// path.Match reads them; letters of both cases are the same. The empty filter keeps all.
func Select(cases []Case, filter string) ([]Case, error) {
	parts := strings.Split(strings.ToLower(strings.TrimRight(filter, "/")), "/")
	if len(parts) > 3 {
		return nil, fmt.Errorf("specs: filter %q has more than three parts", filter)
	}
	var kept []Case
	for _, c := range cases {
		names, fits := []string{c.Suite, c.Language, c.Model}, true
		for i, p := range parts {
			if p == "" {
				continue
			}
			ok, err := path.Match(p, strings.ToLower(names[i]))
			if err != nil {
				return nil, fmt.Errorf("specs: filter %q: %w", filter, err)
			}
			fits = fits && ok
		}
		if fits {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("specs: filter %q fits no case", filter)
	}
	return kept, nil
}
