package profile

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Preference is one value of a preference with what speaks for it.
type Preference struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Used tells whether the robot goes by it; if not, Why says what is missing.
	Used bool   `json:"used"`
	Why  string `json:"why,omitempty"`
	// Weight is what speaks for it less what speaks against it, as of now; a plain mention weighs 1 when it is new.
	Weight   float64    `json:"weight"`
	Share    float64    `json:"share"` // of the positive weight of all values of the same name
	Count    int        `json:"count"` // mentions
	First    time.Time  `json:"first"`
	Last     time.Time  `json:"last"`
	Evidence []Evidence `json:"evidence,omitempty"` // the latest mentions
}

// preferences weighs what several memories of one person say, by name and weight.
func preferences(ms []*Memory, r *Rules, now time.Time) []Preference {
	type key struct{ name, value string }
	sums := map[key]*Preference{}
	for _, m := range ms {
		for name, values := range m.Evidence {
			if _, known := r.Preferences[name]; !known {
				continue // no longer learnt
			}
			for value, w := range values {
				k := key{name, value}
				p := sums[k]
				if p == nil {
					p = &Preference{Name: name, Value: value, First: w.First, Last: w.Last}
					sums[k] = p
				}
				p.merge(w, now, r.HalfLife)
			}
		}
	}
	total := map[string]float64{}
	for k, p := range sums {
		total[k.name] += max(0, p.Weight)
	}
	out := make([]Preference, 0, len(sums))
	for _, k := range slices.SortedFunc(maps.Keys(sums), func(a, b key) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value)) }) {
		p := sums[k]
		if t := total[k.name]; t > 0 {
			p.Share = max(0, p.Weight) / t
		}
		p.judge(r)
		out = append(out, *p)
	}
	slices.SortStableFunc(out, func(a, b Preference) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Weight, a.Weight)) })
	return out
}

func (p *Preference) merge(w *Weight, now time.Time, halfLife time.Duration) {
	p.Weight += (w.For - w.Against) * decay(now.Sub(w.Last), halfLife)
	p.Count += w.Count
	if w.First.Before(p.First) {
		p.First = w.First
	}
	p.Last = later(p.Last, w.Last)
	p.Evidence = append(p.Evidence, w.Where...)
	slices.SortStableFunc(p.Evidence, func(a, b Evidence) int { return a.Time.Compare(b.Time) })
	if n := len(p.Evidence); n > maxWhere {
		p.Evidence = p.Evidence[n-maxWhere:]
	}
}

// judge decides whether the robot may go by a value.
func (p *Preference) judge(r *Rules) {
	switch {
	case p.Weight <= 0:
		p.Why = "what speaks against it outweighs what speaks for it"
	case p.Weight < r.Enough:
		p.Why = "there is too little evidence yet, or it is old"
	case p.Share < r.Lead:
		p.Why = "other values have nearly as much evidence"
	default:
		p.Used = true
	}
}
