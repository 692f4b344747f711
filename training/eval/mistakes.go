package eval

import (
	"cmp"
	"slices"
	"strings"
)

// maxExamples of a confusion.
const maxExamples = 5

// confusions counts which intents are taken for which.
func (b *bench) confusions() []Confusion {
	at := map[[2]string]*Confusion{}
	for _, r := range b.rows {
		if !r.labelled {
			continue
		}
		for _, pair := range b.mistaken(r) {
			c := at[pair]
			if c == nil {
				c = &Confusion{Gold: pair[0], Predicted: pair[1], Examples: []string{}}
				at[pair] = c
			}
			c.Count++
			if len(c.Examples) < maxExamples {
				c.Examples = append(c.Examples, r.eg.Text)
			}
		}
	}
	out := []Confusion{}
	for _, c := range at {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Gold, b.Gold), cmp.Compare(a.Predicted, b.Predicted))
	})
	return out
}

// mistaken pairs what a row misses with what it adds.
func (b *bench) mistaken(r *row) (pairs [][2]string) {
	var missed, extra []string
	for _, g := range r.gold {
		if !slices.Contains(r.pred, g) {
			missed = append(missed, b.intents.list[g])
		}
	}
	for _, p := range r.pred {
		if !slices.Contains(r.gold, p) {
			extra = append(extra, b.intents.list[p])
		}
	}
	switch {
	case len(missed) == 0 && len(extra) > 0 && len(r.gold) > 0: // all that was said, and more
		said := strings.Join(r.eg.Intents, "+")
		return [][2]string{{said, said + "+" + strings.Join(extra, "+")}}
	case len(missed) == 0 && len(extra) > 0:
		missed = []string{none}
	case len(missed) > 0 && len(extra) == 0:
		extra = []string{none}
	}
	for _, m := range missed {
		for _, e := range extra {
			pairs = append(pairs, [2]string{m, e})
		}
	}
	return pairs
}

// wrong lists the rows with mistakes.
func (b *bench) wrong() []Wrong {
	out := []Wrong{}
	for _, r := range b.rows {
		w := Wrong{Origin: r.eg.Origin, Text: r.eg.Text, Lang: r.lang(), Tags: r.eg.Tags, OOS: Float(r.oos), Intents: []string{}, PredictedIntents: []string{}, Ranking: []Scored{},
			Emotion: r.eg.Emotion, PredictedEmotion: r.a.Emotion.Label}
		if r.labelled && !sameSet(r.gold, r.pred) {
			w.Mistakes = append(w.Mistakes, "intents")
		}
		if r.emotion >= 0 && r.emotion != r.felt {
			w.Mistakes = append(w.Mistakes, "emotion")
		}
		if w.Missed, w.Spurious = b.entities.mistakes(r); w.Missed != nil || w.Spurious != nil {
			w.Mistakes = append(w.Mistakes, "entities")
		}
		if w.Mistakes == nil {
			continue
		}
		w.Intents = append(w.Intents, r.eg.Intents...)
		for _, p := range r.pred {
			w.PredictedIntents = append(w.PredictedIntents, b.intents.list[p])
		}
		for _, p := range r.a.Ranking[:min(3, len(r.a.Ranking))] {
			w.Ranking = append(w.Ranking, Scored{p.Label, Float(p.Score)})
		}
		out = append(out, w)
	}
	return out
}

// mistakes lists a row's entities that were missed and its finds that are not in the data.
func (t *entityTally) mistakes(r *row) (missed, spurious []EntityText) {
	if !t.marked || !r.eg.HasEntities {
		return nil, nil
	}
	found := t.found(r)
	m := matchEntities(r.eg.Entities, found)
	for i, g := range r.eg.Entities {
		if m.exact[i] == nil && !slices.Contains(t.excluded, g.Type) {
			missed = append(missed, EntityText{g.Type, g.Text})
		}
	}
	for _, j := range m.spurious {
		spurious = append(spurious, EntityText{found[j].Type, found[j].Text})
	}
	return missed, spurious
}
