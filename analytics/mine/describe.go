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
	for _, i := range rows {
		it := r.items[i]
		g.Count += it.Count
		g.Handed += it.Handed
		g.Cohesion += found.Strength[i] * float64(it.Count)
		maps.Insert(customers, maps.All(set(it.Customers)))
		g.Unnamed += it.unnamed
		for why, n := range it.Reasons {
			g.Reasons[why] += n
		}
		for _, c := range it.candidates {
			r.date(&g, c)
		}
	}
	g.Customers, g.Centre, g.Embedder = len(customers), mean, r.res.Embedder
	g.Cohesion /= float64(g.Count)
	g.Impact = r.Cost.Handoff*float64(g.Handed) + r.Cost.Missed*float64(g.Count)
	order, core := typicalFirst(rows, found)
	g.Core = core
	for _, i := range order[:min(r.Members, len(order))] {
		g.Members = append(g.Members, r.member(i, found))
	}
	g.Examples = examples(g.Members)
	near, oos := nearest(rows, r.reads, r.weights, mean, known)
	g.Verdict = judge(&g, near, oos, r.Verdict)
	return g
}

// typicalFirst orders the rows of a group: the core first, and what is nearest the core's centre first in each part. core is how many are in the core;
// without one all are. Rows that are as near keep their order.
func typicalFirst(rows []int, found *cluster.Grouping) (order []int, core int) {
	own := make([]int, len(rows))
	for k, i := range rows {
		if !found.Core[i] {
			own[k] = cluster.None
		} else {
			core++
		}
	}
	if core == 0 {
		clear(own)
	}
	centre := cluster.Centroids(found.Points.Pick(rows), own, 1).Row(0)
	place := make([]int, len(rows))
	near := make([]float32, len(rows))
	for k, i := range rows {
		place[k], near[k] = k, cluster.Dot(centre, found.Points.Row(i))
	}
	slices.SortStableFunc(place, func(a, b int) int { return cmp.Or(cmp.Compare(own[b], own[a]), cmp.Compare(near[b], near[a])) })
	order = make([]int, len(rows))
	for k, p := range place {
		order[k] = rows[p]
	}
	return order, core
}

func set(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

func (r *run) member(i int, found *cluster.Grouping) Member {
	m := Member{Item: r.items[i], Strength: found.Strength[i], Core: found.Core[i], P1: r.reads[i].p1(), OOS: r.reads[i].oos}
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

// examples are the members nearest the core's centre, some of each language; of a language that the core does not have, others.
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
