package eval

import (
	"fmt"
	"math"
	"slices"
)

// Comparison sets a bundle's figures beside those of another one on the same messages. A difference is this bundle's figure less the
// other's; won and lost speak of this bundle.
//
// Entity figures count the types that either bundle can find, so they may differ from those of the two bundles' own reports.
type Comparison struct {
	Bundle    string            `json:"bundle"`    // the other one
	Resamples int               `json:"resamples"` // of the bootstrap, 0 = no intervals and no p of figures that are no shares
	Figures   []Difference      `json:"figures"`   // in the order of the headline; what neither bundle has is left out
	Slices    []SliceDifference `json:"slices"`    // in the order of the breakdown
	Changed   []Change          `json:"changed"`   // messages whose intents are right in one of the two, in the order of the data
}

// Difference is one figure of two bundles. P tests that there is none, two-sided: by the exact test of McNemar where the figure is a share
// of messages, else by the paired bootstrap.
type Difference struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	Better     string `json:"better"`
	Value      Float  `json:"value"`      // this bundle's
	Against    Float  `json:"against"`    // the other's
	Difference Float  `json:"difference"` // Value − Against
	Low        Float  `json:"low"`        // 95 % interval of the difference, paired bootstrap
	High       Float  `json:"high"`
	P          Float  `json:"p"`
	Test       string `json:"test"` // TestMcNemar or TestBootstrap; empty = not tested
	N          int    `json:"n"`    // messages (for entities: marked entities) it is about
	Won        int    `json:"won"`  // messages that count for this bundle only; shares of messages only
	Lost       int    `json:"lost"` // messages that count for the other one only
}

// The tests behind a p.
const (
	TestMcNemar   = "mcnemar"
	TestBootstrap = "bootstrap"
)

// Loss is by how much this bundle is worse than the other: negative where it is better, NaN where one of them has no figure.
func (d *Difference) Loss() float64 {
	if d.Better == lower {
		return float64(d.Value - d.Against)
	}
	return float64(d.Against - d.Value)
}

// SliceDifference holds the differences in a part of the data.
type SliceDifference struct {
	By      string       `json:"by"` // as in [Slice]
	Name    string       `json:"name"`
	N       int          `json:"n"`
	Figures []Difference `json:"figures"`
}

// Change is a message whose intents only one of the two bundles gets right.
type Change struct {
	Origin  string   `json:"origin"`
	Text    string   `json:"text"`
	Intents []string `json:"intents"` // in the data
	Here    []string `json:"here"`    // answered by this bundle
	There   []string `json:"there"`   // answered by the other
	Won     bool     `json:"won"`     // right here, wrong there
}

// Figure returns the difference of that name, nil if there is none.
func (c *Comparison) Figure(name string) *Difference { return findDifference(c.Figures, name) }

// Figure returns the difference of that name, nil if there is none.
func (s *SliceDifference) Figure(name string) *Difference { return findDifference(s.Figures, name) }

func findDifference(list []Difference, name string) *Difference {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// pairing is two bundles' rows for the same messages.
type pairing struct {
	here, there *bench
	resamples   int
	seed        uint64
}

// Compare sets the answers of a bundle beside those of another. Both must be about the same examples in the same order; o.EntityTypes are
// the types that either bundle can find. Cost: about ten times that of [Evaluate], because of the slices.
func Compare(cases, against []Case, o Options) (*Comparison, error) {
	if len(cases) != len(against) {
		return nil, fmt.Errorf("compare: %d messages against %d: let both bundles answer the same data", len(cases), len(against))
	}
	for i := range cases {
		if a, b := &cases[i].Example, &against[i].Example; a.Text != b.Text || a.Origin != b.Origin {
			return nil, fmt.Errorf("compare: message %d is %s for one bundle and %s for the other: let both answer the same data in the same order", i+1, a.Origin, b.Origin)
		}
	}
	o.EntityTypes = jointTypes(o.EntityTypes, cases, against)
	p := &pairing{here: newBench(cases, o), there: newBench(against, o), resamples: o.resamples(), seed: o.Seed}
	c := &Comparison{Bundle: bundles(p.there.rows), Resamples: p.resamples, Slices: []SliceDifference{}, Changed: p.changed()}
	all := make([]int, len(cases))
	for i := range all {
		all[i] = i
	}
	c.Figures = p.differences(all)
	for _, part := range p.here.parts() {
		c.Slices = append(c.Slices, SliceDifference{part.by, part.name, len(part.rows), p.differences(part.rows)})
	}
	return c, nil
}

// resamples of the bootstrap that the options ask for.
func (o Options) resamples() int {
	if o.Resamples == 0 {
		return 1000
	}
	return max(o.Resamples, 0)
}

// jointTypes adds what either bundle has found, so that both are measured by the same entities.
func jointTypes(types []string, sides ...[]Case) []string {
	if types == nil {
		return nil
	}
	out := slices.Clone(types)
	for _, cases := range sides {
		for i := range cases {
			if cases[i].Analysis == nil {
				continue
			}
			for _, ent := range cases[i].Analysis.Entities {
				if !slices.Contains(out, ent.Type) {
					out = append(out, ent.Type)
				}
			}
		}
	}
	return out
}

// differences compares the figures of the rows at these places.
func (p *pairing) differences(at []int) []Difference {
	part := part{rows: at}
	here, there := p.here.figures(part.of(p.here.rows)), p.there.figures(part.of(p.there.rows))
	boot := p.bootstrap(at)
	out := []Difference{}
	for f, m := range definitions {
		if math.IsNaN(here[f].value) && math.IsNaN(there[f].value) {
			continue
		}
		d := Difference{Name: m.Name, Title: m.Title, Better: m.Better, Value: Float(here[f].value), Against: Float(there[f].value), N: max(here[f].n, there[f].n),
			Low: Float(boot.low[f]), High: Float(boot.high[f]), P: Float(boot.p[f])}
		d.Difference = d.Value - d.Against
		if d.P.Valid() {
			d.Test = TestBootstrap
		}
		if only, other, ok := p.discordant(f, at); ok && d.Difference.Valid() {
			d.Test, d.P, d.Won, d.Lost = TestMcNemar, Float(McNemar(only, other)), only, other
			if m.Better == lower {
				d.Won, d.Lost = other, only
			}
		}
		out = append(out, d)
	}
	return out
}

// discordant counts the messages that are a hit here only and there only. ok is false for figures that are no shares of messages.
func (p *pairing) discordant(fig int, at []int) (here, there int, ok bool) {
	if !isShare(fig) {
		return 0, 0, false
	}
	for _, i := range at {
		_, a := p.here.outcome(fig, p.here.rows[i])
		_, b := p.there.outcome(fig, p.there.rows[i])
		switch {
		case a && !b:
			here++
		case b && !a:
			there++
		}
	}
	return here, there, true
}

// changed lists the messages whose intents one bundle only has right.
func (p *pairing) changed() []Change {
	out := []Change{}
	for i, r := range p.here.rows {
		s := p.there.rows[i]
		if !r.labelled || sameSet(r.gold, r.pred) == sameSet(s.gold, s.pred) {
			continue
		}
		out = append(out, Change{Origin: r.eg.Origin, Text: r.eg.Text, Intents: append([]string{}, r.eg.Intents...),
			Here: p.here.answered(r), There: p.there.answered(s), Won: sameSet(r.gold, r.pred)})
	}
	return out
}

// answered names the intents of a decision.
func (b *bench) answered(r *row) []string {
	names := []string{}
	for _, id := range r.pred {
		names = append(names, b.intents.list[id])
	}
	return names
}
