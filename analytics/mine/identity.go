package mine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"yingda/analytics"
	"yingda/analytics/mine/cluster"
)

// sameGroup is the likeness from which a group is one of the last run's: half of it the cosine of the centres, half the share of texts that the
// smaller one has in common with the other.
const sameGroup = 0.45

// identify gives groups the ids of those of the last run that they continue, and new ids to the others. Whole runs are matched at once
// (the assignment of most likeness), so that two groups that grew alike do not swap ids.
func (r *run) identify(ctx context.Context) error {
	before, err := r.centres(ctx)
	if err != nil {
		return err
	}
	now := r.res.Groups
	cost := make([][]float64, len(now))
	for i := range now {
		cost[i] = make([]float64, len(before))
		for j := range before {
			cost[i][j] = -likeness(&now[i], &before[j])
		}
	}
	kept := map[string]bool{}
	for i, j := range cluster.Assign(cost) {
		if j >= 0 && -cost[i][j] >= sameGroup {
			now[i].ID, now[i].Since = before[j].ID, before[j].Since
			kept[now[i].ID] = true
		}
	}
	next := max(r.NextID, 1)
	for i := range now {
		if now[i].ID == "" {
			now[i].ID, now[i].Since = fmt.Sprintf("u-%06d", next), r.res.Taken
			next++
		}
	}
	for _, b := range before {
		if !kept[b.ID] {
			r.res.Gone = append(r.res.Gone, b.ID)
		}
	}
	return nil
}

// centres returns the last run's groups with their centres by the model of this run: after another bundle they are computed anew from their texts.
func (r *run) centres(ctx context.Context) ([]Group, error) {
	before := slices.Clone(r.Before)
	for i := range before {
		if len(before[i].Centre) == r.vectors.Cols && before[i].Centre != nil && before[i].Embedder == r.res.Embedder {
			continue
		}
		var texts []string
		for _, m := range before[i].Members[:min(len(before[i].Members), 64)] {
			texts = append(texts, m.Text)
		}
		before[i].Centre = nil
		if len(texts) == 0 {
			continue
		}
		xs := make([][]float32, len(texts))
		if r.Embedder == nil {
			reads, err := readAll(ctx, r.Engine, texts, func(int) {})
			if err != nil {
				return nil, err
			}
			for k := range reads {
				xs[k] = reads[k].vector
			}
		}
		m, err := r.vectorsOf(ctx, texts, xs)
		if err != nil {
			return nil, err
		}
		before[i].Centre = cluster.Centroids(m, make([]int, m.Rows), 1).Row(0)
	}
	return before, nil
}

// likeness is between 0 and 1.
func likeness(a, b *Group) float64 {
	cosine := 0.0
	if len(a.Centre) == len(b.Centre) && len(a.Centre) > 0 {
		cosine = max(0, float64(cluster.Dot(a.Centre, b.Centre)))
	}
	in := map[string]bool{}
	for _, m := range a.Members {
		in[m.Key] = true
	}
	both := 0
	for _, m := range b.Members {
		if in[m.Key] {
			both++
		}
	}
	share := float64(both) / float64(max(1, min(len(a.Members), len(b.Members))))
	return cosine*cosine*cosine*cosine/2 + share/2
}

// coveredBy is the share of a language's texts that the phrases of a name must be in; below, the most typical text says more.
const coveredBy = 0.3

// name gives groups their terms and names, by their cores: for each language its best phrases, or where they cover little its most typical text.
func (r *run) name() {
	for _, lang := range []string{"zh", "en"} {
		classes := make([][]string, len(r.res.Groups))
		for i, g := range r.res.Groups {
			for _, m := range g.Members {
				if (m.Core || g.Core == 0) && (m.Lang == "zh") == (lang == "zh") {
					classes[i] = append(classes[i], m.Text)
				}
			}
		}
		for i, n := range Names(classes, 4) {
			g := &r.res.Groups[i]
			g.Terms = append(g.Terms, n.Terms...)
			if n.Covered < coveredBy {
				continue
			}
			if lang == "zh" {
				g.Name.ZH = strings.Join(n.Terms[:min(nameHas, len(n.Terms))], "·")
			} else {
				g.Name.EN = strings.Join(n.Terms[:min(nameHas, len(n.Terms))], ", ")
			}
		}
	}
	for i := range r.res.Groups {
		r.res.Groups[i].Name = bothNames(r.res.Groups[i])
	}
}

// bothNames fills what is missing in a name: texts of a language that have no word in common are named by the most typical of them, and a language
// without texts by the other's name.
func bothNames(g Group) analytics.Text {
	n := g.Name
	for _, e := range g.Examples {
		switch han := strings.ContainsFunc(e, isHan); {
		case han && n.ZH == "":
			n.ZH = e
		case !han && n.EN == "":
			n.EN = e
		}
	}
	if n.ZH == "" {
		n.ZH = n.EN
	}
	if n.EN == "" {
		n.EN = n.ZH
	}
	return n
}
