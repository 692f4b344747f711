package mine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"yingda/analytics/mine/cluster"
)

// describe sums a group up; rows are its members.
func (r *run) describe(rows []int, found *cluster.Grouping, known []centre) Group {
	g := Group{Langs: map[string]int{}, Reasons: map[Reason]int{}, Texts: len(rows), Weekly: make([]int, r.weeks())}
	customers := map[string]bool{}
	mean := cluster.Centroids(r.vectors.Pick(rows), make([]int, len(rows)), 1).Row(0)
	inSpace := cluster.Centroids(found.Points.Pick(rows), make([]int, len(rows)), 1).Row(0)
	type at struct {
		row  int
		near float32
	}
	order := make([]at, len(rows))
	for k, i := range rows {
		it := r.items[i]
		g.Count += it.Count
		g.Handed += it.Handed
		g.Cohesion += found.Strength[i] * float64(it.Count)
		maps.Insert(customers, maps.All(set(it.Customers)))
		for why, n := range it.Reasons {
			g.Reasons[why] += n
		}
		for _, c := range it.candidates {
			r.date(&g, c)
		}
		order[k] = at{i, cluster.Dot(inSpace, found.Points.Row(i))}
	}
	g.Customers, g.Centre, g.Embedder = len(customers), mean, r.res.Embedder
	g.Cohesion /= float64(g.Count)
	g.Impact = r.Cost.Handoff*float64(g.Handed) + r.Cost.Missed*float64(g.Count)
	slices.SortStableFunc(order, func(a, b at) int { return cmp.Compare(b.near, a.near) })
	for _, o := range order[:min(r.Members, len(order))] {
		g.Members = append(g.Members, r.member(o.row, found.Strength[o.row]))
	}
	g.Examples = examples(g.Members)
	near, oos := nearest(rows, r.reads, r.weights, mean, known)
	g.Verdict = judge(&g, near, oos, r.Verdict)
	return g
}

func set(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

func (r *run) member(i int, strength float64) Member {
	m := Member{Item: r.items[i], Strength: strength, P1: r.reads[i].p1(), OOS: r.reads[i].oos}
	if len(r.reads[i].ranking) > 0 {
		m.Top1 = r.reads[i].ranking[0].Label
	}
	m.candidates, m.set = nil, nil
	return m
}

// weeks is how many weeks the period has, begun ones included.
func (r *run) weeks() int {
	return max(1, int((r.To.Sub(r.From)+7*24*time.Hour-1)/(7*24*time.Hour)))
}

// date counts a candidate of a group by time and language.
func (r *run) date(g *Group, c Candidate) {
	if g.First.IsZero() || c.Time.Before(g.First) {
		g.First = c.Time
	}
	if c.Time.After(g.Last) {
		g.Last = c.Time
	}
	g.Langs[c.Lang]++
	if w := int(c.Time.Sub(r.From) / (7 * 24 * time.Hour)); w >= 0 && w < len(g.Weekly) {
		g.Weekly[w]++
	}
}

// examplesKept is how many examples of each language a group shows.
const examplesKept = 5

// examples are the members nearest the centre, some of each language.
func examples(members []Member) []string {
	var out []string
	n := map[string]int{}
	for _, m := range members {
		if n[m.Lang] < examplesKept {
			n[m.Lang]++
			out = append(out, m.Text)
		}
	}
	return out
}
