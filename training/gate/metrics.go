package gate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda/training/eval"
)

// slack forgives rounding: a loss of exactly what is allowed passes.
const slack = 1e-9

var none = eval.Float(math.NaN())

// blank is a reason without figures.
func blank(metric string) Reason {
	return Reason{Metric: metric, Champion: none, Challenger: none, Difference: none, Interval: [2]eval.Float{none, none}, P: none}
}

func join(faults []string) string { return strings.Join(faults, "; ") }

func finite(f eval.Float) bool { return f.Valid() && !math.IsInf(float64(f), 0) }

// metrics judges the figures of whole data sets, in the order of reports.
func (j *judge) metrics() {
	for _, m := range eval.Definitions() {
		rule, ok := j.policy.Metrics[m.Name]
		if !ok || rule.Off {
			continue
		}
		measured := false
		for _, r := range j.in.Sets {
			measured = j.metric(rule, m.Name, r) || measured
		}
		if !measured && len(j.in.Sets) > 0 && !rule.Optional {
			j.add(blank(m.Name), []string{"no data set measures it: add data with labels for it, or mark the rule optional"}, "")
		}
	}
}

// metric judges a figure of one data set. It tells whether that data measures it.
func (j *judge) metric(rule Rule, name string, r *eval.Report) bool {
	own := r.Metric(name)
	var d *eval.Difference
	if j.in.Champion != nil && r.Against != nil {
		d = r.Against.Figure(name)
	}
	if own == nil && d == nil {
		return false
	}
	why := blank(name)
	why.Data = r.Data
	value := none
	if own != nil {
		value, why.N = own.Value, own.N
	}
	if d != nil {
		fill(&why, d)
		if own == nil {
			value = d.Value
		}
	} else {
		why.Challenger = value
	}
	if !finite(value) {
		j.add(why, []string{"the challenger has no such figure, or it is not a number"}, "")
		return true
	}
	faults := rule.bounds(name, value)
	holds := rule.within(name)
	switch {
	case d != nil && finite(d.Against) && !finite(d.Value):
		faults = append(faults, "the champion has this figure, the challenger has none")
	case d != nil && finite(d.Against):
		fault, kept := rule.losses(d, d.P)
		if holds = kept; fault != "" {
			faults = append(faults, fault)
		}
	case j.in.Champion != nil:
		holds = "the champion has no such figure; " + holds
	}
	j.add(why, faults, holds)
	return true
}

func fill(why *Reason, d *eval.Difference) {
	why.Champion, why.Challenger, why.Difference, why.Interval, why.P, why.N = d.Against, d.Value, d.Difference, [2]eval.Float{d.Low, d.High}, d.P, d.N
}

// bounds checks minimum and maximum.
func (r *Rule) bounds(name string, v eval.Float) (faults []string) {
	if r.Minimum != nil && float64(v) < *r.Minimum-slack {
		faults = append(faults, fmt.Sprintf("%s is below the minimum of %s", eval.Show(name, v), eval.Show(name, eval.Float(*r.Minimum))))
	}
	if r.Maximum != nil && float64(v) > *r.Maximum+slack {
		faults = append(faults, fmt.Sprintf("%s is above the maximum of %s", eval.Show(name, v), eval.Show(name, eval.Float(*r.Maximum))))
	}
	return faults
}

// within tells what a figure without a champion to be compared with was held against.
func (r *Rule) within(name string) string {
	switch {
	case r.Minimum != nil:
		return "not below the minimum of " + eval.Show(name, eval.Float(*r.Minimum))
	case r.Maximum != nil:
		return "not above the maximum of " + eval.Show(name, eval.Float(*r.Maximum))
	}
	return "there is nothing to hold it against"
}

// losses compares with the champion. p is that of the difference, corrected if need be. One of the two sentences is empty.
func (r *Rule) losses(d *eval.Difference, p eval.Float) (fault, kept string) {
	loss := d.Loss()
	show := func(v float64) string {
		return strings.TrimLeft(eval.ShowDifference(d.Name, eval.Float(v)), "+")
	}
	switch {
	case loss < 0:
		return "", "better by " + show(-loss)
	case loss == 0:
		return "", "the same"
	}
	var faults []string
	if r.MaxLoss != nil && loss > *r.MaxLoss+slack {
		faults = append(faults, fmt.Sprintf("worse by %s, more than the %s allowed", show(loss), show(*r.MaxLoss)))
	}
	worse := "worse by " + show(loss) + ","
	if len(faults) > 0 {
		worse = "and"
	}
	switch {
	case r.Significance > 0 && !p.Valid():
		faults = append(faults, worse+" not tested for chance: compare with resamples")
	case r.Significance > 0 && float64(p) < r.Significance:
		faults = append(faults, fmt.Sprintf("%s not by chance: p %s is below %g", worse, eval.ShowP(p), r.Significance))
	}
	if len(faults) > 0 {
		return strings.Join(faults, " "), ""
	}
	return "", fmt.Sprintf("worse by %s, within what is allowed and perhaps by chance", show(loss))
}

// slices judges parts of the data sets.
func (j *judge) slices() {
	if j.in.Champion == nil {
		return
	}
	for _, m := range eval.Definitions() {
		rule, ok := j.policy.Slices.Metrics[m.Name]
		if !ok || rule.Off {
			continue
		}
		for _, r := range j.in.Sets {
			if r.Against != nil {
				j.slicesOf(rule, m.Name, r)
			}
		}
	}
}

// slicesOf judges one figure in all slices of a data set: those are one family of tests.
func (j *judge) slicesOf(rule Rule, name string, r *eval.Report) {
	var small []string
	var names []string
	var family []*eval.Difference
	for i := range r.Against.Slices {
		s := &r.Against.Slices[i]
		d := s.Figure(name)
		switch {
		case d == nil || !slices.Contains(j.policy.Slices.By, s.By):
		case s.N == r.Cases: // the whole set, which is judged already
		case d.N < j.policy.Slices.MinSize:
			small = append(small, s.By+" "+s.Name)
		case !finite(d.Against) && finite(d.Value): // nothing to be lost
		default:
			names, family = append(names, s.By+" "+s.Name), append(family, d)
		}
	}
	adjusted := holm(family)
	for i, d := range family {
		why := blank(name)
		fill(&why, d)
		why.Data, why.Slice, why.P = r.Data, names[i], adjusted[i]
		if !finite(d.Value) {
			j.add(why, []string{"the challenger has no such figure for this slice, or it is not a number"}, "")
			continue
		}
		var faults []string
		fault, holds := rule.losses(d, adjusted[i])
		if fault != "" {
			faults = []string{fault}
		}
		j.add(why, faults, holds)
	}
	if len(small) > 0 {
		why := blank(name)
		why.Data = r.Data
		j.note(why, "slices with fewer than %d messages are not judged: %s", j.policy.Slices.MinSize, strings.Join(small, ", "))
	}
}

// holm corrects the p of a family of tests for their number: the i-th smallest of m becomes the largest of (m − k + 1)·p over k ≤ i, at most 1.
// Those without p stay so. Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
func holm(family []*eval.Difference) []eval.Float {
	out := make([]eval.Float, len(family))
	var order []int
	for i, d := range family {
		if out[i] = none; d.P.Valid() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(family[a].P, family[b].P) })
	last := 0.0
	for k, i := range order {
		last = min(1, max(last, float64(len(order)-k)*float64(family[i].P)))
		out[i] = eval.Float(last)
	}
	return out
}
