package recommend

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// Model counts what follows or goes with what. The zero value has seen nothing. It is not safe for concurrent use.
type Model struct {
	Products Table     `json:"products"`
	Topics   Table     `json:"topics"`
	At       time.Time `json:"at"` // as of which the counts are
}

// Table counts things and the pairs of them.
type Table struct {
	Count map[string]float64            `json:"count"`
	Pairs map[string]map[string]float64 `json:"pairs"` // from → to
	total float64
	sums  map[string]float64 // of Pairs, by from
}

// prior is how many observations the popularity of things is worth against those of a pair.
const prior = 8

// kept bounds the pairs of one thing, the most frequent kept, and least is the count below which one is forgotten.
const (
	kept  = 200
	least = 0.05
)

// add counts a thing, and that it came with others.
func (t *Table) add(to string, from []string, weight float64) {
	if t.Count == nil {
		t.Count, t.Pairs = map[string]float64{}, map[string]map[string]float64{}
	}
	t.sum()
	t.Count[to] += weight
	t.total += weight
	for _, f := range from {
		if f == to {
			continue
		}
		if t.Pairs[f] == nil {
			t.Pairs[f] = map[string]float64{}
		}
		t.Pairs[f][to] += weight
		t.sums[f] += weight
	}
}

// sum works out the sums where they are missing.
func (t *Table) sum() {
	if t.sums != nil {
		return
	}
	t.total, t.sums = 0, make(map[string]float64, len(t.Pairs))
	for _, k := range slices.Sorted(maps.Keys(t.Count)) {
		t.total += t.Count[k]
	}
	for f, to := range t.Pairs {
		for _, k := range slices.Sorted(maps.Keys(to)) {
			t.sums[f] += to[k]
		}
	}
}

// Weighted is something in a customer's past with how much it counts.
type Weighted struct {
	ID     string
	Weight float64
}

// Scored is something that may come next with its probability.
type Scored struct {
	ID    string
	Score float64
	From  string // what in the past speaks for it most; empty = it is only popular
}

// next returns what comes next, the likeliest first, among all that is known to go with the past and what is popular. only, when not nil,
// restricts it.
func (t *Table) next(past []Weighted, popular []string, only func(id string) bool) []Scored {
	t.sum()
	if t.total == 0 {
		return nil
	}
	weight, back := 0.0, 1.0
	for _, p := range past {
		weight += p.Weight
	}
	scores := map[string]*Scored{}
	if weight > 0 {
		back = 0
		best := map[string]float64{}
		for _, p := range past {
			w, n := p.Weight/weight, t.sums[p.ID]
			back += w * prior / (n + prior)
			for to, c := range t.Pairs[p.ID] {
				if only != nil && !only(to) {
					continue
				}
				s := scores[to]
				if s == nil {
					s = &Scored{ID: to}
					scores[to] = s
				}
				share := w * c / (n + prior)
				s.Score += share
				if share > best[to] {
					best[to], s.From = share, p.ID
				}
			}
		}
	}
	for _, id := range popular {
		if scores[id] == nil && (only == nil || only(id)) {
			scores[id] = &Scored{ID: id}
		}
	}
	out := make([]Scored, 0, len(scores))
	for _, s := range scores {
		s.Score += back * t.Count[s.ID] / t.total
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return out
}

// popular returns what is counted most.
func (t *Table) popular(limit int) []string {
	ids := slices.SortedFunc(maps.Keys(t.Count), func(a, b string) int { return cmp.Or(cmp.Compare(t.Count[b], t.Count[a]), cmp.Compare(a, b)) })
	return ids[:min(limit, len(ids))]
}

// merge adds the counts of o.
func (t *Table) merge(o *Table) {
	if t.Count == nil {
		t.Count, t.Pairs = map[string]float64{}, map[string]map[string]float64{}
	}
	for k, c := range o.Count {
		t.Count[k] += c
	}
	for f, to := range o.Pairs {
		if t.Pairs[f] == nil {
			t.Pairs[f] = map[string]float64{}
		}
		for k, c := range to {
			t.Pairs[f][k] += c
		}
	}
	t.sums = nil
}

// fade multiplies all counts and forgets the smallest.
func (t *Table) fade(by float64) {
	shrink := func(m map[string]float64) {
		for k := range m {
			if m[k] *= by; m[k] < least {
				delete(m, k)
			}
		}
	}
	shrink(t.Count)
	for f, to := range t.Pairs {
		shrink(to)
		if len(to) > kept {
			ids := slices.SortedFunc(maps.Keys(to), func(a, b string) int { return cmp.Or(cmp.Compare(to[b], to[a]), cmp.Compare(a, b)) })
			for _, id := range ids[kept:] {
				delete(to, id)
			}
		}
		if len(to) == 0 {
			delete(t.Pairs, f)
		}
	}
	t.sums = nil
}

// fade brings the model to a later time.
func (m *Model) fade(now time.Time, half time.Duration) {
	if m.At.IsZero() || half <= 0 {
		m.At = now
		return
	}
	if d := now.Sub(m.At); d >= time.Hour { // less would change nothing but cost time
		by := math.Exp2(-float64(d) / float64(half))
		m.Products.fade(by)
		m.Topics.fade(by)
		m.At = now
	}
}

// merge adds what another one counted since.
func (m *Model) merge(o *Model) {
	m.Products.merge(&o.Products)
	m.Topics.merge(&o.Topics)
}
