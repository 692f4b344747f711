package gate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"yingda/training/eval"
)

const mb = 1e6 // bytes

// size judges the bundles' files.
func (j *judge) size() {
	limit := j.policy.Size
	if limit.MaxMB == 0 && limit.Ratio == 0 {
		return
	}
	why := blank("size")
	why.Challenger = eval.Float(float64(j.in.Challenger.Bytes) / mb)
	var faults []string
	switch {
	case j.in.Challenger.Bytes <= 0:
		faults = append(faults, "the size of the challenger is not known")
	case limit.MaxMB > 0 && float64(why.Challenger) > limit.MaxMB:
		faults = append(faults, fmt.Sprintf("%.1f MB are more than the %g MB allowed", why.Challenger, limit.MaxMB))
	}
	if c := j.in.Champion; c != nil {
		why.Champion = eval.Float(float64(c.Bytes) / mb)
		faults = append(faults, ratio(&why, limit.Ratio, "size")...)
	}
	j.add(why, faults, "within the limits")
}

// ratio fills in how many times the champion's the challenger's figure is, and checks it; 0 = no limit.
func ratio(why *Reason, limit float64, what string) []string {
	if !(why.Champion > 0) {
		if limit > 0 {
			return []string{"the " + what + " of the champion is not known"}
		}
		return nil
	}
	why.Difference = why.Challenger / why.Champion
	if limit > 0 && float64(why.Difference) > limit+slack {
		return []string{fmt.Sprintf("%.3f times the champion's, more than the %g allowed", why.Difference, limit)}
	}
	return nil
}

// latency judges the time of one text.
func (j *judge) latency() {
	p := j.policy.Latency
	for _, l := range []struct {
		metric     string
		of         func(Latency) float64
		ratio, max float64
	}{
		{"latency_median", func(l Latency) float64 { return l.MedianMS }, p.MedianRatio, p.MaxMedianMS},
		{"latency_p95", func(l Latency) float64 { return l.P95MS }, p.P95Ratio, p.MaxP95MS},
	} {
		if l.ratio == 0 && l.max == 0 {
			continue
		}
		why := blank(l.metric)
		v := l.of(j.in.Challenger.Latency)
		why.Challenger, why.N = eval.Float(v), j.in.Challenger.Latency.Texts
		var faults []string
		switch {
		case !(v > 0) || math.IsInf(v, 0):
			faults = append(faults, "the challenger's was not measured")
		case l.max > 0 && v > l.max:
			faults = append(faults, fmt.Sprintf("%.2f ms are more than the %g ms allowed", v, l.max))
		}
		if c := j.in.Champion; c != nil {
			why.Champion = eval.Float(l.of(c.Latency))
			faults = append(faults, ratio(&why, l.ratio, "latency")...)
		} else if l.max == 0 {
			continue // nothing to hold it against
		}
		j.add(why, faults, "within the limits")
	}
}

// labels refuses to lose what callers may branch on.
func (j *judge) labels() {
	if j.in.Champion == nil {
		return
	}
	var gone, given, fresh []string
	kinds := map[string]bool{}
	for _, b := range []map[string][]string{j.in.Champion.Labels, j.in.Challenger.Labels} {
		for kind := range b {
			kinds[kind] = true
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		had, has := j.in.Champion.Labels[kind], j.in.Challenger.Labels[kind]
		for _, l := range slices.Sorted(slices.Values(had)) {
			switch {
			case slices.Contains(has, l):
			case slices.Contains(j.policy.Labels.MayVanish, l):
				given = append(given, kind+" "+l)
			default:
				gone = append(gone, kind+" "+l)
			}
		}
		for _, l := range slices.Sorted(slices.Values(has)) {
			if !slices.Contains(had, l) {
				fresh = append(fresh, kind+" "+l)
			}
		}
	}
	var faults []string
	if len(gone) > 0 {
		faults = append(faults, fmt.Sprintf("the challenger cannot say %s any more; train it with them, or name them in labels.may_vanish", strings.Join(gone, ", ")))
	}
	j.add(blank("labels"), faults, "every label of the champion is there")
	if len(given) > 0 {
		j.note(blank("labels"), "given up, as the policy allows: %s", strings.Join(given, ", "))
	}
	if len(fresh) > 0 {
		j.note(blank("labels"), "new: %s", strings.Join(fresh, ", "))
	}
}

// embedding refuses vectors that cannot be compared with those of the champion.
func (j *judge) embedding() {
	if j.in.Champion == nil || j.in.Champion.Embedding == 0 {
		return // nobody can have stored any
	}
	had, has := j.in.Champion.Embedding, j.in.Challenger.Embedding
	why := blank("embedding")
	why.Champion, why.Challenger = eval.Float(had), eval.Float(has)
	switch {
	case had == has:
		j.add(why, nil, "as wide as before; whether they mean the same is another question: each training of an encoder makes a space of its own")
	case j.policy.Embedding.MayChange:
		j.note(why, "the vectors change from %d to %d numbers, as the policy allows: whatever is stored must be computed again", had, has)
	default:
		j.add(why, []string{fmt.Sprintf("the vectors change from %d to %d numbers: stored ones become useless; set embedding.may_change once they are to be computed again", had, has)}, "")
	}
}
