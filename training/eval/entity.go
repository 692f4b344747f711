package eval

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/training/corpus"
)

// typeTally counts one entity type over all messages.
type typeTally struct {
	gold, pred, right, overlap int
	values, valuesRight        int
	roles, rolesRight          int
}

// entityCount is what precision and recall of entities are made of.
type entityCount struct{ gold, pred, right int }

func (c *entityCount) add(o entityCount) {
	c.gold, c.pred, c.right = c.gold+o.gold, c.pred+o.pred, c.right+o.right
}

func (c entityCount) prf() PRF { return prf(c.gold, c.pred, c.right) }

// Who is to find an entity type, as the taxonomy says. Other types count in neither.
const (
	byModel = iota
	byRule
	finders
)

// finderOf returns −1 for types that the taxonomy does not know.
func finderOf(t *corpus.Taxonomy, name string) int {
	if t != nil {
		if d := t.Entity(name); d != nil {
			return slices.Index([]string{"model", "rule"}, d.By)
		}
	}
	return -1
}

// entityTally counts entities and knows which types count.
type entityTally struct {
	marked   bool // the data marks entities at all
	types    map[string]*typeTally
	excluded []string // in the data, and nothing can find them
	unmarked []string
}

// newEntityTally counts all rows that mark entities and fills in their headline counts.
func newEntityTally(rows []*row, o Options) *entityTally {
	t := &entityTally{types: map[string]*typeTally{}, unmarked: o.Unmarked}
	for _, r := range rows {
		if !r.eg.HasEntities {
			continue
		}
		t.marked = t.marked || len(r.eg.Entities) > 0
		m := matchEntities(r.eg.Entities, t.found(r))
		t.count(r, &m)
	}
	if !t.marked {
		return t // data without a single entity does not mark them
	}
	for _, name := range slices.Sorted(maps.Keys(t.types)) {
		if o.EntityTypes != nil && !slices.Contains(o.EntityTypes, name) && t.types[name].pred == 0 {
			t.excluded = append(t.excluded, name)
		}
	}
	finder := map[string]int{}
	for name := range t.types {
		finder[name] = finderOf(o.Taxonomy, name)
	}
	for _, r := range rows {
		t.headline(r, finder)
	}
	return t
}

// found lists a row's finds of types that the data marks.
func (t *entityTally) found(r *row) []nlu.Entity {
	return slices.DeleteFunc(slices.Clone(r.a.Entities), func(ent nlu.Entity) bool { return slices.Contains(t.unmarked, ent.Type) })
}

func (t *entityTally) of(name string) *typeTally {
	if t.types[name] == nil {
		t.types[name] = &typeTally{}
	}
	return t.types[name]
}

func (t *entityTally) count(r *row, m *matching) {
	for i, g := range r.eg.Entities {
		c := t.of(g.Type)
		c.gold++
		if m.overlap[i] {
			c.overlap++
		}
		p := m.exact[i]
		if p == nil {
			continue
		}
		c.right++
		if g.Value != nil {
			c.values++
			if valueEqual(g.Value, entityValue(p)) {
				c.valuesRight++
			}
		}
		if g.Role != "" {
			c.roles++
			if g.Role == p.Role {
				c.rolesRight++
			}
		}
	}
	for _, p := range t.found(r) {
		t.of(p.Type).pred++
	}
}

// headline fills in what a row adds to the headline figures.
func (t *entityTally) headline(r *row, finder map[string]int) {
	if !r.eg.HasEntities {
		return
	}
	add := func(name string, c entityCount) {
		r.ent.add(c)
		if by := finder[name]; by >= 0 {
			r.entBy[by].add(c)
		}
	}
	found := t.found(r)
	m := matchEntities(r.eg.Entities, found)
	for i, g := range r.eg.Entities {
		if slices.Contains(t.excluded, g.Type) {
			continue
		}
		add(g.Type, entityCount{gold: 1})
		if m.exact[i] != nil {
			add(g.Type, entityCount{right: 1})
		}
	}
	for i := range found { // of excluded types nothing was found
		add(found[i].Type, entityCount{pred: 1})
	}
}

// matching tells, for each marked entity, which find is the same and whether one overlaps. A find is used once for each.
type matching struct {
	exact    []*nlu.Entity
	overlap  []bool
	spurious []int // finds that are not exact
}

func matchEntities(gold []corpus.EntitySpan, pred []nlu.Entity) matching {
	m := matching{exact: make([]*nlu.Entity, len(gold)), overlap: make([]bool, len(gold))}
	used := make([]bool, len(pred))
	for i, g := range gold {
		for j := range pred {
			if p := &pred[j]; !used[j] && p.Type == g.Type && p.Start == g.Start && p.End == g.End {
				m.exact[i], m.overlap[i], used[j] = p, true, true
				break
			}
		}
	}
	for j := range pred {
		if !used[j] {
			m.spurious = append(m.spurious, j)
		}
	}
	for i, g := range gold {
		best, most := -1, 0
		for _, j := range m.spurious {
			p := &pred[j]
			if n := min(p.End, g.End) - max(p.Start, g.Start); !m.overlap[i] && !used[j] && p.Type == g.Type && n > most {
				best, most = j, n
			}
		}
		if best >= 0 {
			m.overlap[i], used[best] = true, true
		}
	}
	return m
}

// report makes the section; nil when the data marks no entities.
func (t *entityTally) report(o Options) *Entities {
	if !t.marked {
		return nil
	}
	s := &Entities{Types: []EntityType{}, Excluded: []Label{}, Groups: []Label{}}
	groups := map[string]*typeTally{}
	var all typeTally
	for _, name := range slices.Sorted(maps.Keys(t.types)) {
		c := t.types[name]
		by := "other"
		if o.Taxonomy != nil && o.Taxonomy.Entity(name) != nil {
			by = o.Taxonomy.Entity(name).By
		}
		label := Label{name, by, prf(c.gold, c.pred, c.right)}
		if slices.Contains(t.excluded, name) {
			s.Excluded = append(s.Excluded, label)
			continue
		}
		s.Types = append(s.Types, EntityType{label, prf(c.gold, c.pred, c.overlap), figureOf(c.valuesRight, c.values)})
		if groups[by] == nil {
			groups[by] = &typeTally{}
		}
		groups[by].add(c)
		all.add(c)
	}
	for _, by := range slices.SortedFunc(maps.Keys(groups), cmp.Compare) {
		g := groups[by]
		s.Groups = append(s.Groups, Label{by, "", prf(g.gold, g.pred, g.right)})
	}
	s.Overall, s.Partial = prf(all.gold, all.pred, all.right), prf(all.gold, all.pred, all.overlap)
	s.Value, s.Role = figureOf(all.valuesRight, all.values), figureOf(all.rolesRight, all.roles)
	return s
}

func (t *typeTally) add(o *typeTally) {
	t.gold, t.pred, t.right, t.overlap = t.gold+o.gold, t.pred+o.pred, t.right+o.right, t.overlap+o.overlap
	t.values, t.valuesRight = t.values+o.values, t.valuesRight+o.valuesRight
	t.roles, t.rolesRight = t.roles+o.roles, t.rolesRight+o.rolesRight
}

func figureOf(hits, n int) Figure { return Figure{Float(ratio(hits, n)), n} }

// entityValue is what the find stands for, as a JSON value.
func entityValue(ent *nlu.Entity) any {
	if ent.Value == nil {
		return ent.Text
	}
	var v any
	data, err := json.Marshal(ent.Value)
	if err != nil || json.Unmarshal(data, &v) != nil {
		return nil
	}
	return v
}

// valueEqual compares JSON values. An object of the data must be contained in the one found (null = not there); texts are folded for
// matching; a number equals its text.
func valueEqual(gold, pred any) bool {
	switch g := gold.(type) {
	case map[string]any:
		p, ok := pred.(map[string]any)
		for k, v := range g {
			ok = ok && valueEqual(v, p[k])
		}
		return ok
	case []any:
		p, ok := pred.([]any)
		return ok && slices.EqualFunc(g, p, valueEqual)
	case string:
		switch p := pred.(type) {
		case string:
			x, y := norm.Fold(g, norm.Matching), norm.Fold(p, norm.Matching)
			return x.Text == y.Text
		case float64:
			return number(g) == p
		case map[string]any: // a time: its value, or what it denotes
			return valueEqual(g, p["value"]) || valueEqual(g, p["timex"])
		}
	case float64:
		if p, ok := pred.(string); ok {
			return number(p) == g
		}
		p, ok := pred.(float64)
		return ok && math.Abs(p-g) <= 1e-9*max(1, math.Abs(g))
	}
	return reflect.DeepEqual(gold, pred)
}

// number parses a text, NaN if it is none.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
